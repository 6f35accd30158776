"""The benchmark of watching at small counts, and what it does where a payment is missed."""

import asyncio
import json
import multiprocessing
import os
from pathlib import Path

import pytest

from benchmarks.measuring import BenchmarkError
from benchmarks.watch import FULL, WANTED, Sizes, measure
from benchmarks.watch_bitcoind import BitcoindNode, BlockSizes, chain_of, measure_bitcoind
from benchmarks.watch_ethereum import (
    EthereumNodeMadeUp,
    EtherSizes,
    ether_chain,
    measure_ethereum,
)
from benchmarks.watch_server import node_process
from payments.raw_transaction import parse_transaction

SMALL_BLOCKS = BlockSizes(addresses=50, blocks=2, transactions=120, payments=5)
SMALL_ETHER = EtherSizes(
    addresses=50, paid_before=5, blocks=2, transactions=20, payments=4, internal_payments=1
)


def test_one_run_has_all_figures_and_every_payment_was_found() -> None:
    result = json.loads(json.dumps(measure(Sizes(bitcoind=SMALL_BLOCKS, ethereum=SMALL_ETHER))))
    for client in ("bitcoind", "ethereum"):
        figures = result[client]
        assert figures["addresses"] == 50
        assert 0 < figures["requests_per_block"] <= figures["calls_per_block"]
        assert 0 < figures["cpu_s_per_block"] < 10
        assert 0 < figures["cpu_s_first_look"] < 10
    # Each waiting transaction is asked for once, and those that pay once more.
    assert result["bitcoind"]["calls_per_mempool"] >= 119 + 5
    assert set(result["wanted"]) == set(WANTED)
    assert result["wanted"]["bitcoind.cpu_s_per_block"]["at_most"] == 0.2
    assert result["machine"]["cpus"] >= 1


def test_the_full_run_is_of_ten_thousand_addresses_and_four_thousand_transactions() -> None:
    assert FULL.bitcoind.addresses == FULL.ethereum.addresses == 10_000
    assert FULL.bitcoind.transactions == 4_000


def test_made_up_blocks_are_the_same_in_every_process_and_as_full_as_real_ones() -> None:
    sizes = BlockSizes(addresses=10, blocks=1)
    (_, block), (_, again) = chain_of(sizes), chain_of(sizes)
    assert block == again
    assert len(block.transactions) == 3_999
    assert 1_200_000 < len(block.raw) < 2_000_000
    for transaction_id, raw in list(block.transactions.items())[:50]:
        assert parse_transaction(raw).transaction_id == transaction_id


def test_made_up_ether_blocks_are_the_same_in_every_process() -> None:
    ours, theirs = ether_chain(SMALL_ETHER), ether_chain(SMALL_ETHER)
    assert [each.as_json(whole=True) for each in ours] == [
        each.as_json(whole=True) for each in theirs
    ]
    assert [len(each.received) for each in ours] == [0, 5, 5]


class ForgetfulNode(BitcoindNode):
    """Does not show one of the payments that wait."""

    def answer(self, method: str, parameters: list[object]) -> str:
        if method == "getrawmempool" and self._waiting:
            hidden = self._chain[self._height + 1].paid[0].transaction_id
            return json.dumps([each for each in self._waiting if each != hidden])
        return super().answer(method, parameters)


class StingyNode(EthereumNodeMadeUp):
    """Has a wei less than was paid."""

    def _word(self, address: str) -> str:
        word = super()._word(address)
        return f"{int(word, 16) - 1:064x}" if int(word, 16) else word


def test_payment_that_is_not_found_fails_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.watch_bitcoind.BitcoindNode", ForgetfulNode)
    with pytest.raises(BenchmarkError, match=r"payments were made, and \d found"):
        asyncio.run(measure_bitcoind(tmp_path, SMALL_BLOCKS))


def test_amount_that_is_another_fails_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.watch_ethereum.EthereumNodeMadeUp", StingyNode)
    with pytest.raises(BenchmarkError, match="payments were made"):
        asyncio.run(measure_ethereum(tmp_path, SMALL_ETHER))


def test_node_is_served_by_another_process_that_ends_with_the_measurement(tmp_path: Path) -> None:
    with node_process(tmp_path / "log", BitcoindNode, SMALL_BLOCKS):
        (child,) = multiprocessing.active_children()
        assert child.pid != os.getpid()
        assert child.is_alive()
    assert not child.is_alive()

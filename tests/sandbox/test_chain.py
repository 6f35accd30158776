from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from bip_utils import SegwitBech32Encoder

from sandbox.chain.addresses import address_of_script, script_of_address
from sandbox.chain.amounts import coins_text, exact_json, parse_coins
from sandbox.chain.blocks import Block
from sandbox.chain.chain import Chain, Payment
from sandbox.chain.storage import load_chain, save_chain

NOW = 1_790_000_000
ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"
SCRIPT = bytes.fromhex("001496cd3178f3de0f307bcee1aeaa4d5987862dd30a")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return float(self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chain(clock: Clock) -> Chain:
    return Chain(clock=clock)


def block_of(chain: Chain, block_hash: str) -> Block:
    block = chain.block(block_hash)
    assert block is not None
    return block


def height_of(chain: Chain, txid: str) -> int | None:
    found = chain.find_transaction(txid)
    assert found is not None
    return None if found[1] is None else found[1].height


def received(chain: Chain, txid: str) -> list[tuple[int, int]]:
    found = chain.find_transaction(txid)
    assert found is not None
    outputs = enumerate(found[0].outputs)
    return [(index, each.litoshi) for index, each in outputs if each.script == SCRIPT]


def test_the_first_block_is_that_of_litecoins_regtest(chain: Chain) -> None:
    expected = "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"
    assert chain.hash_at(0) == expected


def test_a_payment_waits_until_a_block_takes_it(chain: Chain) -> None:
    txid = chain.pay(ADDRESS, 12345678)
    assert height_of(chain, txid) is None
    block_hash = chain.mine(1)[0]
    assert height_of(chain, txid) == 1
    chain.mine(2)
    assert chain.confirmations(block_of(chain, block_hash)) == 3
    assert chain.mempool == {}
    assert [litoshi for _, litoshi in received(chain, txid)] == [12345678]


def test_the_index_of_the_paying_output_is_not_always_the_same(chain: Chain) -> None:
    indexes = {received(chain, chain.pay(ADDRESS, 1000))[0][0] for _ in range(2)}
    assert indexes == {0, 1}


def test_one_transaction_may_pay_an_address_twice(chain: Chain) -> None:
    txid = chain.pay_many([Payment(ADDRESS, 5), Payment(ADDRESS, 7)])
    assert [litoshi for _, litoshi in received(chain, txid)] == [5, 7]


def test_only_the_named_transactions_are_mined(chain: Chain) -> None:
    left, taken = chain.pay(ADDRESS, 1), chain.pay(ADDRESS, 2)
    chain.mine(1, txids=[taken])
    assert list(chain.mempool) == [left]


def test_a_replacement_takes_the_first_transactions_place(chain: Chain) -> None:
    first = chain.pay(ADDRESS, 1000)
    second = chain.replace(first, [Payment(ADDRESS, 900)])
    assert list(chain.mempool) == [second]
    assert chain.find_transaction(first) is None
    assert first != second
    with pytest.raises(ValueError, match="does not wait"):
        chain.replace(first, [Payment(ADDRESS, 1)])


def test_a_dropped_transaction_is_gone(chain: Chain) -> None:
    txid = chain.pay(ADDRESS, 1000)
    chain.drop(txid)
    assert chain.find_transaction(txid) is None
    with pytest.raises(ValueError, match="does not wait"):
        chain.drop(txid)


def test_a_reorganisation_puts_payments_back_into_the_mempool(chain: Chain) -> None:
    txid = chain.pay(ADDRESS, 1000)
    old = chain.mine(3)
    new = chain.reorg(3)
    assert len(new) == 4
    assert chain.height == 4
    assert chain.confirmations(block_of(chain, old[0])) == -1
    assert height_of(chain, txid) is None
    chain.mine(1)
    assert height_of(chain, txid) == 5


def test_a_reorganisation_cannot_go_below_the_first_block(chain: Chain) -> None:
    chain.mine(2)
    with pytest.raises(ValueError, match="takes 1 to 2 blocks, not 3"):
        chain.reorg(3)
    with pytest.raises(ValueError, match="is its first"):
        chain.invalidate(chain.blocks()[0].hash)


def test_block_times_follow_the_clock_and_never_their_median(chain: Chain, clock: Clock) -> None:
    hashes = chain.mine(12)
    times = [block_of(chain, block_hash).time for block_hash in hashes]
    assert times[0] == NOW
    assert all(later >= earlier for earlier, later in pairwise(times))
    clock.now -= 10_000
    tip = block_of(chain, chain.best_hash)
    newest = block_of(chain, chain.mine(1)[0])
    assert newest.time == chain.median_time(tip) + 1


def test_median_time_is_that_of_eleven_blocks(chain: Chain, clock: Clock) -> None:
    for _ in range(11):
        clock.now += 100
        chain.mine(1)
    assert chain.median_time(block_of(chain, chain.best_hash)) == NOW + 600


@pytest.mark.parametrize(
    ("address", "litoshi", "reason"),
    [
        (ADDRESS, 0, "write 1 or more"),
        (ADDRESS[:-1] + "x", 1, "checksum"),
        ("ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh", 1, "begins with rltc1"),
        ("", 1, "begins with rltc1"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    chain: Chain, address: str, litoshi: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        chain.pay(address, litoshi)
    assert chain.mempool == {}


@pytest.mark.parametrize(("version", "size"), [(0, 20), (0, 32), (1, 32), (16, 40)])
def test_addresses_agree_with_an_independent_encoder(version: int, size: int) -> None:
    program = bytes(range(size))
    address = SegwitBech32Encoder.Encode("rltc", version, program)
    script = script_of_address(address, "rltc")
    assert script[1:] == bytes([size]) + program
    assert address_of_script(script, "rltc") == address
    assert script_of_address(address.upper(), "rltc") == script


def test_amounts_are_read_and_written_exactly() -> None:
    assert parse_coins("0.12345678") == 12345678
    assert parse_coins(" 21 ") == 2_100_000_000
    assert parse_coins("0.1") == 10_000_000
    assert coins_text(1) == "0.00000001"
    assert coins_text(8_400_000_000_000_001) == "84000000.00000001"
    assert coins_text(-1) == "-0.00000001"


@pytest.mark.parametrize("text", ["", "0", "0.000000001", "1e3", "-1", "1,5", "one", "."])
def test_an_amount_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_coins(text)


def test_a_binary_fraction_is_never_written() -> None:
    with pytest.raises(TypeError, match="float has no exact JSON form"):
        exact_json({"value": 0.1})


def test_a_chain_goes_on_where_it_was_saved(chain: Chain, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "chain.json"
    mined, waiting = chain.pay(ADDRESS, 1), chain.pay(ADDRESS, 2)
    chain.mine(3, txids=[mined])
    save_chain(chain, path)
    again = Chain(clock=clock)
    load_chain(again, path)
    assert (again.height, again.best_hash) == (3, chain.best_hash)
    assert height_of(again, mined) == 1
    assert list(again.mempool) == [waiting]
    assert again.pay(ADDRESS, 3) == chain.pay(ADDRESS, 3)
    assert again.mine(1) == chain.mine(1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "blocks": [1]}'])
def test_a_file_that_holds_no_chain_is_named(chain: Chain, tmp_path: Path, text: str) -> None:
    path = tmp_path / "chain.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="delete it to begin anew"):
        load_chain(chain, path)

"""Blocks as bytes against a real litecoind: extension blocks, transactions of many kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from payments.addresses import address_of_script, script_of
from payments.bitcoind import BitcoindConnector
from payments.raw_block import transactions_of
from payments.raw_transaction import Output, RawTransaction, parse_transaction
from payments.watched_scripts import WatchedScripts
from tests.litecoin_node import LitecoinNode, nobodys_address, require_litecoind

pytestmark = pytest.mark.litecoind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BEFORE_MWEB_IS_ACTIVE = 431
"""Blocks of a regtest chain; something has to be pegged in in the next."""
KINDS_OF_ADDRESSES = ("legacy", "p2sh-segwit", "bech32")
OPTIONS = (
    # The last word on it holds: the deployment as it is on regtest by default.
    "-vbparams=mweb:1601450001:9223372036854775807",
    "-acceptnonstdtxn=1",
)
MANY = 260
"""More than a count of one byte can say."""
MUCH = "500"
"""More than the other tests bring into the extension block: it comes from the main chain."""


@pytest.fixture(scope="module")
def node_with_extension_blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LitecoinNode]:
    require_litecoind()
    folder = tmp_path_factory.mktemp("litecoind-mweb")
    node = LitecoinNode(folder, *OPTIONS)
    try:
        node.call("createwallet", "shopper")
        node.mine(BEFORE_MWEB_IS_ACTIVE, to=node.call("getnewaddress"))
        node.pay(node.call("getnewaddress", "", "mweb"), "10")
        node.mine()
        yield node
    finally:
        node.stop()


def as_the_node_reads(shown: dict[str, Any]) -> RawTransaction:
    outputs = (
        Output(
            index=output["n"],
            amount_base_units=int(output["value"] * Decimal(10**8)),
            script=output["scriptPubKey"]["hex"],
        )
        for output in shown["vout"]
    )
    return RawTransaction(transaction_id=shown["txid"], outputs=tuple(outputs))


def test_block_with_an_extension_block_is_read_as_the_node_reads_it(
    node_with_extension_blocks: LitecoinNode,
) -> None:
    node = node_with_extension_blocks
    address = nobodys_address()
    node.pay(node.call("getnewaddress", "", "mweb"), "2")
    paid = node.pay(address, "0.12345678")
    (block_hash,) = node.mine()
    shown = node.call("getblock", block_hash, 2)
    raw = bytes.fromhex(node.call("getblock", block_hash, 0))
    assert "mweb" in shown, "there is no extension block in it: this shows nothing"
    assert [parse_transaction(each) for each in transactions_of(raw)] == [
        as_the_node_reads(each) for each in shown["tx"]
    ]
    watched = WatchedScripts("LTC", "regtest")
    assert watched.follow({address: None})
    (payment,) = watched.paid_in_block(raw)
    assert (payment.address, payment.transaction_id) == (address, paid)
    assert payment.amount_base_units == 12_345_678


def make_transactions_of_many_kinds(node: LitecoinNode) -> None:
    """Two blocks: the second spends outputs of each kind in the first, in many transactions."""
    addresses = [node.call("getnewaddress", "", kind) for kind in [*KINDS_OF_ADDRESSES] * 2]
    node.call("sendmany", "", dict.fromkeys(addresses, "3"))
    node.pay(node.call("getnewaddress", "", "mweb"), "3")
    many = [node.call("getnewaddress") for _ in range(MANY)]
    for outputs in (
        [{"data": "ab" * 40}],
        [{"data": "cd" * 300}],
        [{"data": "ef" * 70_000}],
        [{address: "0.01"} for address in many],
    ):
        # Before anything is mined: what was paid above is not spent by it.
        coin = max(coins_of(node), key=lambda each: Decimal(each["amount"]))
        change = {node.call("getrawchangeaddress"): str(coin["amount"] - 3)}
        spend(node, [coin], [*outputs, change])
    node.mine()
    coins = {each["address"]: each for each in coins_of(node)}
    for one, other in zip(addresses[:3], addresses[3:], strict=True):
        spend(node, [coins[one], coins[other]], [{nobodys_address(): "5.99"}])
    for address in many:
        spend(node, [coins[address]], [{nobodys_address(): "0.0099"}])
    node.mine()


def coins_of(node: LitecoinNode) -> list[dict[str, Any]]:
    """What the wallet can spend on the main chain."""
    return [each for each in node.call("listunspent") if "scriptPubKey" in each]


def spend(node: LitecoinNode, coins: list[dict[str, Any]], outputs: list[dict[str, str]]) -> None:
    inputs = [{"txid": each["txid"], "vout": each["vout"]} for each in coins]
    raw = node.call("createrawtransaction", inputs, outputs)
    signed = node.call("signrawtransactionwithwallet", raw)
    assert signed["complete"]
    node.call("sendrawtransaction", signed["hex"], 0)


def test_every_block_of_a_chain_is_read_as_the_node_reads_it(
    node_with_extension_blocks: LitecoinNode,
) -> None:
    node = node_with_extension_blocks
    make_transactions_of_many_kinds(node)
    read: list[RawTransaction] = []
    with_extension = most_transactions = 0
    for height in range(node.call("getblockcount") + 1):
        block_hash = node.call("getblockhash", height)
        shown = node.call("getblock", block_hash, 2)
        transactions = transactions_of(bytes.fromhex(node.call("getblock", block_hash, 0)))
        of_block = [parse_transaction(each) for each in transactions]
        assert of_block == [as_the_node_reads(each) for each in shown["tx"]], f"block {height}"
        read += of_block
        with_extension += "mweb" in shown
        most_transactions = max(most_transactions, len(of_block))
    # Counts and lengths of one, three and five bytes were among them.
    assert most_transactions > 0xFC
    assert max(len(each.outputs) for each in read) > 0xFC
    assert max(len(each.script) for one in read for each in one.outputs) > 2 * 0xFFFF
    assert with_extension > 1


def test_block_without_its_extension_or_witnesses_is_read_as_well(
    node_with_extension_blocks: LitecoinNode,
) -> None:
    node = node_with_extension_blocks
    node.pay(node.call("getnewaddress", "", "mweb"), "2")
    (block_hash,) = node.mine()
    whole = bytes.fromhex(node.call("getblock", block_hash, 0))
    sizes = [len(whole)]
    try:
        # A node's owner may have it give blocks in the forms of earlier times.
        for form in ("1", "0"):
            node.stop()
            node.start(*OPTIONS, f"-rpcserialversion={form}")
            raw = bytes.fromhex(node.call("getblock", block_hash, 0))
            sizes.append(len(raw))
            assert [parse_transaction(each) for each in transactions_of(raw)] == [
                parse_transaction(each) for each in transactions_of(whole)
            ]
    finally:
        node.stop()
        node.start(*OPTIONS)
        node.call("loadwallet", "shopper")
    assert sizes == sorted(set(sizes), reverse=True), "less of it each time"


async def test_what_is_pegged_in_is_paid_by_a_transaction_of_the_main_chain(
    node_with_extension_blocks: LitecoinNode,
) -> None:
    node = node_with_extension_blocks
    client = connector_for(node).connect()
    place = (await client.look(None, {}, began_at=NOW)).place
    paid = node.pay(node.call("getnewaddress", "", "mweb"), MUCH)
    raw = bytes.fromhex(node.call("getrawtransaction", paid))
    # The coins go to a script of version 9 that stands for the extension block.
    (script,) = (each.script for each in parse_transaction(raw).outputs if each.script[:2] == "59")
    address = str(address_of_script(script, "LTC", "regtest"))
    (waiting,) = (await client.look(place, {address: None}, began_at=NOW)).in_mempool
    (block_hash,) = node.mine()
    (mined,) = (await client.look(place, {address: None}, began_at=NOW)).in_blocks
    shown = [as_the_node_reads(each) for each in node.call("getblock", block_hash, 2)["tx"]]
    (amount,) = (
        output.amount_base_units
        for each in shown
        for output in each.outputs
        if (each.transaction_id, output.script) == (paid, script)
    )
    assert waiting.transaction_id == mined.transaction_id == paid
    assert waiting.amount_base_units == mined.amount_base_units == amount


def connector_for(node: LitecoinNode) -> BitcoindConnector:
    return BitcoindConnector(
        coin="LTC", network="regtest", url=node.url, user=node.user, password=node.password
    )


async def test_payment_out_of_an_extension_block_is_found_when_it_is_in_a_block(
    node_with_extension_blocks: LitecoinNode,
) -> None:
    node = node_with_extension_blocks
    address = nobodys_address()
    client = connector_for(node).connect()
    place = (await client.look(None, {address: None}, began_at=NOW)).place
    with wallet_of_an_extension_block(node, "5"):
        transaction_id = node.pay(address, "1.5")
    raw = bytes.fromhex(node.call("getrawtransaction", transaction_id))
    assert bytes.fromhex(script_of(address, "LTC", "regtest")) in raw
    assert parse_transaction(raw).outputs == (), "nothing of it is of the main chain"
    assert (await client.look(place, {address: None}, began_at=NOW)).in_mempool == ()
    (block_hash,) = node.mine()
    look = await client.look(place, {address: None}, began_at=NOW)
    (found,) = look.in_blocks
    assert (found.amount_base_units, found.block_hash) == (150_000_000, block_hash)
    assert found.transaction_id == node.call("getblock", block_hash)["tx"][-1]


@contextmanager
def wallet_of_an_extension_block(node: LitecoinNode, amount: str) -> Iterator[None]:
    """Use a wallet whose coins are all in the extension block, instead of the usual one."""
    node.call("unloadwallet", "shopper")
    node.call("createwallet", "private")
    address = node.call("getnewaddress", "", "mweb")
    node.call("unloadwallet", "private")
    node.call("loadwallet", "shopper")
    node.pay(address, amount)
    node.mine()
    node.call("unloadwallet", "shopper")
    node.call("loadwallet", "private")
    yield
    node.call("unloadwallet", "private")
    node.call("loadwallet", "shopper")

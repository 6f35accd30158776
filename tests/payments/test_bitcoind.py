"""The client of the Bitcoin Core RPC family against a real litecoind."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from payments.addresses import Bip84Addresses, script_of
from payments.bitcoind import BitcoindClient, BitcoindConnector, check
from payments.chain import ChainRefusedError, ChainUnavailableError, Found, Look, Place
from payments.custody import new_mnemonic
from tests.litecoin_node import LitecoinNode, litecoin_node, require_litecoind

__all__ = ["litecoin_node"]

pytestmark = pytest.mark.litecoind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def connector_for(node: LitecoinNode, **changes: object) -> BitcoindConnector:
    settings: dict[str, object] = {
        "coin": "LTC",
        "network": "regtest",
        "url": node.url,
        "user": node.user,
        "password": node.password,
    }
    return BitcoindConnector(**{**settings, **changes})  # type: ignore[arg-type]


class Watcher:
    """A client with the place and the time that a watcher would keep."""

    def __init__(self, client: BitcoindClient) -> None:
        self.client = client
        self.place: Place | None = None
        self.now = NOW
        self.addresses: dict[str, None] = {}

    async def look(self) -> Look:
        self.now += timedelta(seconds=1)
        look = await self.client.look(self.place, self.addresses, began_at=self.now)
        self.place = look.place
        return look

    def watch_new(self) -> str:
        address = Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)
        self.addresses[address] = None
        return address


@pytest.fixture
def node(litecoin_node: LitecoinNode) -> Iterator[LitecoinNode]:
    litecoin_node.mine()
    yield litecoin_node
    litecoin_node.mine()  # whatever a test has left in the mempool


@pytest.fixture
async def watcher(node: LitecoinNode) -> AsyncIterator[Watcher]:
    watcher = Watcher(connector_for(node).connect())
    await watcher.look()
    yield watcher
    await watcher.client.close()


async def test_first_look_starts_at_the_tip(node: LitecoinNode) -> None:
    look = await connector_for(node).connect().look(None, {}, began_at=NOW)
    assert look.place.block_hash == node.call("getbestblockhash")
    assert look.place.height == node.call("getblockcount")
    assert (look.fork_height, look.in_blocks, look.in_mempool) == (None, (), ())
    assert look.complete


async def test_amounts_are_exact(node: LitecoinNode, watcher: Watcher) -> None:
    amounts = {"0.00005461": 5_461, "0.1": 10_000_000, "1.23456789": 123_456_789, "2": 200_000_000}
    expected = {watcher.watch_new(): (text, units) for text, units in amounts.items()}
    for address, (text, _) in expected.items():
        node.pay(address, text)
    node.mine()
    look = await watcher.look()
    assert {found.address: found.amount_base_units for found in look.in_blocks} == {
        address: units for address, (_, units) in expected.items()
    }
    assert all(type(found.amount_base_units) is int for found in look.in_blocks)


async def test_payment_is_seen_in_mempool_then_in_its_block(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    transaction_id = node.pay(address, "0.5")
    (found,) = (await watcher.look()).in_mempool
    entry_time = node.call("getmempoolentry", transaction_id)["time"]
    assert (found.address, found.transaction_id) == (address, transaction_id)
    assert (found.amount_base_units, found.block_height, found.block_hash) == (
        50_000_000,
        None,
        None,
    )
    assert found.chain_time == datetime.fromtimestamp(entry_time, UTC)

    (block_hash,) = node.mine()
    look = await watcher.look()
    (mined,) = look.in_blocks
    header = node.call("getblockheader", block_hash)
    assert look.in_mempool == ()
    assert (mined.transaction_id, mined.output_index) == (transaction_id, found.output_index)
    assert (mined.block_hash, mined.block_height) == (block_hash, header["height"])
    assert mined.chain_time == datetime.fromtimestamp(header["mediantime"], UTC)


async def test_payments_of_others_are_not_seen(node: LitecoinNode, watcher: Watcher) -> None:
    watcher.watch_new()
    node.pay(node.call("getnewaddress"), "1")
    assert (await watcher.look()).in_mempool == ()
    node.mine()
    assert (await watcher.look()).in_blocks == ()


async def test_two_outputs_of_one_transaction_are_two_receipts(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    unspent = next(
        each for each in node.call("listunspent") if each["spendable"] and each["amount"] > 1
    )
    source = {"txid": unspent["txid"], "vout": unspent["vout"]}
    change = node.call("getnewaddress")
    rest = str(unspent["amount"] - Decimal("0.31"))
    # The node's interface takes an address once a transaction; the second output is made by hand.
    other = watcher.watch_new()
    raw = node.call(
        "createrawtransaction", [source], [{address: "0.1"}, {other: "0.2"}, {change: rest}]
    )
    scripts = [script_of(each, "LTC", "regtest") for each in (address, other)]
    raw = raw.replace(scripts[1], scripts[0])
    signed = node.call("signrawtransactionwithwallet", raw)
    transaction_id = node.call("sendrawtransaction", signed["hex"])
    in_mempool = (await watcher.look()).in_mempool
    assert {
        (f.address, f.transaction_id, f.output_index, f.amount_base_units) for f in in_mempool
    } == {
        (address, transaction_id, 0, 10_000_000),
        (address, transaction_id, 1, 20_000_000),
    }
    node.mine()
    assert {f.output_index for f in (await watcher.look()).in_blocks} == {0, 1}


async def test_payment_before_its_address_was_told_is_found_in_mempool(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    del watcher.addresses[address]
    node.pay(address, "0.5")
    assert (await watcher.look()).in_mempool == ()
    watcher.addresses[address] = None
    (found,) = (await watcher.look()).in_mempool
    assert found.address == address


async def test_payment_to_an_address_that_was_told_in_a_long_look_is_found_in_mempool(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    del watcher.addresses[address]
    node.pay(address, "0.5")
    assert (await watcher.look()).in_mempool == ()
    # That look took minutes, and the address was told meanwhile.
    watcher.now += timedelta(minutes=3)
    watcher.addresses[address] = None
    (found,) = (await watcher.look()).in_mempool
    assert found.address == address


async def test_address_no_longer_watched_is_not_reported(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    node.pay(address, "0.5")
    assert len((await watcher.look()).in_mempool) == 1
    del watcher.addresses[address]
    assert (await watcher.look()).in_mempool == ()


async def test_reorganisation_tells_the_fork_and_finds_again(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    node.pay(address, "0.5")
    first_hash, *_ = node.mine(3)
    before = await watcher.look()
    (found,) = before.in_blocks
    node.call("invalidateblock", first_hash)
    look = await watcher.look()
    assert found.block_height is not None
    assert look.fork_height == found.block_height - 1
    assert look.place.height == look.fork_height
    assert [each.address for each in look.in_mempool] == [address]
    node.mine(4)
    look = await watcher.look()
    (again,) = look.in_blocks
    assert look.fork_height is None
    assert again.transaction_id == found.transaction_id
    assert again.block_hash != found.block_hash


async def test_reorganisation_to_a_longer_branch_is_told_in_one_look(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    await watcher.look()
    node.pay(address, "0.5")
    first_hash, *_ = node.mine(2)
    (found,) = (await watcher.look()).in_blocks
    node.call("invalidateblock", first_hash)
    node.mine(3)
    look = await watcher.look()
    assert found.block_height is not None
    assert look.fork_height == found.block_height - 1
    assert [each.transaction_id for each in look.in_blocks] == [found.transaction_id]
    assert look.place.height == found.block_height + 2


async def test_replaced_payment_leaves_and_its_replacement_comes(
    node: LitecoinNode, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    first = node.pay(address, "0.5", replaceable=True)
    assert [each.transaction_id for each in (await watcher.look()).in_mempool] == [first]
    second = node.call("bumpfee", first)["txid"]
    assert first not in node.call("getrawmempool")
    assert [each.transaction_id for each in (await watcher.look()).in_mempool] == [second]


async def test_long_way_is_walked_in_several_looks(node: LitecoinNode, watcher: Watcher) -> None:
    address = watcher.watch_new()
    await watcher.look()
    node.pay(address, "0.5")
    node.mine(5)
    hasty = connector_for(node, look_seconds=0.0).connect()
    place = watcher.place
    found: list[Found] = []
    for number in range(1, 6):
        look = await hasty.look(place, watcher.addresses, began_at=NOW)
        assert place is not None
        assert look.place.height == place.height + 1
        assert look.complete == (number == 5)
        place = look.place
        found += look.in_blocks
    assert [each.address for each in found] == [address]


async def test_wrong_password_is_refused_without_naming_it(node: LitecoinNode) -> None:
    connector = connector_for(node, password="hunter2")
    with pytest.raises(ChainRefusedError, match="refuses the user or the password") as refusal:
        await check(connector)
    assert "hunter2" not in str(refusal.value) + repr(connector)
    with pytest.raises(ChainRefusedError):
        await connector.connect().look(None, {}, began_at=NOW)


async def test_credentials_in_the_address_are_not_repeated(node: LitecoinNode) -> None:
    url = node.url.replace("http://", "http://u:hunter2@")
    await check(connector_for(node, url=url))
    with pytest.raises(ChainRefusedError) as refusal:
        await check(connector_for(node, url=url, password="wrong"))
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("network", ["main", "test"])
async def test_wrong_network_is_refused(node: LitecoinNode, network: str) -> None:
    with pytest.raises(ChainRefusedError, match=f"'regtest' and the shop on '{network}'"):
        await check(connector_for(node, network=network))


async def test_right_node_passes_the_check(node: LitecoinNode) -> None:
    await check(connector_for(node))


async def test_address_of_another_network_is_refused(node: LitecoinNode) -> None:
    address = Bip84Addresses("LTC", "main", new_mnemonic(12)).derive(0)
    with pytest.raises(ChainRefusedError, match="another network"):
        await connector_for(node).connect().look(None, {address: None}, began_at=NOW)


async def test_unknown_place_is_read_again_from_below(node: LitecoinNode, watcher: Watcher) -> None:
    address = watcher.watch_new()
    await watcher.look()
    node.pay(address, "0.5")
    node.mine(2)
    height = node.call("getblockcount")
    look = await watcher.client.look(
        Place(height=height, block_hash="ab" * 32), watcher.addresses, began_at=NOW
    )
    assert look.fork_height == height - 100
    assert [each.address for each in look.in_blocks] == [address]
    assert look.place.block_hash == node.call("getbestblockhash")


async def test_place_far_above_the_tip_is_unavailable(node: LitecoinNode, watcher: Watcher) -> None:
    place = Place(height=1_000_000, block_hash="ab" * 32)
    with pytest.raises(ChainUnavailableError, match="wait until it has caught up"):
        await watcher.client.look(place, {}, began_at=NOW)


async def test_dropped_payment_leaves_and_a_restart_is_survived(tmp_path: Path) -> None:
    require_litecoind()
    node = LitecoinNode(tmp_path / "node")
    try:
        node.fund()
        watcher = Watcher(connector_for(node).connect())
        await watcher.look()
        node.pay(watcher.watch_new(), "0.5")
        assert len((await watcher.look()).in_mempool) == 1
        node.stop()
        with pytest.raises(ChainUnavailableError, match="cannot be reached"):
            await watcher.look()
        node.start("-persistmempool=0", "-walletbroadcast=0")
        assert (await watcher.look()).in_mempool == ()
    finally:
        node.stop()


async def test_block_that_the_node_lost_is_unavailable_with_advice(tmp_path: Path) -> None:
    require_litecoind()
    node = LitecoinNode(tmp_path / "node")
    try:
        node.mine(5)
        place = Place(height=1, block_hash=node.call("getblockhash", 1))
        blocks = tmp_path / "node" / "regtest" / "blocks" / "blk00000.dat"
        blocks.write_bytes(bytes(blocks.stat().st_size))
        with pytest.raises(ChainUnavailableError, match="has not kept block"):
            await connector_for(node).connect().look(place, {}, began_at=NOW)
    finally:
        node.stop()

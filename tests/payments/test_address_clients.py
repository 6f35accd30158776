"""Electrum and Esplora clients and real payments on a real litecoind: the same cases for each."""

import asyncio
import pickle
from datetime import UTC, datetime

import pytest

from payments.addresses import Bip84Addresses
from payments.chain import ChainRefusedError, ChainUnavailableError, Known, Place
from payments.custody import new_mnemonic
from tests.electrumx_server import electrumx, indexed_node
from tests.litecoin_node import nobodys_address
from tests.payments.address_backends import (
    NOW,
    Backend,
    Watcher,
    backend,
    chain_index,
    mine_only,
    pay_several,
    replace_by_another,
    watcher,
)

__all__ = ["backend", "chain_index", "electrumx", "indexed_node", "watcher"]

pytestmark = pytest.mark.litecoind

HALF_IN_BYTES = (50_000_000).to_bytes(8, "little").hex()
NINE_IN_BYTES = (900_000_000).to_bytes(8, "little").hex()


async def test_first_look_starts_at_the_tip(backend: Backend, watcher: Watcher) -> None:
    look = await watcher.look()
    assert look.place.block_hash == backend.node.call("getbestblockhash")
    assert look.place.height == backend.node.call("getblockcount")
    assert look.receipts == {}


async def test_amounts_are_exact(backend: Backend, watcher: Watcher) -> None:
    amounts = {"0.00005461": 5_461, "0.1": 10_000_000, "1.23456789": 123_456_789, "2": 200_000_000}
    expected = {watcher.watch_new(): (text, units) for text, units in amounts.items()}
    for address, (text, _) in expected.items():
        backend.node.pay(address, text)
    backend.node.mine()
    for address, (_, units) in expected.items():
        (found,) = await watcher.until_received(address, confirmed=True)
        assert (type(found.amount_base_units), found.amount_base_units) == (int, units)


async def test_payment_is_seen_in_mempool_then_in_its_block(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    transaction_id = backend.node.pay(address, "0.5")
    (found,) = await watcher.until_received(address)
    assert (found.address, found.transaction_id) == (address, transaction_id)
    assert (found.amount_base_units, found.block_hash) == (50_000_000, None)
    first_seen_at = watcher.now
    assert found.chain_time == first_seen_at
    assert (await watcher.look()).receipts[address] == (found,), "its time stays the same"

    (block_hash,) = backend.node.mine()
    (mined,) = await watcher.until_received(address, confirmed=True)
    header = backend.node.call("getblockheader", block_hash)
    assert (mined.transaction_id, mined.output_index) == (transaction_id, found.output_index)
    assert (mined.block_hash, mined.block_height) == (block_hash, header["height"])
    assert mined.chain_time == datetime.fromtimestamp(header["mediantime"], UTC)


async def test_payments_of_others_are_not_seen(backend: Backend, watcher: Watcher) -> None:
    address, paid = watcher.watch_new(), watcher.watch_new()
    pay_several(backend.node, {nobodys_address(): "1", paid: "0.5"})
    await watcher.until_received(paid)
    assert watcher.addresses[address].receipts == ()
    backend.node.mine()
    await watcher.until_received(paid, confirmed=True)
    assert watcher.addresses[address].receipts == ()


async def test_two_outputs_of_one_transaction_are_two_receipts(
    backend: Backend, watcher: Watcher
) -> None:
    address, other = watcher.watch_new(), nobodys_address()
    transaction_id = pay_several(
        backend.node, {address: "0.1", other: "0.2"}, instead={other: address}
    )
    in_mempool = await watcher.until_received(address, count=2)
    backend.node.mine()
    in_block = await watcher.until_received(address, count=2, confirmed=True)
    for several in (in_mempool, in_block):
        assert {(f.transaction_id, f.output_index, f.amount_base_units) for f in several} == {
            (transaction_id, 0, 10_000_000),
            (transaction_id, 1, 20_000_000),
        }


async def test_two_payments_are_two_receipts(backend: Backend, watcher: Watcher) -> None:
    address = watcher.watch_new()
    first = backend.node.pay(address, "0.1")
    backend.node.mine()
    await watcher.until_received(address, confirmed=True)
    second = backend.node.pay(address, "0.2")
    look = await watcher.until(lambda look: len(look.receipts.get(address, ())) == 2)
    receipts = {each.transaction_id: each for each in look.receipts[address]}
    assert receipts.keys() == {first, second}
    assert receipts[first].block_height is not None
    assert receipts[second].block_height is None
    assert receipts[second].amount_base_units == 20_000_000


async def test_one_transaction_paying_two_addresses_is_seen_at_both(
    backend: Backend, watcher: Watcher
) -> None:
    one, other = watcher.watch_new(), watcher.watch_new()
    transaction_id = pay_several(backend.node, {one: "0.1", other: "0.2"})
    (at_one,) = await watcher.until_received(one)
    (at_other,) = await watcher.until_received(other)
    assert at_one.transaction_id == at_other.transaction_id == transaction_id
    assert (at_one.amount_base_units, at_other.amount_base_units) == (10_000_000, 20_000_000)


async def test_fee_bumped_payment_is_seen_as_its_replacement(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    first = backend.node.pay(address, "0.5", replaceable=True)
    (found,) = await watcher.until_received(address)
    assert found.transaction_id == first
    second = backend.node.call("bumpfee", first)["txid"]
    assert first not in backend.node.call("getrawmempool")
    await watcher.until(
        lambda look: [each.transaction_id for each in look.receipts[address]] == [second]
    )


async def test_replacement_that_pays_someone_else_leaves_nothing(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    first = backend.node.pay(address, "0.5", replaceable=True)
    await watcher.until_received(address)
    replace_by_another(backend.node, first)
    await watcher.until_received(address, count=0)


async def test_payment_that_is_mined_again_after_a_reorganisation_is_in_its_new_block(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    transaction_id = backend.node.pay(address, "0.5")
    first_hash, *_ = backend.node.mine(2)
    (before,) = await watcher.until_received(address, confirmed=True)
    backend.node.call("invalidateblock", first_hash)
    new_hash, *_ = backend.node.mine(3)
    look = await watcher.until(
        lambda look: {each.block_hash for each in look.receipts.get(address, ())} == {new_hash}
    )
    (again,) = look.receipts[address]
    assert (again.transaction_id, again.block_height) == (transaction_id, before.block_height)
    assert before.block_hash == first_hash
    assert (await watcher.until_at_tip_of(backend.node)).receipts[address] == (again,)


async def test_payment_that_a_reorganisation_leaves_out_is_in_the_mempool(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    backend.node.pay(address, "0.5")
    first_hash, *_ = backend.node.mine(2)
    (before,) = await watcher.until_received(address, confirmed=True)
    backend.node.call("invalidateblock", first_hash)
    mine_only(backend.node, 3)
    (after,) = await watcher.until_received(address)
    assert after.transaction_id == before.transaction_id


async def test_payment_that_is_double_spent_by_a_reorganisation_is_gone(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    transaction_id = backend.node.pay(address, "0.5", replaceable=True)
    (first_hash,) = backend.node.mine()
    backend.node.mine(6)
    await watcher.until_received(address, confirmed=True)
    backend.node.call("invalidateblock", first_hash)
    replace_by_another(backend.node, transaction_id)
    backend.node.mine(8)
    await watcher.until_received(address, count=0)


async def test_no_payment_is_missed_over_a_thousand_blocks(
    backend: Backend, watcher: Watcher
) -> None:
    addresses = [watcher.watch_new() for _ in range(3)]
    await watcher.look()
    paid: dict[str, tuple[str, str]] = {}
    for address, blocks in zip(addresses, (500, 500, 5), strict=True):
        transaction_id = backend.node.pay(address, "0.5")
        block_hash, *_ = backend.node.mine(blocks)
        paid[address] = (transaction_id, block_hash)

    restarted = Watcher(backend.connector(look_seconds=60.0).connect())
    restarted.place, restarted.addresses = watcher.place, dict.fromkeys(addresses, Known())
    try:
        for each in (watcher, restarted):
            look = await each.until_at_tip_of(backend.node)
            found = {a: (f.transaction_id, f.block_hash) for a, (f,) in look.receipts.items()}
            assert found == paid
    finally:
        await restarted.client.close()


async def test_address_no_longer_watched_is_not_reported(
    backend: Backend, watcher: Watcher
) -> None:
    address, other = watcher.watch_new(), watcher.watch_new()
    backend.node.pay(address, "0.5")
    await watcher.until_received(address)
    del watcher.addresses[address]
    backend.node.mine()
    look = await watcher.look()
    assert look.receipts.keys() == {other}
    watcher.addresses[address] = Known()
    await watcher.until_received(address, confirmed=True)


async def test_money_that_the_owner_moves_on_still_counts(
    backend: Backend, watcher: Watcher
) -> None:
    own = backend.node.call("getnewaddress", "", "bech32")
    watcher.addresses[own] = Known()
    transaction_id = pay_several(backend.node, {own: "0.5"})
    backend.node.mine()
    (before,) = await watcher.until_received(own, confirmed=True)
    coin = {"txid": transaction_id, "vout": before.output_index}
    raw = backend.node.call("createrawtransaction", [coin], [{nobodys_address(): "0.499"}])
    signed = backend.node.call("signrawtransactionwithwallet", raw)["hex"]
    backend.node.call("sendrawtransaction", signed)
    (block_hash,) = backend.node.mine()
    look = await watcher.until(lambda look: look.place.block_hash == block_hash)
    assert look.receipts[own] == (before,)


async def test_time_of_a_payment_that_the_shop_has_seen_before_is_kept(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    backend.node.pay(address, "0.5")
    (found,) = await watcher.until_received(address)
    restarted = Watcher(backend.connector().connect())
    restarted.now = watcher.now.replace(year=2030)
    restarted.addresses = {address: Known(receipts=(found,))}
    try:
        assert await restarted.until_received(address) == (found,)
    finally:
        await restarted.client.close()


async def test_lying_about_an_amount_is_found_out(backend: Backend, watcher: Watcher) -> None:
    address = watcher.watch_new()
    backend.rewrite(
        lambda text: text.replace(HALF_IN_BYTES, NINE_IN_BYTES).replace(
            '"value": 50000000', '"value": 900000000'
        )
    )
    backend.node.pay(address, "0.5")
    with pytest.raises(ChainUnavailableError, match="not to be trusted"):
        await watcher.until_received(address)
    backend.rewrite(lambda text: text)
    (found,) = await watcher.until_received(address)
    assert found.amount_base_units == 50_000_000


async def test_block_that_a_payment_is_not_in_is_not_believed(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    backend.node.pay(address, "0.5")
    await watcher.until_received(address)
    beside = "ab" * 32

    def with_another_branch(text: str) -> str:
        start = text.find('"merkle": ["')
        if start < 0:
            return text
        begins = start + len('"merkle": ["')
        return text[:begins] + beside + text[begins + 64 :]

    backend.rewrite(with_another_branch)
    backend.node.mine()
    with pytest.raises(ChainUnavailableError, match="does not prove what it says"):
        await watcher.until_received(address, confirmed=True)
    backend.rewrite(lambda text: text)
    await watcher.until_received(address, confirmed=True)


@pytest.mark.parametrize("network", ["main", "test"])
async def test_wrong_network_is_refused(backend: Backend, network: str) -> None:
    client = backend.connector(network=network).connect()
    with pytest.raises(ChainRefusedError, match=f"and the shop is on LTC {network}"):
        await client.look(None, {}, began_at=NOW)
    await client.close()


async def test_wrong_coin_is_refused(backend: Backend) -> None:
    client = backend.connector(coin="BTC").connect()
    with pytest.raises(ChainRefusedError, match="serves LTC regtest and the shop is on BTC"):
        await client.look(None, {}, began_at=NOW)
    await client.close()


async def test_address_of_another_network_is_refused(watcher: Watcher) -> None:
    watcher.addresses[Bip84Addresses("LTC", "main", new_mnemonic(12)).derive(0)] = Known()
    with pytest.raises(ChainRefusedError, match="another network"):
        await watcher.look()


async def test_place_that_is_no_longer_of_the_chain_loses_nothing(
    backend: Backend, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    backend.node.pay(address, "0.5")
    backend.node.mine(2)
    await watcher.until_received(address, confirmed=True)
    assert watcher.place is not None
    restarted = Watcher(backend.connector().connect())
    restarted.place = Place(height=watcher.place.height, block_hash="ab" * 32)
    restarted.addresses = {address: Known()}
    try:
        await restarted.until_received(address, confirmed=True)
        assert restarted.place == watcher.place
    finally:
        await restarted.client.close()


async def test_recipe_can_be_sent_to_another_process(backend: Backend) -> None:
    connector = backend.connector()
    assert pickle.loads(pickle.dumps(connector)) == connector  # noqa: S301 - our own bytes


async def test_newest_of_those_that_are_waited_for_come_first(
    backend: Backend, watcher: Watcher
) -> None:
    if backend.kind == "electrum":
        client = backend.connector(look_seconds=0.0, most_subscriptions=4).connect()
    else:
        client = backend.connector(requests_a_look=8).connect()
    old = [watcher.watch_new() for _ in range(200)]
    new = [watcher.watch_new() for _ in range(2)]
    settled = dict.fromkeys(old, Known(urgent=False))
    addresses = {**settled, **dict.fromkeys(new, Known(urgent=True))}
    seen: set[str] = set()
    for number in range(60):
        look = await client.look(None, addresses, began_at=NOW)
        if number == 0:
            assert set(new) <= look.receipts.keys()
            assert len(look.receipts) < len(addresses)
        seen |= look.receipts.keys()
        if seen == addresses.keys():
            break
    await client.close()
    assert seen == addresses.keys(), "all come round"


async def test_look_is_given_up_when_it_is_cancelled(backend: Backend, watcher: Watcher) -> None:
    address = watcher.watch_new()
    backend.node.pay(address, "0.5")
    looking = asyncio.create_task(watcher.look())
    await asyncio.sleep(0)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await watcher.until_received(address)

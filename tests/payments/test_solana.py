"""The client of Solana nodes against a real Surfpool."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from solders.keypair import Keypair

from domain.rules import FINALIZED_CONFIRMATIONS
from payments.chain import AddressLook, Found, Known
from payments.solana import SolanaClient, SolanaConnector
from tests.surfpool_node import SOL, SurfpoolNode, surfpool_node

__all__ = ["surfpool_node"]

pytestmark = pytest.mark.surfpool

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAID = SOL // 100
FINAL_WITHIN_SECONDS = 60.0
FINAL = FINALIZED_CONFIRMATIONS


class Watcher:
    """A client with the time that a watcher would keep."""

    def __init__(self, node: SurfpoolNode) -> None:
        self.connector = SolanaConnector(network="regtest", url=node.url, ws_url=node.ws_url)
        self.client = SolanaClient(self.connector)
        self.now = NOW
        self.addresses: dict[str, Known] = {}

    async def look(self) -> AddressLook:
        self.now += timedelta(seconds=1)
        look = await self.client.look(None, self.addresses, began_at=self.now)
        self.addresses = {
            address: Known(receipts=receipts) for address, receipts in look.receipts.items()
        }
        return look

    async def found(self, address: str) -> tuple[Found, ...]:
        return (await self.look()).receipts[address]

    async def final(self, address: str) -> tuple[Found, ...]:
        """What is found when all of it is final."""
        deadline = time.monotonic() + FINAL_WITHIN_SECONDS
        while True:
            found = await self.found(address)
            if found and all(each.confirmations == FINAL for each in found):
                return found
            assert time.monotonic() < deadline
            await asyncio.sleep(0.5)

    def watch_new(self) -> tuple[str, Keypair]:
        key = Keypair()
        self.addresses[str(key.pubkey())] = Known()
        return str(key.pubkey()), key


@pytest.fixture
async def watcher(surfpool_node: SurfpoolNode) -> AsyncIterator[Watcher]:
    watcher = Watcher(surfpool_node)
    await watcher.look()
    yield watcher
    await watcher.client.close()


async def test_payment_is_shown_when_confirmed_and_counts_when_final(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    address, _ = watcher.watch_new()
    name = surfpool_node.pay((address, PAID))
    (waiting,) = await watcher.found(address)
    assert (waiting.transaction_id, waiting.amount_base_units) == (name, PAID)
    assert (waiting.confirmations or 0) < FINAL
    assert waiting.output_index is None
    (final,) = await watcher.final(address)
    assert (final.transaction_id, final.amount_base_units) == (name, PAID)
    look = await watcher.look()
    assert final.block_height is not None
    assert final.block_height <= look.place.height
    watcher.client = SolanaClient(watcher.connector)
    assert [each.receipt_id for each in await watcher.found(address)] == [name]


async def test_one_transaction_may_pay_two_addresses(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    (one, _), (other, _) = watcher.watch_new(), watcher.watch_new()
    name = surfpool_node.pay((one, PAID), (other, 2 * PAID), (one, PAID))
    look = await watcher.look()
    assert [(e.transaction_id, e.amount_base_units) for e in look.receipts[one]] == [
        (name, 2 * PAID)
    ]
    assert [e.amount_base_units for e in look.receipts[other]] == [2 * PAID]


async def test_several_payments_are_several_receipts_oldest_first(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    address, _ = watcher.watch_new()
    names = [surfpool_node.pay((address, PAID))]
    assert len(await watcher.found(address)) == 1
    names += [surfpool_node.pay((address, amount)) for amount in (2 * PAID, 3 * PAID)]
    found = await watcher.found(address)
    assert [(each.transaction_id, each.amount_base_units) for each in found] == list(
        zip(names, (PAID, 2 * PAID, 3 * PAID), strict=True)
    )


async def test_owner_may_move_coins_out_before_anybody_looked(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    address, key = watcher.watch_new()
    await watcher.look()
    name = surfpool_node.pay((address, SOL))
    fee = 5_000
    surfpool_node.pay((str(surfpool_node.payer.pubkey()), SOL - fee), by=key)
    assert surfpool_node.call("getBalance", address)["value"] == 0
    found = await watcher.found(address)
    assert [(each.transaction_id, each.amount_base_units) for each in found] == [(name, SOL)]


async def test_failed_transaction_counts_nothing(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    address, _ = watcher.watch_new()
    poor = Keypair()
    surfpool_node.pay((str(poor.pubkey()), PAID))
    from solders.pubkey import Pubkey  # noqa: PLC0415
    from solders.system_program import TransferParams, transfer  # noqa: PLC0415

    too_much = transfer(
        TransferParams(
            from_pubkey=poor.pubkey(), to_pubkey=Pubkey.from_string(address), lamports=SOL
        )
    )
    surfpool_node.send(poor, [too_much], skipPreflight=True)
    assert await watcher.found(address) == ()


async def test_hundreds_of_addresses_are_looked_at_in_turns_the_newest_first(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    addresses = [watcher.watch_new()[0] for _ in range(250)]
    surfpool_node.pay((addresses[0], PAID), (addresses[-1], PAID))
    watched = dict(watcher.addresses)
    looks = [await watcher.client.look(None, watched, began_at=NOW) for _ in range(5)]
    assert list(looks[0].receipts) == addresses[:149:-1]
    # Some that have not changed are read again in every look.
    assert list(looks[1].receipts)[:90] == addresses[149:59:-1]
    assert set(looks[-1].receipts) == set(addresses), "from now on all are known"
    paid = {address for address, found in looks[-1].receipts.items() if found}
    assert paid == {addresses[0], addresses[-1]}


async def test_more_addresses_than_a_look_is_of_take_turns_and_a_new_one_does_not_wait(
    surfpool_node: SurfpoolNode,
) -> None:
    client = SolanaConnector(network="regtest", url=surfpool_node.url, addresses_a_look=4).connect()
    watched = {str(Keypair().pubkey()): Known(urgent=False) for _ in range(8)}
    oldest, *_, newest = watched
    first = await client.look(None, watched, began_at=NOW)
    assert len(first.receipts) == 4
    assert newest in first.receipts
    assert oldest not in first.receipts
    new = str(Keypair().pubkey())
    second = await client.look(None, {**watched, new: Known()}, began_at=NOW)
    assert new in second.receipts
    third = await client.look(None, {**watched, new: Known()}, began_at=NOW)
    assert {*first.receipts, *second.receipts, *third.receipts} == {*watched, new}


async def test_change_of_a_watched_account_is_pushed(
    watcher: Watcher, surfpool_node: SurfpoolNode
) -> None:
    address, _ = watcher.watch_new()
    await watcher.look()
    waiting = asyncio.create_task(watcher.client.changed())
    await asyncio.sleep(1)
    surfpool_node.pay((address, PAID))
    await asyncio.wait_for(waiting, 5)
    assert len(await watcher.found(address)) == 1

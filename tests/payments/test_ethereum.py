"""The client of Ethereum nodes against a real anvil."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from payments.chain import AddressLook, ChainUnavailableError, Found, Known, Place
from payments.ethereum import EthereumClient, EthereumConnector
from payments.ethereum_node import EthereumNode
from tests.anvil_node import CHAIN_ID, WEI, AnvilNode, anvil_node, new_address

__all__ = ["anvil_node"]

pytestmark = pytest.mark.anvil

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAID = WEI // 8


class Watcher:
    """A client with the place and the time that a watcher would keep."""

    def __init__(self, node: AnvilNode) -> None:
        self.connector = EthereumConnector(chain_id=CHAIN_ID, url=node.url, ws_url=node.ws_url)
        self.client = EthereumClient(self.connector)
        self.place: Place | None = None
        self.now = NOW
        self.addresses: dict[str, Known] = {}

    async def look(self) -> AddressLook:
        self.now += timedelta(seconds=1)
        look = await self.client.look(self.place, self.addresses, began_at=self.now)
        self.place = look.place
        self.addresses = {
            address: Known(receipts=receipts) for address, receipts in look.receipts.items()
        }
        return look

    async def found(self, address: str) -> tuple[Found, ...]:
        return (await self.look()).receipts[address]

    def watch_new(self) -> str:
        address = new_address()
        self.addresses[address] = Known()
        return address

    def restart(self) -> None:
        """A new client knows only what the shop has on disk."""
        self.client = EthereumClient(self.connector)


@pytest.fixture
def node(anvil_node: AnvilNode) -> Iterator[AnvilNode]:
    yield anvil_node
    anvil_node.automine(on=True)
    anvil_node.mine()


@pytest.fixture
async def watcher(node: AnvilNode) -> AsyncIterator[Watcher]:
    watcher = Watcher(node)
    await watcher.look()
    yield watcher
    await watcher.client.close()


async def test_payment_in_a_block_is_found_once_with_its_place(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    name = node.pay(address, PAID)
    (found,) = await watcher.found(address)
    block = node.call("eth_getBlockByNumber", "latest", False)
    assert found == Found(
        address=address,
        transaction_id=name,
        output_index=None,
        amount_base_units=PAID,
        block_height=int(block["number"], 16),
        block_hash=block["hash"],
        chain_time=datetime.fromtimestamp(int(block["timestamp"], 16), UTC),
    )
    node.mine(3)
    assert await watcher.found(address) == (found,)


async def test_payment_that_waits_is_shown_and_keeps_its_name_in_a_block(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.automine(on=False)
    name = node.pay(address, PAID)
    (waiting,) = await watcher.found(address)
    assert (waiting.transaction_id, waiting.block_height) == (name, None)
    first_seen = waiting.chain_time
    assert (await watcher.found(address))[0].chain_time == first_seen
    node.mine()
    (mined,) = await watcher.found(address)
    assert (mined.transaction_id, mined.amount_base_units) == (name, PAID)
    assert mined.block_height == node.height()


async def test_two_payments_in_one_block_and_a_third_are_three_receipts(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.automine(on=False)
    names = [node.pay(address, PAID), node.pay(address, 2 * PAID)]
    node.mine()
    node.automine(on=True)
    names.append(node.pay(address, 3 * PAID))
    found = await watcher.found(address)
    assert {each.transaction_id: each.amount_base_units for each in found} == dict(
        zip(names, (PAID, 2 * PAID, 3 * PAID), strict=True)
    )


async def test_transfer_from_inside_of_a_contract_is_found(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.pay_from_a_contract(address, PAID)
    (first,) = await watcher.found(address)
    assert (first.amount_base_units, first.block_height) == (PAID, node.height())
    node.pay_from_a_contract(address, PAID)
    _, second = await watcher.found(address)
    assert second.amount_base_units == PAID
    assert second.transaction_id != first.transaction_id


async def test_replaced_payment_to_somebody_else_is_gone(watcher: Watcher, node: AnvilNode) -> None:
    address = watcher.watch_new()
    node.automine(on=False)
    nonce = node.call("eth_getTransactionCount", node.accounts[0], "latest")
    node.pay(address, PAID, nonce=nonce, gasPrice=hex(3 * 10**9))
    assert len(await watcher.found(address)) == 1
    node.pay(new_address(), PAID, nonce=nonce, gasPrice=hex(30 * 10**9))
    assert await watcher.found(address) == ()
    node.mine()
    assert await watcher.found(address) == ()


async def test_dropped_payment_is_gone(watcher: Watcher, node: AnvilNode) -> None:
    address = watcher.watch_new()
    node.automine(on=False)
    name = node.pay(address, PAID)
    assert len(await watcher.found(address)) == 1
    node.call("anvil_dropTransaction", name)
    assert await watcher.found(address) == ()


async def test_reorganisation_takes_a_payment_and_brings_its_like_back_under_the_same_name(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.mine(3)
    node.pay_from_a_contract(address, PAID)
    (before,) = await watcher.found(address)
    node.call("anvil_reorg", 1, [])
    assert await watcher.found(address) == ()
    node.pay_from_a_contract(address, PAID)
    (after,) = await watcher.found(address)
    assert after.receipt_id == before.receipt_id
    assert after.block_hash != before.block_hash


async def test_reorganisation_while_the_shop_was_down_is_noticed(
    watcher: Watcher, node: AnvilNode
) -> None:
    kept, lost = watcher.watch_new(), watcher.watch_new()
    node.pay(kept, PAID)
    node.mine(5)
    node.pay(lost, PAID)
    look = await watcher.look()
    assert all(look.receipts.values())
    node.call("anvil_reorg", 3, [])
    watcher.restart()
    look = await watcher.look()
    assert [each.amount_base_units for each in look.receipts[kept]] == [PAID]
    assert look.receipts[lost] == ()


async def test_node_that_is_behind_what_was_seen_before_takes_no_payment_back(
    watcher: Watcher, node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = watcher.watch_new()
    before = node.call("evm_snapshot")
    node.pay(address, PAID)
    (found,) = await watcher.found(address)
    node.call("evm_revert", before)
    with monkeypatch.context() as public:
        public.setattr("payments.ethereum.SET_BACK_AT_WILL", ())
        with pytest.raises(ChainUnavailableError, match="is behind: at block"):
            await watcher.look()
    assert found.amount_base_units == PAID
    # A chain to try things out may be set back.
    assert await watcher.found(address) == ()


async def test_owner_may_move_coins_out_and_more_may_come(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.pay(address, WEI)
    (first,) = await watcher.found(address)
    node.sweep(address, WEI // 2)
    assert await watcher.found(address) == (first,)
    name = node.pay(address, PAID)
    assert [each.transaction_id for each in await watcher.found(address)] == [
        first.transaction_id,
        name,
    ]
    node.pay_from_a_contract(address, PAID)
    node.sweep(address, WEI // 4)
    found = await watcher.found(address)
    assert [each.amount_base_units for each in found] == [WEI, PAID, PAID]


async def test_payment_that_was_moved_out_before_anybody_looked_is_found(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    await watcher.look()
    name = node.pay(address, WEI)
    price_wei = 10 * 10**9
    node.sweep(address, WEI - 21_000 * price_wei, gasPrice=hex(price_wei))
    assert int(node.call("eth_getBalance", address, "latest"), 16) == 0
    (found,) = await watcher.found(address)
    assert (found.transaction_id, found.amount_base_units) == (name, WEI)
    watcher.restart()
    assert await watcher.found(address) == (found,)


async def test_swept_account_that_holds_again_what_it_received_before_is_looked_into(
    watcher: Watcher, node: AnvilNode
) -> None:
    address = watcher.watch_new()
    node.pay(address, WEI)
    await watcher.look()
    taken = WEI // 2
    node.sweep(address, taken)
    missing = WEI - int(node.call("eth_getBalance", address, "latest"), 16)
    node.pay(address, missing)
    found = await watcher.found(address)
    assert [each.amount_base_units for each in found] == [WEI, missing]


async def test_thousand_blocks_of_downtime_are_caught_up_with_the_time_of_each_payment(
    watcher: Watcher, node: AnvilNode
) -> None:
    address, idle = watcher.watch_new(), watcher.watch_new()
    await watcher.look()
    heights = []
    for blocks in (300, 400, 300):
        node.mine(blocks)
        node.pay(address, PAID)
        heights.append(node.height())
    node.mine(20)
    watcher.restart()
    look = await watcher.look()
    assert [each.block_height for each in look.receipts[address]] == heights
    assert look.receipts[idle] == ()


async def test_two_thousand_addresses_are_looked_at_in_one_look(
    watcher: Watcher, node: AnvilNode
) -> None:
    addresses = [watcher.watch_new() for _ in range(2_000)]
    node.pay(addresses[0], PAID)
    node.pay(addresses[-1], PAID)
    look = await watcher.look()
    assert [address for address, found in look.receipts.items() if found] == [
        addresses[0],
        addresses[-1],
    ]


async def test_new_block_is_pushed(watcher: Watcher, node: AnvilNode) -> None:
    waiting = asyncio.create_task(watcher.client.changed())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    node.mine()
    await asyncio.wait_for(waiting, 5)


async def test_payment_that_a_pending_block_lacks_is_not_gone_while_the_node_knows_it(
    watcher: Watcher, node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.automine(on=False)
    address = watcher.watch_new()
    name = node.pay(address, PAID)
    (waiting,) = await watcher.found(address)

    async def shows_none(_node: EthereumNode) -> tuple[()]:
        return ()

    monkeypatch.setattr(EthereumNode, "pending", shows_none)
    assert await watcher.found(address) == (waiting,)
    node.call("anvil_dropTransaction", name)
    assert await watcher.found(address) == ()


async def test_payment_that_a_pending_block_lacks_is_found_once_in_its_block(
    watcher: Watcher, node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.automine(on=False)
    address = watcher.watch_new()
    name = node.pay(address, PAID)
    await watcher.found(address)

    async def shows_none(_node: EthereumNode) -> tuple[()]:
        return ()

    monkeypatch.setattr(EthereumNode, "pending", shows_none)
    node.mine()
    (found,) = await watcher.found(address)
    assert (found.transaction_id, found.block_height) == (name, node.height())

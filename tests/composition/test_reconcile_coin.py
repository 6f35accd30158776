"""Orders in ETH and SOL against what their addresses received on real nodes."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from solders.keypair import Keypair

from composition.reconcile_coin import CoinResult, CoinTask, reconcile_coin
from domain.comparing import record_of
from domain.order import Order
from domain.payment import Receipt, ReceiptState, Sighting
from domain.reconciliation import Finding, OrderRecord
from payments.chain import ChainConnector
from payments.ethereum import EthereumConnector
from payments.received import received_on
from payments.solana import SolanaConnector
from tests.anvil_node import CHAIN_ID, WEI, AnvilNode, anvil_node, new_address, require_anvil
from tests.domain.examples import REFUNDING, new_order
from tests.surfpool_node import SOL, SurfpoolNode, surfpool_node

__all__ = ["anvil_node", "surfpool_node"]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def order_on(
    coin: str, address: str, order_id: int, confirmations: int, made_at: datetime = LONG_AGO
) -> Order:
    return replace(
        new_order(),
        order_id=order_id,
        coin=coin,
        address=address,
        confirmations_required=confirmations,
        created_at=made_at,
    )


def receipt_of(sighting: Sighting) -> Receipt:
    """The sighting as the store has it when it is confirmed."""
    return Receipt(
        transaction_id=sighting.transaction_id,
        output_index=sighting.output_index,
        amount_base_units=sighting.amount_base_units,
        state=ReceiptState.CONFIRMED,
        in_time=True,
        rate=new_order().rate,
        block_height=sighting.block_height,
        block_hash=sighting.block_hash,
        chain_time=sighting.chain_time,
        seen_at=sighting.seen_at,
    )


async def sightings_on(connector: ChainConnector, address: str) -> tuple[Sighting, ...]:
    client = connector.connect()
    try:
        shown = await received_on(client, [address], LONG_AGO, now=lambda: datetime.now(UTC))
    finally:
        await client.close()
    return shown[address].sightings


async def reconciled(connector: ChainConnector, *orders: Order) -> CoinResult:
    records = [record_of(order, REFUNDING) for order in orders]

    def some(order_ids: Sequence[int]) -> list[OrderRecord]:
        return [each for each in records if each.order_id in order_ids]

    load: Callable[[], list[OrderRecord]] = records.copy
    task = CoinTask(
        coin=orders[0].coin,
        connectors=(connector,),
        load=load,
        load_some=some,
        used_indexes=set,
        settle_seconds=0.0,
        spare={},
    )
    return await reconcile_coin(task, lambda _text: None)


def findings(result: CoinResult) -> list[tuple[Finding, int]]:
    return [(e.finding, e.order.order_id) for e in result.entries if e.order is not None]


@pytest.mark.anvil
async def test_ether_orders_are_compared_also_after_the_owner_moved_the_coins(
    anvil_node: AnvilNode,
) -> None:
    connector = EthereumConnector(chain_id=CHAIN_ID, url=anvil_node.url)
    recorded, missed, unpaid = new_address(), new_address(), new_address()
    anvil_node.pay_from_a_contract(recorded, WEI)
    anvil_node.mine(3)
    known = await sightings_on(connector, recorded)
    anvil_node.sweep(recorded, WEI // 2)
    anvil_node.pay(missed, WEI)
    anvil_node.mine(3)
    result = await reconciled(
        connector,
        replace(order_on("ETH", recorded, 1, 3), receipts=tuple(map(receipt_of, known))),
        order_on("ETH", missed, 2, 3),
        order_on("ETH", unpaid, 3, 3),
    )
    assert findings(result) == [
        (Finding.SAME, 1),
        (Finding.SAME, 3),
        (Finding.MISSED, 2),
    ]
    assert (result.totals.came_in, result.totals.confirmed) == (2 * WEI, WEI)


@pytest.mark.anvil
async def test_ether_node_without_history_proves_sums_and_says_what_it_cannot() -> None:
    require_anvil()
    with closing(Forgetful()) as node:
        connector = EthereumConnector(chain_id=CHAIN_ID, url=node.url)
        held, less, swept = new_address(), new_address(), new_address()
        receipts = {each: paid_by_hand(node, each) for each in (held, less, swept)}
        node.sweep(swept, WEI // 2)
        node.mine(400)
        too_much = replace(receipts[less], amount_base_units=2 * WEI)
        result = await reconciled(
            connector,
            replace(order_on("ETH", held, 1, 3), receipts=(receipts[held],)),
            replace(order_on("ETH", less, 2, 3), receipts=(too_much,)),
            replace(order_on("ETH", swept, 3, 3), receipts=(receipts[swept],)),
        )
    assert findings(result) == [
        (Finding.SAME, 1),
        (Finding.UNCHECKED, 3),
        (Finding.GONE, 2),
    ]
    assert result.totals.unchecked == 1
    assert "keeps no states back to block 0" in result.totals.notes[0]


def paid_by_hand(node: AnvilNode, address: str) -> Receipt:
    """One ether, as the store has it."""
    transaction_id = node.pay(address, WEI)
    block = node.call("eth_getBlockByNumber", "latest", False)
    now = datetime.now(UTC)
    return Receipt(
        transaction_id=transaction_id,
        output_index=None,
        amount_base_units=WEI,
        state=ReceiptState.CONFIRMED,
        in_time=True,
        rate=new_order().rate,
        block_height=int(block["number"], 16),
        block_hash=block["hash"],
        chain_time=now,
        seen_at=now,
    )


class Forgetful(AnvilNode):
    """An anvil that keeps only the states of its last blocks."""

    options = ("--prune-history",)

    def close(self) -> None:
        self.stop()


@pytest.mark.surfpool
async def test_sol_orders_are_compared_also_after_the_owner_moved_the_coins(
    surfpool_node: SurfpoolNode,
) -> None:
    connector = SolanaConnector(network="regtest", url=surfpool_node.url)
    key, missed, old = Keypair(), str(Keypair().pubkey()), str(Keypair().pubkey())
    recorded = str(key.pubkey())
    surfpool_node.pay((recorded, SOL))
    known = await sightings_on(connector, recorded)
    surfpool_node.pay((str(surfpool_node.payer.pubkey()), SOL // 2), by=key)
    surfpool_node.pay((missed, SOL))
    required, now = 1, datetime.now(UTC)
    orders = (
        replace(
            order_on("SOL", recorded, 1, required, now), receipts=tuple(map(receipt_of, known))
        ),
        order_on("SOL", missed, 2, required, now),
    )
    result = await reconciled(connector, *orders)
    assert findings(result) == [(Finding.SAME, 1), (Finding.MISSED, 2)]
    assert (result.totals.unchecked, result.totals.notes) == (0, ())
    # The node has nothing of the time before its start.
    result = await reconciled(connector, *orders, order_on("SOL", old, 3, required))
    assert result.totals.unchecked == 1
    assert "the node keeps nothing up to block" in result.totals.notes[0]

"""Messages that come twice, late or in another order than usual."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from actors.inventory import PoolActor
from actors.messages import (
    AddressRefused,
    CancelOrder,
    DeskChanged,
    NothingSeen,
    OrderPlaced,
    OrderRefused,
    OrderRests,
    PaymentSeen,
    PlaceOrder,
    Relayed,
    ReleaseStock,
    ReloadPool,
    ReserveStock,
    ResumeOrder,
    SettleHold,
    StartPool,
    StockShort,
    TakeAddress,
    WatchAddress,
)
from actors.order import OrderActor
from domain.order import (
    Order,
    OrderCreated,
    OrderStatus,
    ReceiptsChanged,
    RefusalReason,
    Unit,
)
from domain.payment import ReceiptState, Sighting
from store.contract import (
    GetOrder,
    GetPool,
    OrderLoaded,
    OrderSettled,
    PoolLoaded,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
)
from tests.actors.scripted_desk import ADDRESS, ORDER_ID, RESERVED, Desk, play_at_desk
from tests.actors.world import ALICE, wish

CREATED = Recorded(command_id="create:1:request of 1", order_id=ORDER_ID)
SHORT = StockShort(order_id=ORDER_ID, subcategory_id=1, available=0)


async def open_order(desk: Desk) -> Order:
    """An order that is placed; what everyone heard on the way is forgotten."""
    await desk.tell(desk.opening(), RESERVED, ADDRESS, CREATED)
    (placed,) = desk.taken("asker")
    assert isinstance(placed, OrderPlaced)
    for name in desk.heard:
        desk.taken(name)
    return placed.order


def relayed(message: PlaceOrder | CancelOrder, desk: Desk) -> Relayed:
    desk.relayed += 1
    return Relayed(number=desk.relayed, message=message, reply_to=desk.who["asker"])


def test_late_word_of_a_hold_frees_nothing_of_an_order_that_is_placed() -> None:
    async def scene(desk: Desk) -> None:
        await open_order(desk)
        await desk.tell(RESERVED)
        assert desk.taken("pool") == []

    play_at_desk(OrderActor, scene)


def test_word_of_an_earlier_look_that_saw_nothing_undoes_no_payment() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        paid = Sighting(
            transaction_id="t",
            output_index=0,
            amount_base_units=order.amount_base_units,
            confirmations=0,
            block_height=None,
            block_hash=None,
            chain_time=minutes_after(order, 5),
            seen_at=minutes_after(order, 5),
        )
        seen = PaymentSeen(
            order_id=ORDER_ID,
            coin=order.coin,
            address=order.address,
            began_at=minutes_after(order, 5),
            sightings=(paid,),
        )
        nothing = NothingSeen(
            order_id=ORDER_ID, address=order.address, began_at=minutes_after(order, 4)
        )
        await desk.tell(seen)
        (record,) = desk.taken("ledger")
        assert isinstance(record, Record)
        await desk.tell(Recorded(command_id=record.command_id, order_id=ORDER_ID), nothing)
        assert desk.taken("ledger") == []
        await desk.tell(replace(nothing, began_at=minutes_after(order, 6)))
        (record,) = desk.taken("ledger")
        assert isinstance(record, Record)
        assert isinstance(record.events[0], ReceiptsChanged)
        assert [each.state for each in record.events[0].receipts] == [ReceiptState.GONE]

    play_at_desk(OrderActor, scene)


def minutes_after(order: Order, minutes: float) -> datetime:
    return order.created_at + timedelta(minutes=minutes)


def test_late_word_of_a_hold_frees_it_where_the_wish_was_given_up() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(desk.opening(), SHORT)
        desk.taken("pool")
        await desk.tell(RESERVED)
        assert desk.taken("pool") == [ReleaseStock(order_id=ORDER_ID)]

    play_at_desk(OrderActor, scene)


def test_refusals_that_come_while_the_order_is_with_the_ledger_change_nothing() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(desk.opening(), RESERVED, ADDRESS)
        desk.taken("pool")
        await desk.tell(AddressRefused(order_id=ORDER_ID, why="held"), SHORT, RESERVED, ADDRESS)
        assert (desk.taken("asker"), desk.taken("pool")) == ([], [])
        await desk.tell(CREATED)
        (placed,) = desk.taken("asker")
        assert isinstance(placed, OrderPlaced)

    play_at_desk(OrderActor, scene)


def test_pool_that_never_answers_ends_the_wish_with_a_refusal() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(desk.opening())
        await asyncio.sleep(20)
        assert desk.taken("asker") == [OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE)]
        assert ReleaseStock(order_id=ORDER_ID) in desk.taken("pool")
        assert desk.taken("shop") == [OrderRests(order_id=ORDER_ID, heard=0)]

    play_at_desk(OrderActor, scene)


def test_whoever_asks_an_order_that_came_to_nothing_is_answered() -> None:
    async def scene(desk: Desk) -> None:
        cancel = CancelOrder(order_id=ORDER_ID, telegram_id=ALICE)
        await desk.tell(desk.opening(), relayed(cancel, desk), SHORT)
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=1, available=0)
        unknown = OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=ORDER_ID)
        assert desk.taken("asker") == [short, unknown]
        await desk.tell(relayed(wish(), desk), relayed(cancel, desk))
        assert desk.taken("asker") == [short, unknown]

    play_at_desk(OrderActor, scene)


def test_wish_that_made_an_order_before_gets_that_order_and_gives_its_hold_back() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        other = Desk(OrderActor)
        await other.tell(other.opening(), RESERVED, ADDRESS, replace(CREATED, order_id=3))
        assert GetOrder(order_id=3) in other.taken("ledger")
        assert ReleaseStock(order_id=ORDER_ID) in other.taken("pool")
        earlier = replace(order, order_id=3, status=OrderStatus.CANCELLED)
        await other.tell(OrderLoaded(order_id=3, order=earlier), relayed(wish(), other))
        assert other.taken("asker") == [OrderPlaced(order=earlier)] * 2
        rests = [OrderRests(order_id=ORDER_ID, heard=heard) for heard in (0, 1)]
        assert other.taken("shop") == rests
        assert await other.base.shutdown_async()

    play_at_desk(OrderActor, scene)


def test_message_that_is_run_again_after_a_failure_is_heard_once() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        other = Desk(OrderActor)
        await other.tell(other.opening(), RESERVED, ADDRESS, replace(CREATED, order_id=3))
        earlier = replace(order, order_id=3, status=OrderStatus.CANCELLED)
        again = relayed(wish(), other)
        await other.tell(OrderLoaded(order_id=3, order=earlier), again, again)
        rests = [each for each in other.taken("shop") if isinstance(each, OrderRests)]
        assert [each.heard for each in rests] == [0, 1, 1]
        assert await other.base.shutdown_async()

    play_at_desk(OrderActor, scene)


def test_command_that_is_not_answered_is_sent_again_also_after_the_desk_changed() -> None:
    async def scene(desk: Desk) -> None:
        await open_order(desk)
        cancel = CancelOrder(order_id=ORDER_ID, telegram_id=ALICE)
        await desk.tell(relayed(cancel, desk))
        changed = replace(desk.order_desk(), watchers={"LTC": desk.who["shop"]})
        await desk.tell(DeskChanged(desk=changed))
        await asyncio.sleep(40)
        records = [each for each in desk.taken("ledger") if isinstance(each, Record)]
        assert len(records) == 4
        assert len(set(records)) == 1

    play_at_desk(OrderActor, scene)


def test_order_is_watched_by_a_new_watcher_and_not_again_by_the_same() -> None:
    async def scene(desk: Desk) -> None:
        await open_order(desk)
        await desk.tell(DeskChanged(desk=desk.order_desk()))
        assert desk.taken("watcher") == []
        new = replace(desk.order_desk(), watchers={"LTC": desk.who["shop"]})
        await desk.tell(DeskChanged(desk=new))
        assert [type(each) for each in desk.taken("shop")] == [WatchAddress]

    play_at_desk(OrderActor, scene)


def test_order_that_lost_its_address_actor_asks_the_new_one() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(desk.opening(), RESERVED)
        assert desk.taken("addresses") == [TakeAddress(order_id=ORDER_ID)]
        new = replace(desk.order_desk(), addresses={"LTC": desk.who["shop"]})
        await desk.tell(DeskChanged(desk=new))
        assert desk.taken("shop") == [TakeAddress(order_id=ORDER_ID)]

    play_at_desk(OrderActor, scene)


def test_decision_on_a_version_that_is_old_is_made_again_on_the_new_one() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        await desk.tell(relayed(CancelOrder(order_id=ORDER_ID, telegram_id=ALICE), desk))
        (record,) = desk.taken("ledger")
        assert isinstance(record, Record)
        stale = RecordRefused(
            command_id=record.command_id, reason=RecordRefusalReason.STALE_VERSION
        )
        await desk.tell(stale)
        assert desk.taken("ledger") == [GetOrder(order_id=ORDER_ID)]
        loaded = OrderLoaded(order_id=ORDER_ID, order=replace(order, version=2))
        # The second is a repeat, which must not take the order back.
        await desk.tell(loaded, loaded)
        (again,) = desk.taken("ledger")
        assert isinstance(again, Record)
        assert again.expected_version == 2

    play_at_desk(OrderActor, scene)


def test_late_repeat_of_what_was_loaded_does_not_take_an_order_back() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        await desk.tell(relayed(CancelOrder(order_id=ORDER_ID, telegram_id=ALICE), desk))
        (record,) = desk.taken("ledger")
        assert isinstance(record, Record)
        await desk.tell(Recorded(command_id=record.command_id, order_id=ORDER_ID))
        desk.taken("asker")
        await desk.tell(OrderLoaded(order_id=ORDER_ID, order=order), relayed(wish(), desk))
        (answer,) = desk.taken("asker")
        assert isinstance(answer, OrderPlaced)
        assert answer.order.status is OrderStatus.CANCELLED

    play_at_desk(OrderActor, scene)


def test_wish_that_meets_an_order_which_is_being_loaded_waits_for_it() -> None:
    async def scene(desk: Desk) -> None:
        order = await open_order(desk)
        other = Desk(OrderActor)
        resume = ResumeOrder(order_id=ORDER_ID, order=None, desk=other.order_desk())
        await other.tell(resume, relayed(wish(), other))
        assert other.taken("asker") == []
        await other.tell(OrderLoaded(order_id=ORDER_ID, order=order))
        assert other.taken("asker") == [OrderPlaced(order=order)]
        assert [type(each) for each in other.taken("watcher")] == [WatchAddress]
        assert await other.base.shutdown_async()

    play_at_desk(OrderActor, scene)


def test_order_is_created_by_one_record_with_everything_in_it() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(desk.opening(), RESERVED, ADDRESS)
        (record,) = desk.taken("ledger")
        assert isinstance(record, Record)
        assert record.command_id == CREATED.command_id
        assert isinstance(record.events[0], OrderCreated)
        assert record.expected_version is None

    play_at_desk(OrderActor, scene)


LOADED = PoolLoaded(
    subcategory_id=1,
    free=(Unit(unit_id=5, price_minor=100), Unit(unit_id=6, price_minor=100)),
    holds=(),
    newest_unit_id=6,
)


def test_wish_of_an_order_that_died_while_the_pool_loads_holds_nothing() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(StartPool(subcategory_id=1, ledger=desk.who["ledger"]))
        await desk.tell(ReserveStock(order_id=7, subcategory_id=1, quantity=1))
        await desk.tell(SettleHold(order_id=7), LOADED)
        (pool,) = desk.base.inspect(kind="inventory").actors
        assert (pool.details["available"], pool.details["holds"]) == (2, 0)

    play_at_desk(PoolActor, scene)


def test_hold_in_doubt_is_kept_freed_or_forgotten_as_the_ledger_says() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(StartPool(subcategory_id=1, ledger=desk.who["ledger"]), LOADED)
        assert desk.taken("ledger") == [GetPool(subcategory_id=1)]
        figures = []
        for holding, sold in ((True, False), (False, False), (False, True)):
            await desk.tell(ReserveStock(order_id=7, subcategory_id=1, quantity=1))
            await desk.tell(SettleHold(order_id=7))
            assert desk.taken("ledger") == [SettleOrder(order_id=7)]
            settled = OrderSettled(order_id=7, holding=holding, sold=sold)
            await desk.tell(settled, settled)
            (pool,) = desk.base.inspect(kind="inventory").actors
            figures.append((pool.details["available"], pool.details["holds"]))
        assert figures == [(1, 1), (2, 0), (1, 0)]

    play_at_desk(PoolActor, scene)


def test_hold_that_is_taken_up_again_while_the_ledger_is_asked_is_kept() -> None:
    async def scene(desk: Desk) -> None:
        reserve = ReserveStock(order_id=7, subcategory_id=1, quantity=1)
        await desk.tell(StartPool(subcategory_id=1, ledger=desk.who["ledger"]), LOADED)
        await desk.tell(reserve, SettleHold(order_id=7), reserve)
        await desk.tell(OrderSettled(order_id=7, holding=False, sold=False))
        (pool,) = desk.base.inspect(kind="inventory").actors
        assert (pool.details["available"], pool.details["holds"]) == (1, 1)

    play_at_desk(PoolActor, scene)


def test_pool_that_reads_the_truth_again_holds_nothing_out_before_it_has_it() -> None:
    async def scene(desk: Desk) -> None:
        await desk.tell(StartPool(subcategory_id=1, ledger=desk.who["ledger"]), LOADED)
        await desk.tell(ReloadPool(subcategory_id=1))
        await desk.tell(ReserveStock(order_id=7, subcategory_id=1, quantity=1))
        (pool,) = desk.base.inspect(kind="inventory").actors
        assert (pool.details["state"], pool.details["holds"]) == ("loading", 0)
        await desk.tell(replace(LOADED, free=LOADED.free[1:]))
        (pool,) = desk.base.inspect(kind="inventory").actors
        assert (pool.details["state"], pool.details["holds"]) == ("open", 1)
        assert pool.details["available"] == 0

    play_at_desk(PoolActor, scene)

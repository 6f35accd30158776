"""When it was paid: in the last second, too late, after cancelling, and while nobody looked."""

from datetime import datetime, timedelta

from domain.order import NoticeKind, Order
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.fronts import Front, Way
from tests.payment_cases.shifted_time import ShiftedClock, put_forward
from tests.payment_cases.stage import ADMIN, ALICE, BOB, TIMEOUT, Books, Stage

LAST_SECONDS = timedelta(seconds=10)
A_WHILE = timedelta(minutes=1)
BLOCKS_MISSED = {"LTC": 1_000, "ETH": 1_000, "SOL": 100}


@on_every_chain("last-second")
async def test_payment_of_the_last_second_is_in_time(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    await stage.pass_time(order.expires_at - ShiftedClock().now() - LAST_SECONDS)
    await stage.chain.pay(order.address, order.amount_base_units)
    await stage.until(order, payment_state="seen")
    await stage.pass_time(A_WHILE)
    assert stage.books(order).status != "expired"
    await stage.chain.confirm()
    books = await stage.until(order, status="shipped")
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)
    assert NoticeKind.ORDER_EXPIRED not in stage.told(ALICE)


@on_every_chain("late-with-stock")
async def test_payment_after_expiry_revives_the_order_where_there_is_stock(stage: Stage) -> None:
    await stage.open()
    order = await _expired(stage)
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.refunds, books.sold, books.free) == ((), 1, 1)
    assert stage.paid_in_time(order) == [False]
    for kind in (NoticeKind.PAYMENT_LATE, NoticeKind.ORDER_REVIVED, NoticeKind.GOODS):
        assert stage.told(ALICE).count(kind) == 1
    assert stage.told(ADMIN).count(NoticeKind.ADMIN_ORDER_REVIVED) == 1


@on_every_chain("late-without-stock")
async def test_payment_after_expiry_without_stock_is_on_the_refund_list(stage: Stage) -> None:
    await stage.open(units=1)
    order = await _expired(stage)
    other = await stage.order(BOB)
    amount = order.amount_base_units
    await stage.chain.pay_confirmed(order.address, amount)
    books = await stage.until(order, refunds=(amount,))
    assert books == Books(
        status="expired",
        payment_state="late",
        receipts=(("confirmed", amount),),
        refunds=(amount,),
        held=1,
    )
    assert stage.told(ALICE).count(NoticeKind.MONEY_TO_REFUND) == 1
    assert stage.told(ADMIN).count(NoticeKind.ADMIN_MONEY_TO_REFUND) == 1
    assert NoticeKind.GOODS not in stage.told(ALICE)
    assert stage.books(other).status == "created"


@on_every_chain("late-by-its-block")
async def test_payment_after_a_look_ended_the_order_is_late_whatever_its_block_says(
    stage: Stage, front: Front
) -> None:
    await stage.open()
    order = await stage.order()
    # No block is made meanwhile: the median of the last eleven stays behind.
    put_forward(TIMEOUT + A_WHILE)
    await stage.until(order, status="expired")
    # Out of sight until it has its blocks, so that nothing but these can tell when it was paid.
    front.way = Way.DOWN
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    front.way = Way.HONEST
    put_forward(A_WHILE)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    ((chain_time,),) = stage.rows(
        "SELECT chain_time FROM payments WHERE order_id = ?", order.order_id
    )
    assert datetime.fromisoformat(str(chain_time)) < order.expires_at
    assert stage.paid_in_time(order) == [False]
    for kind in (NoticeKind.PAYMENT_LATE, NoticeKind.ORDER_REVIVED, NoticeKind.GOODS):
        assert stage.told(ALICE).count(kind) == 1


@on_every_chain("cancelled")
async def test_payment_after_cancelling_is_never_lost(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    await stage.cancel(order)
    cancelled = await stage.until(order, status="cancelled")
    assert (cancelled.held, cancelled.free) == (0, 2)
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


@on_every_chain("down-past-expiry")
async def test_payment_while_the_shop_was_down_past_the_expiry_is_in_time(
    stage: Stage, front: Front
) -> None:
    await stage.open()
    order = await stage.order()
    await stage.stop()
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.pass_time(TIMEOUT + A_WHILE)
    await stage.start()
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)
    assert stage.paid_in_time(order) == [True]
    for kind in (NoticeKind.ORDER_EXPIRED, NoticeKind.PAYMENT_LATE):
        assert kind not in stage.told(ALICE)


@on_every_chain("down-and-late")
async def test_payment_after_expiry_while_the_shop_was_down_is_late(
    stage: Stage, front: Front
) -> None:
    await stage.open()
    order = await stage.order()
    await stage.stop()
    await stage.pass_time(TIMEOUT + A_WHILE)
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.start()
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.refunds, books.sold) == ((), 1)
    assert stage.paid_in_time(order) == [False]
    for kind in (NoticeKind.PAYMENT_LATE, NoticeKind.ORDER_REVIVED, NoticeKind.GOODS):
        assert stage.told(ALICE).count(kind) == 1


@on_every_chain("catch-up")
async def test_no_block_is_skipped_after_a_long_time_down(stage: Stage, front: Front) -> None:
    await stage.open(units=3)
    orders = [await stage.order(telegram_id) for telegram_id in (ALICE, BOB, BOB + 1)]
    await stage.stop()
    blocks = BLOCKS_MISSED[stage.chain.coin]
    for order in orders[:2]:
        await stage.chain.pay(order.address, order.amount_base_units)
        await stage.chain.let_pass(blocks // 2)
    await stage.chain.pay_confirmed(orders[2].address, orders[2].amount_base_units)
    await stage.pass_time(TIMEOUT + A_WHILE)
    await stage.start()
    for order in orders:
        books = await stage.until(order, status="shipped")
        assert books.receipts == (("confirmed", order.amount_base_units),)
        assert (books.payment_state, books.refunds) == ("paid", ())
        assert stage.paid_in_time(order) == [True]
        assert NoticeKind.ORDER_EXPIRED not in stage.told(order.telegram_id)
    assert stage.books(orders[0]).sold == 3


async def _expired(stage: Stage) -> Order:
    """An order whose time is over, with its unit free again."""
    order = await stage.order()
    await stage.pass_time(TIMEOUT + A_WHILE)
    books = await stage.until(order, status="expired")
    assert (books.payment_state, books.held, books.sold) == ("none", 0, 0)
    assert stage.told(ALICE)[-1] is NoticeKind.ORDER_EXPIRED
    return order

"""Payments that are in no block yet: they hold the goods, and may still vanish."""

from domain.order import NoticeKind, Order
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.stage import ADMIN, ALICE, Books, Stage


@on_every_chain("unconfirmed")
async def test_payment_holds_the_goods_until_it_is_confirmed(stage: Stage) -> None:
    await stage.open()
    order, _ = await _seen(stage)
    await stage.unchanged(order)
    await stage.chain.mine_one()
    books = await stage.unchanged(order)
    assert (books.status, books.payment_state, books.held) == ("created", "seen", 1)
    await stage.chain.confirm()
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert stage.told(ALICE).count(NoticeKind.PAYMENT_SEEN) == 1


@on_every_chain("fee-bump")
async def test_payment_with_a_raised_fee_counts_once(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _seen(stage)
    amount = order.amount_base_units
    bumped = await stage.chain.bump(transaction)
    assert bumped != transaction
    await stage.until(order, receipts=(("gone", amount), ("seen", amount)))
    await stage.chain.confirm()
    assert await stage.until(order, status="shipped") == Books(
        status="shipped",
        payment_state="paid",
        receipts=(("gone", amount), ("confirmed", amount)),
        sold=1,
        free=1,
    )
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


@on_every_chain("replaced-by-another")
async def test_replacement_that_pays_somebody_else_takes_the_payment_back(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _seen(stage)
    await stage.chain.replace_by_another(transaction)
    await _assert_waiting_again(stage, order)
    await stage.chain.confirm()
    await stage.unchanged(order)
    await _assert_paid_anew(stage, order)


@on_every_chain("dropped")
async def test_payment_that_the_mempool_drops_is_taken_back(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _seen(stage)
    await stage.chain.drop(transaction)
    await _assert_waiting_again(stage, order)
    await _assert_paid_anew(stage, order)


async def _seen(stage: Stage) -> tuple[Order, str]:
    """An order, and a transaction that pays it and was seen."""
    order = await stage.order()
    transaction = await stage.chain.pay(order.address, order.amount_base_units)
    await stage.until(order, payment_state="seen")
    return order, transaction


async def _assert_waiting_again(stage: Stage, order: Order) -> None:
    books = await stage.until(order, payment_state="none")
    assert books == Books(
        status="created",
        payment_state="none",
        receipts=(("gone", order.amount_base_units),),
        held=1,
        free=1,
    )
    assert stage.told(ALICE)[-1] is NoticeKind.PAYMENT_VANISHED
    assert NoticeKind.ADMIN_PAYMENT_RECEIVED not in stage.told(ADMIN)


async def _assert_paid_anew(stage: Stage, order: Order) -> None:
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    books = await stage.until(order, status="shipped")
    amount = order.amount_base_units
    assert books.receipts == (("gone", amount), ("confirmed", amount))
    assert (books.payment_state, books.sold, books.refunds) == ("paid", 1, ())

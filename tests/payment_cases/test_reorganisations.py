"""Blocks that are undone, before and after the order that was paid in them is settled."""

from domain.order import NoticeKind, Order
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.stage import ADMIN, ALICE, Books, Stage


@on_every_chain("reorganised-before-settlement")
async def test_payment_that_is_mined_again_settles_by_its_new_block(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _in_one_block(stage)
    before = _block(stage, order)
    await stage.chain.reorganise(transaction)
    await stage.chain.confirm()
    books = await stage.until(order, status="shipped")
    amount = order.amount_base_units
    assert (books.receipts, books.payment_state) == ((("confirmed", amount),), "paid")
    assert _block(stage, order) != before
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


@on_every_chain("undone-before-settlement")
async def test_payment_that_is_undone_before_settlement_is_taken_back(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _in_one_block(stage)
    await stage.chain.reorganise_away(transaction)
    amount = order.amount_base_units
    books = await stage.until(order, payment_state="none", receipts=(("gone", amount),))
    assert (books.status, books.held, books.sold) == ("created", 1, 0)
    assert NoticeKind.PAYMENT_VANISHED in stage.told(ALICE)
    await stage.chain.pay_confirmed(order.address, amount)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("gone", amount), ("confirmed", amount))


@on_every_chain("reorganised-after-settlement")
async def test_settled_payment_that_is_mined_again_changes_nothing(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _settled(stage)
    before = _block(stage, order)
    await stage.chain.reorganise(transaction)
    await stage.chain.let_pass(2)
    books = await stage.unchanged(order, seconds=2.0)
    assert (books.status, books.payment_state) == ("shipped", "paid")
    assert (books.receipts, books.sold) == ((("confirmed", order.amount_base_units),), 1)
    assert _block(stage, order) != before
    assert NoticeKind.ADMIN_PAYMENT_REVERSED not in stage.told(ADMIN)
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


@on_every_chain("undone-after-settlement")
async def test_settled_payment_that_is_undone_is_reversed_and_told(stage: Stage) -> None:
    await stage.open()
    order, transaction = await _settled(stage)
    await stage.chain.reorganise_away(transaction)
    assert await stage.until(order, payment_state="reversed") == Books(
        status="shipped",
        payment_state="reversed",
        receipts=(("reversed", order.amount_base_units),),
        sold=1,
        free=1,
    )
    assert stage.told(ADMIN).count(NoticeKind.ADMIN_PAYMENT_REVERSED) == 1
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


async def _in_one_block(stage: Stage) -> tuple[Order, str]:
    order = await stage.order()
    transaction = await stage.chain.pay(order.address, order.amount_base_units)
    await stage.chain.mine_one()
    await stage.until_true(lambda: _block(stage, order) is not None)
    assert stage.books(order).payment_state == "seen"
    return order, transaction


async def _settled(stage: Stage) -> tuple[Order, str]:
    order = await stage.order()
    transaction = await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.until(order, status="shipped")
    return order, transaction


def _block(stage: Stage, order: Order) -> object:
    """The block of the order's only receipt, as the store has it."""
    rows = stage.rows("SELECT block_hash FROM payments WHERE order_id = ?", order.order_id)
    return rows[0][0] if rows else None

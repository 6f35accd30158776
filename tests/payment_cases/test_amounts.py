"""How much was paid, and in how many parts."""

from domain.order import NoticeKind, Order
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.stage import ADMIN, ALICE, BOB, Books, Stage


@on_every_chain("exact")
async def test_exact_payment_gets_the_goods(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    assert stage.books(order) == Books(status="created", payment_state="none", held=1, free=1)
    amount = order.amount_base_units
    await stage.chain.pay(order.address, amount)
    seen = await stage.until(order, payment_state="seen")
    assert (seen.status, seen.receipts, seen.held) == ("created", (("seen", amount),), 1)
    await stage.chain.confirm()
    assert await stage.until(order, status="shipped") == Books(
        status="shipped",
        payment_state="paid",
        receipts=(("confirmed", amount),),
        sold=1,
        free=1,
    )
    assert stage.told(ALICE) == [
        NoticeKind.ORDER_CREATED,
        NoticeKind.PAYMENT_SEEN,
        NoticeKind.GOODS,
    ]
    assert stage.told(ADMIN) == [
        NoticeKind.ADMIN_ORDER_CREATED,
        NoticeKind.ADMIN_PAYMENT_SEEN,
        NoticeKind.ADMIN_PAYMENT_RECEIVED,
    ]


@on_every_chain("short-then-rest")
async def test_rest_of_a_short_payment_gets_the_goods(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    part = _share(order, 2, 5)
    await stage.chain.pay_confirmed(order.address, part)
    short = await stage.until(order, payment_state="partial")
    assert (short.status, short.held, short.sold) == ("created", 1, 0)
    await stage.until(order, receipts=(("confirmed", part),))
    assert stage.told(ALICE)[-1] is NoticeKind.PAYMENT_PARTIAL
    rest = order.amount_base_units - part
    await stage.chain.pay_confirmed(order.address, rest)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", part), ("confirmed", rest))
    assert (books.payment_state, books.sold, books.held, books.refunds) == ("paid", 1, 0, ())
    assert stage.told(ALICE)[-1] is NoticeKind.GOODS


@on_every_chain("short-within-tolerance")
async def test_shortfall_within_the_tolerance_counts_as_paid(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    amount = order.amount_base_units - order.tolerance_base_units
    assert amount < order.amount_base_units
    await stage.chain.pay_confirmed(order.address, amount)
    books = await stage.until(order, status="shipped")
    assert (books.payment_state, books.receipts) == ("paid", (("confirmed", amount),))
    assert (books.sold, books.refunds) == (1, ())
    assert NoticeKind.PAYMENT_PARTIAL not in stage.told(ALICE)


@on_every_chain("over")
async def test_what_is_paid_too_much_is_on_the_refund_list(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    amount, more = order.amount_base_units, _share(order, 1, 2)
    await stage.chain.pay_confirmed(order.address, amount + more)
    books = await stage.until(order, status="shipped", refunds=(more,))
    assert (books.payment_state, books.receipts) == ("over", (("confirmed", amount + more),))
    assert (books.sold, books.free) == (1, 1)
    for chat_id, kind in ((ALICE, NoticeKind.MONEY_TO_REFUND), (ALICE, NoticeKind.GOODS),
                          (ADMIN, NoticeKind.ADMIN_MONEY_TO_REFUND)):  # fmt: skip
        assert stage.told(chat_id).count(kind) == 1


@on_every_chain("two-payments")
async def test_two_payments_add_up(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    first = _share(order, 1, 2)
    second = order.amount_base_units - first
    await stage.chain.pay(order.address, first)
    await stage.chain.pay(order.address, second)
    await stage.until(order, payment_state="seen")
    await stage.chain.confirm()
    books = await stage.until(order, status="shipped")
    assert sorted(books.receipts) == sorted([("confirmed", first), ("confirmed", second)])
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)
    assert stage.told(ALICE).count(NoticeKind.GOODS) == 1


@on_every_chain("two-outputs")
async def test_two_outputs_of_one_transaction_add_up(stage: Stage) -> None:
    await stage.open()
    order = await stage.order()
    first = _share(order, 1, 3)
    second = order.amount_base_units - first
    await stage.chain.pay_several([(order.address, first), (order.address, second)])
    await stage.chain.confirm()
    books = await stage.until(order, status="shipped")
    # Solana knows what an account has more after a transaction, whatever its parts.
    parts = [first + second] if stage.chain.coin == "SOL" else [first, second]
    assert sorted(books.receipts) == sorted(("confirmed", part) for part in parts)
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)


@on_every_chain("two-orders")
async def test_one_transaction_pays_two_orders(stage: Stage) -> None:
    await stage.open()
    orders = [await stage.order(ALICE), await stage.order(BOB)]
    payments = [(order.address, order.amount_base_units) for order in orders]
    await stage.chain.pay_several(payments)
    await stage.chain.confirm()
    for order in orders:
        books = await stage.until(order, status="shipped")
        assert books.receipts == (("confirmed", order.amount_base_units),)
        assert (books.payment_state, books.refunds) == ("paid", ())
    assert stage.books(orders[0]).sold == 2
    for chat_id in (ALICE, BOB):
        assert stage.told(chat_id).count(NoticeKind.GOODS) == 1


def _share(order: Order, part: int, of: int) -> int:
    """Rounded to the coin's quote unit, as a wallet would send it."""
    gwei = 10**9
    unit = gwei if order.coin == "ETH" else 1
    return order.amount_base_units * part // of // unit * unit

"""Backends that fail: nothing is sold, given up or believed meanwhile, and nothing is lost."""

from datetime import timedelta

from actors.messages import OrderRefused
from domain.order import NoticeKind, Order
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.fronts import Front, Way
from tests.payment_cases.stage import ADMIN, ALICE, BOB, TIMEOUT, Stage

WITHIN_THE_GRACE = TIMEOUT + timedelta(minutes=5)
ALERT_AFTER = timedelta(seconds=25)
BACK_OFF = timedelta(minutes=1)


@on_every_chain("down")
async def test_payment_is_found_when_the_backend_is_back(stage: Stage, front: Front) -> None:
    await _outlive(stage, front, Way.DOWN)


@on_every_chain("hanging")
async def test_payment_is_found_when_the_backend_answers_again(stage: Stage, front: Front) -> None:
    await _outlive(stage, front, Way.HANGS)


@on_every_chain("html")
async def test_page_for_people_is_no_answer(stage: Stage, front: Front) -> None:
    await _outlive(stage, front, Way.HTML)


@on_every_chain("slow")
async def test_slow_backend_serves(stage: Stage, front: Front) -> None:
    await stage.open()
    order = await stage.order()
    front.way = Way.SLOW
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    await stage.until_ready()
    assert stage.alerts() == []


@on_every_chain("wrong-network")
async def test_backend_of_another_network_is_refused(stage: Stage, front: Front) -> None:
    await stage.open()
    order = await stage.order()
    await stage.stop()
    right, stage.connector = stage.connector, stage.chain.wrong_connector()
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.start_blind()
    await stage.until_health(lambda why: why.startswith("refused: "))
    await _assert_blind(stage, order)
    await stage.stop()
    stage.connector = right
    await stage.start()
    await _assert_sold(stage, order)


@on_every_chain("syncing")
async def test_backend_that_is_still_syncing_decides_nothing(stage: Stage, front: Front) -> None:
    await stage.open()
    order = await stage.order()
    honest, front.rewrite = front.rewrite, stage.chain.syncing
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.until_health(bool)
    await _assert_blind(stage, order)
    front.rewrite = honest
    await _assert_sold(stage, order)


@on_every_chain("lying-alone")
async def test_lie_about_an_amount_is_not_believed(stage: Stage, front: Front) -> None:
    await stage.open()
    order = await stage.order()
    part = order.amount_base_units // 2
    honest, front.rewrite = front.rewrite, lambda answer: stage.chain.lie(answer, part)
    await stage.chain.pay_confirmed(order.address, part)
    assert "another transaction" in await stage.until_health(bool)
    await stage.pass_time(ALERT_AFTER)
    await stage.until_alert("it is not to be trusted")
    books = await stage.unchanged(order)
    assert (books.payment_state, books.receipts) == ("none", ())
    front.rewrite = honest
    await stage.pass_time(BACK_OFF)
    books = await stage.until(order, payment_state="partial")
    assert (books.receipts, books.sold) == ((("confirmed", part),), 0)


async def _outlive(stage: Stage, front: Front, way: Way) -> None:
    """Paid while the backend fails, and past the end of the time to pay."""
    await stage.open()
    order = await stage.order()
    front.way = way
    await stage.chain.pay_confirmed(order.address, order.amount_base_units)
    await stage.until_health(bool)
    await _assert_blind(stage, order)
    front.way = Way.HONEST
    await _assert_sold(stage, order)


async def _assert_blind(stage: Stage, order: Order) -> None:
    """Nobody may order, the admin is told, and the order waits past its time."""
    await stage.pass_time(ALERT_AFTER)
    await stage.until_alert(f"{stage.chain.coin} takes no orders")
    assert isinstance(await stage.try_to_order(BOB), OrderRefused)
    await stage.pass_time(WITHIN_THE_GRACE)
    books = await stage.unchanged(order)
    assert (books.status, books.payment_state, books.held) == ("created", "none", 1)


async def _assert_sold(stage: Stage, order: Order) -> None:
    """In time and exactly, as if nothing had been."""
    await stage.pass_time(BACK_OFF)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)
    assert NoticeKind.ORDER_EXPIRED not in stage.told(ALICE)
    assert stage.told(ADMIN).count(NoticeKind.ADMIN_PAYMENT_RECEIVED) == 1
    await stage.until_ready()

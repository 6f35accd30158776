"""Two backends of one coin: who lies is found out, and both may be gone."""

import asyncio
from datetime import timedelta

from actors.messages import OrderRefused
from domain.order import NoticeKind
from payments.several import TELL_AFTER, SeveralConnector
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.fronts import Front, Way, front_of
from tests.payment_cases.shifted_time import ShiftedClock
from tests.payment_cases.stage import ALICE, BOB, Stage

AN_HOUR = timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)
PROVING_CLIENTS = ("bitcoind", "electrum", "esplora")


@on_every_chain("lying-checked")
async def test_lie_of_one_of_two_backends_sells_nothing(stage: Stage, front: Front) -> None:
    chain = stage.chain
    stage.connector = SeveralConnector(
        coin=chain.coin, can_be_set_back=True, connectors=(stage.connector, chain.connector())
    )
    await stage.open()
    order = await stage.order()
    part = order.amount_base_units // 2
    honest, front.rewrite = front.rewrite, lambda answer: chain.lie(answer, part)
    await chain.pay_confirmed(order.address, part)
    # Whoever is caught without a proof has no say, and the other one serves.
    is_caught = chain.client in PROVING_CLIENTS
    if is_caught:
        await stage.until(order, payment_state="partial")
    else:
        await asyncio.sleep(1.0)  # for a look at the disagreement
    what = "checks nobody" if is_caught else "do not agree"
    while not any(what in alert for alert in stage.alerts()):
        assert ShiftedClock().now() < order.expires_at
        await stage.pass_time(TELL_AFTER)
        await stage.until_next_look()
    books = await stage.unchanged(order)
    # Where one of them knew of it before the other, it is held as seen.
    assert {state for state, _ in books.receipts} <= {"confirmed" if is_caught else "seen"}
    assert (books.status, books.sold) == ("created", 0)
    front.rewrite = honest
    # What a block was said to have in it is not asked again, until the shop is started anew.
    await stage.stop()
    await stage.start()
    books = await stage.until(order, payment_state="partial", receipts=(("confirmed", part),))
    assert (books.status, books.held, books.sold) == ("created", 1, 0)
    assert NoticeKind.GOODS not in stage.told(ALICE)


@on_every_chain("one-down")
async def test_second_backend_serves_while_the_first_is_down(stage: Stage, front: Front) -> None:
    chain = stage.chain
    stage.connector = SeveralConnector(
        coin=chain.coin, can_be_set_back=True, connectors=(stage.connector, chain.connector())
    )
    await stage.open()
    order = await stage.order()
    front.way = Way.DOWN
    await chain.pay_confirmed(order.address, order.amount_base_units)
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.payment_state, books.refunds, books.sold) == ("paid", (), 1)
    await stage.pass_time(TELL_AFTER)
    await stage.until_alert("does not answer, and checks nobody")
    assert not isinstance(await stage.try_to_order(BOB), OrderRefused)


@on_every_chain("both-down")
async def test_hour_without_any_backend_loses_no_payment(stage: Stage, front: Front) -> None:
    chain = stage.chain
    second = front_of(chain.url)
    second.rewrite = chain.retouched
    async with second.serving() as url:
        stage.connector = SeveralConnector(
            coin=chain.coin,
            can_be_set_back=True,
            connectors=(stage.connector, chain.connector_by(url)),
        )
        await stage.open()
        order = await stage.order()
        front.way = second.way = Way.DOWN
        await chain.pay_confirmed(order.address, order.amount_base_units)
        await stage.until_health(bool)
        await stage.pass_time(AN_HOUR)
        await stage.until_alert(f"{chain.coin} takes no orders")
        await stage.pass_time(A_MINUTE)
        books = await stage.until(order, status="expired")
        assert (books.payment_state, books.held, books.sold) == ("none", 0, 0)
        front.way = second.way = Way.HONEST
        await stage.pass_time(A_MINUTE)
        books = await stage.until(order, status="shipped")
        assert books.receipts == (("confirmed", order.amount_base_units),)
        assert (books.refunds, books.sold) == ((), 1)
        assert stage.told(ALICE).count(NoticeKind.ORDER_REVIVED) == 1
        assert stage.rows("SELECT timeout_count FROM users WHERE telegram_id = ?", ALICE) == [(0,)]
        await stage.stop()

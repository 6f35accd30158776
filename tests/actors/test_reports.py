"""What a payment processor reports: a hint where there is a chain, and all there is without one."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.messages import ReportPayment, ReportRefused, ReportTaken, ShopUnavailable
from domain.order import NoticeKind, Order
from domain.reports import PaymentReport, ReportRefusal
from domain.rules import LatePayment
from store.report_contract import WriteReport
from tests.actors.conftest import Play
from tests.actors.outside_world import LoopClock
from tests.actors.world import (
    ADMIN,
    ALICE,
    BOB,
    COIN,
    CONFIRMATIONS,
    POLL_SECONDS,
    PRICE_BASE_UNITS,
    TIMEOUT,
    World,
    with_rules,
)

ASKED_LOOK_SECONDS = 1.0
REPORTS = "SELECT transaction_id, amount_quote_units, confirmations FROM payment_reports"


def report_of(
    order: Order, transaction_id: str = "transaction 0", **fields: object
) -> ReportPayment:
    """What a processor says that pays the order, confirmed."""
    report = PaymentReport(
        coin=order.coin,
        address=order.address,
        transaction_id=transaction_id,
        output_index=0,
        amount_base_units=order.amount_base_units,
        confirmations=CONFIRMATIONS,
        signed_at=LoopClock().now(),
    )
    return ReportPayment(report=replace(report, **fields))  # type: ignore[arg-type] # the test knows


async def opened(world: World, *goods: str, has_chain: bool) -> None:
    world.has_chain = has_chain
    world.asked_look_seconds = {COIN: ASKED_LOOK_SECONDS}
    await world.open()
    await world.stock(*(goods or ("Chess/k1",)))


async def ordered(world: World, *, has_chain: bool) -> Order:
    await opened(world, has_chain=has_chain)
    return await world.order()


NEWS = ReportTaken(is_news=True)
KNOWN = ReportTaken(is_news=False)


# --- a coin with a chain ---


def test_reported_payment_is_seen_on_the_chain_long_before_the_next_look_is_due(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        await world.looks(1)
        looks = world.chain.looks
        await world.until(lambda: world.chain.looks > looks)
        world.chain.pay(order.address, order.amount_base_units)
        assert await world.ask(report_of(order)) == NEWS
        await asyncio.sleep(ASKED_LOOK_SECONDS + 0.5)
        assert ASKED_LOOK_SECONDS + 0.5 < POLL_SECONDS / 2
        # It is reported as confirmed, and that is not what the chain shows.
        assert world.status(order) == ("created", "seen")

    play(scene)


def test_without_a_report_the_payment_waits_for_the_look_that_is_due(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        await world.looks(1)
        looks = world.chain.looks
        await world.until(lambda: world.chain.looks > looks)
        world.chain.pay(order.address, order.amount_base_units)
        await asyncio.sleep(ASKED_LOOK_SECONDS + 0.5)
        assert world.status(order) == ("created", "none")

    play(scene)


def test_report_that_the_chain_does_not_show_is_kept_and_pays_nothing(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        assert await world.ask(report_of(order)) == NEWS
        await world.looks(3)
        assert world.status(order) == ("created", "none")
        assert world.rows(REPORTS) == [("transaction 0", PRICE_BASE_UNITS, CONFIRMATIONS)]
        await world.pass_time(TIMEOUT)
        await world.looks()
        assert world.status(order) == ("expired", "none")

    play(scene)


def test_report_on_an_address_that_is_watched_no_more_has_it_watched_again(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, monitor_after_expiry=timedelta(hours=2))
        order = await ordered(world, has_chain=True)
        await world.pass_time(TIMEOUT + timedelta(hours=3))
        assert world.status(order) == ("expired", "none")
        world.chain.pay(order.address, order.amount_base_units)
        await world.looks()
        assert world.status(order) == ("expired", "none")
        assert await world.ask(report_of(order)) == NEWS
        await world.looks()
        assert world.status(order) == ("expired", "late")
        assert NoticeKind.ADMIN_ALERT in world.told(ADMIN)
        world.chain.mine(CONFIRMATIONS)
        await world.looks()
        assert world.rows("SELECT purpose, amount_quote_units FROM set_asides") == [
            ("refund", PRICE_BASE_UNITS)
        ]

    play(scene)


@pytest.mark.parametrize("has_chain", [True, False])
def test_address_of_no_order_is_refused_and_nothing_is_kept(play: Play, has_chain: bool) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=has_chain)
        for wrong in ({"address": "address 99"}, {"coin": "BTC"}):
            refused = ReportRefused(reason=ReportRefusal.NO_SUCH_ADDRESS)
            assert await world.ask(report_of(order, **wrong)) == refused
        assert world.rows(REPORTS) == []

    play(scene)


@pytest.mark.parametrize("has_chain", [True, False])
def test_receipt_with_another_amount_or_address_is_refused_and_told(
    play: Play, has_chain: bool
) -> None:
    async def scene(world: World) -> None:
        await opened(world, "Chess/k1", "Chess/k2", has_chain=has_chain)
        order, other = await world.order(ALICE), await world.order(BOB)
        assert await world.ask(report_of(order)) == NEWS
        refused = ReportRefused(reason=ReportRefusal.OTHER_PAYMENT)
        assert await world.ask(report_of(order, amount_base_units=1)) == refused
        assert await world.ask(report_of(other)) == refused
        await world.looks(1)
        assert NoticeKind.ADMIN_ALERT in world.told(ADMIN)
        assert len(world.rows(REPORTS)) == 1
        assert world.status(other) == ("created", "none")

    play(scene)


def test_amount_that_the_chain_contradicts_is_refused(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        await world.pay(order, confirmed=False)
        refused = ReportRefused(reason=ReportRefusal.OTHER_PAYMENT)
        assert await world.ask(report_of(order, amount_base_units=1)) == refused
        assert await world.ask(report_of(order)) == NEWS

    play(scene)


def test_report_in_a_batch_that_fails_is_refused_alone(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        impossible = report_of(order, amount_base_units=2**64)
        answers = await asyncio.gather(world.ask(impossible), world.ask(report_of(order, "other")))
        assert list(answers) == [ReportRefused(reason=ReportRefusal.IMPOSSIBLE), NEWS]

    play(scene)


def test_shop_that_is_not_open_says_so(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        world.kill("ledger")
        await asyncio.sleep(0.1)
        assert isinstance(await world.ask(report_of(order)), ShopUnavailable)
        await world.until_ready()
        assert await world.ask(report_of(order)) == NEWS

    play(scene)


# --- a coin without one ---


def test_reported_payment_brings_the_goods_where_there_is_no_chain(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        assert await world.ask(report_of(order, confirmations=0)) == NEWS
        await asyncio.sleep(2)
        assert world.status(order) == ("created", "seen")
        assert await world.ask(report_of(order, confirmations=CONFIRMATIONS)) == NEWS
        await asyncio.sleep(2)
        assert world.status(order) == ("shipped", "paid")
        assert NoticeKind.GOODS in world.told(ALICE)
        assert world.chain.looks == 0

    play(scene)


def test_the_same_report_again_and_an_older_one_change_nothing(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        report = report_of(order, amount_base_units=PRICE_BASE_UNITS // 2)
        assert await world.ask(report) == NEWS
        await asyncio.sleep(2)
        before = world.rows("SELECT * FROM payments"), world.rows("SELECT * FROM orders")
        assert world.status(order) == ("created", "partial")
        older = replace(report.report, confirmations=1)
        signed_later = replace(report.report, signed_at=LoopClock().now())
        for again in (report.report, older, signed_later):
            assert await world.ask(ReportPayment(report=again)) == KNOWN
        await asyncio.sleep(2)
        assert (world.rows("SELECT * FROM payments"), world.rows("SELECT * FROM orders")) == before

    play(scene)


def test_several_reported_payments_add_up(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        first = PRICE_BASE_UNITS // 3
        await world.ask(report_of(order, "one", amount_base_units=first))
        await asyncio.sleep(2)
        assert world.status(order) == ("created", "partial")
        rest = PRICE_BASE_UNITS - first
        await world.ask(report_of(order, "one", output_index=1, amount_base_units=rest))
        await asyncio.sleep(2)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_without_a_report_the_order_ends_on_time_and_counts_as_a_timeout(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        await world.pass_time(TIMEOUT - timedelta(seconds=5))
        assert world.status(order) == ("created", "none")
        await asyncio.sleep(6)
        assert world.status(order) == ("expired", "none")
        assert world.timeouts() == 1

    play(scene)


def test_payment_that_is_reported_late_is_set_aside(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        await world.pass_time(TIMEOUT * 2)
        assert await world.ask(report_of(order)) == NEWS
        await asyncio.sleep(3)
        assert world.status(order) == ("expired", "late")
        assert world.rows("SELECT purpose, amount_quote_units FROM set_asides") == [
            ("refund", PRICE_BASE_UNITS)
        ]

    play(scene)


def test_payment_signed_in_time_counts_as_in_time_when_it_comes_after_the_end(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.REVIVE)
        order = await ordered(world, has_chain=False)
        in_time = report_of(order, signed_at=order.expires_at - timedelta(seconds=1))
        await world.pass_time(TIMEOUT + timedelta(minutes=2))
        assert await world.ask(in_time) == NEWS
        await asyncio.sleep(3)
        assert world.status(order) == ("shipped", "paid")
        assert world.rows("SELECT in_time FROM payments") == [(1,)]

    play(scene)


def test_report_that_was_written_and_not_heard_of_counts_after_a_crash(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        report = report_of(order)
        writer = world.around.writer
        assert writer is not None
        writer.run([WriteReport(report=report.report)], LoopClock().now())
        world.crash()
        await world.open()
        await asyncio.sleep(3)
        assert world.status(order) == ("shipped", "paid")
        assert await world.ask(report) == KNOWN

    play(scene)


def test_report_is_told_again_until_its_order_has_taken_it(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=False)
        # One batch writes the report, one reads it, one has what the order makes of it.
        killing = world.around.before_batch = _KillsOrder(world, before_batch=3)
        assert await world.ask(report_of(order)) == NEWS
        await world.until(lambda: killing.left == 0)
        assert _untaken(world) == 1
        await world.pass_time(timedelta(minutes=2))
        assert world.status(order) == ("shipped", "paid")
        assert _untaken(world) == 0

    play(scene)


def _untaken(world: World) -> object:
    assert world.base is not None
    (watcher,) = world.base.inspect(kind="chain_watcher").actors
    return watcher.details["untaken"]


class _KillsOrder:
    """Has the order's actor exit before a batch is written, counted from 1; `left` ends at 0."""

    def __init__(self, world: World, before_batch: int) -> None:
        self._world = world
        self.left = before_batch

    def __call__(self) -> None:
        if self.left == 1:
            self._world.kill("order")
        self.left = max(0, self.left - 1)


def test_what_the_chain_had_shown_stays_where_its_coin_lost_its_backend(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await ordered(world, has_chain=True)
        part = PRICE_BASE_UNITS // 2
        world.chain.pay(order.address, part)
        world.chain.mine(CONFIRMATIONS)
        await world.looks()
        assert world.status(order) == ("created", "partial")
        await world.stop()
        world.has_chain = False
        await world.open()
        rest = PRICE_BASE_UNITS - part
        assert await world.ask(report_of(order, "the rest", amount_base_units=rest)) == NEWS
        await asyncio.sleep(3)
        assert world.status(order) == ("shipped", "paid")
        states = "SELECT state FROM payments"
        assert world.rows(states) == [("confirmed",), ("confirmed",)]

    play(scene)

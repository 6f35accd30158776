"""Rates of the market: what an order costs, when there is no price, and whom that is told."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from loguru import logger

from actors.messages import GetShopHealth, OrderPlaced, OrderRefused, QuotesTold, ShopHealth
from actors.rates import LONGEST_BACK_OFF
from actors.shop_rates import NOT_YET, PATIENCE
from domain.order import NoticeKind, Order, RefusalReason
from domain.rules import LatePayment
from tests.actors import outside_world
from tests.actors.conftest import Play
from tests.actors.outside_world import LoopClock
from tests.actors.scripted_market import MAX_AGE, SOURCES, Script, with_market
from tests.actors.world import ADMIN, ALICE, BOB, COIN, PRICE_BASE_UNITS, TIMEOUT, World, wish
from tests.actors.world import with_rules as with_rules_of

A_WHILE = timedelta(seconds=5)
A_LOOK = timedelta(seconds=30)


async def opened(world: World, *goods: str) -> Script:
    """A shop that has asked the market, with goods."""
    script = with_market(world)
    await world.open()
    await world.stock(*(goods or ("Chess/k1", "Chess/k2")))
    await world.pass_time(A_WHILE)
    return script


async def why_not(world: World) -> str:
    health = await world.ask(GetShopHealth())
    assert isinstance(health, ShopHealth)
    return health.coins[COIN]


def alerts(world: World) -> list[object]:
    return [row[0] for row in world.rows(
        "SELECT detail FROM outbox WHERE kind = 'admin_alert' AND chat_id = ? ORDER BY id", ADMIN
    )]  # fmt: skip


NO_RATE = OrderRefused(reason=RefusalReason.NO_RATE)


def test_order_costs_what_the_sources_agree_on(play: Play) -> None:
    async def scene(world: World) -> None:
        script = with_market(world)
        script.prices = {"east": "79", "north": "80", "west": "81"}
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        assert (order.rate, order.amount_base_units) == (Decimal(80), PRICE_BASE_UNITS)
        assert world.state("rates") == ["quoting"]

    play(scene)


def test_rate_of_an_order_is_that_of_the_moment_and_stays(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        first = await world.order(ALICE)
        script.says("40")
        await world.pass_time(MAX_AGE / 3 + A_WHILE)
        second = await world.order(BOB, request_id="b")
        assert (first.rate, second.rate) == (Decimal(80), Decimal(40))
        assert world.rows("SELECT rate FROM orders ORDER BY id") == [("80",), ("40",)]

    play(scene)


def test_fixed_rate_goes_before_the_market_and_nobody_is_asked(play: Play) -> None:
    async def scene(world: World) -> None:
        script = with_market(world)
        script.says("40")
        world.rates = {COIN: Decimal(80)}
        await world.open()
        await world.stock("Chess/k1")
        assert (await world.order()).rate == Decimal(80)
        assert (world.actors("rates"), script.asked) == ([], [])

    play(scene)


def test_no_order_is_taken_before_the_first_prices_are_there(play: Play) -> None:
    async def scene(world: World) -> None:
        script = with_market(world)
        script.is_hanging = True
        await world.start()
        await world.looks()
        assert await why_not(world) == "no source has a price that is at most 300 s old"
        await world.stock("Chess/k1")
        assert await world.ask(wish()) == NO_RATE
        assert world.rows("SELECT id FROM orders") == []

    play(scene)


def test_each_source_is_asked_three_times_within_the_age_of_a_price(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        await world.pass_time(MAX_AGE)
        assert {source for source, _ in script.asked[:3]} == set(SOURCES)
        of_west = [seconds for source, seconds in script.asked if source == "west"]
        assert [int(later - first) for first, later in pairwise(of_west)] == [100, 100, 100]

    play(scene)


def test_price_that_is_too_old_quotes_nothing_although_nobody_says_so(play: Play) -> None:
    """The actor that asks hangs, so that only the time itself tells the root."""

    async def scene(world: World) -> None:
        script = await opened(world)
        script.is_hanging = True
        await world.pass_time(MAX_AGE - 2 * A_WHILE)
        order = await world.order()
        assert order.rate == Decimal(80)
        await world.pass_time(2 * A_WHILE)
        assert await world.ask(wish(BOB, request_id="b")) == NO_RATE
        assert "at most 300 s old" in await why_not(world)

    play(scene)


def test_price_that_its_source_dates_back_is_as_old_as_it_says(play: Play) -> None:
    async def scene(world: World) -> None:
        script = with_market(world)
        script.age = MAX_AGE + timedelta(seconds=1)
        await world.start()
        await world.looks()
        await world.stock("Chess/k1")
        assert await world.ask(wish()) == NO_RATE
        script.age = MAX_AGE - timedelta(seconds=30)
        await world.pass_time(MAX_AGE / 3 + A_WHILE)
        assert isinstance(await world.ask(wish(request_id="later")), OrderPlaced)
        await world.pass_time(timedelta(seconds=40))
        assert await world.ask(wish(BOB, request_id="b")) == NO_RATE

    play(scene)


def test_outage_is_told_to_the_admins_once_and_its_end_too(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        script.away()
        await world.pass_time(timedelta(hours=2))
        assert alerts(world) == [
            "LTC takes no orders: it has no price, no source has a price that is at most 300 s old"
        ]
        assert world.state("rates") == ["without a price for LTC"]
        script.says("81")
        await world.pass_time(LONGEST_BACK_OFF + A_WHILE)
        assert alerts(world)[1:] == ["LTC has a price again: 81 USD"]
        assert await why_not(world) == ""
        assert (await world.order()).rate == Decimal(81)

    play(scene)


def test_outage_that_outlasts_a_ledger_is_still_told_once(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        script.away()
        await world.pass_time(timedelta(hours=1))
        world.kill("ledger")
        await world.pass_time(timedelta(hours=1))
        assert len(alerts(world)) == 1
        script.says("80")
        await world.pass_time(LONGEST_BACK_OFF + A_WHILE)
        assert alerts(world)[1:] == ["LTC has a price again: 80 USD"]

    play(scene)


def test_price_that_is_away_for_a_moment_is_nobodys_business(play: Play) -> None:
    async def scene(world: World) -> None:
        script = with_market(world)
        script.away()
        await world.start()
        await world.pass_time(PATIENCE / 2)
        script.says("80")
        await world.pass_time(timedelta(hours=1))
        assert alerts(world) == []

    play(scene)


def test_source_that_gives_no_price_is_asked_ever_less_often_and_the_others_go_on(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        del script.prices["west"]
        script.asked.clear()
        await world.pass_time(timedelta(hours=1))
        asked = [source for source, _ in script.asked]
        assert 25 <= asked.count("west") < asked.count("east") <= 37
        assert (await world.order()).rate == Decimal(80)
        assert alerts(world) == []

    play(scene)


def test_price_far_from_the_others_is_logged_once_and_does_not_count(play: Play) -> None:
    async def scene(world: World) -> None:
        said: list[str] = []
        sink = logger.add(said.append, level="WARNING", format="{message}")
        script = await opened(world)
        script.prices["north"] = "800"
        await world.pass_time(timedelta(hours=1))
        logger.remove(sink)
        told = [each.strip() for each in said if "too far" in each]
        assert told == ["rates: north says 800 for LTC, too far from the others: it does not count"]
        assert (await world.order()).rate == Decimal(80)
        assert world.base is not None
        (rates,) = world.base.inspect(kind="rates").actors
        assert rates.details["outliers"] == 1

    play(scene)


def test_sources_that_contradict_each_other_take_the_coin_out_of_sale(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        script.prices = {"east": "80", "north": "100", "west": "130"}
        await world.pass_time(MAX_AGE)
        assert await world.ask(wish()) == NO_RATE
        why = "the sources do not agree: east 80, north 100, west 130"
        assert await why_not(world) == why
        assert alerts(world) == [f"LTC takes no orders: it has no price, {why}"]

    play(scene)


def test_source_that_breaks_what_asks_it_is_asked_again(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        script.error = RuntimeError("nobody thought of this")
        await world.pass_time(2 * MAX_AGE)
        assert await world.ask(wish()) == NO_RATE
        script.error = None
        await world.pass_time(LONGEST_BACK_OFF + A_WHILE)
        assert isinstance(await world.ask(wish(request_id="later")), OrderPlaced)

    play(scene)


def test_who_asks_for_rates_is_started_again_and_prices_count_on_meanwhile(play: Play) -> None:
    async def scene(world: World) -> None:
        await opened(world)
        (first,) = world.actors("rates")
        world.kill("rates")
        await world.until(lambda: world.actors("rates") != [first])
        assert isinstance(await world.ask(wish()), OrderPlaced)
        await world.pass_time(timedelta(hours=1))
        assert len(world.actors("rates")) == 1
        assert isinstance(await world.ask(wish(BOB, request_id="b")), OrderPlaced)

    play(scene)


def test_new_ledger_begins_with_new_prices(play: Play) -> None:
    async def scene(world: World) -> None:
        await opened(world)
        world.kill("ledger")
        await world.pass_time(A_WHILE)
        await world.until_ready()
        assert len(world.actors("rates")) == 1
        assert isinstance(await world.ask(wish()), OrderPlaced)

    play(scene)


def test_quotes_of_somebody_else_are_not_believed(play: Play) -> None:
    async def scene(world: World) -> None:
        await opened(world)
        assert world.base is not None
        assert world.shop is not None
        world.base.tell_async(world.shop, QuotesTold(quotes=()))
        await world.pass_time(A_WHILE)
        assert (await world.order()).rate == Decimal(80)

    play(scene)


def test_clock_that_is_set_back_leaves_no_price_that_counts_for_longer(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        script.is_hanging = True
        true_now = LoopClock.now
        monkeypatch.setattr(
            outside_world.LoopClock, "now", lambda clock: true_now(clock) - timedelta(hours=1)
        )
        assert await world.ask(wish()) == NO_RATE
        monkeypatch.setattr(outside_world.LoopClock, "now", true_now)

    play(scene)


# --- late money -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late:
    """An order that has expired, in a shop that credits what comes late."""

    order: Order
    script: Script


async def late(world: World) -> Late:
    with_rules_of(world, late_payment=LatePayment.CREDIT)
    script = await opened(world, "Chess/k1")
    order = await world.order()
    await world.pass_time(TIMEOUT + A_LOOK)
    assert world.status(order)[0] == "expired"
    return Late(order, script)


def balances(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT balance_minor FROM users WHERE telegram_id = ?", ALICE)


def receipts(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT rate, value_minor FROM payments ORDER BY id")


def test_late_money_is_valued_at_the_rate_of_when_it_was_first_seen(play: Play) -> None:
    async def scene(world: World) -> None:
        of = await late(world)
        of.script.says("40")
        await world.pass_time(MAX_AGE / 3 + A_WHILE)
        await world.pay(of.order, confirmed=False)
        of.script.says("160")
        await world.pass_time(MAX_AGE)
        world.chain.mine(3)
        await world.looks()
        assert receipts(world) == [("40", 625)]
        assert balances(world) == [(625,)]

    play(scene)


def test_late_money_that_is_found_at_the_start_waits_for_the_first_prices(play: Play) -> None:
    async def scene(world: World) -> None:
        of = await late(world)
        world.crash()
        world.chain.pay(of.order.address, of.order.amount_base_units)
        world.chain.mine(3)
        of.script.away()
        await world.start()
        await world.pass_time(PATIENCE / 2)
        assert receipts(world) == []
        assert world.state("order") == ["awaiting a rate"]
        of.script.says("80")
        await world.pass_time(PATIENCE)
        assert balances(world) == [(1250,)]

    play(scene)


def test_late_money_of_a_long_outage_is_to_be_paid_back_and_nobody_waits_for_a_price(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        of = await late(world)
        of.script.away()
        await world.pass_time(2 * MAX_AGE)
        await world.pay(of.order)
        assert receipts(world) == [(None, None)]
        assert balances(world) == [(0,)]
        assert NoticeKind.MONEY_TO_REFUND in world.told(ALICE)

    play(scene)


def test_late_money_that_is_not_confirmed_is_valued_when_the_outage_is_over(play: Play) -> None:
    async def scene(world: World) -> None:
        of = await late(world)
        of.script.away()
        await world.pass_time(2 * MAX_AGE)
        await world.pay(of.order, confirmed=False)
        assert receipts(world) == [(None, None)]
        of.script.says("40")
        await world.pass_time(MAX_AGE)
        world.chain.mine(3)
        await world.looks()
        assert receipts(world) == [("40", 625)]
        assert balances(world) == [(625,)]

    play(scene)


def test_order_that_is_paid_in_time_needs_no_price(play: Play) -> None:
    async def scene(world: World) -> None:
        script = await opened(world)
        order = await world.order()
        script.away()
        await world.pass_time(2 * MAX_AGE)
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_not_yet_is_said_until_a_source_has_answered_or_failed(play: Play) -> None:
    async def scene(world: World) -> None:
        with_market(world).is_hanging = True
        await world.start()
        assert world.base is not None
        (shop,) = world.base.inspect(kind="shop").actors
        assert shop.details["coins"] == {COIN: "its chain has not been looked at yet"}
        await world.looks()
        (shop,) = world.base.inspect(kind="shop").actors
        assert shop.details["coins"] == {COIN: NOT_YET}

    play(scene)

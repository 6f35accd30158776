"""What becomes of an order: every status met by every kind of news."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.evolution import evolve_all
from domain.order import (
    By,
    NoticeKind,
    OrderCreated,
    OrderShipped,
    OrderStatus,
    RefusalReason,
)
from domain.order_news import CancelWished, GoodsTaken, OrderNews, RevivalStock, WarningDue
from domain.order_rules import create, decide, tolerance_base_units
from tests.domain.examples import (
    CANCEL,
    CANCEL_BY_ADMIN,
    CANCELLED,
    CONFIRM,
    EXPIRE_BY_ADMIN,
    EXPIRED,
    EXPIRY,
    GOODS_REFUND,
    GRACE,
    MANY_HOURS,
    NO_STOCK,
    OTHER_UNITS,
    PAID,
    REFUND,
    RULES,
    SECOND,
    SHIP,
    SHIPPED,
    SHOPPER_ID,
    STATUSES,
    STOCK,
    WAITS,
    late_sighting,
    look,
    minutes,
    new_order,
    order_that_is,
    sighting,
    step,
    told,
)

AMOUNT_OF_A_CENT = 10_000
STOCK_FOR_WISH = RevivalStock(lines=OTHER_UNITS, wish=CONFIRM)
NO_STOCK_FOR_WISH = RevivalStock(lines=None, wish=CONFIRM)
NEWS: dict[str, OrderNews] = {
    "confirmed": look(minutes(10), sighting(confirmations=3)),
    "seen": look(minutes(10), sighting()),
    "nothing, in time": look(minutes(10)),
    "nothing, after": look(EXPIRY),
    "late money": look(minutes(40), late_sighting()),
    "grace over": GRACE,
    "warning": WarningDue(),
    "cancel": CANCEL,
    "cancel by another": CancelWished(telegram_id=SHOPPER_ID + 1),
    "cancel by an admin": CANCEL_BY_ADMIN,
    "expire": EXPIRE_BY_ADMIN,
    "confirm": CONFIRM,
    "refund": REFUND,
    "goods refund": GOODS_REFUND,
    "ship": SHIP,
    "goods taken": GoodsTaken(),
    "stock": STOCK,
    "no stock": NO_STOCK,
    "stock for a wish": STOCK_FOR_WISH,
    "no stock for a wish": NO_STOCK_FOR_WISH,
}
# Columns as in STATUSES: the status after the news, or why it was refused.
_NOT_YOURS, _ENDED = RefusalReason.NOT_YOURS, RefusalReason.ALREADY_ENDED
_IS_PAID, _IS_SHIPPED = RefusalReason.ALREADY_PAID, RefusalReason.ALREADY_SHIPPED
_STAYS = STATUSES
OUTCOMES: dict[str, tuple[OrderStatus | RefusalReason, ...]] = {
    "confirmed": (PAID, PAID, SHIPPED, CANCELLED, EXPIRED),
    "seen": _STAYS,
    "nothing, in time": _STAYS,
    "nothing, after": (EXPIRED, PAID, SHIPPED, CANCELLED, EXPIRED),
    "late money": (EXPIRED, PAID, SHIPPED, CANCELLED, EXPIRED),
    "grace over": (EXPIRED, PAID, SHIPPED, CANCELLED, EXPIRED),
    "warning": _STAYS,
    "cancel": (CANCELLED, _IS_PAID, _IS_SHIPPED, _ENDED, _ENDED),
    "cancel by another": (_NOT_YOURS,) * 5,
    "cancel by an admin": (CANCELLED, _IS_PAID, _IS_SHIPPED, _ENDED, _ENDED),
    "expire": (EXPIRED, _IS_PAID, _IS_SHIPPED, _ENDED, _ENDED),
    "confirm": (PAID, _IS_PAID, _IS_SHIPPED, CANCELLED, EXPIRED),
    "refund": (RefusalReason.NOTHING_TO_REFUND,) * 5,
    "goods refund": (
        RefusalReason.NOTHING_TO_REFUND,
        PAID,
        SHIPPED,
        RefusalReason.NOTHING_TO_REFUND,
        RefusalReason.NOTHING_TO_REFUND,
    ),
    "ship": (RefusalReason.NOT_PAID, SHIPPED, _IS_SHIPPED, _ENDED, _ENDED),
    "goods taken": (WAITS, SHIPPED, SHIPPED, CANCELLED, EXPIRED),
    "stock": _STAYS,
    "no stock": _STAYS,
    "stock for a wish": (WAITS, _IS_PAID, _IS_SHIPPED, PAID, PAID),
    "no stock for a wish": (
        WAITS,
        _IS_PAID,
        _IS_SHIPPED,
        RefusalReason.STOCK_SHORT,
        RefusalReason.STOCK_SHORT,
    ),
}
CELLS = [
    pytest.param(status, NEWS[name], outcome, id=f"{status}-{name}")
    for name, row in OUTCOMES.items()
    for status, outcome in zip(STATUSES, row, strict=True)
]


def test_every_kind_of_news_is_in_the_table_of_outcomes() -> None:
    assert NEWS.keys() == OUTCOMES.keys()


@pytest.mark.parametrize(("status", "news", "outcome"), CELLS)
def test_every_status_meets_every_news_as_decided(
    status: OrderStatus, news: OrderNews, outcome: OrderStatus | RefusalReason
) -> None:
    order, decision = step(order_that_is(status), news, MANY_HOURS)
    if isinstance(outcome, RefusalReason):
        assert decision.refusal is outcome
        assert decision.events == ()
    else:
        assert decision.refusal is None
        assert order.status is outcome


@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS.keys())
@pytest.mark.parametrize("status", STATUSES)
def test_news_that_comes_twice_leads_to_no_second_event(
    status: OrderStatus, news: OrderNews
) -> None:
    order, _ = step(order_that_is(status), news, MANY_HOURS)
    assert decide(order, news, RULES, MANY_HOURS + SECOND).events == ()


BY_CHAIN = ("confirmed", "seen", "nothing, in time", "nothing, after", "late money")
BY_CLOCK = ("grace over", "warning")
BY_SHOPPER = ("cancel", "cancel by another")
BY_SHOP = ("goods taken", "stock", "no stock")


@pytest.mark.parametrize("name", NEWS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_decision_says_on_whose_account_it_is_also_where_nothing_follows(
    status: OrderStatus, name: str
) -> None:
    by = decide(order_that_is(status), NEWS[name], RULES, MANY_HOURS).by
    expected = {
        By.CHAIN: name in BY_CHAIN,
        By.CLOCK: name in BY_CLOCK,
        By.SHOPPER: name in BY_SHOPPER,
        By.SHOP: name in BY_SHOP or (status is WAITS and "for a wish" in name),
    }
    assert by is next((each for each, holds in expected.items() if holds), By.ADMIN)


@pytest.mark.parametrize("name", [name for name in NEWS if name != "late money"])
def test_whatever_ends_an_order_says_when(name: str) -> None:
    order, _ = step(new_order(), NEWS[name], MANY_HOURS)
    assert order.closed_at == (MANY_HOURS if order.status in (CANCELLED, EXPIRED) else None)
    assert order.paid_at == (MANY_HOURS if order.status is PAID else None)
    timeout = name == "nothing, after"
    assert order.counted_as_timeout is timeout


@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS.keys())
@pytest.mark.parametrize("status", STATUSES)
def test_every_change_says_why_and_who_of_the_people_made_it(
    status: OrderStatus, news: OrderNews
) -> None:
    decision = decide(order_that_is(status), news, RULES, MANY_HOURS)
    assert bool(decision.why) == bool(decision.events)
    by_people = decision.by in (By.SHOPPER, By.ADMIN)
    assert (decision.by_telegram_id is not None) == by_people


def test_a_new_order_is_told_to_both_sides_and_is_what_its_first_event_says() -> None:
    order = new_order()
    decision = create(order)
    assert decision.events[0] == OrderCreated(order=order)
    assert told(decision) == [NoticeKind.ORDER_CREATED, NoticeKind.ADMIN_ORDER_CREATED]
    assert evolve_all(order_that_is(EXPIRED), decision.events) == order
    assert (decision.by, decision.by_telegram_id) == (By.SHOPPER, SHOPPER_ID)
    assert decision.why == "order placed"


def test_delivered_goods_ship_the_order_without_telling_the_shopper_what_is_in_the_chat() -> None:
    order, decision = step(order_that_is(PAID), GoodsTaken(), minutes(20))
    assert decision.events == (OrderShipped(shipped_at=minutes(20), tracking_number=None),)
    assert (order.status, order.shipped_at) == (SHIPPED, minutes(20))
    assert (decision.by, decision.why) == (By.SHOP, "digital goods were delivered")


# --- tolerance ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "coin", "tolerance"),
    [
        (10_000_000, "LTC", 50_000),
        (199, "LTC", 198),
        (100_000, "LTC", 1_000),
        (1, "LTC", 0),
        (333_333_333, "LTC", 1_666_666),
        (3_333_333 * 10**9, "ETH", 16_666 * 10**9),
        (10**9, "ETH", 0),
        (10_000_000, "SOL", 50_000),
        (199, "SOL", 0),
        (2 * 10**26 + 2 * 10**11, "ETH", 10**24 + 10**9),
    ],
)
def test_the_tolerance_is_a_share_or_dust_in_whole_quote_units_and_never_the_whole(
    amount: int, coin: str, tolerance: int
) -> None:
    assert tolerance_base_units(amount, coin, RULES) == tolerance


def test_without_a_tolerance_and_dust_every_base_unit_is_asked_for() -> None:
    coins = tuple(replace(coin, dust_base_units=0) for coin in RULES.coins)
    rules = replace(RULES, under_payment_tolerance_percent=Decimal(0), coins=coins)
    assert tolerance_base_units(AMOUNT_OF_A_CENT, "LTC", rules) == 0

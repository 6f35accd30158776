"""Mistakes about orders and their time. See `planted`."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import actors.opening
import actors.order
import actors.shop_placing
import actors.shop_start
import domain.chain_rules
import domain.wish_rules
import store.order_events
import store.projection
from actors.opening import Opening
from actors.order import OrderActor
from actors.order_base import News, OrderBase
from domain.deadlines import decision_due
from domain.endings import expired as ending
from domain.opening_rules import refuse_new_order
from domain.order import OrderCancelled
from domain.order_news import GraceOver
from domain.partial_stock import decide_short
from domain.rules import PartialStock
from store.contract import WriterSettings
from store.people_events import count_timeout
from store.writing import Writing
from tests.simulation.planting import Patches, planted, replaced


@planted
def timer_is_forgotten_at_recovery() -> Patches:
    """An order that was taken up again never runs out."""

    def take_up(self: OrderActor, order: Any) -> None:  # noqa: ANN401 - passed on
        self._order, self.state = order, order.status
        self._ask_for_delivery(order)
        self._settle_left_over(order)

    return [replaced(OrderActor, "_take_up", take_up)]


@planted
def stash_is_lost() -> Patches:
    """What arrives while a command is with the ledger is forgotten."""

    def take(self: OrderActor, cause: Any) -> None:  # noqa: ANN401 - passed on
        if self._pending is None:
            inner(self, cause)

    inner = OrderActor._take
    return [replaced(OrderActor, "_take", take)]


@planted
def grace_ignores_the_chain() -> Patches:
    """An order expires by the clock, whether or not the chain can be looked at."""
    return [
        replaced(actors.order, "grace_due", lambda order, rules, _at: _due(order, rules)),
        replaced(domain.chain_rules, "grace_due", lambda order, rules, _at: _due(order, rules)),
    ]


def _due(order: Any, rules: Any) -> Any:  # noqa: ANN401 - passed on
    return decision_due(order, rules)


@planted
def expiry_without_a_look() -> Patches:
    """The deadline is decided on what is known, without looking."""

    def ask_for_look(self: OrderActor) -> None:
        order = self._order
        if order is not None and self._woken_at is not None:
            news = GraceOver(woken_at=self._woken_at - timedelta(days=1))
            self._take(News(news=news))

    return [
        replaced(OrderActor, "_ask_for_look", ask_for_look),
        replaced(domain.chain_rules, "grace_due", lambda order, rules, _at: _due(order, rules)),
    ]


@planted
def seen_payment_does_not_keep_the_hold() -> Patches:
    """An order expires at its time although its payment only waits for blocks."""

    def due(order: Any, _rules: Any) -> Any:  # noqa: ANN401 - passed on
        return order.expires_at if order.status == "created" else None

    return [
        replaced(domain.chain_rules, "decision_due", due),
        replaced(actors.order, "decision_due", due),
    ]


@planted
def timeout_is_counted_twice() -> Patches:
    """A shopper who let one order run out has two timeouts."""

    def count(connection: Any, user_id: int, at: str) -> None:  # noqa: ANN401 - passed on
        inner(connection, user_id, at)
        inner(connection, user_id, at)

    inner = count_timeout
    return [replaced(store.order_events, "count_timeout", count)]


@planted
def timeout_is_counted_when_the_shop_was_blind() -> Patches:
    """The shopper pays for the shop's outage with a timeout."""
    inner = ending

    def expired(order: Any, rules: Any, now: Any, *, counts_as_timeout: bool) -> Any:  # noqa: ANN401 - passed on
        del counts_as_timeout
        return inner(order, rules, now, counts_as_timeout=True)

    return [replaced(domain.chain_rules, "expired", expired)]


@planted
def first_line_of_a_cart_is_the_price() -> Patches:
    """A cart costs what its first line costs."""
    price = property(lambda self: self.lines[0].total_minor if self.lines else 0)
    return [replaced(Opening, "total_minor", price)]


@planted
def extension_is_given_again_and_again() -> Patches:
    """Each part of a payment gives more time."""
    inner = domain.chain_rules._extension

    def extension(order: Any, *args: Any) -> Any:  # noqa: ANN401 - passed on
        return inner(replace(order, extended_at=None), *args)

    return [replaced(domain.chain_rules, "_extension", extension)]


@planted
def nobody_is_warned() -> Patches:
    """The warning before the end does not go out."""
    return [replaced(actors.order, "warning_due", lambda _order, _rules: None)]


@planted
def revived_order_keeps_its_timeout() -> Patches:
    """A payment that came after all does not take the timeout back."""
    return [replaced(store.order_events, "take_back_timeout", lambda _connection, _order_id: None)]


@planted
def who_lets_orders_expire_may_go_on() -> Patches:
    """However many orders a shopper has let run out, there is another."""

    def refuse(_timeouts: int, active_orders: int, rules: Any) -> Any:  # noqa: ANN401 - passed on
        return refuse_new_order(0, active_orders, rules)

    def settings(**values: Any) -> WriterSettings:  # noqa: ANN401 - passed on
        return WriterSettings(**values | {"max_user_timeouts": 1_000_000})

    return [
        replaced(actors.shop_placing, "refuse_new_order", refuse),
        replaced(actors.shop_start, "WriterSettings", settings),
    ]


@planted
def forgiven_timeouts_come_back() -> Patches:
    """An admin's word lets nobody order again."""
    return [replaced(store.projection, "clear_timeouts", lambda _writing, _event: None)]


@planted
def order_of_a_shopper_who_was_seen_paying_is_cancelled() -> Patches:
    """A shopper may call off what they have paid and what is not confirmed yet."""
    refusals = domain.wish_rules._no_longer_awaiting

    def refusal(order: Any, _wish: Any) -> Any:  # noqa: ANN401 - passed on
        return refusals(order.status)

    return [replaced(domain.wish_rules, "_refusal_of_shopper", refusal)]


@planted
def shopper_is_not_asked_about_partial_stock() -> Patches:
    """Who wants more than there is gets an order for less without being asked."""

    def decide(_policy: Any, wanted: Any, available: Any) -> Any:  # noqa: ANN401 - passed on
        return inner(PartialStock.REDUCE, wanted, available)

    inner = decide_short
    return [replaced(actors.opening, "decide_short", decide)]


@planted
def nobody_writes_down_who_did_what() -> Patches:
    """One kind of change leaves no audit row."""

    def audit(self: Writing, event: Any, detail: str = "") -> None:  # noqa: ANN401 - passed on
        if not isinstance(event, OrderCancelled):
            inner(self, event, detail)

    inner = Writing.audit
    return [replaced(Writing, "audit", audit)]


@planted
def only_the_first_pool_hears_of_the_end() -> Patches:
    """Of a cart that runs out, only the first line's units come back."""

    def release(self: OrderActor, subcategory_ids: tuple[int, ...]) -> None:
        inner(self, subcategory_ids[:1])

    inner = OrderBase._release
    return [replaced(OrderBase, "_release", release)]

"""Mistakes about money that pays for no goods, and about amounts. See `planted`."""

from dataclasses import replace
from typing import Any

import actors.opening
import domain.chain_rules
import domain.endings
import domain.revival
import domain.revival_rules
import domain.settlement
import domain.wish_rules
import store.money_events
from actors.opening import Opening
from domain.order import Noticed, NoticeKind, Order, OrderLine
from domain.order_rules import tolerance_base_units
from domain.refunds import on_refund_made
from domain.set_aside import Purpose
from tests.simulation.planting import Patches, planted, replaced


@planted
def surplus_is_kept() -> Patches:
    """What is paid beyond the price is nobody's."""
    inner = domain.settlement.settle

    def settle(order: Any, rules: Any, wanted: Any) -> Any:  # noqa: ANN401 - passed on
        return () if order.status == "paid" else inner(order, rules, wanted)

    return [replaced(domain.chain_rules, "settle", settle)]


@planted
def late_money_is_kept() -> Patches:
    """What is paid after the end is recorded, and nothing becomes of it."""
    inner = domain.settlement.settle

    def settle(order: Any, rules: Any, wanted: Any) -> Any:  # noqa: ANN401 - passed on
        return () if order.status in ("expired", "cancelled") else inner(order, rules, wanted)

    modules = (domain.chain_rules, domain.endings, domain.revival_rules)
    return [replaced(module, "settle", settle) for module in modules]


@planted
def balance_gets_more_than_the_money_is_worth() -> Patches:
    """A credit is rounded up."""
    inner = domain.settlement._credited_minor

    def credited(*args: Any) -> int:  # noqa: ANN401 - passed on
        minor = inner(*args)
        return minor + 1 if minor else 0

    return [replaced(domain.settlement, "_credited_minor", credited)]


@planted
def policy_of_late_money_is_ignored() -> Patches:
    """Late money always goes to the refund list."""
    return [replaced(domain.settlement, "_credits", lambda _order, _rules: False)]


@planted
def first_refund_of_several_is_recorded() -> Patches:
    """An admin pays back all that waits, and only the first part is noted."""
    inner = on_refund_made

    def on_refund(order: Any, wish: Any) -> Any:  # noqa: ANN401 - passed on
        decision = inner(order, wish)
        return replace(decision, events=(*decision.events[:1], *decision.events[-1:]))

    return [replaced(domain.wish_rules, "on_refund_made", on_refund)]


@planted
def refund_is_not_recorded() -> Patches:
    """What was paid back stays on the list, to be paid back again."""

    def settle(writing: Any, number: int, state: str, transaction_id: Any) -> None:  # noqa: ANN401 - passed on
        if state != "refunded":
            inner(writing, number, state, transaction_id)

    inner = store.money_events._settle
    return [replaced(store.money_events, "_settle", settle)]


@planted
def shortfall_within_tolerance_is_not_forgiven() -> Patches:
    """An order that lacks a few base units never counts as paid."""
    whole = property(lambda self: self.amount_base_units)
    return [replaced(Order, "sufficient_base_units", whole)]


@planted
def tolerance_is_ten_times_as_large() -> Patches:
    """Orders are delivered for too little."""

    def tolerance(amount: int, coin: str, rules: Any) -> int:  # noqa: ANN401 - passed on
        return min(10 * tolerance_base_units(amount, coin, rules), amount - 1)

    return [replaced(actors.opening, "tolerance_base_units", tolerance)]


@planted
def rest_that_is_asked_for_is_too_little() -> Patches:
    """Who has paid a part is told a wrong amount for the rest."""
    inner = domain.chain_rules._news_while_awaiting

    def news(*args: Any) -> Any:  # noqa: ANN401 - passed on
        return tuple(less(each) for each in inner(*args))

    def less(event: Any) -> Any:  # noqa: ANN401 - passed on
        if isinstance(event, Noticed) and event.kind is NoticeKind.PAYMENT_PARTIAL:
            return replace(event, amount_base_units=(event.amount_base_units or 0) - 1)
        return event

    return [replaced(domain.chain_rules, "_news_while_awaiting", news)]


@planted
def order_is_charged_by_its_first_unit() -> Patches:
    """Units have prices of their own, and the first one's is taken for all."""

    def total(self: OrderLine) -> int:
        return self.units[0].price_minor * len(self.units) if self.units else 0

    return [replaced(OrderLine, "total_minor", property(total))]


@planted
def amount_is_rounded_down() -> Patches:
    """The shop asks for one base unit less than the price."""

    def amount(self: Opening, rules: Any) -> int:  # noqa: ANN401 - passed on
        return inner(self, rules) - 1

    inner = Opening.amount_base_units
    return [replaced(Opening, "amount_base_units", amount)]


@planted
def revival_does_not_look_at_the_value() -> Patches:
    """Any late money brings an order back."""

    def wanted(order: Any, rules: Any) -> bool:  # noqa: ANN401 - passed on
        return bool(rules.late_payment == "revive" and inner(order))

    inner = domain.revival.settling_due
    modules = (domain.chain_rules, domain.settlement, domain.revival_rules)
    return [replaced(module, "revival_wanted", wanted) for module in modules]


@planted
def money_is_set_aside_for_the_wrong_purpose() -> Patches:
    """Credits are on no balance: they are booked as refunds with a value."""

    def part(*args: Any) -> Any:  # noqa: ANN401 - passed on
        made = inner(*args)
        return replace(made, purpose=Purpose.REFUND, credited_minor=0)

    inner = domain.settlement._part
    return [replaced(domain.settlement, "_part", part)]

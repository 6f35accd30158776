"""How an order comes to be: what is asked for so far, and what the order will be of it.

Plain values for the order actor; the conversation itself is in `actors.order_opening`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from thespian.actors import ActorAddress

from actors.messages import (
    AddressTaken,
    CartLine,
    OpenOrder,
    OrderDesk,
    OrderRefused,
    OrderShort,
    PlaceOrder,
    ShortLine,
    StockShort,
)
from domain.money import quote_base_units
from domain.order import Order, OrderLine, RefusalReason
from domain.order_rules import tolerance_base_units
from domain.partial_stock import ShortAsked, ShortReduced, ShortRefused, decide_short
from domain.rules import CoinRules, OrderRules, PartialStock


@dataclass(slots=True, kw_only=True)
class Opening:
    """An order that is not yet one. Quantities are by subcategory id."""

    order_id: int
    wish: PlaceOrder
    rate: Decimal
    coin_rules: CoinRules
    reply_tos: list[ActorAddress]
    wanted: dict[int, int]
    missing: list[CartLine]
    """Lines still to be reserved, by subcategory id: so two carts never wait for each other."""
    lines: list[OrderLine] = field(default_factory=list)
    short: dict[int, int] = field(default_factory=dict)
    """What there is of those of which there is not enough."""
    attempt: int = 1
    """How often stock was asked for; again where the store refused what the pools held out."""

    @classmethod
    def of(cls, message: OpenOrder) -> "Opening | RefusalReason":
        """The beginning, or why there is none."""
        coin_rules = message.desk.rules.coin(message.wish.coin)
        if coin_rules is None:
            return RefusalReason.COIN_UNAVAILABLE
        wanted: dict[int, int] = {}
        for line in message.wish.lines:
            wanted[line.subcategory_id] = wanted.get(line.subcategory_id, 0) + line.quantity
        known = message.desk.pools.keys()
        if not wanted or not wanted.keys() <= known or min(wanted.values()) < 1:
            return RefusalReason.UNKNOWN_GOODS
        return cls(
            order_id=message.order_id,
            wish=message.wish,
            rate=message.rate,
            coin_rules=coin_rules,
            reply_tos=list(message.reply_tos),
            wanted=wanted,
            missing=_lines_of(wanted),
        )

    # --- stock ------------------------------------------------------------------------------------

    def reserved(self, line: OrderLine) -> None:
        """The pool that was asked last holds units for it."""
        if self.missing and self.missing[0].subcategory_id == line.subcategory_id:
            del self.missing[0]
            self.lines.append(line)

    def fell_short(self, answer: StockShort) -> None:
        """The pool that was asked last has not enough; the others are asked what they have."""
        if self.missing and self.missing[0].subcategory_id == answer.subcategory_id:
            del self.missing[0]
            self.short[answer.subcategory_id] = answer.available

    def settle_short(self, policy: PartialStock) -> OrderShort | OrderRefused | None:
        """What is made of a wish that stock falls short of, once every pool has answered.

        None: the order is to be made of what there is, and that is `missing` now.
        """
        held = {line.subcategory_id: len(line.units) for line in self.lines}
        decided = decide_short(policy, self.wanted, held | self.short)
        match decided:
            case ShortReduced(quantities=quantities):
                self.missing = _lines_of({name: quantities.get(name, 0) for name in self.short})
                self.short.clear()
                return None
            case ShortAsked():
                return OrderShort(lines=self._short_lines(held | self.short))
            case ShortRefused():
                subcategory_id, available = min(self.short.items())
                return OrderRefused(
                    reason=RefusalReason.STOCK_SHORT,
                    subcategory_id=subcategory_id,
                    available=available,
                )
            case _:
                assert_never(decided)

    def _short_lines(self, available: dict[int, int]) -> tuple[ShortLine, ...]:
        return tuple(
            ShortLine(subcategory_id=name, wanted=quantity, available=available[name])
            for name, quantity in sorted(self.wanted.items())
        )

    def start_over(self) -> None:
        """What the pools held out cannot be had: ask them all again."""
        self.missing, self.lines = _lines_of(self.wanted), []
        self.short.clear()
        self.attempt += 1

    @property
    def subcategory_ids(self) -> tuple[int, ...]:
        """Whose pools may hold something for it."""
        return tuple(sorted(self.wanted))

    # --- the order --------------------------------------------------------------------------------

    @property
    def total_minor(self) -> int:
        """What the units cost together."""
        return sum(line.total_minor for line in self.lines)

    def amount_base_units(self, rules: OrderRules) -> int:
        """The same in the coin, at the rate that is locked."""
        return quote_base_units(self.total_minor, rules.fiat_currency, self.wish.coin, self.rate)

    def order(self, address: AddressTaken, desk: OrderDesk, now: datetime) -> Order:
        """The order that it becomes."""
        rules = desk.rules
        amount = self.amount_base_units(rules)
        return Order(
            order_id=self.order_id,
            request_id=self.wish.request_id,
            telegram_id=self.wish.telegram_id,
            telegram_username=self.wish.telegram_username,
            coin=self.wish.coin,
            lines=tuple(sorted(self.lines, key=lambda line: line.subcategory_id)),
            fiat_currency=rules.fiat_currency,
            total_minor=self.total_minor,
            rate=self.rate,
            amount_base_units=amount,
            tolerance_base_units=tolerance_base_units(amount, self.wish.coin, rules),
            confirmations_required=self.coin_rules.confirmations_for(amount),
            address=address.address,
            address_index=address.index,
            sealed_key=address.sealed_key,
            created_at=now,
            expires_at=now + rules.timeout,
        )


def _lines_of(quantities: dict[int, int]) -> list[CartLine]:
    """Lines by subcategory id, without those of nothing."""
    return [
        CartLine(subcategory_id=subcategory_id, quantity=quantity)
        for subcategory_id, quantity in sorted(quantities.items())
        if quantity > 0
    ]

"""How an order comes to be: what is asked for so far, and what the order will be of it.

Plain values for the order actor; the conversation itself is in `actors.order`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from thespian.actors import ActorAddress

from actors.messages import AddressTaken, CartLine, OpenOrder, OrderDesk, PlaceOrder
from domain.money import quote_base_units
from domain.order import Order, OrderLine, RefusalReason
from domain.order_rules import tolerance_base_units
from domain.rules import CoinRules, OrderRules


@dataclass(slots=True, kw_only=True)
class Opening:
    """An order that is not yet one."""

    order_id: int
    wish: PlaceOrder
    rate: Decimal
    coin_rules: CoinRules
    reply_tos: list[ActorAddress]
    missing: list[CartLine]
    """Lines still to be reserved, by subcategory id: so two carts never wait for each other."""
    lines: list[OrderLine] = field(default_factory=list)

    @classmethod
    def of(cls, message: OpenOrder) -> "Opening | RefusalReason":
        """The beginning, or why there is none."""
        coin_rules = message.desk.rules.coin(message.wish.coin)
        if coin_rules is None:
            return RefusalReason.COIN_UNAVAILABLE
        quantities: dict[int, int] = {}
        for line in message.wish.lines:
            quantities[line.subcategory_id] = quantities.get(line.subcategory_id, 0) + line.quantity
        known = message.desk.pools.keys()
        if not quantities or not quantities.keys() <= known or min(quantities.values()) < 1:
            return RefusalReason.UNKNOWN_GOODS
        return cls(
            order_id=message.order_id,
            wish=message.wish,
            rate=message.rate,
            coin_rules=coin_rules,
            reply_tos=[] if message.reply_to is None else [message.reply_to],
            missing=[
                CartLine(subcategory_id=subcategory_id, quantity=quantity)
                for subcategory_id, quantity in sorted(quantities.items())
            ],
        )

    def reserved(self, line: OrderLine) -> None:
        """The pool that was asked last has answered."""
        if self.missing and self.missing[0].subcategory_id == line.subcategory_id:
            del self.missing[0]
            self.lines.append(line)

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
            lines=tuple(self.lines),
            fiat_currency=rules.fiat_currency,
            total_minor=self.total_minor,
            rate=self.rate,
            amount_base_units=amount,
            tolerance_base_units=tolerance_base_units(amount, self.wish.coin, rules),
            confirmations_required=self.coin_rules.confirmations,
            address=address.address,
            address_index=address.index,
            created_at=now,
            expires_at=now + rules.timeout,
        )

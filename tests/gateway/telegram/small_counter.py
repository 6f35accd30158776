"""The part of the small shop that makes orders of wishes: standing, pools, price."""

from datetime import UTC, datetime
from decimal import Decimal

from actors.messages import CartLine, OrderPlaced, OrderRefused, OrderShort, PlaceOrder, ShortLine
from domain.money import format_coin, quote_base_units
from domain.opening_rules import refuse_new_order
from domain.order import Order, OrderLine, RefusalReason, Unit
from domain.order_rules import tolerance_base_units
from domain.partial_stock import ShortAsked, ShortReduced, ShortRefused, decide_short
from domain.rules import OrderRules
from store.contract import GetPool, GetStanding, PoolLoaded, Standing
from store.writer import StoreWriter

RATE = Decimal(80)

Answer = OrderPlaced | OrderShort | OrderRefused


class Counter:
    """Answers a wish, or makes the order that is to be recorded."""

    def __init__(self, writer: StoreWriter) -> None:
        self._writer = writer
        self._orders = 0

    def wish(
        self, request_id: str, telegram_id: int, username: str, subcategory_id: int, quantity: int
    ) -> PlaceOrder:
        return PlaceOrder(
            request_id=request_id,
            telegram_id=telegram_id,
            telegram_username=username,
            coin="LTC",
            lines=(CartLine(subcategory_id=subcategory_id, quantity=quantity),),
        )

    def answer(self, wish: PlaceOrder, rules: OrderRules) -> Answer | Order:
        now = datetime.now(UTC)
        standing = self._standing(wish)
        if standing.earlier_order is not None:
            return OrderPlaced(order=standing.earlier_order)
        refusal = refuse_new_order(standing.timeout_count, len(standing.active_orders), rules)
        if refusal is not None:
            first = next(iter(standing.active_orders), None)
            return OrderRefused(reason=refusal, order_id=first)
        wanted = {line.subcategory_id: line.quantity for line in wish.lines}
        free = {subcategory_id: self._free(subcategory_id, now) for subcategory_id in wanted}
        taken = self._taken(wanted, free, rules)
        if not isinstance(taken, dict):
            return taken
        lines = tuple(
            OrderLine(subcategory_id=name, units=free[name][:quantity])
            for name, quantity in taken.items()
        )
        return self._order_or_too_small(wish, lines, rules, now)

    def units_for(self, order: Order, now: datetime) -> tuple[OrderLine, ...] | None:
        """As many units as the order had, if they are all there."""
        lines = [
            OrderLine(
                subcategory_id=line.subcategory_id,
                units=self._free(line.subcategory_id, now)[: len(line.units)],
            )
            for line in order.lines
        ]
        pairs = zip(lines, order.lines, strict=True)
        return tuple(lines) if all(len(a.units) == len(b.units) for a, b in pairs) else None

    def _taken(
        self, wanted: dict[int, int], free: dict[int, tuple[Unit, ...]], rules: OrderRules
    ) -> dict[int, int] | OrderShort | OrderRefused:
        short = [name for name, quantity in wanted.items() if quantity > len(free[name])]
        if not short:
            return wanted
        available = {name: len(units) for name, units in free.items()}
        match decide_short(rules.partial_stock, wanted, available):
            case ShortReduced(quantities=quantities):
                return quantities
            case ShortAsked():
                lines = tuple(
                    ShortLine(subcategory_id=name, wanted=wanted[name], available=available[name])
                    for name in sorted(wanted)
                )
                return OrderShort(lines=lines)
            case ShortRefused():
                return OrderRefused(
                    reason=RefusalReason.STOCK_SHORT,
                    subcategory_id=short[0],
                    available=available[short[0]],
                )

    def _order_or_too_small(
        self, wish: PlaceOrder, lines: tuple[OrderLine, ...], rules: OrderRules, now: datetime
    ) -> Order | OrderRefused:
        total_minor = sum(line.total_minor for line in lines)
        amount = quote_base_units(total_minor, "USD", wish.coin, RATE)
        coin = rules.coin(wish.coin)
        if coin is not None and amount < coin.smallest_order_base_units:
            least = format_coin(coin.smallest_order_base_units, wish.coin)
            return OrderRefused(reason=RefusalReason.TOO_SMALL, detail=least)
        self._orders += 1
        return Order(
            order_id=self._orders,
            request_id=wish.request_id,
            telegram_id=wish.telegram_id,
            telegram_username=wish.telegram_username,
            coin=wish.coin,
            lines=lines,
            fiat_currency="USD",
            total_minor=total_minor,
            rate=RATE,
            amount_base_units=amount,
            tolerance_base_units=tolerance_base_units(amount, wish.coin, rules),
            confirmations_required=3,
            address=f"rltc1qaddress{self._orders}",
            address_index=self._orders,
            created_at=now,
            expires_at=now + rules.timeout,
        )

    def _free(self, subcategory_id: int, now: datetime) -> tuple[Unit, ...]:
        pool = self._writer.run([GetPool(subcategory_id=subcategory_id)], now).answers[0]
        assert isinstance(pool, PoolLoaded)
        return pool.free

    def _standing(self, wish: PlaceOrder) -> Standing:
        asked = GetStanding(telegram_id=wish.telegram_id, request_id=wish.request_id)
        standing = self._writer.run([asked], datetime.now(UTC)).answers[0]
        assert isinstance(standing, Standing)
        return standing

"""A shop without actors behind the bot: the real rules and the real store, one wish at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from actors.messages import (
    CancelOrder,
    ImportItems,
    ItemsImported,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
    RegisterShopper,
    ShipOrder,
    ShopperRegistered,
)
from domain import order_rules
from domain.catalog import ImportEntry
from domain.events import Event, ItemsAdded, ShopperSeen
from domain.money import quote_base_units
from domain.order import (
    By,
    Decision,
    Order,
    OrderLine,
    RefusalReason,
)
from domain.payment import Sighting
from domain.rules import CoinRules, OrderRules
from store.contract import GetPool, Notice, PoolLoaded, Record, Recorded
from store.projection import WriterSettings
from store.queries import StoreReader
from store.writer import StoreWriter
from thespian_asyncio import SystemInspection

RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    expiry_grace=timedelta(minutes=30),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(CoinRules(coin="LTC", confirmations=3, smallest_order_base_units=1, dust_base_units=1),),
)
ADMIN_ID = 1
RATE = Decimal(80)


class SmallShop:
    """Answers what the bot asks, as the actors would."""

    def __init__(self, path: Path) -> None:
        self.path = str(path / "shop.db")
        settings = WriterSettings(admin_telegram_ids=(ADMIN_ID,), max_active_orders=5)
        self.writer = StoreWriter(self.path, settings)
        self.reader = StoreReader(self.path)
        self.asked: list[object] = []
        self.answer_instead: object = None
        """Given out in the place of any answer; an exception is raised."""
        self.notices: list[Notice] = []
        self._placed: dict[str, int] = {}
        self._commands = 0

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    async def ask(self, message: object, timeout_seconds: float) -> object:
        assert timeout_seconds > 0
        self.asked.append(message)
        if isinstance(self.answer_instead, Exception):
            raise self.answer_instead
        return self.answer_instead or self._answer(message)

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> SystemInspection:
        raise NotImplementedError

    def stock(self, *units: tuple[str, str, str, str], description: str = "") -> None:
        """Units as (category, subcategory, price, private data)."""
        entries = tuple(
            ImportEntry(
                place=place,
                category=category,
                subcategory=subcategory,
                description=description,
                price_minor=int(Decimal(price) * 100),
                private_data=private_data,
            )
            for place, (category, subcategory, price, private_data) in enumerate(units, start=1)
        )
        self.record(ItemsAdded(entries=entries, fiat_currency="USD"))

    def register(self, telegram_id: int, username: str | None = None) -> None:
        self.record(ShopperSeen(telegram_id=telegram_id, telegram_username=username, language="en"))

    def order(self, order_id: int) -> Order:
        found = self.reader.order(order_id)
        assert found is not None
        return found

    def place(self, telegram_id: int, subcategory_id: int = 1, quantity: int = 1) -> Order:
        """An order without the bot."""
        self._commands += 1
        answer = self._place(
            PlaceOrder(
                request_id=f"test:{self._commands}",
                telegram_id=telegram_id,
                telegram_username=f"user{telegram_id}",
                coin="LTC",
                lines=(),
            ),
            subcategory_id,
            quantity,
        )
        assert isinstance(answer, OrderPlaced)
        return answer.order

    def pay(self, order_id: int, share: str = "1", confirmations: int = 3) -> Order:
        """Let the chain show a payment of a share of what is due."""
        now = datetime.now(UTC)
        order = self.order(order_id)
        sighting = Sighting(
            transaction_id="ab" * 32,
            output_index=0,
            amount_base_units=int(order.amount_base_units * Decimal(share)),
            confirmations=confirmations,
            block_height=10 if confirmations else None,
            block_hash="cd" * 32 if confirmations else None,
            chain_time=now,
            seen_at=now,
        )
        return self.news(order_id, order_rules.ChainNews(began_at=now, sightings=(sighting,)))

    def news(
        self, order_id: int, news: order_rules.OrderNews, now: datetime | None = None
    ) -> Order:
        """What the rules make of news about an order, recorded."""
        order = self.order(order_id)
        decision = order_rules.decide(order, news, RULES, now or datetime.now(UTC))
        return self._record_decision(order, decision)

    def record(self, *events: Event, order: Order | None = None) -> Recorded:
        self._commands += 1
        now = datetime.now(UTC)
        record = Record(
            command_id=f"command:{self._commands}",
            events=events,
            at=now,
            by=By.SHOP,
            order_id=None if order is None else order.order_id,
            expected_version=None if order is None else order.version,
        )
        done = self.writer.run([record], now)
        answer = done.answers[0]
        assert isinstance(answer, Recorded), answer
        self.notices.extend(done.notices)
        return answer

    def _answer(self, message: object) -> object:
        match message:
            case RegisterShopper():
                self.register(message.telegram_id, message.telegram_username)
                return ShopperRegistered(telegram_id=message.telegram_id)
            case PlaceOrder():
                line = message.lines[0]
                return self._place(message, line.subcategory_id, line.quantity)
            case CancelOrder():
                wish = order_rules.CancelWished(telegram_id=message.telegram_id)
                return self._change(message.order_id, wish)
            case ShipOrder():
                ship = order_rules.ShipWished(
                    admin_telegram_id=message.admin_telegram_id,
                    tracking_number=message.tracking_number,
                )
                return self._change(message.order_id, ship)
            case ImportItems():
                added = self.record(ItemsAdded(entries=message.entries, fiat_currency="USD"))
                return ItemsImported(added=added.added, known_places=added.known_places)
            case _:
                raise AssertionError(message)

    def _place(self, wish: PlaceOrder, subcategory_id: int, quantity: int) -> object:
        if wish.request_id in self._placed:
            return OrderPlaced(order=self.order(self._placed[wish.request_id]))
        now = datetime.now(UTC)
        pool = self.writer.run([GetPool(subcategory_id=subcategory_id)], now).answers[0]
        assert isinstance(pool, PoolLoaded)
        if len(pool.free) < quantity:
            return OrderRefused(
                reason=RefusalReason.STOCK_SHORT,
                subcategory_id=subcategory_id,
                available=len(pool.free),
            )
        line = OrderLine(subcategory_id=subcategory_id, units=pool.free[:quantity])
        order = new_order(wish, line, len(self._placed) + 1, now)
        self._placed[wish.request_id] = order.order_id
        self.record(*order_rules.create(order).events)
        return OrderPlaced(order=order)

    def _change(self, order_id: int, news: order_rules.OrderNews) -> object:
        order = self.reader.order(order_id)
        if order is None:
            return OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=order_id)
        decision = order_rules.decide(order, news, RULES, datetime.now(UTC))
        if decision.refusal is not None:
            return OrderRefused(reason=decision.refusal, order_id=order_id)
        return OrderChanged(order=self._record_decision(order, decision))

    def _record_decision(self, order: Order, decision: Decision) -> Order:
        assert decision.events
        self.record(*decision.events, order=order)
        return self.order(order.order_id)


def new_order(wish: PlaceOrder, line: OrderLine, order_id: int, now: datetime) -> Order:
    amount = quote_base_units(line.total_minor, "USD", wish.coin, RATE)
    return Order(
        order_id=order_id,
        request_id=wish.request_id,
        telegram_id=wish.telegram_id,
        telegram_username=wish.telegram_username,
        coin=wish.coin,
        lines=(line,),
        fiat_currency="USD",
        total_minor=line.total_minor,
        rate=RATE,
        amount_base_units=amount,
        tolerance_base_units=order_rules.tolerance_base_units(amount, wish.coin, RULES),
        confirmations_required=3,
        address=f"rltc1qaddress{order_id}",
        address_index=order_id,
        created_at=now,
        expires_at=now + RULES.timeout,
    )

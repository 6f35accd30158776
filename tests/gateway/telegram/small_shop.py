"""A shop without actors behind the bot: the real rules and the real store, one wish at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from actors.messages import (
    CancelOrder,
    CancelOrderByAdmin,
    ClearTimeouts,
    ConfirmOrder,
    CorrectRefund,
    ExpireOrder,
    ImportItems,
    ItemsImported,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
    RecordGoodsRefund,
    RecordRefund,
    RegisterShopper,
    ShipOrder,
    ShopperRegistered,
    TimeoutsWereCleared,
)
from domain import order_rules
from domain.catalog import ImportEntry
from domain.events import Event, ItemsAdded, ShopperSeen, TimeoutsCleared
from domain.order import By, Decision, Order, OrderExpired, PaymentState, RefusalReason
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ChainNews,
    ConfirmOrdered,
    ExpireOrdered,
    GoodsRefunded,
    OrderNews,
    RefundMade,
    RefundMisnamed,
    RevivalStock,
    ShipWished,
)
from domain.payment import Sighting
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from store.contract import Notice, Record, Recorded, WriterSettings
from store.queries import StoreReader
from store.writer import StoreWriter
from tests.gateway.telegram.small_counter import RATE, Counter
from thespian_asyncio import SystemInspection

RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    warning=timedelta(minutes=5),
    extension=timedelta(minutes=15),
    max_active=5,
    max_user_timeouts=3,
    partial_stock=PartialStock.ASK,
    late_payment=LatePayment.REVIVE,
    over_payment=OverPayment.REFUND,
    expiry_grace=timedelta(minutes=30),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(CoinRules(coin="LTC", confirmations=3, smallest_order_base_units=1, dust_base_units=1),),
)
ADMIN_ID = 1

_AdminWish = (
    ShipOrder
    | ConfirmOrder
    | ExpireOrder
    | CancelOrderByAdmin
    | RecordRefund
    | RecordGoodsRefund
    | CorrectRefund
)


class SmallShop:
    """Answers what the bot asks, as the actors would. `rules` may be changed by a test."""

    def __init__(self, path: Path, rules: OrderRules = RULES) -> None:
        self.path = str(path / "shop.db")
        self.rules = rules
        settings = WriterSettings(
            admin_telegram_ids=(ADMIN_ID,),
            max_active_orders=rules.max_active,
            max_user_timeouts=rules.max_user_timeouts,
        )
        self.writer = StoreWriter(self.path, settings)
        self.reader = StoreReader(self.path)
        self.asked: list[object] = []
        self.answer_instead: object = None
        """Given out in the place of any answer; an exception is raised."""
        self.notices: list[Notice] = []
        self._counter = Counter(self.writer)
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
            self._counter.wish(
                f"test:{self._commands}",
                telegram_id,
                f"user{telegram_id}",
                subcategory_id,
                quantity,
            )
        )
        assert isinstance(answer, OrderPlaced), answer
        return answer.order

    def let_expire(self, order_id: int) -> Order:
        """Its time runs out and nothing was paid: a timeout of its shopper's."""
        order = self.order(order_id)
        end = OrderExpired(
            closed_at=datetime.now(UTC), counts_as_timeout=True, payment_state=PaymentState.NONE
        )
        self.record(end, order=order)
        return self.order(order_id)

    def pay(
        self,
        order_id: int,
        share: str = "1",
        confirmations: int = 3,
        transaction: str = "ab" * 32,
        at: datetime | None = None,
    ) -> Order:
        """Let the chain show one payment, of a share of what is due, and nothing else."""
        now = at or datetime.now(UTC)
        order = self.order(order_id)
        sighting = Sighting(
            transaction_id=transaction,
            output_index=0,
            amount_base_units=int(order.amount_base_units * Decimal(share)),
            confirmations=confirmations,
            block_height=10 if confirmations else None,
            block_hash="cd" * 32 if confirmations else None,
            chain_time=now,
            seen_at=now,
        )
        return self.news(order_id, ChainNews(began_at=now, sightings=(sighting,), rate=RATE), now)

    def news(self, order_id: int, news: OrderNews, now: datetime | None = None) -> Order:
        """What the rules make of news about an order, recorded."""
        decision = self._decide(order_id, news, now or datetime.now(UTC))
        assert decision.events, decision
        return self.order(order_id)

    def record(
        self, *events: Event, order: Order | None = None, decision: Decision | None = None
    ) -> Recorded:
        self._commands += 1
        now = datetime.now(UTC)
        record = Record(
            command_id=f"command:{self._commands}",
            events=events,
            at=now,
            by=By.SHOP if decision is None else decision.by,
            by_telegram_id=None if decision is None else decision.by_telegram_id,
            why="" if decision is None else decision.why,
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
            case PlaceOrder():
                return self._place(message)
            case CancelOrder():
                return self._change(message.order_id, CancelWished(telegram_id=message.telegram_id))
            case ShipOrder() | ConfirmOrder() | ExpireOrder() | CancelOrderByAdmin():
                return self._change(message.order_id, _news_of(message))
            case RecordRefund() | RecordGoodsRefund() | CorrectRefund():
                return self._change(message.order_id, _news_of(message))
            case _:
                return self._answer_about_no_order(message)

    def _answer_about_no_order(self, message: object) -> object:
        match message:
            case RegisterShopper():
                self.register(message.telegram_id, message.telegram_username)
                return ShopperRegistered(telegram_id=message.telegram_id)
            case ClearTimeouts():
                self.record(TimeoutsCleared(telegram_id=message.telegram_id))
                return TimeoutsWereCleared(telegram_id=message.telegram_id)
            case ImportItems():
                added = self.record(ItemsAdded(entries=message.entries, fiat_currency="USD"))
                return ItemsImported(added=added.added, known_places=added.known_places)
            case _:
                raise AssertionError(message)

    def _place(self, wish: PlaceOrder) -> object:
        answer = self._counter.answer(wish, self.rules)
        if isinstance(answer, Order):
            self.record(*order_rules.create(answer).events)
            return OrderPlaced(order=self.order(answer.order_id))
        return answer

    def _change(self, order_id: int, news: OrderNews) -> object:
        if self.reader.order(order_id) is None:
            return OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=order_id)
        decision = self._decide(order_id, news, datetime.now(UTC))
        if decision.refusal is not None:
            return OrderRefused(reason=decision.refusal, order_id=order_id)
        return OrderChanged(order=self.order(order_id))

    def _decide(self, order_id: int, news: OrderNews, now: datetime) -> Decision:
        """The last decision, all recorded; the pools are asked where it wants stock."""
        order = self.order(order_id)
        decision = order_rules.decide(order, news, self.rules, now)
        if decision.events:
            self.record(*decision.events, order=order, decision=decision)
        if not decision.wants_stock:
            return decision
        lines = self._counter.units_for(order, now)
        wish = news if isinstance(news, ConfirmOrdered) else None
        return self._decide(order_id, RevivalStock(lines=lines, wish=wish), now)


def _news_of(wish: _AdminWish) -> OrderNews:  # noqa: PLR0911 - one return a wish
    admin = wish.admin_telegram_id
    match wish:
        case ShipOrder():
            return ShipWished(admin_telegram_id=admin, tracking_number=wish.tracking_number)
        case ConfirmOrder():
            return ConfirmOrdered(admin_telegram_id=admin, reason=wish.reason)
        case ExpireOrder():
            return ExpireOrdered(admin_telegram_id=admin)
        case CancelOrderByAdmin():
            return CancelOrdered(admin_telegram_id=admin, reason=wish.reason)
        case RecordRefund():
            return RefundMade(
                admin_telegram_id=admin,
                transaction_id=wish.transaction_id,
                amount_base_units=wish.amount_base_units,
            )
        case RecordGoodsRefund():
            return GoodsRefunded(
                admin_telegram_id=admin,
                transaction_id=wish.transaction_id,
                amount_base_units=wish.amount_base_units,
            )
        case CorrectRefund():
            return RefundMisnamed(
                admin_telegram_id=admin,
                wrong_transaction_id=wish.wrong_transaction_id,
                transaction_id=wish.transaction_id,
            )

"""A whole shop before a real chain: actors, ledger, store, keys and chain clients are real.

Telegram takes every notice, and time is `shifted_time`. Everything else is as in production, each
chain client in a thread of its own.
"""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from thespian.actors import ActorAddress, ActorSystem

from actors.environment import Environment
from actors.messages import (
    CancelOrder,
    CartLine,
    GetShopHealth,
    ImportItems,
    ItemsImported,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
    ShopHealth,
    ShopStarted,
    ShopStopped,
    StartShop,
    StopShop,
)
from actors.shop import Shop
from domain.catalog import ImportEntry
from domain.order import NoticeKind, Order, RefusalReason
from domain.rules import LatePayment, OrderRules, OverPayment, PartialStock
from payments.addresses import HotAddresses
from payments.chain import ChainConnector
from payments.custody import key_text, new_key, new_mnemonic, seal, write_secret
from payments.delays import BOUNDS_SECONDS
from store.codec import join_amount
from store.invariants import violations
from tests.payment_cases.chains import Chain
from tests.payment_cases.shifted_time import ShiftedClock, put_forward
from tests.payment_cases.telegram import telegram
from thespian_asyncio import ActorSystemBase, ThreadExecutor, join_executors

ADMIN = 900
ALICE = 1
BOB = 2
PRICE_MINOR = 1250
TIMEOUT = timedelta(minutes=30)
GRACE = timedelta(minutes=20)
CONFIRMATION_TIMEOUT = timedelta(minutes=180)
POLL_SECONDS = 0.2
WITHIN_SECONDS = 60.0

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What an owner would ask about an order; amounts in base units.

    `receipts` are (state, amount), `refunds` what is on the refund list for it. `sold`, `held` and
    `free` count all units of the shop.
    """

    status: str
    payment_state: str
    receipts: tuple[tuple[str, int], ...] = ()
    refunds: tuple[int, ...] = ()
    sold: int = 0
    held: int = 0
    free: int = 0


class Stage:
    """A shop that can be stopped and started again on the same store."""

    def __init__(self, folder: Path, chain: Chain) -> None:
        self.chain = chain
        self.store_path = folder / "store.db"
        self.connector: ChainConnector = chain.connector()
        self.poll_seconds = POLL_SECONDS
        self.rules = _rules(chain)
        self._mnemonic_file = folder / "mnemonic"
        self._key_file = folder / "key"
        self._telegram = telegram()
        self._base: ActorSystemBase | None = None
        self._shop: ActorAddress | None = None
        key = new_key()
        write_secret(self._key_file, key_text(key))
        write_secret(self._mnemonic_file, seal(new_mnemonic(12), key))

    # --- the shop's life --------------------------------------------------------------------------

    async def open(self, *, units: int = 2) -> None:
        """Start for the first time, with so many units for sale."""
        await self.start()
        entries = tuple(
            ImportEntry(
                place=place,
                category="Games",
                subcategory="keys",
                description="a key",
                price_minor=PRICE_MINOR,
                private_data=f"key {place}",
            )
            for place in range(1, units + 1)
        )
        wish = ImportItems(request_id="goods", admin_telegram_id=ADMIN, entries=entries)
        assert isinstance(await self.ask(wish), ItemsImported)

    async def start(self) -> None:
        """Start, and wait until the coin takes orders."""
        await self.start_blind()
        await self.until_ready()

    async def start_blind(self) -> None:
        """Start, whatever the chain says."""
        await self.chain.keep_up()
        self._base = ActorSystemBase(None)
        system = ActorSystem(systemBase=self._base, transientUnique=True)
        self._shop = system.createActor(Shop)
        assert isinstance(await self.ask(self._start_message()), ShopStarted)

    def _start_message(self) -> StartShop:
        coin = self.chain.coin
        addresses = HotAddresses(
            coin=coin,
            network=self.chain.network,
            mnemonic_file=self._mnemonic_file,
            key_file=self._key_file,
        )
        return StartShop(
            store_path=str(self.store_path),
            admin_telegram_ids=(ADMIN,),
            maintenance_interval_seconds=60.0,
            rules=self.rules,
            fixed_rates={coin: self.chain.rate},
            environment=Environment(
                clock=ShiftedClock(),
                new_executor=ThreadExecutor,
                chains={coin: self.connector},
                chain_poll_interval_seconds={coin: self.poll_seconds},
                address_sources={coin: addresses},
                notices=self._telegram,
                asked_look_interval_seconds={coin: self.poll_seconds},
            ),
        )

    async def health(self) -> str:
        """Why the coin takes no orders; empty where it does."""
        health = await self.ask(GetShopHealth())
        assert isinstance(health, ShopHealth)
        return health.coins[self.chain.coin] if health.ready else health.why_not_ready or "starts"

    async def until_ready(self) -> None:
        """Wait until the coin takes orders."""
        await self.until_health(lambda why: not why)

    async def until_health(self, holds: Callable[[str], bool]) -> str:
        """Wait until what the shop says of the coin is so; the text."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not holds(why := await self.health()):
            assert time.monotonic() < deadline, why
            await asyncio.sleep(0.05)
        return why

    async def stop(self) -> None:
        """Stop in order."""
        base, self._base = self._base, None
        if base is None or self._shop is None:
            return
        self._assert_nobody_failed(base)
        assert await base.ask_async(self._shop, StopShop(), 30.0) == ShopStopped()
        assert await base.shutdown_async()
        assert await asyncio.to_thread(join_executors, 30.0)

    async def close(self) -> None:
        """Stop, and see that every invariant of the store holds."""
        await self.stop()
        with closing(sqlite3.connect(self.store_path)) as connection:
            assert violations(connection) == []

    def _assert_nobody_failed(self, base: ActorSystemBase) -> None:
        actors = base.inspect(limit=10_000).actors
        assert [(e.kind, e.last_message) for e in actors if e.failures] == []
        assert [each.kind for each in actors if each.details.get("unrecognized")] == []

    async def pass_time(self, by: timedelta) -> None:
        """Put the clocks of the shop and of the chain forward."""
        put_forward(by)
        await self.chain.keep_up()

    # --- people -----------------------------------------------------------------------------------

    async def ask(self, message: object) -> object:
        """What the shop answers."""
        assert self._base is not None
        assert self._shop is not None
        return await self._base.ask_async(self._shop, message, 30.0)

    async def order(self, telegram_id: int = ALICE) -> Order:
        """Place an order for one unit."""
        answer = await self.try_to_order(telegram_id)
        for _ in range(3):
            if isinstance(answer, OrderPlaced):
                return answer.order
            # On a busy machine a disk may take so long that the shop says to come again.
            assert answer.reason is RefusalReason.SHOP_UNAVAILABLE, answer
            await asyncio.sleep(2.0)
            answer = await self.try_to_order(telegram_id)
        raise AssertionError(answer)

    async def try_to_order(self, telegram_id: int) -> OrderPlaced | OrderRefused:
        """The shop's answer to a wish for one unit."""
        wish = PlaceOrder(
            request_id=f"request {next(_numbers)}",
            telegram_id=telegram_id,
            telegram_username=None,
            coin=self.chain.coin,
            lines=(CartLine(subcategory_id=1, quantity=1),),
        )
        answer = await self.ask(wish)
        assert isinstance(answer, OrderPlaced | OrderRefused), answer
        return answer

    async def cancel(self, order: Order) -> None:
        """The shopper calls it off."""
        await self.ask(CancelOrder(order_id=order.order_id, telegram_id=order.telegram_id))

    # --- what it has on its books -----------------------------------------------------------------

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """What the store says."""
        with closing(sqlite3.connect(self.store_path)) as connection:
            return connection.execute(query, parameters).fetchall()

    def books(self, order: Order) -> Books:
        """What the store has of an order and of all units."""
        query = "SELECT status, payment_state FROM orders WHERE id = ?"
        ((status, payment_state),) = self.rows(query, order.order_id)
        ((sold, held, free),) = self.rows(
            """
            SELECT total(is_sold), total(is_sold = 0 AND holders > 0), total(holders = 0) FROM (
                SELECT is_sold, (SELECT count(*) FROM order_items
                    WHERE item_id = items.id AND holds_unit = 1) AS holders FROM items)"""
        )
        receipts = self.rows(
            "SELECT state, amount_quote_units, amount_rest_base_units FROM payments"
            " WHERE order_id = ? ORDER BY id",
            order.order_id,
        )
        refunds = self.rows(
            "SELECT amount_quote_units, amount_rest_base_units FROM set_asides"
            " WHERE order_id = ? AND purpose = 'refund' AND state = 'open' ORDER BY id",
            order.order_id,
        )
        return Books(
            status=str(status),
            payment_state=str(payment_state),
            receipts=tuple((str(state), self._amount(*amount)) for state, *amount in receipts),
            refunds=tuple(self._amount(*amount) for amount in refunds),
            sold=_count(sold),
            held=_count(held),
            free=_count(free),
        )

    def paid_in_time(self, order: Order) -> list[bool]:
        """Of each receipt whether it counts as paid before the end."""
        query = "SELECT in_time FROM payments WHERE order_id = ? ORDER BY id"
        return [bool(in_time) for (in_time,) in self.rows(query, order.order_id)]

    def _amount(self, quote_units: object, rest: object) -> int:
        assert isinstance(quote_units, int)
        assert isinstance(rest, int)
        return join_amount(quote_units, rest, self.chain.coin)

    async def until(self, order: Order, **wanted: object) -> Books:
        """Wait until the books say this, and everybody was told; all that they say."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while True:
            books = self.books(order)
            pending = self.rows("SELECT id FROM outbox WHERE state = 'pending'")
            if not pending and all(getattr(books, name) == is_ for name, is_ in wanted.items()):
                return books
            assert time.monotonic() < deadline, (wanted, books, pending, await self.health())
            await asyncio.sleep(0.05)

    async def until_true(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not holds():
            assert time.monotonic() < deadline, await self.health()
            await asyncio.sleep(0.05)

    async def unchanged(self, order: Order, seconds: float = 1.0) -> Books:
        """What the books say before and after several looks at the chain, which is the same."""
        before = self.books(order)
        await asyncio.sleep(seconds)
        after = self.books(order)
        assert after == before
        return after

    def told(self, chat_id: int) -> list[NoticeKind]:
        """What a chat was told, in order."""
        return [each.kind for each in self._telegram.taken if each.chat_id == chat_id]

    def alerts(self) -> list[str]:
        """The texts of the alerts for the admin."""
        query = "SELECT detail FROM outbox WHERE kind = 'admin_alert' ORDER BY id"
        return [str(text) for (text,) in self.rows(query)]

    async def until_alert(self, part: str) -> None:
        """Wait until the admin was alerted with these words."""
        await self.until_true(lambda: any(part in text for text in self.alerts()))

    # --- what the watcher says --------------------------------------------------------------------

    def _watcher(self) -> dict[str, object]:
        assert self._base is not None
        (watcher,) = self._base.inspect(kind="chain_watcher").actors
        return dict(watcher.details)

    async def until_next_look(self) -> None:
        """Wait until a look has begun that knows of everything so far."""
        before = self._watcher()["looked_at"]
        await self.until_true(lambda: self._watcher()["looked_at"] != before)

    def noticed_within(self, seconds: float) -> int:
        """How many payments the watcher's histogram counts that took no longer, or hardly."""
        counts = self._watcher()["noticed_within_seconds"]
        assert isinstance(counts, dict)
        bound = min(each for each in BOUNDS_SECONDS if each >= seconds)
        return sum(n for name, n in counts.items() if name != "more" and float(name) <= bound)


def _count(total: object) -> int:
    assert isinstance(total, float)
    return int(total)


def _rules(chain: Chain) -> OrderRules:
    return OrderRules(
        fiat_currency="USD",
        timeout=TIMEOUT,
        warning=timedelta(minutes=5),
        extension=timedelta(minutes=15),
        max_active=1,
        max_user_timeouts=3,
        partial_stock=PartialStock.ASK,
        late_payment=LatePayment.REVIVE,
        over_payment=OverPayment.REFUND,
        expiry_grace=GRACE,
        confirmation_timeout=CONFIRMATION_TIMEOUT,
        monitor_after_expiry=timedelta(hours=168),
        under_payment_tolerance_percent=Decimal("0.5"),
        coins=(chain.rules,),
    )

"""The whole shop in virtual time: its actors, a real store, and a world that follows a script."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from thespian.actors import ActorAddress, ActorExitRequest, ActorSystem, ActorSystemFailure

from actors.environment import Environment
from actors.messages import (
    CancelOrder,
    CartLine,
    GetShopHealth,
    ImportItems,
    ItemsImported,
    OrderPlaced,
    PlaceOrder,
    ShopHealth,
    ShopStarted,
    ShopStopped,
    StartShop,
    StopShop,
)
from actors.shop import Shop
from domain.catalog import ImportEntry
from domain.order import NoticeKind, Order
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from payments.market import Market
from tests.actors.outside_world import (
    AddressRecipe,
    LoopClock,
    Recipes,
    Surroundings,
    TelegramRecipe,
    surroundings,
)
from thespian_asyncio import ActorSystemBase

ADMIN = 900
OTHER_ADMIN = 901
ALICE = 1
BOB = 2
COIN = "LTC"
POLL_SECONDS = 10.0
MAINTENANCE_SECONDS = 60.0
TIMEOUT = timedelta(minutes=30)
WARNING = timedelta(minutes=5)
EXTENSION = timedelta(minutes=15)
GRACE = timedelta(minutes=20)
CONFIRMATION_TIMEOUT = timedelta(minutes=180)
CONFIRMATIONS = 3
# 12.50 USD at 80 USD a coin.
PRICE_MINOR = 1250
PRICE_BASE_UNITS = 15_625_000

RULES = OrderRules(
    fiat_currency="USD",
    timeout=TIMEOUT,
    warning=WARNING,
    extension=EXTENSION,
    max_active=1,
    max_user_timeouts=3,
    partial_stock=PartialStock.ASK,
    late_payment=LatePayment.REFUND,
    over_payment=OverPayment.REFUND,
    expiry_grace=GRACE,
    confirmation_timeout=CONFIRMATION_TIMEOUT,
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(
            coin=COIN,
            confirmations=CONFIRMATIONS,
            smallest_order_base_units=10_000,
            dust_base_units=1_000,
        ),
    ),
)


class World:
    """A shop that can be started, crashed and started again on the same store."""

    def __init__(self, folder: Path) -> None:
        self.store_path = folder / "store.db"
        self.around = Surroundings()
        surroundings[self.around.number] = self.around
        self.chain, self.telegram = self.around.chain, self.around.telegram
        self.rules = RULES
        self.rates = {COIN: Decimal(80)}
        self.market: Market | None = None
        self.has_chain = True
        """Where not, what is reported is all that is known of payments."""
        self.asked_look_seconds: dict[str, float] = {}
        self.forgiven_failures = 0
        """So many runs of handlers were made to raise by the scene."""
        self.base: ActorSystemBase | None = None
        self.shop: ActorAddress | None = None

    # --- the shop's life --------------------------------------------------------------------------

    async def start(self) -> object:
        """A new actor system with the shop in it; the shop's answer to its start."""
        self.base = ActorSystemBase(None, pickle_messages=True)
        self.shop = ActorSystem(systemBase=self.base, transientUnique=True).createActor(Shop)
        number = self.around.number
        recipes = Recipes(number)
        start = StartShop(
            store_path=str(self.store_path),
            admin_telegram_ids=(ADMIN, OTHER_ADMIN),
            maintenance_interval_seconds=MAINTENANCE_SECONDS,
            rules=self.rules,
            fixed_rates=self.rates,
            environment=Environment(
                clock=LoopClock(),
                new_executor=recipes,
                chains={COIN: recipes} if self.has_chain else {},
                chain_poll_interval_seconds={COIN: POLL_SECONDS},
                address_sources={COIN: AddressRecipe(number)},
                notices=TelegramRecipe(number),
                market=self.market,
                asked_look_interval_seconds=self.asked_look_seconds,
            ),
        )
        return await self.ask(start)

    async def open(self) -> None:
        """Start, and wait until the shop is ready."""
        assert isinstance(await self.start(), ShopStarted)
        await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until the shop takes orders again, after whatever happened to it.

        Raises:
            ActorSystemFailure: it has crashed meanwhile.
        """
        health: object = None
        for _ in range(200):
            health = await self.ask(GetShopHealth())
            assert isinstance(health, ShopHealth)
            if health.ready and not any(health.coins.values()):
                return
            await asyncio.sleep(1)
        raise AssertionError(f"the shop is not ready: {health}")

    async def stop(self) -> None:
        """Stop in order."""
        if self.base is not None:
            assert await self.ask(StopShop()) == ShopStopped()
            assert await self.base.shutdown_async()
            self.base = None
            await asyncio.sleep(1)

    def crash(self) -> None:
        """End everything where it stands."""
        if self.base is not None:
            self.around.end_executors()
            self.base.abandon()
            self.base = None

    # --- what people do ---------------------------------------------------------------------------

    async def ask(self, message: object, timeout_seconds: float = 60.0) -> object:
        """The shop's answer.

        Raises:
            ActorSystemFailure: the shop is down, or crashed meanwhile.
            TimeoutError: none came in time.
        """
        if self.base is None or self.shop is None:
            raise ActorSystemFailure("the shop is down")
        return await self.base.ask_async(self.shop, message, timeout_seconds)

    async def insist(self, message: object) -> object:
        """The same through crashes, as a person would who taps again."""
        for _ in range(10):
            try:
                if self.base is None:
                    await self.open()
                return await self.ask(message)
            except (TimeoutError, ActorSystemFailure):
                continue
        raise AssertionError(f"no answer to {message}")

    async def stock(self, *goods: str, price_minor: int = PRICE_MINOR) -> None:
        """Import units; each is named by "subcategory/secret"."""
        answer = await self.insist(items(*goods, price_minor=price_minor))
        assert isinstance(answer, ItemsImported)
        await asyncio.sleep(1)

    async def order(self, telegram_id: int = ALICE, *, request_id: str = "") -> Order:
        """Place an order for one unit and be given it."""
        answer = await self.ask(wish(telegram_id, request_id=request_id))
        assert isinstance(answer, OrderPlaced), answer
        return answer.order

    async def cancel(self, order: Order, telegram_id: int = ALICE) -> object:
        """Call it off."""
        return await self.ask(CancelOrder(order_id=order.order_id, telegram_id=telegram_id))

    async def pay(self, order: Order, *, confirmed: bool = True, less: int = 0) -> None:
        """Pay, have it mined deep enough, and wait until the shop has dealt with it."""
        self.chain.pay(order.address, order.amount_base_units - less)
        if confirmed:
            self.chain.mine(CONFIRMATIONS)
        await self.looks()

    async def looks(self, count: int = 2) -> None:
        """Wait for so many looks at the chain, and a moment more."""
        await asyncio.sleep(POLL_SECONDS * count + 2)

    async def pass_time(self, time: timedelta) -> None:
        """Wait."""
        await asyncio.sleep(time.total_seconds())

    # --- what becomes of actors -------------------------------------------------------------------

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, looking at each turn of the loop, then ever more rarely."""
        turns = 0
        while not holds():
            turns += 1
            assert turns < 100_000
            # Virtual time passes only while nobody is busy.
            await asyncio.sleep(0 if turns < 100 else 0.0005 if turns < 5_000 else 0.01)

    def actors(self, kind: str) -> list[ActorAddress]:
        """The addresses of all live actors of a kind."""
        assert self.base is not None
        return [ActorAddress(each.address) for each in self.base.inspect(kind=kind).actors]

    def state(self, kind: str) -> list[object]:
        """The states of all live actors of a kind."""
        assert self.base is not None
        return [each.details["state"] for each in self.base.inspect(kind=kind).actors]

    def pool(self) -> dict[str, object]:
        """What the only pool tells of itself."""
        assert self.base is not None
        (pool,) = self.base.inspect(kind="inventory").actors
        return {key: pool.details[key] for key in ("available", "holds")}

    def kill(self, kind: str) -> None:
        """Have the only actor of a kind exit, for no reason of its own."""
        assert self.base is not None
        (address,) = self.actors(kind)
        self.base.tell_async(address, ActorExitRequest())

    # --- the store, as anybody reads it -----------------------------------------------------------

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """What the store says."""
        with closing(sqlite3.connect(self.store_path)) as connection:
            return connection.execute(query, parameters).fetchall()

    def status(self, order: Order) -> tuple[object, ...]:
        """Status and payment state of an order."""
        query = "SELECT status, payment_state FROM orders WHERE id = ?"
        (row,) = self.rows(query, order.order_id)
        return row

    def told(self, chat_id: int) -> list[NoticeKind]:
        """What a chat was told."""
        return self.telegram.kinds(chat_id)

    def timeouts(self, telegram_id: int = ALICE) -> object:
        """How often a shopper let an order run out."""
        query = "SELECT timeout_count FROM users WHERE telegram_id = ?"
        return self.rows(query, telegram_id)[0][0]


def items(*goods: str, price_minor: int = PRICE_MINOR) -> ImportItems:
    """Units to sell, "subcategory/secret" each."""
    entries = tuple(
        ImportEntry(
            place=place,
            category="Games",
            subcategory=name.partition("/")[0],
            description="a key",
            price_minor=price_minor,
            private_data=name,
        )
        for place, name in enumerate(goods, start=1)
    )
    return ImportItems(request_id=" ".join(goods), admin_telegram_id=ADMIN, entries=entries)


def wish(
    telegram_id: int = ALICE, *lines: tuple[int, int], request_id: str = "", coin: str = COIN
) -> PlaceOrder:
    """To buy so many of each subcategory; one unit of the first where nothing is said."""
    return PlaceOrder(
        request_id=request_id or f"request of {telegram_id}",
        telegram_id=telegram_id,
        telegram_username=None,
        coin=coin,
        lines=tuple(
            CartLine(subcategory_id=subcategory_id, quantity=quantity)
            for subcategory_id, quantity in lines or ((1, 1),)
        ),
    )


def with_rules(world: World, **changes: object) -> None:
    """Other rules from the next start on."""
    world.rules = replace(world.rules, **changes)  # type: ignore[arg-type] # the test knows


Scene = Callable[[World], Coroutine[object, object, None]]

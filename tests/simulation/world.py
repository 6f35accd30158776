"""The shop in its world: started, crashed, started again; asked by people."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from loguru import logger
from thespian.actors import ActorAddress, ActorSystem, ActorSystemFailure

from actors.environment import Environment
from actors.messages import ShopStarted, StartShop
from actors.shop import Shop
from domain.order import NoticeKind, Order
from store.contract import Notice
from store.queries import GoodsRow, StoreReader
from store.writer import StoreWriter
from tests.simulation.alert_checks import Alerts
from tests.simulation.answer_checks import wrong_answer
from tests.simulation.calm import Calm
from tests.simulation.chain import SimulatedChain
from tests.simulation.commits import Commits
from tests.simulation.disk import Disk, Synced, WatchedConnection, open_quietly
from tests.simulation.faults import Faults
from tests.simulation.interception import Interception
from tests.simulation.jobs import SimulatedExecutor, SteppedClock
from tests.simulation.journal import Findings, Journal, Violation
from tests.simulation.lifecycle import Lifecycle
from tests.simulation.memory_checks import failed_handlers
from tests.simulation.observer import Observer
from tests.simulation.order_checks import World as Compared
from tests.simulation.post import Post
from tests.simulation.scenario import Scenario
from tests.simulation.standing import Standings
from tests.simulation.store_checks import broken_promises, unsound
from tests.simulation.surroundings import Addresses, LedgerExecutor, client_of
from tests.simulation.telegram import SimulatedTelegram
from tests.simulation.truth import Truth
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.testing import intercept

_START_SECONDS = 900.0


class World:
    """One shop, its disk, its chains, its Telegram, and what is known of them all."""

    def __init__(self, scenario: Scenario, folder: Path, probabilities: dict[str, float]) -> None:
        self.scenario = scenario
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self._broke)
        self.clock = SteppedClock(self.loop)
        self.journal, self.findings = Journal(), Findings()
        self.faults = Faults(
            scenario.random("faults"),
            scenario.orders,
            scenario.active_seconds,
            probabilities,
            scenario.pause,
        )
        self.disk = Disk(folder / "store", scenario.random("disk"))
        self.truth = Truth(self.found)
        self.chains = {
            coin: SimulatedChain(
                coin, scenario.random(f"chain/{coin}"), self.clock.true_now, self.clock.now
            )
            for coin in scenario.rates
        }
        self.clients = {
            coin: client_of(
                chain,
                scenario.random(f"looks/{coin}"),
                self.clock.true_now,
                self.faults,
                lambda coin=coin: self.observer.live_by_coin[coin] > 0,  # type: ignore[misc] # as mypy cannot infer
            )
            for coin, chain in self.chains.items()
        }
        self.addresses = {coin: Addresses(coin, folder / "secret") for coin in scenario.rates}
        self.telegram = self._telegram()
        self.rates = dict(scenario.rates)
        """What coins cost now."""
        compared = Compared(
            scenario=scenario,
            chains=self.chains,
            clients=self.clients,
            truth=self.truth,
            now=self.clock.true_now,
            up_since=lambda: self.up_since,
            goods_were_taken=lambda order_id: order_id in self._delivered,
            rate=self.rates.get,
        )
        self.lifecycle, self.alerts = Lifecycle(), Alerts()
        self.observer: Observer = Observer(
            compared,
            self.found,
            self.journal.note,
            self.lifecycle.adopted,
            Standings(self.loop.time),
        )
        self.post = Post(self)
        self.interception = Interception(self)
        self.commits = Commits(self)
        self.calm = Calm(self.clock, self.chains, self.clients, self.commits.is_in_trouble)
        self.base: ActorSystemBase | None = None
        self.shop: ActorAddress | None = None
        self.life = 0
        self.crashes = 0
        self.woken_at = self.clock.now()
        """Since when the shop has been there without a break, by its clock."""
        self.up_since: datetime = self.clock.true_now()
        """The same by the true time."""
        self.orders_woken_at: dict[int, datetime] = {}
        """The same of orders whose actor has exited."""
        self.is_over = False
        self.on_first_violation: Callable[[], object] = lambda: None
        self._delivered: set[int] = set()
        self._down = asyncio.Event()
        self._executors: list[SimulatedExecutor] = []
        self._ledger_executor: LedgerExecutor | None = None
        self._writers: list[StoreWriter] = []
        self._reader: StoreReader | None = None
        self._chance = scenario.random("world")

    # --- what was seen ----------------------------------------------------------------------------

    def found(self, what: str) -> None:
        """Something must not be."""
        violation = Violation(
            seed=self.scenario.seed,
            episode=self.scenario.episode,
            step=self.journal.steps,
            seconds=self.loop.time(),
            what=what,
        )
        if not self.findings.found:
            self.on_first_violation()
        if self.findings.found.setdefault(what, violation) is violation:
            self.journal.note("violation", what)

    def _broke(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        logger.opt(exception=error if isinstance(error, Exception) else None).error("broken")
        self.found(f"the simulation broke: {context['message']}: {error!r}")

    def broke(self, error: BaseException | None) -> None:
        """The simulation itself is wrong."""
        logger.opt(exception=error).error("the simulation broke")
        self.found(f"the simulation broke: {error!r}")

    def shown(self, order: Order) -> None:
        """Somebody is shown an order."""
        self.check(wrong_answer(order, self.observer.views.get(order.order_id)))
        self.truth.answered(order)

    def check(self, wrongs: Iterable[str]) -> None:
        """Have a check done."""
        self.findings.checks += 1
        try:
            for wrong in wrongs:
                self.found(wrong)
        except sqlite3.DatabaseError as error:
            self.found(f"the store cannot be read: {error}")

    def order_crashed(self, order_id: int) -> None:
        """The actor of an order has exited."""
        self.orders_woken_at[order_id] = self.clock.now()
        self.calm.order_crashed(order_id)

    # --- the surroundings -------------------------------------------------------------------------

    def _telegram(self) -> SimulatedTelegram:
        return SimulatedTelegram(
            chance=self.scenario.random("telegram"),
            faults=self.faults,
            is_live=lambda notice: self.observer.is_live(notice.order_id),
            goods_of=self._goods_of,
            on_blocked=lambda chat_id: self.journal.note("blocked", chat_id),
            on_goods=self._on_goods,
            on_taken=self._on_taken,
            excuses=lambda: self.post.disturbances,
            found=self.found,
        )

    def _goods_of(self, notice: Notice) -> list[GoodsRow] | None:
        row = self.reader().notice(notice.outbox_id)
        if row is None or not row.pending or notice.order_id is None:
            return None
        return self.reader().goods(notice.order_id)

    def reader(self) -> StoreReader:
        """The store as the gateway reads it."""
        if self._reader is None:
            self._reader = StoreReader(str(self.disk.store_path))
        return self._reader

    def _on_goods(self, notice: Notice, goods: list[GoodsRow]) -> None:
        view = self.observer.views.get(notice.order_id or 0)
        self.truth.goods_taken(notice, view, goods)

    def _on_taken(self, notice: Notice) -> None:
        self.journal.note("told", notice.chat_id, notice.kind, notice.order_id)
        row = (notice.chat_id, str(notice.kind), notice.order_id)
        if self.observer.outbox.get(notice.outbox_id) != row:
            self.found(f"{row} was told as outbox row {notice.outbox_id}, which is another")
        if notice.kind is NoticeKind.GOODS and notice.order_id is not None:
            self._delivered.add(notice.order_id)

    def new_executor(self, name: str) -> SimulatedExecutor:
        """What actors are given instead of threads."""
        if name == "ledger":
            chance = self.scenario.random(f"ledger/{self.life}")
            self._ledger_executor = LedgerExecutor(
                chance, self.scenario.commit_seconds, self.store_opened
            )
            executor: SimulatedExecutor = self._ledger_executor
        else:
            executor = SimulatedExecutor(
                self.scenario.random(f"{name}/{self.life}/{len(self._executors)}"), 0.0, 0.01
            )
        self._executors.append(executor)
        return executor

    def hold_up_ledger(self, seconds: float) -> None:
        """Let its next batch wait."""
        if self._ledger_executor is not None:
            self._ledger_executor.hold_up(seconds)
            self.calm.slow(seconds)

    def store_opened(self, writer: StoreWriter) -> None:
        """A ledger has the store open: look at what it found there."""
        self._writers.append(writer)
        self.commits.is_watching = True
        # What was sent before and not recorded is sent again by those who start now.
        self.post.disturbed()
        connection = open_quietly(self.disk.store_path)
        try:
            self.observer.reload(connection)
            self.woken_at, self.up_since = self.clock.now(), self.clock.true_now()
            self.calm.up()
            self.check(unsound(connection))
            self.check(broken_promises(connection, self.truth))
        finally:
            connection.close()

    # --- the shop's life --------------------------------------------------------------------------

    def start_message(self) -> StartShop:
        """How the shop is set up."""
        scenario = self.scenario
        environment = Environment(
            clock=self.clock,
            new_executor=self.new_executor,
            chains=dict(self.clients),
            chain_poll_interval_seconds=dict.fromkeys(scenario.rates, scenario.poll_seconds),
            address_sources=dict(self.addresses),
            notices=self.telegram,
        )
        return StartShop(
            store_path=str(self.disk.store_path),
            admin_telegram_ids=scenario.admins,
            maintenance_interval_seconds=scenario.maintenance_seconds,
            rules=scenario.rules,
            fixed_rates=dict(self.rates),
            environment=environment,
        )

    async def keep_running(self) -> None:
        """Start the shop, and again after each crash."""
        while not self.is_over:
            self._down.clear()
            await self._start()
            await self._down.wait()
            await asyncio.sleep(self._chance.uniform(0.5, 20.0))

    def _change_rates(self) -> None:
        """The market has moved; of a coin nobody knows the price, once in a while."""
        for coin, rate in self.scenario.rates.items():
            factor = Decimal(self._chance.randint(80, 125)) / 100
            self.rates[coin] = (rate * factor).quantize(Decimal("0.01"))
        if self._chance.random() < 0.1:
            self.rates.pop(self._chance.choice(sorted(self.rates)))
        self.journal.note("rates", sorted(self.rates.items()))

    async def _start(self) -> None:
        self.life += 1
        if self.life > 1:
            self._change_rates()
        self.base = ActorSystemBase(None)
        intercept(self.base, self.interception.around)
        self.shop = ActorSystem(systemBase=self.base, transientUnique=True).createActor(Shop)
        try:
            answer = await self.base.ask_async(self.shop, self.start_message(), _START_SECONDS)
        except ActorSystemFailure:
            return
        except TimeoutError:
            answer = "nothing"
        if not isinstance(answer, ShopStarted):
            self.found(f"the shop did not start: {answer}")

    def crash(self, why: str, *, power: bool = False, synced: Synced | None = None) -> None:
        """End the process at this instant."""
        if self.base is None:
            return
        self.journal.note("crash", why, self.loop.time())
        self.crashes += 1
        self.disk.crash(power=power, synced=synced)
        self._end_process(self.base)

    def _end_process(self, base: ActorSystemBase) -> None:
        self.check(failed_handlers(base))
        self.post.disturbed()
        self.calm.down()
        for executor in self._executors:
            executor.die()
        self._executors.clear()
        self.base = self.shop = self._ledger_executor = None
        base.abandon()
        self.interception.forget()
        for addresses in self.addresses.values():
            addresses.crash()
        connections = tuple(self.disk.connections)
        writers = tuple(self._writers)
        self.disk.connections.clear()
        self._writers.clear()
        # Only then, for a statement of the old connection may be under way now.
        self.loop.call_soon(self._clean_up, connections, writers, self._reader)
        self._reader = None
        self._down.set()

    def _clean_up(
        self,
        connections: tuple[WatchedConnection, ...],
        writers: tuple[StoreWriter, ...],
        reader: StoreReader | None,
    ) -> None:
        self.disk.forget_old(connections)
        for writer in writers:
            writer.close()
        if reader is not None:
            reader.close()

    def finish(self) -> None:
        """Let go of everything, at the end."""
        self.is_over = True
        if self.base is not None:
            self.disk.crash(power=False)
            self._end_process(self.base)

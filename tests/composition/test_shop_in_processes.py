"""What the gateway is shown and told of actors that are processes, by a scripted system."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from thespian.actors import ActorAddress, PoisonMessage
from thespian.system.messages.status import Thespian_ActorStatus

from actors.inspection import FiguresGiven, GetStaff, StaffListed, StaffMember
from actors.messages import GetShopHealth, ShopUnavailable
from composition.process_system import NobodyThereError, ProcessSystem
from composition.shop_in_processes import ProcessBridge

ROOT = ActorAddress("root")
BUSY = "a question"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ScriptedSystem:
    """Has a staff of which some answer and some do not."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.put = threading.Semaphore(0)
        self.answers = threading.Event()
        self.answers.set()
        self.answer: object = None
        self.order_ids = [2, 3, 5, 10]
        self.silent: set[str] = set()

    def ask(self, actor: ActorAddress, message: object, _deadline: float) -> object:
        assert actor is ROOT
        self.asked.append(message)
        self.put.release()
        assert self.answers.wait(60)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None and isinstance(message, GetStaff):
            return StaffListed(members=tuple(self.members()))
        return self.answer

    def members(self) -> Iterator[StaffMember]:
        named = [("ledger", "ledger"), *(("order", str(each)) for each in self.order_ids)]
        for kind, name in named:
            yield StaffMember(kind=kind, name=name, address=ActorAddress(f"{kind} {name}"))

    def ask_each(
        self, actor: ActorAddress, messages: tuple[object, ...], _deadline: float
    ) -> list[object]:
        assert len(messages) == 2
        name = str(actor.addressDetails)
        if name in self.silent:
            raise TimeoutError
        status = Thespian_ActorStatus(actor, "Order", ActorAddress("admin"))
        status.addKeyVal("Actor.Message Received.To Actor", 7)
        status.addKeyVal("Actor.Message Received.Caused Primary Exception", 2)
        status.addKeyVal("Actor.Message Received.Caused Secondary Exception", 1)
        figures = FiguresGiven(
            name=name.rpartition(" ")[2],
            state="open",
            timers=(("expiry", NOW + timedelta(minutes=30)),),
            process_id=4711,
        )
        return [status, figures]


@pytest.fixture
def system() -> ScriptedSystem:
    return ScriptedSystem()


@pytest.fixture
def lost() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def bridge(system: ScriptedSystem, lost: asyncio.Event) -> ProcessBridge:
    return ProcessBridge(cast("ProcessSystem", system), ROOT, lost)


async def test_a_page_has_the_root_the_services_and_the_orders_with_their_figures(
    bridge: ProcessBridge,
) -> None:
    page = await bridge.inspect(after=None, limit=100, kind=None)
    names = [(each.kind, each.details["name"]) for each in page.actors]
    assert names[:2] == [("shop", "root"), ("ledger", "ledger")]
    assert names[2:] == [("order", "2"), ("order", "3"), ("order", "5"), ("order", "10")]
    assert (page.total, page.totals.actors, page.next) == (6, 6, None)
    last = page.actors[-1]
    assert (last.mailbox, last.handled, last.failures) == (0, 7, 3)
    assert last.details == {"name": "10", "state": "open", "process_id": 4711}
    assert last.timers is not None
    assert [(timer.payload, timer.due_at_wall) for timer in last.timers] == [
        ("expiry", (NOW + timedelta(minutes=30)).timestamp())
    ]


async def test_pages_follow_each_other_also_when_an_order_ends_in_between(
    bridge: ProcessBridge, system: ScriptedSystem
) -> None:
    first = await bridge.inspect(after=None, limit=2, kind="order")
    assert [each.details["name"] for each in first.actors] == ["2", "3"]
    assert (first.total, first.next) == (4, "order:3")
    system.order_ids.remove(3)
    second = await bridge.inspect(after=first.next, limit=2, kind="order")
    assert [each.details["name"] for each in second.actors] == ["5", "10"]
    assert second.next is None


@pytest.mark.parametrize("after", ["", "order", "order:x", "ledger:gone", "7"])
async def test_a_place_that_no_page_gave_is_refused(bridge: ProcessBridge, after: str) -> None:
    with pytest.raises(ValueError, match="give the `next`"):
        await bridge.inspect(after=after, limit=2, kind=None)


async def test_an_actor_that_does_not_answer_is_shown_and_nothing_of_it_invented(
    bridge: ProcessBridge, system: ScriptedSystem
) -> None:
    system.silent = {"order 5"}
    page = await bridge.inspect(after=None, limit=100, kind="order")
    silent = page.actors[2]
    assert silent.details == {"name": "5", "state": "unknown"}
    assert (silent.mailbox, silent.handled, silent.failures, silent.timers) == (None,) * 4
    assert page.actors[3].handled == 7


async def test_without_the_root_nobody_can_be_listed(
    bridge: ProcessBridge, system: ScriptedSystem
) -> None:
    system.answer = NobodyThereError("gone")
    with pytest.raises(TimeoutError):
        await bridge.inspect(after=None, limit=100, kind=None)


@pytest.mark.parametrize("answer", [NobodyThereError("gone"), PoisonMessage("x")])
async def test_a_root_that_is_gone_or_fails_is_an_unavailable_shop(
    bridge: ProcessBridge, system: ScriptedSystem, answer: object
) -> None:
    system.answer = answer
    assert isinstance(await bridge.ask(GetShopHealth(), 5), ShopUnavailable)


@pytest.fixture
async def busy(bridge: ProcessBridge, system: ScriptedSystem) -> AsyncIterator[None]:
    """As many ask as may, and none gets an answer yet."""
    system.answers.clear()
    asking = [asyncio.create_task(bridge.ask(BUSY, 60)) for _ in range(8)]
    for _ in asking:
        assert await asyncio.to_thread(system.put.acquire, timeout=60)
    yield
    system.answers.set()
    await asyncio.gather(*asking)


async def test_who_waits_when_the_root_ends_is_answered_at_once(
    bridge: ProcessBridge, busy: None, lost: asyncio.Event
) -> None:
    asking = asyncio.create_task(bridge.ask(GetShopHealth(), 600))
    lost.set()
    assert isinstance(await asyncio.wait_for(asking, 5), ShopUnavailable)


async def test_a_question_that_finds_no_place_times_out_and_is_never_put(
    bridge: ProcessBridge, system: ScriptedSystem, busy: None
) -> None:
    with pytest.raises(TimeoutError):
        await bridge.ask(GetShopHealth(), 0.05)
    system.answer = "an answer"
    system.answers.set()
    assert await bridge.ask("another question", 5) == "an answer"
    assert GetShopHealth() not in system.asked

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, PoisonMessage

from tests.thespian_asyncio.actors_for_tests import Recorder, Wake, until
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.alarms import ALARMS_A_TURN
from thespian_asyncio.testing import run_in_virtual_time


def test_wakeups_come_in_the_order_in_which_they_are_due() -> None:
    async def run() -> object:
        base = ActorSystemBase(None)
        actor = base.newPrimaryActor(Recorder)
        base.tell_async(actor, Wake(delays_seconds=(30.0, 10.0, 3600.0, 20.0)))
        await asyncio.sleep(59)
        early = await base.ask_async(actor, "tell", 1)
        assert early == [("woken", 10.0), ("woken", 20.0), ("woken", 30.0)]
        await asyncio.sleep(3600)
        return await base.ask_async(actor, "tell", 1)

    assert run_in_virtual_time(run()) == [("woken", s) for s in (10.0, 20.0, 30.0, 3600.0)]


def test_wakeups_due_at_once_come_in_the_order_of_arming() -> None:
    async def run() -> list[object]:
        base = ActorSystemBase(None)
        recorders = [base.newPrimaryActor(Recorder) for _ in range(3)]
        for actor in recorders:
            base.tell_async(actor, Wake(delays_seconds=(1.0, 1.0, 0.0)))
        await asyncio.sleep(2)
        return [await base.ask_async(actor, "tell", 1) for actor in recorders]

    assert run_in_virtual_time(run()) == [[("woken", s) for s in (0.0, 1.0, 1.0)]] * 3


def test_a_wakeup_comes_at_its_time_and_not_before() -> None:
    async def run() -> list[float]:
        loop = asyncio.get_running_loop()
        times: list[float] = []

        class Clock(Recorder):
            def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
                if msg == "arm":
                    self.wakeupAfter(timedelta(minutes=30), "expire")
                else:
                    times.append(loop.time())
                return None

        base = ActorSystemBase(None)
        base.tell_async(base.newPrimaryActor(Clock), "arm")
        await asyncio.sleep(4000)
        return times

    assert run_in_virtual_time(run(), start_seconds=100.0) == [pytest.approx(1900.0)]


def test_ten_thousand_wakeups_of_one_instant_all_come_and_leave_the_loop_its_turns() -> None:
    async def run() -> tuple[int, int]:
        base = ActorSystemBase(None)
        left = [10_000]
        actors = [base.newPrimaryActor(Recorder) for _ in range(1000)]
        for actor in actors:
            base.tell_async(actor, Wake(delays_seconds=(5.0,) * 10))
        await asyncio.sleep(4.9)
        before = base.inspect().totals
        assert before.pending_timers == 10_000
        await asyncio.sleep(0.1)
        while left[-1] > 0:
            left.append(base.inspect().totals.pending_timers)
            await asyncio.sleep(0)
        await until(lambda: base.inspect().totals.handled == before.handled + 10_000)
        return max(earlier - later for earlier, later in pairwise(left)), left[-1]

    most_at_once, pending = run_in_virtual_time(run())
    assert pending == 0
    assert most_at_once <= ALARMS_A_TURN * 2, "a sleep may see two turns of the loop"


def test_an_actor_that_exits_takes_its_wakeups_along() -> None:
    async def run() -> tuple[int, int, int]:
        base = ActorSystemBase(None)
        staying = base.newPrimaryActor(Recorder)
        base.tell_async(staying, Wake(delays_seconds=(50.0,)))
        for _ in range(200):
            leaving = base.newPrimaryActor(Recorder)
            base.tell_async(leaving, Wake(delays_seconds=(1800.0,)))
            base.tell_async(leaving, ActorExitRequest())
        await until(lambda: base.inspect().totals.actors == 1)
        heap = len(base._engine.timers._alarms._heap)
        pending = base.inspect().totals.pending_timers
        await asyncio.sleep(60)
        got = await base.ask_async(staying, "tell", 1)
        assert got == [("woken", 50.0)]
        return pending, heap, base.inspect().totals.dead_letters

    pending, heap, dead_letters = run_in_virtual_time(run())
    assert pending == 1
    assert heap <= 65
    assert dead_letters == 0


async def test_a_delay_that_is_no_time_is_refused(base: ActorSystemBase) -> None:
    actor = base.newPrimaryActor(Recorder)
    answer = await base.ask_async(actor, Wake(delays_seconds=("soon",)), 5)  # type: ignore[arg-type]
    assert isinstance(answer, PoisonMessage)
    assert "TypeError" in str(answer.details)

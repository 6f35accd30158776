import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, PoisonMessage

from tests.thespian_asyncio.actors_for_tests import until
from thespian_asyncio import (
    ActorSystemBase,
    Executor,
    Outcome,
    Outside,
    OutsideActor,
    ThreadExecutor,
    join_executors,
)
from thespian_asyncio.testing import LoopExecutor, run_in_virtual_time


class Worker(OutsideActor):
    """Runs the job that a message names; tells what came of all, and fails where told to."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[object] = []
        self.failing: dict[object, int] = {}

    def receiveMsg_str(self, message: str, sender: ActorAddress) -> None:
        if message == "fail":
            raise ValueError("told to fail")
        if message == "tell":
            self.send(sender, list(self.outcomes))
        else:
            self.outside.submit(message, message.upper)

    def receiveMsg_tuple(self, message: tuple[str, int], _sender: ActorAddress) -> None:
        tag, failures = message
        self.failing[tag] = failures
        self.outside.submit(tag, tag.upper)

    def receiveMsg_float(self, seconds: float, _sender: ActorAddress) -> None:
        async def sleep() -> float:
            await asyncio.sleep(seconds)
            return seconds

        self.outside.submit(("slept", seconds), sleep)

    def receiveMsg_int(self, number: int, _sender: ActorAddress) -> None:
        self.outside.submit(number, lambda: 100 // number)

    def receiveMsg_PoisonMessage(self, message: PoisonMessage, _sender: ActorAddress) -> None:
        self.outcomes.append(("poison", type(message.poisonMessage).__name__))

    def outcome(self, outcome: Outcome) -> None:
        if self.failing.get(outcome.tag, 0) > 0:
            self.failing[outcome.tag] -= 1
            raise ValueError(f"cannot handle {outcome.tag}")
        value = outcome.value if outcome.error is None else type(outcome.error).__name__
        self.outcomes.append((outcome.tag, value))


class LoopWorker(Worker):
    """The same on the loop's own executor: a simulation's way."""

    def new_executor(self) -> Executor:
        return LoopExecutor(lambda: 2.0)


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    yield
    assert join_executors(5)


async def _outcomes(base: ActorSystemBase, worker: ActorAddress, count: int) -> list[object]:
    async with asyncio.timeout(5):
        while True:
            got = await base.ask_async(worker, "tell", 5)
            assert isinstance(got, list)
            if len(got) >= count:
                return got
            await asyncio.sleep(0.001)


async def test_results_of_the_outside_arrive_as_messages(base: ActorSystemBase) -> None:
    worker = base.newPrimaryActor(Worker)
    for number in range(100):
        base.tell_async(worker, f"job {number}")
    got = await _outcomes(base, worker, 100)
    assert got == [(f"job {n}", f"JOB {n}") for n in range(100)]


async def test_an_error_of_a_job_is_its_outcome(base: ActorSystemBase) -> None:
    worker = base.newPrimaryActor(Worker)
    base.tell_async(worker, 0)
    base.tell_async(worker, 4)
    assert await _outcomes(base, worker, 2) == [(0, "ZeroDivisionError"), (4, 25)]


async def test_awaited_jobs_run_beside_each_other(base: ActorSystemBase) -> None:
    worker = base.newPrimaryActor(Worker)
    for seconds in (0.2, 0.1, 0.15):
        base.tell_async(worker, seconds)
    got = await _outcomes(base, worker, 3)
    assert got == [(("slept", seconds), seconds) for seconds in (0.1, 0.15, 0.2)]


async def test_the_watch_survives_a_failing_handler(base: ActorSystemBase) -> None:
    worker = base.newPrimaryActor(Worker)
    base.tell_async(worker, "before")
    await _outcomes(base, worker, 1)
    poison = await base.ask_async(worker, "fail", 5)
    assert isinstance(poison, PoisonMessage)
    # The job ends while the actor is deaf or after: its outcome arrives without any message.
    cell = base._engine.cells[worker.addressDetails]
    assert isinstance(cell.instance, Worker)
    cell.instance.outside.submit("after", lambda: "AFTER")
    outcomes = cell.instance.outcomes
    await until(lambda: len(outcomes) == 2)
    assert outcomes == [("before", "BEFORE"), ("after", "AFTER")]


async def test_an_outcome_that_fails_once_is_handled_again_and_loses_no_other(
    base: ActorSystemBase,
) -> None:
    worker = base.newPrimaryActor(Worker)
    base.tell_async(worker, ("first", 1))
    base.tell_async(worker, ("second", 0))
    got = await _outcomes(base, worker, 2)
    assert sorted(got, key=str) == [("first", "FIRST"), ("second", "SECOND")]


async def test_an_outcome_that_fails_twice_is_given_up_and_told_to_the_actor(
    base: ActorSystemBase,
) -> None:
    worker = base.newPrimaryActor(Worker)
    base.tell_async(worker, ("hopeless", 9))
    got = await _outcomes(base, worker, 1)
    assert got == [("poison", "WatchMessage")]
    base.tell_async(worker, "next")
    assert await _outcomes(base, worker, 2) == [("poison", "WatchMessage"), ("next", "NEXT")]


async def test_an_exit_ends_the_thread_after_the_jobs_that_it_has(base: ActorSystemBase) -> None:
    worker = base.newPrimaryActor(Worker)
    ran = threading.Event()
    base.tell_async(worker, "one")
    await _outcomes(base, worker, 1)
    cell = base._engine.cells[worker.addressDetails]
    assert isinstance(cell.instance, Worker)
    cell.instance.outside.submit("slow", lambda: time.sleep(0.05))
    cell.instance.outside.submit("last", ran.set)
    base.tell_async(worker, ActorExitRequest())
    await until(lambda: base.inspect().totals.actors == 0)
    assert await asyncio.to_thread(ran.wait, 5)
    assert await asyncio.to_thread(join_executors, 5)
    assert "Worker" not in {thread.name for thread in threading.enumerate()}


def test_closing_cancels_what_is_awaited() -> None:
    executor = ThreadExecutor("cancelled")
    done: list[BaseException | None] = []
    executor.submit(lambda: asyncio.sleep(60), lambda _value, error: done.append(error))
    executor.close()
    assert executor.join(5)
    assert [type(error) for error in done] == [asyncio.CancelledError]
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(print, lambda _value, _error: None)


def test_an_outside_gives_its_descriptors_back() -> None:
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        Outside(ThreadExecutor("unused")).close()
    outside = Outside(ThreadExecutor("dropped"))
    assert len(outside.watch().filenos) == 1
    del outside
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_job_after_the_close_is_refused() -> None:
    outside = Outside(ThreadExecutor("closed"))
    outside.close()
    with pytest.raises(RuntimeError, match="after close"):
        outside.submit("job", lambda: None)
    assert outside.collect() == []


def test_more_outcomes_than_the_pipe_holds_are_all_collected() -> None:
    class AtOnce:
        def submit(self, job: object, done: object) -> None:
            assert callable(job)
            assert callable(done)
            done(job(), None)

        def close(self) -> None:
            return None

    outside = Outside(AtOnce())
    for number in range(70_000):  # a pipe holds 65,536 bytes
        outside.submit(number, lambda: None)
    assert [outcome.tag for outcome in outside.collect()] == list(range(70_000))
    outside.close()


def test_jobs_take_virtual_time_on_the_executor_of_a_simulation() -> None:
    async def run() -> tuple[object, float]:
        base = ActorSystemBase(None)
        worker = base.newPrimaryActor(LoopWorker)
        base.tell_async(worker, "one")
        base.tell_async(worker, 10.0)
        base.tell_async(worker, "two")
        await asyncio.sleep(6.5)
        early = await base.ask_async(worker, "tell", 1)
        assert early == [("one", "ONE"), ("two", "TWO")]
        await asyncio.sleep(8)
        got = await base.ask_async(worker, "tell", 1)
        await base.shutdown_async()
        return got, asyncio.get_running_loop().time()

    started = time.perf_counter()
    got, virtual = run_in_virtual_time(run())
    assert got == [("one", "ONE"), ("two", "TWO"), (("slept", 10.0), 10.0)]
    assert virtual == pytest.approx(14.5)
    assert time.perf_counter() - started < 5

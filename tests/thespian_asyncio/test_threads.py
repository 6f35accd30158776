import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from thespian.actors import (
    Actor,
    ActorAddress,
    ActorSystem,
    ActorSystemFailure,
    PoisonMessage,
)

from tests.thespian_asyncio.actors_for_tests import Echo, Failing, Recorder
from thespian_asyncio import ActorSystemBase


def test_an_actor_system_takes_the_base_as_an_object_and_ends_its_thread() -> None:
    base = ActorSystemBase(None)
    system = ActorSystem(systemBase=base, transientUnique=True)
    echo = system.createActor(Echo)
    assert system.ask(echo, "hello", 5) == "hello"
    system.tell(echo, "told")
    assert system.listen(5) == "told"
    assert system.listen(0.01) is None
    system.shutdown()
    assert base._own_thread is not None
    assert base._own_thread.ident not in {thread.ident for thread in threading.enumerate()}
    assert base.loop.is_closed()


def test_the_base_is_made_from_an_actor_system_as_thespian_makes_its_own() -> None:
    system = ActorSystem(systemBase="simpleSystemBase", logDefs=False, transientUnique=True)
    system.capabilities["colour"] = "green"
    base = ActorSystemBase(system, logDefs=False)
    assert system.capabilities["Thespian ActorSystem Name"] == "thespian_asyncio"
    assert base.capabilities["colour"] == "green"
    base.shutdown()
    base.shutdown()
    system.shutdown()


def test_threads_with_private_contexts_get_their_own_answers_only() -> None:
    system = ActorSystem(systemBase=ActorSystemBase(None), transientUnique=True)
    echo = system.createActor(Echo)

    def ask_many(thread: int) -> bool:
        with system.private() as own:
            return all(own.ask(echo, (thread, n), 5) == (thread, n) for n in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask_many, range(8)))
    system.shutdown()


async def test_threads_can_ask_a_system_that_lives_in_the_main_loop() -> None:
    base = ActorSystemBase(None)
    system = ActorSystem(systemBase=base, transientUnique=True)

    def in_thread() -> object:
        with system.private() as own:
            return own.ask(own.createActor(Echo), "from a thread", 5)

    assert await asyncio.to_thread(in_thread) == "from a thread"
    assert len(base._endpoints) == 1, "the private endpoint is gone"
    await base.shutdown_async()


async def test_a_blocking_ask_within_the_loop_is_refused() -> None:
    base = ActorSystemBase(None)
    echo = base.newPrimaryActor(Echo)
    with pytest.raises(RuntimeError, match=r"await base\.ask_async"):
        base.ask(echo, "hello", 1)
    await base.shutdown_async()


async def test_a_blocking_shutdown_within_the_loop_ends_everyone_in_order() -> None:
    base = ActorSystemBase(None)
    exits: list[str] = []

    class Told(Recorder):
        def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
            exits.append(type(msg).__name__)
            return None

    base.newPrimaryActor(Told)
    base.shutdown()
    assert exits == ["ActorExitRequest"]
    assert base.inspect().totals.actors == 0


def test_poison_reaches_the_thread_that_asked() -> None:
    system = ActorSystem(systemBase=ActorSystemBase(None), transientUnique=True)
    answer = system.ask(system.createActor(Failing), "fail", 5)
    assert isinstance(answer, PoisonMessage)
    system.shutdown()


def test_a_thread_that_listens_wakes_at_the_shutdown() -> None:
    base = ActorSystemBase(None)
    answers: list[object] = []
    listening = threading.Thread(target=lambda: answers.append(base.listen(30)))
    listening.start()
    base.shutdown()
    listening.join(5)
    assert answers == [None]
    with pytest.raises(ActorSystemFailure, match="shut down"):
        base.tell(ActorAddress("anybody"), "too late")


class Sleepy(Actor):
    """Blocks the loop, as no handler should."""

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        if isinstance(msg, float):
            time.sleep(msg)
        return None


def test_a_wait_is_not_shortened_by_handlers_that_block_the_loop() -> None:
    base = ActorSystemBase(None)
    sleepy, echo = base.newPrimaryActor(Sleepy), base.newPrimaryActor(Echo)
    for _ in range(4):
        base.tell(sleepy, 0.1)
    assert base.ask(echo, "hello", 0.25) == "hello"
    base.shutdown()


def test_a_wait_behind_a_handler_that_never_returns_ends_in_time() -> None:
    base = ActorSystemBase(None)
    sleepy, echo = base.newPrimaryActor(Sleepy), base.newPrimaryActor(Echo)
    base.tell(sleepy, 0.6)
    started = time.monotonic()
    assert base.ask(echo, "hello", 0.2) is None
    assert time.monotonic() - started < 0.5
    base.shutdown()

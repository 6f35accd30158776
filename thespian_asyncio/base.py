"""The system base: what Thespian's ActorSystem calls, and what coroutines call."""

import asyncio
import itertools
import logging.config
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorSystem,
    ActorSystemFailure,
    ThespianGeneration,
)

from thespian_asyncio.cell import SYSTEM_ADDRESS, Requirements
from thespian_asyncio.engine import Engine
from thespian_asyncio.external import AwaitedAnswer, SystemReceiver
from thespian_asyncio.inspection import SystemInspection, inspect_system
from thespian_asyncio.loop_thread import LoopThread
from thespian_asyncio.sources import BinaryFile, read_source
from thespian_asyncio.subscription import Subscription
from thespian_asyncio.threads import Endpoint, LoopAccess

SHUTDOWN_SECONDS = 10.0

_thread_numbers = itertools.count(1)


class ActorSystemBase:
    """A Thespian system base in which all actors live in one asyncio loop.

    Made inside a running loop it lives there; made where none runs it starts a daemon thread with
    a loop of its own, which ends at the shutdown. Thespian makes it from an ActorSystem, or it
    is made first and given to one: `ActorSystem(systemBase=base, transientUnique=True)`.

    Args:
        system: the ActorSystem, whose capabilities are used and filled in; None when the
            base is made first.
        logDefs: a `logging.config.dictConfig` dictionary; otherwise logging stays as it is.
        capabilities: the system's capabilities where `system` is None.
        pickle_messages: send a pickled copy of every message (see Engine).
        wall_clock: seconds since the epoch, for inspection.
    """

    def __init__(
        self,
        system: ActorSystem | None,
        logDefs: dict[str, Any] | bool | None = None,  # noqa: N803, FBT001 - Thespian's name, and it passes False
        *,
        capabilities: dict[str, Any] | None = None,
        pickle_messages: bool = False,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        if isinstance(logDefs, dict):
            logging.config.dictConfig(logDefs)
        self.capabilities = (capabilities or {}) if system is None else system.capabilities
        self.capabilities.update(_own_capabilities())
        self._own_thread: LoopThread | None = None
        try:
            loop = asyncio.get_running_loop()
            thread_id = threading.get_ident()
        except RuntimeError:
            self._own_thread = LoopThread(f"actors-{next(_thread_numbers)}")
            loop = self._own_thread.loop
            thread_id = self._own_thread.ident
        self.loop = loop
        self._access = LoopAccess(loop, thread_id)
        self._engine = Engine(
            loop, self.capabilities, pickle_messages=pickle_messages, wall_clock=wall_clock
        )
        self._engine.register(SYSTEM_ADDRESS, SystemReceiver(self._engine))
        # In order, so that whoever waits at the end hears of it in the same order in every run.
        self._asks: dict[AwaitedAnswer, None] = {}
        self._subscriptions: set[Subscription] = set()
        self._endpoints: set[Endpoint] = set()
        self._main = self._new_endpoint()

    # From within the loop

    async def ask_async(
        self, address: ActorAddress, message: object, timeout_seconds: float
    ) -> object:
        """Send a message from a reply address of its own and wait for the first answer.

        The address may be passed on: whoever sends to it first answers. A PoisonMessage is an
        answer too.

        Raises:
            TimeoutError: no answer came within `timeout_seconds`.
            ActorSystemFailure: the system was shut down meanwhile.
        """
        self._access.refuse_when_closed()
        answer = AwaitedAnswer(self._engine, timeout_seconds)
        self._asks[answer] = None
        try:
            self._engine.send(answer.address, address, message)
            return await answer.future
        finally:
            self._asks.pop(answer, None)
            answer.close()

    def tell_async(self, address: ActorAddress, message: object) -> None:
        """Send a message whose answers nobody wants; returns at once."""
        self._engine.send(SYSTEM_ADDRESS, address, message)

    def subscribe(self) -> Subscription:
        """Return an address for actors to send to, and the messages that come, for `async for`.

        Raises:
            ActorSystemFailure: the system is shut down.
        """
        self._access.refuse_when_closed()
        subscription = Subscription(self._engine, self._subscriptions.discard)
        self._subscriptions.add(subscription)
        return subscription

    async def shutdown_async(self, timeout_seconds: float = SHUTDOWN_SECONDS) -> bool:
        """End all actors in order, children before parents.

        Returns:
            False where some had not ended after `timeout_seconds`: those are dropped.
        """
        if self._access.is_closed:
            return True
        self._engine.request_shutdown()
        in_order = await self._engine.emptied(timeout_seconds)
        self._close()
        return in_order

    def abandon(self) -> None:
        """Drop every actor where it stands, as a crash would: no handler hears of it."""
        self._engine.abandon()
        self._close()

    # From any thread

    def inspect(
        self, *, after: str | None = None, limit: int = 100, kind: str | None = None
    ) -> SystemInspection:
        """Describe up to `limit` actors, those created after the address `after`, and the whole.

        Raises:
            ValueError: `limit` is below 1, or `after` is no address of this system.
        """
        return self._access.call(inspect_system, self._engine, after=after, limit=limit, kind=kind)

    def newPrimaryActor(  # noqa: N802 - Thespian's name
        self,
        actor_class: type[Actor] | str,
        requirements: Requirements | None = None,
        global_name: str | None = None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        """Create an actor without a parent; see Population.create_primary for the errors."""
        return self._access.call(
            self._engine.population.create_primary,
            actor_class,
            requirements,
            global_name,
            source_hash,
        )

    def tell(self, address: ActorAddress, message: object) -> None:
        """Send a message; answers go to `listen`."""
        self._main.tell(address, message)

    def ask(
        self, address: ActorAddress, message: object, timeout: timedelta | float | None = None
    ) -> object:
        """Send a message and wait for the next answer from anyone; None after the timeout."""
        return self._main.ask(address, message, timeout)

    def listen(self, timeout: timedelta | float | None = None) -> object:
        """Wait for the next answer from anyone; None after the timeout."""
        return self._main.listen(timeout)

    def external_clone(self) -> Endpoint:
        """Return an endpoint of its own for one thread: it hears answers to itself only."""
        return self._access.call(self._new_endpoint)

    def updateCapability(self, name: str, value: object = None) -> None:  # noqa: N802 - Thespian's name
        """Set a capability; None takes it away."""
        self._access.call(self._engine.update_capability, name, value)

    def loadActorSource(self, given: str | BinaryFile) -> str:  # noqa: N802 - Thespian's name
        """Submit a zip archive of modules to the source authority and return its hash.

        Args:
            given: a path, or a binary file that is open for reading. It is read in the
                thread that calls.

        Raises:
            OSError: it cannot be read.
        """
        source = read_source(given)
        self._access.call(self._engine.sources.submit, source)
        return source.source_hash

    def unloadActorSource(self, source_hash: str) -> None:  # noqa: N802 - Thespian's name
        """Forget a source: no new actors are made from it."""
        self._access.call(self._engine.sources.unload, source_hash)

    def shutdown(self) -> None:
        """End all actors in order, and the thread where this base started one."""
        if self._access.is_closed:
            return
        if self._access.is_here():
            self._shutdown_here()
        else:
            coroutine = self.shutdown_async()
            asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()
        if self._own_thread is not None:
            self._own_thread.stop()

    # Inside

    def _new_endpoint(self) -> Endpoint:
        endpoint = Endpoint(
            self._engine, self._access, self.newPrimaryActor, self._endpoints.discard
        )
        self._endpoints.add(endpoint)
        return endpoint

    def _shutdown_here(self) -> None:
        # Called by a handler or a callback: the loop cannot go on before this returns, so the
        # queue is run from here. Exits need messages only, so nothing else has to happen.
        self._engine.request_shutdown()
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while self._engine.cells and time.monotonic() < deadline:
            if not self._engine.run_queue.run_turn():
                break
        self._close()

    def _close(self) -> None:
        self._access.close()
        self._engine.abandon()
        for answer in tuple(self._asks):
            answer.fail(ActorSystemFailure("the actor system was shut down"))
        for subscription in tuple(self._subscriptions):
            subscription.close()
        for endpoint in tuple(self._endpoints):
            endpoint.close()


def _own_capabilities() -> dict[str, object]:
    """Return what Thespian's own bases say of themselves, under the names that they use."""
    return {
        "Python Version": tuple(sys.version_info),
        "Thespian Generation": ThespianGeneration,
        "Thespian Version": str(int(time.time() * 1000)),
        "Thespian ActorSystem Name": "thespian_asyncio",
        "Thespian ActorSystem Version": 1,
        "Thespian Watch Supported": True,
        "AllowRemoteActorSources": "No",
    }

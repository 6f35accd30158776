"""How other threads reach a system that lives in one loop."""

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar

from thespian.actors import ActorAddress, ActorSystemFailure
from thespian.system import isInternalActorSystemMessage
from thespian.system.timing import timePeriodSeconds

from thespian_asyncio.engine import Engine

P = ParamSpec("P")
T = TypeVar("T")

LOOK_SECONDS = 1.0


class LoopAccess:
    """Runs calls in the loop's thread, whichever thread they come from."""

    def __init__(self, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        self._loop = loop
        self._thread_id = thread_id
        self.is_closed = False

    def is_here(self) -> bool:
        """Say whether the caller is the loop's thread."""
        return threading.get_ident() == self._thread_id

    def close(self) -> None:
        """Refuse all calls from now on."""
        self.is_closed = True

    def refuse_when_closed(self) -> None:
        """Raise ActorSystemFailure after `close`."""
        if self.is_closed:
            raise ActorSystemFailure("the actor system is shut down")

    def soon(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a call in the loop: at once when here already, soon otherwise.

        Raises:
            ActorSystemFailure: the system is shut down or its loop is closed.
        """
        self.refuse_when_closed()
        if self.is_here():
            call(*args, **kwargs)
            return
        try:
            self._loop.call_soon_threadsafe(lambda: call(*args, **kwargs))
        except RuntimeError as error:
            raise ActorSystemFailure("the loop of this actor system is closed") from error

    def call(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call in the loop and return its result or raise its error.

        Raises:
            ActorSystemFailure: the system was shut down before or meanwhile.
        """
        if self.is_here():
            return call(*args, **kwargs)
        result: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                result.set_result(call(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it belongs to the thread that asked
                result.set_exception(error)

        self.soon(run)
        # A loop that ends between `soon` and the run never runs it: look now and then.
        while not concurrent.futures.wait([result], LOOK_SECONDS).done:
            self.refuse_when_closed()
        return result.result()


class Endpoint:
    """Where answers to what threads sent wait for them; the `private()` of one thread.

    Args:
        engine: the system.
        access: the way into its loop.
        new_primary_actor: what Thespian calls as `newPrimaryActor` here.
        on_exit: told in the loop when the endpoint is given up.
    """

    def __init__(
        self,
        engine: Engine,
        access: LoopAccess,
        new_primary_actor: Callable[..., ActorAddress],
        on_exit: Callable[["Endpoint"], None],
    ) -> None:
        self._engine = engine
        self._access = access
        self._on_exit = on_exit
        self._messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.newPrimaryActor = new_primary_actor
        self.address = engine.new_address()
        engine.register(self.address, self)

    def accept(self, _sender: ActorAddress, message: object) -> None:
        """Keep a message; those by which the system talks to itself concern no thread."""
        if not isInternalActorSystemMessage(message):
            self._messages.put(message)

    def tell(self, address: ActorAddress, message: object) -> None:
        """Send a message; answers go to `listen`."""
        self._access.soon(self._engine.send, self.address, address, message)

    def ask(
        self, address: ActorAddress, message: object, timeout: timedelta | float | None = None
    ) -> object:
        """Send a message and wait for the next answer; None after the timeout, as `listen`."""
        self._refuse_to_block()
        self.tell(address, message)
        return self.listen(timeout)

    def listen(self, timeout: timedelta | float | None = None) -> object:
        """Wait for the next answer; None after the timeout.

        What handlers ran on after the end of their turns held up all answers: that time does not
        count, up to as much again as the timeout. One that never returns counts in full.
        """
        self._refuse_to_block()
        if timeout is None:
            return self._messages.get()
        seconds = max(0.0, timePeriodSeconds(timeout))
        queue_of_turns = self._engine.run_queue
        held_up_before = queue_of_turns.held_up_seconds
        try:
            return self._messages.get(timeout=seconds)
        except queue.Empty:
            held_up_seconds = queue_of_turns.held_up_seconds - held_up_before
        try:
            return self._messages.get(timeout=min(held_up_seconds, seconds))
        except queue.Empty:
            return None

    def exit_context(self) -> None:
        """Give the endpoint up."""
        if not self._access.is_closed:
            self._access.call(self._give_up)

    def close(self) -> None:
        """Wake a thread that listens: nothing will come any more."""
        self._messages.put(None)

    def _give_up(self) -> None:
        self._engine.unregister(self.address)
        self._on_exit(self)

    def _refuse_to_block(self) -> None:
        if self._access.is_here():
            raise RuntimeError(
                "ask and listen would block the loop that the actors live in: "
                "use `await base.ask_async(...)`"
            )

"""The actor system inside its event loop: addresses, messages, births and deaths.

Everything here runs in the loop's thread. `base.py` puts Thespian's interface, which other
threads may call, around it.
"""

import asyncio
import pickle
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from thespian.actors import (
    ActorAddress,
    ChildActorExited,
    DeadEnvelope,
    WakeupMessage,
    WatchMessage,
)

from thespian_asyncio import neighbours
from thespian_asyncio.alarms import Alarms
from thespian_asyncio.cell import Cell
from thespian_asyncio.clock import clock_of
from thespian_asyncio.delivery import Delivery
from thespian_asyncio.population import Population
from thespian_asyncio.run_queue import RunQueue
from thespian_asyncio.sources import BinaryFile, Sources, read_source
from thespian_asyncio.timers import Timers
from thespian_asyncio.watches import Watches

# What the system itself tells an actor concerns nobody else once that actor is gone.
NEVER_DEAD_LETTERS = (DeadEnvelope, ChildActorExited, WakeupMessage, WatchMessage)


class Receiver(Protocol):
    """Whatever has an address: an actor, the answer to an ask, a thread's mailbox."""

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Take a message; called in the loop's thread."""


class Engine:
    """All actors of one system, in one loop.

    Args:
        loop: where everything happens.
        capabilities: the system's capabilities, shared with its ActorSystem.
        pickle_messages: send a pickled copy of every message and payload, as bases of
            several processes do, to prove that the actors would run there.
        wall_clock: seconds since the epoch, for inspection.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        capabilities: dict[str, object],
        *,
        pickle_messages: bool = False,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.loop = loop
        self.capabilities = capabilities
        self.wall_clock = wall_clock
        self.dead_letters = 0
        self.dead_letter_handler: ActorAddress | None = None
        self.is_closing = False
        self.receivers: dict[str, Receiver] = {}
        self._copy = _pickled_copy if pickle_messages else None
        self._address_prefix = neighbours.register(self)
        self.last_sequence = 0
        self._emptied: asyncio.Future[None] | None = None
        self.population = Population(self)
        self.cells = self.population.cells
        self.global_names = self.population.global_names
        self.create_child = self.population.create_child
        self.delivery = Delivery(self)
        self.run_queue = RunQueue(loop, self.delivery.deliver)
        self.make_ready = self.run_queue.add
        self.time = clock_of(loop)
        self.timers = Timers(loop)
        self.deadlines = Alarms(loop)  # of asks
        self.watches = Watches(loop)
        self.sources = Sources(self.send)

    # Messages

    def new_address(self) -> ActorAddress:
        """Return an address that nobody of this process has had."""
        self.last_sequence += 1
        return ActorAddress(f"{self._address_prefix}{self.last_sequence}")

    def register(self, address: ActorAddress, receiver: Receiver) -> None:
        """Give an address to a receiver that is no actor."""
        self.receivers[address.addressDetails] = receiver

    def unregister(self, address: ActorAddress) -> None:
        """Take an address back: what is sent to it from now on is a dead letter."""
        self.receivers.pop(address.addressDetails, None)

    def send(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        """Put a message into the mailbox of `target`, in whichever system of this process."""
        if self._copy is not None:
            message = self._copy(message)
        receiver = self.receivers.get(target._aaddr)  # noqa: SLF001 - a property takes seven times as long, at every message
        if receiver is not None:
            receiver.accept(sender, message)
        else:
            self._send_elsewhere(sender, target, message)

    def receive(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        """Take a message that another system of this process has for an actor of this one."""
        receiver = self.receivers.get(target.addressDetails)
        if receiver is None:
            self.dead_letter(sender, target, message)
        else:
            receiver.accept(sender, message)

    def _send_elsewhere(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        is_own = str(target.addressDetails).startswith(self._address_prefix)
        if is_own or not neighbours.hand_over(sender, target, message):
            self.dead_letter(sender, target, message)

    def dead_letter(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        """Count a message that nobody receives, and hand it to the handler if there is one."""
        if isinstance(message, NEVER_DEAD_LETTERS):
            return
        self.dead_letters += 1
        if self.dead_letter_handler is not None:
            self.send(sender, self.dead_letter_handler, DeadEnvelope(target, message))

    def wake_after(self, cell: Cell, delay: timedelta | float, payload: object) -> None:
        """Arm a wake-up, unless the actor is on its way out."""
        if cell.is_exiting or cell.instance is None:
            return
        if self._copy is not None:
            payload = self._copy(payload)
        self.timers.arm(cell, delay, payload)

    def handle_dead_letters(self, address: ActorAddress, *, start: bool) -> None:
        """Make `address` the receiver of dead letters; the last one who asks gets them."""
        if start:
            self.dead_letter_handler = address
        elif self.dead_letter_handler == address:
            self.dead_letter_handler = None

    def update_capability(self, name: str, value: object) -> None:
        """Set a capability; None takes it away. Actors that do not accept the change exit."""
        if self.capabilities.get(name) == value:
            return
        if value is None:
            del self.capabilities[name]
        else:
            self.capabilities[name] = value
        self.population.check_capabilities()

    # Actor sources, as actors ask for them

    def set_source_authority(self, address: ActorAddress) -> None:
        """Let `address` decide which sources are loaded."""
        self.sources.authority = address

    def watch_sources(self, address: ActorAddress, *, start: bool) -> None:
        """Tell `address` which sources there are, or no longer."""
        self.sources.watch(address, start=start)

    def load_source(self, given: str | BinaryFile) -> str:
        """Read a source, submit it to the authority and return its hash; blocks as it reads."""
        source = read_source(given)
        self.sources.submit(source)
        return source.source_hash

    def unload_source(self, source_hash: str) -> None:
        """Forget a source."""
        self.sources.unload(source_hash)

    # The end of all

    def request_shutdown(self) -> None:
        """Ask every actor without a living parent to exit, its descendants first."""
        self.is_closing = True
        self.population.ask_to_exit()

    def last_one_left(self) -> None:
        """Hear that no actor is left."""
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    async def emptied(self, timeout_seconds: float) -> bool:
        """Wait until no actor is left; False after `timeout_seconds`."""
        if not self.cells:
            return True
        self._emptied = self.loop.create_future()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._emptied
        except TimeoutError:
            return False
        return True

    def abandon(self) -> None:
        """Drop every actor where it stands, as a crash of the process would.

        No handler runs any more and nobody is told.
        """
        self.is_closing = True
        self.run_queue.clear()
        self.timers.clear()
        self.deadlines.clear()
        self.watches.clear()
        self.sources.clear()
        self.population.clear()
        self.receivers.clear()
        self.dead_letter_handler = None


def _pickled_copy(message: object) -> object:
    return pickle.loads(pickle.dumps(message))  # noqa: S301 - made one call before, by ourselves

"""The actor system inside its event loop: addresses, messages, births and deaths.

Everything here runs in the loop's thread. `base.py` puts Thespian's interface, which other
threads may call, around it.
"""

import asyncio
import itertools
import logging
import pickle
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemFailure,
    ChildActorExited,
    DeadEnvelope,
    WakeupMessage,
    WatchMessage,
)

from thespian_asyncio.cell import SYSTEM_ADDRESS, Cell, Requirements
from thespian_asyncio.creation import new_instance
from thespian_asyncio.delivery import Delivery
from thespian_asyncio.run_queue import RunQueue
from thespian_asyncio.timers import Timers
from thespian_asyncio.watches import Watches

logger = logging.getLogger(__name__)

# What the system itself tells an actor concerns nobody else once that actor is gone.
NEVER_DEAD_LETTERS = (DeadEnvelope, ChildActorExited, WakeupMessage, WatchMessage)

_system_numbers = itertools.count(1)


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
        self.cells: dict[str, Cell] = {}
        self.global_names: dict[str, ActorAddress] = {}
        self.dead_letters = 0
        self.dead_letter_handler: ActorAddress | None = None
        self.is_closing = False
        self._receivers: dict[str, Receiver] = {}
        self._copy = _pickled_copy if pickle_messages else None
        self._address_prefix = f"asyncio:{next(_system_numbers)}:"
        self._sequence = 0
        self._emptied: asyncio.Future[None] | None = None
        self.delivery = Delivery(self)
        self.run_queue = RunQueue(loop, self.delivery.deliver)
        self.make_ready = self.run_queue.add
        self.timers = Timers(loop, self._tell_itself)
        self.watches = Watches(loop, self._tell_itself)

    # Messages

    def new_address(self) -> ActorAddress:
        """Return an address that nobody of this process has had."""
        self._sequence += 1
        return ActorAddress(f"{self._address_prefix}{self._sequence}")

    def register(self, address: ActorAddress, receiver: Receiver) -> None:
        """Give an address to a receiver that is no actor."""
        self._receivers[address.addressDetails] = receiver

    def unregister(self, address: ActorAddress) -> None:
        """Take an address back: what is sent to it from now on is a dead letter."""
        self._receivers.pop(address.addressDetails, None)

    def send(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        """Put a message into the mailbox of `target`, or make it a dead letter."""
        if self._copy is not None:
            message = self._copy(message)
        receiver = self._receivers.get(target.addressDetails)
        if receiver is None:
            self.dead_letter(sender, target, message)
        else:
            receiver.accept(sender, message)

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

    def _tell_itself(self, cell: Cell, message: WakeupMessage | WatchMessage) -> None:
        cell.accept(cell.address, message)

    def handle_dead_letters(self, address: ActorAddress, *, start: bool) -> None:
        """Make `address` the receiver of dead letters; the last one who asks gets them."""
        if start:
            self.dead_letter_handler = address
        elif self.dead_letter_handler == address:
            self.dead_letter_handler = None

    def update_capability(self, name: str, value: object) -> None:
        """Set a capability; None takes it away."""
        if value is None:
            self.capabilities.pop(name, None)
        else:
            self.capabilities[name] = value

    # Births

    def create_primary(
        self,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        global_name: str | None,
    ) -> ActorAddress:
        """Create an actor without a parent.

        Raises:
            ActorSystemFailure: the system is shut down.
            NoCompatibleSystemForActor: the class does not accept this system's capabilities.
            Exception: whatever the class raised.
        """
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        if self.is_closing:
            raise ActorSystemFailure("the actor system is shut down and makes no more actors")
        instance = new_instance(actor_class, self.capabilities, requirements)
        return self._settle(instance, SYSTEM_ADDRESS, global_name).address

    def create_child(
        self,
        parent: Cell,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        global_name: str | None,
    ) -> ActorAddress:
        """Create an actor; where that fails the parent hears ChildActorExited.

        The holder of a global name keeps it, and is then no child of this parent.
        """
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        instance = None
        if not (self.is_closing or parent.is_exiting or parent.instance is None):
            try:
                instance = new_instance(actor_class, self.capabilities, requirements)
            except Exception:
                logger.exception("%s could not create %s", parent.address, actor_class)
        if instance is None:
            address = self.new_address()
            self.send(SYSTEM_ADDRESS, parent.address, ChildActorExited(address))
            return address
        child = self._settle(instance, parent.address, global_name)
        if parent.children is None:
            parent.children = set()
        parent.children.add(child.address.addressDetails)
        return child.address

    def _settle(self, instance: Actor, parent: ActorAddress, global_name: str | None) -> Cell:
        address = self.new_address()
        cell = Cell(self, self._sequence, address, parent)
        cell.instance = instance
        cell.globalName = global_name
        instance._myRef = cell  # noqa: SLF001 - the link that Thespian's Actor asks of its system
        self.cells[address.addressDetails] = cell
        self._receivers[address.addressDetails] = cell
        if global_name:
            self.global_names[global_name] = address
        return cell

    # Deaths

    def begin_exit(self, cell: Cell, request: ActorExitRequest) -> None:
        """End an actor, after its children where the request is recursive.

        An exiting actor hears of its children's exits and of nothing else.
        """
        if not cell.is_exiting:
            cell.is_exiting = True
            self.timers.cancel_all(cell)
            self.watches.replace(cell, None)
        if cell.children and request.isRecursive:
            # One that is buried already is still a child until its exit has been heard here.
            living = [self.cells[key] for key in cell.children if key in self.cells]
            for child in sorted(living, key=lambda child: child.sequence):
                self.send(cell.address, child.address, ActorExitRequest())
        else:
            self._bury(cell)

    def child_exited(self, cell: Cell, child: ActorAddress) -> None:
        """Strike a child off; the last one of an exiting actor takes it along."""
        if cell.children is not None:
            cell.children.discard(child.addressDetails)
        if cell.is_exiting and not cell.children:
            self._bury(cell)

    def _bury(self, cell: Cell) -> None:
        key = cell.address.addressDetails
        if self.cells.pop(key, None) is None:
            return
        del self._receivers[key]
        if cell.globalName and self.global_names.get(cell.globalName) == cell.address:
            del self.global_names[cell.globalName]
        self.handle_dead_letters(cell.address, start=False)
        while cell.mailbox:
            sender, message = cell.mailbox.popleft()
            self.dead_letter(sender, cell.address, message)
        # The instance knows its cell and the cell its instance: parted, both go at once and
        # do not wait for the garbage collector.
        cell.instance = None
        cell.children = None
        self.send(SYSTEM_ADDRESS, cell.parent, ChildActorExited(cell.address))
        if not self.cells and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    # The end of all

    def request_shutdown(self) -> None:
        """Ask every actor without a living parent to exit, its descendants first."""
        self.is_closing = True
        for cell in list(self.cells.values()):
            if cell.parent.addressDetails not in self.cells:
                self.send(SYSTEM_ADDRESS, cell.address, ActorExitRequest())

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
        self.watches.clear()
        for cell in self.cells.values():
            if cell.mailbox:
                cell.mailbox.clear()
            cell.instance = cell.mailbox = cell.timers = cell.watch = cell.children = None
        self.cells.clear()
        self._receivers.clear()
        self.global_names.clear()
        self.dead_letter_handler = None


def _pickled_copy(message: object) -> object:
    return pickle.loads(pickle.dumps(message))  # noqa: S301 - made one call before, by ourselves

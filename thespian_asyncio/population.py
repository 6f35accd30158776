"""The actors of one system: births, deaths, names, and who is whose child."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemFailure,
    ActorSystemMessage,
    ChildActorExited,
    PoisonMessage,
)

from thespian_asyncio.cell import SYSTEM_ADDRESS, Cell, Requirements
from thespian_asyncio.creation import accepts, new_instance

if TYPE_CHECKING:
    from thespian_asyncio.engine import Engine

logger = logging.getLogger(__name__)


class Stillborn:
    """The address of a child that could not be made: sends what comes back as poison.

    Args:
        engine: the system.
        address: the child's.
    """

    def __init__(self, engine: Engine, address: ActorAddress) -> None:
        self._engine = engine
        self._address = address

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Send a PoisonMessage back."""
        if not isinstance(message, ActorSystemMessage):
            poison = PoisonMessage(message, "the actor could not be created")
            self._engine.send(self._address, sender, poison)


class Population:
    """Who lives in a system.

    Args:
        engine: the system.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.cells: dict[str, Cell] = {}
        self.global_names: dict[str, ActorAddress] = {}

    # Births

    def create_primary(
        self,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create an actor without a parent.

        Raises:
            ActorSystemFailure: the system is shut down.
            InvalidActorSourceHash: no such source is loaded.
            InvalidActorSpecification: the class is named without its module.
            ImportError: the module that is named is not there.
            NoCompatibleSystemForActor: the class does not accept this system's capabilities.
            Exception: whatever the class raised.
        """
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        if self._engine.is_closing:
            raise ActorSystemFailure("the actor system is shut down and makes no more actors")
        instance = self._new_instance(actor_class, requirements, source_hash)
        cell = self._settle(instance, SYSTEM_ADDRESS, global_name)
        cell.requirements = requirements
        cell.source_hash = source_hash
        return cell.address

    def create_child(
        self,
        parent: Cell,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create an actor; where that fails the parent hears ChildActorExited.

        The holder of a global name keeps it, and is then no child of this parent.
        """
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        if self._engine.is_closing or parent.is_exiting or parent.instance is None:
            return self._stillborn(parent)
        try:
            instance = self._new_instance(actor_class, requirements, source_hash)
        except Exception:
            logger.exception("%s could not create %s", parent.address, actor_class)
            return self._stillborn(parent)
        child = self._settle(instance, parent.address, global_name)
        child.requirements = requirements
        child.source_hash = source_hash
        if parent.children is None:
            parent.children = set()
        parent.children.add(child.address.addressDetails)
        return child.address

    def _stillborn(self, parent: Cell) -> ActorAddress:
        # What the parent writes to it, before it has heard, comes back as poison.
        address = self._engine.new_address()
        if parent.instance is not None:
            self._engine.receivers[address.addressDetails] = Stillborn(self._engine, address)
            parent.children = parent.children or set()
            parent.children.add(address.addressDetails)
        self._engine.send(SYSTEM_ADDRESS, parent.address, ChildActorExited(address))
        return address

    def _new_instance(
        self,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        source_hash: str | None,
    ) -> Actor:
        engine = self._engine
        if isinstance(actor_class, str):
            actor_class = engine.sources.actor_class(actor_class, source_hash)
        return new_instance(actor_class, engine.capabilities, requirements)

    def _settle(self, instance: Actor, parent: ActorAddress, global_name: str | None) -> Cell:
        engine = self._engine
        address = engine.new_address()
        cell = Cell(engine, engine.last_sequence, address, parent)
        cell.instance = instance
        instance._myRef = cell  # noqa: SLF001 - the link that Thespian's Actor asks of its system
        key = address.addressDetails
        self.cells[key] = engine.receivers[key] = cell
        if global_name:
            cell.globalName = global_name
            self.global_names[global_name] = address
        return cell

    # Deaths

    def begin_exit(self, cell: Cell, request: ActorExitRequest) -> None:
        """End an actor, after its children where the request is recursive.

        An exiting actor hears of its children's exits and of nothing else.
        """
        if not cell.is_exiting:
            cell.is_exiting = True
            self._engine.timers.cancel_all(cell)
            self._engine.watches.replace(cell, None)
        if cell.children and request.isRecursive:
            # One that is buried already is still a child until its exit has been heard here.
            living = [self.cells[key] for key in cell.children if key in self.cells]
            for child in sorted(living, key=lambda child: child.sequence):
                self._engine.send(cell.address, child.address, ActorExitRequest())
        else:
            self._bury(cell)

    def child_exited(self, cell: Cell, child: ActorAddress) -> None:
        """Strike a child off; the last one of an exiting actor takes it along."""
        self._forget_stillborn(child.addressDetails)
        if cell.children is not None:
            cell.children.discard(child.addressDetails)
        if cell.is_exiting and not cell.children:
            self._bury(cell)

    def _forget_stillborn(self, key: str) -> None:
        if isinstance(self._engine.receivers.get(key), Stillborn):
            del self._engine.receivers[key]

    def _bury(self, cell: Cell) -> None:
        engine = self._engine
        if self.cells.pop(cell.address.addressDetails, None) is None:
            return
        engine.unregister(cell.address)
        for key in cell.children or ():
            self._forget_stillborn(key)
        if cell.globalName and self.global_names.get(cell.globalName) == cell.address:
            del self.global_names[cell.globalName]
        engine.handle_dead_letters(cell.address, start=False)
        engine.sources.forget(cell.address)
        while cell.mailbox:
            sender, message = cell.mailbox.popleft()
            engine.dead_letter(sender, cell.address, message)
        # The instance knows its cell and the cell its instance: parted, both go at once and
        # do not wait for the garbage collector.
        cell.instance = None
        cell.children = None
        engine.send(SYSTEM_ADDRESS, cell.parent, ChildActorExited(cell.address))
        if not self.cells:
            engine.last_one_left()

    # All of them

    def ask_to_exit(self) -> None:
        """Ask every actor without a living parent to exit, its descendants first."""
        for cell in list(self.cells.values()):
            if cell.parent.addressDetails not in self.cells:
                self._engine.send(SYSTEM_ADDRESS, cell.address, ActorExitRequest())

    def check_capabilities(self) -> None:
        """Ask those to exit whose class refuses what the system has become; looks at everyone."""
        for cell in list(self.cells.values()):
            actor_class = type(cell.instance)
            try:
                is_accepted = accepts(actor_class, self._engine.capabilities, cell.requirements)
            except Exception:
                logger.exception("%s could not check the capabilities", actor_class.__name__)
                continue
            if not is_accepted:
                self._engine.send(SYSTEM_ADDRESS, cell.address, ActorExitRequest())

    def clear(self) -> None:
        """Drop everyone where they stand."""
        for cell in self.cells.values():
            if cell.mailbox:
                cell.mailbox.clear()
            cell.instance = cell.mailbox = cell.timers = cell.watch = cell.children = None
        self.cells.clear()
        self.global_names.clear()

"""What the system keeps of one live actor, and what the actor sees of the system."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from thespian.actors import Actor, ActorAddress, ThespianWatch

if TYPE_CHECKING:
    from thespian_asyncio.sources import BinaryFile
    from thespian_asyncio.timers import Timer

Requirements = dict[str, object]
Mailbox = deque[tuple[ActorAddress, object]]  # senders and their messages

SYSTEM_ADDRESS = ActorAddress("/ActorSys")  # Thespian's own name for the system


class Services(Protocol):
    """What an actor may ask of its system; every call names the cell that asks."""

    def create_child(
        self,
        parent: Cell,
        actor_class: type[Actor] | str,
        requirements: Requirements | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create an actor and return its address at once."""

    def send(self, sender: ActorAddress, target: ActorAddress, message: object) -> None:
        """Put a message into the mailbox of `target`."""

    def wake_after(self, cell: Cell, delay: timedelta | float, payload: object) -> None:
        """Send a WakeupMessage to the cell after `delay` (seconds or timedelta)."""

    def handle_dead_letters(self, address: ActorAddress, *, start: bool) -> None:
        """Make `address` the receiver of dead letters, or no longer."""

    def update_capability(self, name: str, value: object) -> None:
        """Set a capability of the system; None takes it away."""

    def request_shutdown(self) -> None:
        """End every actor of the system."""

    def set_source_authority(self, address: ActorAddress) -> None:
        """Let `address` decide which actor sources are loaded."""

    def watch_sources(self, address: ActorAddress, *, start: bool) -> None:
        """Tell `address` which actor sources there are, or no longer."""

    def load_source(self, given: str | BinaryFile) -> str:
        """Read an actor source, submit it to the authority and return its hash."""

    def unload_source(self, source_hash: str) -> None:
        """Forget an actor source."""

    def make_ready(self, cell: Cell) -> Mailbox:
        """Give the cell a place in the run queue and return an empty mailbox for it."""


class Cell:
    """One live actor: its instance, mailbox, children, timers, watch and figures.

    The actor holds its cell as `_myRef`, the name Thespian gives it, and calls the
    methods with Thespian's names. `mailbox` exists only while there is something to do (an
    empty deque takes 600 bytes, too much for a hundred thousand idle actors): a cell has a
    mailbox exactly while it stands in the run queue or is being run.
    """

    __slots__ = (
        "address",
        "children",
        "failures",
        "globalName",
        "handled",
        "instance",
        "is_exiting",
        "last_message_at",
        "last_message_type",
        "mailbox",
        "parent",
        "requirements",
        "sequence",
        "services",
        "slowest_seconds",
        "source_hash",
        "timers",
        "watch",
    )

    def __init__(
        self, services: Services, sequence: int, address: ActorAddress, parent: ActorAddress
    ) -> None:
        self.services = services
        self.sequence = sequence
        self.address = address
        self.parent = parent
        self.globalName: str | None = None  # Thespian's Actor reads it under this name
        self.requirements: Requirements | None = None
        self.source_hash: str | None = None
        self.instance: Actor | None = None
        self.mailbox: Mailbox | None = None
        self.children: set[str] | None = None
        self.timers: Timer | None = None  # the one armed last, which knows the others
        self.watch: ThespianWatch | None = None
        self.is_exiting = False
        self.handled = 0
        self.failures = 0
        self.last_message_type: type | None = None
        self.last_message_at = 0.0
        self.slowest_seconds = 0.0

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Take a message into the mailbox."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self.mailbox = self.services.make_ready(self)
        mailbox.append((sender, message))

    # From here on: what `thespian.actors.Actor` calls, under the names that it uses.

    def createActor(  # noqa: N802 - Thespian's name
        self,
        actor_class: type[Actor] | str,
        requirements: Requirements | None = None,
        global_name: str | None = None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        """Create a child; a class named by a string comes from this actor's own source, if any."""
        return self.services.create_child(
            self, actor_class, requirements, global_name, source_hash or self.source_hash
        )

    def actor_send(self, target: ActorAddress, message: object) -> None:
        """Send from this actor."""
        self.services.send(self.address, target, message)

    def wakeupAfter(self, delay: timedelta | float, payload: object = None) -> None:  # noqa: N802 - Thespian's name
        """Arm a timer."""
        self.services.wake_after(self, delay, payload)

    def handleDeadLetters(self, address: ActorAddress, enable: bool) -> None:  # noqa: N802, FBT001 - Thespian's name and call
        """Start or end the handling of dead letters."""
        self.services.handle_dead_letters(address, start=enable)

    def notifyOnSystemRegistrationChanges(self, _address: ActorAddress, _enable: bool) -> None:  # noqa: N802, FBT001 - Thespian's name and call
        """Do nothing: this system is one process and joins no convention, so none changes."""

    def updateCapability(self, name: str, value: object = None) -> None:  # noqa: N802 - Thespian's name
        """Set or remove a capability of the system."""
        self.services.update_capability(name, value)

    def actorSystemShutdown(self) -> None:  # noqa: N802 - Thespian's name
        """End the whole system."""
        self.services.request_shutdown()

    def registerSourceAuthority(self, address: ActorAddress) -> None:  # noqa: N802 - Thespian's name
        """Become the source authority, the only one."""
        self.services.set_source_authority(address)

    def notifyOnSourceAvailability(self, address: ActorAddress, enable: bool) -> None:  # noqa: N802, FBT001 - Thespian's name and call
        """Start or end hearing of sources that are loaded and unloaded."""
        self.services.watch_sources(address, start=enable)

    def loadActorSource(self, source: str | BinaryFile) -> str:  # noqa: N802 - Thespian's name
        """Load a source and return its hash; raises OSError where it cannot be read."""
        return self.services.load_source(source)

    def unloadActorSource(self, source_hash: str) -> None:  # noqa: N802 - Thespian's name
        """Forget a source."""
        self.services.unload_source(source_hash)

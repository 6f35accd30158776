"""One message to one actor: run the handler, repeat it once, send poison back."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from thespian.actors import (
    ActorAddress,
    ActorExitRequest,
    ActorSystemMessage,
    ChildActorExited,
    PoisonMessage,
    ThespianWatch,
    WatchMessage,
)
from thespian.system.messages.status import Thespian_StatusReq

from thespian_asyncio.cell import Cell
from thespian_asyncio.status import actor_status

if TYPE_CHECKING:
    from thespian_asyncio.engine import Engine

logger = logging.getLogger(__name__)


class Delivery:
    """Runs handlers, by the rules of Thespian's multiprocess bases.

    A handler that raises is run once more on the same instance with the same message; when
    it raises again the sender gets a PoisonMessage. An ActorExitRequest is not repeated and is
    obeyed whatever its handler did. What a handler returns is its actor's watch from now
    on, so None, and failing twice, end a watch.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._time = engine.loop.time
        self.handled = 0
        self.poisons = 0

    def deliver(
        self, cell: Cell, sender: ActorAddress, message: object, started_at: float
    ) -> float:
        """Deliver a message; times are the loop's.

        Returns:
            The time at which the handler was done, in seconds.
        """
        is_system_message = isinstance(message, ActorSystemMessage)
        if cell.is_exiting and not isinstance(message, ActorExitRequest | ChildActorExited):
            self._engine.dead_letter(sender, cell.address, message)
            return started_at
        if is_system_message and isinstance(message, Thespian_StatusReq):
            self._engine.send(cell.address, sender, actor_status(cell, started_at))
            return started_at
        self.handled += 1
        cell.handled += 1
        cell.last_message_type = type(message)
        cell.last_message_at = started_at
        result = self._run_handler(cell, sender, message)
        finished_at = self._time()
        if finished_at - started_at > cell.slowest_seconds:  # noqa: PLR1730 - max() takes three times as long, at every message
            cell.slowest_seconds = finished_at - started_at
        if cell.instance is None:  # the system was abandoned within this handler
            return finished_at
        if result is not cell.watch:
            watch = result if isinstance(result, ThespianWatch) else None
            self._engine.watches.replace(cell, None if cell.is_exiting else watch)
        if is_system_message:
            self._obey(cell, message)
        return finished_at

    def _run_handler(self, cell: Cell, sender: ActorAddress, message: object) -> object:
        instance = cell.instance
        if instance is None:
            return None
        try:
            return instance.receiveMessage(message, sender)
        except Exception:
            cell.failures += 1
            if isinstance(message, ActorExitRequest):
                logger.exception("%s failed at its exit, and exits", _name(cell))
                return None
            logger.warning(
                "%s failed at %s; it gets it once more",
                _name(cell),
                type(message).__name__,
                exc_info=True,
            )
        try:
            return instance.receiveMessage(message, sender)
        except Exception:
            cell.failures += 1
            self.poisons += 1
            logger.exception("%s failed twice at %s", _name(cell), type(message).__name__)
            if not isinstance(message, PoisonMessage):
                poison = PoisonMessage(message, traceback.format_exc())
                self._engine.send(cell.address, sender, poison)
            return None

    def _obey(self, cell: Cell, message: object) -> None:
        if isinstance(message, WatchMessage):
            self._engine.watches.handled(message)
        elif isinstance(message, ActorExitRequest):
            self._engine.begin_exit(cell, message)
        elif isinstance(message, ChildActorExited):
            self._engine.child_exited(cell, message.childAddress)


def _name(cell: Cell) -> str:
    return f"{type(cell.instance).__name__} at {cell.address.addressDetails}"

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
from thespian_asyncio.clock import clock_of
from thespian_asyncio.status import actor_status

if TYPE_CHECKING:
    from thespian_asyncio.engine import Engine

logger = logging.getLogger(__name__)


class Delivery:
    """Runs handlers, by the rules of Thespian's multiprocess bases.

    A handler that raises is run once more on the same instance with the same message; when
    it raises again the sender gets a PoisonMessage. An ActorExitRequest is not repeated and is
    obeyed whatever its handler did. `sys.exit()` in a handler ends its actor and those below it,
    as it would end the actor's process there. What a handler returns is its actor's watch from now
    on, so None, and failing twice, end a watch.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._time = clock_of(engine.loop)
        self.handled = 0
        self.poisons = 0

    def deliver(
        self, cell: Cell, sender: ActorAddress, message: object, started_at: float
    ) -> float:
        """Deliver a message; times are the loop's.

        Returns:
            The time at which the handler was done, in seconds.
        """
        instance = cell.instance
        is_special = cell.is_exiting or isinstance(message, ActorSystemMessage)
        if instance is None or (is_special and self._keeps(cell, sender, message, started_at)):
            return started_at
        self.handled += 1
        cell.handled += 1
        cell.last_message_type = type(message)
        cell.last_message_at = started_at
        try:
            result = instance.receiveMessage(message, sender)
        except Exception as error:  # noqa: BLE001 - logged there
            result = self._repeat(cell, sender, message, error)
        except SystemExit:
            result = None
            self._end(cell)
        finished_at = self._time()
        if finished_at - started_at > cell.slowest_seconds:  # noqa: PLR1730 - max() takes three times as long, at every message
            cell.slowest_seconds = finished_at - started_at
        if result is not cell.watch:
            self._take_watch(cell, result)
        if is_special:
            self._obey(cell, message)
        return finished_at

    def _keeps(self, cell: Cell, sender: ActorAddress, message: object, started_at: float) -> bool:
        """Keep from an actor what is not for it: status requests, nearly all if it is exiting."""
        if cell.is_exiting and not isinstance(message, ActorExitRequest | ChildActorExited):
            self._engine.dead_letter(sender, cell.address, message)
            return True
        if isinstance(message, Thespian_StatusReq):
            self._engine.send(cell.address, sender, actor_status(cell, started_at))
            return True
        return False

    def _repeat(
        self, cell: Cell, sender: ActorAddress, message: object, error: Exception
    ) -> object:
        instance = cell.instance
        cell.failures += 1
        if instance is None:  # the system was abandoned within the handler
            return None
        if isinstance(message, ActorExitRequest):
            logger.error("%s failed at its exit, and exits", _name(cell), exc_info=error)
            return None
        logger.warning(
            "%s failed at %s; it gets it once more",
            _name(cell),
            type(message).__name__,
            exc_info=error,
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
        except SystemExit:
            self._end(cell)
        return None

    def _end(self, cell: Cell) -> None:
        logger.error("%s called sys.exit(): it exits, and nobody else", _name(cell))
        self._engine.population.begin_exit(cell, ActorExitRequest())

    def _take_watch(self, cell: Cell, result: object) -> None:
        # An exiting actor waits for nothing more; nor does one of a system that was abandoned.
        if cell.is_exiting or cell.instance is None or not isinstance(result, ThespianWatch):
            result = None
        self._engine.watches.replace(cell, result)

    def _obey(self, cell: Cell, message: object) -> None:
        if isinstance(message, WatchMessage):
            self._engine.watches.handled(message)
        elif isinstance(message, ActorExitRequest):
            self._engine.population.begin_exit(cell, message)
        elif isinstance(message, ChildActorExited):
            self._engine.population.child_exited(cell, message.childAddress)


def _name(cell: Cell) -> str:
    return f"{type(cell.instance).__name__} at {cell.address.addressDetails}"

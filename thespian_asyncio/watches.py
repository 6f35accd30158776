"""File descriptors that actors wait for (ThespianWatch), on the readers of the loop."""

import asyncio
import logging

from thespian.actors import ThespianWatch, WatchMessage

from thespian_asyncio.cell import Cell

logger = logging.getLogger(__name__)


class Watches:
    """Which actor waits for which descriptor.

    A descriptor that becomes readable brings its actor one WatchMessage, and no second one
    until the handler has answered the first: readiness is a level, not an event, and would
    otherwise fill the mailbox. One descriptor serves one actor at a time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._owners: dict[int, Cell] = {}
        self._notified: set[int] = set()

    def replace(self, cell: Cell, watch: ThespianWatch | None) -> None:
        """Make `watch` the watch of the cell; None or an empty one ends it.

        The same object as before changes nothing and costs nothing. Another object is
        registered anew even with equal numbers: its descriptors may have been closed and opened
        again in between, which the poller cannot see.
        """
        if watch is cell.watch:
            return
        self._drop(cell)
        if watch is None:
            return
        cell.watch = watch
        for descriptor in watch.filenos:
            self._add(cell, descriptor)

    def handled(self, message: WatchMessage) -> None:
        """Listen again to the descriptors of a WatchMessage that was handled."""
        self._notified.difference_update(message.ready)

    def clear(self) -> None:
        """Forget all watches."""
        for descriptor in self._owners:
            self._loop.remove_reader(descriptor)
        self._owners.clear()
        self._notified.clear()

    def _add(self, cell: Cell, descriptor: int) -> None:
        owner = self._owners.get(descriptor)
        if owner is not None and owner is not cell:
            logger.error(
                "descriptor %d is watched by %s already; %s does not hear it",
                descriptor,
                owner.address,
                cell.address,
            )
            return
        try:
            self._loop.add_reader(descriptor, self._readable, descriptor)
        except (OSError, ValueError) as error:
            logger.error("%s cannot watch descriptor %d: %s", cell.address, descriptor, error)  # noqa: TRY400 - the actor's mistake, told in one line
            return
        self._owners[descriptor] = cell

    def _drop(self, cell: Cell) -> None:
        if cell.watch is None:
            return
        for descriptor in cell.watch.filenos:
            if self._owners.get(descriptor) is cell:
                del self._owners[descriptor]
                self._notified.discard(descriptor)
                self._loop.remove_reader(descriptor)
        cell.watch = None

    def _readable(self, descriptor: int) -> None:
        if descriptor in self._notified:
            return
        self._notified.add(descriptor)
        owner = self._owners[descriptor]
        owner.accept(owner.address, WatchMessage([descriptor]))

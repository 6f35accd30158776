"""Who reconciles for the gateway: elsewhere, for it takes long, and one at a time."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from domain.reconciliation import Reconciliation

Progress = Callable[[str], None]
"""Told now and then how far it is, for people."""


class ReconcileBusyError(Exception):
    """One is under way already."""


class ReconcileFailedError(Exception):
    """It came to no end; the text says why."""


class Reconciler(Protocol):
    """Compares the store with the chains, and leaves the shop alone meanwhile."""

    async def everything(
        self, made_from: datetime | None, made_before: datetime | None, progress: Progress
    ) -> Reconciliation:
        """All orders made between two times.

        Raises:
            ReconcileBusyError, ReconcileFailedError: no reconciliation.
        """
        ...

    async def one_order(self, order_id: int, progress: Progress) -> Reconciliation:
        """One order.

        Raises:
            ReconcileBusyError, ReconcileFailedError: no reconciliation.
        """
        ...

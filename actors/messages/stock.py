"""Between orders, the root and the pools."""

from dataclasses import dataclass

from thespian.actors import ActorAddress

from domain.order import OrderLine, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPool:
    """A pool's first message: it then asks the ledger for its units."""

    subcategory_id: int
    ledger: ActorAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveStock:
    """Hold units for an order. Answered by `StockReserved` or `StockShort`; a repeat too."""

    order_id: int
    subcategory_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReserved:
    """These very units are held, oldest first."""

    order_id: int
    line: OrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class StockShort:
    """Nothing is held; there are so many."""

    order_id: int
    subcategory_id: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStock:
    """The order has ended, durably, or never came to be: its units are for sale again."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStock:
    """The units are sold, durably: forget them."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdded:
    """Units of this pool were imported, durably."""

    subcategory_id: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadPool:
    """The store refused a unit that this pool held out: read the truth again, before all else."""

    subcategory_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleHold:
    """The order's actor is gone: ask the ledger what became of the order, and act on it."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHolds:
    """Who has held units since before the last report? Answered by `HoldsReported`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsReported:
    """The orders that hold units of this pool and did so at the last report already."""

    subcategory_id: int
    order_ids: tuple[int, ...]

"""The ledger's life; what it is asked is in `store.contract`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.contract import StoreFacts, WriterSettings
from store.trouble import StoreTrouble

if TYPE_CHECKING:
    from actors.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLedger:
    """The ledger's first message. Answered by `LedgerReady` when the store is open and migrated."""

    store_path: str
    settings: WriterSettings
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReady:
    """What the root needs to start everyone."""

    facts: StoreFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFailed:
    """The store cannot be opened; the text says why. `in_use`: somebody else has it open."""

    why: str
    in_use: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFailing:
    """From the ledger to the root: nothing can be written now; said again where it changes."""

    trouble: StoreTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMended:
    """From the ledger to the root: what waited is being written."""

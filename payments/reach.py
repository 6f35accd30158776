"""From where on a backend can show what addresses received."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from payments.chain import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far back a backend can show everything.

    `place`: where a look is to begin that shows all since the moment that was asked for; None: a
    look shows everything wherever it begins. `tip` is where the chain ended then. `walks_blocks`: a
    look reads blocks from the place on, and does so once for however many addresses. Nothing is
    shown of what came in blocks up to `begins_height`, of the time `begins_at` (None: not known);
    `begins_height` None: all is shown. `keeps_states`: whether the backend can tell what an address
    held then, and so single receipts; elsewhere it tells what addresses hold now (`TellsHoldings`).
    """

    place: Place | None = None
    tip: Place | None = None
    walks_blocks: bool = False
    begins_height: int | None = None
    begins_at: datetime | None = None
    keeps_states: bool = True


@runtime_checkable
class ReachesBack(Protocol):
    """A client whose looks do not show everything wherever they begin."""

    async def reach_back(self, moment: datetime) -> Reach:
        """From where on all can be shown that was received since then.

        Raises:
            ChainUnavailableError: not now.
            ChainRefusedError: never, as configured.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an address holds in blocks, and whether it has ever sent anything."""

    base_units: int
    has_sent: bool


@runtime_checkable
class TellsHoldings(Protocol):
    """A client that can tell what addresses hold."""

    async def holdings(self, addresses: Sequence[str]) -> tuple[Place, Mapping[str, Holding]]:
        """What each holds at one block.

        Raises:
            ChainUnavailableError: not now.
            ChainRefusedError: never, as configured.
        """
        ...

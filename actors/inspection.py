"""Messages by which the operator sees actors on a base that cannot be looked into.

Where all actors are in one process, the base itself shows them, and nobody sends these.
"""

from dataclasses import dataclass
from datetime import datetime

from thespian.actors import ActorAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStaff:
    """Who works in the shop? Answered by the root with `StaffListed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """One actor, of a kind and with a name as the operator sees them."""

    kind: str
    name: str
    address: ActorAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffListed:
    """Everybody but the root: ledger, pools, coins, notifiers, then orders by their id."""

    members: tuple[StaffMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFigures:
    """How are you? Answered by every actor with `FiguresGiven`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresGiven:
    """An actor's name and state, its armed timers as (kind, due at), and the process it is in."""

    name: str
    state: str
    timers: tuple[tuple[str, datetime], ...]
    process_id: int

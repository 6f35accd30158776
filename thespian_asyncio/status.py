"""Answers to Thespian's own status requests, in Thespian's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thespian.actors import ActorAddress
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_SystemStatus
from thespian.system.timing import ExpirationTimer

from thespian_asyncio.cell import SYSTEM_ADDRESS, Cell
from thespian_asyncio.timers import timers_of

if TYPE_CHECKING:
    from thespian_asyncio.engine import Engine


def actor_status(cell: Cell, now: float) -> Thespian_ActorStatus:
    """Describe an actor: class, parent, children, and its wake-ups by the time they have left."""
    status = Thespian_ActorStatus(
        cell.address,
        type(cell.instance).__name__,
        SYSTEM_ADDRESS,
        cell.parent,
        cell.source_hash,
        cell.is_exiting,
    )
    for child in cell.children or ():
        status.addChild(ActorAddress(child))
    status.addWakeups(
        [(cell.address, ExpirationTimer(max(0.0, timer.due_at - now))) for timer in timers_of(cell)]
    )
    return status


def system_status(engine: Engine) -> Thespian_SystemStatus:
    """Describe the system: capabilities, names, sources, who handles dead letters."""
    status = Thespian_SystemStatus(SYSTEM_ADDRESS, capabilities=dict(engine.capabilities))
    for name, address in engine.global_names.items():
        status.addGlobalActor(name, address)
    status.setDeadLetterHandler(engine.dead_letter_handler)
    status.sourceAuthority = engine.sources.authority
    status.loadedSources = engine.sources.loaded
    return status

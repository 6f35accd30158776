"""Answers to Thespian's own status requests, in Thespian's form."""

from thespian.actors import ActorAddress
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_SystemStatus
from thespian.system.timing import ExpirationTimer

from thespian_asyncio.cell import SYSTEM_ADDRESS, Cell


def actor_status(cell: Cell, now: float) -> Thespian_ActorStatus:
    """Describe an actor: class, parent, children, and its wake-ups by the time they have left."""
    status = Thespian_ActorStatus(
        cell.address,
        type(cell.instance).__name__,
        SYSTEM_ADDRESS,
        cell.parent,
        None,
        cell.is_exiting,
    )
    for child in cell.children or ():
        status.addChild(ActorAddress(child))
    timers = (cell.timers or {}).values()
    status.addWakeups(
        [(cell.address, ExpirationTimer(max(0.0, timer.due_at - now))) for timer in timers]
    )
    return status


def system_status(
    capabilities: dict[str, object],
    global_names: dict[str, ActorAddress],
    dead_letter_handler: ActorAddress | None,
) -> Thespian_SystemStatus:
    """Describe the system: capabilities, global names, who handles dead letters."""
    status = Thespian_SystemStatus(SYSTEM_ADDRESS, capabilities=dict(capabilities))
    for name, address in global_names.items():
        status.addGlobalActor(name, address)
    status.setDeadLetterHandler(dead_letter_handler)
    return status

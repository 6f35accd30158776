"""Systems of one process, so that an address of one can be written to from another."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

if TYPE_CHECKING:
    from thespian_asyncio.engine import Engine

_numbers = itertools.count(1)
_engines: weakref.WeakValueDictionary[str, Engine] = weakref.WeakValueDictionary()


def register(engine: Engine) -> str:
    """Note a system and return what its addresses start with."""
    prefix = f"asyncio:{next(_numbers)}:"
    _engines[prefix] = engine
    return prefix


def hand_over(sender: ActorAddress, target: ActorAddress, message: object) -> bool:
    """Give a message to the system whose address the target is.

    Returns:
        False where no living system of this process gave that address.
    """
    head, colon, _ = str(target.addressDetails).rpartition(":")
    engine = _engines.get(head + colon)
    if engine is None:
        return False
    try:
        engine.loop.call_soon_threadsafe(engine.receive, sender, target, message)
    except RuntimeError:  # its loop is closed
        return False
    return True

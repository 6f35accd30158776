"""Which system base the actors run on, and that they are alone with their store."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from actors.shop import Shop
from composition.actor_system import NewActors, StartRefusedError
from composition.leftovers import (
    ProcessesRemainError,
    ProcessNote,
    ShopAliveError,
    end_leftovers,
)
from composition.process_system import SystemStartError, process_system
from composition.shop_in_loop import ShopInLoop
from composition.shop_in_processes import ShopInProcesses
from configuration.settings import Settings

MULTIPROC_TCP_BASE = "multiprocTCPBase"

_END_LEFTOVERS_SECONDS = 10.0


@contextmanager
def actors_for(settings: Settings) -> Iterator[NewActors]:
    """Make ready for the shop's actors, outside of any event loop and before any thread.

    What a killed program of this shop has left is ended first, whichever base it ran on: its
    actors hold the store.

    Raises:
        StartRefusedError: this shop is running already, or its processes cannot be started.
    """
    try:
        with _opened(ProcessNote(str(settings.store.path))) as note:
            end_leftovers(note, _END_LEFTOVERS_SECONDS)
            if settings.actors.system_base != MULTIPROC_TCP_BASE:
                yield ShopInLoop
                return
            with process_system(note, settings.log.level) as system:
                shop = system.create(Shop)
                yield lambda: ShopInProcesses(system, shop)
    except (ShopAliveError, ProcessesRemainError, SystemStartError) as error:
        raise StartRefusedError(str(error)) from error


@contextmanager
def _opened(note: ProcessNote) -> Iterator[ProcessNote]:
    with ExitStack() as stack:
        try:
            stack.enter_context(note)
        except OSError as error:
            raise StartRefusedError(
                f"store.path: {note.path} cannot be written ({error.strerror}); give a folder that"
                " can"
            ) from error
        yield note

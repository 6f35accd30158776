"""One writer at a time: a lock beside the store, and the mark of a restore that was cut off."""

import fcntl
from pathlib import Path
from typing import IO

from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind, trouble_of


def restoring_mark(path: str) -> Path:
    """The file that is there while a restore puts another store in the place of this one."""
    return Path(f"{path}.restoring")


def lock_store(path: str) -> IO[str]:
    """Hold the store until the result is closed.

    Raises:
        StoreUnavailableError: another process holds it, its folder cannot be made, or a restore
            was cut off.
    """
    lock = lock_for_restore(path)
    if restoring_mark(path).exists():
        lock.close()
        text = f"a restore of the store {path} was cut off: run `run.py restore` again"
        raise StoreUnavailableError(text, StoreTrouble(kind=TroubleKind.AWAY, why=text))
    return lock


def lock_for_restore(path: str) -> IO[str]:
    """The same, also where a restore was cut off.

    Raises:
        StoreUnavailableError: another process holds it, or its folder cannot be made.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 - held while open
    except OSError as error:
        text = f"the store {path} cannot be opened: {error}"
        raise StoreUnavailableError(text, trouble_of(error)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        text = f"the store {path} is in use by another process: stop that shop first"
        trouble = StoreTrouble(kind=TroubleKind.BUSY, why="another process holds its lock")
        raise StoreUnavailableError(text, trouble) from error
    return lock

"""A copy of a store, made while the shop runs, and proved before it counts as one."""

import os
from pathlib import Path

from store.invariant import Violation
from store.store_files import (
    StoreFileError,
    check_store,
    copy_store,
    opened_to_read,
    sync,
    written_beside,
)


def back_up(path: Path, destination: Path, *, may_replace: bool) -> list[Violation]:
    """Copy the store to `destination`; what breaks the copy's invariants, and then there is none.

    The copy is of one moment. It gets its name only when it is proved and on disk, so that a
    backup that was cut off leaves none, and leaves an earlier one of that name as it was.

    Raises:
        StoreFileError: there is no store, or the destination is taken or cannot be written.
    """
    _look_at_destination(path, destination, may_replace=may_replace)
    with opened_to_read(path) as source, written_beside(destination) as copy:
        copy_store(source, copy)
        broken = check_store(copy)
        if not broken:
            _name(copy, destination, may_replace=may_replace)
    return broken


def _look_at_destination(path: Path, destination: Path, *, may_replace: bool) -> None:
    if destination.is_dir():
        raise StoreFileError(f"{destination} is a folder: write the name of a file in it")
    if not destination.parent.is_dir():
        raise StoreFileError(f"{destination.parent} is no folder: make it first")
    if destination.exists() and path.exists() and destination.samefile(path):
        raise StoreFileError(f"{destination} is the store itself: write another name")
    if destination.exists() and not may_replace:
        raise _taken(destination)


def _taken(destination: Path) -> StoreFileError:
    return StoreFileError(
        f"{destination} is there already: write another name, or replace it with --replace"
    )


def _name(copy: Path, destination: Path, *, may_replace: bool) -> None:
    try:
        if may_replace:
            copy.replace(destination)
        else:
            # A link, unlike a rename, fails where the name is taken.
            os.link(copy, destination)
    except FileExistsError:
        raise _taken(destination) from None
    except OSError as error:
        raise StoreFileError(f"{destination} cannot be written: {error.strerror}") from error
    sync(destination.parent)

"""Small files that are either wholly on disk or not there, whatever crashes in between."""

import os
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700


def write_new(path: Path, text: str) -> None:
    """Make a file with mode 0600, with all of `text` on disk; never replace one that is there.

    Raises:
        FileExistsError: there is such a file; it was not touched.
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    temporary = _written_beside(path, text)
    try:
        # A link, unlike a rename, fails where the name is taken.
        os.link(temporary, path)
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def replace(path: Path, text: str) -> None:
    """Put `text`, with mode 0600, in the place of the file's contents, all at once, on disk.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    temporary = _written_beside(path, text)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise
    _sync_folder(path.parent)


def _written_beside(path: Path, text: str) -> Path:
    # mkstemp makes files with mode 0600, which is what is wanted here.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink()
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

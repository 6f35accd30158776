"""The high-water mark of addresses: from which index on none was ever handed out.

It is kept beside the mnemonic, outside the store, in a JSON object such as
`{"LTC/regtest": 32}`: no index of 32 and above was ever handed out. It is moved ahead, on disk,
before an index beyond it is given away. A store that is restored from a backup forgets orders; the
mark does not, so no address is handed out twice.
"""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from payments.custody import CustodyError
from payments.durable_files import replace


class HighWaterMark(Protocol):
    """The mark of one coin on one network. Its methods may block: call them in a thread."""

    @property
    def name(self) -> str:
        """Coin and network, as in "LTC/regtest"."""
        ...

    def read(self) -> int | None:
        """The mark, or None where it was never written."""
        ...

    def write(self, next_index: int) -> None:
        """Put the mark at `next_index`, durably."""
        ...

    def close(self) -> None:
        """Let others use it."""
        ...


def marks_file(mnemonic_file: Path) -> Path:
    """Where the marks of a mnemonic are kept."""
    return mnemonic_file.with_name(f"{mnemonic_file.name}.marks")


def read_marks(path: Path) -> dict[str, int]:
    """All marks in a file by their names, as in "LTC/regtest"; a shop may hold them.

    Raises:
        CustodyError: the file is not what it should be.
    """
    try:
        marks = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CustodyError(
            f"the marks of addresses in {path} cannot be read: {error.strerror}"
        ) from None
    except (ValueError, RecursionError):
        raise _broken(path) from None
    if not isinstance(marks, dict) or not all(map(_is_index, marks.values())):
        raise _broken(path)
    return marks


class FileMark:
    """A mark in the file of marks, held by one process at a time until it is closed.

    Raises:
        CustodyError: another process holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path, coin: str, network: str) -> None:
        self._path = path
        self._name = f"{coin}/{network}"
        self._holder = _locked(
            path.with_name(f"{path.name}.{coin}-{network}.lock"),
            fcntl.LOCK_EX | fcntl.LOCK_NB,
            f"another process hands out {self._name} addresses from the same mnemonic:"
            " stop it first, or two shoppers get one address",
        )

    @property
    def name(self) -> str:
        """Coin and network, as the mark is named in its file."""
        return self._name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def read(self) -> int | None:
        """The mark, or None where it was never written.

        Raises:
            CustodyError: the file is not what it should be.
        """
        return read_marks(self._path).get(self._name)

    def write(self, next_index: int) -> None:
        """Put the mark at `next_index`; it is on disk when this returns.

        Raises:
            CustodyError: the file is not what it should be, or cannot be written.
        """
        with self._alone():
            marks = read_marks(self._path)
            marks[self._name] = next_index
            try:
                replace(self._path, f"{json.dumps(marks, sort_keys=True)}\n")
            except OSError as error:
                raise CustodyError(
                    f"the marks of addresses in {self._path} cannot be written: {error.strerror}"
                ) from None

    def close(self) -> None:
        """Let another process have it."""
        self._holder.close()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # The other coins' marks are in the same file, each written by an actor of its own.
        lock_path = self._path.with_name(f"{self._path.name}.lock")
        with _locked(lock_path, fcntl.LOCK_EX, f"{self._path} is locked"):
            yield


def first_index(mark: HighWaterMark, first_free_index: int) -> int:
    """The index to begin with: the mark, or 0 for a mnemonic that gave no address yet.

    `first_free_index` is one above the highest index that the store knows.

    Raises:
        CustodyError: the store knows addresses and the mark is gone.
    """
    known = mark.read()
    if known is None and first_free_index > 0:
        raise CustodyError(
            f"the mark of {mark.name} addresses is missing although the store knows them up to"
            f' index {first_free_index - 1}: write "{mark.name}": N into the .marks file beside the'
            " mnemonic, where N is above every index ever handed out"
            f" (at least {first_free_index})"
        )
    # A mark below the store's is older than the store: a restored copy of the file.
    return max(known or 0, first_free_index)


def _broken(path: Path) -> CustodyError:
    return CustodyError(
        f"{path} is damaged: write a JSON object into it such as"
        ' {"LTC/main": 100}, with a number above every index ever handed out of each coin'
    )


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _locked(path: Path, operation: int, refusal: str) -> TextIOWrapper:
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise CustodyError(f"{path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(file, operation)
    except BlockingIOError:
        file.close()
        raise CustodyError(refusal) from None
    return file

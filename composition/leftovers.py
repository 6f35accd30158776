"""Which processes belong to a shop, and the end of those whose program is gone.

Beside the store lies a note, `STORE.processes`. The program opens it for writing before it starts
processes and keeps it open; all processes of the actors inherit the open file, for they are forked,
and nobody else writes it. So whoever has that very file open for writing is of this shop, whatever
it calls itself, whoever its parent is by now, and whatever pids were used again. The program alone
holds a POSIX lock on the note, which children do not inherit and which ends with the program: while
it is held, the shop is alive.
"""

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from loguru import logger

_PROCESSES = Path("/proc")
_LOOK_AGAIN_SECONDS = 0.05


class ShopAliveError(Exception):
    """The shop runs already; the text says under which process id."""


class ProcessesRemainError(Exception):
    """Processes could not be ended; the text names them."""


class ProcessNote:
    """The note beside a store. Use it as a context: it is open, and locked, inside."""

    def __init__(self, store_path: str) -> None:
        self.path = Path(f"{store_path}.processes")
        self._file = -1

    def __enter__(self) -> Self:
        """Open and lock it.

        Raises:
            ShopAliveError: the program of this shop is running.
            OSError: the note cannot be opened.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = self._written_pid()
            os.close(self._file)
            raise ShopAliveError(
                f"the shop with this store is running already (process {pid}): stop that one first"
            ) from error
        self.write({})
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def write(self, facts: dict[str, object]) -> None:
        """Note facts for people who look, beside the program's pid."""
        text = json.dumps({"program_pid": os.getpid(), **facts}).encode() + b"\n"
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)

    def processes(self) -> list[int]:
        """The pids of all that have the note open for writing, but for this program."""
        note = os.fstat(self._file)
        key = (note.st_dev, note.st_ino)
        return [pid for pid in _pids() if pid != os.getpid() and key in _written_files(pid)]

    def end_all(self, timeout_seconds: float) -> int:
        """Kill all of them, and return how many there were.

        Without asking them first: what they know is in the store, and to ask is to wait.

        Raises:
            ProcessesRemainError: some are still there after the time.
        """
        deadline = time.monotonic() + timeout_seconds
        ended: set[int] = set()
        # Again and again, for one may have been forked while another was ended.
        while remaining := self.processes():
            if time.monotonic() > deadline:
                raise ProcessesRemainError(
                    f"these processes of the shop cannot be ended: {remaining}; end them by hand"
                )
            for pid in remaining:
                self._kill(pid)
            ended.update(remaining)
        return len(ended)

    def wait_until_gone(self, timeout_seconds: float) -> bool:
        """Wait until nobody else has the note open; False where somebody still has."""
        deadline = time.monotonic() + timeout_seconds
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_AGAIN_SECONDS)
        return True

    def _kill(self, pid: int) -> None:
        with _handle_of(pid) as handle:
            # The handle stays with the process, so the pid cannot become another's after this look.
            if handle is not None and pid in self.processes():
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                _wait_for_end(handle, 1.0)

    def _written_pid(self) -> object:
        with suppress(ValueError, AttributeError):
            return json.loads(os.pread(self._file, 4096, 0)).get("program_pid", "unknown")
        return "unknown"


def end_leftovers(note: ProcessNote, timeout_seconds: float) -> None:
    """End what a killed program of this shop has left.

    Raises:
        ProcessesRemainError: some cannot be ended.
    """
    ended = note.end_all(timeout_seconds)
    if ended:
        logger.warning("ended {} processes that a killed program of this shop had left", ended)


@contextmanager
def _handle_of(pid: int) -> Iterator[int | None]:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _wait_for_end(handle: int, timeout_seconds: float) -> None:
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    waiting.poll(timeout_seconds * 1000)


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROCESSES.iterdir() if entry.name.isdecimal()]


def _written_files(pid: int) -> set[tuple[int, int]]:
    """Device and inode of what a process has open to write; empty where we may not look."""
    found: set[tuple[int, int]] = set()
    process = _PROCESSES / str(pid)
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                status = link.stat()
                if _is_for_writing((process / "fdinfo" / link.name).read_text()):
                    found.add((status.st_dev, status.st_ino))
    return found


def _is_for_writing(fdinfo: str) -> bool:
    """Read the octal `flags` of proc_pid_fdinfo(5)."""
    flags = next(line for line in fdinfo.splitlines() if line.startswith("flags:"))
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY

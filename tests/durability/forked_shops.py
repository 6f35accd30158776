"""Shops as processes of their own that come up at once, and go by SIGKILL."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
FOREVER_SECONDS = 300.0  # importing takes two seconds of a processor that others may use too
READ_BYTES = 65_536
LOG_TAIL = 3_000

Words = list[str]


class ForkedShops:
    """One shop at a time, each forked from one process (`tests.durability.forking`).

    Every method gives the lines that the shop says meanwhile, and does its work while they are
    taken.
    """

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._folder, self._log = folder, log
        self._orders: IO[bytes] = process.stdin
        self._lines = _Lines(process.stdout)
        self._pid = 0

    def begin(self, life: int, seed: int, until: str) -> Iterator[Words]:
        """Fork a shop and wait until it says a line that begins with `until`."""
        self._orders.write(f"{self._folder} {life} {seed}\n".encode())
        self._orders.flush()
        ((_, pid),) = self._until("begun")
        self._pid = int(pid)
        yield from self._until(until)

    def go_on(self, seconds: float) -> Iterator[Words]:
        """Let it work for a time."""
        for words in self._lines.until("ended", seconds):
            assert words[0] != "ended", self._story()
            yield words

    def kill(self) -> Iterator[Words]:
        """`kill -9`; what it had said before is taken to the last word."""
        os.kill(self._pid, signal.SIGKILL)
        for words in self._until("ended"):
            if words[0] == "ended":
                status = int(words[1])
                assert os.WIFSIGNALED(status), self._story()
                assert os.WTERMSIG(status) == signal.SIGKILL, self._story()
                self._pid = 0
            yield words

    def end(self) -> None:
        """Leave no shop behind, whatever happened."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _until(self, last: str) -> Iterator[Words]:
        words = [""]
        for words in self._lines.until(last, FOREVER_SECONDS):
            assert last == "ended" or words[0] != "ended", self._story()
            yield words
        assert words[0] == last, f"no {last!r} within {FOREVER_SECONDS} s: {self._story()}"

    def _story(self) -> str:
        return self._log.read_text(encoding="utf-8")[-LOG_TAIL:]


@contextmanager
def forked_shops(folder: Path) -> Iterator[ForkedShops]:
    """The process that forks them, for as long as it is needed."""
    log = folder / "log"
    with (
        log.open("ab") as log_file,
        subprocess.Popen(
            [sys.executable, "-m", "tests.durability.forking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            cwd=ROOT,
        ) as process,
    ):
        shops = ForkedShops(folder, process, log)
        try:
            yield shops
        finally:
            shops.end()
            process.kill()


class _Lines:
    """The lines of a pipe as they come."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe.fileno()
        self._rest = b""

    def until(self, last: str, seconds: float) -> Iterator[Words]:
        """The words of each line, up to one that begins with `last`, or to the end of the time."""
        end = time.monotonic() + seconds
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                words = line.decode().split()
                yield words
                if words[0] == last:
                    return
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                return
            some = os.read(self._pipe, READ_BYTES)
            assert some, "the process that forks shops is gone"
            self._rest += some

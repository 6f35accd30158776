"""The one way an actor works with the world: jobs that run elsewhere, outcomes that come back."""

import os
import threading
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from thespian.actors import ThespianWatch

Job = Callable[[], object | Awaitable[object]]
Done = Callable[[object, BaseException | None], None]

READ_BYTES = 4096


class Executor(Protocol):
    """Runs jobs somewhere else than in the actor's handler."""

    def submit(self, job: Job, done: Done) -> None:
        """Run a job, and call `done(value, error)` once; does not block.

        A job that returns an awaitable is awaited, and others run meanwhile; plain jobs run
        one after another in the order in which they were submitted. `done` may be called from any
        thread, also before `submit` returns.
        """

    def close(self) -> None:
        """Run what was submitted, cancel what is awaited, take nothing new; does not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a job: its value, or the error that it raised."""

    tag: Hashable
    value: object
    error: BaseException | None


class Outside:
    """An actor's jobs with an executor, and the pipe by which it hears that one is done.

    Outcomes are put into a queue and a byte into a pipe, from whatever thread; the actor
    watches the pipe (ThespianWatch), so it hears of them by a message like any other, on every
    base that supports watches. An actor makes its own and never sends it anywhere.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._outcomes: deque[Outcome] = deque()
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        self._bell = _Bell(writer)
        self._close_reader = weakref.finalize(self, os.close, self._reader)
        self._watch = ThespianWatch([self._reader])
        self._is_closed = False

    def submit(self, tag: Hashable, job: Job) -> None:
        """Have a job run; its outcome carries `tag`.

        Raises:
            RuntimeError: the outside is closed.
        """
        if self._is_closed:
            raise RuntimeError(f"job {tag!r} was submitted after close(): its actor is exiting")
        outcomes, bell = self._outcomes, self._bell

        def done(value: object, error: BaseException | None) -> None:
            outcomes.append(Outcome(tag=tag, value=value, error=error))
            bell.ring()

        self._executor.submit(job, done)

    def watch(self) -> ThespianWatch:
        """Return the watch that every handler of the actor has to return."""
        return self._watch

    def collect(self) -> list[Outcome]:
        """Return the outcomes that came since the last call, in the order in which they came."""
        # The pipe first: an outcome that comes between the two steps rings again, and is at
        # worst collected now and announced by a byte that finds nothing.
        if not self._is_closed:
            self._silence()
        collected = []
        while self._outcomes:
            collected.append(self._outcomes.popleft())
        return collected

    def close(self) -> None:
        """Close the executor and the pipe; outcomes that come later are dropped."""
        if self._is_closed:
            return
        self._is_closed = True
        self._watch = ThespianWatch([])
        self._executor.close()
        self._bell.close()
        self._close_reader()

    def _silence(self) -> None:
        with suppress(BlockingIOError):
            while len(os.read(self._reader, READ_BYTES)) == READ_BYTES:
                pass


class _Bell:
    """The writing end of the pipe, rung by any thread, closed by the actor's.

    The lock keeps a late ring from writing into a descriptor that somebody else has by then.
    """

    def __init__(self, writer: int) -> None:
        self._lock = threading.Lock()
        self._writer: int | None = writer

    def ring(self) -> None:
        """Put a byte into the pipe; a full pipe rings already."""
        with self._lock, suppress(BlockingIOError):
            if self._writer is not None:
                os.write(self._writer, b"!")

    def close(self) -> None:
        """Close the writing end."""
        with self._lock:
            if self._writer is not None:
                os.close(self._writer)
                self._writer = None

    def __del__(self) -> None:
        self.close()

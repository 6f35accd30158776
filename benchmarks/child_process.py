"""A function in a process of its own, which tells what it found and can be killed."""

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, cast

from benchmarks.measuring import BenchmarkError
from configuration.logging import configure_logging
from configuration.settings import Log

P = ParamSpec("P")

Tell = Callable[[dict[str, object]], None]
"""Hands what was found to the process that waits for it; may be called more than once."""

_spawning = multiprocessing.get_context("spawn")


class ChildProcess:
    """Runs `work(tell, ...)` in a new interpreter; logs as the shop does by default, into a file.

    As a context manager it kills the process.

    Args:
        log_file: where its log goes.
        work: importable by its module and name; its arguments are pickled.
    """

    def __init__(
        self,
        log_file: Path,
        work: Callable[Concatenate[Tell, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        self._name = work.__name__
        self._connection, theirs = _spawning.Pipe(duplex=False)
        self._process = _spawning.Process(
            target=_work, args=(theirs, log_file, work, args, kwargs), daemon=True
        )
        self._process.start()
        theirs.close()

    def told(self, timeout_seconds: float) -> dict[str, object]:
        """Return what it tells next.

        Raises:
            BenchmarkError: it failed, is gone, or tells nothing for so long.
        """
        try:
            if not self._connection.poll(timeout_seconds):
                raise BenchmarkError(f"{self._name} tells nothing for {timeout_seconds:.0f} s")
            found, error = self._connection.recv()
        except (EOFError, ConnectionError) as gone:
            raise BenchmarkError(f"{self._name}: its process is gone") from gone
        if error is not None:
            raise BenchmarkError(f"{self._name} failed:\n{error}")
        return cast("dict[str, object]", found)

    def kill(self) -> None:
        """End it by SIGKILL, where it stands."""
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        self._connection.close()


def _work(
    connection: Connection,
    log_file: Path,
    work: Callable[..., None],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> None:
    with log_file.open("a", encoding="utf-8") as log:
        configure_logging(Log(), stream=log)
        try:
            work(lambda found: connection.send((found, None)), *args, **kwargs)
        except Exception:  # noqa: BLE001 - the other process tells it
            connection.send((None, traceback.format_exc()))

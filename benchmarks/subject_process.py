"""A subject in a process of its own, so that memory, heap and threads are its own too."""

import gc
import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Self

from benchmarks.measuring import BenchmarkError, resident_bytes
from benchmarks.subject import LIMIT_SECONDS, Subject

WARM_UP_SECONDS = 0.2

_spawning = multiprocessing.get_context("spawn")


class SubjectProcess:
    """Starts a process with one subject and hands measurements over to it.

    Between two measurements the process sleeps, so that several can take turns on one machine.
    As a context manager it ends the process.

    Args:
        name: for messages to people.
        new_subject: makes the subject, there; importable by its module and name.

    Raises:
        BenchmarkError: by every measurement that failed there or took longer than
            LIMIT_SECONDS.
    """

    def __init__(self, name: str, new_subject: Callable[[], Subject]) -> None:
        self._name = name
        self._connection, theirs = _spawning.Pipe()
        self._process = _spawning.Process(target=_serve, args=(new_subject, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def ask_per_s(self, seconds: float) -> float:
        """Measure round trips/s; see Subject."""
        return self._number("ask_per_s", seconds)

    def ask_serial_per_s(self, seconds: float) -> float:
        """Measure round trips/s one after another; see Subject."""
        return self._number("ask_serial_per_s", seconds)

    def create_us(self, count: int) -> float:
        """Measure microseconds to create an actor; see Subject."""
        return self._number("create_us", count)

    def populate(self, count: int) -> int:
        """Create actors that stay; return the bytes of resident memory of each."""
        return round(self._number("populate", count))

    def late_seconds(
        self, count: int, lead_seconds: float, spread_seconds: float
    ) -> list[float] | None:
        """Measure the lateness of timers; see Subject."""
        result = self._call("late_seconds", count, lead_seconds, spread_seconds)
        if result is not None and not isinstance(result, list):
            raise BenchmarkError(f"{self._name} late_seconds: {result!r} instead of a list")
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        # There is nothing in it that an orderly end would save.
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _number(self, method: str, *arguments: float) -> float:
        result = self._call(method, *arguments)
        if not isinstance(result, int | float):
            raise BenchmarkError(f"{self._name} {method}: {result!r} instead of a number")
        return float(result)

    def _call(self, method: str, *arguments: float) -> object:
        try:
            self._connection.send((method, arguments))
            if not self._connection.poll(LIMIT_SECONDS):
                raise BenchmarkError(f"{self._name} {method}: no answer in {LIMIT_SECONDS} s")
            result, error = self._connection.recv()
        except (EOFError, ConnectionError) as gone:
            raise BenchmarkError(f"{self._name} {method}: its process is gone") from gone
        if error is not None:
            raise BenchmarkError(f"{self._name} {method} failed:\n{error}")
        return result


def _serve(new_subject: Callable[[], Subject], connection: Connection) -> None:
    """Take measurements in this process until the other one ends it."""
    subject = new_subject()
    subject.ask_per_s(WARM_UP_SECONDS)
    measurements: dict[str, Callable[..., object]] = {
        "ask_per_s": subject.ask_per_s,
        "ask_serial_per_s": subject.ask_serial_per_s,
        "create_us": subject.create_us,
        "populate": lambda count: _populate(subject, count),
        "late_seconds": subject.late_seconds,
    }
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            # The other process is gone. Threads of actors would keep this one from its end.
            os._exit(1)
        try:
            connection.send((measurements[method](*arguments), None))
        except Exception:  # noqa: BLE001 - the other process tells it
            connection.send((None, traceback.format_exc()))


def _populate(subject: Subject, count: int) -> float:
    gc.collect()
    bytes_before = resident_bytes()
    subject.populate(count)
    gc.collect()
    return (resident_bytes() - bytes_before) / count

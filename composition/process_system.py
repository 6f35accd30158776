"""The actor system in which each actor is a process: its start, questions to it, its end.

It forks, so it is started before there are threads, event loops or open stores. One who asks has an
address of his own for each question, so that no answer can be taken for that of another question.
"""

import logging
import multiprocessing.util
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

from loguru import logger
from thespian.actors import Actor, ActorAddress, ActorSystem, ActorSystemException
from thespian.system.utilis import thesplog_control

from composition.actor_log import log_definitions
from composition.leftovers import ProcessesRemainError, ProcessNote
from composition.loopback import LoopbackSystemBase, free_loopback_port
from thespian_asyncio import join_executors

_PORTS_TO_TRY = 3
# What an actor's thread has begun (a commit, a message to Telegram) is ended before its process is.
_THREADS_END_SECONDS = 8.0
END_SECONDS = 10.0
_KILL_SECONDS = 10.0


class SystemStartError(Exception):
    """The processes cannot be started; the text says why."""


class NobodyThereError(Exception):
    """The actor that was asked has no process any more."""


class ProcessSystem:
    """A running system. Its methods block; any number of threads may ask beside each other."""

    def __init__(self, note: ProcessNote, system: ActorSystem) -> None:
        self._note = note
        self._system = system
        self._ending = threading.Lock()
        self._has_ended = False

    def create(self, actor_class: type[Actor]) -> ActorAddress:
        """A process for an actor.

        Raises:
            SystemStartError: it does not start.
        """
        try:
            return self._system.createActor(actor_class)
        except ActorSystemException as error:
            raise SystemStartError(f"{actor_class.__name__} does not start: {error}") from error

    def tell(self, actor: ActorAddress, message: object) -> None:
        """Send a message; an answer goes nowhere."""
        self._system.tell(actor, message)

    def ask(self, actor: ActorAddress, message: object, deadline: float) -> object:
        """The answer to a message; `deadline` is of `time.monotonic()`.

        Raises:
            TimeoutError: none came in time.
            NobodyThereError: the actor has no process.
        """
        (answer,) = self.ask_each(actor, (message,), deadline)
        return answer

    def ask_each(
        self, actor: ActorAddress, messages: tuple[object, ...], deadline: float
    ) -> list[object]:
        """The answers to some messages, asked one after another from one address.

        Raises:
            TimeoutError: one did not come in time.
            NobodyThereError: the actor has no process.
        """
        if self._has_ended:
            raise NobodyThereError("the system has ended")
        with self._system.private() as asker:
            # Nothing may be raised in here: Thespian would leave the asker's socket open.
            answers = _answers(asker, actor, messages, deadline)
        if isinstance(answers, Exception):
            raise answers
        return answers

    def end(self, wait_seconds: float = END_SECONDS) -> None:
        """Tell all processes to end, and kill those that are still there after `wait_seconds`."""
        with self._ending:
            if self._has_ended:
                return
            self._has_ended = True
            self._system.shutdown()
            if not self._note.wait_until_gone(wait_seconds):
                logger.error("processes that did not end are killed: {}", self._note.processes())
            self._kill_rest()

    def _kill_rest(self) -> None:
        try:
            self._note.end_all(_KILL_SECONDS)
        except ProcessesRemainError as error:
            logger.error("{}", error)


@contextmanager
def process_system(note: ProcessNote, log_level: str) -> Iterator[ProcessSystem]:
    """Start a system, and end all of its processes at the end.

    Raises:
        SystemStartError: it does not start.
    """
    _prepare_forks()
    try:
        system = ProcessSystem(note, _started(note, log_level))
    except BaseException:
        note.end_all(_KILL_SECONDS)
        raise
    try:
        yield system
    finally:
        system.end()


def _started(note: ProcessNote, log_level: str) -> ActorSystem:
    error: ActorSystemException | None = None
    for _ in range(_PORTS_TO_TRY):
        port = free_loopback_port()
        settings = SimpleNamespace(capabilities={"Admin Port": port})
        try:
            base = LoopbackSystemBase(settings, logDefs=log_definitions(log_level))
        except ActorSystemException as at_start:
            # Somebody may have taken the port in between.
            error = at_start
        else:
            note.write({"admin_port": port})
            return ActorSystem(systemBase=base, transientUnique=True)
    raise SystemStartError(f"the processes of the actors do not start: {error}")


def _prepare_forks() -> None:
    # Thespian's own log file shows messages whole, and the messages hold secrets and goods.
    thesplog_control(logging.CRITICAL, useLogging=False, tmpFileMaxSize=0)
    multiprocessing.util.register_after_fork(_wait_for_threads_at_the_end, lambda wait: wait())


def _wait_for_threads_at_the_end() -> None:
    # In each new process: multiprocessing ends one without waiting for daemon threads.
    multiprocessing.util.Finalize(
        None, join_executors, args=(_THREADS_END_SECONDS,), exitpriority=0
    )


def _answers(
    asker: ActorSystem, actor: ActorAddress, messages: tuple[object, ...], deadline: float
) -> list[object] | Exception:
    try:
        return [_answer(asker, actor, message, deadline) for message in messages]
    except (TimeoutError, NobodyThereError) as error:
        return error
    except (ActorSystemException, OSError) as error:
        return NobodyThereError(str(error))


def _answer(asker: ActorSystem, actor: ActorAddress, message: object, deadline: float) -> object:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    answer = asker.ask(actor, message, timedelta(seconds=remaining))
    if answer is not None:
        return answer
    if time.monotonic() < deadline:
        raise NobodyThereError("the message could not be delivered")
    raise TimeoutError

"""A program with a system of processes, for tests: prints what it saw as JSON and ends.

It is a program of its own because a system forks, which a test run with its threads must not.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest

from composition.leftovers import ProcessNote
from composition.process_system import NobodyThereError, ProcessSystem, process_system
from thespian_asyncio import Outcome, OutsideActor

SLOW_SECONDS = 0.5


class Echo(OutsideActor):
    """Answers with what it was asked, a number after so many seconds."""

    def receiveMsg_str(self, text: str, sender: ActorAddress) -> None:
        self.send(sender, text)

    def receiveMsg_float(self, seconds: float, sender: ActorAddress) -> None:
        time.sleep(seconds)
        self.send(sender, seconds)

    def receiveMsg_dict(self, message: dict[str, str], _sender: ActorAddress) -> None:
        raise ValueError(message["why"])

    def receiveMsg_list(self, _message: list[str], sender: ActorAddress) -> None:
        self.send(sender, "first")
        self.send(sender, "second")


class Writer(OutsideActor):
    """Writes into a file from its thread, slowly, when it is told to exit."""

    def receiveMsg_str(self, path: str, sender: ActorAddress) -> None:
        self.path = path
        self.send(sender, os.getpid())

    def receiveMsg_ActorExitRequest(self, _message: ActorExitRequest, _sender: object) -> None:
        path = self.path

        def write() -> None:
            time.sleep(SLOW_SECONDS)
            Path(path).write_text("written")

        self.outside.submit("write", write)

    def outcome(self, outcome: Outcome) -> None:
        """Nobody waits for it."""


def in_time() -> float:
    return time.monotonic() + 20


def late_answers(system: ProcessSystem) -> object:
    """Each question that times out is followed by one whose answer must be its own."""
    echo = system.create(Echo)
    seen: list[object] = []
    for n in range(5):
        try:
            seen.append(system.ask(echo, SLOW_SECONDS, time.monotonic() + SLOW_SECONDS / 5))
        except TimeoutError:
            seen.append("timeout")
        seen.append(system.ask(echo, f"question {n}", in_time()))
    return seen


def double_answers(system: ProcessSystem) -> object:
    """One that answers twice, and the question after it."""
    echo = system.create(Echo)
    questions: tuple[object, ...] = ([], "own", [], "own")
    return [system.ask(echo, question, in_time()) for question in questions]


def many_at_once(system: ProcessSystem) -> object:
    """Threads that ask beside each other get their own answers."""
    echo = system.create(Echo)
    questions = [f"question {n}" for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda each: system.ask(echo, each, in_time()), questions))
    return answers == questions


def dead_actor(system: ProcessSystem) -> object:
    """Long before the time that one would wait for it."""
    echo = system.create(Echo)
    system.tell(echo, ActorExitRequest())
    time.sleep(SLOW_SECONDS)
    try:
        return system.ask(echo, "anybody there?", in_time())
    except NobodyThereError:
        return "nobody there"


def failing_actor(system: ProcessSystem) -> object:
    """Its log has the error and not the message."""
    echo = system.create(Echo)
    answer = system.ask(echo, {"why": "a reason", "secret": "private data"}, in_time())
    return type(answer).__name__


def slow_end(system: ProcessSystem) -> object:
    """What the thread of an actor has begun at its exit is done before its process is gone."""
    writer = system.create(Writer)
    system.ask(writer, sys.argv[2] + ".written", in_time())
    return "asked"


SCENES = {
    scene.__name__: scene
    for scene in (late_answers, double_answers, many_at_once, dead_actor, failing_actor, slow_end)
}

if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="INFO", format="{name}: {message}", diagnose=False)
    with ProcessNote(sys.argv[2]) as own_note:
        with process_system(own_note, "INFO") as own_system:
            result = SCENES[sys.argv[1]](own_system)
        sys.stdout.write(json.dumps({"result": result, "left": own_note.processes()}) + "\n")

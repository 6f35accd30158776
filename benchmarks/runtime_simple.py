"""Thespian's own base that runs in one process, simpleSystemBase."""

import time

from thespian.actors import Actor, ActorAddress, ActorSystem

from benchmarks.runtime_thespian import ThespianSubject
from benchmarks.subject import FAR_SECONDS, LIMIT_SECONDS, PING


class SimpleBaseSubject(ThespianSubject):
    """A system that runs while `ask` and `listen` are called."""

    def __init__(self) -> None:
        self._system = ActorSystem("simpleSystemBase", logDefs=False, transientUnique=True)
        self.start()

    def create(self, actor_class: type[Actor]) -> ActorAddress:
        """Create an actor without a parent."""
        return self._system.createActor(actor_class)

    def ask(self, address: ActorAddress, message: object) -> object:
        """Ask as any program does."""
        return self._system.ask(address, message, LIMIT_SECONDS)

    def ask_one_after_another(self, address: ActorAddress, seconds: float) -> int:
        """Wait for an answer after the other."""
        answers = 0
        ends_at = time.perf_counter() + seconds
        while time.perf_counter() < ends_at:
            self._system.ask(address, PING, LIMIT_SECONDS)
            answers += 1
        return answers

    def run(self, seconds: float) -> None:
        """Listen, which is when wake-ups come."""
        self._system.listen(seconds)

    def populate(self, count: int) -> None:
        """Create actors first and arm their timers after that; see Subject.

        This base looks at every timer at every message, so that armed one by one, with an answer
        from each, 4,000 would take it a minute.
        """
        self.spawn(count)
        self.arm(time.monotonic() + FAR_SECONDS, spread_seconds=0)

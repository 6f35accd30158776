"""thespian_asyncio as it runs in production: in the running loop, with inspection on."""

import asyncio
import time

from thespian.actors import Actor, ActorAddress

from benchmarks.runtime_thespian import ThespianSubject
from benchmarks.subject import LIMIT_SECONDS, PING
from thespian_asyncio import ActorSystemBase


class EventLoopSubject(ThespianSubject):
    """A system in a loop that runs only while something is measured."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._base = self._runner.run(_new_base())
        self.start()

    def create(self, actor_class: type[Actor]) -> ActorAddress:
        """Create an actor without a parent."""
        return self._base.newPrimaryActor(actor_class)

    def ask(self, address: ActorAddress, message: object) -> object:
        """Ask as the gateway does."""
        return self._runner.run(self._base.ask_async(address, message, LIMIT_SECONDS))

    def ask_one_after_another(self, address: ActorAddress, seconds: float) -> int:
        """Await an answer after the other."""
        return self._runner.run(self._ask_for(address, seconds))

    def run(self, seconds: float) -> None:
        """Let the loop run."""
        self._runner.run(asyncio.sleep(seconds))

    async def _ask_for(self, address: ActorAddress, seconds: float) -> int:
        answers = 0
        ends_at = time.perf_counter() + seconds
        while time.perf_counter() < ends_at:
            await self._base.ask_async(address, PING, LIMIT_SECONDS)
            answers += 1
        return answers


async def _new_base() -> ActorSystemBase:
    return ActorSystemBase(None)

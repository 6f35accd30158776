import asyncio
import time

from thespian.actors import Actor, ActorAddress, ActorSystemMessage

from tests.thespian_asyncio.actors_for_tests import Echo, until
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.run_queue import MESSAGES_A_TURN, MESSAGES_A_VISIT


class Restless(Actor):
    """Sends itself two messages for each one it gets, up to a thousand in its mailbox."""

    waiting = 0

    def receiveMessage(self, msg: object, _sender: ActorAddress) -> object:
        if not isinstance(msg, ActorSystemMessage):
            self.waiting -= 1
            while self.waiting < 1000:
                self.waiting += 1
                self.send(self.myAddress, "again")
        return None


async def test_a_flood_does_not_starve_timers_and_sockets(base: ActorSystemBase) -> None:
    flooded = base.newPrimaryActor(Restless)
    base.tell_async(flooded, "start")
    late = []
    for _ in range(20):
        started = time.perf_counter()
        await asyncio.sleep(0.01)
        late.append(time.perf_counter() - started - 0.01)
    assert sorted(late)[10] < 0.1
    assert base.inspect().totals.handled > 10 * MESSAGES_A_TURN


async def test_a_full_mailbox_delays_another_actor_by_one_visit_only() -> None:
    order: list[object] = []

    class Noted(Echo):
        def receiveMessage(self, msg: object, _sender: ActorAddress) -> object:
            order.append(msg)
            return None

    base = ActorSystemBase(None)
    full, other = base.newPrimaryActor(Noted), base.newPrimaryActor(Noted)
    for _ in range(100):
        base.tell_async(full, "flood")
    base.tell_async(other, "one")
    base.tell_async(other, "two")
    await until(lambda: len(order) == 102)
    assert order.index("one") == MESSAGES_A_VISIT
    assert order.index("two") == MESSAGES_A_VISIT + 1
    await base.shutdown_async()


async def test_messages_and_callbacks_of_the_loop_take_turns() -> None:
    base = ActorSystemBase(None)
    base.tell_async(base.newPrimaryActor(Restless), "start")
    for _ in range(20):
        before = base.inspect().totals.handled
        await asyncio.sleep(0)
        assert base.inspect().totals.handled - before <= MESSAGES_A_TURN
    await base.shutdown_async()

"""What holds of any forest of actors, whatever they do to each other, against a plain model."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thespian.actors import ActorExitRequest

from tests.thespian_asyncio.forest import Arm, Node, Send, Spawn, Undertaker, World
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.testing import run_in_virtual_time

ROOTS = 2
MOMENT_SECONDS = 0.001  # of virtual time: it passes when nobody has anything to do any more
LONG_SECONDS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """End an actor."""

    actor: int
    recursive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Orders that are given at one moment, one exit among them, and a pause after them."""

    orders: list[tuple[int, Spawn | Send | Arm]]
    exit: Exit | None
    exit_after: int
    pause_seconds: float


actors = st.integers(0, 11)
sends = st.builds(
    Send,
    targets=st.lists(actors, min_size=1, max_size=12).map(tuple),
    failures=st.sampled_from([0, 0, 0, 1, 2]),
    then=st.none() | actors,
)
arms = st.builds(Arm, delay_seconds=st.sampled_from([0.0, 0.5, 0.5, 1.0, 2.5, 40.0]))
orders = st.tuples(actors, st.builds(Spawn, child=actors) | sends | arms)
bursts = st.builds(
    Burst,
    orders=st.lists(orders, max_size=10),
    exit=st.none() | st.builds(Exit, actor=actors, recursive=st.booleans()),
    exit_after=st.integers(0, 10),
    pause_seconds=st.sampled_from([0.0, 0.5, 0.7, 3.0]),
)


@dataclass(slots=True)
class Model:
    """Who must have ended, and who must have heard of whose exit."""

    ended: set[int] = field(default_factory=set)
    heard: list[tuple[int, int]] = field(default_factory=list)

    def exit(self, world: World, actor: int, *, recursive: bool) -> None:
        """End an actor and, where that is recursive, all below it first."""
        if actor in self.ended:
            return
        children = [child for child, parent in world.parents.items() if parent == actor]
        for child in children if recursive else ():
            self.exit(world, child, recursive=True)
        self.ended.add(actor)
        parent = world.parents[actor]
        if parent is not None and parent not in self.ended:
            self.heard.append((parent, actor))


async def _run(base: ActorSystemBase, script: list[Burst]) -> tuple[World, Model]:
    world, model = World(), Model()
    node = type("NodeOfRun", (Node,), {"world": world})
    undertaker = base.newPrimaryActor(type("UndertakerOfRun", (Undertaker,), {"world": world}))
    await base.ask_async(undertaker, "start", 1)
    for number in range(ROOTS):
        world.addresses[number] = base.newPrimaryActor(node)
        world.parents[number] = None
        base.tell_async(world.addresses[number], number)
    for burst in script:
        ended = _give_orders(base, world, burst)
        await asyncio.sleep(MOMENT_SECONDS)
        if ended is not None:
            model.exit(world, ended.actor, recursive=ended.recursive)
        living = world.armed.keys() - model.ended
        left = sum(len(world.armed[actor]) - len(world.woken[actor]) for actor in living)
        assert base.inspect().totals.pending_timers == left
        await asyncio.sleep(burst.pause_seconds)
    await asyncio.sleep(LONG_SECONDS)
    return world, model


def _give_orders(base: ActorSystemBase, world: World, burst: Burst) -> Exit | None:
    given = None
    for place in range(len(burst.orders) + 1):
        if burst.exit is not None and place == min(burst.exit_after, len(burst.orders)):
            address = world.addresses.get(burst.exit.actor)
            if address is not None:
                base.tell_async(address, ActorExitRequest(recursive=burst.exit.recursive))
                given = burst.exit
        if place < len(burst.orders):
            actor, order = burst.orders[place]
            if actor in world.addresses:
                base.tell_async(world.addresses[actor], order)
    return given


def _check_notes(world: World) -> None:
    for pair, sent in world.sent.items():
        assert world.handled[pair] + world.dead[pair] == sent, "each once, in order, till the end"
    handled = {number for numbers in world.handled.values() for number in numbers}
    assert world.runs == {n: 2 if world.notes[n].failures else 1 for n in handled}


def _check_poisons(world: World) -> None:
    expected = sorted(n for n in world.runs if world.notes[n].failures == 2)
    heard = [number for _, number in world.poisoned]
    assert sorted(heard + world.dead_poisons) == expected
    assert all(actor == world.notes[number].source for actor, number in world.poisoned)


def _check_exits(base: ActorSystemBase, world: World, model: Model) -> None:
    numbers = {address.actorAddressString: n for n, address in world.addresses.items()}
    living = {numbers[key] for key in base._engine.cells if key in numbers}
    assert living == world.parents.keys() - model.ended
    heard = [(parent, numbers[child]) for parent, child in world.heard]
    assert sorted(heard) == sorted(model.heard)
    gone: set[int] = set()
    for parent, child in heard:
        assert parent not in gone, "nobody hears anything after its own exit was heard of"
        gone.add(child)


def _check_timers(base: ActorSystemBase, world: World) -> None:
    assert world.woken_early == []
    assert base.inspect().totals.pending_timers == 0
    for actor, armed in world.armed.items():
        in_order = sorted(armed, key=lambda timer: (timer.due_at, timer.number))
        woken = world.woken[actor]
        assert woken == in_order[: len(woken)]
        ended_at = world.exit_begun_at.get(actor, float("inf"))
        assert all(timer.due_at >= ended_at for timer in in_order[len(woken) :])
        assert all(timer.due_at <= ended_at for timer in woken)


@pytest.mark.parametrize("pickled", [False, True], ids=["by reference", "pickled"])
@settings(max_examples=150, deadline=None)
@given(script=st.lists(bursts, max_size=8))
def test_any_forest_behaves_as_the_model_says(pickled: bool, script: list[Burst]) -> None:
    async def run() -> None:
        base = ActorSystemBase(None, pickle_messages=pickled)
        world, model = await _run(base, script)
        _check_notes(world)
        _check_poisons(world)
        _check_exits(base, world, model)
        _check_timers(base, world)
        no_actors = {"/ActorSys", base._main.address.addressDetails}
        assert base._engine.receivers.keys() == base._engine.cells.keys() | no_actors
        assert await base.shutdown_async()

    run_in_virtual_time(run())

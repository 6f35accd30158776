import asyncio
import gc
import weakref

import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystemFailure

from tests.thespian_asyncio.actors_for_tests import Create, Echo, Recorder, Unborn, Wake, until
from thespian_asyncio import ActorSystemBase


async def _created(base: ActorSystemBase, parent: ActorAddress, message: Create) -> ActorAddress:
    address = await base.ask_async(parent, message, 5)
    assert isinstance(address, ActorAddress)
    return address


async def _until_actors(base: ActorSystemBase, count: int) -> None:
    await until(lambda: base.inspect().totals.actors == count)


async def test_a_parent_hears_of_the_exit_of_its_child(base: ActorSystemBase) -> None:
    parent = base.newPrimaryActor(Recorder)
    child = await _created(base, parent, Create(actor_class=Echo))
    base.tell_async(child, ActorExitRequest())
    await _until_actors(base, 1)
    assert await base.ask_async(parent, "tell", 5) == ["ChildActorExited"]


async def test_a_recursive_exit_ends_the_descendants_first(base: ActorSystemBase) -> None:
    order: list[str] = []

    class Named(Recorder):
        def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
            if isinstance(msg, ActorExitRequest):
                order.append(f"asked {self.globalName}")
            elif type(msg).__name__ == "ChildActorExited":
                order.append(f"{self.globalName} lost a child")
            return super().receiveMessage(msg, sender)

    top = base.newPrimaryActor(Named, None, "top")
    middle = await _create_in(base, top, "middle", Named)
    await _create_in(base, middle, "leaf", Named)
    base.tell_async(top, ActorExitRequest())
    await _until_actors(base, 0)
    assert order == [
        "asked top",
        "asked middle",
        "asked leaf",
        "middle lost a child",
        "top lost a child",
    ]


async def _create_in(
    base: ActorSystemBase, parent: ActorAddress, name: str, actor_class: type[Actor]
) -> ActorAddress:
    # The class is local to its test and cannot be pickled: it goes to the parent directly.
    cell = base._engine.cells[parent.addressDetails]
    assert cell.instance is not None
    return cell.instance.createActor(actor_class, globalName=name)


async def test_an_exit_that_is_not_recursive_leaves_the_children_alive(
    base: ActorSystemBase,
) -> None:
    parent = base.newPrimaryActor(Recorder)
    child = await _created(base, parent, Create(actor_class=Echo))
    base.tell_async(parent, ActorExitRequest(recursive=False))
    await _until_actors(base, 1)
    assert await base.ask_async(child, "alive", 5) == "alive"


async def test_an_exited_actor_leaves_nothing_behind() -> None:
    base = ActorSystemBase(None)
    parent = base.newPrimaryActor(Recorder)
    await base.ask_async(parent, "tell", 5)
    engine = base._engine
    receivers = len(engine.receivers)
    child = await _created(base, parent, Create(actor_class=Recorder, global_name="the one"))
    base.tell_async(child, Wake(delays_seconds=(1000.0,)))
    await base.ask_async(child, "tell", 5)
    engine.handle_dead_letters(child, start=True)
    cell = engine.cells[child.addressDetails]
    assert cell.instance is not None
    instance = weakref.ref(cell.instance)
    del cell
    gc.disable()
    try:
        base.tell_async(child, ActorExitRequest())
        await _until_actors(base, 1)
        await base.ask_async(parent, "tell", 5)
        assert instance() is None, "freed without the garbage collector"
    finally:
        gc.enable()
    assert len(engine.receivers) == receivers
    assert engine.global_names == {}
    assert engine.dead_letter_handler is None
    assert engine.cells[parent.addressDetails].children == set()
    assert engine.timers.pending == 0
    await base.shutdown_async()


async def test_a_global_name_belongs_to_one_actor_until_it_exits(base: ActorSystemBase) -> None:
    first = base.newPrimaryActor(Echo, None, "ledger")
    parent = base.newPrimaryActor(Recorder)
    again = await _created(base, parent, Create(actor_class=Recorder, global_name="ledger"))
    assert again == first
    base.tell_async(first, ActorExitRequest())
    await _until_actors(base, 1)
    assert base.newPrimaryActor(Echo, None, "ledger") != first


async def test_a_child_that_cannot_be_made_is_told_to_its_parent_as_exited(
    base: ActorSystemBase,
) -> None:
    parent = base.newPrimaryActor(Recorder)
    await _created(base, parent, Create(actor_class=Unborn))
    assert await base.ask_async(parent, "tell", 5) == ["ChildActorExited"]
    assert base.inspect().totals.actors == 1


async def test_a_primary_actor_that_cannot_be_made_raises_what_its_class_raised(
    base: ActorSystemBase,
) -> None:
    with pytest.raises(ValueError, match="not to be born"):
        base.newPrimaryActor(Unborn)


async def test_a_shutdown_ends_everyone_and_the_asks_that_wait() -> None:
    base = ActorSystemBase(None)
    silent = base.newPrimaryActor(Recorder)
    waiting = asyncio.ensure_future(base.ask_async(silent, "hello", 60))
    await asyncio.sleep(0)
    assert await base.shutdown_async()
    with pytest.raises(ActorSystemFailure, match="shut down"):
        await waiting
    assert base.inspect().totals.actors == 0
    with pytest.raises(ActorSystemFailure, match="shut down"):
        base.newPrimaryActor(Echo)
    assert await base.shutdown_async(), "a second one does nothing"


async def test_orphans_end_at_the_shutdown_too(base: ActorSystemBase) -> None:
    parent = base.newPrimaryActor(Recorder)
    await _created(base, parent, Create(actor_class=Echo))
    base.tell_async(parent, ActorExitRequest(recursive=False))
    await _until_actors(base, 1)
    assert await base.shutdown_async(timeout_seconds=5)


async def test_an_abandoned_system_runs_no_handler_any_more() -> None:
    ran: list[object] = []

    class Late(Echo):
        def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
            ran.append(msg)
            return None

    base = ActorSystemBase(None)
    base.tell_async(base.newPrimaryActor(Late), "hello")
    base.abandon()
    await asyncio.sleep(0.01)
    assert ran == []
    assert base.inspect().totals.actors == 0

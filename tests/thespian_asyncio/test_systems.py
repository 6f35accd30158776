"""What concerns a system as a whole: its capabilities, and other systems in its process."""

import asyncio
import sys

import pytest
from thespian.actors import (
    ActorAddress,
    ActorSystem,
    NoCompatibleSystemForActor,
    PoisonMessage,
    requireCapability,
)

from tests.thespian_asyncio.actors_for_tests import Create, Echo, Failing, Forward, Recorder, until
from thespian_asyncio import ActorSystemBase


@requireCapability("red")
class Red(Echo):
    """Lives only where there is red."""


class ByRequirement(Echo):
    """Lives where the capability that its creator names is there."""

    @staticmethod
    def actorSystemCapabilityCheck(  # noqa: N802 - Thespian's name
        capabilities: dict[str, object], requirements: dict[str, str]
    ) -> bool:
        return requirements["colour"] in capabilities


class Doubtful(Echo):
    """Its check fails once there is blue."""

    @staticmethod
    def actorSystemCapabilityCheck(  # noqa: N802 - Thespian's name
        capabilities: dict[str, object], _requirements: dict[str, str]
    ) -> bool:
        if "blue" in capabilities:
            raise KeyError("blue")
        return True


class Quitter(Echo):
    """Calls sys.exit at "quit", the second time only at "quit later"."""

    runs = 0

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        if msg == "quit later":
            self.runs += 1
            if self.runs == 1:
                raise ValueError(msg)
        if isinstance(msg, str) and msg.startswith("quit"):
            sys.exit(3)
        return super().receiveMessage(msg, sender)


async def test_an_actor_exits_when_the_system_is_no_longer_for_it(base: ActorSystemBase) -> None:
    with pytest.raises(NoCompatibleSystemForActor):
        base.newPrimaryActor(Red)
    base.updateCapability("red", value=True)
    parent, blue = base.newPrimaryActor(Recorder), base.newPrimaryActor(Echo)
    child = await base.ask_async(parent, Create(actor_class=Red), 5)
    assert await base.ask_async(parent, Create(actor_class=ByRequirement), 5) != child
    base.newPrimaryActor(ByRequirement, {"colour": "red"})
    base.updateCapability("green", value=True)
    assert base.inspect().totals.actors == 4
    base.updateCapability("red")
    await until(lambda: base.inspect().totals.actors == 2)
    # The first was never made: it was created without the requirement that its check needs.
    assert await base.ask_async(parent, "tell", 5) == ["ChildActorExited", "ChildActorExited"]
    assert await base.ask_async(blue, "still here", 5) == "still here"


async def test_an_actor_whose_check_fails_stays(base: ActorSystemBase) -> None:
    doubtful = base.newPrimaryActor(Doubtful)
    base.updateCapability("blue", value=True)
    assert await base.ask_async(doubtful, "hello", 5) == "hello"


async def test_a_capability_that_is_taken_away_twice_is_gone(base: ActorSystemBase) -> None:
    base.updateCapability("red", value=1)
    base.updateCapability("red")
    base.updateCapability("red")
    assert "red" not in base.capabilities


@pytest.mark.parametrize("word", ["quit", "quit later"])
async def test_an_actor_that_calls_sys_exit_exits_alone(base: ActorSystemBase, word: str) -> None:
    parent = base.newPrimaryActor(Recorder)
    child = await base.ask_async(parent, Create(actor_class=Quitter), 5)
    assert isinstance(child, ActorAddress)
    base.tell_async(child, word)
    await until(lambda: base.inspect().totals.actors == 1)
    assert await base.ask_async(parent, "tell", 5) == ["ChildActorExited"]


async def test_actors_of_two_systems_in_one_loop_write_to_each_other(base: ActorSystemBase) -> None:
    other = ActorSystemBase(None)
    here, there = base.newPrimaryActor(Recorder), other.newPrimaryActor(Recorder)
    for number in range(100):
        base.tell_async(here, Forward(target=there, message=number))
    await until(lambda: other.inspect().totals.handled == 100)
    assert await other.ask_async(there, "tell", 5) == list(range(100))
    assert await base.ask_async(other.newPrimaryActor(Echo), "over there", 5) == "over there"
    poison = await base.ask_async(other.newPrimaryActor(Failing), "fail", 5)
    assert isinstance(poison, PoisonMessage)
    await other.shutdown_async()


def test_a_thread_hears_answers_of_a_system_in_another_thread() -> None:
    one, two = (ActorSystem(systemBase=ActorSystemBase(None), transientUnique=True) for _ in "12")
    echo = two.createActor(Echo)
    assert one.ask(echo, "hello", 5) == "hello"
    two.shutdown()
    assert one.ask(echo, "hello", 0.05) is None
    one.shutdown()


async def test_what_is_sent_to_a_system_that_is_gone_is_a_dead_letter(
    base: ActorSystemBase,
) -> None:
    other = await asyncio.to_thread(ActorSystemBase, None)
    gone = other.newPrimaryActor(Echo)
    await asyncio.to_thread(other.shutdown)
    base.tell_async(gone, "hello")
    base.tell_async(ActorAddress("nobody's"), "hello")
    assert base.inspect().totals.dead_letters == 2

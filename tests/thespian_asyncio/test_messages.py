import asyncio
import threading

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, DeadEnvelope, PoisonMessage

from tests.thespian_asyncio.actors_for_tests import AnswerTo, Echo, Failing, Forward, Recorder
from thespian_asyncio import ActorSystemBase


async def test_messages_between_two_actors_arrive_in_the_order_of_sending(
    base: ActorSystemBase,
) -> None:
    receiver, one, two = (base.newPrimaryActor(Recorder) for _ in range(3))
    for number in range(500):
        base.tell_async(one, Forward(target=receiver, message=("one", number)))
        base.tell_async(two, Forward(target=receiver, message=("two", number)))
    got = await _settled(base, receiver, 1000)
    assert [n for who, n in got if who == "one"] == list(range(500))
    assert [n for who, n in got if who == "two"] == list(range(500))


async def _settled(
    base: ActorSystemBase, receiver: ActorAddress, count: int
) -> list[tuple[str, int]]:
    async with asyncio.timeout(5):
        while True:
            got = await base.ask_async(receiver, "tell", 5)
            assert isinstance(got, list)
            if len(got) >= count:
                return got


async def test_an_ask_gets_its_own_answer_whatever_else_is_asked(base: ActorSystemBase) -> None:
    echo = base.newPrimaryActor(Echo)
    answers = await asyncio.gather(*(base.ask_async(echo, n, 5) for n in range(300)))
    assert answers == list(range(300))


async def test_an_ask_without_an_answer_times_out(base: ActorSystemBase) -> None:
    silent = base.newPrimaryActor(Recorder)
    with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
        await base.ask_async(silent, "hello", 0.01)


async def test_a_second_answer_is_a_dead_letter(base: ActorSystemBase) -> None:
    first, second = base.newPrimaryActor(Recorder), base.newPrimaryActor(Recorder)

    class Both(Echo):
        def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
            if msg == "both":
                self.send(first, AnswerTo(reply_to=sender, message="answer"))
                self.send(second, AnswerTo(reply_to=sender, message="answer"))
            return None

    assert await base.ask_async(base.newPrimaryActor(Both), "both", 5) == "answer"
    await base.ask_async(first, "tell", 5)
    await base.ask_async(second, "tell", 5)
    assert base.inspect().totals.dead_letters == 1


async def test_a_message_that_fails_once_is_handled_by_its_repetition(
    base: ActorSystemBase,
) -> None:
    failing = base.newPrimaryActor(Failing)
    assert await base.ask_async(failing, "fail once", 5) == "done"
    assert await base.ask_async(failing, "runs", 5) == 2


async def test_a_message_that_fails_twice_comes_back_as_poison(base: ActorSystemBase) -> None:
    failing = base.newPrimaryActor(Failing)
    poison = await base.ask_async(failing, "fail", 5)
    assert isinstance(poison, PoisonMessage)
    assert poison.poisonMessage == "fail"
    assert "ValueError: fail" in str(poison.details)
    assert await base.ask_async(failing, "runs", 5) == 2
    assert base.inspect().totals.poisons == 1


async def test_poison_goes_to_the_actor_that_sent_the_message(base: ActorSystemBase) -> None:
    sender, failing = base.newPrimaryActor(Recorder), base.newPrimaryActor(Failing)
    base.tell_async(sender, Forward(target=failing, message="fail"))
    await base.ask_async(failing, "runs", 5)
    await base.ask_async(failing, "runs", 5)
    assert await base.ask_async(sender, "tell", 5) == [("poison", "fail")]


async def test_a_message_to_nobody_goes_to_the_dead_letter_handler(base: ActorSystemBase) -> None:
    class Undertaker(Recorder):
        def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
            if msg == "start":
                self.handleDeadLetters()
                self.send(sender, "started")
                return None
            if isinstance(msg, DeadEnvelope):
                self.got.append((msg.deadAddress.actorAddressString, msg.deadMessage))
                return None
            return super().receiveMessage(msg, sender)

    undertaker, gone = base.newPrimaryActor(Undertaker), base.newPrimaryActor(Echo)
    await base.ask_async(undertaker, "start", 5)
    base.tell_async(gone, ActorExitRequest())
    base.tell_async(gone, "too late")
    await base.ask_async(undertaker, "tell", 5)
    base.tell_async(gone, "far too late")
    letters = await base.ask_async(undertaker, "tell", 5)
    name = gone.actorAddressString
    assert letters == [(name, "too late"), (name, "far too late")]


async def test_pickled_messages_are_copies_and_refuse_what_cannot_be_sent_to_a_process() -> None:
    base = ActorSystemBase(None, pickle_messages=True)
    recorder = base.newPrimaryActor(Recorder)
    sent = ["list"]
    base.tell_async(recorder, sent)
    sent.append("changed")
    assert await base.ask_async(recorder, "tell", 5) == [["list"]]
    with pytest.raises(TypeError, match="pickle"):
        base.tell_async(recorder, threading.Lock())
    await base.shutdown_async()


async def test_messages_are_passed_by_reference_unless_told_otherwise() -> None:
    base = ActorSystemBase(None)
    sent = object()
    assert await base.ask_async(base.newPrimaryActor(Echo), sent, 5) is sent
    await base.shutdown_async()

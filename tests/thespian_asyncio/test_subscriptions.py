import asyncio

import pytest
from thespian.actors import ActorSystemFailure, PoisonMessage

from tests.thespian_asyncio.actors_for_tests import AnswerTo, Recorder
from thespian_asyncio import ActorSystemBase


async def test_a_subscription_gets_what_actors_send_to_it_in_order(base: ActorSystemBase) -> None:
    actor = base.newPrimaryActor(Recorder)
    with base.subscribe() as news:
        for number in range(100):
            base.tell_async(actor, AnswerTo(reply_to=news.address, message=number))
        assert [await anext(news) for _ in range(100)] == list(range(100))
        base.tell_async(actor, AnswerTo(reply_to=news.address, message=PoisonMessage("p")))
        assert isinstance(await anext(news), PoisonMessage)


async def test_a_closed_subscription_ends_behind_its_last_message(base: ActorSystemBase) -> None:
    actor = base.newPrimaryActor(Recorder)
    news = base.subscribe()
    base.tell_async(actor, AnswerTo(reply_to=news.address, message="last"))
    await base.ask_async(actor, "tell", 5)
    news.close()
    news.close()
    base.tell_async(actor, AnswerTo(reply_to=news.address, message="too late"))
    await base.ask_async(actor, "tell", 5)
    assert [message async for message in news] == ["last"]
    assert [message async for message in news] == []
    assert base.inspect().totals.dead_letters == 1


async def test_who_reads_is_let_go_at_the_shutdown() -> None:
    base = ActorSystemBase(None)
    news = base.subscribe()

    async def read() -> list[object]:
        return [message async for message in news]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    await base.shutdown_async()
    assert await asyncio.wait_for(reading, 5) == []
    with pytest.raises(ActorSystemFailure):
        base.subscribe()

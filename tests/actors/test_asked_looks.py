"""Looks that somebody waits for: when they are made, and whom they answer."""

import asyncio
from datetime import timedelta

import pytest

from actors.messages import NothingSeen, WatchAddress
from payments.chain import ChainUnavailableError
from tests.actors.watcher_stage import START, Stage, block, paid, play, seconds_of, watched


def test_question_is_answered_after_the_first_look_that_begins_late_enough() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched())
        stage.ask_for_look(not_before_seconds=20)
        await stage.until(19)
        assert stage.to_order == []
        await stage.until(50)
        assert stage.to_order == [nothing_seen(began_seconds=20)]
        assert stage.seen == []

    play(scene)


def test_question_is_not_answered_by_a_look_that_was_under_way() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 5.0
        stage.start(block(100), watched())
        await stage.until(12)
        stage.ask_for_look(not_before_seconds=12)
        await stage.until(18)
        assert stage.to_order == []
        await stage.until(26)
        assert stage.to_order == [nothing_seen(began_seconds=20)]

    play(scene)


def test_question_about_an_address_that_is_new_waits_for_a_look_at_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 5.0
        stage.start(block(100))
        await stage.until(12)
        stage.ask_for_look()
        stage.tell(WatchAddress(watched=watched()))
        await stage.until(26)
        assert stage.to_order == [nothing_seen(began_seconds=20)]

    play(scene)


@pytest.mark.parametrize("trouble", ["error", "incomplete"])
def test_question_is_answered_only_by_a_look_that_succeeded_and_is_complete(trouble: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.error = ChainUnavailableError("no node") if trouble == "error" else None
        stage.chain.complete, stage.chain.takes_seconds = trouble != "incomplete", 1.0
        stage.start(block(100), watched())
        stage.ask_for_look()
        await stage.until(5)
        assert stage.to_order == []
        stage.chain.error, stage.chain.complete = None, True
        await stage.until(30)
        assert len(stage.to_order) == 1

    play(scene)


def test_question_about_an_address_with_a_payment_is_answered_to_the_shop() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.mempool = [paid()]
        stage.start(block(100), watched())
        await stage.until(1)
        stage.take(stage.seen[0])
        stage.ask_for_look(not_before_seconds=2)
        await stage.until(11)
        assert [seconds_of(each.began_at) for each in stage.seen] == [0, 10]
        assert stage.to_order == []

    play(scene)


def test_question_makes_a_look_at_once_where_the_backend_can_be_asked_at_any_time() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched(), asked_seconds=0.25)
        await stage.until(3)
        stage.ask_for_look(not_before_seconds=3.5)
        await stage.until(5)
        assert stage.to_order == [nothing_seen(began_seconds=3.5)]
        await stage.until(24)
        assert stage.chain.began == [0.0, 3.5, 13.5, 23.5]

    play(scene)


def test_one_look_answers_all_who_asked_before_it_began() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 1.0
        stage.start(block(100), watched(), asked_seconds=0.25)
        await stage.until(3)
        for seconds in range(3):
            stage.ask_for_look(not_before_seconds=seconds)
        await stage.until(3.75)
        # While that look is under way: the next one is theirs.
        stage.ask_for_look(not_before_seconds=3.75)
        stage.ask_for_look(not_before_seconds=4)
        await stage.until(8)
        assert stage.chain.began == [0.0, 3.5, 4.5]
        assert [seconds_of(each.began_at) for each in stage.to_order] == [3.5] * 3 + [4.5] * 2

    play(scene)


def test_looks_that_are_asked_for_keep_their_distance() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched(), asked_seconds=0.25)
        await stage.until(3)
        for number in range(10):
            stage.ask_for_look(not_before_seconds=number / 100)
            await asyncio.sleep(0.05)
        await stage.until(8)
        assert stage.chain.began == [0.0, 3.5, 3.75, 4.0]

    play(scene)


def test_nobody_who_asks_shortens_the_back_off_after_a_failure() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.error = ChainUnavailableError("the node is away")
        stage.start(block(100), watched(), asked_seconds=0.25)
        await stage.until(2)
        stage.ask_for_look()
        await stage.until(9)
        assert stage.chain.began == [0.0]

    play(scene)


def nothing_seen(*, began_seconds: float) -> NothingSeen:
    began_at = START + timedelta(seconds=began_seconds)
    return NothingSeen(order_id=7, address="A", began_at=began_at)

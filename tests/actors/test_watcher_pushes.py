"""A watcher whose backend tells of news, in virtual time."""

import pytest

from payments.chain import ChainUnavailableError
from tests.actors.watcher_stage import Stage, block, paid, play, watched


def test_news_is_looked_at_at_once_and_the_poll_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        stage.start(block(100), watched())
        await stage.until(3)
        stage.chain.mempool = [paid()]
        stage.chain.news.put_nowait(None)
        await stage.until(4)
        assert stage.chain.began == [0, 3.5]
        assert [each.address for each in stage.seen] == ["A"]
        await stage.until(34)
        assert stage.chain.began == [0, 3.5, 13.5, 23.5, 33.5]

    play(scene)


def test_news_that_comes_during_a_look_is_looked_at_after_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        stage.chain.takes_seconds = 2.0
        stage.start(block(100), watched())
        stage.chain.news.put_nowait(None)
        stage.chain.news.put_nowait(None)
        await stage.until(5)
        assert stage.chain.began == [0, 2]

    play(scene)


def test_much_news_leads_to_looks_that_keep_apart() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        stage.start(block(100), watched())
        await stage.until(1)
        for _ in range(100):
            stage.chain.news.put_nowait(None)
        await stage.until(2)
        assert len(stage.chain.began) <= 4

    play(scene)


@pytest.mark.parametrize("error", [ChainUnavailableError("away"), RuntimeError("broken")])
def test_pushes_that_break_are_asked_for_again_and_later_each_time(error: Exception) -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        for _ in range(3):
            stage.chain.news.put_nowait(error)
        stage.start(block(100), watched())
        listened = []
        for seconds in (0, 1, 3, 7):
            await stage.until(seconds)
            listened.append(stage.chain.listened)
        assert listened == [1, 2, 3, 4]
        assert stage.chain.began == [0]
        assert not any(stage.health)
        stage.chain.news.put_nowait(None)
        await stage.until(8)
        assert len(stage.chain.began) == 2

    play(scene)


def test_backend_that_does_not_push_is_not_listened_to() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched())
        await stage.until(12)
        assert stage.chain.listened == 0

    play(scene)


def test_news_does_not_shorten_the_pause_after_a_failure() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        stage.chain.error = ChainUnavailableError("away")
        stage.start(block(100), watched())
        await stage.until(2)
        stage.chain.news.put_nowait(None)
        await stage.until(9)
        assert stage.chain.began == [0]

    play(scene)


def test_time_until_a_payment_was_noticed_is_counted() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.pushes = True
        stage.start(block(100), watched())
        await stage.until(3)
        stage.chain.mempool = [paid()]
        stage.chain.news.put_nowait(None)
        await stage.until(4)
        stage.take(stage.seen[0])
        await stage.until(5)
        (inspected,) = stage.base.inspect(kind="chain_watcher").actors
        counts = inspected.details["noticed_within_seconds"]
        assert isinstance(counts, dict)
        assert {bound: count for bound, count in counts.items() if count} == {"1": 1}

    play(scene)

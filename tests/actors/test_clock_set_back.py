"""The machine's clock is set back while a pause is under way."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.actors.conftest import Play
from tests.actors.outside_world import START, LoopClock
from tests.actors.test_store_trouble import Trouble, health
from tests.actors.world import BOB, World

BACK = timedelta(hours=1)


class Steps:
    """The clock of the machine, that can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by = timedelta()
        steps = self

        def now(_: LoopClock) -> datetime:
            return START + steps.by + timedelta(seconds=asyncio.get_running_loop().time())

        monkeypatch.setattr(LoopClock, "now", now)


def test_store_is_tried_again_although_the_clock_was_set_back(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Steps(monkeypatch)

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        order = await world.order()
        trouble = Trouble(world)
        await world.pay(order)
        clock.by -= BACK
        trouble.is_over = True
        await asyncio.sleep(300)
        try:
            assert (await health(world)).store_trouble == ""
        finally:
            await asyncio.sleep(3700)

    play(scene)


def test_pool_that_died_is_back_although_the_clock_was_set_back(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Steps(monkeypatch)

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        world.kill("inventory")
        await asyncio.sleep(0.5)
        clock.by -= BACK
        await asyncio.sleep(300)
        try:
            assert len(world.actors("inventory")) == 1
            await world.order(BOB)
        finally:
            await asyncio.sleep(3700)

    play(scene)


def test_ledger_that_died_is_back_although_the_clock_was_set_back(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Steps(monkeypatch)

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        world.kill("ledger")
        await asyncio.sleep(0.5)
        clock.by -= BACK
        await asyncio.sleep(300)
        try:
            assert (await health(world)).why_not_ready == ""
        finally:
            await asyncio.sleep(3700)

    play(scene)

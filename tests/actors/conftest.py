"""Scenes with the whole shop in virtual time, and what must hold after each of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actors.invariants import assert_healthy, assert_sound
from tests.actors.world import Scene, World
from thespian_asyncio.testing import run_in_virtual_time

Play = Callable[[Scene], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Play a scene in a shop of its own, stop it in order, and look at what it left."""

    def played(scene: Scene) -> None:
        async def run() -> None:
            world = World(tmp_path)
            await scene(world)
            assert_healthy(world)
            await world.stop()
            assert_sound(world)

        run_in_virtual_time(run())

    return played

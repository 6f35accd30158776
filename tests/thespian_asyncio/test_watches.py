import asyncio
import os
from collections.abc import Iterator

import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ThespianWatch, WatchMessage

from thespian_asyncio import ActorSystemBase


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


class Watcher(Actor):
    """Watches the descriptor that it is told; reads it dry, or not; counts its WatchMessages."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[bytes] = []
        self.watch: ThespianWatch | None = None

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        if isinstance(msg, int):
            self.watch = ThespianWatch([msg])
        elif isinstance(msg, WatchMessage):
            self.read.extend(os.read(descriptor, 100) for descriptor in msg.ready)
        elif msg == "deaf":
            return None
        elif msg == "read":
            self.send(sender, list(self.read))
        return self.watch


async def _eventually_read(base: ActorSystemBase, watcher: ActorAddress, count: int) -> object:
    async with asyncio.timeout(5):
        while True:
            read = await base.ask_async(watcher, "read", 5)
            assert isinstance(read, list)
            if len(read) >= count:
                return read
            await asyncio.sleep(0.001)


async def test_a_watched_descriptor_brings_a_message_each_time_it_is_readable(
    base: ActorSystemBase, pipe: tuple[int, int]
) -> None:
    watcher = base.newPrimaryActor(Watcher)
    base.tell_async(watcher, pipe[0])
    await base.ask_async(watcher, "read", 5)
    os.write(pipe[1], b"one")
    assert await _eventually_read(base, watcher, 1) == [b"one"]
    os.write(pipe[1], b"two")
    assert await _eventually_read(base, watcher, 2) == [b"one", b"two"]


async def test_a_handler_that_returns_none_ends_the_watch(
    base: ActorSystemBase, pipe: tuple[int, int]
) -> None:
    watcher = base.newPrimaryActor(Watcher)
    base.tell_async(watcher, pipe[0])
    base.tell_async(watcher, "deaf")
    await asyncio.sleep(0.01)
    os.write(pipe[1], b"unheard")
    await asyncio.sleep(0.02)
    assert base.inspect().actors[0].handled == 2
    assert not base.loop.remove_reader(pipe[0]), "no reader is left in the loop"


async def test_an_exit_ends_the_watch(base: ActorSystemBase, pipe: tuple[int, int]) -> None:
    watcher = base.newPrimaryActor(Watcher)
    base.tell_async(watcher, pipe[0])
    base.tell_async(watcher, ActorExitRequest())
    await asyncio.sleep(0.01)
    assert base._engine.watches._owners == {}
    assert not base.loop.remove_reader(pipe[0])


async def test_a_closed_descriptor_is_refused_and_the_actor_lives_on(
    base: ActorSystemBase, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    watcher = base.newPrimaryActor(Watcher)
    base.tell_async(watcher, reader)
    assert await base.ask_async(watcher, "read", 5) == []
    assert f"cannot watch descriptor {reader}" in caplog.text

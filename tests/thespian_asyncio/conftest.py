"""Fixtures for the tests of the event-loop base."""

from collections.abc import AsyncIterator

import pytest

from thespian_asyncio import ActorSystemBase


@pytest.fixture(params=[False, True], ids=["by reference", "pickled"])
async def base(request: pytest.FixtureRequest) -> AsyncIterator[ActorSystemBase]:
    """Give a system in the loop of the test, once with and once without pickled messages."""
    system = ActorSystemBase(None, pickle_messages=request.param)
    yield system
    assert await system.shutdown_async(timeout_seconds=5)

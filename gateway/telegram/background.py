"""Work that a command begins and that takes longer than a person should be kept waiting."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

from aiogram.exceptions import AiogramError
from loguru import logger


class Background:
    """What is under way; ended with the bot."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Do this beside what is handled."""
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all of it."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _guarded(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except AiogramError as error:
        # Its text may hold an address with the token.
        logger.warning("what was done beside could not be told: {}", type(error).__name__)
    except Exception as error:  # noqa: BLE001 - nobody else would say so
        logger.opt(exception=error).error("what was done beside broke")

"""The end of what an actor holds outside."""

import asyncio
from typing import Protocol


class Closable(Protocol):
    """Something with a connection."""

    async def close(self) -> None:
        """End the connection; called again where it was cut short."""
        ...


async def close_for_good(held: Closable) -> None:
    """End its connection, also where the executor, which closes too, cuts that short once."""
    try:
        await held.close()
    except asyncio.CancelledError:
        await held.close()
        raise

"""Reading many addresses at an Esplora server in one look, some at once.

What goes wrong with one address is no news of the others: a shopper can send so many transactions
to the address of an order that no server gives its history any more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from loguru import logger

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import ChainRefusedError, ChainUnavailableError, Found, Known
from payments.esplora_http import (
    AT_ONCE,
    EsploraConnection,
    EsploraError,
    LeftAloneError,
    SpentError,
)
from payments.esplora_reading import EsploraReader
from payments.patience import Patience


def unreadable(server_name: str) -> ChainUnavailableError:
    """What to raise for it."""
    return ChainUnavailableError(
        f"{server_name} gives answers that are not those of an Esplora API"
    )


class EsploraReading:
    """What one look has read so far, and how it failed."""

    def __init__(
        self,
        reader: EsploraReader,
        connection: EsploraConnection,
        addresses: Mapping[str, Known],
        *,
        began_at: datetime,
        server_name: str,
    ) -> None:
        self._reader = reader
        self._server_name = server_name
        self._connection = connection
        self._addresses = addresses
        self._began_at = began_at
        self._receipts: dict[str, tuple[Found, ...]] = {}
        self.troubles: dict[str, EsploraError | ChainUnavailableError] = {}
        """Of each address that could not be read, why."""
        self._failure: LeftAloneError | ChainRefusedError | None = None

    @property
    def is_cut_short(self) -> bool:
        """Whether the server wants to be left alone, so that nothing more can be asked."""
        return isinstance(self._failure, LeftAloneError)

    async def read(self, turn: Sequence[str], patience: Patience) -> list[str]:
        """Ask until all were asked for, the server fails, or patience or requests end.

        Those that were asked for are given back, whether they could be read or not.
        """
        asked: list[str] = []
        for begins in range(0, len(turn), AT_ONCE):
            some = turn[begins : begins + AT_ONCE]
            await asyncio.gather(*(self._read(address) for address in some))
            asked += some
            if self._is_over(some) or patience.is_over() or self._connection.is_spent:
                break
        return asked

    def _is_over(self, some: Sequence[str]) -> bool:
        """Whether the server fails: for good, or for so many at once that it is not about them."""
        all_failed = len(some) == AT_ONCE and self.troubles.keys() >= set(some)
        return self._failure is not None or all_failed

    def receipts_or_raise(self) -> dict[str, tuple[Found, ...]]:
        """What was read.

        Raises:
            ChainUnavailableError: nothing could be read.
            ChainRefusedError: the server refuses us.
            EsploraError: it refused every question.
        """
        trouble = self._failure or next(iter(self.troubles.values()), None)
        if trouble is None:
            return self._receipts
        if not self._receipts or isinstance(trouble, ChainRefusedError):
            raise trouble
        for address, why in self.troubles.items():
            logger.warning("{} does not show {}: {}", self._server_name, address, why)
        if self._failure is not None:
            logger.warning("{}: not all could be looked at: {}", self._server_name, self._failure)
        return self._receipts

    async def _read(self, address: str) -> None:
        try:
            self._receipts[address] = await self._reader.receipts(
                address, self._addresses[address], self._began_at
            )
        except SpentError:
            return  # its turn comes again
        except (LeftAloneError, ChainRefusedError) as error:
            self._failure = self._failure or error
        except (EsploraError, ChainUnavailableError) as error:
            self.troubles[address] = error
        except BROKEN_ANSWERS:
            self.troubles[address] = unreadable(self._server_name)

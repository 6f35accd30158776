"""JSON-RPC by lines, as Electrum servers speak it: one kept connection, and what can go wrong.

Requests are pipelined, in bounded numbers; answers come in any order, and between them what the
server pushes. A connection is good for as long as every line is an answer or a push: anything else
ends it, and the next look makes another.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Self

from payments.chain import ChainUnavailableError
from payments.electrum_dialling import ElectrumAccess, dial

IN_FLIGHT = 100
_LONGEST_OF_ONE_BATCH = 10  # times the patience with a server that answers, and slowly

Call = tuple[str, list[object]]
OnPush = Callable[[str, list[object]], None]


class ElectrumError(Exception):
    """The server's own refusal of one call."""


_Waiting = asyncio.Future[dict[str, object] | None]
"""For an answer as it came; None: the connection was lost first."""


class ElectrumConnection:
    """One connection, in the loop that opened it.

    `on_push` hears of what the server says unasked, and `on_lost` once of the end, with the reason.
    """

    def __init__(
        self,
        access: ElectrumAccess,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        on_push: OnPush,
        on_lost: Callable[[str], None],
    ) -> None:
        self._access = access
        self._reader, self._writer = streams
        self._on_push = on_push
        self._on_lost = on_lost
        self._ids = itertools.count()
        self._waiting: dict[int, _Waiting] = {}
        self._answers = 0
        self._lost: str | None = None
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls, access: ElectrumAccess, *, on_push: OnPush, on_lost: Callable[[str], None]
    ) -> Self:
        """Connect.

        Raises:
            ChainUnavailableError: the server cannot be reached now.
            ChainRefusedError: it is not the server whose certificate is expected.
        """
        return cls(access, await dial(access), on_push=on_push, on_lost=on_lost)

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended."""
        return self._lost is not None

    async def call(self, method: str, *parameters: object) -> object:
        """The result of one call.

        Raises:
            ElectrumError: the server refuses this call.
            ChainUnavailableError: no usable answer.
        """
        (answer,) = await self.calls([(method, list(parameters))])
        if isinstance(answer, ElectrumError):
            raise answer
        return answer

    async def calls(self, calls: Sequence[Call]) -> list[object]:
        """Results in the order of the calls; an ElectrumError stands for a call that was refused.

        Raises:
            ChainUnavailableError: no usable answer.
        """
        answers: list[object] = []
        for begins in range(0, len(calls), IN_FLIGHT):
            answers += await self._exchange(calls[begins : begins + IN_FLIGHT])
        return answers

    async def close(self) -> None:
        """End the connection; does nothing where it has ended."""
        self._lose("the connection was closed")
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _exchange(self, calls: Sequence[Call]) -> list[object]:
        if self._lost is not None:
            raise ChainUnavailableError(self._lost)
        loop = asyncio.get_running_loop()
        waiting: dict[int, _Waiting] = {next(self._ids): loop.create_future() for _ in calls}
        self._waiting |= waiting
        try:
            self._writer.write(_lines(zip(waiting, calls, strict=True)))
            await self._until_answered(list(waiting.values()))
            return [self._result(future.result()) for future in waiting.values()]
        finally:
            for number in waiting:
                self._waiting.pop(number, None)

    async def _until_answered(self, futures: Sequence[_Waiting]) -> None:
        patience_seconds = self._access.request_timeout_seconds
        for _ in range(_LONGEST_OF_ONE_BATCH):
            before = self._answers
            _, missing = await asyncio.wait(futures, timeout=patience_seconds)
            if not missing:
                return
            if self._answers == before:
                break
        self._lose(f"{self._access.name} did not answer within {patience_seconds:g} s")

    def _result(self, answer: dict[str, object] | None) -> object:
        if answer is None:
            raise ChainUnavailableError(self._lost or "")
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        text = error.get("message", "") if isinstance(error, dict) else error
        return ElectrumError(str(text)[:200])

    async def _read(self) -> None:
        name = self._access.name
        try:
            while (line := await self._reader.readline()).endswith(b"\n"):
                self._take(line)
        except _NotTheProtocolError:
            self._lose(f"{name} gives no usable answer: is it the port of an Electrum server?")
        except ValueError:
            self._lose(f"{name} gives no usable answer: a line of it has no end")
        except OSError as error:
            self._lose(f"{name} broke the connection off ({type(error).__name__})")
        else:
            self._lose(f"{name} closed the connection")

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise _NotTheProtocolError from None
        if not isinstance(message, dict):
            raise _NotTheProtocolError
        if "method" in message:
            parameters = message.get("params")
            if not isinstance(message["method"], str) or not isinstance(parameters, list):
                raise _NotTheProtocolError
            self._on_push(message["method"], parameters)
            return
        number = message.get("id")
        if not isinstance(number, int):
            raise _NotTheProtocolError
        # One that is missing was given up by whoever asked.
        future = self._waiting.pop(number, None)
        if future is not None and not future.done():
            self._answers += 1
            future.set_result(message)

    def _lose(self, why: str) -> None:
        if self._lost is not None:
            return
        self._lost = why
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        self._writer.transport.abort()
        self._on_lost(why)


class _NotTheProtocolError(Exception):
    """A line that no Electrum server says."""


def _lines(calls: "zip[tuple[int, Call]]") -> bytes:
    return b"".join(
        json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        + b"\n"
        for number, (method, params) in calls
    )

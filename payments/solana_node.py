"""What is asked of a Solana node (Solana JSON-RPC, as its documentation has it)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from domain.rules import FINALIZED_CONFIRMATIONS
from payments.chain import ChainRefusedError, ChainUnavailableError, Place
from payments.json_rpc import Call, RpcConnection, RpcError
from payments.pages import pages

# What reading an answer of another shape raises; OSError is that of a time that cannot be.
# Refusals of everybody's calls and not of one: asked too often, or the node is not healthy.
_REFUSES_ALL = (429, -32429, -32005)
_BEHIND = -32016  # MinContextSlotNotReached
# A slot is made every 0.4 s.
_PAUSES_SECONDS = (0.4, 0.8, 1.6)
ACCOUNTS_A_CALL = 100
SIGNATURES_A_CALL = 1_000
_GENESIS = {
    "main": ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",),
    # The testnet, and the devnet that most wallets mean by it.
    "test": (
        "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpGk73NyY",
        "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
    ),
}


class Commitment(StrEnum):
    """How sure the network is of a transaction."""

    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A transaction that touched an address. `time` None: the node does not know it."""

    signature: str
    slot: int
    failed: bool
    is_final: bool
    time: datetime | None

    @property
    def confirmations(self) -> int:
        """What its commitment counts for."""
        return FINALIZED_CONFIRMATIONS if self.is_final else 1


class SolanaNode:
    """Questions to one node over one connection.

    Many machines answer at one address, some of them behind the others. Whatever is asked is to be
    of `lowest_slot` or later, and of no earlier slot than the balances that were given before
    (`minContextSlot` of the Solana RPC). None: it is one machine, of which no slot is asked.

    Every method raises ChainUnavailableError where there is no usable answer.
    """

    def __init__(
        self, connection: RpcConnection, name: str, lowest_slot: int | None = None
    ) -> None:
        self._connection = connection
        self._name = name
        self._lowest_slot = lowest_slot

    async def tip(self, network: str) -> Place:
        """The latest block that is confirmed, of a node of the right network.

        Raises:
            ChainRefusedError: the node is of another network.
        """
        genesis, latest = await self._results(
            [("getGenesisHash", []), ("getLatestBlockhash", [self._of_now()])]
        )
        if genesis not in _GENESIS.get(network, (genesis,)):
            raise ChainRefusedError(
                f"{self._name} is of another network than {network!r}: change coins.SOL.network or"
                " the backend"
            )
        return Place(
            height=int(latest["context"]["slot"]), block_hash=str(latest["value"]["blockhash"])
        )

    async def first_kept(self) -> tuple[int, datetime | None]:
        """The slot from which on the node keeps transactions, and its time where it is known."""
        (slot,) = await self._results([("getFirstAvailableBlock", [])])
        if int(slot) == 0:
            return 0, None
        return int(slot), await self.block_time(int(slot))

    async def block_time(self, slot: int) -> datetime | None:
        """When the block of a slot was made; None where the node does not know it."""
        (seconds,) = await self._connection.each([("getBlockTime", [slot])])
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None

    async def lamports(self, addresses: Sequence[str]) -> dict[str, int]:
        """What each address holds; 0 where there is no such account."""
        parts = list(pages(addresses, ACCOUNTS_A_CALL))
        options = {
            **self._of_now(),
            "encoding": "base64",
            "dataSlice": {"offset": 0, "length": 0},
        }
        answers = await self._results(
            [("getMultipleAccounts", [list(part), options]) for part in parts]
        )
        if self._lowest_slot is not None:
            slots = [int(answer["context"]["slot"]) for answer in answers]
            self._lowest_slot = max([self._lowest_slot, *slots])
        held: dict[str, int] = {}
        for part, answer in zip(parts, answers, strict=True):
            for address, account in zip(part, answer["value"], strict=True):
                held[address] = 0 if account is None else int(account["lamports"])
        return held

    async def signatures(
        self, addresses: Sequence[str]
    ) -> dict[str, tuple[Signed, ...] | RpcError]:
        """All transactions of each address that are confirmed, newest first; or its refusal."""
        found: dict[str, tuple[Signed, ...] | RpcError] = {}
        before: dict[str, str | None] = dict.fromkeys(addresses)
        while before:
            answers = await self._each(
                [self._signatures_call(address, last) for address, last in before.items()]
            )
            asked = list(before)
            before = {}
            for address, answer in zip(asked, answers, strict=True):
                earlier = found.get(address, ())
                if isinstance(answer, RpcError) or isinstance(earlier, RpcError):
                    found[address] = answer
                    continue
                found[address] = earlier + tuple(_signed(each) for each in answer)
                if len(answer) == SIGNATURES_A_CALL:
                    before[address] = str(answer[-1]["signature"])
        return found

    async def transactions(
        self, signatures: Sequence[str]
    ) -> list[Mapping[str, Any] | RpcError | None]:
        """Transactions with the balances before and after them.

        None stands for one that the node lacks though it has named it, RpcError for one that it
        refuses.
        """
        options = {
            "commitment": Commitment.CONFIRMED,
            "encoding": "json",
            "maxSupportedTransactionVersion": 0,
        }
        return await self._each([("getTransaction", [each, options]) for each in signatures])

    async def _each(self, calls: Sequence[Call]) -> list[Any]:
        """Results or refusals that concern one call alone."""
        results = await self._in_step(calls)
        for result in results:
            if isinstance(result, RpcError) and result.code in _REFUSES_ALL:
                raise ChainUnavailableError(f"{self._name} refuses: {result}") from result
        return results

    async def _results(self, calls: Sequence[Call]) -> list[Any]:
        results = await self._in_step(calls)
        for result in results:
            if isinstance(result, RpcError):
                raise ChainUnavailableError(f"{self._name} refuses: {result}") from result
        return results

    async def _in_step(self, calls: Sequence[Call]) -> list[Any]:
        """Results or refusals; a machine that is behind is given a little time to catch up."""
        # Many of these nodes take no batches, and those that do count each call of one.
        results = list(await self._connection.each(calls))
        for pause_seconds in _PAUSES_SECONDS:
            behind = [number for number, each in enumerate(results) if _is_behind(each)]
            if not behind:
                return results
            await asyncio.sleep(pause_seconds)
            again = await self._connection.each([calls[number] for number in behind])
            for number, result in zip(behind, again, strict=True):
                results[number] = result
        if any(_is_behind(each) for each in results):
            raise ChainUnavailableError(
                f"{self._name} is behind: it has not reached slot {self._lowest_slot}"
            )
        return results

    def _of_now(self) -> dict[str, object]:
        slot = {"minContextSlot": self._lowest_slot} if self._lowest_slot else {}
        return {"commitment": Commitment.CONFIRMED, **slot}

    def _signatures_call(self, address: str, before: str | None) -> Call:
        options = {**self._of_now(), "limit": SIGNATURES_A_CALL}
        if before is not None:
            options["before"] = before
        return "getSignaturesForAddress", [address, options]


def _is_behind(result: object) -> bool:
    return isinstance(result, RpcError) and result.code == _BEHIND


def received_lamports(transaction: Mapping[str, Any], address: str) -> int:
    """What an address has more after a transaction than before; below zero where it has less.

    A transaction of version 0 may name accounts by lookup tables: those follow its own, and the
    writable ones come first.
    """
    meta = transaction["meta"]
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    keys = [
        *transaction["transaction"]["message"]["accountKeys"],
        *loaded["writable"],
        *loaded["readonly"],
    ]
    at = keys.index(address)
    return int(meta["postBalances"][at]) - int(meta["preBalances"][at])


def _signed(answer: Mapping[str, Any]) -> Signed:
    seconds = answer.get("blockTime")
    return Signed(
        signature=str(answer["signature"]),
        slot=int(answer["slot"]),
        failed=answer.get("err") is not None,
        is_final=answer.get("confirmationStatus") == Commitment.FINALIZED,
        time=datetime.fromtimestamp(int(seconds), UTC) if seconds else None,
    )

"""What is asked of a Solana node (Solana JSON-RPC, as its documentation has it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from domain.rules import FINALIZED_CONFIRMATIONS
from payments.chain import ChainRefusedError, ChainUnavailableError, Place
from payments.json_rpc import Call, RpcConnection, RpcError
from payments.pages import pages

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

    Every method raises ChainUnavailableError where there is no usable answer.
    """

    def __init__(self, connection: RpcConnection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def tip(self, network: str) -> Place:
        """The latest block that is confirmed, of a node of the right network.

        Raises:
            ChainRefusedError: the node is of another network.
        """
        genesis, latest = await self._results(
            [("getGenesisHash", []), ("getLatestBlockhash", [{"commitment": Commitment.CONFIRMED}])]
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
        (seconds,) = await self._connection.each([("getBlockTime", [int(slot)])])
        known = isinstance(seconds, int)
        return int(slot), datetime.fromtimestamp(seconds, UTC) if known else None

    async def lamports(self, addresses: Sequence[str]) -> dict[str, int]:
        """What each address holds; 0 where there is no such account."""
        parts = list(pages(addresses, ACCOUNTS_A_CALL))
        options = {
            "commitment": Commitment.CONFIRMED,
            "encoding": "base64",
            "dataSlice": {"offset": 0, "length": 0},
        }
        answers = await self._results(
            [("getMultipleAccounts", [list(part), options]) for part in parts]
        )
        held: dict[str, int] = {}
        for part, answer in zip(parts, answers, strict=True):
            for address, account in zip(part, answer["value"], strict=True):
                held[address] = 0 if account is None else int(account["lamports"])
        return held

    async def signatures(self, addresses: Sequence[str]) -> dict[str, tuple[Signed, ...]]:
        """All transactions of each address that are confirmed, newest first."""
        found: dict[str, tuple[Signed, ...]] = dict.fromkeys(addresses, ())
        before: dict[str, str | None] = dict.fromkeys(addresses)
        while before:
            answers = await self._results(
                [_signatures_call(address, last) for address, last in before.items()]
            )
            asked = list(before)
            before = {}
            for address, answer in zip(asked, answers, strict=True):
                found[address] += tuple(_signed(each) for each in answer)
                if len(answer) == SIGNATURES_A_CALL:
                    before[address] = str(answer[-1]["signature"])
        return found

    async def transactions(self, signatures: Sequence[str]) -> list[Mapping[str, Any]]:
        """Transactions with the balances before and after them.

        Raises:
            ChainUnavailableError: one of them is not there, though it was a moment ago.
        """
        options = {
            "commitment": Commitment.CONFIRMED,
            "encoding": "json",
            "maxSupportedTransactionVersion": 0,
        }
        answers = await self._results([("getTransaction", [each, options]) for each in signatures])
        if any(answer is None for answer in answers):
            raise ChainUnavailableError(f"{self._name} lacks a transaction that it has named")
        return answers

    async def _results(self, calls: Sequence[Call]) -> list[Any]:
        # Many of these nodes take no batches, and those that do count each call of one.
        results = await self._connection.each(calls)
        for result in results:
            if isinstance(result, RpcError):
                raise ChainUnavailableError(f"{self._name} refuses: {result}") from result
        return results


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


def _signatures_call(address: str, before: str | None) -> Call:
    options: dict[str, object] = {
        "commitment": Commitment.CONFIRMED,
        "limit": SIGNATURES_A_CALL,
    }
    if before is not None:
        options["before"] = before
    return "getSignaturesForAddress", [address, options]


def _signed(answer: Mapping[str, Any]) -> Signed:
    seconds = answer.get("blockTime")
    return Signed(
        signature=str(answer["signature"]),
        slot=int(answer["slot"]),
        failed=answer.get("err") is not None,
        is_final=answer.get("confirmationStatus") == Commitment.FINALIZED,
        time=datetime.fromtimestamp(int(seconds), UTC) if seconds else None,
    )

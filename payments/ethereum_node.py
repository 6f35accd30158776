"""What is asked of an Ethereum node (Ethereum JSON-RPC specification, `eth_*`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from payments.chain import ChainRefusedError, ChainUnavailableError, Place
from payments.ethereum_balances import ADDRESSES_A_CALL, call_data, read_balances
from payments.json_rpc import Call, RpcConnection, RpcError
from payments.pages import pages

CALLS_A_BATCH = 50
# Nodes that keep few states keep those of 128 blocks and more (Geth, Nethermind).
STATES_KEPT_BLOCKS = 64
_BLOCKS_A_BATCH = 10
_LIMITS = (-32005, -32029, 429)
_LIMIT_WORDS = ("rate limit", "request limit", "limit exceeded", "too many", "capacity", "credits")


class HistoryMissingError(Exception):
    """The node no longer has the state of a block that old."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account at a block: wei, and how many transactions it has sent."""

    balance_wei: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block's place and time, with its transactions as the node gives them."""

    place: Place
    parent_hash: str
    time: datetime
    transactions: Sequence[Mapping[str, Any]]


class EthereumNode:
    """Questions to one node over one connection.

    Every method raises ChainUnavailableError where there is no usable answer.
    """

    def __init__(self, connection: RpcConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._last_block: Block | None = None
        self._head_height: int | None = None

    async def head(self, chain_id: int) -> Block:
        """The latest block, without its transactions.

        Raises:
            ChainRefusedError: the node is of another chain.
        """
        its_id, syncing, latest = await self._results(
            [
                ("eth_chainId", []),
                ("eth_syncing", []),
                ("eth_getBlockByNumber", ["latest", False]),
            ]
        )
        if _number(its_id) != chain_id:
            raise ChainRefusedError(
                f"{self._name} is of chain {_number(its_id)} and the shop of chain {chain_id}:"
                " change coins.ETH.chain_id or the backend"
            )
        if syncing is not False:
            raise ChainUnavailableError(f"{self._name} is catching up with its network")
        head = _block(latest)
        self._head_height = head.place.height
        return head

    async def block_hash(self, height: int) -> str | None:
        """The hash of the block of that height; None above the tip."""
        (answer,) = await self._results([("eth_getBlockByNumber", [hex(height), False])])
        return None if answer is None else str(answer["hash"])

    async def header(self, height: int) -> Block | None:
        """The block of that height, without its transactions; None above the tip."""
        (answer,) = await self._results([("eth_getBlockByNumber", [hex(height), False])])
        return None if answer is None else _block(answer)

    async def block(self, height: int) -> Block:
        """A block with all its transactions; asked again for the same one, it is still at hand.

        One block often pays several of the addresses that are looked at.
        """
        if self._last_block is None or self._last_block.place.height != height:
            (self._last_block,) = await self.blocks([height])
        return self._last_block

    async def blocks(self, heights: Sequence[int]) -> list[Block]:
        """Blocks with all their transactions.

        Raises:
            ChainUnavailableError: there is one that it lacks.
        """
        found = []
        for some in pages(heights, _BLOCKS_A_BATCH):
            answers = await self._results(
                [("eth_getBlockByNumber", [hex(height), True]) for height in some]
            )
            found += [_block(answer) for answer in self._all_there(answers, "block")]
        return found

    async def pending(self) -> Sequence[Mapping[str, Any]]:
        """Transactions that wait for a block; none where the node does not show them."""
        call: Call = ("eth_getBlockByNumber", ["pending", True])
        (answer,) = await self._connection.batch([call])
        if isinstance(answer, RpcError) or answer is None:
            return ()
        return [each for each in answer["transactions"] if isinstance(each, Mapping)]

    async def still_pending(self, names: Sequence[str], head: Place) -> list[Mapping[str, Any]]:
        """Those of these transactions that the node knows and that are in no block up to `head`."""
        answers = await self._results([("eth_getTransactionByHash", [each]) for each in names])
        return [
            each
            for each in answers
            if each is not None
            and (each["blockNumber"] is None or _number(each["blockNumber"]) > head.height)
        ]

    async def balances(self, addresses: Sequence[str], place: Place) -> dict[str, tuple[int, bool]]:
        """Of each address its wei at a block, and whether the chain knows it.

        An address with no wei that the chain knows has sent transactions.
        """
        parts = list(pages(addresses, ADDRESSES_A_CALL))
        answers = await self._results(
            [("eth_call", [{"data": call_data(part)}, _at(place)]) for part in parts]
        )
        found: dict[str, tuple[int, bool]] = {}
        for part, answer in zip(parts, answers, strict=True):
            found.update(zip(part, read_balances(str(answer), len(part)), strict=True))
        return found

    async def nonces(self, addresses: Sequence[str], place: Place) -> dict[str, int]:
        """How many transactions each address has sent by a block."""
        answers = await self._results(
            [("eth_getTransactionCount", [address, _at(place)]) for address in addresses]
        )
        return {
            address: _number(answer) for address, answer in zip(addresses, answers, strict=True)
        }

    async def state(self, address: str, height: int) -> AccountState:
        """An account at the block of that height.

        Raises:
            HistoryMissingError: the node has forgotten it.
            ChainUnavailableError: it refuses for another reason, which says nothing of what it
                keeps: it wants to be asked less, or is a machine that lacks the latest blocks.
        """
        at = hex(height)
        calls: list[Call] = [
            ("eth_getBalance", [address, at]),
            ("eth_getTransactionCount", [address, at]),
        ]
        balance, nonce = await self._connection.batch(calls)
        for answer in (balance, nonce):
            if isinstance(answer, RpcError):
                if _is_asked_less(answer) or self._is_kept_by_all(height):
                    raise ChainUnavailableError(f"{self._name} refuses: {answer}")
                raise HistoryMissingError(f"block {height}: {answer}")
        return AccountState(_number(balance), _number(nonce))

    def _is_kept_by_all(self, height: int) -> bool:
        head_height = self._head_height
        return head_height is not None and height > head_height - STATES_KEPT_BLOCKS

    async def logs(
        self, first: int, last: int, topics: Sequence[object]
    ) -> Sequence[Mapping[str, Any]]:
        """The logs with these topics in the blocks of these heights, the last one too."""
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "topics": list(topics)}
        (answer,) = await self._results([("eth_getLogs", [wanted])])
        return [each for each in answer if isinstance(each, Mapping)]

    async def asked_of(self, contract: str, questions: Sequence[str]) -> list[str | None]:
        """What a contract answers to such calls now; None where it answers nothing."""
        answers = await self._connection.batch(
            [("eth_call", [{"to": contract, "data": each}, "latest"]) for each in questions]
        )
        return [each if isinstance(each, str) else None for each in answers]

    async def receipts(self, transactions: Sequence[str]) -> list[Mapping[str, Any]]:
        """What became of transactions that are in blocks.

        Raises:
            ChainUnavailableError: there is one of which it does not know.
        """
        answers = await self._results(
            [("eth_getTransactionReceipt", [each]) for each in transactions]
        )
        return self._all_there(answers, "receipt")

    def _all_there(self, answers: list[Any], what: str) -> list[Any]:
        if any(each is None for each in answers):
            raise ChainUnavailableError(f"{self._name} lacks a {what} that belongs to its chain")
        return answers

    async def _results(self, calls: Sequence[Call]) -> list[Any]:
        results: list[Any] = []
        for some in pages(calls, CALLS_A_BATCH):
            results += await self._connection.batch(some)
        for result in results:
            if isinstance(result, RpcError):
                raise ChainUnavailableError(f"{self._name} refuses: {result}") from result
        return results


def wei(transaction: Mapping[str, Any]) -> int:
    """The value of a transaction."""
    return _number(transaction["value"])


def succeeded(receipt: Mapping[str, Any]) -> bool:
    """Whether a transaction did what it says; one that failed moves no value (EIP-658)."""
    return _number(receipt["status"]) == 1


def fee_wei(receipt: Mapping[str, Any]) -> int:
    """What the sender of a transaction paid for it (EIP-1559, EIP-4844)."""
    fee = _number(receipt["gasUsed"]) * _number(receipt["effectiveGasPrice"])
    if receipt.get("blobGasUsed") is not None:
        fee += _number(receipt["blobGasUsed"]) * _number(receipt["blobGasPrice"])
    return fee


def _is_asked_less(error: RpcError) -> bool:
    """Whether a node refuses because of how often it is asked.

    EIP-1474 has a code for it; services have others, and say it in words.
    """
    text = str(error).lower()
    return error.code in _LIMITS or any(word in text for word in _LIMIT_WORDS)


def _at(place: Place) -> dict[str, object]:
    return {"blockHash": place.block_hash, "requireCanonical": True}  # EIP-1898


def _number(quantity: object) -> int:
    if not isinstance(quantity, str):
        raise TypeError(f"a quantity is hexadecimal text, not {type(quantity).__name__}")
    return int(quantity, 16)


def _block(answer: Mapping[str, Any]) -> Block:
    return Block(
        place=Place(height=_number(answer["number"]), block_hash=str(answer["hash"])),
        parent_hash=str(answer["parentHash"]),
        time=datetime.fromtimestamp(_number(answer["timestamp"]), UTC),
        transactions=answer["transactions"],
    )

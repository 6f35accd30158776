"""Tokens that were sent to watched addresses of an Ethereum chain (ERC-20, ERC-721).

They are logs of contracts, not what an address holds, so looks at balances show none of them. The
logs are asked for apart from that, now and then, once they are so deep that no reorganisation takes
them: they pay no order, and whoever sent them can wait. A node that gives no logs, or is slow with
them, must not disturb the payments: then there is no news of tokens, and it is asked less often.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from loguru import logger

from payments.chain import ChainRefusedError, ChainUnavailableError, Place
from payments.ethereum_node import EthereumNode
from payments.pages import pages
from payments.tokens import TokenTransfer

# As an order's payment is waited for by default.
DEPTH_BLOCKS = 12
# Blocks below the first place that are asked about again: those that were not deep enough when the
# shop stopped, and those that the pause between two questions had left.
_AGAIN_BLOCKS = 3 * DEPTH_BLOCKS
# Public endpoints limit the blocks and the topics of a question; geth 1.16 takes 1,000 topics.
BLOCKS_A_QUESTION = 500
ADDRESSES_A_QUESTION = 500
QUESTIONS_A_LOOK = 20
PATIENCE_SECONDS = 5.0
# A contract may take as long as the node lets it to say what it is.
CLAIMS_PATIENCE_SECONDS = 1.0
_LONGEST_PAUSE = timedelta(hours=1)
# keccak-256 of Transfer(address,address,uint256), the event of ERC-20 and of ERC-721.
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_SYMBOL = "0x95d89b41"  # symbol()
_DECIMALS = "0x313ce567"  # decimals()
_WORD_DIGITS = 64
_MOST_DECIMALS = 36
# No full stop: Telegram makes a link of what looks like the name of a host.
_HARMLESS = re.compile("[A-Za-z0-9_-]{1,12}")
_CONTRACT = re.compile("0x[0-9a-fA-F]{40}")
_TRANSACTION = re.compile("0x[0-9a-fA-F]{64}")
# Also a refusal: an endpoint may refuse logs alone (HTTP 401, 403), and still serve payments.
_NO_ANSWER = (
    ChainUnavailableError,
    ChainRefusedError,
    TimeoutError,
    LookupError,
    TypeError,
    ValueError,
)


class TokenScan:
    """Which blocks were asked about, and when to ask again."""

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause
        self._up_to: int | None = None
        self._asked_at: datetime | None = None
        self._failures = 0
        self._amounts: dict[str, tuple[str, int] | None] = {}

    async def news(
        self,
        node: EthereumNode,
        addresses: Sequence[str],
        known: Place,
        head: Place,
        now: datetime,
    ) -> tuple[TokenTransfer, ...]:
        """What came in blocks that are deep enough by now and were not asked about before.

        `known` is how far the chain was known before the first look: the blocks just below it are
        asked about again. Fails never; what could not be asked comes later.
        """
        settled = head.height - DEPTH_BLOCKS
        if self._up_to is None:
            self._up_to = max(0, min(known.height, head.height) - _AGAIN_BLOCKS)
        if settled <= self._up_to or not addresses or not self._is_time(now):
            return ()
        self._asked_at = now
        questions = max(1, QUESTIONS_A_LOOK * ADDRESSES_A_QUESTION // len(addresses))
        last = min(settled, self._up_to + questions * BLOCKS_A_QUESTION)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._found(node, addresses, self._up_to + 1, last)
        except _NO_ANSWER as error:
            self._failed(error)
            return ()
        self._up_to, self._failures = last, 0
        return found

    def _is_time(self, now: datetime) -> bool:
        pause = min(self._pause * 2 ** min(self._failures, 10), max(self._pause, _LONGEST_PAUSE))
        # The distance, for a clock may be set back.
        return self._asked_at is None or abs(now - self._asked_at) >= pause

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            why = str(error) or type(error).__name__
            logger.warning("tokens that come to ETH addresses are not told of for now: {}", why)
        self._failures += 1

    async def _found(
        self, node: EthereumNode, addresses: Sequence[str], first: int, last: int
    ) -> tuple[TokenTransfer, ...]:
        watched = {each[2:].lower(): each for each in addresses}
        found: list[TokenTransfer] = []
        for start in range(first, last + 1, BLOCKS_A_QUESTION):
            end = min(last, start + BLOCKS_A_QUESTION - 1)
            for some in pages(addresses, ADDRESSES_A_QUESTION):
                topics = [TRANSFER, None, [_as_topic(each) for each in some]]
                logs = await node.logs(start, end, topics)
                found += [each for log in logs if (each := await self._read(node, log, watched))]
        return tuple(found)

    async def _read(
        self, node: EthereumNode, log: Mapping[str, Any], watched: Mapping[str, str]
    ) -> TokenTransfer | None:
        """The transfer; None where it is none to a watched address, or moves nothing."""
        topics, data = log["topics"], str(log["data"]).removeprefix("0x")
        contract, transaction_id = str(log["address"]), str(log["transactionHash"])
        is_named = _CONTRACT.fullmatch(contract) and _TRANSACTION.fullmatch(transaction_id)
        if not is_named or topics[0] != TRANSFER or log.get("removed"):
            return None
        address = watched.get(str(topics[2])[-40:].lower())
        is_single = len(topics) == 4 and not data  # noqa: PLR2004 - ERC-721: the number is a topic
        if address is None or (not is_single and len(data) != _WORD_DIGITS):
            return None
        if is_single:
            amount = f"token number {int(str(topics[3]), 16)} of a collection"
        elif not int(data, 16):
            # Nothing was moved: logs of that kind are made to be seen.
            return None
        else:
            amount = await self._amount(node, contract, int(data, 16))
        return TokenTransfer(
            address=address, contract=contract, amount=amount, transaction_id=transaction_id
        )

    async def _amount(self, node: EthereumNode, contract: str, units: int) -> str:
        if contract not in self._amounts:
            self._amounts[contract] = await _claims_in_time(node, contract)
        claims = self._amounts[contract]
        if claims is None:
            return f"{units} units of a token that does not say what it is"
        symbol, decimals = claims
        return f"{_decimal(units, decimals)} of what calls itself {symbol} ({units} units)"


async def _claims_in_time(node: EthereumNode, contract: str) -> tuple[str, int] | None:
    """As `_claims_of`; None also where it takes too long or fails: that hides no other tokens."""
    try:
        async with asyncio.timeout(CLAIMS_PATIENCE_SECONDS):
            return await _claims_of(node, contract)
    except _NO_ANSWER:
        return None


async def _claims_of(node: EthereumNode, contract: str) -> tuple[str, int] | None:
    """Symbol and decimals as the contract gives them; None where they are missing or strange."""
    answers = await node.asked_of(contract, (_SYMBOL, _DECIMALS))
    symbol, decimals = (None if each is None else each.removeprefix("0x") for each in answers)
    if not symbol or not decimals or len(decimals) != _WORD_DIGITS:
        return None
    text = _text_of(bytes.fromhex(symbol))
    if not _HARMLESS.fullmatch(text) or int(decimals, 16) > _MOST_DECIMALS:
        return None
    return text, int(decimals, 16)


def _text_of(answer: bytes) -> str:
    """A `string` as the contract ABI encodes it, or the `bytes32` of older contracts."""
    if len(answer) == 32:  # noqa: PLR2004 - one word
        return answer.rstrip(b"\0").decode("ascii", "replace")
    length = int.from_bytes(answer[32:64])
    return answer[64 : 64 + min(length, 64)].decode("ascii", "replace")


def _decimal(units: int, decimals: int) -> str:
    whole, rest = divmod(units, 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _as_topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(_WORD_DIGITS, "0")

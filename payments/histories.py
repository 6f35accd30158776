"""Whether the chain has seen an address before it is handed out, asked of who knows addresses.

Electrum and Esplora servers and Solana nodes show every payment that an address ever got; an
Ethereum node shows whether an account was ever used. A node of the family of Bitcoin Core knows
blocks alone, and is not asked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from payments.address_source import AddressHistory, AddressHistoryConnector
from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import AddressLook, ChainClient, ChainConnector, ChainUnavailableError, Known
from payments.electrum import ElectrumConnector
from payments.esplora import EsploraConnector
from payments.ethereum import EthereumConnector
from payments.ethereum_node import EthereumNode
from payments.json_rpc import RpcConnection, RpcError
from payments.solana import SolanaConnector

_LOOKS = 20
_PAUSE_SECONDS = 0.5


def history_of(connectors: Sequence[ChainConnector]) -> AddressHistoryConnector | None:
    """The first of a coin's backends that knows addresses, if there is one."""
    for connector in connectors:
        if isinstance(connector, EthereumConnector):
            return UsedAccounts(connector)
        if isinstance(connector, ElectrumConnector | EsploraConnector | SolanaConnector):
            return PaidAddresses(connector)
    return None


@dataclass(frozen=True, slots=True)
class PaidAddresses:
    """A recipe for asking a client for all that addresses ever received."""

    connector: ChainConnector

    def open_history(self) -> AddressHistory:
        """A new one; nothing is sent yet."""
        return _Looks(self.connector.connect())


class _Looks:
    def __init__(self, client: ChainClient) -> None:
        self._client = client

    async def seen(self, addresses: tuple[str, ...]) -> frozenset[str]:
        """See `AddressHistory`. A look may come only so far: it is repeated for the rest."""
        seen: set[str] = set()
        missing = dict.fromkeys(addresses, Known())
        for _ in range(_LOOKS):
            look = await self._client.look(None, missing, began_at=datetime.now(UTC))
            if not isinstance(look, AddressLook):
                raise TypeError("a client that reads blocks knows no addresses")
            seen |= {address for address, receipts in look.receipts.items() if receipts}
            missing = {each: known for each, known in missing.items() if each not in look.receipts}
            if not missing:
                return frozenset(seen)
            await asyncio.sleep(_PAUSE_SECONDS)
        raise ChainUnavailableError(f"the history of {len(missing)} addresses could not be had")

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.close()


@dataclass(frozen=True, slots=True)
class UsedAccounts:
    """A recipe for asking an Ethereum node which accounts it knows."""

    connector: EthereumConnector

    def open_history(self) -> AddressHistory:
        """A new one; nothing is sent yet."""
        return _Accounts(self.connector)


class _Accounts:
    def __init__(self, connector: EthereumConnector) -> None:
        self._connector = connector

    async def seen(self, addresses: tuple[str, ...]) -> frozenset[str]:
        """See `AddressHistory`. An account with no wei that the chain knows has sent something."""
        name = self._connector.name
        async with RpcConnection(self._connector.access) as connection:
            node = EthereumNode(connection, name)
            try:
                head = await node.head(self._connector.chain_id)
                found = await node.balances(addresses, head.place)
            except RpcError as error:
                raise ChainUnavailableError(f"{name} refuses: {error}") from None
            except BROKEN_ANSWERS as error:
                raise ChainUnavailableError(
                    f"{name} gives answers that are not those of an Ethereum node"
                ) from error
        return frozenset(each for each, (balance, used) in found.items() if balance or used)

    async def close(self) -> None:
        """Nothing is held between questions."""

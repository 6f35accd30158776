"""Who shows the shop a coin's chain, as the settings say."""

from datetime import UTC, datetime

from configuration.backends import (
    Backend,
    BitcoinBackend,
    EtherBackend,
    SolanaBackend,
)
from configuration.coins import CoinSettings, EtherSettings
from payments.bitcoind import BitcoindConnector
from payments.bitcoind import check as check_node
from payments.chain import ChainConnector, check
from payments.electrum import ElectrumConnector
from payments.esplora import EsploraConnector
from payments.ethereum import SET_BACK_AT_WILL, EthereumConnector
from payments.several import SeveralConnector
from payments.solana import SolanaConnector


def connector_of(coin: CoinSettings) -> ChainConnector:
    """How to reach the coin's chain: by its one backend, or by several that check each other."""
    connectors = tuple(_connector(coin, backend) for backend in coin.backends)
    return (
        connectors[0]
        if len(connectors) == 1
        else SeveralConnector(
            coin=coin.SYMBOL, connectors=connectors, can_be_set_back=_can_be_set_back(coin)
        )
    )


def _can_be_set_back(coin: CoinSettings) -> bool:
    """Whether its chain is one to try things out, which may be shorter than it was."""
    if isinstance(coin, EtherSettings):
        return coin.chain_id in SET_BACK_AT_WILL
    return coin.network_name == "regtest"


async def check_backend(connector: ChainConnector) -> None:
    """Ask the backend once whether it can serve the shop.

    Raises:
        ChainRefusedError: never, as configured: wrong credentials, wrong network.
        ChainUnavailableError: not now.
    """
    if isinstance(connector, BitcoindConnector):
        # A look would read the whole mempool.
        await check_node(connector)
    else:
        await check(connector, datetime.now(UTC))


def connectors_of(coin: CoinSettings) -> tuple[ChainConnector, ...]:
    """How to reach each of the coin's backends on its own."""
    return tuple(_connector(coin, backend) for backend in coin.backends)


def _connector(coin: CoinSettings, backend: Backend) -> ChainConnector:
    match backend:
        case BitcoinBackend():
            return _bitcoin(coin, backend)
        case EtherBackend() if isinstance(coin, EtherSettings):
            return EthereumConnector(
                chain_id=coin.chain_id,
                url=backend.url,
                ws_url=backend.ws_url or None,
                user=backend.user,
                password=backend.password.get_secret_value(),
            )
        case SolanaBackend():
            return SolanaConnector(
                network=coin.network_name,
                url=backend.url,
                ws_url=backend.ws_url or None,
                user=backend.user,
                password=backend.password.get_secret_value(),
            )
        case _:
            raise ValueError(f"{coin.SYMBOL} has no backend of kind {backend.kind}")


def _bitcoin(coin: CoinSettings, backend: BitcoinBackend) -> ChainConnector:
    match backend.kind:
        case "electrum":
            return ElectrumConnector(
                coin=coin.SYMBOL,
                network=coin.network_name,
                url=backend.url,
                certificate_sha256=backend.certificate_sha256 or None,
            )
        case "esplora":
            return EsploraConnector(coin=coin.SYMBOL, network=coin.network_name, url=backend.url)
        case _:
            return BitcoindConnector(
                coin=coin.SYMBOL,
                network=coin.network_name,
                url=backend.url,
                user=backend.user,
                password=backend.password.get_secret_value(),
                zmq_url=backend.zmq_url or None,
            )

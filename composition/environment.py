"""The actors' world as the settings describe it."""

from actors.environment import Environment, SystemClock
from composition.coin_addresses import addresses_of
from configuration.coins import CoinSettings
from configuration.settings import Settings
from gateway.telegram.notices import TelegramNotices
from payments.bitcoind import BitcoindConnector
from thespian_asyncio import ThreadExecutor


def environment_of(settings: Settings) -> Environment:
    """The environment of production.

    Raises:
        CustodyError: no mnemonic file is set.
    """
    coins = settings.coins.enabled()
    return Environment(
        clock=SystemClock(),
        new_executor=ThreadExecutor,
        chains={symbol: connector_of(coin) for symbol, coin in coins.items()},
        chain_poll_interval_seconds={
            symbol: coin.poll_interval_seconds for symbol, coin in coins.items()
        },
        address_sources={symbol: addresses_of(settings, coin) for symbol, coin in coins.items()},
        notices=TelegramNotices(
            token=settings.telegram.token.get_secret_value(),
            api_url=settings.telegram.api_url,
            store_path=str(settings.store.path),
            networks=networks_of(settings),
            language=settings.shop.language,
        ),
    )


def networks_of(settings: Settings) -> dict[str, str]:
    """The network of each coin that is enabled."""
    return {symbol: coin.network_name for symbol, coin in settings.coins.enabled().items()}


def connector_of(coin: CoinSettings) -> BitcoindConnector:
    """How to reach the coin's node."""
    backend = coin.backends[0]
    return BitcoindConnector(
        coin=coin.SYMBOL,
        network=coin.network_name,
        url=backend.url,
        user=backend.user,
        password=backend.password.get_secret_value(),
    )

"""The actors' world as the settings describe it."""

from collections.abc import Mapping

from actors.environment import Environment, SystemClock
from composition.backends import connector_of, connectors_of
from composition.coin_addresses import addresses_of
from composition.market import market_of
from composition.notice_keys import NoticeKeys
from configuration.settings import Settings
from gateway.telegram.notices import TelegramNotices
from payments.chain import ChainConnector
from payments.histories import history_of
from thespian_asyncio import ThreadExecutor

# Whoever waits for a look gets it so soon after the last began, where news come beside the poll.
ASKED_LOOK_INTERVAL_SECONDS = 0.5


def environment_of(settings: Settings) -> Environment:
    """The environment of production.

    Raises:
        CustodyError: no mnemonic file is set.
    """
    coins = settings.coins.enabled()
    chains = {symbol: connector_of(coin) for symbol, coin in coins.items() if coin.backends}
    histories = {symbol: history_of(connectors_of(coin)) for symbol, coin in coins.items()}
    return Environment(
        clock=SystemClock(),
        new_executor=ThreadExecutor,
        chains=chains,
        chain_poll_interval_seconds={
            symbol: coin.poll_interval_seconds for symbol, coin in coins.items()
        },
        asked_look_interval_seconds=_asked_looks(settings, chains),
        address_histories={
            symbol: history for symbol, history in histories.items() if history is not None
        },
        address_sources={symbol: addresses_of(settings, coin) for symbol, coin in coins.items()},
        notices=TelegramNotices(
            token=settings.telegram.token.get_secret_value(),
            api_url=settings.telegram.api_url,
            store_path=str(settings.store.path),
            networks=networks_of(settings),
            language=settings.shop.language,
            keys=_notice_keys(settings),
        ),
        market=market_of(settings, settings.rates.sources) if settings.market_coins() else None,
    )


def _notice_keys(settings: Settings) -> NoticeKeys | None:
    custody = settings.custody
    if not custody.is_hot or not custody.key_in_notice:
        return None
    return NoticeKeys(
        store_path=settings.store.path,
        key_file=custody.key_file,
        key_env=custody.key_env,
        networks=networks_of(settings),
    )


def _asked_looks(settings: Settings, chains: Mapping[str, ChainConnector]) -> dict[str, float]:
    """Where there is other news than that of the poll, nobody who asks waits for its interval."""
    coins = settings.coins.enabled()
    return {
        symbol: min(coins[symbol].poll_interval_seconds, ASKED_LOOK_INTERVAL_SECONDS)
        for symbol, connector in chains.items()
        if connector.pushes or settings.webhook.is_on
    }


def networks_of(settings: Settings) -> dict[str, str]:
    """The network of each coin that is enabled."""
    return {symbol: coin.network_name for symbol, coin in settings.coins.enabled().items()}

"""The shop as a process: starts in order, runs until it is told to stop, stops in reverse."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web
from loguru import logger

from actors.messages import StartShop
from composition.actor_system import (
    NewActors,
    ShopActors,
    ShopLostError,
    StartRefusedError,
)
from composition.backends import check_backend, connectors_of
from composition.coin_addresses import addresses_of
from composition.environment import environment_of, networks_of
from composition.reconcile_runner import ReconcileRunner
from composition.reconcile_schedule import ReconcileSchedule
from configuration.settings import Custody, Settings
from gateway.bridge import ShopBridge
from gateway.operator import health_app, operator_app
from gateway.telegram.background import Background
from gateway.telegram.connection import TelegramRefusedError, check_token, new_bot
from gateway.telegram.polling import run_polling
from gateway.telegram.reconciling import ReconcileDesk
from gateway.telegram.routers import telegram_dispatcher
from gateway.telegram.shop import TelegramShop
from gateway.webhook import PATH as WEBHOOK_PATH
from gateway.webhook import add_webhook
from payments.address_source import ListedSource
from payments.chain import ChainUnavailableError
from payments.custody import warn_if_open_to_others
from payments.rates import FEWEST_SOURCES
from store.queries import StoreReader

__all__ = ["ShopLostError", "StartRefusedError", "serve_shop"]


async def serve_shop(
    settings: Settings, new_actors: NewActors, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Run the shop until SIGTERM or SIGINT; `on_ready` is called when it is open.

    Raises:
        StartRefusedError, ChainRefusedError, CustodyError, AddressError: it cannot run as it is
            set up.
        ShopLostError: its root's process has ended; whatever was recorded is in the store.
    """
    stop = _stop_signal()
    await _check_credentials(settings)
    async with AsyncExitStack() as stack:
        actors = await stack.enter_async_context(_running(settings, new_actors))
        on_ready()
        await _first_of(stop, actors.lost)
        if actors.lost.is_set():
            raise ShopLostError("the process of the shop's root has ended: start the shop again")
        logger.info("stopping")
    logger.info("stopped")


@asynccontextmanager
async def _running(settings: Settings, new_actors: NewActors) -> AsyncIterator[ShopActors]:
    async with AsyncExitStack() as stack:
        actors = new_actors()
        stack.push_async_callback(actors.stop)
        operator = settings.operator
        pages = operator_app(actors.bridge, operator.token.get_secret_value() or None)
        await stack.enter_async_context(_listening(pages, operator.host, operator.port, "operator"))
        # Before the start, so that who reports a payment is told to come again.
        gateway, public = settings.gateway, _public_app(settings, actors.bridge)
        await stack.enter_async_context(_listening(public, gateway.host, gateway.port, "gateway"))
        await actors.start(
            StartShop(
                store_path=str(settings.store.path),
                admin_telegram_ids=settings.telegram.admin_ids,
                maintenance_interval_seconds=settings.orders.maintenance_interval_seconds,
                rules=settings.order_rules(),
                fixed_rates=settings.fixed_rates(),
                environment=environment_of(settings),
            )
        )
        reader = StoreReader(str(settings.store.path))
        stack.callback(reader.close)
        await asyncio.to_thread(_check_mnemonic, settings, reader)
        runner = ReconcileRunner(settings)
        schedule = ReconcileSchedule(settings, actors.bridge, runner)
        await stack.enter_async_context(_beside(schedule.run()))
        await stack.enter_async_context(_polling(settings, actors, reader, runner))
        warn_if_open_to_others(_secret_files(settings))
        _warn_of_keys_that_are_here(settings.custody)
        _tell_rates(settings)
        _tell_of_reports(settings)
        yield actors


def _public_app(settings: Settings, bridge: ShopBridge) -> web.Application:
    app = health_app(bridge)
    if settings.webhook.is_on:
        add_webhook(app, bridge, settings.webhook.secret.get_secret_value().encode())
    return app


def _tell_of_reports(settings: Settings) -> None:
    if not settings.webhook.is_on:
        return
    gateway = settings.gateway
    url = gateway.public_url or f"http://{gateway.host}:{gateway.port}"
    logger.info("signed reports of payments are taken at {}{}", url, WEBHOOK_PATH)
    for symbol, coin in settings.coins.enabled().items():
        if not coin.backends:
            logger.warning(
                "{} has no backend: whatever is reported with the shared secret counts as paid,"
                ' and no chain is asked (webhook.trust is "accept")',
                symbol,
            )


@asynccontextmanager
async def _polling(
    settings: Settings, actors: ShopActors, reader: StoreReader, runner: ReconcileRunner
) -> AsyncIterator[None]:
    shop = TelegramShop(
        admin_ids=frozenset(settings.telegram.admin_ids),
        currency=settings.shop.currency,
        coins=tuple(settings.coins.enabled()),
        networks=networks_of(settings),
        partial_stock=settings.order_rules().partial_stock,
        language=settings.shop.language,
    )
    bot = new_bot(settings.telegram.api_url, settings.telegram.token.get_secret_value())
    background = Background()
    reconcile_desk = ReconcileDesk(reconciler=runner, background=background)
    dispatcher = telegram_dispatcher(actors.bridge, reader, shop, reconcile_desk)
    try:
        async with _beside(run_polling(bot, dispatcher, settings.shop.language)):
            yield
    finally:
        await background.close()
        await bot.session.close()


@asynccontextmanager
async def _beside(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Do this as long as the context lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _listening(app: web.Application, host: str, port: int, name: str) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartRefusedError(
                f"{name}.host and {name}.port: cannot listen on {host}:{port}"
                f" ({error.strerror}); write a free port"
            ) from error
        logger.info("{} listens on http://{}:{}", name, *runner.addresses[0][:2])
        yield
    finally:
        await runner.cleanup()


def _secret_files(settings: Settings) -> list[Path]:
    coins = settings.coins.enabled().values()
    passwords = [backend.password_file for coin in coins for backend in coin.backends]
    custody = settings.custody
    keys = [custody.mnemonic_file, custody.key_file] if custody.is_hot else []
    files = [*keys, *passwords, settings.webhook.secret_file]
    return [path for path in files if path is not None]


async def _first_of(*events: asyncio.Event) -> None:
    waiting = {asyncio.ensure_future(event.wait()) for event in events}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


def _tell_rates(settings: Settings) -> None:
    currency, sources = settings.shop.currency, settings.rates.sources
    for symbol, rate in settings.fixed_rates().items():
        logger.warning("{} is charged at {} {} (rates.fixed)", symbol, rate, currency)
    for symbol in settings.market_coins():
        logger.info("{} is charged at the median of {} (rates.sources)", symbol, ", ".join(sources))
    if settings.market_coins() and len(sources) < FEWEST_SOURCES:
        logger.warning(
            "rates.sources names {}, so that nobody can tell which is wrong: name {} or more",
            " and ".join(sources), FEWEST_SOURCES,
        )  # fmt: skip


def _warn_of_keys_that_are_here(custody: Custody) -> None:
    path = custody.mnemonic_file
    if not custody.is_hot and path is not None and path.exists():
        logger.warning(
            'custody.mode is "watch_only", and the sealed mnemonic {} is on this machine all the'
            " same: take it away",
            path,
        )


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _check_credentials(settings: Settings) -> None:
    """Refuse what will never work; what is only out of reach now is no reason not to start."""
    token = settings.telegram.token.get_secret_value()
    try:
        await check_token(settings.telegram.api_url, token)
    except TelegramRefusedError as error:
        raise StartRefusedError(f"telegram.token: {error}") from error
    for symbol, coin in settings.coins.enabled().items():
        await asyncio.to_thread(addresses_of(settings, coin).open)
        for connector in connectors_of(coin):
            try:
                await check_backend(connector)
            except ChainUnavailableError as error:
                logger.warning("{}: {}", symbol, error)


def _check_mnemonic(settings: Settings, reader: StoreReader) -> None:
    """Refuse a mnemonic, key or list that is not the one which the store's addresses are of."""
    for symbol, coin in settings.coins.enabled().items():
        last = reader.last_address(symbol)
        if last is None:
            continue
        index, address = last
        source = addresses_of(settings, coin).open()
        if isinstance(source, ListedSource) and not source.start <= index < source.end():
            continue
        if source.derive(index) != address:
            raise StartRefusedError(
                f"{_origin(settings, symbol)} does not give the {symbol} addresses that the"
                " store's orders have on this network; put back the one, and the network, that the"
                " shop was run with"
            )


def _origin(settings: Settings, symbol: str) -> str:
    if settings.custody.is_hot:
        return "custody.mnemonic_file: this mnemonic"
    key = "addresses_file: this list" if symbol == "SOL" else "extended_public_key: this key"
    return f"coins.{symbol}.{key}"

"""The demonstration: the shop on the sandbox, everything made fresh in a folder of its own."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import click

from composition.actor_system import StartRefusedError
from composition.demo_settings import CURRENCY, demo_config, demo_environment, unheeded
from composition.serving import serve_shop
from composition.shop_in_loop import ShopInLoop
from configuration.loading import load
from configuration.logging import configure_logging, secrets_of
from configuration.requirements import Purpose
from domain.importing import parse_import
from payments.custody import new_key, new_mnemonic, seal, write_secret
from sandbox.chain.server import ChainCredentials
from sandbox.server import Sandbox, SandboxSettings
from store import offline

__all__ = ["StartRefusedError", "serve_demo"]

_MARK = ".holdfast-demo"
_GOODS = Path(__file__).resolve().parent.parent / "sandbox" / "page" / "items.json"


async def serve_demo(
    directory: Path,
    port: int,
    timeout_minutes: float | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run the shop on the sandbox until SIGTERM or SIGINT.

    `timeout_minutes` is how long an order lives; None: as `environ` says, or as usual.

    Raises:
        StartRefusedError: the folder holds something else or is in use, or the port is taken.
        ConfigurationError: a variable of `[orders]` is wrong.
    """
    credentials = ChainCredentials()
    settings_of_sandbox = SandboxSettings(port=port, chain_credentials=credentials)
    sandbox = Sandbox(settings_of_sandbox)
    try:
        await sandbox.start()
    except OSError as error:
        raise StartRefusedError(
            f"cannot listen on port {port} ({error.strerror}); write another with --port"
        ) from error
    try:
        with held(directory):
            _make_fresh(directory)
            config = directory / "config.toml"
            text = demo_config(sandbox, settings_of_sandbox, timeout_minutes)
            config.write_text(text, encoding="utf-8")
            _make_secrets(directory)
            environment = demo_environment(environ, timeout_minutes, credentials.password)
            settings = load(config, environment, purpose=Purpose.SERVE)
            configure_logging(settings.log, secrets_of(settings))
            _stock(str(settings.store.path))
            _tell_unheeded(environ)
            await serve_shop(settings, ShopInLoop, lambda: _say_where(sandbox.url))
    finally:
        await sandbox.stop()


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the folder of a demonstration, so that no other one clears it meanwhile.

    The lock lies beside the folder, which is cleared with all that is in it.

    Raises:
        StartRefusedError: another demonstration holds it, or the lock cannot be written.
    """
    place = directory.resolve()
    path = place.with_name(f"{place.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a", encoding="ascii")
    except OSError as error:
        raise StartRefusedError(f"{path} cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartRefusedError(
                f"a demonstration is running in {directory}: end it, or write another folder with"
                " --directory"
            ) from error
        yield


def _tell_unheeded(environ: Mapping[str, str]) -> None:
    for name in unheeded(environ):
        click.echo(f"{name} has no effect here: of all settings a demo takes [orders] alone")


def _say_where(url: str) -> None:
    click.echo(f"\n  Holdfast demo: open {url}\n\n  Ctrl-C ends it.\n")


def _make_fresh(directory: Path) -> None:
    if directory.exists():
        if any(directory.iterdir()) and not (directory / _MARK).exists():
            raise StartRefusedError(
                f"{directory} holds something that is no demo; write another folder with"
                " --directory"
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    (directory / _MARK).touch()


def _make_secrets(directory: Path) -> None:
    key = new_key()
    write_secret(directory / "key", key.hex())
    write_secret(directory / "mnemonic.sealed", seal(new_mnemonic(), key))


def _stock(store_path: str) -> None:
    parsed = parse_import(_GOODS.name, _GOODS.read_bytes(), CURRENCY)
    offline.import_items(store_path, parsed.entries, CURRENCY)

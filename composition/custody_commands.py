"""`python run.py custody ...`: addresses and keys at the command line."""

import sys
from pathlib import Path

import click

from composition.command_line import loaded, refusing
from configuration.coins import CoinSettings
from configuration.logging import configure_logging
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Log, Settings
from payments.custody import CustodyError, check_mnemonic, read_secret, write_secret
from payments.networks import LARGEST_INDEX, AddressError, account_path
from store.store_files import StoreFileError
from store.trouble import StoreUnavailableError

COINS = ("BTC", "LTC", "ETH", "SOL")
LARGEST_SECRET_BYTES = 65_536
FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
COIN = click.Choice(COINS)
INDEX = click.IntRange(0, LARGEST_INDEX)
REFUSED = (AddressError, CustodyError, StoreFileError, StoreUnavailableError)

GIVES_ALL_AWAY = (
    "Whoever has one of these keys of {coins} and the account's extended public key has every key"
    " of that account: show that public key to nobody, and do not use it for a watch-only shop."
)


@click.group()
def custody() -> None:
    """Addresses and keys."""


@custody.command()
@click.argument("coin", type=COIN)
@click.argument("index", type=INDEX)
@click.pass_obj
def address(config: Path, coin: str, index: int) -> None:
    """Print the receiving address of COIN with this INDEX, counted from 0."""
    settings = loaded(config, Purpose.CUSTODY)
    from composition.coin_addresses import addresses_of  # noqa: PLC0415 - slow to load

    with refusing(*REFUSED):
        click.echo(addresses_of(settings, settings.coins.all()[coin]).open().derive(index))


@custody.command()
@click.argument("coin", type=COIN, required=False)
@click.pass_obj
def show(config: Path, coin: str | None) -> None:
    """Print what a wallet must be told to find the money: paths, indexes, the gap limit.

    Of COIN, or of every coin that is enabled. Nothing of it is secret.
    """
    settings = loaded(config, Purpose.STORE)
    from composition.custody_show import shown  # noqa: PLC0415 - the whole shop

    with refusing(*REFUSED):
        for line in shown(settings, [coin] if coin else settings.coins.enabled()):
            click.echo(line)


@custody.command()
@click.option("--order", "order_id", type=click.IntRange(1, 2**63 - 1), help="Of this order.")
@click.option("--funded", is_flag=True, help="Of every order to which money came.")
@click.option("--index", "place", type=(COIN, INDEX), help="Of this coin's address, in any order.")
@click.option("--output", type=FILE, help="A new file, for its owner alone.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the keys.")
@click.option("--passphrase-file", type=FILE, help="With the passphrase; - for stdin.")
@click.pass_obj
def export(  # noqa: PLR0913 - one for each option
    config: Path,
    *,
    order_id: int | None,
    funded: bool,
    place: tuple[str, int] | None,
    output: Path | None,
    to_stdout: bool,
    passphrase_file: Path | None,
) -> None:
    """Give out private keys as wallets import them, while the shop is stopped.

    A CSV table: WIF for BTC and LTC, hexadecimal for ETH, base58 for SOL. Asks for the passphrase
    and leaves a row for each key in the audit log.
    """
    if [order_id is not None, funded, place is not None].count(True) != 1:
        raise click.UsageError("write one of --order N, --funded, --index COIN N")
    if (output is not None) == to_stdout:
        raise click.UsageError("write where the keys go: --output FILE or --stdout")
    settings = loaded(config, Purpose.CUSTODY)
    from composition import key_export  # noqa: PLC0415 - the whole shop

    with refusing(*REFUSED):
        key_export.hot_mnemonic_file(settings.custody)
        _refuse_taken(output)
        if place is not None:
            wanted = [key_export.Wanted(coin=place[0], address_index=place[1])]
        elif order_id is not None:
            wanted = key_export.of_order(settings, order_id)
        else:
            wanted = key_export.of_funded(settings)
        passphrase = _asked_passphrase(passphrase_file, "Passphrase for the export of keys")
        exported = key_export.keys_of(settings, wanted, passphrase)
        key_export.note_in_audit_log(settings, exported)
        table = key_export.as_csv(exported)
        if output is None:
            click.echo(table, nl=False)
        else:
            write_secret(output, table)
            click.echo(f"{output}: {len(exported)} keys", err=True)
    _warn_of_accounts({each.coin for each in wanted})


@custody.command()
@click.option("--passphrase-file", type=FILE, help="With the new passphrase; - for stdin.")
@click.option("--old-passphrase-file", type=FILE, help="With the one that holds, if one does.")
@click.pass_obj
def passphrase(
    config: Path, passphrase_file: Path | None, old_passphrase_file: Path | None
) -> None:
    """Set the passphrase that `custody export` asks for."""
    settings = loaded(config, Purpose.CUSTODY)
    from composition.key_export import hot_mnemonic_file  # noqa: PLC0415 - the whole shop
    from payments import export_passphrase  # noqa: PLC0415 - no other command needs it

    with refusing(*REFUSED):
        path = export_passphrase.passphrase_file(hot_mnemonic_file(settings.custody))
        if path.exists():
            old = _asked_passphrase(old_passphrase_file, "The passphrase that holds now")
            export_passphrase.check_passphrase(path, old)
        new = _asked_passphrase(passphrase_file, "The new passphrase", twice=True)
        export_passphrase.set_passphrase(path, new)
    click.echo("`custody export` asks for this passphrase from now on.")


@custody.command()
@click.argument("coin", type=COIN, default="SOL")
@click.option("--start", type=INDEX, default=0, show_default=True, help="SOL: the first index.")
@click.option(
    "--count", type=click.IntRange(1), default=1000, show_default=True, help="SOL: how many."
)
@click.option("--output", type=FILE, help="SOL: the list; sol-addresses-START.txt otherwise.")
@click.option("--network", help="With --mnemonic-file: of the addresses; main otherwise.")
@click.option("--mnemonic-file", type=FILE, help="The words themselves, from a file or stdin (-).")
@click.pass_obj
def prepare(  # noqa: PLR0913 - one for each option
    config: Path,
    *,
    coin: str,
    start: int,
    count: int,
    output: Path | None,
    network: str | None,
    mnemonic_file: Path | None,
) -> None:
    """Make what a watch-only shop needs, on a machine without a network that has the mnemonic.

    For SOL a list of addresses, which goes to the shop as coins.SOL.addresses_file. For BTC, LTC
    and ETH the extended public key of the shop's account is printed. The mnemonic is that of the
    settings, or, without any settings, that in --mnemonic-file.
    """
    from composition import preparing  # noqa: PLC0415 - no other command needs it

    with refusing(*REFUSED):
        if mnemonic_file is not None:
            configure_logging(Log(level="WARNING"))
            mnemonic, used = (
                check_mnemonic(read_given(mnemonic_file, "mnemonic")),
                network or "main",
            )
        else:
            settings = loaded(config, Purpose.CUSTODY)
            mnemonic, used = (
                preparing.mnemonic_of(settings, coin),
                _network(settings, coin, network),
            )
        if coin != "SOL":
            click.echo(preparing.account_public_key(mnemonic, coin, used))
            click.echo(
                f"This is coins.{coin}.extended_public_key on the network {used!r} (another:"
                f" --network), of {account_path(coin, used)}. It shows"
                f" all {coin} addresses of the shop. With any one private key of them it gives"
                " away all: export none while a shop uses it.",
                err=True,
            )
            return
        path = output or Path(f"sol-addresses-{start}.txt")
        preparing.write_solana_list(mnemonic, used, start, count, path)
    click.echo(f"{path}: SOL addresses {start} to {start + count - 1} on {used}")
    click.echo("The shop takes this file as coins.SOL.addresses_file.", err=True)


def read_given(path: Path, what: str) -> str:
    """The text of a secret file, or of stdin for `-`.

    Raises:
        CustodyError: it cannot be read.
    """
    if str(path) != "-":
        return read_secret(path, what)
    try:
        return sys.stdin.buffer.read(LARGEST_SECRET_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise CustodyError(f"what came on stdin is not text, so it is no {what}") from None


def _network(settings: Settings, coin: str, given: str | None) -> str:
    known: CoinSettings = settings.coins.all()[coin]
    if given is not None and given != known.network_name:
        raise CustodyError(f"the settings have {coin} on {known.network_name}: leave out --network")
    return known.network_name


def _refuse_taken(output: Path | None) -> None:
    # Before anything is asked or written into the log.
    if output is not None and output.exists():
        raise CustodyError(f"{output} is there already and was left alone: write another name")


def _asked_passphrase(path: Path | None, prompt: str, *, twice: bool = False) -> str:
    if path is not None:
        return read_given(path, "passphrase").rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "a passphrase is asked for: answer in a terminal, or name its file as --passphrase-file"
        )
    answer: str = click.prompt(prompt, hide_input=True, confirmation_prompt=twice)
    return answer


def _warn_of_accounts(coins: set[str]) -> None:
    # Of SOL every key is hardened: there is no such public key.
    in_accounts = sorted(coins - {"SOL"})
    if in_accounts:
        click.echo(GIVES_ALL_AWAY.format(coins=" and ".join(in_accounts)), err=True)

"""Holdfast's command line: `python run.py [--config PATH] COMMAND`.

Exit status 0: done; 1: something was found wrong; 2: wrong input or configuration, told in one line
for each problem on stderr. The shop itself is imported only by the commands that run it.
"""

import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from composition.command_line import loaded, refusing
from composition.custody_commands import custody, read_given
from composition.reconcile_commands import report
from configuration.initial import NoAnswerError, initialise
from configuration.loading import load
from configuration.logging import configure_logging
from configuration.problems import ConfigurationError
from configuration.questions import Question
from configuration.reminders import reminders
from configuration.requirements import Purpose
from configuration.settings import Log
from domain.catalog import ImportRefusedError
from domain.importing import parse_import
from payments.chain import ChainRefusedError
from payments.custody import CustodyError
from payments.networks import AddressError
from store import offline
from store.store_files import StoreFileError
from store.trouble import StoreUnavailableError

PROGRAM_FOLDER = Path(__file__).resolve().parent
FOUND_WRONG = 1
WRONG_INPUT = 2
INTERRUPTED = 130
STARTING = "Holdfast is starting, which takes some seconds."
LARGEST_IMPORT_BYTES = 20 * 1024 * 1024  # the largest file that a bot may fetch from Telegram

CANNOT_START = (AddressError, ChainRefusedError, CustodyError, StoreUnavailableError)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=PROGRAM_FOLDER / "config.toml",
    show_default="config.toml beside run.py",
    help="The settings file; relative paths in it are relative to it.",
)
@click.pass_context
def cli(context: click.Context, config: Path) -> None:
    """A Telegram shop that is paid in crypto."""
    context.obj = config


@cli.command()
@click.pass_obj
def serve(config: Path) -> None:
    """Run the shop until SIGTERM or Ctrl-C."""
    settings = loaded(config, Purpose.SERVE)
    # What is imported now takes seconds, most of it for the types of the Bot API.
    click.echo(STARTING)
    from composition.hosting import actors_for  # noqa: PLC0415 - the whole shop
    from composition.serving import (  # noqa: PLC0415 - the same
        ShopLostError,
        StartRefusedError,
        serve_shop,
    )

    try:
        with refusing(StartRefusedError, *CANNOT_START), actors_for(settings) as new_actors:
            asyncio.run(serve_shop(settings, new_actors))
    except ShopLostError as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(FOUND_WRONG) from None


@cli.command()
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=PROGRAM_FOLDER / "data" / "demo",
    show_default="data/demo beside run.py",
    help="Where everything is made fresh.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8090,
    show_default=True,
    help="Of the page to open; 0: any that is free.",
)
@click.option(
    "--timeout-minutes",
    type=click.FloatRange(0.1, 43_200),
    help="How long an order waits for its payment, as in 2; fractions are allowed.  [default: 30]",
)
def demo(directory: Path, port: int, timeout_minutes: float | None) -> None:
    """Run the shop on the sandbox: no account, no token, no node."""
    click.echo(STARTING)
    from composition.demo import StartRefusedError, serve_demo  # noqa: PLC0415 - the whole shop

    with refusing(StartRefusedError, *CANNOT_START):
        asyncio.run(serve_demo(directory, port, timeout_minutes, os.environ))


@cli.command()
@click.option(
    "--mnemonic-file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Take the mnemonic from this file, or from stdin (-), instead of making one.",
)
@click.pass_obj
def init(config: Path, mnemonic_file: Path | None) -> None:
    """Ask what is missing, and write it.

    Makes the settings file and the sealed secrets.
    """
    configure_logging(Log(level="WARNING"))
    with refusing(CustodyError):
        mnemonic = read_given(mnemonic_file, "mnemonic") if mnemonic_file is not None else None
        template = PROGRAM_FOLDER / "config.toml"
        prepared = initialise(config, template, os.environ, mnemonic, asked)
    if prepared.mnemonic is not None:
        click.echo(
            "These words are the only way to the shop's coins if this machine is lost. They are"
            " shown this once: write them on paper, in this order, and keep it safe.\n"
        )
        click.echo(f"{prepared.mnemonic}\n")
    click.echo(f"{prepared.config_file} and the secrets it names are ready.")
    for line in reminders(load(config, os.environ, purpose=Purpose.INIT), config):
        click.echo(line)
    serving = [sys.executable, str(PROGRAM_FOLDER / "run.py"), "--config", str(config), "serve"]
    click.echo(f"Start the shop with: {shlex.join(serving)}")


@cli.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@click.pass_obj
def check_store(config: Path, *, as_json: bool) -> None:
    """Prove that the store is sound.

    Prints which invariants are broken; also while the shop runs.
    """
    settings = loaded(config, Purpose.STORE)
    from composition.keeping import check  # noqa: PLC0415 - for this command alone

    with refusing(StoreFileError):
        finish(check(settings, as_json=as_json))


@cli.command("backup")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Take the place of a file that is there.")
@click.pass_obj
def backup_store(config: Path, destination: Path, *, replace: bool) -> None:
    """Copy the store to a new file.

    The copy at DESTINATION is proved sound; also while the shop runs.
    """
    settings = loaded(config, Purpose.STORE)
    from composition.keeping import backup  # noqa: PLC0415 - for this command alone

    with refusing(StoreFileError):
        finish(backup(settings, destination, may_replace=replace))


@cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path))
@click.pass_obj
def restore_store(config: Path, source: Path) -> None:
    """Put a backup in the place of the store.

    The backup is SOURCE, and the shop has to be stopped.
    """
    settings = loaded(config, Purpose.STORE)
    from composition.keeping import restore  # noqa: PLC0415 - for this command alone

    with refusing(StoreFileError, StoreUnavailableError, AddressError, CustodyError):
        finish(restore(settings, source))


def finish(is_well: bool) -> None:  # noqa: FBT001 - what a check found
    """Let the exit status say whether something was found wrong."""
    if not is_well:
        raise click.exceptions.Exit(FOUND_WRONG)


@cli.command("rates")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def show_rates(config: Path, *, as_json: bool) -> None:
    """Ask what the coins cost now.

    Shows what each source said, and the rate that follows.
    """
    settings = loaded(config, Purpose.STORE)
    from composition.rates_command import show  # noqa: PLC0415 - for this command alone

    finish(show(settings, as_json=as_json))


cli.add_command(custody)
cli.add_command(report)


@cli.group()
def items() -> None:
    """Goods to sell."""


@items.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_items(config: Path, file: Path) -> None:
    """Import units from a JSON or TXT FILE while the shop is not running."""
    settings = loaded(config, Purpose.STORE)
    currency = settings.shop.currency
    with refusing(ImportRefusedError, StoreUnavailableError):
        parsed = parse_import(file.name, read_import(file), currency)
        added, known = offline.import_items(str(settings.store.path), parsed.entries, currency)
    click.echo(f"{added} added")
    for place in known:
        click.echo(f"{parsed.place_name} {place}: known already, skipped")
    for bad in parsed.bad:
        click.echo(f"{parsed.place_name} {bad.place}: {bad.why}", err=True)
    if parsed.bad:
        raise click.exceptions.Exit(FOUND_WRONG)


def read_import(path: Path) -> bytes:
    """The content of a file to import.

    Raises:
        ConfigurationError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_IMPORT_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_IMPORT_BYTES:
        raise ConfigurationError(f"{path}: is larger than {LARGEST_IMPORT_BYTES} bytes; split it")
    return content


def asked(question: Question) -> object:
    """Put a question on the terminal until its answer is good.

    Raises:
        NoAnswerError: stdin has ended.
    """

    def check(text: str) -> object:
        try:
            return question.check(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    # Hidden input reads from the terminal itself, past a stdin that is a file or a pipe.
    is_hidden = question.is_secret and sys.stdin.isatty()
    try:
        return click.prompt(question.prompt, value_proc=check, hide_input=is_hidden)
    except click.Abort:
        raise NoAnswerError from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    try:
        status = cli.main(arguments, prog_name="run.py", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return WRONG_INPUT
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        return WRONG_INPUT
    except ConfigurationError as error:
        for line in error.lines:
            click.echo(f"error: {line}", err=True)
        return WRONG_INPUT
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())

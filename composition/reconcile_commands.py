"""`python run.py report ...`: what the owner is told about the shop's money."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from composition.command_line import loaded, refusing
from configuration.logging import configure_logging, secrets_of
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings
from domain.reconciliation import CoinTotals, Finding, Reconciliation
from store.store_files import StoreFileError

DIFFERS = 1
DATE = click.DateTime(["%Y-%m-%d"])
ONE_DAY = timedelta(days=1)


@click.group()
def report() -> None:
    """Reports about the shop's money."""


@report.command("reconcile")
@click.option("--from", "first_day", type=DATE, help="Orders of this day (UTC) and later.")
@click.option("--to", "last_day", type=DATE, help="Orders of this day (UTC) and earlier.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write every line into this file; one that is there is replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@click.pass_obj
def reconcile_command(
    config: Path,
    *,
    first_day: datetime | None,
    last_day: datetime | None,
    csv_file: Path | None,
    as_json: bool,
) -> None:
    """Compare every order with what its address received on chain, also while the shop runs.

    Differences come first. Exit status 0: nothing differs; 1: something does, or a coin could not
    be compared; 2: wrong input.
    """
    if first_day is not None and last_day is not None and first_day > last_day:
        raise click.UsageError("--from is after --to: write the earlier day first")
    if csv_file is not None and not csv_file.absolute().parent.is_dir():
        raise click.UsageError(f"{csv_file}: there is no folder {csv_file.absolute().parent}")
    settings = loaded(config, Purpose.CHAINS)
    quiet = settings.log.model_copy(update={"level": "WARNING"})
    configure_logging(quiet, secrets_of(settings))
    with refusing(StoreFileError):
        result = _reconciled(settings, _start_of(first_day), _end_of(last_day))
    if csv_file is not None:
        _write(csv_file, result)
    click.echo(json.dumps(as_plain(result)) if as_json else "\n".join(as_lines(result)))
    if not result.is_well:
        raise click.exceptions.Exit(DIFFERS)


def as_lines(result: Reconciliation) -> list[str]:
    """For people: differences, then sums."""
    from gateway.reconcile_table import (  # noqa: PLC0415 - slow to load
        difference_sentences,
        totals_lines,
    )

    found = difference_sentences(result)
    lines = found or [_no_difference(result)]
    for totals in result.coins:
        lines += totals_lines(totals)
    return lines


def _no_difference(result: Reconciliation) -> str:
    """How much was compared where no difference was found: nothing at all is no good news."""
    orders = sum(each.orders for each in result.coins)
    compared = sum(each.orders - each.unchecked for each in result.coins if not each.why_not)
    if not orders:
        return "there are no orders to compare"
    if not compared:
        return "nothing could be compared"
    return f"nothing differs: {compared} of {orders} orders were compared"


def as_plain(result: Reconciliation) -> dict[str, object]:
    """For programs: the lines that differ or could not be checked, and the sums."""
    from gateway.reconcile_table import plain_entry, sentence  # noqa: PLC0415 - slow to load

    return {
        "at": result.at.isoformat(),
        "from": None if result.made_from is None else result.made_from.isoformat(),
        "before": None if result.made_before is None else result.made_before.isoformat(),
        "is_well": result.is_well,
        "differences": [
            {**plain_entry(each), "explanation": sentence(each)} for each in result.differences
        ],
        "unchecked": [
            plain_entry(each) for each in result.entries if each.finding is Finding.UNCHECKED
        ],
        "coins": [_plain_totals(each) for each in result.coins],
        "balances": [
            {
                "currency": each.currency,
                "balance_minor": each.balance_minor,
                "credits_minor": each.credits_minor,
            }
            for each in result.balances
        ],
    }


def _plain_totals(totals: CoinTotals) -> dict[str, object]:
    placed = totals.placed
    return {
        "coin": totals.coin,
        "orders": totals.orders,
        "addresses": totals.addresses,
        "tip_height": totals.tip_height,
        "came_in_base_units": totals.came_in,
        "waiting_base_units": totals.waiting,
        "seen_base_units": totals.seen,
        "confirmed_base_units": totals.confirmed,
        "for_goods_base_units": placed.for_goods,
        "awaiting_base_units": placed.awaiting,
        "credited_base_units": placed.credited,
        "to_refund_base_units": placed.to_refund,
        "refunded_base_units": placed.refunded,
        "unplaced_base_units": placed.unplaced,
        "unchecked_orders": totals.unchecked,
        "notes": list(totals.notes),
        "why_not": totals.why_not,
    }


def _reconciled(
    settings: Settings, made_from: datetime | None, made_before: datetime | None
) -> Reconciliation:
    from composition.reconcile_scope import Everything  # noqa: PLC0415 - slow to load
    from composition.reconciling import reconcile  # noqa: PLC0415 - the same

    everything = Everything(made_from=made_from, made_before=made_before)
    return asyncio.run(reconcile(settings, everything, lambda text: click.echo(text, err=True)))


def _write(csv_file: Path, result: Reconciliation) -> None:
    from gateway.reconcile_table import table  # noqa: PLC0415 - slow to load

    try:
        csv_file.write_bytes(table(result))
    except OSError as error:
        raise ConfigurationError(f"{csv_file}: cannot be written: {error.strerror}") from None


def _start_of(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)


def _end_of(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC) + ONE_DAY

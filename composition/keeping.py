"""Keeping the store: the proof that it is sound, backups of it, and the way back from one."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from composition.coin_addresses import mark_of
from configuration.settings import Settings
from payments.custody import CustodyError
from payments.marks import HighWaterMark
from store.backup import back_up
from store.invariant import Violation
from store.restore import Restore, prepared_restore
from store.store_files import check_store


def check(settings: Settings, *, as_json: bool) -> bool:
    """Print what breaks the invariants of the store; whether nothing does.

    Raises:
        StoreFileError: there is no store of this version.
    """
    broken = check_store(settings.store.path)
    if as_json:
        click.echo(json.dumps([_plain(violation) for violation in broken]))
    elif broken:
        _tell(broken)
    else:
        click.echo(f"{settings.store.path}: every invariant holds")
    return not broken


def backup(settings: Settings, destination: Path, *, may_replace: bool) -> bool:
    """Copy the store, which may be in use, to `destination`; whether the copy is sound and there.

    Raises:
        StoreFileError: there is no store, or the destination is taken or cannot be written.
    """
    broken = back_up(settings.store.path, destination, may_replace=may_replace)
    if broken:
        _tell(broken)
        click.echo("no backup was made: the store is not sound", err=True)
    else:
        click.echo(f"{destination}: every invariant holds")
    return not broken


def restore(settings: Settings, source: Path) -> bool:
    """Put the backup `source` in the place of the store; whether it was sound and is there now.

    Raises:
        StoreUnavailableError: the shop is running.
        StoreFileError: the source is no store, or the store's folder cannot be written.
        CustodyError: the marks of addresses beside the mnemonic are missing or cannot be used, so
            that addresses might be given out twice. Nothing is changed.
    """
    place = settings.store.path
    with prepared_restore(place, source) as prepared:
        if prepared.broken:
            _tell(list(prepared.broken))
            click.echo(f"nothing was restored: {source} is not sound", err=True)
            return False
        _raise_marks(settings, prepared.next_address_indexes)
        kept = prepared.put_in_place(datetime.now(UTC))
    click.echo(f"{place} is what {source} was")
    if kept is not None:
        click.echo(f"the store that was there is {kept}")
    _tell_what_is_not_there(prepared)
    return True


def _plain(violation: Violation) -> dict[str, str]:
    return {
        "name": violation.name,
        "sentence": violation.sentence,
        "subject": violation.subject,
    }


def _tell(broken: list[Violation]) -> None:
    for violation in broken:
        click.echo(f"{violation.name}: {violation.subject}: {violation.sentence}")


def _tell_what_is_not_there(restore: Restore) -> None:
    if restore.newer_orders:
        click.echo(f"orders of that store which this one does not know: {restore.newer_orders}")
    if restore.newer_units:
        click.echo(
            f"units that were imported there and are not here: {restore.newer_units};"
            " import again those of them that were not sold"
        )
    if restore.units_sold_since:
        click.echo(
            f"units that were sold there and are for sale here: {restore.units_sold_since};"
            " take them out before the shop runs"
        )


def _raise_marks(settings: Settings, next_indexes: dict[str, int]) -> None:
    """See to it that no address which either store knows is given out again."""
    for symbol, coin in settings.coins.all().items():
        next_index = next_indexes.get(symbol, 0)
        if not coin.enabled and not next_index:
            continue
        mark = mark_of(settings.custody, coin)
        try:
            _raise_mark(mark, next_index)
        finally:
            mark.close()


def _raise_mark(mark: HighWaterMark, next_index: int) -> None:
    known = mark.read()
    if known is None and next_index:
        raise CustodyError(
            f"the mark of {mark.name} addresses is missing: bring the .marks file back that was"
            f' beside the mnemonic, or write "{mark.name}": N into it, where N is above every index'
            f" ever handed out (at least {next_index}, and more if orders came after the backup)"
        )
    if known is not None and known < next_index:
        mark.write(next_index)
        click.echo(f"the mark of {mark.name} addresses was at {known} and is now at {next_index}")

"""What is done to a store while no shop runs on it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from domain.catalog import ImportEntry
from domain.events import ItemsAdded, KeyExported
from domain.order import By
from store.contract import Record, Recorded, WriterSettings
from store.store_files import StoreFileError
from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind
from store.writer import StoreWriter


def import_items(
    path: str, entries: Sequence[ImportEntry], fiat_currency: str
) -> tuple[int, tuple[int, ...]]:
    """Add units for sale in one transaction: (how many are new, places of those that were known).

    Raises:
        StoreUnavailableError: the shop is running, or the store cannot be written.
    """
    now = datetime.now(UTC)
    digest = sha256(f"{now.isoformat()}{entries!r}".encode()).hexdigest()
    record = Record(
        command_id=f"import:{digest[:32]}",
        events=(ItemsAdded(entries=tuple(entries), fiat_currency=fiat_currency),),
        at=now,
        by=By.ADMIN,
        why="imported at the command line",
    )
    answer = _recorded(path, record, "import")
    return answer.added, answer.known_places


def record_exported_keys(path: Path, exported: Sequence[KeyExported], now: datetime) -> None:
    """Write into the audit log which keys are about to be given out, all in one transaction.

    Raises:
        StoreFileError: there is no store.
        StoreUnavailableError: the shop is running, or the store cannot be written.
    """
    if not path.is_file():
        raise StoreFileError(f"there is no store at {path}")
    record = Record(
        command_id=f"export:{now.isoformat()}",
        events=tuple(exported),
        at=now,
        by=By.ADMIN,
        why="exported at the command line",
    )
    _recorded(str(path), record, "export")


def _recorded(path: str, record: Record, what: str) -> Recorded:
    settings = WriterSettings(admin_telegram_ids=(), max_active_orders=1, max_user_timeouts=1)
    writer = StoreWriter(path, settings)
    try:
        answer = writer.run([record], record.at).answers[0]
    finally:
        writer.close()
    if not isinstance(answer, Recorded):
        text = f"the store {path} refused the {what}: {answer}"
        raise StoreUnavailableError(text, StoreTrouble(kind=TroubleKind.OTHER, why=text))
    return answer

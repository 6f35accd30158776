"""What is done to a store while no shop runs on it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from domain.catalog import ImportEntry
from domain.events import ItemsAdded
from domain.order import By
from store.contract import Record, Recorded, WriterSettings
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
    settings = WriterSettings(admin_telegram_ids=(), max_active_orders=1, max_user_timeouts=1)
    writer = StoreWriter(path, settings)
    try:
        record = Record(
            command_id=f"import:{digest[:32]}",
            events=(ItemsAdded(entries=tuple(entries), fiat_currency=fiat_currency),),
            at=now,
            by=By.ADMIN,
            why="imported at the command line",
        )
        answer = writer.run([record], now).answers[0]
    finally:
        writer.close()
    if not isinstance(answer, Recorded):
        text = f"the store {path} refused the import: {answer}"
        raise StoreUnavailableError(text, StoreTrouble(kind=TroubleKind.OTHER, why=text))
    return answer.added, answer.known_places

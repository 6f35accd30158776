"""The records of a watcher's place in the chain: what is on disk, what is on its way there."""

from datetime import datetime, timedelta

from domain.events import PlaceMoved
from domain.order import By
from payments.chain import Place
from store.contract import Record

PLACE_AT_MOST_EVERY = timedelta(seconds=5)
RESEND_AFTER = timedelta(seconds=5)


class PlaceRecords:
    """One record at a time, sent again until it is answered, and a new one not too often."""

    def __init__(self, on_disk: Place | None) -> None:
        self.on_disk = on_disk
        self._wanted: Place | None = None
        self._record: Record | None = None
        self._sent_at: datetime | None = None

    def due(self, coin: str, wanted: Place | None, now: datetime) -> Record | None:
        """What is to be sent to the ledger now, where `wanted` may be put on disk."""
        if self._record is not None:
            return self._sent(self._record, now) if self._is_over(RESEND_AFTER, now) else None
        if wanted is None or wanted == self.on_disk or not self._is_over(PLACE_AT_MOST_EVERY, now):
            return None
        moved = PlaceMoved(coin=coin, height=wanted.height, block_hash=wanted.block_hash)
        # The time tells it apart from the same place before a reorganisation.
        command_id = f"place:{coin}:{wanted.block_hash}:{now.isoformat()}"
        self._record = Record(command_id=command_id, events=(moved,), at=now, by=By.CHAIN)
        self._wanted = wanted
        return self._sent(self._record, now)

    def recorded(self, command_id: str) -> bool:
        """Whether this was the record on its way, which is on disk now."""
        if self._record is None or command_id != self._record.command_id:
            return False
        self.on_disk, self._record = self._wanted, None
        return True

    def refused(self, command_id: str) -> bool:
        """Whether this was the record on its way, which will not be on disk; a later one may."""
        if self._record is None or command_id != self._record.command_id:
            return False
        self._record = None
        return True

    def _sent(self, record: Record, now: datetime) -> Record:
        self._sent_at = now
        return record

    def _is_over(self, pause: timedelta, now: datetime) -> bool:
        # The distance, for a clock may be set back.
        return self._sent_at is None or abs(now - self._sent_at) >= pause

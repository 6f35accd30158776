"""How far the chains were reconciled, in a file beside the store: `STORE.reconciled`.

Only blocks are skipped by it that were read for all addresses, and in which nothing was missed. A
store that is put back from a backup knows less than it did then: its watchers have not come so far,
and the place does not count.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from payments.chain import Place


class ReconciledPlaces:
    """The file; one that is missing or broken means that nothing was reconciled yet."""

    def __init__(self, store: Path) -> None:
        self._path = Path(f"{store}.reconciled")

    def place(self, coin: str, network: str, watched_height: int | None) -> Place | None:
        """The last block that needs no reading again; `watched_height`: where its watcher is."""
        place = self._read().get(f"{coin}/{network}")
        if place is None or watched_height is None or watched_height < place.height:
            return None
        return place

    def last_run_at(self) -> datetime | None:
        """When a place was kept last."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return None

    def keep(self, reached: dict[tuple[str, str], Place]) -> None:
        """Keep the places that were reached, by coin and network; others stay as they are.

        Raises:
            OSError: the file cannot be written.
        """
        places = self._read() | {f"{coin}/{net}": place for (coin, net), place in reached.items()}
        content = {
            name: {"height": place.height, "block_hash": place.block_hash}
            for name, place in sorted(places.items())
        }
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        beside.replace(self._path)

    def _read(self) -> dict[str, Place]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                str(name): Place(height=int(each["height"]), block_hash=str(each["block_hash"]))
                for name, each in content.items()
            }
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return {}

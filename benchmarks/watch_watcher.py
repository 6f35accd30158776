"""A watcher's part in a look: asking the client, and taking in what it showed.

The same as `actors.chain_watcher` does, without its messages.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.payment import Sighting
from payments.chain import AddressLook, ChainClient, Look, Place
from payments.watch_state import Target
from payments.watching import (
    Report,
    apply_address_look,
    apply_look,
    begin_look,
    due_reports,
    forget_settled,
    place_to_record,
    start_state,
    taken,
)


class Watcher:
    """Watches addresses, of each of which it is told what was recorded, from a place in the chain.

    Every report is taken at once.
    """

    def __init__(
        self,
        client: ChainClient,
        recorded: Mapping[str, tuple[Sighting, ...]],
        place: Place | None,
        now: datetime,
    ) -> None:
        targets = (
            (
                Target(
                    order_id=number, address=address, confirmations_required=2, watch_until=None
                ),
                sightings,
            )
            for number, (address, sightings) in enumerate(recorded.items(), 1)
        )
        self._client = client
        self._state = start_state(place, targets)
        self.now = now

    async def look(self) -> Look | AddressLook:
        """Look once, and take in what is shown."""
        state = self._state
        addresses = state.addresses()
        begin_look(state)
        look = await self._client.look(state.looking_from, addresses, began_at=self.now)
        if isinstance(look, AddressLook):
            apply_address_look(state, look, self.now)
        else:
            apply_look(state, look, self.now)
        if look.complete:
            reports = due_reports(state, look, (), self.now)
            forget_settled(state, look)
            self._take(reports, look)
        place_to_record(state, self.now)
        return look

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.close()

    def _take(self, reports: Sequence[Report], look: Look | AddressLook) -> None:
        for report in reports:
            taken(self._state, report.address, look.began_at)

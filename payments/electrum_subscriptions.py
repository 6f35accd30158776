"""Which scripts an Electrum server pushes the changes of, and whose turn it is among the others.

Pushes lag behind: a server may announce a block a moment before it tells of the payments in it. So
those that somebody waits for are asked for again at each new block, before anything is concluded
from it; the rest in turn, should a push ever be lost.
"""

from collections.abc import Mapping, Sequence

from payments.chain import Known, Place
from payments.electrum_rpc import IN_FLIGHT, ElectrumError
from payments.electrum_scripts import ScriptBook, WatchedScript
from payments.electrum_server import ElectrumServer
from payments.patience import Patience
from payments.turns import Turns, by_urgency

_ASKED_AGAIN_A_LOOK = 100
_POLLED_A_LOOK = 100


class Subscriptions:
    """Keeps the most urgent scripts of a book subscribed, up to `most`."""

    def __init__(self, book: ScriptBook, most: int) -> None:
        self._book = book
        self._most = most
        self._turns = Turns()
        self._fresh_at: Place | None = None
        # The one that was asked longest ago comes first.
        self._asked: dict[str, None] = {}

    async def renew(
        self,
        server: ElectrumServer,
        addresses: Mapping[str, Known],
        place: Place,
        patience: Patience,
    ) -> ElectrumError | None:
        """Ask for what is not subscribed, or not as of `place`; the refusal where there was one.

        Raises:
            ChainUnavailableError: no usable answer.
        """
        order = by_urgency(addresses)
        await self._give_up(server, self._book.of(order[self._most :]))
        wanted = self._book.of(order[: self._most])
        if place != self._fresh_at:
            for script in wanted:
                script.is_subscribed = script.is_subscribed and not addresses[script.address].urgent
            self._fresh_at = place
        new = [script for script in wanted if not script.is_subscribed]
        asked = new + self._longest_ago(_ASKED_AGAIN_A_LOOK)
        for begins in range(0, len(asked), IN_FLIGHT):
            refusal = await self._ask(server, asked[begins : begins + IN_FLIGHT])
            if refusal is not None or patience.is_over():
                return refusal
        return None

    def polled(self, addresses: Mapping[str, Known]) -> list[WatchedScript]:
        """Those whose turn it is to be asked for, among those without subscription."""
        waiting = {
            script.address: addresses[script.address]
            for script in self._book.of(addresses)
            if not script.is_subscribed
        }
        turn = self._turns.next(waiting, _POLLED_A_LOOK)
        self._turns.had_their_turn(turn)
        return self._book.of(turn)

    def _longest_ago(self, most: int) -> list[WatchedScript]:
        for address in [each for each in self._asked if each not in self._book]:
            del self._asked[address]
        asked = self._book.of(self._asked)
        return [script for script in asked if script.is_subscribed][:most]

    async def _ask(
        self, server: ElectrumServer, scripts: Sequence[WatchedScript]
    ) -> ElectrumError | None:
        refusal = None
        times_heard = [script.times_heard for script in scripts]
        statuses = await server.subscribe([script.script_hash for script in scripts])
        for script, before, status in zip(scripts, times_heard, statuses, strict=True):
            script.is_subscribed = not isinstance(status, ElectrumError)
            self._asked.pop(script.address, None)
            if isinstance(status, ElectrumError):
                refusal = status
                continue
            self._asked[script.address] = None
            if script.times_heard == before:
                script.heard(status)
            else:
                # A push came meanwhile, and which of the two is newer cannot be known.
                script.read_again()
        return refusal

    async def _give_up(self, server: ElectrumServer, scripts: Sequence[WatchedScript]) -> None:
        subscribed = [script for script in scripts if script.is_subscribed]
        for script in subscribed:
            script.is_subscribed = False
        if subscribed:
            await server.unsubscribe([script.script_hash for script in subscribed])

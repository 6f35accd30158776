"""Whether a Solana node is in step with the main network, by its latest block."""

from datetime import datetime, timedelta

from payments.chain import ChainUnavailableError

# Blocks come twice a second or more, and their times follow the clock by some seconds.
OLDEST_TIP = timedelta(minutes=5)
# What the nodes behind one address may be apart: about a minute.
SLOTS_BEHIND = 150


class TipWatch:
    """Remembers the highest slot, and when a node last proved to be in step.

    For the main network only: elsewhere clocks and slots may be anything.
    """

    def __init__(self) -> None:
        self._highest = 0
        self._in_step_at: datetime | None = None

    @property
    def highest(self) -> int:
        """The highest slot that was seen."""
        return self._highest

    def was_at(self, slot: int) -> None:
        """The shop has seen this slot."""
        self._highest = max(self._highest, slot)

    def require_in_step(
        self, slot: int, block_time: datetime | None, *, now: datetime, node_name: str
    ) -> None:
        """Let pass a tip that is neither far below what was seen nor old.

        `block_time` None: the node does not tell it. That happens for the latest blocks, and is
        accepted for as long as a tip may be old.

        Raises:
            ChainUnavailableError: the node is behind, or stands still, or may do so.
        """
        if slot < self._highest - SLOTS_BEHIND:
            raise ChainUnavailableError(
                f"{node_name} is behind: at slot {slot}, and {self._highest} was seen before"
            )
        if block_time is not None:
            if block_time < now - OLDEST_TIP:
                raise ChainUnavailableError(
                    f"{node_name} stands still or is catching up with its network: its latest"
                    f" block, of slot {slot}, is of {block_time:%Y-%m-%d %H:%M} UTC"
                )
            self._in_step_at = now
        elif self._in_step_at is None or abs(now - self._in_step_at) > OLDEST_TIP:
            raise ChainUnavailableError(
                f"{node_name} does not tell the time of its latest block, of slot {slot}:"
                " it may stand still"
            )
        self.was_at(slot)

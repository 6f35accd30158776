"""Whether a server of the Bitcoin family is in step with its network, by its last block."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.chain import ChainUnavailableError

# The longest that a public chain stands still: blocks come by chance, hours apart at the worst.
OLDEST_TIP = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The last block; `mined_at` is the time in its header."""

    height: int
    mined_at: datetime


def require_in_step(
    tip: Tip, *, highest: int, network: str, now: datetime, server_name: str
) -> None:
    """Let pass a tip that is not older, and not lower than the `highest` that the shop has seen.

    On regtest everything passes: blocks come when somebody wants them, and may be declared invalid.
    Elsewhere a lower tip is that of a server that is behind, also where others share its address:
    payments in the blocks that it lacks would seem to have been undone.

    Raises:
        ChainUnavailableError: the server is behind.
    """
    if network == "regtest":
        return
    if tip.height < highest:
        raise ChainUnavailableError(f"{server_name} is behind: at block {tip.height} of {highest}")
    if tip.mined_at < now - OLDEST_TIP:
        raise ChainUnavailableError(
            f"{server_name} is catching up with its network: its last block {tip.height} is of"
            f" {tip.mined_at:%Y-%m-%d %H:%M} UTC"
        )

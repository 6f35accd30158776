"""What is measured side by side: a runtime for actors, behind one interface.

A round trip is one message to an actor and its answer. The messages are the same short strings
everywhere, so that what is measured is the runtime and not the making of messages.
"""

from collections.abc import Callable
from typing import Protocol

from benchmarks.measuring import BenchmarkError

PING = "ping"
PONG = "pong"
IN_FLIGHT = 256
FAR_SECONDS = 1800.0  # how far away a timer is that is not to be due during a measurement
LIMIT_SECONDS = 300.0  # longer than any single measurement takes, on a busy machine too
LEADS = (1, 2, 4)  # times the lead that was asked for, one after another
ANSWERS_A_LOOK = 64  # how many answers come between two looks at the clock


class Subject(Protocol):
    """One actor system in a process of its own."""

    def ask_per_s(self, seconds: float) -> float:
        """Let one actor ask another for a time, IN_FLIGHT at once; return round trips/s."""

    def ask_serial_per_s(self, seconds: float) -> float:
        """Ask one actor from outside, one after another; return round trips/s."""

    def create_us(self, count: int) -> float:
        """Let one actor create others and get a first answer from each, one after another.

        Returns:
            Microseconds for each. They are ended afterwards, which is not counted.
        """

    def populate(self, count: int) -> None:
        """Create actors as `create_us` does, that stay, each with a timer if there are timers."""

    def late_seconds(
        self, count: int, lead_seconds: float, spread_seconds: float
    ) -> list[float] | None:
        """Create actors, arm one timer in each, and return how late each rang.

        Args:
            count: actors and timers.
            lead_seconds: how long after the first is armed the first is due. Arming has to
                be done by then; where it is not, all is done once more with a longer lead.
            spread_seconds: the time over which they are due, evenly.

        Returns:
            None where the runtime has no timers.

        Raises:
            BenchmarkError: arming took longer than the longest lead, or some never rang.
        """


def rung_in_time(ring: Callable[[float], list[float] | None], lead_seconds: float) -> list[float]:
    """Let timers ring, with a longer lead where arming was not done before the first was due.

    Args:
        ring: arms timers that are first due after a lead in seconds, waits for all, and returns
            how late they were; None where some were armed too late.
        lead_seconds: the first lead.

    Raises:
        BenchmarkError: the longest lead was too short as well.
    """
    for factor in LEADS:
        late_seconds = ring(lead_seconds * factor)
        if late_seconds is not None:
            return late_seconds
    longest_seconds = lead_seconds * LEADS[-1]
    raise BenchmarkError(f"arming took longer than {longest_seconds} s: measure with fewer actors")

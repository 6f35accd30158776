"""How long one look at a chain may take before it reports how far it came."""

import time


class Patience:
    """A span of time that began when it was made."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Whether the span has passed."""
        return time.monotonic() >= self._ends_at

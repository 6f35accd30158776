"""What happened, as one digest; and what must not have happened."""

from dataclasses import dataclass, field
from hashlib import blake2b

_MESSAGES_A_BLOCK = 4_096


class Journal:
    """Everything that happened in an episode, in its order, as a digest."""

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=16)
        self._messages: list[str] = []
        self.steps = 0

    def message(self, name: str) -> None:
        """A message was delivered: one step."""
        self.steps += 1
        self._messages.append(name)
        if len(self._messages) >= _MESSAGES_A_BLOCK:
            self._flush()

    def note(self, *values: object) -> None:
        """Something that can be seen from outside."""
        self._messages.append(repr(values))

    def digest(self) -> str:
        """Of all until now."""
        self._flush()
        return self._digest.hexdigest()

    def _flush(self) -> None:
        self._digest.update("\n".join(self._messages).encode())
        self._messages.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that must not be: in which episode, after how many steps, at which second."""

    seed: int
    episode: int
    step: int
    seconds: float
    what: str

    def __str__(self) -> str:
        return (
            f"seed {self.seed} episode {self.episode} step {self.step}"
            f" second {self.seconds:.3f}: {self.what}"
        )


@dataclass(slots=True)
class Findings:
    """The violations of an episode, each text once."""

    found: dict[str, Violation] = field(default_factory=dict)
    checks: int = 0

    @property
    def first(self) -> Violation | None:
        """The earliest."""
        return next(iter(self.found.values()), None)

"""Which transactions may pay a watched script: a quick look at their bytes, and no reading."""

from collections import Counter

_KIND_BYTES = 2


class ScriptFilter:
    """The watched scripts, in hexadecimal outside and as bytes inside.

    Bytes are searched for how scripts of the watched kinds begin, and not for every script, of
    which there may be thousands.
    """

    def __init__(self) -> None:
        self._scripts: set[bytes] = set()
        self._kinds: Counter[tuple[bytes, int]] = Counter()

    def add(self, script: str) -> None:
        """Watch a script that is not watched yet."""
        raw = bytes.fromhex(script)
        self._scripts.add(raw)
        self._kinds[_kind(raw)] += 1

    def remove(self, script: str) -> None:
        """Watch a script no more."""
        raw = bytes.fromhex(script)
        self._scripts.remove(raw)
        self._kinds[_kind(raw)] -= 1

    def may_pay(self, transaction: bytes) -> bool:
        """Whether a watched script is somewhere in these bytes."""
        return any(
            self._has(transaction, begins_with, length)
            for (begins_with, length), count in self._kinds.items()
            if count
        )

    def _has(self, transaction: bytes, begins_with: bytes, length: int) -> bool:
        at = transaction.find(begins_with)
        while at >= 0:
            if transaction[at : at + length] in self._scripts:
                return True
            at = transaction.find(begins_with, at + 1)
        return False


def _kind(script: bytes) -> tuple[bytes, int]:
    return script[:_KIND_BYTES], len(script)

"""Long lists in parts, because what answers takes so much at a time."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def pages(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in their order, `size` at a time and the rest at the end."""
    for start in range(0, len(items), size):
        yield items[start : start + size]

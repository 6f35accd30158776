"""Sources of chance that are the same in every run."""

from random import Random


def source(seed: object) -> Random:
    """A source of chance; equal seeds, by their text, give equal ones."""
    return Random(str(seed))  # noqa: S311 - a simulation

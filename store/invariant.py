"""What an invariant is, and what it looks like when a store breaks one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that holds in every sound store.

    `query` gives one row for each thing that breaks it, with the name of that thing, as in
    "order 7". It reads rows as they are, whatever constraints and triggers there should be.
    """

    name: str
    sentence: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that breaks an invariant; `subject` names it and contains no goods and no keys."""

    name: str
    sentence: str
    subject: str


LIVE_OR_SOLD = "('created', 'paid', 'shipped')"
SOLD = "('paid', 'shipped')"
ENDED = "('cancelled', 'expired')"

"""What an import file says: entries that can be sold, and what is wrong with the others.

Two formats: a JSON list of objects, or TXT lines with fields parted by semicolons, the last of
which may itself contain semicolons. A file that cannot be read at all is refused whole; otherwise
every bad entry is named and the good ones stand.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEntry:
    """One unit to sell. `place` is its line (TXT) or entry number (JSON), counted from 1."""

    place: int
    category: str
    subcategory: str
    description: str
    price_minor: int
    private_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadEntry:
    """An entry that is not taken, and why, in words for the admin."""

    place: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedImport:
    """All of a file: `place_name` is "line" or "entry"."""

    place_name: str
    entries: tuple[ImportEntry, ...]
    bad: tuple[BadEntry, ...]


class ImportRefusedError(ValueError):
    """The file as a whole cannot be read; the text says what to write instead."""

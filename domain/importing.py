"""Reading an import file: bytes in, units to sell and named mistakes out.

Two formats, told apart by the file's extension, or where it has none by its first character. JSON
is a list of objects with `category`, `subcategory`, `price`, `description`, `private_data` and, if
wanted, `item_type`. TXT has a line a unit, `CATEGORY;SUBCATEGORY;DESCRIPTION;PRICE;PRIVATE_DATA`
without escaping, so that only the last field may contain semicolons; a line whose first field is
`Digital` or `Physical` has that field in front of the five. What an entry must be like is in
`domain.import_entry`.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

from domain.catalog import BadEntry, ImportEntry, ImportRefusedError, ParsedImport
from domain.import_entry import (
    DIGITAL,
    PHYSICAL,
    BadEntryError,
    JsonNumber,
    RawEntry,
    check_entry,
)

_FIELDS = ("category", "subcategory", "description", "price", "private_data")
_TXT_FORM = "CATEGORY;SUBCATEGORY;DESCRIPTION;PRICE;PRIVATE_DATA"
_JSON_FORM = (
    '[{"category": "...", "subcategory": "...", "price": 12.50, "description": "...", '
    '"private_data": "..."}]'
)
_JSON, _TXT = ".json", ".txt"
_LONGEST_ECHO = 40
_MOST_NAMED_KEYS = 5


def parse_import(file_name: str, content: bytes, currency: str) -> ParsedImport:
    """All entries of a file, the good ones checked and priced in minor units of `currency`.

    Texts lose white space around them, so that a unit is recognised when it is sent again.

    Raises:
        ImportRefusedError: neither of the two formats by its name, not UTF-8, JSON that does not
            parse or is no list, or nothing in it.
    """
    extension = _extension(file_name)
    text = _decode(content)
    if not text.strip():
        raise ImportRefusedError(f"the file is empty: write {_TXT_FORM}, a unit a line")
    if _is_json(extension, text):
        return _collect("entry", _json_entries(text), currency)
    return _collect("line", _txt_entries(text), currency)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportRefusedError(
            f"the file is not UTF-8 (byte {error.start + 1}, in line {line}): save it as UTF-8"
        ) from None


def _extension(file_name: str) -> str:
    extension = PurePath(file_name).suffix.lower()
    if extension in (_JSON, _TXT, ""):
        return extension
    raise ImportRefusedError(
        f"the name of the file ends in {ascii(extension[:_LONGEST_ECHO])[1:-1]}:"
        f" send a .json file, or a .txt file with {_TXT_FORM}, a unit a line"
    )


def _is_json(extension: str, text: str) -> bool:
    return extension == _JSON if extension else text.lstrip()[0] in "[{"


# --- JSON -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _JsonObject:
    fields: dict[str, object]
    repeated: tuple[str, ...]


def _json_object(pairs: list[tuple[str, object]]) -> _JsonObject:
    fields = dict(pairs)
    counts = Counter(key for key, _ in pairs) if len(fields) < len(pairs) else Counter[str]()
    repeated = tuple(key for key, count in counts.items() if count > 1)
    return _JsonObject(fields, repeated)


def _json_entries(text: str) -> list[RawEntry | BadEntry]:
    try:
        # Numbers stay as they are written: neither a float's rounding nor a huge exponent's cost.
        document: object = json.loads(
            text,
            object_pairs_hook=_json_object,
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=JsonNumber,
        )
    except json.JSONDecodeError as error:
        raise ImportRefusedError(
            f"the file is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise ImportRefusedError(f"the JSON is nested too deeply: write {_JSON_FORM}") from None
    if not isinstance(document, list):
        raise ImportRefusedError(f"the JSON is not a list: write {_JSON_FORM}")
    return [_json_entry(place, value) for place, value in enumerate(document, start=1)]


def _json_entry(place: int, value: object) -> RawEntry | BadEntry:
    if not isinstance(value, _JsonObject):
        return BadEntry(place=place, why='not an object: write {"category": "...", ...}')
    unknown = [key for key in value.fields if key not in _FIELDS and key != "item_type"]
    missing = [key for key in _FIELDS if key not in value.fields]
    problems = [
        _named("unknown key", unknown),
        _named("key given twice:", list(value.repeated)),
        _named("missing key", missing),
    ]
    why = "; ".join(problem for problem in problems if problem)
    return BadEntry(place=place, why=why) if why else RawEntry(place=place, fields=value.fields)


def _named(problem: str, keys: list[str]) -> str:
    if not keys:
        return ""
    # ascii() keeps control characters and lone surrogates out of the message.
    names = [ascii(key[:_LONGEST_ECHO])[1:-1] for key in keys[:_MOST_NAMED_KEYS]]
    more = ", ..." if len(keys) > _MOST_NAMED_KEYS else ""
    return f"{problem} {', '.join(names)}{more}"


# --- TXT ------------------------------------------------------------------------------------------


def _txt_entries(text: str) -> list[RawEntry | BadEntry]:
    lines = enumerate(text.split("\n"), start=1)
    return [_txt_entry(place, line) for place, line in lines if line.strip()]


def _txt_entry(place: int, line: str) -> RawEntry | BadEntry:
    first = line.partition(";")[0].strip().lower()
    names = ("item_type", *_FIELDS) if first in (DIGITAL, PHYSICAL) else _FIELDS
    values = line.split(";", len(names) - 1)
    if len(values) < len(names):
        form = f"ITEM_TYPE;{_TXT_FORM}" if len(names) > len(_FIELDS) else _TXT_FORM
        fields = "1 field" if len(values) == 1 else f"{len(values)} fields"
        why = f"{fields} instead of {len(names)}: write {form}"
        return BadEntry(place=place, why=why)
    return RawEntry(place=place, fields=dict(zip(names, values, strict=True)))


# --- both -----------------------------------------------------------------------------------------


def _collect(
    place_name: str, raw_entries: list[RawEntry | BadEntry], currency: str
) -> ParsedImport:
    if not raw_entries:
        raise ImportRefusedError(f"the file has no entries: write {_JSON_FORM}")
    entries: list[ImportEntry] = []
    bad: list[BadEntry] = []
    for raw in raw_entries:
        if isinstance(raw, BadEntry):
            bad.append(raw)
            continue
        try:
            entries.append(check_entry(raw, currency))
        except BadEntryError as error:
            bad.append(BadEntry(place=raw.place, why=str(error)))
    return ParsedImport(place_name=place_name, entries=tuple(entries), bad=tuple(bad))

"""Results as a table for people.

A result is a dictionary. `wanted` holds for some keys `{"at_least": x}` or `{"at_most": x}`;
`peers` holds a dictionary of the same keys for each peer, which becomes a column of its own.
"""

from collections.abc import Iterator, Mapping, Sequence

COMPARISONS = ("at_least", "at_most")


def table(result: Mapping[str, object]) -> str:
    """Lay a result out: a row for each figure, beside it what is wanted and what peers have."""
    peers = _mapping(result.get("peers"))
    wanted = _mapping(result.get("wanted"))
    figures = dict(_flat(result, skipped=("peers", "wanted")))
    of_peers = {name: dict(_flat(_mapping(peer))) for name, peer in peers.items()}
    rows = [["", "measured", *(["wanted"] if wanted else []), *peers]]
    for key, value in figures.items():
        row = [key, _text(value)]
        if wanted:
            row.append(_verdict(value, _mapping(wanted.get(key))))
        rows.append(row + [_text(peer.get(key)) for peer in of_peers.values()])
    return _aligned(rows)


def is_met(value: float, limit: Mapping[str, object]) -> bool:
    """Say whether a figure is what is wanted.

    Raises:
        ValueError: the limit is neither `at_least` nor `at_most` a number.
    """
    match limit:
        case {"at_least": int() | float() as least}:
            return value >= least
        case {"at_most": int() | float() as most}:
            return value <= most
        case _:
            raise ValueError(f"{limit!r}: give at_least or at_most and a number")


def _verdict(value: object, limit: Mapping[str, object]) -> str:
    if not limit or not isinstance(value, int | float):
        return ""
    bounds = ", ".join(
        f"{name.replace('_', ' ')} {_text(limit[name])}" for name in COMPARISONS if name in limit
    )
    return f"{bounds}: {'met' if is_met(value, limit) else 'NOT met'}"


def _flat(
    values: Mapping[str, object], prefix: str = "", skipped: Sequence[str] = ()
) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if key in skipped:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - three figures are enough to read
        case list() | tuple():
            return " - ".join(_text(item) for item in value) or "none"
        case _:
            return str(value)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)

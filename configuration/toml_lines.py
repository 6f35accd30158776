"""In which line of a TOML text each key stands, for error messages.

The standard parser tells values, not places. This scanner is used on text that the parser has
accepted already; on any other text it finds something or nothing, and does not fail.
"""

import re
from collections.abc import Iterator

from configuration.problems import SettingPath

_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # strings over several lines
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[ \t\r]+"
    r"|[^\s\"'#\[\]{}=]+"
    r"|.",
    re.DOTALL,
)
_KEY_PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[^.\s"\']+')
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def key_lines(text: str) -> dict[SettingPath, int]:
    """The line, counted from 1, of every table header and key that has a line of its own.

    Keys inside an inline table or a list share the line of the key that holds them: left out.
    """
    lines: dict[SettingPath, int] = {}
    newest_index: dict[SettingPath, int] = {}
    table: SettingPath = ()
    for line, pieces in _statements(text):
        if pieces[0] != "[":
            key = pieces[: pieces.index("=")] if "=" in pieces else pieces
            path = table + _parts("".join(key))
        elif pieces[:2] == ["[", "["]:
            path = _within_arrays(_parts("".join(pieces[2:-2])), newest_index)
            newest_index[path] = newest_index.get(path, -1) + 1
            lines.setdefault(path, line)
            path = table = (*path, newest_index[path])
        else:
            path = table = _within_arrays(_parts("".join(pieces[1:-1])), newest_index)
        for length in range(1, len(path) + 1):
            # [a.b] and a.b = 1 make the table a as well.
            lines.setdefault(path[:length], line)
    return lines


def line_of(path: SettingPath, lines: dict[SettingPath, int]) -> int | None:
    """The line of a setting, or of the nearest table around it; None where none of it is there."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each header or assignment with the line on which it begins."""
    line = start = 1
    depth = 0
    pieces: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece == "\n" and not depth:
            if pieces:
                yield start, pieces
            pieces = []
        elif piece.strip() and not piece.startswith("#"):
            start = start if pieces else line
            pieces.append(piece)
            depth += _BRACKETS.get(piece, 0)
        line += piece.count("\n")
    if pieces:
        yield start, pieces


def _parts(key: str) -> SettingPath:
    return tuple(part.strip("\"'") for part in _KEY_PART.findall(key))


def _within_arrays(path: SettingPath, newest_index: dict[SettingPath, int]) -> SettingPath:
    """A header below an array of tables speaks of the newest table of that array."""
    if not path:
        return path
    full: SettingPath = ()
    for part in path[:-1]:
        full = (*full, part)
        if full in newest_index:
            full = (*full, newest_index[full])
    return (*full, path[-1])

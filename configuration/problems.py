"""How something wrong with the configuration is told: all of it at once, a line each."""

from dataclasses import dataclass

INIT_COMMAND = "python run.py init"
"""As an issue names it; where it is told, the settings file in question is put in."""

SettingPath = tuple[str | int, ...]
"""Where a setting stands: table names and keys, and the index in a list, counted from 0."""


class ConfigurationError(Exception):
    """The configuration cannot be used; the text is one line for each problem."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong with one setting. `text` goes on after its name: "is ...; write ..."."""

    path: SettingPath
    text: str


def dotted(path: SettingPath) -> str:
    """A path for people: `coins.LTC.backends[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")

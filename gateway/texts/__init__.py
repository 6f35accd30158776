"""What the shop says, as templates in one JSON file a language.

A template has named fields in braces. `html` escapes what goes into them, so that no name, good or
username can break the HTML style of the Bot API (section "Formatting options") or forge a tag;
`plain` is for buttons and callback answers, which know no markup.
"""

import html as html_escapes
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of one language."""

    language: str
    templates: Mapping[str, str] = field(repr=False)

    def html(self, key: str, **values: str | int) -> Html:
        """The text of `key` as HTML; values are escaped but for those that are `Html`.

        Raises:
            KeyError: there is no such text, or a field of it is not given.
        """
        escaped = {name: as_html(value) for name, value in values.items()}
        return Html(self.templates[key].format_map(escaped))

    def plain(self, key: str, **values: str | int) -> str:
        """The text of `key` without markup.

        Raises:
            KeyError: there is no such text, or a field of it is not given.
        """
        return self.templates[key].format_map(values)


@cache
def load_texts(language: str) -> Texts:
    """The texts of a language, such as "en".

    Raises:
        FileNotFoundError: the shop does not speak it.
    """
    content = (_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    templates: dict[str, str] = json.loads(content)
    return Texts(language, templates)


def as_html(value: str | int) -> Html:
    """The value as HTML: escaped, unless it is `Html`."""
    return value if isinstance(value, Html) else Html(html_escapes.escape(str(value), quote=False))


def lines(*parts: str) -> Html:
    """Texts that are HTML already below each other; empty ones are left out."""
    return Html("\n".join(part for part in parts if part))


def paragraphs(*parts: str) -> Html:
    """Texts that are HTML already with a blank line between them; empty ones are left out."""
    return Html("\n\n".join(part for part in parts if part))

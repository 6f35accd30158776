"""The goods of an order as messages, or as a file where they are many or long."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.texts import Html, Texts, as_html, lines, paragraphs
from store.queries import GoodsRow

MAX_MESSAGE_LENGTH = 4096
"""UTF-16 units after the HTML is parsed (Bot API, "sendMessage")."""

MAX_UNITS_A_MESSAGE = 90
"""Telegram marks up no more than 100 places in a message."""

MAX_MESSAGES = 5
"""More messages than these are less handy than one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsMessages:
    """Messages in HTML style, in order."""

    messages: tuple[Html, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsFile:
    """One text file with a caption in HTML style."""

    caption: Html
    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of a message, and its length after parsing, in UTF-16 units."""

    html: Html = field(repr=False)
    length: int


def goods_delivery(
    texts: Texts, order_id: int, rows: Sequence[GoodsRow]
) -> GoodsMessages | GoodsFile:
    """All goods of an order, for its shopper."""
    heading = _block(texts.plain("goods_heading", order_id=order_id))
    messages = _packed([heading, *(_unit_block(row) for row in rows)])
    if messages is not None and len(messages) <= MAX_MESSAGES:
        return GoodsMessages(messages=messages)
    return GoodsFile(
        caption=texts.html("goods_in_file", order_id=order_id, quantity=len(rows)),
        file_name=f"order-{order_id}.txt",
        content=_file_text(rows).encode(),
    )


def _unit_block(row: GoodsRow) -> _Block:
    title = f"{row.category} · {row.subcategory}"
    if row.description:
        title = f"{title}\n{row.description}"
    data = as_html(row.private_data)
    # One tap copies what stands in code; several lines keep their shape in pre.
    tag = "pre" if "\n" in row.private_data else "code"
    html = lines(as_html(title), Html(f"<{tag}>{data}</{tag}>"))
    return _Block(html, utf16_length(title) + 1 + utf16_length(row.private_data))


def _block(text: str) -> _Block:
    return _Block(as_html(text), utf16_length(text))


def _packed(blocks: Sequence[_Block]) -> tuple[Html, ...] | None:
    """Blocks in as few messages as they fit into in order, or None where one is too long."""
    messages: list[list[_Block]] = [[]]
    length = 0
    for block in blocks:
        if block.length > MAX_MESSAGE_LENGTH:
            return None
        added = block.length + (2 if messages[-1] else 0)
        if length + added > MAX_MESSAGE_LENGTH or len(messages[-1]) > MAX_UNITS_A_MESSAGE:
            messages.append([])
            length, added = 0, block.length
        messages[-1].append(block)
        length += added
    return tuple(paragraphs(*(block.html for block in message)) for message in messages)


def _file_text(rows: Sequence[GoodsRow]) -> str:
    units = []
    for number, row in enumerate(rows, start=1):
        about = f"{row.category} · {row.subcategory}"
        if row.description:
            about = f"{about}\n{row.description}"
        units.append(f"{number}. {about}\n{row.private_data}\n")
    return "\n".join(units)


def utf16_length(text: str) -> int:
    """Length as the Bot API counts it."""
    return len(text.encode("utf-16-le")) // 2

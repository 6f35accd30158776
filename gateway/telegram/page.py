"""A page: what one message shows, and the buttons under it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from gateway.texts import Html, Texts

ButtonRow = tuple[InlineKeyboardButton, ...]

PAGE_SIZE = 8
"""Entries of a long list on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Text in the Bot API's HTML style, and rows of buttons."""

    text: Html
    rows: tuple[ButtonRow, ...] = ()

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons, or None where there are none."""
        if not self.rows:
            return None
        return InlineKeyboardMarkup(inline_keyboard=[list(row) for row in self.rows])


def button(text: str, tap: CallbackData) -> InlineKeyboardButton:
    """A button that sends `tap`."""
    return InlineKeyboardButton(text=text, callback_data=tap.pack())


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int) -> tuple[ButtonRow, ...]:
    """Buttons in rows of at most `width`."""
    starts = range(0, len(buttons), width)
    return tuple(tuple(buttons[start : start + width]) for start in starts)


def paged_rows(
    texts: Texts,
    buttons: Sequence[InlineKeyboardButton],
    number: int,
    tap_to: Callable[[int], CallbackData],
) -> tuple[ButtonRow, ...]:
    """One page of a long list, a button a row, and the buttons that turn the page.

    `number` counts from 0; beyond the end it means the last page, as lists become shorter.
    """
    last = max(0, (len(buttons) - 1) // PAGE_SIZE)
    number = min(number, last)
    shown = buttons[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
    turners: list[InlineKeyboardButton] = []
    if number > 0:
        turners.append(button(texts.plain("button_previous"), tap_to(number - 1)))
    if number < last:
        turners.append(button(texts.plain("button_next"), tap_to(number + 1)))
    return (*in_rows(shown, 1), tuple(turners)) if turners else in_rows(shown, 1)

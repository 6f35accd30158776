"""The texts against the code that uses them."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.telegram import (
    admin_refunds,
    admin_sheet,
    invoice,
    notice_texts,
    payment_words,
    polling,
    refusals,
)
from gateway.texts import Html, load_texts
from sandbox.telegram.html_text import parse_html

TEXTS = load_texts("en")
FOLDER = Path(invoice.__file__).parent


def calls() -> Iterator[tuple[str, set[str]]]:
    """Every `texts.html("key", field=...)` and `.plain` in the code: key and fields."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in ("html", "plain") or not node.args:
                continue
            key = node.args[0]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, {keyword.arg or "" for keyword in node.keywords}


def fields(key: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(TEXTS.templates[key]) if name}


def test_every_text_that_the_code_names_is_there_with_the_fields_it_is_given() -> None:
    found = list(calls())
    assert len(found) > 50
    for key, given in found:
        assert fields(key) == given, key


def test_every_text_is_used() -> None:
    tables = {
        *refusals._TEXT_KEYS.values(),
        *notice_texts._TEXT_KEYS.values(),
        *payment_words.STATUS_KEYS.values(),
        *(key for key in payment_words.PAYMENT_KEYS.values() if key),
        *payment_words.SHOPPER_KEYS.values(),
        *payment_words.ADMIN_KEYS.values(),
        *payment_words.STATE_KEYS.values(),
        *(f"command_{name}" for name in polling._COMMANDS),
        *notice_texts._TEXT_KEYS_WHEN_TOO_LATE.values(),
        *admin_sheet._RECEIPT_STATE_KEYS.values(),
        *admin_refunds._FORM_KEYS.values(),
        "order_shipped_tracked_message",
        "order_cancelled_by_admin_message",
        "order_expired_early_message",
        "payment_partial_extended",
        "import_not_fetched",
    }
    used = {key for key, _ in calls()} | tables
    assert set(TEXTS.templates) == used


@pytest.mark.parametrize("key", sorted(TEXTS.templates))
def test_every_text_stays_good_html_whatever_stands_in_its_fields(key: str) -> None:
    values = dict.fromkeys(fields(key), "<b>&amp;</x>")
    parsed = parse_html(TEXTS.html(key, **values))
    assert parsed.text.count("<b>&amp;</x>") == sum(
        1 for _, name, _, _ in string.Formatter().parse(TEXTS.templates[key]) if name
    )


def test_values_are_escaped_unless_they_are_html_already() -> None:
    assert TEXTS.html("goods_title", category="<i>", subcategory=Html("<i>x</i>")) == (
        "<b>&lt;i&gt; · <i>x</i></b>"
    )
    assert TEXTS.plain("label_sold_out", name="<i>") == "<i> · sold out"


def test_a_language_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_texts("tlh")

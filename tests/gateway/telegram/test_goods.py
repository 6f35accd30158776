"""Goods as messages or as a file."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.telegram.goods import (
    MAX_MESSAGE_LENGTH,
    MAX_MESSAGES,
    GoodsFile,
    GoodsMessages,
    goods_delivery,
    utf16_length,
)
from gateway.texts import load_texts
from sandbox.telegram.html_text import parse_html
from store.queries import GoodsRow

TEXTS = load_texts("en")


def unit(private_data: str, description: str = "") -> GoodsRow:
    return GoodsRow(
        category="Games", subcategory="Chess", description=description, private_data=private_data
    )


def messages(rows: list[GoodsRow]) -> tuple[str, ...]:
    delivery = goods_delivery(TEXTS, 12, rows)
    assert isinstance(delivery, GoodsMessages)
    return delivery.messages


def test_a_line_is_code_and_several_lines_keep_their_shape() -> None:
    (text,) = messages([unit("user:<b>&"), unit("a\n  b", "Read me")])
    parsed = parse_html(text)
    assert parsed.entity_texts("code") == ["user:<b>&"]
    assert parsed.entity_texts("pre") == ["a\n  b"]
    assert "Games · Chess\nRead me\n" in parsed.text


def test_many_units_are_split_between_messages_and_none_is_cut() -> None:
    keys = [f"{number:04}-" + "x" * 900 for number in range(15)]
    texts = messages([unit(key) for key in keys])
    assert 1 < len(texts) <= MAX_MESSAGES
    assert [code for text in texts for code in parse_html(text).entity_texts("code")] == keys


def test_more_than_five_messages_of_units_are_a_file() -> None:
    delivery = goods_delivery(TEXTS, 12, [unit("x" * 3_000)] * 6)
    assert isinstance(delivery, GoodsFile)
    assert delivery.file_name == "order-12.txt"
    assert delivery.content.count(b"x" * 3_000) == 6


def test_a_unit_that_fits_in_no_message_is_a_file_with_all_of_it() -> None:
    delivery = goods_delivery(TEXTS, 12, [unit("KEY-1"), unit("🔑" * 30_000)])
    assert isinstance(delivery, GoodsFile)
    assert delivery.content.decode().count("🔑") == 30_000
    assert b"KEY-1" in delivery.content


def test_no_message_has_more_places_marked_up_than_telegram_takes() -> None:
    texts = messages([unit(str(number)) for number in range(300)])
    assert max(len(parse_html(text).entities) for text in texts) <= 100


def test_goods_do_not_show_where_a_delivery_is_printed() -> None:
    assert "KEY-1" not in repr(goods_delivery(TEXTS, 12, [unit("KEY-1")]))
    assert "x" * 20 not in repr(goods_delivery(TEXTS, 12, [unit("x" * 5_000)]))


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=2_500),
        min_size=1,
        max_size=12,
    )
)
def test_no_message_is_too_long_and_nothing_is_lost(goods: list[str]) -> None:
    delivery = goods_delivery(TEXTS, 12, [unit(key) for key in goods])
    if isinstance(delivery, GoodsFile):
        assert all(key in delivery.content.decode() for key in goods)
        return
    parsed = [parse_html(text) for text in delivery.messages]
    assert [code for text in parsed for code in text.entity_texts("code")] == goods
    assert all(utf16_length(text.text) <= MAX_MESSAGE_LENGTH for text in parsed)

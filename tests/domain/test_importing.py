"""Import files: good, mixed and hostile."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog import ImportEntry, ImportRefusedError
from domain.import_entry import MAX_PRICE_MINOR
from domain.importing import parse_import

NOT_A_PRICE = "price is not an amount: write digits and one decimal point, as in 12.50"
GOOD = {
    "category": "Games",
    "subcategory": "Chess",
    "price": 12.5,
    "description": "A licence",
    "private_data": "KEY-1",
}


def parse_price(literal: str, currency: str = "USD") -> int | str:
    """The price in minor units of an entry with this JSON literal, or why it is refused."""
    body = json.dumps({**GOOD, "price": 0}).replace('"price": 0', f'"price": {literal}')
    parsed = parse_import("items.json", f"[{body}]".encode(), currency)
    return parsed.entries[0].price_minor if parsed.entries else parsed.bad[0].why


def why_bad(**changes: object) -> str:
    """Why an entry that is good but for these fields is refused."""
    parsed = parse_import("items.json", json.dumps([{**GOOD, **changes}]).encode(), "USD")
    assert parsed.entries == ()
    return parsed.bad[0].why


def test_json_list_becomes_entries_with_their_numbers() -> None:
    content = json.dumps([GOOD, {**GOOD, "price": "3", "private_data": "KEY;2"}]).encode()
    parsed = parse_import("items.json", content, "USD")
    assert parsed.place_name == "entry"
    assert parsed.bad == ()
    assert parsed.entries == (
        ImportEntry(
            place=1,
            category="Games",
            subcategory="Chess",
            description="A licence",
            price_minor=1250,
            private_data="KEY-1",
        ),
        ImportEntry(
            place=2,
            category="Games",
            subcategory="Chess",
            description="A licence",
            price_minor=300,
            private_data="KEY;2",
        ),
    )


def test_txt_lines_become_entries_and_blank_lines_keep_the_count() -> None:
    content = b"Games;Chess;A licence;12.50;KEY;1\r\n\r\n  \nGames;Go;;7;user:pass\n"
    parsed = parse_import("items.txt", content, "USD")
    assert parsed.place_name == "line"
    assert [(e.place, e.subcategory, e.price_minor, e.private_data) for e in parsed.entries] == [
        (1, "Chess", 1250, "KEY;1"),
        (4, "Go", 700, "user:pass"),
    ]


def test_a_line_is_priced_in_the_currency_of_the_shop() -> None:
    parsed = parse_import("items.txt", b"Games;Chess;A licence;1250;KEY", "JPY")
    assert [entry.price_minor for entry in parsed.entries] == [1250]


def test_a_line_may_begin_as_a_json_list_does() -> None:
    parsed = parse_import("items.txt", b"[Games];Chess;A licence;5;KEY", "USD")
    assert [entry.category for entry in parsed.entries] == ["[Games]"]


def test_a_good_entry_stands_beside_bad_ones_that_are_named() -> None:
    content = b"Games;Chess;A licence;0;KEY-1\nGames;Chess;A licence;5;KEY-2\nGames;Chess"
    parsed = parse_import("items.txt", content, "USD")
    assert [entry.private_data for entry in parsed.entries] == ["KEY-2"]
    assert [(bad.place, bad.why.split(":")[0]) for bad in parsed.bad] == [
        (1, "price is not above zero"),
        (3, "2 fields instead of 5"),
    ]


def test_item_type_may_stand_first_in_a_line() -> None:
    content = (
        b"DIGITAL;Games;Chess;A licence;5;KEY;2\nPhysical;Games;Board;Wood;50;\nDigital;a;b;1;K"
    )
    parsed = parse_import("items.txt", content, "USD")
    assert [(entry.category, entry.private_data) for entry in parsed.entries] == [
        ("Games", "KEY;2")
    ]
    assert parsed.bad[0].why.startswith("physical goods cannot be sold yet")
    assert parsed.bad[1].why.startswith("5 fields instead of 6: write ITEM_TYPE;CATEGORY")


def test_a_short_line_is_told_the_form_without_an_item_type() -> None:
    one = parse_import("items.txt", b"Games", "USD")
    assert one.bad[0].why.startswith("1 field instead of 5: write CATEGORY")
    parsed = parse_import("items.txt", b"Games;Chess", "USD")
    assert parsed.bad[0].why == (
        "2 fields instead of 5: write CATEGORY;SUBCATEGORY;DESCRIPTION;PRICE;PRIVATE_DATA"
    )


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("12.50", 1250),
        ("0.01", 1),
        ("1e1", 1000),
        ("1.25e1", 1250),
        ("12.5000", 1250),
        ("10000000000", 10**12),
        ('"12.50"', 1250),
        ('" 7 "', 700),
        ("12." + "0" * 37, 1200),
    ],
)
def test_prices_are_read_exactly(literal: str, expected: int) -> None:
    assert parse_price(literal) == expected


def test_a_price_has_no_more_places_than_its_currency() -> None:
    assert parse_price("100", "JPY") == 100
    assert parse_price("1.234", "KWD") == 1234
    assert parse_price("100.5", "JPY") == "price has more than 0 decimal places"
    assert parse_price("1.234") == "price has more than 2 decimal places"
    assert parse_price('"1.234"') == "price has more than 2 decimal places"


@pytest.mark.parametrize(
    "literal",
    [
        *("0", "-0.0", "-1", "-1e400", "0e999999999", "1e400", "1e-400", "1e999999999"),
        *("1e99999999999999999999", "-1e99999999999999999999", "1e-999999999", "NaN", "Infinity"),
        *("-Infinity", "true", "null", "[]", "{}", '"12,50"', '"1e3"', '"-5"', '""', '"١٢"'),
        *("10000000000.01", "9" * 5_000, "1.000000000000000000000000000000000001"),
    ],
)
def test_a_price_that_cannot_be_is_named_and_not_rounded(literal: str) -> None:
    why = parse_price(literal)
    assert isinstance(why, str)
    assert why.startswith("price ")
    assert len(why) < 100


def test_the_highest_price_is_a_bound_and_not_a_surprise() -> None:
    assert parse_price(str(MAX_PRICE_MINOR // 100)) == MAX_PRICE_MINOR
    assert parse_price(str(MAX_PRICE_MINOR // 100 + 1)) == "price is above 10,000,000,000"


@pytest.mark.parametrize(
    ("literal", "why"),
    [
        ("1e400", "price is above 10,000,000,000"),
        ("-1e400", "price is not above zero"),
        ("1e-400", "price has more than 2 decimal places"),
        ('"12,50"', NOT_A_PRICE),
        ('"12.5.0"', NOT_A_PRICE),
        ("12." + "0" * 38, "price has more than 40 characters"),
    ],
)
def test_why_a_price_is_refused(literal: str, why: str) -> None:
    assert parse_price(literal) == why


@pytest.mark.parametrize(
    ("field", "longest"), [("category", 64), ("description", 1_000), ("private_data", 65_536)]
)
def test_a_field_may_be_as_long_as_it_may(field: str, longest: int) -> None:
    content = json.dumps([{**GOOD, field: "x" * longest}]).encode()
    assert parse_import("items.json", content, "USD").bad == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"category": " "}, "category is empty: write a name"),
        ({"category": None}, "category is not a text: write it in double quotes"),
        ({"category": 5}, "category is not a text: write it in double quotes"),
        ({"subcategory": ["Chess"]}, "subcategory is not a text: write it in double quotes"),
        ({"subcategory": "x" * 65}, "subcategory is longer than 64 characters"),
        ({"subcategory": "a · b"}, "subcategory contains ·, which parts a name from its price"),
        ({"category": "a\nb"}, "category contains a line break or a control character"),
        ({"category": "a\u2028b"}, "category contains a line break or a control character"),
        ({"category": "a\x00b"}, "category contains a line break or a control character"),
        ({"category": "\ud800"}, "category contains half of a character (a lone surrogate)"),
        ({"description": "x" * 1_001}, "description is longer than 1,000 characters"),
        ({"description": "a\x00b"}, "description contains a control character"),
        ({"private_data": ""}, "private_data is empty: write what the shopper gets"),
        ({"private_data": None}, "private_data is not a text: write it in double quotes"),
        ({"private_data": "k\x00"}, "private_data contains a control character"),
        ({"item_type": "Service"}, 'item_type is neither "Digital" nor "Physical"'),
        ({"item_type": 1}, 'item_type is neither "Digital" nor "Physical"'),
        ({"colour": "red"}, "unknown key colour"),
        ({"\ud800\n": "red"}, "unknown key \\ud800\\n"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], expected: str) -> None:
    assert why_bad(**changes) == expected


def test_a_five_megabyte_field_is_named_and_not_repeated() -> None:
    why = why_bad(private_data="S" * 5_000_000)
    assert why == "private_data is longer than 65,536 characters"


def test_private_data_in_the_place_of_the_price_is_not_repeated() -> None:
    parsed = parse_import("items.txt", b"Games;Chess;A licence;TOP-SECRET;12.50", "USD")
    assert "SECRET" not in parsed.bad[0].why


def test_a_key_given_twice_or_missing_is_named() -> None:
    content = b'[{"category": "a", "category": "b", "price": 1}, 7]'
    parsed = parse_import("items.json", content, "USD")
    assert [(bad.place, bad.why) for bad in parsed.bad] == [
        (1, "key given twice: category; missing key subcategory, description, private_data"),
        (2, 'not an object: write {"category": "...", ...}'),
    ]


@pytest.mark.parametrize(("number", "ending"), [(5, "k4"), (6, "k4, ...")])
def test_of_many_unknown_keys_the_first_five_are_named(number: int, ending: str) -> None:
    assert why_bad(**{f"k{n}": 1 for n in range(number)}) == f"unknown key k0, k1, k2, k3, {ending}"


def test_private_data_may_have_several_lines_and_loses_space_around_it() -> None:
    content = json.dumps([{**GOOD, "private_data": " a\n\tb\n"}]).encode()
    assert parse_import("items.json", content, "USD").entries[0].private_data == "a\n\tb"


@pytest.mark.parametrize(
    ("name", "content", "place_name"),
    [
        ("items.JSON", json.dumps([GOOD]).encode(), "entry"),
        ("items", b"\n " + json.dumps([GOOD]).encode(), "entry"),
        ("items", b"Games;Chess;A licence;5;KEY", "line"),
        ("items.txt", b"\xef\xbb\xbfGames;Chess;A licence;5;KEY", "line"),
    ],
)
def test_the_format_goes_by_extension_and_without_one_by_the_first_character(
    name: str, content: bytes, place_name: str
) -> None:
    parsed = parse_import(name, content, "USD")
    assert parsed.place_name == place_name
    assert parsed.entries[0].category == "Games"


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("ok.csv", ".csv:"),
        ("Goods.PDF", ".pdf:"),
        ("items.txt.zip", ".zip:"),
        ("x.\n\u202e", ".\\n\\u202e:"),
        ("x." + "y" * 99, "." + "y" * 39 + ":"),
    ],
)
def test_a_file_of_another_kind_is_refused_whatever_is_in_it(name: str, ending: str) -> None:
    for content in (b"Games;Chess;A licence;5;KEY", b"%PDF\xff", b""):
        with pytest.raises(ImportRefusedError) as caught:
            parse_import(name, content, "USD")
        assert str(caught.value).startswith(f"the name of the file ends in {ending} send a .json")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("items.txt", b"\nGames;Chess;x;5;K\nb\xff;\n", r"not UTF-8 \(byte 21, in line 3\)"),
        ("items.json", '[{"category": "ü"}]'.encode("utf-16"), "not UTF-8"),
        ("items.json", b'[{"category": }]', r"not JSON: .* \(line 1, column 15\)"),
        ("items.json", b"Games;Chess;x;5;K", "not JSON"),
        ("items.json", b"{}", "not a list"),
        ("items.json", b"[]", "no entries"),
        ("items.json", b"[" * 200_000, "nested too deeply"),
        ("items.json", b'{"a":' * 200_000, "nested too deeply"),
        ("items.txt", b" \n\n", "empty"),
        ("items.txt", b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(name: str, content: bytes, words: str) -> None:
    with pytest.raises(ImportRefusedError, match=words):
        parse_import(name, content, "USD")


_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_JSON_ENTRIES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys((*GOOD, "item_type", "other"), _JSON_VALUES)
)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["items.json", "items.txt", "items"]),
    st.binary(max_size=200)
    | st.text(alphabet=";\n0123456789.eadigtl·", max_size=80).map(str.encode)
    | st.lists(_JSON_ENTRIES | _JSON_VALUES, max_size=3).map(lambda v: json.dumps(v).encode()),
)
def test_nothing_but_a_refusal_is_ever_raised_and_what_passes_can_be_sold(
    name: str, content: bytes
) -> None:
    try:
        parsed = parse_import(name, content, "USD")
    except ImportRefusedError:
        return
    assert parsed.entries or parsed.bad
    for entry in parsed.entries:
        assert 0 < entry.price_minor <= MAX_PRICE_MINOR
        assert entry.private_data
        assert entry.category
        assert "·" not in entry.category + entry.subcategory
        f"{entry}".encode()

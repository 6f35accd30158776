"""In which line each key of a TOML text is found."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from configuration.toml_lines import key_lines, line_of

TEXT = '''\
# a comment = "with an equals sign"
top = 1
[orders]   # [not.a.header]
timeout_minutes = 30
note = """
max_active = 99
[telegram]
"""
"quoted key" = 'single # quoted'
max_active = 2

[coins.LTC]
list = [
  1,
  # ]
  2,
]
inline = { a = 1, b = [2] }
[[coins.LTC.backends]]
url = "http://a"
[[coins.LTC.backends]]
url = "http://b"
[coins.LTC.backends.extra]
deep.er = 1
'''


def test_keys_and_headers_are_found_past_comments_strings_and_lists() -> None:
    tomllib.loads(TEXT)
    lines = key_lines(TEXT)
    assert lines["top",] == 2
    assert lines["orders",] == 3
    assert lines["orders", "timeout_minutes"] == 4
    assert lines["orders", "note"] == 5
    assert lines["orders", "quoted key"] == 9
    assert lines["orders", "max_active"] == 10
    assert lines["coins", "LTC", "list"] == 13
    assert lines["coins", "LTC", "inline"] == 18
    assert ("telegram",) not in lines


def test_entries_of_an_array_of_tables_are_told_apart() -> None:
    lines = key_lines(TEXT)
    assert lines["coins", "LTC", "backends", 0, "url"] == 20
    assert lines["coins", "LTC", "backends", 1] == 21
    assert lines["coins", "LTC", "backends", 1, "url"] == 22
    assert lines["coins", "LTC", "backends", 1, "extra", "deep", "er"] == 24


def test_a_key_that_is_not_there_has_the_line_of_the_table_around_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(("orders", "missing"), lines) == 3
    assert line_of(("coins", "LTC", "backends", 0, "user"), lines) == 19
    assert line_of(("shop", "currency"), lines) is None


@given(st.text(max_size=300))
def test_any_text_at_all_is_scanned_to_its_end(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in key_lines(text).values())

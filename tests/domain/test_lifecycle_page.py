"""The page about an order's life says what the rules decide."""

import pytest

from domain.order import OrderStatus
from domain.order_news import OrderNews
from scripts.lifecycle_examples import rows, situations
from scripts.order_lifecycle import COMMAND, PAGE, PageError, generated, page_with


def test_the_page_says_what_the_rules_decide() -> None:
    page = PAGE.read_text("utf-8")
    assert page == page_with(generated(), page), f"the rules have changed: run {COMMAND}"


def test_every_status_and_every_kind_of_news_is_in_the_tables() -> None:
    shown = situations()
    statuses = {status for situation in shown for status in situation.orders}
    kinds = {type(row.news) for situation in shown for row in rows(situation)}
    assert statuses == set(OrderStatus)
    assert kinds == set(OrderNews.__args__)


def test_every_order_in_the_tables_is_in_the_status_that_its_column_names() -> None:
    for situation in situations():
        assert len(situation.orders) >= 2
        for status, order in situation.orders.items():
            assert order.status is status


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(PageError, match="lacks the marks"):
        page_with("table", "a page")

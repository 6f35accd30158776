"""What is offered when there is no order: only what can be done."""

import pytest

from actors.messages import CartLine, OrderRefused
from domain.order import RefusalReason
from gateway.telegram.refusals import WishFacts, order_refused_page
from gateway.texts import load_texts

TEXTS = load_texts("en")


def facts(*other_coins: str) -> WishFacts:
    return WishFacts(
        coin="LTC",
        other_coins=other_coins,
        lines=(CartLine(subcategory_id=1, quantity=1),),
        short_of=None,
    )


def labels(refused: OrderRefused, wish: WishFacts) -> list[str]:
    rows = order_refused_page(TEXTS, refused, wish).rows
    return [button.text for row in rows for button in row]


@pytest.mark.parametrize(
    "reason",
    [
        RefusalReason.COIN_UNAVAILABLE,
        RefusalReason.NO_RATE,
        RefusalReason.TOO_SMALL,
        RefusalReason.ADDRESSES_UNAVAILABLE,
    ],
)
def test_another_coin_is_offered_where_there_is_one(reason: RefusalReason) -> None:
    refused = OrderRefused(reason=reason)
    assert order_refused_page(TEXTS, refused, facts("BTC")).text.endswith("Another coin may do.")
    assert labels(refused, facts("BTC")) == ["Another coin", "To the shop"]
    assert "nother coin" not in order_refused_page(TEXTS, refused, facts()).text
    assert labels(refused, facts()) == ["To the cart", "To the shop"]


def test_another_coin_is_no_help_against_what_is_not_about_the_coin() -> None:
    refused = OrderRefused(reason=RefusalReason.TOO_MANY_TIMEOUTS)
    assert "nother coin" not in order_refused_page(TEXTS, refused, facts("BTC")).text
    assert labels(refused, facts("BTC")) == ["To the shop"]

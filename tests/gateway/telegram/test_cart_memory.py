"""Carts in memory: what they remember, and for how long."""

import pytest

from actors.messages import CartLine
from gateway.telegram import carts as carts_module
from gateway.telegram.carts import Carts


def line(subcategory_id: int, quantity: int = 1) -> CartLine:
    return CartLine(subcategory_id=subcategory_id, quantity=quantity)


def test_every_change_is_a_wish_of_its_own() -> None:
    carts = Carts()
    ids = [carts.choose(7, line(1)).wish_id]
    carts.take_more(7)
    ids.append(carts.choose(7, line(2)).wish_id)
    changed, renewed = carts.change(7, line(1, 5)), carts.renew(7)
    assert changed is not None
    assert renewed is not None
    assert len({*ids, changed.wish_id, renewed.wish_id}) == 4
    assert renewed.lines == (line(1, 5), line(2))


def test_to_take_more_changes_no_wish() -> None:
    carts = Carts()
    before = carts.choose(7, line(1))
    carts.take_more(7)
    after = carts.of(7)
    assert after is not None
    assert (after.wish_id, after.takes_more) == (before.wish_id, True)


def test_an_offer_is_known_until_the_cart_changes() -> None:
    carts = Carts()
    cart = carts.choose(7, line(1, 3))
    offer = carts.offer(7, (line(1, 2),))
    assert offer is not None
    offering = carts.of(7)
    assert offering is not None
    assert offering.lines_of(cart.wish_id) == (line(1, 3),)
    assert offering.lines_of(offer.wish_id) == (line(1, 2),)
    renewed = carts.renew(7)
    assert renewed is not None
    assert renewed.lines_of(offer.wish_id) is None
    assert renewed.lines_of(cart.wish_id) is None


def test_nothing_can_be_done_with_a_cart_that_is_not_there() -> None:
    carts = Carts()
    carts.take_more(7)
    carts.empty(7)
    assert carts.of(7) is None
    assert carts.change(7, line(1)) is None
    assert carts.renew(7) is None
    assert carts.offer(7, (line(1),)) is None


def test_a_line_that_is_not_in_the_cart_cannot_be_changed_into_it() -> None:
    carts = Carts()
    carts.choose(7, line(1))
    changed = carts.change(7, line(2, 5))
    assert changed is not None
    assert changed.lines == (line(1),)


def test_the_oldest_carts_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carts_module, "_REMEMBERED_CARTS", 2)
    carts = Carts()
    for telegram_id in (1, 2, 1, 3):
        carts.choose(telegram_id, line(1))
    assert [carts.of(telegram_id) is not None for telegram_id in (1, 2, 3)] == [True, False, True]

"""The cart over HTTP: several goods in one order, and less than was wanted."""

from dataclasses import replace

import pytest

from actors.messages import CartLine, PlaceOrder
from domain.rules import CoinRules, PartialStock
from gateway.telegram.carts import MAX_LINES
from sandbox.telegram import ChatMessage, SandboxUser
from tests.gateway.telegram.chat import CHESS, SONG, choose, coin_menu, tap, write
from tests.gateway.telegram.small_shop import SmallShop

pytestmark = pytest.mark.usefixtures("running")


def lines_of(small_shop: SmallShop, order_id: int) -> dict[int, int]:
    return {line.subcategory_id: len(line.units) for line in small_shop.order(order_id).lines}


def wishes(small_shop: SmallShop) -> list[PlaceOrder]:
    return [message for message in small_shop.asked if isinstance(message, PlaceOrder)]


async def cart_of_two(small_shop: SmallShop, shopper: SandboxUser) -> ChatMessage:
    """Two chess and one song."""
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"), (*CHESS, "K3"), (*SONG, "K4"), (*SONG, "K5"))
    menu = await tap(shopper, await coin_menu(shopper, "2"), "Add more")
    return await choose(shopper, menu, "Music", "Song", "1")


async def test_several_goods_make_one_order(small_shop: SmallShop, shopper: SandboxUser) -> None:
    cart = await cart_of_two(small_shop, shopper)
    assert cart.text.startswith(
        "2 × Games · Chess: 25.00 USD\n1 × Music · Song: 2.00 USD\nTotal: 27.00 USD"  # noqa: RUF001 - as it reads
    )
    placed = await tap(shopper, cart, "LTC")
    assert placed.text == "Order #1 is placed. The invoice follows."
    assert lines_of(small_shop, 1) == {1: 2, 2: 1}
    assert small_shop.order(1).total_minor == 2700


async def test_a_cart_is_empty_once_it_is_ordered(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    await tap(shopper, cart, "LTC")
    after = await choose(shopper, await write(shopper, "/start"), "Music", "Song", "1")
    assert after.text.startswith("1 × Music · Song: 2.00 USD\nTotal: 2.00 USD")  # noqa: RUF001 - as it reads


async def test_what_is_chosen_without_add_more_begins_a_new_cart(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*SONG, "K2"))
    await coin_menu(shopper)
    menu = await write(shopper, "/start")
    assert menu.button_texts == ["Games", "Music"]
    cart = await choose(shopper, menu, "Music", "Song", "1")
    await tap(shopper, cart, "LTC")
    assert lines_of(small_shop, 1) == {2: 1}


async def test_a_cart_that_takes_more_outlives_start_and_is_one_tap_away(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    await cart_of_two(small_shop, shopper)
    menu = await write(shopper, "/start")
    assert menu.button_texts == ["Games", "Music", "To the cart"]
    cart = await tap(shopper, menu, "To the cart")
    await tap(shopper, cart, "LTC")
    assert lines_of(small_shop, 1) == {1: 2, 2: 1}


async def test_the_same_goods_again_replace_their_number(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    menu = await tap(shopper, cart, "Add more")
    cart = await choose(shopper, menu, "Games", "Chess", "1")
    await tap(shopper, cart, "LTC")
    assert lines_of(small_shop, 1) == {1: 1, 2: 1}


def button_rows(page: ChatMessage) -> list[list[str]]:
    """One less, the goods, one more, none: the labels line by line, and the way back."""
    labels = page.button_texts
    return [labels[start : start + 4] for start in range(0, len(labels), 4)]


async def tap_at(person: SandboxUser, page: ChatMessage, row: int, column: int) -> ChatMessage:
    """Lines have buttons of the same names: tap by place."""
    after = person.revision
    person.press_data(page.message_id, page.buttons[row * 4 + column].callback_data or "")
    return await person.wait_for(lambda _: True, after=after)


async def test_a_line_can_be_made_more_and_less_and_none(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    page = await tap(shopper, await cart_of_two(small_shop, shopper), "Change the cart")
    assert [row[1] for row in button_rows(page)[:2]] == ["2 × Chess", "1 × Song"]  # noqa: RUF001 - as it reads
    assert button_rows(page)[2] == ["To the cart"]
    page = await tap_at(shopper, page, 0, 2)
    assert page.button_texts[1] == "3 × Chess"  # noqa: RUF001 - as it reads
    query_id = shopper.press_data(page.message_id, page.buttons[2].callback_data or "")
    refused = await shopper.wait_for_answer(query_id)
    assert refused.text == "Only 3 left. Please choose a smaller quantity."
    page = await tap_at(shopper, page, 0, 0)
    assert page.button_texts[1] == "2 × Chess"  # noqa: RUF001 - as it reads
    page = await tap_at(shopper, page, 0, 3)
    assert page.button_texts[1] == "1 × Song"  # noqa: RUF001 - as it reads
    page = await tap_at(shopper, page, 0, 0)
    assert page.text == "Your cart is empty."


async def test_a_change_that_comes_twice_is_made_once(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    page = await tap(shopper, await cart_of_two(small_shop, shopper), "Change the cart")
    data = next(each.callback_data for each in page.buttons if each.text == "+1") or ""
    for _ in range(2):
        await shopper.wait_for_answer(shopper.press_data(page.message_id, data))
    assert shopper.message(page.message_id).button_texts[1] == "3 × Chess"  # noqa: RUF001 - as it reads


async def test_an_emptied_cart_is_empty(small_shop: SmallShop, shopper: SandboxUser) -> None:
    page = await tap(shopper, await cart_of_two(small_shop, shopper), "Empty the cart")
    assert page.text == "Your cart is empty."
    assert (await tap(shopper, page, "To the shop")).button_texts == ["Games", "Music"]


async def test_a_coin_of_an_older_page_orders_nothing_and_shows_the_cart_as_it_is(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    older = await coin_menu(shopper, "1")
    await coin_menu(shopper, "2")
    shown = await tap(shopper, older, "LTC")
    assert "of an older page, and nothing was ordered" in shown.text
    assert "2 × Games · Chess" in shown.text  # noqa: RUF001 - as it reads
    assert wishes(small_shop) == []
    await tap(shopper, shown, "LTC")
    assert lines_of(small_shop, 1) == {1: 2}


async def test_a_cart_from_before_a_restart_says_that_it_is_forgotten(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    menu = await write(shopper, "/start")
    for data in ("b:LTC:0123456789ab", "l", "k", "n:0123456789ab:1:2"):
        await shopper.wait_for_answer(shopper.press_data(menu.message_id, data))
        shown = shopper.message(menu.message_id).text
        assert "cart is not known any more" in shown or shown == "Your cart is empty."
    assert wishes(small_shop) == []


async def test_a_cart_has_room_for_a_few_goods_only(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock(*(("Games", f"Game {n}", "1", f"K{n}") for n in range(MAX_LINES + 1)))
    menu = await write(shopper, "/start")
    for number in range(MAX_LINES):
        cart = await choose(shopper, menu, "Games", f"Game {number}", "1")
        menu = await tap(shopper, cart, "Add more")
    games = await tap(shopper, await tap(shopper, menu, "Games"), "Next »")
    page = await tap(shopper, await tap(shopper, games, f"Game {MAX_LINES}"), "1")
    assert "at most 8 different goods" in page.text
    await tap(shopper, await tap(shopper, page, "To the cart"), "LTC")
    assert len(lines_of(small_shop, 1)) == MAX_LINES


async def test_eight_lines_with_the_longest_names_fit_into_every_message(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    # A letter that Telegram counts twice.
    category, rest = "\N{MUSICAL SYMBOL G CLEF}" * 64, "\N{MUSICAL SYMBOL G CLEF}" * 63
    small_shop.stock(*((category, f"{n}{rest}", "1", f"K{n}") for n in range(MAX_LINES)))
    menu = await write(shopper, "/start")
    for number in range(MAX_LINES):
        games = await tap(shopper, menu, category)
        cart = await tap(shopper, await tap(shopper, games, f"{number}{rest}"), "1")
        menu = await tap(shopper, cart, "Add more")
    await tap(shopper, await tap(shopper, menu, "To the cart"), "LTC")
    shown = await tap(shopper, await write(shopper, "/orders"), "Show order #1")
    assert len(shown.codes) == 2


async def test_stock_that_falls_short_is_shown_and_taken_or_not(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    small_shop.place(8, 1, 2)
    small_shop.place(8, 2, 2)
    short = await tap(shopper, cart, "LTC")
    assert "Games · Chess: 1 of 2\nMusic · Song: sold out" in short.text
    assert short.button_texts == ["Take what there is", "To the cart", "Take nothing"]
    placed = await tap(shopper, short, "Take what there is")
    assert placed.text == "Order #3 is placed. The invoice follows."
    assert lines_of(small_shop, 3) == {1: 1}
    first, second = wishes(small_shop)
    assert first.request_id != second.request_id
    assert second.lines == (CartLine(subcategory_id=1, quantity=1),)


async def test_what_there_is_is_ordered_once_however_often_it_is_tapped(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    small_shop.place(8, 1, 2)
    short = await tap(shopper, cart, "LTC")
    data = short.buttons[0].callback_data or ""
    for _ in range(3):
        await shopper.wait_for_answer(shopper.press_data(short.message_id, data))
    assert [order.order_id for order in small_shop.reader.orders_of(7, 9)] == [2]
    assert shopper.message(short.message_id).text.startswith("Order #2 is placed")


async def test_nothing_is_ordered_by_taking_nothing(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    small_shop.place(8, 1, 2)
    page = await tap(shopper, await tap(shopper, cart, "LTC"), "Take nothing")
    assert page.text == "Your cart is empty."
    assert small_shop.reader.orders_of(7, 9) == []


async def test_what_there_is_may_be_less_again_by_then(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    small_shop.place(8, 1, 2)
    short = await tap(shopper, cart, "LTC")
    small_shop.place(8, 1, 1)
    again = await tap(shopper, short, "Take what there is")
    assert "Games · Chess: sold out\nMusic · Song: 1 of 1" in again.text
    await tap(shopper, again, "Take what there is")
    assert lines_of(small_shop, 3) == {2: 1}


async def test_a_quantity_beyond_the_stock_offers_what_there_is(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    menu = await tap(shopper, await write(shopper, "/start"), "Games")
    await tap(shopper, menu, "Chess")
    fewer = await write(shopper, "3")
    assert fewer.text == "Only 2 left. Please choose a smaller quantity."
    assert fewer.button_texts == ["2 · take what there is", "« Back"]
    cart = await tap(shopper, fewer, "2")
    await tap(shopper, cart, "LTC")
    assert lines_of(small_shop, 1) == {1: 2}


@pytest.mark.parametrize("partial_stock", [PartialStock.REDUCE])
async def test_a_shop_that_reduces_puts_what_there_is_into_the_cart(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    menu = await tap(shopper, await write(shopper, "/start"), "Games")
    await tap(shopper, menu, "Chess")
    cart = await write(shopper, "3")
    assert cart.text.startswith("There are no more than 2: these are in your cart.")
    small_shop.place(8)
    placed = await tap(shopper, cart, "LTC")
    assert "less left than you wanted. Order #2 is placed" in placed.text
    assert lines_of(small_shop, 2) == {1: 1}


@pytest.mark.parametrize("partial_stock", [PartialStock.REJECT])
async def test_a_shop_that_rejects_says_of_which_there_is_too_little(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    cart = await cart_of_two(small_shop, shopper)
    await tap(shopper, await tap(shopper, cart, "Add more"), "Games")
    small_shop.place(8, 1, 2)
    cart = await tap(shopper, await write(shopper, "/start"), "To the cart")
    assert cart.text.startswith("2 × Games · Chess: only 1 left, 12.50 USD\n")  # noqa: RUF001 - as it reads
    refused = await tap(shopper, cart, "LTC")
    assert refused.text.startswith("Only 1 left of Games · Chess. Nothing was ordered.")
    assert refused.button_texts == ["To the cart", "To the shop"]
    small_shop.place(8)
    cart = await tap(shopper, refused, "To the cart")
    assert (await tap(shopper, cart, "LTC")).text.startswith("Sold out: Games · Chess.")
    assert [order.telegram_id for order in small_shop.reader.orders_of(7, 9)] == []


async def test_the_sum_of_units_with_prices_of_their_own_is_told_as_about(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), ("Games", "Chess", "10.00", "K2"), (*SONG, "K3"))
    one = await coin_menu(shopper, "1")
    assert "Total: 12.50 USD" in one.text
    two = await coin_menu(shopper, "2")
    assert two.text.startswith("2 × Games · Chess: about 25.00 USD\nTotal: about 25.00 USD")  # noqa: RUF001 - as it reads
    await tap(shopper, two, "LTC")
    assert small_shop.order(1).total_minor == 2250


async def test_an_order_that_is_too_small_names_the_least_and_no_coin_that_is_not_taken(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    least = CoinRules(
        coin="LTC", confirmations=3, smallest_order_base_units=20_000_000, dust_base_units=1
    )
    small_shop.rules = replace(small_shop.rules, coins=(least,))
    refused = await tap(shopper, await coin_menu(shopper), "LTC")
    assert "the least is 0.20000000 LTC" in refused.text
    assert "nother coin" not in refused.text
    cart = await tap(shopper, refused, "To the cart")
    cart = await tap(shopper, await tap(shopper, cart, "« Back"), "2")
    assert "placed" in (await tap(shopper, cart, "LTC")).text
    assert len({wish.request_id for wish in wishes(small_shop)}) == 2


async def test_a_shopper_with_too_many_timeouts_is_told_whom_to_ask(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    for number in (1, 2, 3):
        small_shop.place(7)
        small_shop.let_expire(number)
    refused = await tap(shopper, await coin_menu(shopper), "LTC")
    assert refused.text.startswith("Too many of your orders have expired")
    assert len(small_shop.reader.orders_of(7, 9)) == 3

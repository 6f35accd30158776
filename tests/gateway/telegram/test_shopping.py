"""The shopper's way from /start to an order and back, over HTTP."""

import asyncio

import pytest
from loguru import logger

from actors.messages import PlaceOrder, ShopUnavailable
from domain.order import OrderStatus
from domain.order_news import CancelWished
from sandbox.telegram import Fault, FaultKind, SandboxUser, TelegramServer
from tests.gateway.telegram.chat import CHESS, answer, coin_menu, goods_page, tap, write
from tests.gateway.telegram.small_shop import SmallShop

pytestmark = pytest.mark.usefixtures("running")


async def test_a_shopper_comes_from_start_to_an_order(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"), ("Music", "Song", "1", "K3"))
    menu = await write(shopper, "/start")
    assert menu.button_texts == ["Games", "Music"]
    subcategories = await tap(shopper, menu, "Games")
    assert subcategories.message_id == menu.message_id
    assert subcategories.button_texts == ["Chess · 12.50 USD · 2 left", "« Back"]
    goods = await tap(shopper, subcategories, "Chess")
    assert goods.button_texts == ["1", "2", "« Back"]
    coins = await tap(shopper, goods, "2")
    assert coins.text.startswith("2 × Games · Chess: 25.00 USD\nTotal: 25.00 USD\n")  # noqa: RUF001 - as it reads
    assert coins.button_texts == [
        "LTC",
        "Add more",
        "Change the cart",
        "Empty the cart",
        "« Back",
    ]
    placed = await tap(shopper, coins, "LTC")
    assert placed.text == "Order #1 is placed. The invoice follows."
    assert placed.buttons == []
    order = small_shop.order(1)
    assert (order.telegram_id, order.telegram_username, order.coin) == (7, "user7", "LTC")
    assert order.total_minor == 2500


async def test_a_typed_number_is_the_quantity(small_shop: SmallShop, shopper: SandboxUser) -> None:
    small_shop.stock(*((*CHESS, f"K{number}") for number in range(7)))
    await goods_page(shopper)
    coins = await write(shopper, " 7 ")
    assert coins.text.startswith("7 ")
    assert "Games · Chess" in coins.text
    await tap(shopper, coins, "LTC")
    assert len(small_shop.order(1).lines[0].units) == 7


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e1", "two", "٣", "9" * 30, "1 2"])
async def test_a_quantity_that_cannot_be_gets_a_word_on_what_to_type(
    small_shop: SmallShop, shopper: SandboxUser, text: str
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    await goods_page(shopper)
    shown = await write(shopper, text)
    assert shown.text == "Please type a whole number from 1 to 2, for example 1."
    assert "LTC" in (await write(shopper, "2")).button_texts


async def test_the_last_one_is_asked_for_without_a_range(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    assert (await goods_page(shopper)).text.endswith("How many? There is one left: tap, or type 1.")
    assert (await write(shopper, "0")).text == "There is one left: please type 1."


async def test_more_than_there_are_gets_how_many_there_are(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    await goods_page(shopper)
    shown = await write(shopper, "3")
    assert shown.text == "Only 2 left. Please choose a smaller quantity."
    assert (await tap(shopper, shown, "« Back")).button_texts == ["1", "2", "« Back"]


async def test_a_number_nobody_asked_for_gets_a_hint(shopper: SandboxUser) -> None:
    assert "/start" in (await write(shopper, "3")).text


async def test_sold_out_says_so_on_the_page_and_in_the_answer_to_the_tap(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    coins = await coin_menu(shopper)
    small_shop.place(8)
    assert "Sold out" in await answer(shopper, coins.message_id, "LTC")
    shown = shopper.message(coins.message_id)
    assert "Sold out" in shown.text
    menu = await tap(shopper, shown, "To the shop")
    assert menu.button_texts == ["Games · sold out"]
    assert (await tap(shopper, menu, "Games")).button_texts == ["Chess · sold out", "« Back"]


async def test_units_with_prices_of_their_own_are_listed_from_the_next_one(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock(("Games", "Chess", "3", "K1"), ("Games", "Chess", "2", "K2"))
    menu = await tap(shopper, await write(shopper, "/start"), "Games")
    assert menu.button_texts[0] == "Chess · from 3.00 USD · 2 left"


async def test_names_with_markup_and_of_full_length_are_shown_as_they_are(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    name = "<b>&amp;" + "ü" * 56
    small_shop.stock((name, name, "1", "K1"), description="5 < 6 & </b>")
    goods = await tap(shopper, await tap(shopper, await write(shopper, "/start"), name), name)
    assert f"{name} · {name}" in goods.text
    assert "5 < 6 & </b>" in goods.text


async def test_tapping_twice_orders_once(small_shop: SmallShop, shopper: SandboxUser) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    coins = await coin_menu(shopper)
    data = coins.buttons[0].callback_data or ""
    taps = [shopper.press_data(coins.message_id, data) for _ in range(3)]
    for query_id in taps:
        await shopper.wait_for_answer(query_id)
    assert small_shop.reader.orders_of(7, 10) == [small_shop.order(1)]
    assert shopper.message(coins.message_id).text == "Order #1 is placed. The invoice follows."


async def test_a_menu_that_was_used_for_an_order_long_gone_orders_nothing_new(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    coins = await coin_menu(shopper)
    data = coins.buttons[0].callback_data or ""
    await tap(shopper, coins, "LTC")
    small_shop.news(1, CancelWished(telegram_id=7))
    await shopper.wait_for_answer(shopper.press_data(coins.message_id, data))
    shown = shopper.message(coins.message_id)
    assert "used for order #1 already" in shown.text
    assert small_shop.order(1).status is OrderStatus.CANCELLED


async def test_two_menus_are_two_wishes(small_shop: SmallShop, shopper: SandboxUser) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    await tap(shopper, await coin_menu(shopper), "LTC")
    await tap(shopper, await coin_menu(shopper), "LTC")
    wishes = [message for message in small_shop.asked if isinstance(message, PlaceOrder)]
    assert len({wish.request_id for wish in wishes}) == 2


async def test_no_answer_in_time_says_that_the_order_is_in_doubt_and_trying_again_is_safe(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    coins = await coin_menu(shopper)
    small_shop.answer_instead = TimeoutError()
    doubt = await tap(shopper, coins, "LTC")
    assert "you will not get it twice" in doubt.text
    small_shop.answer_instead = None
    await tap(shopper, doubt, "Try again")
    wishes = [message for message in small_shop.asked if isinstance(message, PlaceOrder)]
    assert len(wishes) == 2
    assert wishes[0] == wishes[1]


async def test_a_shop_that_is_not_ready_says_so(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.answer_instead = ShopUnavailable(why="starting")
    shown = await write(shopper, "/start")
    assert shown.text == "The shop cannot take this at the moment. Please try again in a minute."


async def test_a_handler_that_fails_answers_the_tap_and_the_next_one_works(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    coins = await coin_menu(shopper)
    small_shop.answer_instead = RuntimeError("KEY-OF-SOMEBODY")
    logged: list[str] = []
    sink = logger.add(lambda line: logged.append(str(line)), format="{message}{exception}")
    assert "Something went wrong" in await answer(shopper, coins.message_id, "LTC")
    assert "Something went wrong" in (await write(shopper, "/start")).text
    logger.remove(sink)
    assert "RuntimeError" in logged[0]
    assert not any("KEY-OF-SOMEBODY" in line for line in logged)
    small_shop.answer_instead = None
    assert "placed" in (await tap(shopper, coins, "LTC")).text


@pytest.mark.parametrize(
    "data",
    [
        "zz",
        "c:1",
        "c:x:0",
        "g:0",
        "g:99999999999999999999",
        "q:1:-1",
        "b:LTC:zz",
        "n:0123456789ab:1:-1",
        "k:1",
        "x:",
        "m:-1",
    ],
)
async def test_a_button_that_is_none_of_ours_gets_a_clear_answer(
    small_shop: SmallShop, shopper: SandboxUser, data: str
) -> None:
    menu = await write(shopper, "/start")
    query_id = shopper.press_data(menu.message_id, data)
    assert "out of date" in (await shopper.wait_for_answer(query_id)).text
    assert not any(isinstance(message, PlaceOrder) for message in small_shop.asked)


@pytest.mark.parametrize("data", ["c:77:0", "g:77", "q:77:1", "m:500"])
async def test_a_button_for_what_is_gone_shows_the_way_back(
    small_shop: SmallShop, shopper: SandboxUser, data: str
) -> None:
    small_shop.stock((*CHESS, "K1"))
    menu = await write(shopper, "/start")
    await shopper.wait_for_answer(shopper.press_data(menu.message_id, data))
    assert shopper.message(menu.message_id).buttons


async def test_long_lists_have_pages(small_shop: SmallShop, shopper: SandboxUser) -> None:
    small_shop.stock(*((f"Category {n:02}", "S", "1", f"K{n}") for n in range(20)))
    menu = await write(shopper, "/start")
    assert menu.button_texts == [*(f"Category {n:02}" for n in range(8)), "Next »"]
    last = await tap(shopper, await tap(shopper, menu, "Next »"), "Next »")
    assert last.button_texts == [*(f"Category {n:02}" for n in range(16, 20)), "« Previous"]


async def test_a_menu_that_cannot_be_edited_is_sent_anew(
    small_shop: SmallShop, shopper: SandboxUser, telegram: TelegramServer
) -> None:
    small_shop.stock((*CHESS, "K1"))
    menu = await write(shopper, "/start")
    data = menu.buttons[0].callback_data or ""
    after = shopper.revision
    telegram.world.keep_message(
        type(menu)(**{**{f: getattr(menu, f) for f in menu.__slots__}, "deleted": True})
    )
    shopper.press_data(menu.message_id, data)
    shown = await shopper.wait_for(lambda _: True, after=after + 1)
    assert shown.message_id != menu.message_id
    assert shown.button_texts[0].startswith("Chess")


async def test_a_short_limit_of_telegram_is_waited_out(
    small_shop: SmallShop, shopper: SandboxUser, telegram: TelegramServer
) -> None:
    small_shop.stock((*CHESS, "K1"))
    telegram.order_fault(
        Fault(kind=FaultKind.RATE_LIMITED, method="sendMessage", retry_after_seconds=1)
    )
    assert (await write(shopper, "/start")).button_texts == ["Games"]


async def test_what_one_person_sends_is_handled_in_order_and_others_do_not_wait(
    small_shop: SmallShop, telegram: TelegramServer
) -> None:
    small_shop.stock((*CHESS, "K1"))
    people = [telegram.user(number) for number in range(20, 40)]
    with telegram.hold_updates():
        for person in people:
            for text in ("/help", "/language", "hello", "/start"):
                person.send_text(text)
    await asyncio.gather(
        *(p.wait_for(lambda m: m.button_texts == ["Games"], timeout_seconds=20) for p in people)
    )
    for person in people:
        replies = [message.text.split()[0] for message in person.messages() if message.from_bot]
        assert replies == ["/start", "The", "I", "What"]


async def test_rubbish_gets_a_hint(shopper: SandboxUser) -> None:
    shopper.upload_document("items.txt", b"a;b;c;1;d")
    shown = await shopper.wait_for(lambda _: True)
    assert "/start" in shown.text
    for text in ("/ship 1", "/admin", "/refund 1 x", "/nonsense", "/start@other_bot"):
        assert "I do not understand" in (await write(shopper, text)).text


async def test_the_way_back_leads_to_the_first_page(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    page = await coin_menu(shopper)
    for _ in range(3):
        page = await tap(shopper, page, "« Back")
    assert page.button_texts == ["Games"]

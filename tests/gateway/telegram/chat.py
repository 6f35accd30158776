"""Steps in a chat with the bot that tests are made of."""

from sandbox.telegram import ChatMessage, SandboxUser

CHESS = ("Games", "Chess", "12.50")
SONG = ("Music", "Song", "2.00")


async def write(person: SandboxUser, text: str) -> ChatMessage:
    """What the bot answers to a message."""
    after = person.revision
    person.send_text(text)
    return await person.wait_for(lambda _: True, after=after)


async def tap(person: SandboxUser, message: ChatMessage, label: str) -> ChatMessage:
    """What the bot shows after a tap."""
    after = person.revision
    person.press(message.message_id, label)
    return await person.wait_for(lambda _: True, after=after)


async def answer(person: SandboxUser, message_id: int, label: str) -> str:
    return (await person.wait_for_answer(person.press(message_id, label))).text


async def goods_page(person: SandboxUser) -> ChatMessage:
    menu = await write(person, "/start")
    return await tap(person, await tap(person, menu, "Games"), "Chess")


async def coin_menu(person: SandboxUser, quantity: str = "1") -> ChatMessage:
    return await tap(person, await goods_page(person), quantity)


async def choose(
    person: SandboxUser, menu: ChatMessage, category: str, name: str, quantity: str
) -> ChatMessage:
    """From a page with categories to the cart."""
    return await tap(person, await tap(person, await tap(person, menu, category), name), quantity)

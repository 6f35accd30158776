"""Tokens on the address of an order: the admins are told, and the order waits for its coins."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actors.messages import TokensArrived
from actors.token_news import CONTRACTS_AN_ORDER
from payments.chain import AddressLook, ChainClient, Place
from payments.tokens import TokenTransfer
from tests.actors.conftest import Play
from tests.actors.watcher_stage import POLL_SECONDS, Stage, block, play, watched
from tests.actors.world import COIN, World

TRANSFER = TokenTransfer(
    address="A", contract="0xAb", amount="25 of what calls itself USDX", transaction_id="0x1"
)


@dataclass
class TokenChain:
    """A chain that shows tokens, in each look."""

    tokens: tuple[TokenTransfer, ...]
    name: str = "the script"
    pushes: bool = False

    def connect(self) -> ChainClient:
        return self

    async def look(
        self, _place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> AddressLook:
        return AddressLook(
            began_at=began_at,
            place=block(100),
            receipts=dict.fromkeys(addresses, ()),
            tokens=self.tokens,
        )

    async def changed(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def told(stage: Stage) -> list[TokensArrived]:
    return [each for each in stage.to_shop if isinstance(each, TokensArrived)]


def test_tokens_of_a_contract_are_told_once_an_order() -> None:
    async def scene(stage: Stage) -> None:
        again = replace(TRANSFER, contract="0xaB", transaction_id="0x2")
        nobodys = replace(TRANSFER, address="B")
        chain = TokenChain((TRANSFER, again, nobodys))
        stage.start(block(100), watched("A", order_id=7), chain=chain)
        await stage.until(3 * POLL_SECONDS)
        assert told(stage) == [
            TokensArrived(
                coin="LTC",
                order_id=7,
                contract="0xAb",
                amount="25 of what calls itself USDX",
                transaction_id="0x1",
            )
        ]

    play(scene)


def test_order_that_is_flooded_with_tokens_is_told_of_a_few_times() -> None:
    async def scene(stage: Stage) -> None:
        flood = tuple(replace(TRANSFER, contract=f"0x{number}") for number in range(20))
        others = replace(TRANSFER, address="B")
        stage.start(
            block(100),
            watched("A", order_id=7),
            watched("B", order_id=8),
            chain=TokenChain((*flood, others)),
        )
        await stage.until(2 * POLL_SECONDS)
        orders = [each.order_id for each in told(stage)]
        assert (orders.count(7), orders.count(8)) == (CONTRACTS_AN_ORDER, 1)

    play(scene)


def test_admins_are_told_once_of_tokens_also_where_the_shop_starts_again_between(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        arrived = TokensArrived(
            coin=COIN,
            order_id=order.order_id,
            contract="0xAb",
            amount="25 of what calls itself USDX",
            transaction_id="0x1",
        )
        for message in (arrived, replace(arrived, transaction_id="0x2")):
            assert world.base is not None
            assert world.shop is not None
            world.base.tell_async(world.shop, message)
            await asyncio.sleep(2)
            world.crash()
            await world.open()
        details = world.rows("SELECT DISTINCT detail FROM outbox WHERE kind = 'admin_alert'")
        assert len(details) == 1
        (text,) = details[0]
        assert f"order #{order.order_id}" in str(text)
        assert "25 of what calls itself USDX, contract 0xAb, transaction 0x1" in str(text)
        assert world.status(order) == ("created", "none")

    play(scene)

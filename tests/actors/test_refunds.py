"""Refunds: what is recorded, against what the admin was shown and has paid."""

from contextlib import closing
from dataclasses import replace
from decimal import Decimal

from actors.messages import (
    CorrectRefund,
    OrderChanged,
    OrderRefused,
    RecordGoodsRefund,
    RecordRefund,
)
from domain.order import NoticeKind, RefusalReason
from domain.rules import LatePayment, OverPayment
from store.admin_queries import AdminQueries
from store.queries import StoreReader
from tests.actors.conftest import Play
from tests.actors.test_revival import expired_order
from tests.actors.world import ADMIN, ALICE, World, with_rules

PAID_BACK = RecordRefund(order_id=1, admin_telegram_id=ADMIN, transaction_id="tx1")


def paid_back(amount_base_units: int, transaction_id: str = "tx1") -> RecordRefund:
    return replace(PAID_BACK, transaction_id=transaction_id, amount_base_units=amount_base_units)


def refund_list(world: World) -> list[int]:
    with closing(StoreReader(str(world.store_path))) as reader:
        return [row.amount_base_units for row in AdminQueries(reader).refund_list(0, 10)]


def balance(world: World) -> object:
    return world.rows("SELECT balance_minor FROM users WHERE telegram_id = ?", ALICE)[0][0]


def test_refund_of_what_is_on_the_list_leaves_the_balance_alone(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.CREDIT, over_payment=OverPayment.CREDIT)
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        await world.stop()
        world.rates = {}
        await world.open()
        world.chain.pay(order.address, 1_000_000)  # no rate is known: refund list
        world.chain.mine(3)
        await world.looks()
        await world.stop()
        world.rates = {"LTC": Decimal(80)}
        await world.open()
        world.chain.pay(order.address, 10_000_000)  # credited: 8.00 USD
        world.chain.mine(3)
        await world.looks()
        assert refund_list(world) == [1_000_000]
        assert balance(world) == 800
        assert isinstance(await world.ask(PAID_BACK), OrderChanged)
        assert refund_list(world) == []
        assert balance(world) == 800

    play(scene)


def test_money_that_came_after_the_admin_looked_is_not_recorded_as_paid_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, 1_000_000)
        world.chain.mine(3)
        await world.looks()
        shown = refund_list(world)
        assert shown == [1_000_000]
        # The admin pays 0.01 LTC back from a wallet; meanwhile 0.1 LTC more arrives.
        world.chain.pay(order.address, 10_000_000)
        world.chain.mine(3)
        await world.looks()
        await world.ask(paid_back(1_000_000))
        assert refund_list(world) == [10_000_000]
        other = await world.ask(paid_back(1_000_001, "tx2"))
        assert other == OrderRefused(reason=RefusalReason.OTHER_AMOUNT_TO_REFUND, order_id=1)
        assert refund_list(world) == [10_000_000]

    play(scene)


def test_refund_that_was_paid_can_be_recorded_although_the_order_was_revived(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.REVIVE)
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        order = await expired_order(world)
        await world.order(2, request_id="b")
        other = await world.order(3, request_id="c")
        await world.pay(order)  # nothing in stock: to the refund list
        assert refund_list(world) == [order.amount_base_units]
        # The admin sends the money back; before it is recorded a unit is free and dust arrives.
        await world.cancel(other, 3)
        world.chain.pay(order.address, 1)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order)[0] == "shipped"
        nothing = OrderRefused(reason=RefusalReason.NOTHING_TO_REFUND, order_id=1)
        assert await world.ask(PAID_BACK) == nothing
        assert await world.ask(paid_back(order.amount_base_units)) == nothing
        goods = RecordGoodsRefund(
            order_id=1,
            admin_telegram_id=ADMIN,
            transaction_id="tx1",
            amount_base_units=order.amount_base_units,
        )
        answer = await world.ask(goods)
        assert isinstance(answer, OrderChanged)
        assert world.status(order) == ("shipped", "reversed")
        query = "SELECT sum(amount_quote_units) FROM set_asides WHERE state = 'refunded'"
        assert world.rows(query) == [(order.amount_base_units,)]
        await world.looks(3)
        assert world.told(1).count(NoticeKind.MONEY_REFUNDED) == 1
        assert world.status(order) == ("shipped", "reversed")

    play(scene)


def test_a_wrong_transaction_is_corrected_and_the_shopper_told_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, 1_000_000)
        world.chain.mine(3)
        await world.looks()
        await world.ask(PAID_BACK)
        correction = CorrectRefund(
            order_id=1, admin_telegram_id=ADMIN, wrong_transaction_id="tx1", transaction_id="tx2"
        )
        for _ in range(2):
            answer = await world.ask(correction)
            assert isinstance(answer, OrderChanged)
            assert [each.refund_transaction_id for each in answer.order.set_asides] == ["tx2"]
        other = replace(correction, wrong_transaction_id="tx3", transaction_id="tx4")
        unknown = OrderRefused(reason=RefusalReason.UNKNOWN_REFUND, order_id=1)
        assert await world.ask(other) == unknown
        await world.looks()
        assert world.told(1).count(NoticeKind.REFUND_CORRECTED) == 1

    play(scene)

"""What becomes of an order on its way: warnings, more time, and what admins decide."""

import asyncio
from datetime import timedelta

from actors.messages import (
    CancelOrderByAdmin,
    ConfirmOrder,
    ExpireOrder,
    OrderChanged,
    OrderRefused,
    RecordRefund,
)
from domain.order import NoticeKind, OrderStatus, RefusalReason
from domain.rules import LatePayment, OverPayment
from tests.actors.conftest import Play
from tests.actors.world import (
    ADMIN,
    ALICE,
    BOB,
    EXTENSION,
    POLL_SECONDS,
    TIMEOUT,
    WARNING,
    World,
    with_rules,
)

A_LOOK = timedelta(seconds=POLL_SECONDS + 2)
MINUTE = timedelta(minutes=1)


def warnings(world: World) -> int:
    """How often the shopper was warned."""
    return world.told(ALICE).count(NoticeKind.EXPIRY_WARNING)


def test_shopper_is_warned_once_before_the_time_runs_out(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT - WARNING - MINUTE)
        assert warnings(world) == 0
        await world.pass_time(2 * MINUTE)
        assert warnings(world) == 1
        world.crash()
        await world.open()
        await world.pass_time(MINUTE)
        assert warnings(world) == 1
        await world.pass_time(WARNING)
        assert world.status(order) == ("expired", "none")

    play(scene)


def test_shop_that_was_down_at_the_warning_warns_when_it_is_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.order()
        world.crash()
        await world.pass_time(TIMEOUT - 2 * MINUTE)
        await world.open()
        await world.looks()
        assert warnings(world) == 1

    play(scene)


def test_paid_order_is_not_warned_of(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        await world.pass_time(TIMEOUT)
        assert warnings(world) == 0
        assert world.status(order) == ("created", "seen")

    play(scene)


def test_part_of_the_payment_puts_the_end_off_once_and_warns_of_the_new_one(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT - 2 * MINUTE)
        await world.pay(order, less=10_000_000)
        await world.pass_time(EXTENSION - WARNING - MINUTE)
        assert world.status(order) == ("created", "partial")
        assert warnings(world) == 1
        await world.pass_time(2 * MINUTE)
        assert warnings(world) == 2
        await world.pass_time(WARNING + A_LOOK)
        assert world.status(order) == ("expired", "late")
        assert world.timeouts() == 1
        # What was paid of it is late money now.
        assert world.rows("SELECT purpose, state FROM set_asides") == [("refund", "open")]

    play(scene)


def test_rest_that_comes_within_the_extension_completes_the_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT - 2 * MINUTE)
        await world.pay(order, less=10_000_000)
        world.crash()
        await world.open()
        await world.pass_time(5 * MINUTE)
        world.chain.pay(order.address, 10_000_000)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_surplus_goes_where_the_owner_wants_it_and_both_are_told(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, over_payment=OverPayment.CREDIT)
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, less=-4_000_000)
        assert world.status(order) == ("shipped", "over")
        # 0.04 LTC at 80 USD.
        assert world.rows("SELECT balance_minor FROM users") == [(320,)]
        assert NoticeKind.MONEY_CREDITED in world.told(ALICE)
        assert NoticeKind.ADMIN_MONEY_CREDITED in world.told(ADMIN)

    play(scene)


def test_admin_expires_an_order_and_the_shopper_is_not_to_blame(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        expire = ExpireOrder(order_id=order.order_id, admin_telegram_id=ADMIN)
        answer = await world.ask(expire)
        assert isinstance(answer, OrderChanged)
        assert answer.order.status is OrderStatus.EXPIRED
        assert world.timeouts() == 0
        refused = OrderRefused(reason=RefusalReason.ALREADY_ENDED, order_id=1)
        assert await world.ask(expire) == refused
        await world.order(BOB)

    play(scene)


def test_admin_cancels_an_order_for_a_reason_that_the_audit_log_keeps(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        cancel = CancelOrderByAdmin(order_id=1, admin_telegram_id=ADMIN, reason="sold elsewhere")
        answer = await world.ask(cancel)
        assert isinstance(answer, OrderChanged)
        assert answer.order.status is OrderStatus.CANCELLED
        query = "SELECT by_telegram_id, why FROM audit_log WHERE what = 'order_cancelled'"
        assert world.rows(query) == [(ADMIN, "sold elsewhere")]
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("cancelled", "late")

    play(scene)


def test_admin_confirms_an_open_order_without_a_payment(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.order()
        confirm = ConfirmOrder(order_id=1, admin_telegram_id=ADMIN, reason="paid in cash")
        answer = await world.ask(confirm)
        assert isinstance(answer, OrderChanged)
        assert answer.order.confirmed_by_telegram_id == ADMIN
        await asyncio.sleep(1)
        assert world.told(ALICE)[-1] is NoticeKind.GOODS
        assert world.pool() == {"available": 0, "holds": 0}
        refused = await world.ask(confirm)
        assert refused == OrderRefused(reason=RefusalReason.ALREADY_SHIPPED, order_id=1)

    play(scene)


def test_refund_is_recorded_once_and_told(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.REFUND)
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        refund = RecordRefund(order_id=1, admin_telegram_id=ADMIN, transaction_id="back")
        nothing = OrderRefused(reason=RefusalReason.NOTHING_TO_REFUND, order_id=1)
        assert await world.ask(refund) == nothing
        await world.cancel(order)
        await world.pay(order)
        assert isinstance(await world.ask(refund), OrderChanged)
        assert isinstance(await world.ask(refund), OrderChanged)
        query = "SELECT state, refund_transaction_id FROM set_asides"
        assert world.rows(query) == [("refunded", "back")]
        await asyncio.sleep(1)
        assert world.told(ALICE).count(NoticeKind.MONEY_REFUNDED) == 1

    play(scene)


def test_late_money_is_valued_at_the_rate_of_when_it_was_first_seen(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.CREDIT)
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT + A_LOOK)
        world.crash()
        world.rates["LTC"] /= 2
        await world.open()
        await world.pay(order, confirmed=False)
        world.crash()
        world.rates["LTC"] /= 2
        await world.open()
        world.chain.mine(3)
        await world.looks()
        assert world.rows("SELECT balance_minor FROM users") == [(625,)]

    play(scene)

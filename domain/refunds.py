"""Money that an admin has paid back, and says so: which of the order's money it was.

An admin pays from a wallet and tells of it afterwards. In between more may have come, or an order
may have been revived with the very money; so an amount can be named, and then it is that amount or
nothing that is recorded.
"""

from itertools import accumulate

from domain.coverage import confirmed_base_units, set_aside_by_receipt, state_when_paid
from domain.endings import state_change
from domain.evolution import evolve_all
from domain.notices import tell_shopper
from domain.order import (
    By,
    Decision,
    MoneySetAside,
    NoticeKind,
    Order,
    OrderEvent,
    OrderStatus,
    RefundCorrected,
    RefundRecorded,
    RefusalReason,
)
from domain.order_news import GoodsRefunded, RefundMade, RefundMisnamed
from domain.set_aside import Purpose, SetAside, SetAsideState

_RefundWish = RefundMade | GoodsRefunded | RefundMisnamed


def on_refund_made(order: Order, wish: RefundMade) -> Decision:
    """What was paid back is recorded as final, or refused where it is not clear what it was.

    Without an amount it is all that is on the refund list, or else all that the order has brought
    to the shopper's balance. With one it is parts of either that make up exactly this amount.
    """
    transaction_id = wish.transaction_id
    if _is_recorded(order, transaction_id):
        return _by_admin(wish, ())
    waiting = [each for each in order.set_asides if each.state is SetAsideState.OPEN]
    if not waiting:
        return _refused(wish, RefusalReason.NOTHING_TO_REFUND)
    parts = _meant(waiting, wish.amount_base_units)
    if not parts:
        return _refused(wish, RefusalReason.OTHER_AMOUNT_TO_REFUND)
    return _by_admin(wish, _recorded(parts, transaction_id))


def on_goods_refunded(order: Order, wish: GoodsRefunded) -> Decision:
    """Money that had paid for the goods of a paid or shipped order was paid back, all or a part.

    What waits to be paid back goes first and has to be in the amount: as long as it is there the
    goods are paid with it. It is a wish of its own, so that a command that is sent twice, with
    another transaction, or for another order, takes nothing from what goods were paid with.
    """
    if _is_recorded(order, wish.transaction_id):
        return _by_admin(wish, ())
    if not _is_sold(order):
        return _refused(wish, RefusalReason.NOTHING_TO_REFUND)
    of_goods = wish.amount_base_units - open_base_units(order)
    if wish.amount_base_units <= 0 or not 0 <= of_goods <= goods_paid_base_units(order):
        return _refused(wish, RefusalReason.OTHER_AMOUNT_TO_REFUND)
    return _by_admin(wish, _paid_back_after_all(order, of_goods, wish.transaction_id))


def on_refund_misnamed(order: Order, wish: RefundMisnamed) -> Decision:
    """Another transaction is recorded for a refund, and the shopper is told which it is.

    The same correction again changes nothing: what it corrects is there no more.
    """
    wrong, right = wish.wrong_transaction_id, wish.transaction_id
    meant = [each for each in order.set_asides if each.refund_transaction_id == wrong]
    if wrong != right and meant:
        amount = sum(each.amount_base_units for each in meant)
        corrections = (
            RefundCorrected(number=each.number, wrong_transaction_id=wrong, transaction_id=right)
            for each in meant
        )
        told = tell_shopper(NoticeKind.REFUND_CORRECTED, amount, right)
        return _by_admin(wish, (*corrections, told), "its transaction was another")
    if any(each.refund_transaction_id == right for each in order.set_asides):
        return _by_admin(wish, ())
    return _refused(wish, RefusalReason.UNKNOWN_REFUND)


def open_base_units(order: Order) -> int:
    """What waits to be paid back or is on a balance, of an order."""
    return sum(
        each.amount_base_units for each in order.set_asides if each.state is SetAsideState.OPEN
    )


def goods_paid_base_units(order: Order) -> int:
    """What confirmed receipts of an order hold beside the money that was set aside."""
    return sum(left for _, left in _left_of_the_price(order))


def _is_recorded(order: Order, transaction_id: str) -> bool:
    return any(each.refund_transaction_id == transaction_id for each in order.set_asides)


def _is_sold(order: Order) -> bool:
    return order.status in (OrderStatus.PAID, OrderStatus.SHIPPED)


def _meant(waiting: list[SetAside], amount_base_units: int | None) -> list[SetAside]:
    """The parts that an admin means; none where no parts make up the amount."""
    listed = [each for each in waiting if each.purpose is Purpose.REFUND]
    credited = [each for each in waiting if each.purpose is Purpose.BALANCE]
    if amount_base_units is None:
        return listed or credited
    candidates = (_making_up(several, amount_base_units) for several in (listed, credited, waiting))
    return next((parts for parts in candidates if parts), [])


def _making_up(several: list[SetAside], amount_base_units: int) -> list[SetAside]:
    """The oldest few of them that make up the amount, or all; or the one that does alone."""
    sums = accumulate(each.amount_base_units for each in several)
    for count, so_many in enumerate(sums, start=1):
        if so_many == amount_base_units:
            return several[:count]
    return [each for each in several if each.amount_base_units == amount_base_units][:1]


def _recorded(parts: list[SetAside], transaction_id: str) -> tuple[OrderEvent, ...]:
    amount = sum(each.amount_base_units for each in parts)
    return (
        *(RefundRecorded(number=each.number, transaction_id=transaction_id) for each in parts),
        tell_shopper(NoticeKind.MONEY_REFUNDED, amount, transaction_id),
    )


def _taken_from_the_price(order: Order, amount_base_units: int) -> list[SetAside]:
    """Parts of the receipts that paid for the goods, the latest first."""
    left = _left_of_the_price(order)
    before = [0, *accumulate(there for _, there in left)]
    shares = [
        (receipt_id, min(there, max(0, amount_base_units - earlier)))
        for (receipt_id, there), earlier in zip(left, before, strict=False)
    ]
    taken = [(receipt_id, share) for receipt_id, share in shares if share]
    first_number = len(order.set_asides) + 1
    return [
        SetAside(
            number=number,
            receipt_id=receipt_id,
            purpose=Purpose.REFUND,
            amount_base_units=share,
            credited_minor=0,
        )
        for number, (receipt_id, share) in enumerate(taken, start=first_number)
    ]


def _left_of_the_price(order: Order) -> list[tuple[str, int]]:
    """What is not set aside of each receipt, the latest first."""
    receipts = sorted(order.receipts, key=lambda r: (r.seen_at, r.receipt_id), reverse=True)
    aside = set_aside_by_receipt(order)
    # Less than nothing is left of one that was reversed after it had been paid back.
    return [
        (each.receipt_id, max(0, confirmed_base_units(each) - aside[each.receipt_id]))
        for each in receipts
    ]


def _paid_back_after_all(
    order: Order, of_goods_base_units: int, transaction_id: str
) -> tuple[OrderEvent, ...]:
    taken = _taken_from_the_price(order, of_goods_base_units)
    waiting = [each for each in order.set_asides if each.state is SetAsideState.OPEN]
    events = (
        *(MoneySetAside(set_aside=each) for each in taken),
        *_recorded([*waiting, *taken], transaction_id),
    )
    ahead = evolve_all(order, events)
    return (*events, *state_change(ahead, (), state_when_paid(ahead)))


def _by_admin(
    wish: _RefundWish, events: tuple[OrderEvent, ...], why: str = "paid back"
) -> Decision:
    return Decision(
        by=By.ADMIN,
        by_telegram_id=wish.admin_telegram_id,
        why=why if events else "",
        events=events,
    )


def _refused(wish: _RefundWish, reason: RefusalReason) -> Decision:
    return Decision(by=By.ADMIN, by_telegram_id=wish.admin_telegram_id, refusal=reason)

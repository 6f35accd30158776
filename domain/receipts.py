"""The receipts of an order after a look at the chain."""

from dataclasses import replace
from decimal import Decimal

from domain.order import Order
from domain.order_news import ChainNews
from domain.payment import Receipt, Terms, changed_receipts


def look_at(order: Order, news: ChainNews) -> tuple[Receipt, ...]:
    """The receipts that stand differently after this look."""
    if not order.receipts and not news.sightings:
        return ()
    return changed_receipts(order.receipts, news.sightings, _terms(order, news.rate))


def needs_rate(order: Order, news: ChainNews) -> bool:
    """Whether the look shows late money that would stay without a value for want of a rate."""
    if not news.sightings:
        return False
    after = with_receipts(order, look_at(order, news))
    settled = _settled(order)
    return any(
        receipt.rate is None and receipt.on_chain and receipt.receipt_id not in settled
        for receipt in after.receipts
    )


def with_receipts(order: Order, changed: tuple[Receipt, ...]) -> Order:
    """The order with its receipts as they stand now."""
    if not changed:
        return order
    merged = {receipt.receipt_id: receipt for receipt in order.receipts}
    merged |= {receipt.receipt_id: receipt for receipt in changed}
    return replace(order, receipts=tuple(merged.values()))


def arrived(order: Order, changed: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Those of the changed receipts that count and did not before."""
    counted = {receipt.receipt_id for receipt in order.receipts if receipt.on_chain}
    return tuple(r for r in changed if r.on_chain and r.receipt_id not in counted)


def _terms(order: Order, current_rate: Decimal | None) -> Terms:
    return Terms(
        deadline=order.expires_at,
        absent_at_deadline=order.ended_by_a_look,
        confirmations_required=order.confirmations_required,
        locked_rate=order.rate,
        current_rate=current_rate,
        settled=_settled(order),
    )


def _settled(order: Order) -> frozenset[str]:
    return frozenset(each.receipt_id for each in order.set_asides if each.counts)

"""Whether a refusal is one that the order, as it was meanwhile, gives cause for."""

from collections.abc import Iterator

from domain.order import RefusalReason
from tests.simulation.observer import Observer
from tests.simulation.views import OrderView

_BY_STATUS = {
    "paid": RefusalReason.ALREADY_PAID,
    "shipped": RefusalReason.ALREADY_SHIPPED,
    "cancelled": RefusalReason.ALREADY_ENDED,
    "expired": RefusalReason.ALREADY_ENDED,
}
_ENDED = ("cancelled", "expired")


class Watched:
    """An order from the moment of a question on."""

    def __init__(self, observer: Observer, order_id: int) -> None:
        self.order_id = order_id
        self._observer = observer
        self._first = observer.views.get(order_id)
        self._passed = len(observer.passed.get(order_id, ()))

    def views(self) -> list[OrderView]:
        """All that it has been since then."""
        passed = self._observer.passed.get(self.order_id, [])[self._passed :]
        first = [] if self._first is None else [self._first]
        return [*first, *passed]


def wrong_refusal(deed: str, reason: RefusalReason, watched: Watched) -> Iterator[str]:
    """What is wrong with it."""
    if reason is RefusalReason.SHOP_UNAVAILABLE:
        return
    views = watched.views()
    if not any(reason in _causes(deed, view) for view in views):
        statuses = [view.status for view in views]
        yield f"{deed} of order {watched.order_id}, {statuses}, was refused: {reason}"


def _causes(deed: str, order: OrderView) -> set[RefusalReason]:
    match deed:
        case "cancel by another":
            return {RefusalReason.NOT_YOURS}
        case "ship":
            return _of_shipping(order)
        case "confirm" if order.has_ended_unpaid:
            return {RefusalReason.STOCK_SHORT}
        case "refund":
            has_any = any(each.state == "open" for each in order.asides)
            return set() if has_any else {RefusalReason.NOTHING_TO_REFUND}
        case "cancel" if order.status == "created":
            return {RefusalReason.PAYMENT_SEEN} if order.received() else set()
    reason = _BY_STATUS.get(order.status)
    return set() if reason is None else {reason}


def _of_shipping(order: OrderView) -> set[RefusalReason]:
    match order.status:
        case "created":
            return {RefusalReason.NOT_PAID}
        case "shipped":
            return {RefusalReason.ALREADY_SHIPPED}
        case "cancelled" | "expired":
            return {RefusalReason.ALREADY_ENDED}
        case _:
            return set()

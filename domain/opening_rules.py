"""Whether a shopper may place an order at all."""

from domain.order import RefusalReason
from domain.rules import OrderRules


def refuse_new_order(
    timeout_count: int, active_orders: int, rules: OrderRules
) -> RefusalReason | None:
    """Why there is no order for this shopper now, before anything is held; None where there may be.

    Timeouts come first: ending an order would not help a shopper who has let too many expire.
    """
    if timeout_count >= rules.max_user_timeouts:
        return RefusalReason.TOO_MANY_TIMEOUTS
    if active_orders >= rules.max_active:
        return RefusalReason.ACTIVE_ORDER
    return None

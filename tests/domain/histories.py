"""Any history of news of an order, for hypothesis to choose from."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from domain.order_news import (
    ChainNews,
    GoodsRefunded,
    GoodsTaken,
    OrderNews,
    RefundMisnamed,
    RevivalStock,
    WarningDue,
)
from domain.payment import Sighting
from domain.rules import LatePayment, OverPayment
from tests.domain.examples import (
    AMOUNT,
    CANCEL,
    CANCEL_BY_ADMIN,
    CANCELLED,
    CONFIRM,
    EXPIRE_BY_ADMIN,
    EXPIRED,
    GRACE,
    NO_STOCK,
    OTHER_UNITS,
    RATE,
    REFUND,
    RULES,
    SHIP,
    STOCK,
    TOLERANCE,
    minutes,
    sighting,
)


def _sighting(receipt_number: int, amount: int, confirmations: int, paid_at: int) -> Sighting:
    return sighting(
        amount,
        transaction_id=f"t{receipt_number}",
        confirmations=confirmations,
        chain_time=minutes(paid_at),
    )


def _goods_refunded(transaction_id: str, amount_base_units: int) -> GoodsRefunded:
    return GoodsRefunded(
        admin_telegram_id=REFUND.admin_telegram_id,
        transaction_id=transaction_id,
        amount_base_units=amount_base_units,
    )


def _correction(wrong: str, right: str) -> RefundMisnamed:
    return RefundMisnamed(
        admin_telegram_id=REFUND.admin_telegram_id,
        wrong_transaction_id=wrong,
        transaction_id=right,
    )


# The amount of a payment is what it is, however often it is seen.
AMOUNTS = {1: AMOUNT, 2: AMOUNT // 2, 3: AMOUNT - TOLERANCE, 4: 1, 5: 2 * AMOUNT, 6: 60_000}
SIGHTINGS = st.lists(
    st.integers(1, 6).flatmap(
        lambda number: st.builds(
            _sighting,
            st.just(number),
            st.just(AMOUNTS[number]),
            st.integers(0, 3),
            st.sampled_from([1, 29, 30, 45]),
        )
    ),
    max_size=4,
    unique_by=lambda each: each.transaction_id,
).map(tuple)
RATES = st.sampled_from([None, RATE, RATE / 3, RATE * 2, Decimal("101.37")])
ANY_NEWS: st.SearchStrategy[OrderNews] = st.one_of(
    st.builds(
        ChainNews, began_at=st.integers(0, 300).map(minutes), sightings=SIGHTINGS, rate=RATES
    ),
    st.sampled_from(
        [
            CANCEL,
            CANCEL_BY_ADMIN,
            EXPIRE_BY_ADMIN,
            CONFIRM,
            REFUND,
            replace(REFUND, transaction_id="refund-2"),
            _goods_refunded("refund-4", AMOUNT // 3),
            _goods_refunded("refund-5", 2 * AMOUNT),
            _correction(REFUND.transaction_id, "refund-3"),
            _correction("refund-2", REFUND.transaction_id),
            SHIP,
            GoodsTaken(),
            GRACE,
            WarningDue(),
            STOCK,
            NO_STOCK,
            RevivalStock(lines=OTHER_UNITS, wish=CONFIRM),
            RevivalStock(lines=None, wish=CONFIRM),
        ]
    ),
)
ANY_RULES = st.builds(
    lambda late, over: replace(RULES, late_payment=late, over_payment=over),
    st.sampled_from(LatePayment),
    st.sampled_from(OverPayment),
)
History = list[tuple[OrderNews, datetime]]
HISTORIES: st.SearchStrategy[History] = st.lists(
    st.tuples(ANY_NEWS, st.integers(0, 400).map(minutes)), max_size=10
)
ENDS = {CANCELLED, EXPIRED}
histories = settings(deadline=None)

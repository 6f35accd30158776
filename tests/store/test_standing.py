"""May a shopper order, what was left undone, and which answers may be forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.events import NoticeDelivered, ShopperSeen, TimeoutsCleared
from domain.order import By, OrderExpired
from store.contract import (
    CommandsPruned,
    GetOverdueOrders,
    GetStanding,
    GetStuckNotices,
    OverdueOrders,
    PruneCommands,
    Record,
    Recorded,
    RecordRefusalReason,
    Standing,
    StuckNotices,
)
from tests.store.lifecycle import LATE, paid_late, revived, set_aside
from tests.store.opened_store import (
    BLIND_EXPIRED,
    CANCELLED,
    EXPIRED,
    NOON,
    SETTINGS,
    SHOPPER_ID,
    TELL_ADMINS,
    OpenedStore,
    creation,
    minutes,
    order_of,
    receipt,
    receipts_changed,
    refused,
)

NOBODY = Standing(
    telegram_id=SHOPPER_ID,
    request_id=None,
    timeout_count=0,
    active_orders=(),
    balance_minor=0,
    language=None,
    earlier_order=None,
)


def standing(store: OpenedStore, request_id: str | None = None) -> Standing:
    answer = store.ask(GetStanding(telegram_id=SHOPPER_ID, request_id=request_id))
    assert isinstance(answer, Standing)
    return answer


def let_run_out(store: OpenedStore, *order_ids: int, event: OrderExpired = EXPIRED) -> None:
    for order_id in order_ids:
        store.create(order_of(1, order_id=order_id))
        assert isinstance(store.change(order_id, 1, event), Recorded)


def clear_timeouts(store: OpenedStore, telegram_id: int = SHOPPER_ID) -> None:
    cleared = Record(
        command_id=f"clear:{telegram_id}",
        events=(TimeoutsCleared(telegram_id=telegram_id),),
        at=minutes(99),
        by=By.ADMIN,
        by_telegram_id=1,
        why="cleared by an admin",
    )
    assert isinstance(store.ask(cleared), Recorded)


# --- standing -------------------------------------------------------------------------------------


def test_somebody_new_has_nothing_against_them(store: OpenedStore) -> None:
    assert standing(store) == NOBODY


def test_an_id_that_the_store_cannot_hold_is_nobody(store: OpenedStore) -> None:
    answer = store.ask(GetStanding(telegram_id=2**63))
    assert answer == replace(NOBODY, telegram_id=2**63)


def test_how_a_shopper_stands(store: OpenedStore) -> None:
    store.reopen(replace(SETTINGS, max_active_orders=3))
    let_run_out(store, 1)
    store.change(1, 2, LATE, set_aside(1, credited_minor=900))
    store.create(order_of(2, order_id=2))
    store.create(order_of(3, order_id=3))
    store.record(ShopperSeen(telegram_id=SHOPPER_ID, telegram_username="ann", language="de"))
    assert standing(store) == replace(
        NOBODY, timeout_count=1, active_orders=(2, 3), balance_minor=900, language="de"
    )


def test_a_wish_that_made_an_order_is_known_though_nothing_is_left_to_sell(
    store: OpenedStore,
) -> None:
    store.sell(store.create(order_of(1, 2, 3)))
    earlier = standing(store, "wish-1").earlier_order
    assert earlier == store.order()
    assert standing(store, "wish-2").earlier_order is None


def test_the_wish_of_another_shopper_is_not_told(store: OpenedStore) -> None:
    store.create(order_of(1, shopper=71))
    assert standing(store, "wish-1").earlier_order is None


# --- timeouts -------------------------------------------------------------------------------------


def test_too_many_timeouts_refuse_a_new_order_and_nothing_is_written(store: OpenedStore) -> None:
    let_run_out(store, 1, 2, 3)
    answer = refused(store.ask(creation(order_of(1, order_id=4))))
    assert answer.reason is RecordRefusalReason.TOO_MANY_TIMEOUTS
    assert store.free_ids() == (1, 2, 3)
    assert store.number("SELECT count(*) FROM orders") == 3
    assert isinstance(store.ask(creation(order_of(1, order_id=5, shopper=71))), Recorded)


def test_expiries_that_the_shop_did_not_see_refuse_nobody(store: OpenedStore) -> None:
    let_run_out(store, 1, 2, 3, event=BLIND_EXPIRED)
    assert isinstance(store.ask(creation(order_of(1, order_id=4))), Recorded)


def test_an_admin_clears_timeouts_and_orders_are_taken_again(store: OpenedStore) -> None:
    let_run_out(store, 1, 2, 3)
    clear_timeouts(store)
    assert standing(store).timeout_count == 0
    assert store.rows("SELECT timeout_count, last_timeout_at FROM users") == [(0, None)]
    let_run_out(store, 4)
    assert standing(store).timeout_count == 1
    assert store.rows(
        "SELECT at, by, by_telegram_id, why, detail FROM audit_log WHERE what = 'timeouts_cleared'"
    ) == [("2026-05-01T13:39:00.000000Z", "admin", 1, "cleared by an admin", "3 of shopper 70")]


def test_clearing_somebody_unknown_is_nothing(store: OpenedStore) -> None:
    clear_timeouts(store, telegram_id=12345)
    assert store.number("SELECT count(*) FROM users") == 0


def test_a_revival_after_the_timeouts_were_cleared_takes_none_back(store: OpenedStore) -> None:
    paid_late(store)
    clear_timeouts(store)
    let_run_out(store, 2)
    assert isinstance(store.change(1, 3, revived(1)), Recorded)
    assert standing(store).timeout_count == 1


def test_a_revival_dates_the_last_timeout_by_those_that_are_left(store: OpenedStore) -> None:
    let_run_out(store, 2)
    later = replace(EXPIRED, closed_at=minutes(40))
    store.create(order_of(1))
    store.change(1, 1, later)
    store.change(1, 2, replace(LATE, receipts=(receipt("x"),)))
    store.change(1, 3, revived(1))
    assert store.rows("SELECT timeout_count, last_timeout_at FROM users") == [
        (1, "2026-05-01T12:31:00.000000Z")
    ]


# --- what was left undone -------------------------------------------------------------------------


def test_orders_whose_time_is_over_are_found_longest_overdue_first(store: OpenedStore) -> None:
    store.reopen(replace(SETTINGS, max_active_orders=9))
    for order_id, expires in ((1, 30), (2, 20), (3, 90)):
        store.create(replace(order_of(order_id, order_id=order_id), expires_at=minutes(expires)))
    asked = GetOverdueOrders(expires_before=minutes(60), covered_before=NOON, limit=9)
    assert store.ask(asked) == OverdueOrders(order_ids=(2, 1))
    assert store.ask(replace(asked, limit=1)) == OverdueOrders(order_ids=(2,))
    assert store.ask(replace(asked, expires_before=minutes(20))) == OverdueOrders(order_ids=())


def test_an_order_that_ended_is_not_overdue(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, CANCELLED)
    asked = GetOverdueOrders(expires_before=minutes(60), covered_before=NOON, limit=9)
    assert store.ask(asked) == OverdueOrders(order_ids=())


def test_an_order_whose_payment_was_seen_has_the_time_that_a_payment_has(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    store.change(1, 1, receipts_changed(receipt()))
    asked = GetOverdueOrders(expires_before=minutes(60), covered_before=minutes(4), limit=9)
    assert store.ask(asked) == OverdueOrders(order_ids=())
    later = replace(asked, covered_before=minutes(5))
    assert store.ask(later) == OverdueOrders(order_ids=(1,))


def test_notices_that_should_have_been_sent_are_found(store: OpenedStore) -> None:
    created = store.run(creation(order_of(1))).notices
    told = store.record(TELL_ADMINS, at=minutes(5)).notices
    store.record(NoticeDelivered(outbox_id=created[0].outbox_id, delivered_at=minutes(1)))
    asked = GetStuckNotices(before=minutes(6), limit=9)
    assert store.ask(asked) == StuckNotices(notices=(*created[1:], *told))
    assert store.ask(replace(asked, limit=1)) == StuckNotices(notices=(created[1],))
    assert store.ask(replace(asked, before=minutes(5))) == StuckNotices(notices=created[1:])


# --- answers that are forgotten -------------------------------------------------------------------


@pytest.fixture
def forgetful(store: OpenedStore) -> OpenedStore:
    """A sold order whose creation and payment are forgotten as commands."""
    store.sell(store.create(order_of(1)))
    everything = PruneCommands(before=NOON + timedelta(days=8), limit=99)
    assert store.ask(everything) == CommandsPruned(count=3)
    assert store.number("SELECT count(*) FROM commands") == 0
    return store


def test_a_wish_whose_answer_is_forgotten_still_has_one_order(forgetful: OpenedStore) -> None:
    wish = replace(order_of(2, order_id=2), request_id="wish-1")
    again = replace(creation(wish), command_id="create:wish-2")
    assert forgetful.ask(again) == Recorded(command_id="create:wish-2", order_id=1)
    assert forgetful.free_ids() == (2, 3)


def test_a_change_whose_answer_is_forgotten_is_stale(forgetful: OpenedStore) -> None:
    answer = refused(forgetful.change(1, 1, CANCELLED))
    assert answer.reason is RecordRefusalReason.STALE_VERSION


def test_only_answers_of_before_are_forgotten_oldest_first_and_so_many_at_a_time(
    store: OpenedStore,
) -> None:
    for minute in (1, 2, 3):
        store.record(TELL_ADMINS, at=minutes(minute))
    asked = PruneCommands(before=minutes(3), limit=2)
    assert store.ask(asked) == CommandsPruned(count=2)
    assert store.rows("SELECT recorded_at FROM commands ORDER BY 1") == [
        ("2026-05-01T12:02:00.000000Z",),
        ("2026-05-01T12:03:00.000000Z",),
    ]
    assert store.ask(asked) == CommandsPruned(count=1)
    assert store.ask(asked) == CommandsPruned(count=0)

"""Commands: written once whatever is repeated, and one that cannot be harms no other."""

from dataclasses import replace

import pytest

from domain.events import ItemsAdded, PlaceMoved, ShopperSeen
from domain.order import By, Unit
from store.contract import (
    GetOrder,
    GetPlace,
    OrderLoaded,
    OrderSettled,
    PlaceLoaded,
    Record,
    Recorded,
    RecordRefusalReason,
    SettleOrder,
)
from tests.store.opened_store import (
    CANCELLED,
    CONFIRMED,
    NOON,
    TELL_ADMINS,
    OpenedStore,
    creation,
    entry,
    order_of,
    refused,
)

TOO_BIG = 2**63


def of_shop(command_id: str, event: ShopperSeen | ItemsAdded | PlaceMoved) -> Record:
    return Record(command_id=command_id, events=(event,), at=NOON, by=By.SHOP)


def seen(telegram_username: str | None, telegram_id: int = 90) -> ShopperSeen:
    return ShopperSeen(telegram_id=telegram_id, telegram_username=telegram_username, language="en")


def test_a_repeated_command_gets_the_first_answer_and_writes_nothing(store: OpenedStore) -> None:
    first = store.run(creation(order_of(1)))
    again = store.run(creation(order_of(1)))
    assert again.answers == first.answers == (Recorded(command_id="create:wish-1", order_id=1),)
    assert again.notices == ()
    assert store.number("SELECT count(*) FROM outbox") == len(first.notices) == 3


def test_the_first_answer_stands_when_the_same_wish_comes_as_another_order(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    other = replace(order_of(2, order_id=2), request_id="wish-1")
    assert store.ask(creation(other)) == Recorded(command_id="create:wish-1", order_id=1)
    assert store.free_ids() == (2, 3)


def test_the_first_answer_outlives_the_order_and_a_restart(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, CANCELLED)
    store.reopen()
    assert store.ask(creation(order_of(1))) == Recorded(command_id="create:wish-1", order_id=1)
    assert store.free_ids() == (1, 2, 3)


def test_a_command_twice_in_one_batch_is_written_once(store: OpenedStore) -> None:
    done = store.run(creation(order_of(1)), creation(order_of(1)))
    assert done.answers[0] == done.answers[1]
    assert len(done.notices) == 3


def test_a_repeated_change_is_not_taken_for_a_stale_one(store: OpenedStore) -> None:
    store.create(order_of(1))
    paid = store.changing(1, 1, CONFIRMED)
    assert store.ask(paid) == store.ask(paid) == Recorded(command_id=paid.command_id, order_id=1)
    assert store.number("SELECT version FROM orders") == 2


def test_a_repeated_import_is_answered_with_the_units_that_it_added(store: OpenedStore) -> None:
    entries = (
        entry("KEY-1", place=1),
        replace(entry("NEW-1", place=2), subcategory="Go"),
        entry("NEW-2", place=3, price_minor=7),
        replace(entry("NEW-3", place=4), subcategory="Go"),
    )
    record = of_shop("import:x", ItemsAdded(entries=entries, fiat_currency="USD"))
    first = store.ask(record)
    store.sell(store.create(replace(order_of(1), order_id=1)))
    assert first == Recorded(
        command_id="import:x",
        added=3,
        added_units=(
            (1, (Unit(unit_id=5, price_minor=7),)),
            (2, (Unit(unit_id=4, price_minor=1_000), Unit(unit_id=6, price_minor=1_000))),
        ),
        known_places=(1,),
    )
    assert store.ask(record) == first
    assert store.number("SELECT count(*) FROM items") == 6


def test_a_refused_command_is_not_remembered_and_may_succeed_later(store: OpenedStore) -> None:
    store.create(order_of(1))
    second = creation(order_of(2, order_id=2))
    assert refused(store.ask(second)).reason is RecordRefusalReason.ACTIVE_ORDER
    store.change(1, 1, CANCELLED)
    assert store.ask(second) == Recorded(command_id="create:wish-2", order_id=2)


def test_a_query_behind_a_write_sees_it(store: OpenedStore) -> None:
    done = store.run(
        GetOrder(order_id=1), creation(order_of(1)), GetOrder(order_id=1), SettleOrder(order_id=1)
    )
    assert done.answers[0] == OrderLoaded(order_id=1, order=None)
    assert done.answers[2] == OrderLoaded(order_id=1, order=order_of(1))
    assert done.answers[3] == OrderSettled(order_id=1, holding=True, sold=False)


def test_an_empty_batch_is_nothing(store: OpenedStore) -> None:
    assert store.run().answers == ()


@pytest.mark.parametrize(
    "poison",
    [
        of_shop("poison", seen("half a \ud800 character")),
        of_shop("poison", seen("big", telegram_id=TOO_BIG)),
        of_shop("poison", PlaceMoved(coin="LTC", height=-1, block_hash="h")),
        of_shop("poison", ItemsAdded(entries=(entry("X", price_minor=0),), fiat_currency="USD")),
        of_shop("poison", ItemsAdded(entries=(entry("X", price_minor=10**30),), fiat_currency="U")),
        creation(replace(order_of(2), amount_base_units=10**30)),
        creation(replace(order_of(2), coin="DOGE")),
    ],
    ids=["surrogate", "user", "height", "free", "price", "amount", "coin"],
)
def test_a_command_that_can_never_be_written_is_refused_alone(
    store: OpenedStore, poison: Record
) -> None:
    before = of_shop("before", seen("ann", telegram_id=91))
    behind = of_shop("behind", seen("bob", telegram_id=92))
    done = store.run(before, poison, behind)
    assert [type(answer) for answer in done.answers][::2] == [Recorded, Recorded]
    assert refused(done.answers[1]).reason is RecordRefusalReason.CONSTRAINT
    assert store.rows("SELECT telegram_id FROM users") == [(91,), (92,)]
    assert store.number("SELECT count(*) FROM items") == 3


def test_an_id_above_64_bits_is_no_order_and_harms_no_other_question(store: OpenedStore) -> None:
    done = store.run(
        creation(order_of(1)), GetOrder(order_id=TOO_BIG), SettleOrder(order_id=TOO_BIG)
    )
    assert isinstance(done.answers[0], Recorded)
    assert done.answers[1] == OrderLoaded(order_id=TOO_BIG, order=None)
    assert done.answers[2] == OrderSettled(order_id=TOO_BIG, holding=False, sold=False)


def test_the_place_of_a_chain_is_kept_and_moved(store: OpenedStore) -> None:
    store.record(PlaceMoved(coin="LTC", height=7, block_hash="h7"))
    store.record(PlaceMoved(coin="BTC", height=1, block_hash="b1"))
    store.record(PlaceMoved(coin="LTC", height=6, block_hash="other6"))
    assert store.ask(GetPlace(coin="LTC")) == PlaceLoaded(
        coin="LTC", height=6, block_hash="other6", next_address_index=0, recorded_at=NOON
    )


def test_every_command_of_consequence_is_in_the_audit_log_with_its_cause(
    store: OpenedStore,
) -> None:
    store.sell(store.create(order_of(1)))
    store.record(TELL_ADMINS)
    assert store.rows("SELECT what, by, order_id FROM audit_log ORDER BY id") == [
        ("items_added", "shop", None),
        ("order_created", "shopper", 1),
        ("receipts_changed", "chain", 1),
        ("order_paid", "chain", 1),
    ]

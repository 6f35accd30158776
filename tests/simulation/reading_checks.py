"""What admins and shoppers are shown by the store's own queries, compared with what is so."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from store.admin_queries import AdminQueries
from store.queries import StoreReader
from tests.simulation.answer_checks import wrong_answer
from tests.simulation.observer import Observer
from tests.simulation.truth import Truth

_ALL = 100_000


def wrongly_shown(
    reader: StoreReader, observer: Observer, truth: Truth, chance: Random
) -> Iterator[str]:
    """Lists and pages that say something else than the store's rows do."""
    admin = AdminQueries(reader)
    views = observer.views
    if not views:
        return
    live = sorted(order_id for order_id, view in views.items() if view.is_live)
    shown = [row.order_id for row in admin.open_orders(0, _ALL)]
    if shown != live:
        yield f"admins are shown the open orders {shown}, and there are {live}"
    yield from _wrong_refunds(admin, observer)
    yield from _wrong_shoppers(admin, reader, observer, chance)
    yield from _wrong_stock(admin, reader, observer, truth)
    yield from _wrong_order(admin, observer, chance.choice(sorted(views)))


def _wrong_refunds(admin: AdminQueries, observer: Observer) -> Iterator[str]:
    shown = Counter(
        (row.order_id, row.number, row.telegram_id, row.coin, row.amount_base_units)
        for row in admin.refund_list(0, _ALL)
    )
    there = Counter(
        (view.order_id, each.number, view.telegram_id, view.coin, each.amount)
        for view in observer.views.values()
        for each in view.asides
        if each.purpose == "refund" and each.state == "open"
    )
    for row in shown - there:
        yield f"the refund list has {row}, which is not to be paid back"
    for row in there - shown:
        yield f"the refund list lacks {row}"


def _wrong_shoppers(
    admin: AdminQueries, reader: StoreReader, observer: Observer, chance: Random
) -> Iterator[str]:
    shown = {row.telegram_id: row.timeout_count for row in admin.shoppers_with_timeouts(0, _ALL)}
    there = {person: count for person, count in observer.standings.timeouts.items() if count}
    if shown != there:
        yield f"admins are shown the timeouts {shown}, and there are {there}"
    telegram_id = chance.choice(sorted(observer.views.values(), key=lambda v: v.order_id))
    person = telegram_id.telegram_id
    credited = sum(
        each.credited_minor
        for view in observer.views.values()
        if view.telegram_id == person
        for each in view.asides
        if each.purpose == "balance" and each.state == "open"
    )
    row = admin.shopper(person)
    if row is None or row.balance_minor != credited or reader.balance_minor(person) != credited:
        yield f"{person} has a balance of {credited} and is shown {row}"


def _wrong_stock(
    admin: AdminQueries, reader: StoreReader, observer: Observer, truth: Truth
) -> Iterator[str]:
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for view in observer.views.values():
        counted = sold if view.is_sold else held
        for pool_id, count in view.held_by_pool.items():
            counted[truth.pools[pool_id]] += count
    imported = Counter(truth.offered[good][0] for good in truth.units.values())
    for row in admin.stock():
        free = imported[row.name] - held[row.name] - sold[row.name]
        if (row.for_sale, row.held, row.sold) != (free, held[row.name], sold[row.name]):
            yield (
                f"admins are shown {row}, and of {imported[row.name]} units {held[row.name]} are"
                f" held and {sold[row.name]} sold"
            )
    shown = sum(row.available for row in reader.categories())
    free = imported.total() - held.total() - sold.total()
    if shown != free:
        yield f"shoppers are shown {shown} units for sale, and there are {free}"


def _wrong_order(admin: AdminQueries, observer: Observer, order_id: int) -> Iterator[str]:
    details = admin.order_details(order_id)
    if details is None:
        yield f"admins are shown no order {order_id}"
        return
    view = observer.views[order_id]
    yield from wrong_answer(details.order, view)
    if details.order.version != view.version:
        yield f"admins are shown version {details.order.version} of order {order_id}"
    if details.tracking_number != view.tracking_number:
        yield f"admins are shown the tracking number {details.tracking_number} of {order_id}"
    prices = sum(line.total_minor for line in details.lines)
    units = [unit for unit in view.units if unit.holds or view.has_ended_unpaid]
    if prices != sum(unit.price_minor for unit in units):
        yield f"admins are shown units of {prices} of order {order_id}"

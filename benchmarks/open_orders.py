"""A store with many open orders, written by the store's own jobs in batches.

Each order is of one unit and of a shopper of its own. Who was to be told of it has been told, as it
would be minutes after it was made: no notice waits.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks.measuring import BenchmarkError
from benchmarks.shop_stage import ADMIN, COIN, RATE, RULES
from domain.catalog import ImportEntry
from domain.events import Event, ItemsAdded, PlaceMoved
from domain.money import quote_base_units
from domain.order import By, Order, OrderCreated, OrderLine, Unit
from domain.order_rules import tolerance_base_units
from store.contract import Answer, Job, Record, Recorded, WriterSettings
from store.writer import StoreWriter

PRICE_MINOR = 1250
BEGINNING = datetime(2026, 5, 1, 12, tzinfo=UTC)
"""When the first order was made; the clock of the shop that opens the store goes by it."""

_BATCH = 1_000
_SETTINGS = WriterSettings(
    admin_telegram_ids=(ADMIN,),
    max_active_orders=RULES.max_active,
    max_user_timeouts=RULES.max_user_timeouts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """What is written: `orders` open ones, made evenly over `spread`, in turn of each pool.

    Each pool has `spare_units` more than its orders hold.
    """

    orders: int
    pools: int
    spare_units: int
    spread: timedelta

    @property
    def units(self) -> int:
        """All units of all pools."""
        return self.orders + self.pools * self.spare_units

    def created_at(self, order_id: int) -> datetime:
        """When an order was made; ids are counted from 1."""
        return BEGINNING + self.spread * (order_id - 1) / self.orders

    def expires_at(self, order_id: int) -> datetime:
        """When an order expires."""
        return self.created_at(order_id) + RULES.timeout


def write_open_orders(path: Path, wanted: OpenOrders) -> None:
    """Make the store.

    Raises:
        BenchmarkError: the store refused something.
    """
    with closing(StoreWriter(str(path), _SETTINGS)) as writer:
        pools = list(_stocked(writer, wanted))
        place = PlaceMoved(coin=COIN, height=1, block_hash="1")
        _run(writer, [_record("place", place, BEGINNING)])
        records = (
            _record(f"create:{order.telegram_id}:{order.request_id}", event, order.created_at)
            for order in _orders(wanted, pools)
            for event in [OrderCreated(order=order)]
        )
        while batch := list(islice(records, _BATCH)):
            _run(writer, batch)


def _stocked(writer: StoreWriter, wanted: OpenOrders) -> Iterator[tuple[int, Iterator[Unit]]]:
    """Each pool's id with its units, oldest first."""
    for pool in range(wanted.pools):
        held = len(range(pool, wanted.orders, wanted.pools))
        entries = tuple(
            ImportEntry(
                place=number,
                category="Keys",
                subcategory=f"Pool {pool}",
                description="a key",
                price_minor=PRICE_MINOR,
                private_data=f"key {pool} {number}",
            )
            for number in range(held + wanted.spare_units)
        )
        added = ItemsAdded(entries=entries, fiat_currency=RULES.fiat_currency)
        (answer,) = _run(writer, [_record(f"import:{pool}", added, BEGINNING)])
        ((subcategory_id, units),) = answer.added_units
        yield subcategory_id, iter(units)


def _orders(wanted: OpenOrders, pools: Sequence[tuple[int, Iterator[Unit]]]) -> Iterator[Order]:
    amount = quote_base_units(PRICE_MINOR, RULES.fiat_currency, COIN, RATE)
    tolerance = tolerance_base_units(amount, COIN, RULES)
    for order_id in range(1, wanted.orders + 1):
        subcategory_id, units = pools[(order_id - 1) % len(pools)]
        yield Order(
            order_id=order_id,
            request_id=f"request {order_id}",
            telegram_id=1_000_000 + order_id,
            telegram_username=None,
            coin=COIN,
            lines=(OrderLine(subcategory_id=subcategory_id, units=(next(units),)),),
            fiat_currency=RULES.fiat_currency,
            total_minor=PRICE_MINOR,
            rate=RATE,
            amount_base_units=amount,
            tolerance_base_units=tolerance,
            confirmations_required=RULES.coins[0].confirmations,
            address=f"rltc1q{order_id:038}",
            address_index=order_id - 1,
            created_at=wanted.created_at(order_id),
            expires_at=wanted.expires_at(order_id),
        )


def _record(command_id: str, event: Event, at: datetime) -> Record:
    return Record(command_id=command_id, events=(event,), at=at, by=By.SHOP, why="a benchmark")


def _run(writer: StoreWriter, jobs: Sequence[Job]) -> list[Recorded]:
    answers: Sequence[Answer] = writer.run(jobs, BEGINNING).answers
    refused = next((each for each in answers if not isinstance(each, Recorded)), None)
    if refused is not None:
        raise BenchmarkError(f"the store refused what the benchmark needs: {refused}")
    return [each for each in answers if isinstance(each, Recorded)]

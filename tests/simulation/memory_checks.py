"""The actors' memory is a faster copy of the store: at a quiet moment, the same.

This looks into live actors; it is the one place of the simulation that does.
"""

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from actors.base import ShopActor
from actors.chain_watcher import ChainWatcherActor
from actors.inventory import PoolActor
from actors.ledger import LedgerActor
from actors.order import OrderActor
from actors.shop import Shop
from tests.simulation.limits import CLOCK_ERROR
from thespian_asyncio import ActorSystemBase

if TYPE_CHECKING:
    from tests.simulation.world import World

_UNDER_WAY = {
    "new",
    "opening",
    "loading",
    "recording",
    "refused",
    "reviving",
    "awaiting a rate",
}
_FREE = """
    SELECT subcategory_id, count(*) FROM items
    WHERE is_sold = 0 AND NOT EXISTS (
        SELECT 1 FROM order_items WHERE item_id = items.id AND holds_unit = 1)
    GROUP BY subcategory_id
"""
_HELD = """
    SELECT subcategory_id, order_id, item_id FROM order_items JOIN items ON items.id = item_id
    WHERE holds_unit = 1 AND is_sold = 0
"""
_LIVE = """
    SELECT id, version, status, payment_address FROM orders WHERE status IN ('created', 'paid')
"""


def actors_of(base: ActorSystemBase) -> list[ShopActor]:
    """Everyone in the system."""
    cells = base._engine.cells.values()
    return [each.instance for each in cells if isinstance(each.instance, ShopActor)]


def unrest(base: ActorSystemBase) -> str:
    """Who has something under way with another actor or the store; "" where nobody has."""
    for cell in base._engine.cells.values():
        if cell.mailbox:
            return f"{type(cell.instance).__name__} has mail"
    for actor in actors_of(base):
        match actor:
            case LedgerActor():
                busy = actor.state != "idle" or bool(actor._waiting)
            case OrderActor() | PoolActor():
                busy = actor.state in _UNDER_WAY
            case Shop():
                gone = any(each in actor._gone for each in actor._staff.services())
                busy = actor.state != "open" or gone
            case _:
                busy = False
        if busy:
            return f"{actor.kind} {actor.name} is {actor.state}"
    return ""


def failed_handlers(base: ActorSystemBase) -> Iterator[str]:
    """Who could not take a message, or did not know it."""
    for cell in base._engine.cells.values():
        if cell.failures:
            last = cell.last_message_type
            yield f"{type(cell.instance).__name__} failed; its last message was {last}"
    for actor in actors_of(base):
        if actor.unrecognized_messages:
            yield f"{actor.kind} {actor.name} got a message that it does not know"


def forgotten(
    base: ActorSystemBase, connection: sqlite3.Connection, world: "World"
) -> Iterator[tuple[str, str]]:
    """Where memory and store differ: what of whom, and how."""
    actors = actors_of(base)
    yield from _wrong_pools([each for each in actors if isinstance(each, PoolActor)], connection)
    orders = {each._order_id: each for each in actors if isinstance(each, OrderActor)}
    watched = {
        address
        for each in actors
        if isinstance(each, ChainWatcherActor)
        for address in each._watch.tracks
    }
    for order_id, version, status, address in connection.execute(_LIVE).fetchall():
        actor = orders.get(order_id)
        order = None if actor is None else actor._order
        if order is None:
            yield f"order {order_id}", f"order {order_id}, {status}, has no actor"
        elif (order.version, order.status) != (version, status):
            here, there = (order.status, order.version), (status, version)
            yield f"order {order_id}", f"order {order_id} is {here}, on disk {there}"
        if address not in watched:
            what = f"order {order_id} is {status} and nobody watches its address"
            yield f"address {order_id}", what
    yield from _unwatched(watched, world)


def _unwatched(watched: set[str], world: "World") -> Iterator[tuple[str, str]]:
    now, rules = world.clock.now(), world.scenario.rules
    for view in world.observer.views.values():
        ended_at = view.closed_at or view.shipped_at
        if view.is_live or ended_at is None or view.address in watched:
            continue
        if now < ended_at + rules.monitor_after_expiry - CLOCK_ERROR:
            what = f"order {view.order_id} ended at {ended_at} and nobody watches its address"
            yield f"address {view.order_id}", what


def _wrong_pools(
    pools: list[PoolActor], connection: sqlite3.Connection
) -> Iterator[tuple[str, str]]:
    free = dict(connection.execute(_FREE).fetchall())
    held: dict[int, dict[int, set[int]]] = {}
    for pool_id, order_id, item_id in connection.execute(_HELD).fetchall():
        held.setdefault(pool_id, {}).setdefault(order_id, set()).add(item_id)
    for actor in pools:
        pool_id, pool = actor._subcategory_id, actor._pool
        if pool.available != free.get(pool_id, 0):
            there = free.get(pool_id, 0)
            yield f"free {pool_id}", f"pool {pool_id} has {pool.available} free, on disk {there}"
        holds = {each: {unit.unit_id for unit in units} for each, units in pool.holds.items()}
        on_disk = held.get(pool_id, {})
        if holds != on_disk:
            what = f"pool {pool_id} holds for {sorted(holds)}, on disk {sorted(on_disk)}"
            yield f"holds {pool_id}", what

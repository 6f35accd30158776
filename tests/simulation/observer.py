"""Follows the store commit by commit, and has everything checked that a commit touches."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tests.simulation.changes import AuditView, Change, ToldView
from tests.simulation.disk import run_quietly
from tests.simulation.order_checks import World, wrongs
from tests.simulation.standing import Standings
from tests.simulation.views import QUOTE_UNIT, OrderView, read_order

_NEWS = """
    SELECT id, order_id, at, by, by_telegram_id, what, why, detail FROM audit_log
    WHERE id > ? ORDER BY id
"""
_TOLD = """
    SELECT outbox.id, order_id, audience, chat_id, kind, outbox.amount_quote_units,
        amount_rest_base_units, detail, currency
    FROM outbox LEFT JOIN orders ON orders.id = order_id
    WHERE outbox.id > ? ORDER BY outbox.id
"""
_ITEMS = """
    SELECT items.id, subcategory_id, subcategories.name, private_data, price_minor
    FROM items JOIN subcategories ON subcategories.id = subcategory_id WHERE items.id > ?
"""
_STANDING = """
    SELECT timeout_count, balance_minor,
        (SELECT count(*) FROM orders
            WHERE user_id = users.id AND counted_as_timeout = 1 AND timeout_forgiven = 0),
        (SELECT coalesce(sum(credited_minor), 0)
            FROM orders JOIN set_asides ON order_id = orders.id
            WHERE user_id = users.id AND purpose = 'balance' AND set_asides.state = 'open')
    FROM users WHERE telegram_id = ?
"""
_OLDER_FREE = """
    SELECT 1 FROM items
    WHERE subcategory_id = ? AND is_sold = 0 AND id < ? AND NOT EXISTS (
        SELECT 1 FROM order_items WHERE item_id = items.id AND holds_unit = 1)
    LIMIT 1
"""
_ENOUGH = 30
# Units come back while wishes for others are under way, so that many orders leave an older one.
_MOST_OF_THEM = 0.8
_TOLD_LATER = "admin_undeliverable"


@dataclass(slots=True)
class Uncommitted:
    """What a transaction would make of orders."""

    last_audit_id: int
    last_outbox_id: int
    outbox: dict[int, tuple[int, str, int | None]]
    changes: list[Change] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    happened: list[tuple[int | None, str]] = field(default_factory=list)
    cleared: list[int] = field(default_factory=list)
    """Shoppers whose timeouts were cleared."""
    has_items: bool = False


@dataclass(slots=True)
class Observer:
    """What the store is known to say.

    `found` is told of what must not be, `note` of what happened, `adopted` of each change of an
    order.
    """

    world: World
    found: Callable[[str], None]
    note: Callable[..., None]
    adopted: Callable[[Change], None]
    standings: Standings
    views: dict[int, OrderView] = field(default_factory=dict)
    live_by_coin: Counter[str] = field(default_factory=Counter)
    waiting: dict[int, OrderView] = field(default_factory=dict)
    """Orders that await their payment."""
    passed: dict[int, list[OrderView]] = field(default_factory=dict)
    """All that an order has been."""
    checks: int = 0
    armed_at: dict[int, datetime] = field(default_factory=dict)
    """When orders got their deadlines, truly."""
    uncovered_at: dict[int, datetime] = field(default_factory=dict)
    """When payments that had covered orders were gone, truly."""
    outbox: dict[int, tuple[int, str, int | None]] = field(default_factory=dict)
    """Of every outbox row: its chat, its kind and its order."""
    _by_address: dict[str, int] = field(default_factory=dict)
    _last_audit_id: int = 0
    _last_outbox_id: int = 0
    _last_item_id: int = 0
    _holders: dict[int, int] = field(default_factory=dict)
    _ages: Counter[bool] = field(default_factory=Counter)

    def is_live(self, order_id: int | None) -> bool:
        """Whether an order is there and has not ended."""
        view = self.views.get(order_id or 0)
        return view is not None and view.is_live

    @property
    def live(self) -> int:
        """How many there are."""
        return self.live_by_coin.total()

    def live_addresses(self, coin: str) -> set[str]:
        """Where live orders of a coin are paid."""
        views = self.views.values()
        return {view.address for view in views if view.is_live and view.coin == coin}

    def at_address(self, address: str) -> OrderView | None:
        """Whose address this is."""
        return self.views.get(self._by_address.get(address, 0))

    # --- a commit ---------------------------------------------------------------------------------

    def look(self, connection: sqlite3.Connection) -> Uncommitted:
        """Look at what the open transaction has written, before it is committed."""
        news = run_quietly(connection, _NEWS, (self._last_audit_id,)).fetchall()
        told = run_quietly(connection, _TOLD, (self._last_outbox_id,)).fetchall()
        seen = Uncommitted(
            outbox={row[0]: (row[3], row[4], row[1]) for row in told},
            last_audit_id=news[-1][0] if news else self._last_audit_id,
            last_outbox_id=told[-1][0] if told else self._last_outbox_id,
        )
        audit: dict[int, list[AuditView]] = {}
        for row in news:
            seen.happened.append((row[1], row[5]))
            if row[1] is not None:
                audit.setdefault(row[1], []).append(_audit(row))
            else:
                seen.wrong.extend(self._wrong_of_shop(connection, seen, row))
        seen.has_items = any(what == "items_added" for _, what in seen.happened)
        notices = _by_order(told)
        for order_id in notices.keys() - audit.keys():
            seen.wrong.append(f"of order {order_id} {notices[order_id]} is told, and nothing was")
        for order_id, rows in audit.items():
            self._check(connection, seen, order_id, tuple(rows), tuple(notices.get(order_id, ())))
        return seen

    def _check(
        self,
        connection: sqlite3.Connection,
        seen: Uncommitted,
        order_id: int,
        audit: tuple[AuditView, ...],
        told: tuple[ToldView, ...],
    ) -> None:
        after = read_order(connection, order_id)
        if after is None:
            seen.wrong.append(f"order {order_id} is in the audit log and nowhere else")
            return
        before = self.views.get(order_id)
        change = Change(before=before, after=after, audit=audit, told=told)
        wrong = list(wrongs(change, self.world))
        if before is None:
            self._note_age(connection, after)
        if before is None or before.units != after.units:
            wrong.extend(self._wrong_holds(seen, after))
            wrong.extend(self.world.truth.wrong_prices(after))
        if change.has_become in ("expired", "paid") or before is None or before.asides:
            wrong.extend(_wrong_standing(connection, after.telegram_id))
        self.checks += 1
        seen.changes.append(change)
        seen.wrong.extend(f"order {order_id} {each}" for each in wrong)

    def _note_age(self, connection: sqlite3.Connection, after: OrderView) -> None:
        """Count orders for which an older unit was left, as may be for others' wishes under way."""
        for pool_id in after.held_by_pool:
            newest = max(unit.unit_id for unit in after.units if unit.pool_id == pool_id)
            older = run_quietly(connection, _OLDER_FREE, (pool_id, newest)).fetchone()
            self._ages[older is not None] += 1

    def oldest_first(self) -> Iterator[str]:
        """Whether units are sold by age, as a rule."""
        younger, total = self._ages[True], self._ages.total()
        if total >= _ENOUGH and younger > total * _MOST_OF_THEM:
            yield f"of {total} lines {younger} have units that are not the oldest"

    def _wrong_holds(self, seen: Uncommitted, after: OrderView) -> list[str]:
        wrong = []
        for unit_id in after.holds:
            holder = self._holders.get(unit_id, after.order_id)
            if holder == after.order_id or unit_id not in self.views[holder].holds:
                continue
            others = [each.after for each in seen.changes if each.after.order_id == holder]
            if not others or unit_id in others[0].holds:
                wrong.append(f"has the unit {unit_id}, which order {holder} has too")
        return wrong

    def _wrong_of_shop(
        self, connection: sqlite3.Connection, seen: Uncommitted, row: tuple[object, ...]
    ) -> list[str]:
        _, _, _, by, by_telegram_id, what, _, detail = row
        if by == "admin" and by_telegram_id not in self.world.scenario.admins:
            return [f"{what} by admin {by_telegram_id}, who is none"]
        if what != "timeouts_cleared":
            return []
        telegram_id = int(str(detail).rpartition(" ")[2])
        seen.cleared.append(telegram_id)
        if telegram_id not in self.world.truth.clears_wished:
            return [f"the timeouts of {telegram_id} are cleared, and nobody wished that"]
        return _wrong_standing(connection, telegram_id)

    def adopt(self, connection: sqlite3.Connection, seen: Uncommitted) -> None:
        """The transaction is on disk."""
        self._last_audit_id, self._last_outbox_id = seen.last_audit_id, seen.last_outbox_id
        self.outbox.update(seen.outbox)
        for change in seen.changes:
            if change.before is None:
                ordered = change.after.held_by_pool
                self.world.truth.ordered[change.after.order_id] = ordered
            self._keep(change.after)
            if change.before is None or change.after.extended_at != change.before.extended_at:
                self.armed_at[change.after.order_id] = self.world.now()
            if change.before is not None and change.before.covered_at is not None:
                self.uncovered_at[change.after.order_id] = self.world.now()
            self.adopted(change)
        for wrong in seen.wrong:
            self.found(wrong)
        for order_id, what in seen.happened:
            self.note(what, order_id)
        for telegram_id in seen.cleared:
            self.standings.counted(telegram_id, 0)
        if seen.has_items:
            self._take_items(connection)

    def _take_items(self, connection: sqlite3.Connection) -> None:
        for row in run_quietly(connection, _ITEMS, (self._last_item_id,)):
            self.world.truth.item_found(*row)
            self._last_item_id = max(self._last_item_id, row[0])

    def _keep(self, view: OrderView) -> None:
        self._drop(view.order_id)
        self.views[view.order_id] = view
        self._by_address[view.address] = view.order_id
        self.passed.setdefault(view.order_id, []).append(view)
        self.live_by_coin[view.coin] += view.is_live
        self.standings.counted(view.telegram_id, view.timeout_count)
        if view.status == "created":
            self.waiting[view.order_id] = view
            self.standings.awaits(view.telegram_id, 1)
        for unit_id in view.holds:
            self._holders[unit_id] = view.order_id

    def _drop(self, order_id: int) -> None:
        before = self.views.pop(order_id, None)
        if self.waiting.pop(order_id, None) is not None and before is not None:
            self.standings.awaits(before.telegram_id, -1)
        if before is not None:
            self.live_by_coin[before.coin] -= before.is_live
            for unit_id in before.holds:
                if self._holders.get(unit_id) == order_id:
                    del self._holders[unit_id]

    # --- a new beginning --------------------------------------------------------------------------

    def reload(self, connection: sqlite3.Connection) -> None:
        """Take over what the store says after a crash, which may have lost a commit."""
        versions = dict(connection.execute("SELECT id, version FROM orders").fetchall())
        for order_id in [each for each in self.views if each not in versions]:
            self._drop(order_id)
        for order_id, version in versions.items():
            known = self.views.get(order_id)
            if known is None or known.version != version:
                view = read_order(connection, order_id)
                if view is not None:
                    self._keep(view)
                    self.world.truth.ordered.setdefault(order_id, view.held_by_pool)
        last = "SELECT (SELECT max(id) FROM audit_log), (SELECT max(id) FROM outbox)"
        audit_id, outbox_id = connection.execute(last).fetchone()
        self._last_audit_id, self._last_outbox_id = audit_id or 0, outbox_id or 0
        rows = connection.execute("SELECT id, chat_id, kind, order_id FROM outbox")
        self.outbox = {row[0]: row[1:] for row in rows}
        for telegram_id, timeouts in connection.execute(
            "SELECT telegram_id, timeout_count FROM users"
        ):
            self.standings.counted(telegram_id, timeouts)
        self._last_item_id = 0
        self.world.truth.units.clear()
        self._take_items(connection)


def _audit(row: tuple[object, ...]) -> AuditView:
    return AuditView(
        at=datetime.fromisoformat(str(row[2])),
        by=str(row[3]),
        by_telegram_id=None if row[4] is None else int(str(row[4])),
        what=str(row[5]),
        why=str(row[6]),
        detail=str(row[7]),
    )


def _by_order(
    rows: list[tuple[int, int | None, str, int, str, int | None, int, str | None, str]],
) -> dict[int, list[ToldView]]:
    notices: dict[int, list[ToldView]] = {}
    for outbox_id, order_id, audience, chat_id, kind, amount, rest, detail, coin in rows:
        if order_id is None or kind == _TOLD_LATER:
            continue
        told = ToldView(
            outbox_id=outbox_id,
            audience=audience,
            chat_id=chat_id,
            kind=kind,
            amount=None if amount is None else amount * QUOTE_UNIT[coin] + rest,
            detail=detail,
        )
        notices.setdefault(order_id, []).append(told)
    return notices


def _wrong_standing(connection: sqlite3.Connection, telegram_id: int) -> list[str]:
    row = run_quietly(connection, _STANDING, (telegram_id,)).fetchone()
    if row is None or (row[0], row[1]) == (row[2], row[3]):
        return []
    return [f"is of {telegram_id}, who has {row[0]} timeouts of {row[2]}, and {row[1]} of {row[3]}"]

"""What all of an order's actor works with: its desk, its commands to the ledger, its messages.

The actor is in five files: this one, `actors.order_opening` (until there is an order),
`actors.order_deciding` (news, decisions, their records), `actors.order_revival` (stock for an order
that has ended) and `actors.order`, which has its text and what starts all that.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger
from thespian.actors import ActorAddress

from actors.base import ShopActor
from actors.messages import (
    ActorFailed,
    OrderDesk,
    OrderPlaced,
    OrderRefused,
    OrderRests,
    OrderShort,
    ReleaseStock,
    WatchAddress,
    WatchAgain,
    Watched,
    WatchedAgain,
)
from actors.opening import Opening
from domain.deadlines import watch_until, watched_after
from domain.order import Decision, Order, OrderLine, RefusalReason
from domain.order_news import ConfirmOrdered, OrderNews
from domain.payment import Receipt, ReceiptState, Sighting
from store.contract import AddressToWatch, Record, RecordRefused

ANSWER_OVERDUE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to decide on, with who awaits the answer, if anybody does.

    `is_reported`: a watcher says it again until it hears that it was taken.
    """

    news: OrderNews
    reply_to: ActorAddress | None = None
    is_reported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The command that is with the ledger, and what it was decided on."""

    record: Record
    decision: Decision
    cause: News | None


@dataclass(slots=True, kw_only=True)
class Revival:
    """The pools are asked for what an ended order had.

    `missing` is (subcategory id, quantity) of what is not held yet, by subcategory id; `wish` is
    the admin's, if that is why, and `reply_to` awaits what comes of it.
    """

    wish: ConfirmOrdered | None
    reply_to: ActorAddress | None
    missing: list[tuple[int, int]]
    lines: list[OrderLine]


class OrderBase(ShopActor):
    """State and helpers; the handlers are in the classes below this one."""

    kind = "order"

    def __init__(self) -> None:
        super().__init__()
        self._order_id = 0
        self._desk: OrderDesk | None = None
        self._opening: Opening | None = None
        self._order: Order | None = None
        self._pending: Pending | None = None
        self._awaits_rate: News | None = None
        self._revival: Revival | None = None
        self._revival_attempt = 0
        self._stash: deque[News] = deque()
        self._refused_decisions: set[Hashable] = set()
        """What the store has said no to since it last took something, by what it is about."""
        self._heard = 0
        """How many messages the root has relayed."""
        self._woken_at: datetime | None = None
        self._latest_look: datetime | None = None
        """When the look began that the last report of payments was of."""
        self._outcome_of_wish: OrderPlaced | OrderShort | OrderRefused | None = None
        self._await_loaded: list[ActorAddress] = []
        self._watch_wishes: list[tuple[WatchAgain, ActorAddress | None]] = []
        """They wait until the order is loaded."""

    def _begin(self, order_id: int, desk: OrderDesk) -> None:
        self._order_id, self._desk, self.alert_to = order_id, desk, desk.shop
        self.name, self.clock = str(order_id), desk.clock
        self._woken_at = self.clock.now()

    def _next(self) -> None:
        """Decide on what waits, unless something is under way (`actors.order_deciding`)."""
        raise NotImplementedError

    def _alert_refused(self, message: RecordRefused) -> None:
        """The store will never take it: a mistake in the program that a person should know."""
        logger.error("order {}: the ledger refused: {}", self._order_id, message.detail)
        if self._desk is not None:
            failed = ActorFailed(kind=self.kind, name=self.name, message=message.reason)
            self.send(self._desk.shop, failed)

    def _record(self, command_id: str, decision: Decision, cause: News | None) -> None:
        if self._desk is None:
            return
        existing = self._order
        record = Record(
            command_id=command_id,
            events=decision.events,
            at=self.clock.now(),
            by=decision.by,
            by_telegram_id=decision.by_telegram_id,
            why=decision.why,
            order_id=None if existing is None else existing.order_id,
            expected_version=None if existing is None else existing.version,
        )
        self._pending = Pending(record=record, decision=decision, cause=cause)
        self.state = "recording"
        self.send(self._desk.ledger, record)
        self.arm_after("record_overdue", ANSWER_OVERDUE)

    def _answer(self, reply_to: ActorAddress | None, answer: object) -> None:
        if reply_to is not None:
            self.send(reply_to, answer)

    def _answer_all(self, opening: Opening, answer: object) -> None:
        for reply_to in opening.reply_tos:
            self.send(reply_to, answer)

    def _release(self, subcategory_ids: tuple[int, ...]) -> None:
        for subcategory_id in subcategory_ids:
            self._send_to_pool(subcategory_id, ReleaseStock(order_id=self._order_id))

    def _send_to_pool(self, subcategory_id: int, message: object) -> None:
        if self._desk is not None:
            self.send(self._desk.pools[subcategory_id], message)

    def _watch(self, order: Order) -> None:
        if self._desk is not None:
            watched = watched_of(order, watch_until(order, self._desk.rules))
            self._send_to_watcher(order, WatchAddress(watched=watched))

    def _watch_if_due(self, order: Order) -> None:
        if self._desk is not None:
            until = watch_until(order, self._desk.rules)
            if until is None or until > self.clock.now():
                self._watch(order)

    def _watch_again(self, order: Order, message: WatchAgain) -> WatchedAgain | OrderRefused:
        """Have the address looked at anew, as if the order had just ended."""
        desk = self._desk
        if desk is None or order.coin not in desk.watchers:
            reason = RefusalReason.COIN_UNAVAILABLE
            return OrderRefused(reason=reason, order_id=order.order_id)
        until = watch_until(order, desk.rules)
        if until is not None:
            until = watched_after(self.clock.now(), desk.rules)
        watched = watched_of(order, until)
        self._send_to_watcher(order, WatchAddress(watched=watched, read=message.read))
        return WatchedAgain(order_id=order.order_id, until=until)

    def _send_to_watcher(self, order: Order, message: object) -> None:
        """To its coin's watcher; one that has ended may be of a coin that has none any more."""
        watcher = None if self._desk is None else self._desk.watchers.get(order.coin)
        if watcher is not None:
            self.send(watcher, message)

    def _rest(self) -> None:
        if self._desk is not None:
            rests = OrderRests(order_id=self._order_id, heard=self._heard)
            self.send(self._desk.shop, rests)


def subcategories_of(lines: tuple[OrderLine, ...]) -> tuple[int, ...]:
    """Whose pools the units are of."""
    return tuple(line.subcategory_id for line in lines)


def watched_of(order: Order, until: datetime | None) -> Watched:
    """What a watcher has to know of an order's address."""
    return Watched(
        order_id=order.order_id,
        address=order.address,
        confirmations_required=order.confirmations_required,
        watch_until=until,
        receipts=_known_sightings(order.receipts, order.confirmations_required),
    )


def watched_from_store(known: AddressToWatch, until: datetime | None) -> Watched:
    """The same from what the store says of the address alone."""
    return Watched(
        order_id=known.order_id,
        address=known.address,
        confirmations_required=known.confirmations_required,
        watch_until=until,
        receipts=_known_sightings(known.receipts, known.confirmations_required),
    )


def _known_sightings(
    receipts: tuple[Receipt, ...], confirmations_required: int
) -> tuple[Sighting, ...]:
    if not receipts:
        return ()
    return tuple(
        _known_sighting(each, confirmations_required) for each in receipts if each.on_chain
    )


def _known_sighting(receipt: Receipt, confirmations_required: int) -> Sighting:
    # Chains that count by blocks count anew; others may not show an old transaction any more.
    is_confirmed = receipt.state is ReceiptState.CONFIRMED
    return Sighting(
        transaction_id=receipt.transaction_id,
        output_index=receipt.output_index,
        amount_base_units=receipt.amount_base_units,
        confirmations=confirmations_required if is_confirmed else 0,
        block_height=receipt.block_height,
        block_hash=receipt.block_hash,
        chain_time=receipt.chain_time,
        seen_at=receipt.seen_at,
    )

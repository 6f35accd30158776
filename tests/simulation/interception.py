"""What goes wrong at messages between actors, and what is noted of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress, ActorExitRequest

from actors.base import ShopActor
from actors.ledger import LedgerActor
from actors.messages import AddressTaken, DeskChanged, PaymentSeen
from actors.order import OrderActor
from actors.shop import Shop
from domain.events import PlaceMoved
from domain.order import By
from store.contract import Record, RecordRefusalReason, RecordRefused
from tests.simulation.faults import AT_MESSAGES
from thespian_asyncio.cell import Cell
from thespian_asyncio.run_queue import Deliver

if TYPE_CHECKING:
    from tests.simulation.world import World

_BAD = "bad:"
_CRASHES = {
    "order": "order_crash",
    "inventory": "pool_crash",
    "chain_watcher": "watcher_crash",
    "address": "address_crash",
    "ledger": "ledger_crash",
    "admin_notifier": "notifier_crash",
    "shopper_notifier": "notifier_crash",
}


class Interception:
    """Stands around the delivery of every message of one system."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._ledger: LedgerActor | None = None
        self._bad_commands = 0
        self._notes: dict[type, Callable[[Cell, object], None]] = {
            AddressTaken: self._address_taken,
            PaymentSeen: self._payment_seen,
            Record: self._record,
            RecordRefused: self._refused,
        }

    def is_writing_live(self) -> bool:
        """Whether commands about live orders are in the batch that is being written."""
        is_live = self._world.observer.is_live
        batch = () if self._ledger is None else self._ledger._writing
        return any(isinstance(job, Record) and is_live(job.order_id) for job, _ in batch)

    def forget(self) -> None:
        """The system is gone."""
        self._ledger = None

    def around(self, deliver: Deliver) -> Deliver:
        """Deliver, with what may go wrong."""
        world, journal, notes = self._world, self._world.journal, self._notes
        faults = world.faults
        due = [name for name in AT_MESSAGES if name != "bad_command_in_batch"]

        def delivered(
            cell: Cell, sender: ActorAddress, message: object, started_at: float
        ) -> float:
            kind = type(message)
            journal.message(kind.__name__)
            faults.now_seconds = started_at
            if started_at >= faults.next_at_messages:
                for name in due:
                    if faults.is_due(name) and self._strikes(name, cell, message):
                        message = ActorExitRequest()
                        break
            if world.base is None:
                return started_at
            note = notes.get(kind)
            if note is not None:
                note(cell, message)
            return deliver(cell, sender, message, started_at)

        return delivered

    def _strikes(self, name: str, cell: Cell, message: object) -> bool:
        """Whether an actor is to exit in place of its message; a crash has happened already."""
        world, faults = self._world, self._world.faults
        if name in ("process_crash_at_message", "power_loss"):
            if world.observer.live and faults.strikes(name):
                world.crash(name, power=name == "power_loss")
            return False
        actor = cell.instance
        if not isinstance(actor, ShopActor) or _CRASHES.get(actor.kind) != name:
            return False
        if cell.is_exiting or isinstance(message, DeskChanged) or not actor.name:
            # At a new desk everybody hears the same, so nearly all would exit there.
            return False
        if isinstance(actor, OrderActor):
            return self._order_strikes(actor)
        if not self._serves_live(actor) or not faults.strikes(name):
            return False
        world.journal.note("exit", actor.kind, actor.name)
        world.calm.service_crashed(actor.kind, actor.name)
        if actor.kind == "ledger" or actor.kind.endswith("notifier"):
            world.post.disturbed()
        return True

    def _order_strikes(self, actor: OrderActor) -> bool:
        """Whether an order's actor is to exit: one that is about to make an order too."""
        world, faults, order_id = self._world, self._world.faults, int(actor.name)
        live = world.observer.is_live(order_id)
        if not live and actor.state not in ("opening", "recording"):
            return False
        if not faults.take("order_crash"):
            return False
        if live:
            faults.struck("order_crash")
        else:
            faults.missed("order_crash")
        world.journal.note("exit", "order", order_id)
        world.order_crashed(order_id)
        world.post.order_disturbed(order_id)
        return True

    def _serves_live(self, actor: ShopActor) -> bool:
        observer = self._world.observer
        match actor.kind:
            case "inventory":
                holds = actor.inspection()["holds"]
                return bool(holds)
            case "chain_watcher" | "address":
                return observer.live_by_coin[actor.name] > 0
            case _:
                return observer.live > 0

    # --- what is noted ----------------------------------------------------------------------------

    def _address_taken(self, _cell: Cell, message: object) -> None:
        if isinstance(message, AddressTaken):
            self._world.truth.address_taken(message, self._world.life)

    def _payment_seen(self, cell: Cell, message: object) -> None:
        world, shop, base = self._world, self._world.shop, self._world.base
        if not isinstance(message, PaymentSeen) or not isinstance(cell.instance, Shop):
            return
        live = message.sightings and world.observer.is_live(message.order_id)
        if not live or base is None or shop is None:
            return
        if world.faults.strikes("two_reports_at_once"):
            base.tell_async(shop, message)

    def _record(self, cell: Cell, message: object) -> None:
        actor = cell.instance
        if not isinstance(message, Record) or not isinstance(actor, LedgerActor):
            return
        self._ledger = actor
        if not self._world.observer.is_live(message.order_id):
            return
        faults = self._world.faults
        if faults.strikes("commit_slow"):
            self._world.hold_up_ledger(faults.chance("commit_slow").uniform(5.0, 40.0))
        if actor.state == "writing" and faults.strikes("bad_command_in_batch"):
            self._send_bad_command(cell)

    def _refused(self, _cell: Cell, message: object) -> None:
        if (
            isinstance(message, RecordRefused)
            and message.reason is RecordRefusalReason.CONSTRAINT
            and not message.command_id.startswith(_BAD)
        ):
            self._world.found(f"the store refused {message.command_id}: {message.detail}")

    def _send_bad_command(self, cell: Cell) -> None:
        """Something that no store can take, in the batch of the command before it."""
        base = self._world.base
        self._bad_commands += 1
        bad = Record(
            command_id=f"{_BAD}{self._world.life}:{self._bad_commands}",
            events=(PlaceMoved(coin="NONE", height=-1, block_hash=""),),
            at=self._world.clock.now(),
            by=By.CHAIN,
        )
        if base is not None:
            base.tell_async(cell.address, bad)

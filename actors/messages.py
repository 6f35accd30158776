"""Every message between the actors and from the gateway.

Commands are imperative, events past tense, queries start with Get. All are plain picklable values;
a repeat is recognisable by an id in the message (`request_id`, `order_id`, `command_id`), and a
refusal is an event with a reason.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

from domain.catalog import ImportEntry
from domain.order import Audience, Order, OrderLine, RefusalReason, Unit
from domain.payment import Sighting
from domain.rules import OrderRules
from store.contract import StoreFacts

if TYPE_CHECKING:
    from actors.environment import Clock, Environment

# --- what the gateway asks of the shop ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """So many units of one subcategory."""

    subcategory_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A shopper wants to buy. The same `request_id` again gets the same order.

    Answered by `OrderPlaced` or `OrderRefused`.
    """

    request_id: str
    telegram_id: int
    telegram_username: str | None
    coin: str
    lines: tuple[CartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """The order is on disk and its invoice is on its way through the outbox."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused:
    """Nothing was changed. `available` is what there is where stock is short.

    `order_id` is the order that the refusal is about, or stands in the way.
    """

    reason: RefusalReason
    order_id: int | None = None
    subcategory_id: int | None = None
    available: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """A shopper calls off an order. Answered by `OrderChanged` or `OrderRefused`."""

    order_id: int
    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipOrder:
    """An admin says that the goods are on their way. Answered as `CancelOrder` is."""

    order_id: int
    admin_telegram_id: int
    tracking_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """A wish about an order was granted and is on disk."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItems:
    """Units to sell. The same `request_id` again gets the first answer: `ItemsImported`."""

    request_id: str
    admin_telegram_id: int | None
    entries: tuple[ImportEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsImported:
    """So many were added; `known_places` were already in their subcategory and were skipped."""

    added: int
    known_places: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterShopper:
    """Somebody wrote /start: make the account, and send what could not be delivered before.

    Answered by `ShopperRegistered`.
    """

    telegram_id: int
    telegram_username: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperRegistered:
    """The account is on disk."""

    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetShopHealth:
    """Is the shop up, and which coins can be paid in? Answered by `ShopHealth`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopHealth:
    """`coins` maps a coin to "" where it takes orders, else to why it does not."""

    ready: bool
    coins: dict[str, str]
    why_not_ready: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopUnavailable:
    """The shop cannot take this now; nothing was changed. Asking again later is safe."""

    why: str


# --- the root itself ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartShop:
    """The root's first message. Answered by `ShopStarted` when all are up, or `StartFailed`."""

    store_path: str
    admin_telegram_ids: tuple[int, ...]
    max_active_orders: int
    rules: OrderRules
    fixed_rates: dict[str, Decimal]
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopStarted:
    """Everyone is started and the open orders are taken up."""

    live_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFailed:
    """The shop cannot start; the text says why and what to do."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopShop:
    """Stop in order: whoever writes last goes last. Answered by `ShopStopped`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopStopped:
    """Everyone who owns something outside has let go of it."""


# --- the shop and its orders ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """A message that the root hands on, with the address where the answer is awaited."""

    message: "PlaceOrder | CancelOrder | ShipOrder | GoodsDelivered | PaymentSeen"
    reply_to: ActorAddress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    """Whom order actors speak to, and the rules.

    `addresses` and `watchers` are by coin, `pools` by subcategory id. It is never changed: where
    somebody is new, there is a new desk.
    """

    shop: ActorAddress
    ledger: ActorAddress
    addresses: dict[str, ActorAddress]
    watchers: dict[str, ActorAddress]
    pools: dict[int, ActorAddress]
    clock: "Clock"
    rules: OrderRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskChanged:
    """Somebody whom orders speak to was started anew: speak to these from now on."""

    desk: OrderDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """Make an order out of a wish. `reply_to` awaits `OrderPlaced` or `OrderRefused`."""

    order_id: int
    wish: PlaceOrder
    rate: Decimal
    desk: OrderDesk
    reply_to: ActorAddress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOrder:
    """Take up an order that is in the store; `order` None: ask the ledger for it."""

    order_id: int
    order: Order | None
    desk: OrderDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRests:
    """Nothing more to do: the root lets the order actor exit and wakes another for late news."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsDelivered:
    """Telegram has taken the goods of an order."""

    order_id: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorFailed:
    """From anyone to the root: a message that I sent could not be taken by its receiver."""

    kind: str
    name: str
    message: str


# --- stock ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPool:
    """A pool's first message: it then asks the ledger for its units."""

    subcategory_id: int
    ledger: ActorAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveStock:
    """Hold units for an order. Answered by `StockReserved` or `StockShort`; a repeat too."""

    order_id: int
    subcategory_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReserved:
    """These very units are held, oldest first."""

    order_id: int
    line: OrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class StockShort:
    """Nothing is held; there are so many."""

    order_id: int
    subcategory_id: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStock:
    """The order has ended, durably, or never came to be: its units are for sale again."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStock:
    """The units are sold, durably: forget them."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdded:
    """Units of this pool were imported, durably."""

    subcategory_id: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadPool:
    """The store refused a unit that this pool held out: read the truth again."""

    subcategory_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleHold:
    """The order's actor is gone: ask the ledger what became of the order, and act on it."""

    order_id: int


# --- the ledger -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLedger:
    """The ledger's first message. Answered by `LedgerReady` when the store is open and migrated."""

    store_path: str
    admin_telegram_ids: tuple[int, ...]
    max_active_orders: int
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReady:
    """What the root needs to start everyone."""

    facts: StoreFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFailed:
    """The store cannot be opened; the text says why."""

    why: str


# --- addresses ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAddresses:
    """The address actor's first message: one coin of one network.

    `first_free_index` is one above the highest index that the store knows.
    """

    coin: str
    first_free_index: int
    shop: ActorAddress
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAddress:
    """Answered by `AddressTaken` or `AddressRefused`; the same order id gets the same address."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressTaken:
    """Handed out once and never again."""

    order_id: int
    address: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRefused:
    """There is none to be had now."""

    order_id: int
    why: str


# --- the chain ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One address to watch until `watch_until` (None: until told otherwise).

    `receipts` are those already recorded, as sightings without confirmations.
    """

    order_id: int
    address: str
    confirmations_required: int
    watch_until: datetime | None
    receipts: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWatcher:
    """The watcher's first message: its coin, its last place in the chain, and what to watch."""

    coin: str
    shop: ActorAddress
    ledger: ActorAddress
    place_height: int | None
    place_hash: str | None
    watched: tuple[Watched, ...]
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAddress:
    """Watch this, or watch it longer or shorter than was said before."""

    watched: Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtAddress:
    """Report on this address after the first look that begins at or after `not_before`.

    Answered by `PaymentSeen`, also where nothing was seen.
    """

    order_id: int
    address: str
    not_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeen:
    """All that the chain shows of an order's address, from a look begun at `began_at`.

    Sent again until `PaymentSeenTaken`, because the watcher's place in the chain moves on only
    when everything before it is on disk.
    """

    order_id: int
    coin: str
    address: str
    began_at: datetime
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeenTaken:
    """What the report said is on disk, or was known."""

    order_id: int
    address: str
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHealth:
    """From watcher to root at every change: `why` is "" where the chain can be looked at."""

    coin: str
    why: str


# --- notices --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartNotifier:
    """A notifier's first message: whose rows it sends. It attaches itself to the ledger."""

    audience: Audience
    shop: ActorAddress
    ledger: ActorAddress
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachNotifier:
    """From a notifier to the ledger: rows of this audience go to me, those unsent first.

    Answered by `NoticesWritten`, now and whenever rows are written.
    """

    audience: Audience

"""Between the root and the orders' actors."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

from actors.messages.admins import AdminWish, WatchAgain
from actors.messages.chain import PaymentSeen
from actors.messages.shoppers import CancelOrder, PlaceOrder
from domain.order import Order
from domain.rules import OrderRules

if TYPE_CHECKING:
    from actors.environment import Clock


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
    """Make an order out of a wish; `reply_tos` await `OrderPlaced` or why there is none."""

    order_id: int
    wish: PlaceOrder
    rate: Decimal
    desk: OrderDesk
    reply_tos: tuple[ActorAddress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOrder:
    """Take up an order that is in the store; `order` None: ask the ledger for it."""

    order_id: int
    order: Order | None
    desk: OrderDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDeadline:
    """The store says that the order's time is over: see what is due, whatever became of timers."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRests:
    """Nothing more to do: the root lets the order actor exit and wakes another for late news.

    Not so where it has relayed more than the order has `heard`, which then says so again.
    """

    order_id: int
    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRate:
    """What is one coin now? Asked by an order of the root, which answers with `RateKnown`."""

    coin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateKnown:
    """The price of one coin in the shop's currency; None where none is known now."""

    coin: str
    rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsDelivered:
    """Telegram has taken the goods of an order."""

    order_id: int
    delivered_at: datetime


OrderWish = CancelOrder | AdminWish
ForOrder = PlaceOrder | OrderWish | GoodsDelivered | PaymentSeen | WatchAgain


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """A message that the root hands on, with the address where the answer is awaited.

    `number` counts those for this actor, from 1 on.
    """

    number: int
    message: ForOrder
    reply_to: ActorAddress | None

"""What a shopper wishes of the shop, by way of the gateway, and what is answered."""

from dataclasses import dataclass

from domain.order import Order, RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """So many units of one subcategory."""

    subcategory_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A shopper wants to buy. The same `request_id` again gets the same order.

    From another shopper it is refused (`REQUEST_TAKEN`).

    Answered by `OrderPlaced`, `OrderShort` or `OrderRefused`.
    """

    request_id: str
    telegram_id: int
    telegram_username: str | None
    coin: str
    lines: tuple[CartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """The order is on disk and its invoice is on its way through the outbox.

    Where the shop makes orders of what there is, it may have fewer units than were wished for.
    """

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLine:
    """One line of a wish, and how many units there are for it, which may be more than enough."""

    subcategory_id: int
    wanted: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShort:
    """There is less than was wished for; nothing is held, and the shopper is to be asked.

    `lines` are all of the wish, by subcategory id. To take what there is is a new wish, with a
    `request_id` of its own.
    """

    lines: tuple[ShortLine, ...]


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
class OrderChanged:
    """A wish about an order was granted and is on disk."""

    order: Order


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

"""What a reconciliation is: orders and their receipts against what the chain shows of them.

`domain.comparing` makes it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.order import OrderStatus, PaymentState
from domain.payment import Receipt, Sighting


class Finding(StrEnum):
    """What comparing has shown, differences first."""

    MISSED = "missed"
    """On the chain; not in the store, or there as gone."""
    GONE = "gone"
    """In the store as seen or confirmed; not on the chain."""
    AMOUNT = "amount"
    """On both with different amounts."""
    UNCONFIRMED = "unconfirmed"
    """Confirmed in the store; on the chain with fewer confirmations than the order asks for."""
    BEHIND = "behind"
    """Only seen in the store; on the chain with all the confirmations that the order asks for."""
    UNPLACED = "unplaced"
    """Confirmed money that neither pays for goods nor is credited, to be refunded or refunded."""
    STRAY = "stray"
    """On an address of the shop that no order has."""
    UNCHECKED = "unchecked"
    """The chain cannot tell."""
    SAME = "same"
    """On both alike, or on neither."""

    @property
    def differs(self) -> bool:
        """Whether somebody has to look into it."""
        return self not in (Finding.UNCHECKED, Finding.SAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where the confirmed money of an order is, in base units; together all of it.

    `awaiting`: of an order that is not paid yet. `unplaced`: nowhere.
    """

    for_goods: int = 0
    awaiting: int = 0
    credited: int = 0
    to_refund: int = 0
    refunded: int = 0
    unplaced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """What the store has of an order, as far as its money goes."""

    order_id: int
    coin: str
    address: str
    address_index: int
    status: OrderStatus
    payment_state: PaymentState
    created_at: datetime
    confirmations_required: int
    receipts: tuple[Receipt, ...]
    placed: Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the chain shows of one address.

    `sightings` are all receipts in blocks above `begins_height` (None: in all blocks) and in the
    mempool. Where receipts cannot be told apart, `sum_base_units` is what came in blocks altogether
    and `sightings` those in the mempool. `why_not` says why nothing can be told; "" where it can.
    """

    sightings: tuple[Sighting, ...] = ()
    begins_height: int | None = None
    sum_base_units: int | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: a receipt on either side or on both, or, without one, the order as a whole.

    `recorded_base_units` and `shown_base_units` are what the sides have; None: nothing.
    `address_index` is given where there is no order. `doubt`: why what was missed is one backend's
    word, where a coin has several; "" where the others bear it out or there are none.
    """

    finding: Finding
    coin: str
    address: str
    order: OrderRecord | None = None
    receipt: Receipt | None = None
    shown: Sighting | None = None
    recorded_base_units: int | None = None
    shown_base_units: int | None = None
    address_index: int | None = None
    why: str = ""
    doubt: str = ""

    @property
    def receipt_id(self) -> str | None:
        """Unique for one address; None: it is about all of them."""
        each = self.receipt or self.shown
        return None if each is None else each.receipt_id

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same difference, however often it is found."""
        return (
            self.finding,
            self.coin,
            self.address,
            self.receipt_id,
            self.recorded_base_units,
            self.shown_base_units,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinTotals:
    """One coin summed up, in base units. `why_not`: why it could not be compared; "" if it was.

    It was read up to the block of `tip_height`. `came_in` is what the chain shows, `waiting` the
    part of it in no block yet; `seen` and `confirmed` is what the store has. `unchecked` orders
    could not be compared wholly, for the reasons in `notes`.
    """

    coin: str
    orders: int
    addresses: int
    tip_height: int | None = None
    tip_hash: str | None = None
    came_in: int = 0
    waiting: int = 0
    seen: int = 0
    confirmed: int = 0
    placed: Placed = Placed()
    unchecked: int = 0
    notes: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Shoppers' balances in one currency, against the credits that they are the sum of."""

    currency: str
    balance_minor: int
    credits_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """All of it, differences first. `made_from` and `made_before` bound the orders' times."""

    at: datetime
    made_from: datetime | None
    made_before: datetime | None
    entries: tuple[Entry, ...]
    coins: tuple[CoinTotals, ...]
    balances: tuple[Balances, ...]

    @property
    def differences(self) -> tuple[Entry, ...]:
        """What somebody has to look into."""
        return tuple(each for each in self.entries if each.finding.differs)

    @property
    def wrong_balances(self) -> tuple[Balances, ...]:
        """Those that are not the sum of their credits."""
        return tuple(each for each in self.balances if each.balance_minor != each.credits_minor)

    @property
    def is_well(self) -> bool:
        """Whether every coin was compared, and nothing differs."""
        compared = all(not coin.why_not for coin in self.coins)
        return compared and not self.differences and not self.wrong_balances

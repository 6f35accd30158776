"""The shop as a whole: its start, its stop, how it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.rules import OrderRules

if TYPE_CHECKING:
    from actors.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class GetShopHealth:
    """Is the shop up, and which coins can be paid in? Answered by `ShopHealth`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopHealth:
    """`coins` maps a coin to "" where it takes orders, else to why it does not.

    `store_trouble` is "" where the store can be written; else the shop is not ready for that.
    `progress` says how many of the orders that were open at the start have been taken up; "" where
    all have. The shop takes new orders meanwhile.
    """

    ready: bool
    coins: dict[str, str]
    why_not_ready: str = ""
    store_trouble: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopUnavailable:
    """The shop cannot take this now; nothing was changed. Asking again later is safe."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartShop:
    """The root's first message. Answered by `ShopStarted` when all are up, or `StartFailed`."""

    store_path: str
    admin_telegram_ids: tuple[int, ...]
    maintenance_interval_seconds: float
    rules: OrderRules
    fixed_rates: dict[str, Decimal]
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopStarted:
    """Everyone is started; so many orders were open before, and are taken up one by one."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUpOrders:
    """The root's word to itself: give the next open orders of the store their actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorFailed:
    """From anyone to the root: a message that I sent could not be taken by its receiver."""

    kind: str
    name: str
    message: str

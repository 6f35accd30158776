"""Between orders and address actors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

if TYPE_CHECKING:
    from actors.environment import Environment


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

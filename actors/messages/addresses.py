"""Between orders and address actors."""

from dataclasses import dataclass, field
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
    """Handed out once and never again. `sealed_key`: its private key, where the shop has one."""

    order_id: int
    address: str
    index: int
    sealed_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSupply:
    """To the root: a list of addresses gets short, is used up (`why`), or is long again.

    `left`: how many there are still.
    """

    coin: str
    left: int
    is_low: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRefused:
    """There is none to be had now."""

    order_id: int
    why: str

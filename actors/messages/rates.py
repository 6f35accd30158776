"""To and from the actor that asks public sources what coins cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

from payments.rates import Quote

if TYPE_CHECKING:
    from actors.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRates:
    """The first message: ask the environment's market for these coins, from now on."""

    shop: ActorAddress
    coins: tuple[str, ...]
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotesTold:
    """The latest quote of each source and coin, however old.

    Told to the root whenever a source has answered or failed to, so that it comes regularly.
    """

    quotes: tuple[Quote, ...]

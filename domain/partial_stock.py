"""What happens with a wish for more than there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from domain.rules import PartialStock


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRefused:
    """No order; `quantities` by subcategory id is what there is of what was wanted."""

    quantities: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortReduced:
    """The order is made of `quantities` by subcategory id, which is less than was wanted."""

    quantities: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAsked:
    """The shopper is asked to take `quantities` by subcategory id, or nothing."""

    quantities: dict[int, int]


def decide_short(
    policy: PartialStock, wanted: Mapping[int, int], available: Mapping[int, int]
) -> ShortRefused | ShortReduced | ShortAsked:
    """What the owner's policy makes of a wish that stock falls short of, all by subcategory id.

    `quantities` of the answer is never more than was wanted and names nothing that is sold out.
    Where all is sold out there is nothing to ask about.
    """
    there_is = {
        subcategory_id: min(quantity, available.get(subcategory_id, 0))
        for subcategory_id, quantity in wanted.items()
    }
    quantities = {name: quantity for name, quantity in there_is.items() if quantity > 0}
    if not quantities:
        return ShortRefused(quantities={})
    match policy:
        case PartialStock.REJECT:
            return ShortRefused(quantities=quantities)
        case PartialStock.REDUCE:
            return ShortReduced(quantities=quantities)
        case PartialStock.ASK:
            return ShortAsked(quantities=quantities)
        case _:
            assert_never(policy)

"""What the buttons carry: callback data of at most 64 bytes (Bot API, "InlineKeyboardButton").

Anybody can send any callback data, so every field is bounded; data that does not fit reaches the
handler for stale buttons.
"""

import secrets
from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

MAX_QUANTITY = 1_000_000

_Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
_After = Annotated[int, Field(ge=0, le=2**63 - 1)]
_PageNumber = Annotated[int, Field(ge=0, le=1_000_000)]
_Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
_QuantityOrNone = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
_Coin = Annotated[str, Field(pattern=r"^[A-Z]{2,8}$")]
_WishId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class OpenCategories(CallbackData, prefix="m"):
    """Show a page of the categories."""

    page: _PageNumber


class OpenCategory(CallbackData, prefix="c"):
    """Show a page of the subcategories of a category."""

    category_id: _Id
    page: _PageNumber


class OpenGoods(CallbackData, prefix="g"):
    """Show one subcategory and ask how many."""

    subcategory_id: _Id


class ChooseQuantity(CallbackData, prefix="q"):
    """So many of them into the cart; ask in which coin."""

    subcategory_id: _Id
    quantity: _Quantity


class AddMore(CallbackData, prefix="a"):
    """Keep what is in the cart and choose further goods."""


class ShowCart(CallbackData, prefix="k"):
    """Show the cart, with the coins to pay in."""


class ShowLines(CallbackData, prefix="l"):
    """Show the cart with the means to change it."""


class ChangeLine(CallbackData, prefix="n"):
    """So many of this line instead, 0 for none. `wish_id` is of the cart as it was shown."""

    wish_id: _WishId
    subcategory_id: _Id
    quantity: _QuantityOrNone


class EmptyCart(CallbackData, prefix="e"):
    """Forget what is in the cart."""


class Buy(CallbackData, prefix="b"):
    """Order the cart as it was shown: under its id it is ordered once, however often tapped."""

    coin: _Coin
    wish_id: _WishId


class Cancel(CallbackData, prefix="x"):
    """Call an order off."""

    order_id: _Id


class ShowOrder(CallbackData, prefix="o"):
    """Show one order."""

    order_id: _Id


class ShowGoods(CallbackData, prefix="d"):
    """Send the goods of a paid order again."""

    order_id: _Id


class OpenAdminMenu(CallbackData, prefix="am"):
    """Show admins their lists."""


class ListKind(StrEnum):
    """The lists that admins have."""

    OPEN = "open"
    READY = "ready"
    REFUNDS = "refunds"
    TIMEOUTS = "timeouts"
    STOCK = "stock"


class OpenAdminList(CallbackData, prefix="al"):
    """Show admins a page of a list; `after` is the last id, or the number, of the page before."""

    kind: ListKind
    after: _After


class ShowOrderToAdmin(CallbackData, prefix="ao"):
    """Show an admin everything about an order."""

    order_id: _Id


class ShipByAdmin(CallbackData, prefix="as"):
    """Mark an order as shipped."""

    order_id: _Id


class ShowShopper(CallbackData, prefix="ap"):
    """Show an admin a shopper."""

    telegram_id: _Id


class ClearByAdmin(CallbackData, prefix="ac"):
    """Forgive a shopper their timeouts."""

    telegram_id: _Id


def new_wish_id() -> str:
    """An id that no other menu has, also after a restart of the shop or of Telegram."""
    return secrets.token_hex(6)

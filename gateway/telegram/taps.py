"""What the buttons carry: callback data of at most 64 bytes (Bot API, "InlineKeyboardButton").

Anybody can send any callback data, so every field is bounded; data that does not fit reaches the
handler for stale buttons.
"""

import secrets
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

MAX_QUANTITY = 1_000_000

_Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
_PageNumber = Annotated[int, Field(ge=0, le=1_000_000)]
_Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
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
    """So many of them; ask in which coin."""

    subcategory_id: _Id
    quantity: _Quantity


class Buy(CallbackData, prefix="b"):
    """Order them. `wish_id` is of the menu, so that its buttons order once however often tapped."""

    subcategory_id: _Id
    quantity: _Quantity
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


def new_wish_id() -> str:
    """An id that no other menu has, also after a restart of the shop or of Telegram."""
    return secrets.token_hex(6)

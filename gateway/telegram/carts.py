"""The carts: what each shopper has chosen and not ordered yet. Nothing is held for anybody here.

Carts are in memory, forgotten in a restart; where there are very many, the oldest go first.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from actors.messages import CartLine
from gateway.telegram.taps import new_wish_id

MAX_LINES = 8
"""Subcategories in one cart: an order of so many, with the longest names, still fits a message."""

_REMEMBERED_CARTS = 10_000

CartLines = tuple[CartLine, ...]


class CartFullError(Exception):
    """The cart has `MAX_LINES` subcategories already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What there is of a cart that stock falls short of; ordering it is a wish of its own."""

    wish_id: str
    lines: CartLines


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """At least one line, each subcategory once.

    `wish_id` changes with the content, so that a button orders only what was shown beside it, and
    that once. `takes_more`: what is chosen next joins the lines instead of replacing them.
    """

    wish_id: str
    lines: CartLines
    takes_more: bool = False
    offer: Offer | None = None

    def lines_of(self, wish_id: str) -> CartLines | None:
        """What a button with this id orders; None where it is of another page than the last."""
        if wish_id == self.wish_id:
            return self.lines
        if self.offer is not None and wish_id == self.offer.wish_id:
            return self.offer.lines
        return None


class Carts:
    """Everybody's cart by Telegram id."""

    def __init__(self) -> None:
        self._carts: OrderedDict[int, Cart] = OrderedDict()

    def of(self, telegram_id: int) -> Cart | None:
        """Somebody's cart; None while it is empty."""
        return self._carts.get(telegram_id)

    def choose(self, telegram_id: int, line: CartLine) -> Cart:
        """So many of a subcategory, whatever number of it was there before.

        Raises:
            CartFullError: there are too many other subcategories.
        """
        cart = self._carts.get(telegram_id)
        if cart is None or not cart.takes_more:
            return self._keep(telegram_id, (line,), takes_more=False)
        lines = {each.subcategory_id: each for each in cart.lines}
        lines[line.subcategory_id] = line
        if len(lines) > MAX_LINES:
            raise CartFullError
        return self._keep(telegram_id, tuple(lines.values()), takes_more=True)

    def change(self, telegram_id: int, line: CartLine) -> Cart | None:
        """Another number of a subcategory that is in the cart; 0 takes it out."""
        cart = self._carts.get(telegram_id)
        if cart is None:
            return None
        changed = [
            line if each.subcategory_id == line.subcategory_id else each for each in cart.lines
        ]
        lines = tuple(each for each in changed if each.quantity)
        if not lines:
            self.empty(telegram_id)
            return None
        return self._keep(telegram_id, lines, takes_more=cart.takes_more)

    def take_more(self, telegram_id: int) -> None:
        """What is chosen next joins what is there."""
        cart = self._carts.get(telegram_id)
        if cart is not None:
            self._carts[telegram_id] = replace(cart, takes_more=True)

    def renew(self, telegram_id: int) -> Cart | None:
        """The same content as a wish of its own: what was refused may be tried in another way."""
        cart = self._carts.get(telegram_id)
        if cart is None:
            return None
        return self._keep(telegram_id, cart.lines, takes_more=cart.takes_more)

    def offer(self, telegram_id: int, lines: CartLines) -> Offer | None:
        """Remember what there is of the cart; a number that was offered before holds no more."""
        cart = self._carts.get(telegram_id)
        if cart is None:
            return None
        offer = Offer(wish_id=new_wish_id(), lines=lines)
        self._carts[telegram_id] = replace(cart, offer=offer)
        return offer

    def empty(self, telegram_id: int) -> None:
        """Forget what was chosen."""
        self._carts.pop(telegram_id, None)

    def _keep(self, telegram_id: int, lines: CartLines, *, takes_more: bool) -> Cart:
        cart = Cart(wish_id=new_wish_id(), lines=lines, takes_more=takes_more)
        self._carts[telegram_id] = cart
        self._carts.move_to_end(telegram_id)
        if len(self._carts) > _REMEMBERED_CARTS:
            self._carts.popitem(last=False)
        return cart

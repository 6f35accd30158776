"""The root and a wish to buy: may the shopper order, and was this wish made before?

Both are asked of the ledger before anything is held. The whole is described in `actors.shop`.
"""

from decimal import Decimal

from thespian.actors import ActorAddress

from actors.messages import (
    OpenOrder,
    OrderDesk,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
    ShopUnavailable,
    StartShop,
)
from actors.order import OrderActor
from actors.shop_base import Asked
from actors.shop_upkeep import ShopUpkeep
from actors.staff import wish_key
from domain.opening_rules import refuse_new_order
from domain.order import RefusalReason
from store.contract import GetStanding, Standing


class ShopPlacing(ShopUpkeep):
    """The handlers of wishes to buy."""

    def receiveMsg_PlaceOrder(self, message: PlaceOrder, sender: ActorAddress) -> None:
        """Ask how the shopper stands, unless that very wish has an actor."""
        if self.state != "open":
            self.send(sender, ShopUnavailable(why=self._why_unavailable))
            return
        key = wish_key(message.telegram_id, message.request_id)
        live = self._staff.requests.get(key)
        if live is not None:
            self._relay(live, message, sender)
            return
        self._wishes.setdefault(key, Asked(wish=message, reply_tos=[])).reply_tos.append(sender)
        standing = GetStanding(telegram_id=message.telegram_id, request_id=message.request_id)
        self._tell_ledger(standing)

    def receiveMsg_Standing(self, message: Standing, _sender: ActorAddress) -> None:
        """The order that the wish has made before, or why there is none, or an actor for one."""
        asked = self._wishes.pop(wish_key(message.telegram_id, message.request_id or ""), None)
        start, desk = self._start, self._desk
        if asked is None or start is None or desk is None:
            return
        rate = self._rate_of(asked.wish.coin)
        answer: OrderPlaced | OrderRefused | None
        if message.earlier_order is not None:
            answer = OrderPlaced(order=message.earlier_order)
        else:
            answer = _refusal_of_shopper(message, start) or self._refusal_of_coin(asked.wish, rate)
        if answer is None and rate is not None:
            self._open_order(asked, rate, desk)
            return
        for reply_to in asked.reply_tos:
            self.send(reply_to, answer)

    def _open_order(self, asked: Asked, rate: Decimal, desk: OrderDesk) -> None:
        wish = asked.wish
        order_id, self._next_order_id = self._next_order_id, self._next_order_id + 1
        order = self.createActor(OrderActor)
        self._staff.add_order(order_id, order, wish_key(wish.telegram_id, wish.request_id))
        first = OpenOrder(
            order_id=order_id,
            wish=wish,
            rate=rate,
            desk=desk,
            reply_tos=tuple(asked.reply_tos),
        )
        self.send(order, first)

    def _refusal_of_coin(self, wish: PlaceOrder, rate: Decimal | None) -> OrderRefused | None:
        coin = self._staff.coins.get(wish.coin)
        if coin is None:
            return OrderRefused(reason=RefusalReason.COIN_UNAVAILABLE)
        if coin.refusal:
            return OrderRefused(reason=RefusalReason.COIN_UNAVAILABLE, detail=coin.refusal)
        if rate is None:
            return OrderRefused(reason=RefusalReason.NO_RATE)
        return None


def _refusal_of_shopper(standing: Standing, start: StartShop) -> OrderRefused | None:
    active = standing.active_orders
    reason = refuse_new_order(standing.timeout_count, len(active), start.rules)
    match reason:
        case None:
            return None
        case RefusalReason.ACTIVE_ORDER:
            return OrderRefused(reason=reason, order_id=active[0])
        case _:
            return OrderRefused(reason=reason)

"""The root taking up the open orders of the store, a few at a time while the shop is open already.

A shop with very many open orders sells again before each of them has its actor: pools and watchers
know of all of them from the start, and an order that is asked for gets its actor at once. The whole
is described in `actors.shop`.
"""

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import TakeUpOrders
from actors.shop_base import ShopBase
from actors.staff import wish_key

_AT_ONCE = 200
_PROGRESS_EVERY = 10_000


class ShopTakeUp(ShopBase):
    """The handler of its own message, until none is left."""

    def inspection(self) -> dict[str, object]:
        """With how many orders are still to be taken up."""
        details, left = super().inspection(), len(self._to_take_up)
        if self.state == "open" and left:
            details["state"] = f"open, {left} orders still to be taken up"
        return details

    def _take_up_orders(self) -> None:
        if self._to_take_up:
            logger.info("{} open orders are taken up", len(self._to_take_up))
            self.send(self.myAddress, TakeUpOrders())

    def receiveMsg_TakeUpOrders(self, _message: TakeUpOrders, _sender: ActorAddress) -> None:
        """Some of them, and the rest after whatever else has arrived."""
        if self.state == "starting":
            return
        for _ in range(min(_AT_ONCE, len(self._to_take_up))):
            order_id, order = self._to_take_up.popitem(last=False)
            self._resume(order_id, order, wish_key(order.telegram_id, order.request_id))
        left = len(self._to_take_up)
        if left:
            self.send(self.myAddress, TakeUpOrders())
        if left % _PROGRESS_EVERY == 0:
            logger.info("{} open orders are still to be taken up", left)

"""What admins can do in the chat. Others get the same hint as for any unknown command."""

from aiogram import F, Router
from aiogram.filters import BaseFilter
from aiogram.types import CallbackQuery, Message

from gateway.telegram.admin_menu import AdminMenu
from gateway.telegram.admin_orders import AdminOrders
from gateway.telegram.admin_refunds import AdminRefunds
from gateway.telegram.admin_shoppers import AdminShoppers
from gateway.telegram.importing import Importing
from gateway.telegram.reconciling import ReconcileDesk, Reconciling
from gateway.telegram.shop import Desk


class IsAdmin(BaseFilter):
    """Passes what an admin of the shop sends or taps."""

    def __init__(self, admin_ids: frozenset[int]) -> None:
        self._admin_ids = admin_ids

    async def __call__(self, event: Message | CallbackQuery) -> bool:
        """Whether the sender is an admin."""
        return event.from_user is not None and event.from_user.id in self._admin_ids


class Administration:
    """All handlers for admins."""

    def __init__(self, desk: Desk, reconcile_desk: ReconcileDesk | None) -> None:
        self._is_admin = IsAdmin(desk.shop.admin_ids)
        self._importing = Importing(desk)
        self._orders = AdminOrders(desk)
        self._refunds = AdminRefunds(desk)
        self._shoppers = AdminShoppers(desk)
        self._menu = AdminMenu(desk)
        self._reconciling = None
        if reconcile_desk is not None:
            self._reconciling = Reconciling(desk, reconcile_desk)

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part; all others go on."""
        router.message.register(self._importing.on_document, F.document, self._is_admin)
        self._orders.register(router, self._is_admin)
        self._refunds.register(router, self._is_admin)
        self._shoppers.register(router, self._is_admin)
        self._menu.register(router, self._is_admin)
        if self._reconciling is not None:
            self._reconciling.register(router, self._is_admin)

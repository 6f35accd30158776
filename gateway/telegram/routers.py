"""All handlers of the bot in one router, and the dispatcher around it."""

from aiogram import Dispatcher, Router

from gateway.bridge import ShopBridge
from gateway.telegram.admin import Administration
from gateway.telegram.browsing import Browsing, OpenQuestions
from gateway.telegram.cancelling import Cancelling
from gateway.telegram.cart import CartDesk
from gateway.telegram.general import General
from gateway.telegram.guard import Guard
from gateway.telegram.ordering import Ordering
from gateway.telegram.orders import OrderHistory
from gateway.telegram.reconciling import ReconcileDesk
from gateway.telegram.shop import Desk, TelegramShop
from gateway.texts import load_texts
from store.queries import StoreReader


def telegram_routers(
    bridge: ShopBridge,
    reader: StoreReader,
    shop: TelegramShop,
    reconcile_desk: ReconcileDesk | None = None,
) -> Router:
    """A router with every handler behind the guard.

    Without a `reconcile_desk` there are no commands to reconcile.

    Raises:
        FileNotFoundError: the shop does not speak `shop.language`.
    """
    texts = load_texts(shop.language)
    desk = Desk(bridge=bridge, reader=reader, shop=shop, texts=texts)
    questions, carts = OpenQuestions(), CartDesk(desk)
    browsing = Browsing(desk, questions, carts)
    router = Router(name="shop")
    guard = Guard(texts)
    router.message.outer_middleware(guard)
    router.callback_query.outer_middleware(guard)
    # Admins first: what is a command for both means more from them.
    Administration(desk, reconcile_desk).register(router)
    browsing.register(router)
    carts.register(router)
    Ordering(desk, questions, carts).register(router)
    Cancelling(desk, questions).register(router)
    OrderHistory(desk).register(router)
    General(desk, questions, browsing).register(router)
    return router


def telegram_dispatcher(
    bridge: ShopBridge,
    reader: StoreReader,
    shop: TelegramShop,
    reconcile_desk: ReconcileDesk | None = None,
) -> Dispatcher:
    """A dispatcher for `run_polling`, without aiogram's own state of chats."""
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.include_router(telegram_routers(bridge, reader, shop, reconcile_desk))
    return dispatcher

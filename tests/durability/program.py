"""A shop that is there to be killed: real store, ledger, pools, orders, watcher, notifiers.

`python -m tests.durability.program FOLDER LIFE SEED` runs it until it is killed. On stdout it says
"open ORDERS" when the load begins, with how many orders are live, and what it has acknowledged, a
line each as it does so: "placed ORDER ADDRESS", "cancelled ORDER", "imported UNITS", and "told
ORDER KIND" for a notice that a chat has taken. The gateway is left out: its wishes come from
coroutines beside the actors.

LIFE 0 has no load: blocks are mined, and what was begun in earlier lives comes to its end.
"""

import asyncio
import random
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from loguru import logger
from thespian.actors import ActorAddress, ActorSystem

from actors import place_records
from actors.environment import Environment, SystemClock
from actors.messages import GetShopHealth, ShopHealth, ShopStarted, StartShop
from actors.shop import Shop
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from payments import watching
from tests.durability.shoppers import ADMIN, Load
from tests.durability.surroundings import (
    CHAIN,
    COIN,
    STORE,
    ChainFile,
    CheapAddresses,
    OneChain,
    TelegramRecipe,
    say,
)
from thespian_asyncio import ActorSystemBase, ThreadExecutor

SETTLING_LIFE = 0
ANSWER_SECONDS = 60.0
LOOK_SECONDS = 0.05
# A life is much shorter than the times that a watcher usually allows for: with those every shop
# would take in the chain from its first block again.
WATCHING_RECENT = timedelta(milliseconds=100)
PLACE_AT_MOST_EVERY = timedelta(milliseconds=50)
RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(milliseconds=1_000),
    warning=timedelta(milliseconds=500),
    extension=timedelta(milliseconds=500),
    max_active=1,
    max_user_timeouts=1_000_000,
    partial_stock=PartialStock.REDUCE,
    late_payment=LatePayment.CREDIT,
    over_payment=OverPayment.REFUND,
    expiry_grace=timedelta(minutes=20),
    confirmation_timeout=timedelta(minutes=10),
    monitor_after_expiry=timedelta(seconds=5),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(
            coin=COIN, confirmations=2, smallest_order_base_units=10_000, dust_base_units=1_000
        ),
    ),
)


def main(folder: Path, life: int, seed: int) -> None:
    """Run until killed."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    watching.RECENT = WATCHING_RECENT
    place_records.PLACE_AT_MOST_EVERY = PLACE_AT_MOST_EVERY
    asyncio.run(_run(folder, life, seed))


async def _run(folder: Path, life: int, seed: int) -> None:
    chain = ChainFile(folder / CHAIN)
    base = ActorSystemBase(None)
    shop = ActorSystem(systemBase=base, transientUnique=True).createActor(Shop)
    started = await base.ask_async(shop, _start(folder, chain), ANSWER_SECONDS)
    if not isinstance(started, ShopStarted):
        raise SystemExit(f"the shop did not start: {started}")
    await _until_ready(base, shop)

    async def ask(message: object) -> object:
        return await base.ask_async(shop, message, ANSWER_SECONDS)

    say("open", started.live_orders)
    numbers = random.Random(f"{seed} {life}")  # noqa: S311 - a load that can be had again
    load = Load(ask=ask, chain=chain, life=life, random=numbers)
    await (load.mine() if life == SETTLING_LIFE else load.run())


def _start(folder: Path, chain: ChainFile) -> StartShop:
    return StartShop(
        store_path=str(folder / STORE),
        admin_telegram_ids=(ADMIN,),
        maintenance_interval_seconds=60.0,
        rules=RULES,
        fixed_rates={COIN: Decimal(80)},
        environment=Environment(
            clock=SystemClock(),
            new_executor=ThreadExecutor,
            chains={COIN: OneChain(chain)},
            chain_poll_interval_seconds={COIN: LOOK_SECONDS},
            address_sources={COIN: CheapAddresses(folder)},
            notices=TelegramRecipe(),
        ),
    )


async def _until_ready(base: ActorSystemBase, shop: ActorAddress) -> None:
    while True:
        health = await base.ask_async(shop, GetShopHealth(), ANSWER_SECONDS)
        if isinstance(health, ShopHealth) and health.ready and not any(health.coins.values()):
            return
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""How soon a payment is seen after the backend shows it."""

import asyncio
import time

from tests.electrumx_server import REFRESH_SECONDS
from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.stage import ALICE, Stage

PUSHED_WITHIN_SECONDS = 2.0
POLL_SECONDS = 1.0
SLOW_POLL_SECONDS = 6.0
# A machine that has other things to do may be late; a shop that is not pushed to is, every time.
ATTEMPTS = 3


@on_every_chain("seen-soon")
async def test_payment_is_seen_soon_after_the_backend_shows_it(stage: Stage) -> None:
    chain = stage.chain
    stage.poll_seconds = SLOW_POLL_SECONDS if chain.pushes else POLL_SECONDS
    allowed = PUSHED_WITHIN_SECONDS
    if not chain.pushes:
        allowed += POLL_SECONDS
    elif chain.client == "electrum":
        allowed += REFRESH_SECONDS  # ElectrumX asks its node so often
    await stage.open(units=ATTEMPTS)
    took = [await _seconds_until_seen(stage, ALICE)]
    while took[-1] > allowed and len(took) < ATTEMPTS:
        took.append(await _seconds_until_seen(stage, ALICE + len(took)))
    assert took[-1] <= allowed, took
    # The histogram counts from the push, or from the look before, until it is on disk.
    await stage.until_true(lambda: stage.noticed_within(allowed) > 0)


async def _seconds_until_seen(stage: Stage, telegram_id: int) -> float:
    """How long it took from when the backend showed a payment until it was in the store."""
    order = await stage.order(telegram_id)
    if stage.chain.pushes:
        # From here to the next look is longer than may pass: only the push can be in time.
        await stage.until_next_look()
        await asyncio.sleep(1.0)  # for the subscription to the new address
    await stage.chain.pay(order.address, order.amount_base_units)
    if stage.chain.coin == "ETH":
        await stage.chain.mine_one()  # nodes push blocks alone
    shown_at = time.monotonic()
    await stage.until_true(lambda: bool(stage.books(order).receipts))
    return time.monotonic() - shown_at

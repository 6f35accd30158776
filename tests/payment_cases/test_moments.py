"""Payments that come whenever they come: before, after and in the middle of a look."""

import asyncio
import random

from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.stage import ALICE, Stage

ORDERS = 8
# Looks follow each other so closely that a good part of the payments falls into one.
POLL_SECONDS = 0.1
WITHIN_SECONDS = 3.0


@on_every_chain("any-moment")
async def test_payments_at_any_moment_of_a_look_settle_their_orders(stage: Stage) -> None:
    stage.poll_seconds = POLL_SECONDS
    await stage.open(units=ORDERS)
    orders = [await stage.order(ALICE + number) for number in range(ORDERS)]
    # The moments differ from run to run, and what is asserted holds for all of them.
    moments = sorted(random.uniform(0.0, WITHIN_SECONDS) for _ in orders)  # noqa: S311 - no secret
    began_at = asyncio.get_running_loop().time()
    for moment, order in zip(moments, orders, strict=True):
        await _sleep_until(began_at + moment)
        await stage.chain.pay(order.address, order.amount_base_units)
    await stage.chain.confirm()
    for order in orders:
        books = await stage.until(order, status="shipped")
        assert books.receipts == (("confirmed", order.amount_base_units),), moments


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())

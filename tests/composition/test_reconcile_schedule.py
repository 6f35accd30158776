"""Reconciliations in a process of their own, and the one that comes by itself."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from actors.messages import DifferencesTold, TellDifferences, WatchAgain, WatchedAgain
from composition.reconcile_places import ReconciledPlaces
from composition.reconcile_runner import ReconcileRunner
from composition.reconcile_schedule import ReconcileSchedule
from configuration.loading import load
from configuration.requirements import Purpose
from configuration.settings import Settings
from domain.events import PlaceMoved
from domain.order import Audience, Noticed, NoticeKind
from domain.reconciliation import Reconciliation
from gateway.bridge import PageOfActors
from gateway.reconciler import ReconcileBusyError, ReconcileFailedError
from payments.chain import Place
from tests.composition.reconciled_shop import ReconciledShop
from tests.litecoin_node import LitecoinNode, litecoin_node

__all__ = ["litecoin_node"]

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(240)]


class Bridge:
    """A shop that does what it is asked, and keeps the alerts in its store."""

    def __init__(self, shop: ReconciledShop) -> None:
        self._shop = shop
        self.wishes: list[WatchAgain] = []
        self.told: list[TellDifferences] = []

    async def ask(self, message: object, timeout_seconds: float) -> object:
        del timeout_seconds
        if isinstance(message, WatchAgain):
            self.wishes.append(message)
            return WatchedAgain(order_id=message.order_id, until=None)
        assert isinstance(message, TellDifferences)
        self.told.append(message)
        alert = Noticed(
            kind=NoticeKind.ADMIN_ALERT,
            audience=Audience.ADMINS,
            detail="\n".join(message.lines),
        )
        self._shop.store.record(alert)
        return DifferencesTold()

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> PageOfActors:
        raise NotImplementedError


@pytest.fixture
def shop(tmp_path: Path, litecoin_node: LitecoinNode) -> Iterator[ReconciledShop]:
    shop = ReconciledShop(tmp_path, litecoin_node)
    yield shop
    shop.close()
    litecoin_node.mine()


def settings_of(shop: ReconciledShop) -> Settings:
    return load(shop.config_file, {}, purpose=Purpose.SERVE)


def nobody_listens(_text: str) -> None:
    pass


def watcher_is_at_the_tip(shop: ReconciledShop) -> Place:
    """What the shop's watcher writes when it has seen the chain."""
    place = Place(
        height=shop.node.call("getblockcount"), block_hash=shop.node.call("getbestblockhash")
    )
    moved = PlaceMoved(coin="LTC", height=place.height, block_hash=place.block_hash)
    shop.store.record(moved)
    return place


def kept_place(shop: ReconciledShop) -> Place | None:
    return ReconciledPlaces(Path(shop.store.path)).place("LTC", "regtest", 10**9)


async def test_what_was_missed_is_handed_to_the_shop_and_told_once(shop: ReconciledShop) -> None:
    receipt = shop.pay(shop.order(1), "0.1")
    bridge = Bridge(shop)
    settings = settings_of(shop)
    schedule = ReconcileSchedule(settings, bridge, ReconcileRunner(settings))
    assert await schedule.once()
    (wish,) = bridge.wishes
    assert (wish.order_id, wish.read is not None) == (1, True)
    assert wish.read is not None
    assert wish.read.height == shop.node.call("getblockcount")
    assert [each.receipt_id for each in wish.read.sightings] == [receipt.receipt_id]
    (told,) = bridge.told
    assert told.lines[0].startswith("LTC order 1, missed: ")
    assert kept_place(shop) is None, "what was missed is to be read again"
    assert await schedule.once()
    assert len(bridge.wishes) == 2
    assert len(bridge.told) == 1, "the same difference was told before"


async def test_an_order_that_does_not_answer_keeps_no_other_from_being_looked_at(
    shop: ReconciledShop,
) -> None:
    class Slow(Bridge):
        async def ask(self, message: object, timeout_seconds: float) -> object:
            answer = await super().ask(message, timeout_seconds)
            if isinstance(message, WatchAgain) and message.order_id == 1:
                raise TimeoutError
            return answer

    shop.pay(shop.order(1), "0.1")
    shop.pay(shop.order(2), "0.1")
    bridge, settings = Slow(shop), settings_of(shop)
    assert await ReconcileSchedule(settings, bridge, ReconcileRunner(settings)).once()
    assert [wish.order_id for wish in bridge.wishes] == [1, 2]
    assert len(bridge.told) == 1


async def since_last(shop: ReconciledShop) -> Reconciliation:
    return await ReconcileRunner(settings_of(shop)).since_last(nobody_listens)


async def test_only_blocks_that_were_not_compared_yet_are_read(shop: ReconciledShop) -> None:
    address = shop.order(1)
    shop.record(1, shop.pay(address, "0.1"))
    place = watcher_is_at_the_tip(shop)
    first = await since_last(shop)
    assert first.coins[0].came_in == 10_000_000
    assert kept_place(shop) == place
    again = await since_last(shop)
    assert again.coins[0].came_in == 0, "its block was not read again"
    assert [each.finding for each in again.differences] == ["unplaced"]
    late = shop.pay(address, "0.2")
    third = await since_last(shop)
    missed = [each for each in third.differences if each.finding == "missed"]
    assert [each.receipt_id for each in missed] == [late.receipt_id]
    assert kept_place(shop) == place


async def test_store_from_before_is_compared_with_all_blocks(shop: ReconciledShop) -> None:
    shop.pay(shop.order(1), "0.1")
    tip = shop.node.call("getblockcount")
    ReconciledPlaces(Path(shop.store.path)).keep(
        {("LTC", "regtest"): Place(height=tip, block_hash=shop.node.call("getbestblockhash"))}
    )
    # Its watcher has not come so far: it was put back from a backup.
    shop.store.record(PlaceMoved(coin="LTC", height=tip - 1, block_hash="ab" * 32))
    assert [each.finding for each in (await since_last(shop)).differences] == ["missed"]


async def test_one_at_a_time(shop: ReconciledShop) -> None:
    shop.order(1)
    runner = ReconcileRunner(settings_of(shop))
    first = asyncio.create_task(runner.one_order(1, nobody_listens))
    await asyncio.sleep(0)
    with pytest.raises(ReconcileBusyError):
        await runner.everything(None, None, nobody_listens)
    assert (await first).is_well
    second = asyncio.create_task(runner.one_order(1, nobody_listens))
    await asyncio.sleep(0.2)
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    assert (await runner.one_order(1, nobody_listens)).is_well


async def test_store_that_is_gone_is_the_reason(shop: ReconciledShop) -> None:
    settings = settings_of(shop)
    shop.take_store_away()
    with pytest.raises(ReconcileFailedError, match="there is no store"):
        await ReconcileRunner(settings).everything(None, None, nobody_listens)


async def test_interval_of_zero_hours_is_never(shop: ReconciledShop) -> None:
    shop.settings["reports"] = {"reconcile_interval_hours": 0}
    shop.write()
    settings = settings_of(shop)
    runner = ReconcileRunner(settings)
    await asyncio.wait_for(ReconcileSchedule(settings, Bridge(shop), runner).run(), 5)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"LTC/regtest": {"height": "x"}}'])
def test_broken_note_of_places_is_none_at_all(tmp_path: Path, content: str) -> None:
    (tmp_path / "shop.db.reconciled").write_text(content)
    places = ReconciledPlaces(tmp_path / "shop.db")
    assert places.place("LTC", "regtest", 5) is None
    place = Place(height=4, block_hash="ab")
    places.keep({("LTC", "regtest"): place})
    assert places.place("LTC", "regtest", 4) == place
    assert places.place("LTC", "regtest", 3) is None
    assert places.place("LTC", "main", 4) is None

"""The watcher with a chain that follows a script, in virtual time; and with a real node."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.chain_watcher import (
    CATCHING_UP,
    FIRST_PLACE_NOT_ON_DISK,
    LOOK_OVERDUE,
    LOOK_OVERDUE_MINUTES,
)
from actors.messages import WatchAddress
from domain.events import PlaceMoved
from payments.addresses import Bip84Addresses
from payments.bitcoind import BitcoindConnector
from payments.chain import ChainRefusedError, ChainUnavailableError
from payments.custody import new_mnemonic
from store.contract import Recorded, RecordRefusalReason, RecordRefused
from tests.actors.watcher_stage import START, Stage, block, paid, play, seconds_of, watched
from tests.litecoin_node import LitecoinNode, litecoin_node
from thespian_asyncio import ThreadExecutor, join_executors

__all__ = ["litecoin_node"]


def test_looks_begin_an_interval_after_the_last_began() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 3.0
        stage.start(block(100))
        await stage.until(35)
        assert stage.chain.began == [0, 10, 20, 30]

    play(scene)


def test_look_that_takes_longer_than_the_interval_is_followed_at_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 14.0
        stage.start(block(100))
        await stage.until(35)
        assert stage.chain.began == [0, 14, 28]

    play(scene)


def test_clock_that_is_set_back_does_not_stop_the_looks() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100))
        await stage.until(11)
        stage.clock.set_by = -timedelta(hours=1)
        await stage.until(41)
        assert len(stage.chain.began) == 5

    play(scene)


def test_look_that_does_not_end_is_told_as_blindness_until_it_does() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100))
        await stage.until(15)
        stage.chain.takes_seconds = 900.0
        await stage.until(30 + 60 * LOOK_OVERDUE_MINUTES)
        assert LOOK_OVERDUE not in stage.health
        # The clock does not count: it may be set.
        stage.clock.set_by = -timedelta(hours=1)
        await stage.until(150 + 60 * LOOK_OVERDUE_MINUTES)
        assert stage.health[-1] == LOOK_OVERDUE
        stage.chain.takes_seconds = 0.0
        await stage.until(1_000)
        assert stage.health[-1] == ""

    play(scene)


def test_long_way_of_many_looks_is_not_taken_for_one_that_does_not_end() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.complete = False
        stage.chain.takes_seconds = 40.0
        stage.start(block(100))
        await stage.until(1_200)
        assert set(stage.health) == {CATCHING_UP}

    play(scene)


def test_incomplete_look_is_followed_at_once_and_takes_no_orders() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.complete = False
        stage.chain.takes_seconds = 1.0
        stage.start(block(100))
        await stage.until(3)
        assert stage.chain.began == [0, 1, 2, 3]
        assert stage.health == [CATCHING_UP]
        assert stage.state() == "catching up"
        stage.chain.complete = True
        await stage.until(5)
        assert stage.health == [CATCHING_UP, ""]
        assert stage.state() == "watching"

    play(scene)


def test_payment_is_told_to_the_shop_and_told_again_until_it_is_taken() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched())
        await stage.until(5)
        assert stage.seen == []
        stage.chain.mempool = [paid()]
        await stage.until(30)
        assert [seconds_of(each.began_at) for each in stage.seen] == [10, 20, 30]
        (sighting,) = stage.seen[0].sightings
        assert (stage.seen[0].order_id, stage.seen[0].coin) == (7, "LTC")
        assert (sighting.amount_base_units, sighting.confirmations) == (5, 0)
        assert {each.sightings for each in stage.seen} == {(sighting,)}
        stage.take(stage.seen[0])
        await stage.until(60)
        assert len(stage.seen) == 3

    play(scene)


def test_address_that_is_told_later_is_watched() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100))
        stage.chain.mempool = [paid()]
        await stage.until(5)
        stage.tell(WatchAddress(watched=watched()))
        await stage.until(10)
        assert [each.address for each in stage.seen] == ["A"]

    play(scene)


def test_payment_in_a_block_that_was_read_before_its_address_came_is_found() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100))
        await stage.until(5)
        stage.chain.height, stage.chain.blocks = 101, [paid(height=101)]
        await stage.until(10)
        stage.tell(WatchAddress(watched=watched()))
        await stage.until(20)
        assert [each.sightings[0].block_height for each in stage.seen] == [101]

    play(scene)


def test_payment_in_a_block_read_while_its_address_came_is_found() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 4.0
        stage.start(block(100))
        await stage.until(6)
        stage.chain.height, stage.chain.blocks = 101, [paid(height=101)]
        await stage.until(11)
        stage.tell(WatchAddress(watched=watched()))
        await stage.until(25)
        assert [each.sightings[0].block_height for each in stage.seen] == [101]

    play(scene)


def test_failing_looks_are_repeated_with_back_off_and_told_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.error = ChainUnavailableError("the node is away")
        stage.start(block(100))
        await stage.until(260)
        assert stage.chain.began == [0, 10, 30, 70, 130, 190, 250]
        assert stage.health == ["the node is away"]
        assert stage.state() == "blind"
        stage.chain.error = None
        await stage.until(331)
        assert stage.chain.began[7:] == [310, 320, 330]
        assert stage.health == ["the node is away", ""]

    play(scene)


def test_refusal_is_told_as_such_and_looked_at_again() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.error = ChainRefusedError("wrong password")
        stage.start(block(100))
        await stage.until(5)
        assert stage.health == ["refused: wrong password"]
        assert stage.state() == "refused"
        stage.chain.error = None
        await stage.until(15)
        assert stage.health[1:] == [""]

    play(scene)


def test_broken_client_makes_the_coin_blind_and_no_more() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.error = ZeroDivisionError("a mistake")
        stage.start(block(100))
        await stage.until(5)
        assert stage.health == ["a look at the chain broke (ZeroDivisionError)"]
        stage.chain.error = None
        await stage.until(15)
        assert stage.health[1:] == [""]

    play(scene)


def test_first_place_is_on_disk_before_orders_are_taken() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(None)
        await stage.until(5)
        assert stage.chain.places == [None]
        assert stage.health == [FIRST_PLACE_NOT_ON_DISK]
        (record,) = stage.to_ledger
        assert record.events == (
            PlaceMoved(coin="LTC", height=100, block_hash=block(100).block_hash),
        )
        stage.tell(Recorded(command_id=record.command_id))
        await stage.until(6)
        assert stage.health == [FIRST_PLACE_NOT_ON_DISK, ""]

    play(scene)


def test_record_is_sent_again_until_it_is_answered() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(None)
        await stage.until(20)
        assert len(stage.to_ledger) == 3
        assert len({record.command_id for record in stage.to_ledger}) == 1
        stage.tell(Recorded(command_id=stage.to_ledger[0].command_id))
        await stage.until(60)
        assert len(stage.to_ledger) == 3

    play(scene)


def test_refused_record_is_followed_by_another() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(None)
        await stage.until(5)
        refused = RecordRefused(
            command_id=stage.to_ledger[0].command_id, reason=RecordRefusalReason.CONSTRAINT
        )
        stage.tell(refused)
        await stage.until(15)
        assert len({record.command_id for record in stage.to_ledger}) == 2

    play(scene)


def test_place_goes_to_disk_only_after_what_was_found_was_taken() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), watched())
        stage.chain.height, stage.chain.blocks = 101, [paid(height=101)]
        await stage.until(100)
        assert stage.to_ledger == []
        stage.take(stage.seen[-1])
        await stage.until(110)
        (record,) = stage.to_ledger
        assert record.events == (
            PlaceMoved(coin="LTC", height=101, block_hash=block(101).block_hash),
        )

    play(scene)


def test_watcher_takes_up_at_its_place() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.height, stage.chain.blocks = 105, [paid(height=103)]
        stage.start(block(100), watched())
        await stage.until(5)
        assert stage.chain.places == [block(100)]
        assert [each.sightings[0].block_height for each in stage.seen] == [103]

    play(scene)


def test_address_is_watched_until_its_time_is_over() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100), replace(watched(), watch_until=START + timedelta(seconds=15)))
        await stage.until(25)
        stage.chain.mempool = [paid()]
        await stage.until(60)
        assert stage.seen == []

    play(scene)


def test_second_start_changes_nothing() -> None:
    async def scene(stage: Stage) -> None:
        stage.start(block(100))
        stage.start(block(50))
        await stage.until(12)
        assert stage.chain.places == [block(100), block(100)]

    play(scene)


def test_exit_during_a_look_leaves_nothing_behind() -> None:
    async def scene(stage: Stage) -> None:
        stage.chain.takes_seconds = 1000.0
        stage.start(block(100))
        await stage.until(1)

    play(scene)


@pytest.mark.litecoind
async def test_payment_to_a_real_node_is_seen_and_then_confirmed(
    litecoin_node: LitecoinNode,
) -> None:
    stage = Stage()
    address = Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)
    connector = BitcoindConnector(
        coin="LTC",
        network="regtest",
        url=litecoin_node.url,
        user=litecoin_node.user,
        password=litecoin_node.password,
    )
    stage.start(None, chain=connector, executor=ThreadExecutor, poll_seconds=0.1)
    await eventually(lambda: bool(stage.to_ledger))
    stage.tell(Recorded(command_id=stage.to_ledger[0].command_id))
    await eventually(lambda: stage.health[-1:] == [""])
    stage.tell(WatchAddress(watched=watched(address)))
    await asyncio.to_thread(litecoin_node.pay, address, "0.12345678")
    await eventually(lambda: bool(stage.seen))
    (sighting,) = stage.seen[-1].sightings
    assert (sighting.amount_base_units, sighting.confirmations) == (12_345_678, 0)
    stage.take(stage.seen[-1])
    await asyncio.to_thread(litecoin_node.mine, 2)
    await eventually(lambda: stage.seen[-1].sightings[0].confirmations == 2)
    assert await stage.base.shutdown_async()
    assert await asyncio.to_thread(join_executors, 10)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the thread of another actor makes it true
            await asyncio.sleep(0.02)

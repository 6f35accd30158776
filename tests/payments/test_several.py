"""A client of several backends, with backends that follow a script; in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from payments.chain import (
    AddressLook,
    ChainClient,
    ChainRefusedError,
    ChainUnavailableError,
    Found,
    Known,
    Look,
    Place,
    sighting,
)
from payments.several import MOST_DOUBTS, PATIENCE_SECONDS, SeveralClient, SeveralConnector
from payments.tokens import TokenTransfer
from tests.payments.looks import START, at, found, place
from thespian_asyncio.testing import run_in_virtual_time


@dataclass
class Scripted:
    """A backend that reads blocks (`walks`) or is asked address by address."""

    name: str
    walks: bool = False
    height: int = 100
    blocks: list[Found] = field(default_factory=list)
    mempool: list[Found] = field(default_factory=list)
    error: Exception | None = None
    takes_seconds: float = 0.1
    complete: bool = True
    tokens: tuple[TokenTransfer, ...] = ()
    pushes: bool = False
    news: asyncio.Queue[Exception | None] = field(default_factory=asyncio.Queue)
    places: list[Place | None] = field(default_factory=list)
    urgent: list[frozenset[str]] = field(default_factory=list)
    is_closed: bool = False

    def connect(self) -> ChainClient:
        return self

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> Look | AddressLook:
        self.places.append(place)
        self.urgent.append(frozenset(each for each in addresses if addresses[each].urgent))
        await asyncio.sleep(self.takes_seconds)
        if self.error is not None:
            raise self.error
        tip = Place(height=self.height, block_hash=f"a{self.height}")
        ours = [each for each in self.blocks if each.address in addresses]
        if not self.walks:
            shown = [*ours, *self.mempool]
            receipts = {a: tuple(each for each in shown if each.address == a) for a in addresses}
            return AddressLook(
                began_at=began_at, place=tip, receipts=receipts if self.complete else {},
                complete=self.complete,
                tokens=self.tokens,
            )  # fmt: skip
        start = self.height if place is None else place.height
        return Look(
            began_at=began_at,
            place=tip,
            fork_height=None,
            in_blocks=tuple(each for each in ours if start < (each.block_height or 0)),
            in_mempool=tuple(self.mempool) if self.complete else (),
            complete=self.complete,
        )

    async def changed(self) -> None:
        error = await self.news.get()
        if error is not None:
            raise error

    async def close(self) -> None:
        self.is_closed = True


class Stage:
    def __init__(self) -> None:
        self.first, self.second = Scripted("the first"), Scripted("the second", walks=True)
        self.now = START
        self.addresses: dict[str, Known] = {"A": Known()}
        self.place: Place | None = place(100)
        self._client: SeveralClient | None = None

    @property
    def client(self) -> SeveralClient:
        if self._client is None:
            connector = SeveralConnector(coin="LTC", connectors=(self.first, self.second))
            self._client = connector.connect()
        return self._client

    async def look(self) -> AddressLook:
        self.now += timedelta(seconds=10)
        await asyncio.sleep(10)
        look = await self.client.look(self.place, self.addresses, began_at=self.now)
        self.place = look.place
        return look

    async def shown(self) -> tuple[Found, ...] | None:
        return (await self.look()).receipts.get("A")


def play(scene: Callable[[Stage], Coroutine[object, object, None]]) -> None:
    async def run() -> None:
        stage = Stage()
        await scene(stage)
        await stage.client.close()
        assert stage.first.is_closed
        assert stage.second.is_closed

    run_in_virtual_time(run())


def test_what_the_backends_disagree_on_is_undecided() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks = [found(height=101)]
        stage.first.height = stage.second.height = 101
        look = await stage.look()
        assert look.undecided == {"A"}
        assert look.receipts["A"] == (found(),)
        stage.second.blocks = [replace(found(height=101), amount_base_units=1)]
        stage.place = place(100)
        look = await stage.look()
        assert look.undecided == {"A"}
        assert "A" not in look.receipts
        stage.second.blocks = [found(height=101)]
        stage.place = place(100)
        assert (await stage.look()).undecided == frozenset()

    play(scene)


def test_payment_counts_when_the_block_was_seen_by_both_kinds_of_backend() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.mempool = stage.second.mempool = [found()]
        assert await stage.shown() == (found(),)
        stage.first.mempool, stage.first.blocks, stage.first.height = [], [found(height=101)], 101
        assert await stage.shown() == (found(),)
        stage.second.mempool = []
        stage.second.blocks, stage.second.height = [found(height=101)], 101
        assert await stage.shown() == (found(height=101),)
        assert await stage.shown() == (found(height=101),)

    play(scene)


def test_broken_answer_of_one_backend_leaves_the_other_serving() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.blocks, stage.second.height = [found(height=101)], 101
        stage.first.error = AttributeError("'NoneType' object has no attribute 'get'")
        assert await stage.shown() == (found(height=101),)

    play(scene)


def test_address_that_came_during_a_slow_look_is_read_in_the_blocks_of_that_look() -> None:
    async def scene(stage: Stage) -> None:
        stage.addresses = {"old": Known()}
        await stage.look()
        stage.second.takes_seconds = 30.0
        start = stage.place
        await stage.look()
        # A watcher goes back to where it was for a new address.
        stage.addresses, stage.place = {"old": Known(), "A": Known()}, start
        paid = [found(height=101)]
        for each in (stage.first, stage.second):
            each.height, each.blocks = 101, paid
        for _ in range(3):
            await stage.look()
        stage.second.takes_seconds = 0.1
        looks = [await stage.look() for _ in range(5)]
        assert looks[-1].receipts["A"] == (found(height=101),)

    play(scene)


def test_address_that_came_with_a_look_that_failed_is_read_in_the_blocks_of_the_next() -> None:
    async def scene(stage: Stage) -> None:
        stage.addresses = {"old": Known()}
        await stage.look()
        start = stage.place
        paid = [found(height=101)]
        for each in (stage.first, stage.second):
            each.height, each.blocks = 101, paid
        await stage.look()
        stage.addresses, stage.place = {"old": Known(), "A": Known()}, start
        stage.second.error = ChainUnavailableError("away")
        await stage.look()
        stage.second.error = None
        looks = [await stage.look() for _ in range(3)]
        assert looks[-1].receipts["A"] == (found(height=101),)

    play(scene)


def test_backend_that_is_behind_takes_nothing_back_when_it_has_to_serve() -> None:
    async def scene(stage: Stage) -> None:
        for each in (stage.first, stage.second):
            each.height, each.blocks = 101, [found(height=101)]
        assert await stage.shown() == (found(height=101),)
        stage.first.error = ChainUnavailableError("away")
        stage.second.height, stage.second.blocks = 100, []
        with pytest.raises(ChainUnavailableError, match="the second behind: no block 101 yet"):
            await stage.look()
        stage.second.height, stage.second.blocks = 101, [found(height=101)]
        assert await stage.shown() == (found(height=101),)

    play(scene)


def test_tokens_are_told_of_if_any_backend_shows_them() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.tokens = (
            TokenTransfer(address="A", contract="0xc", amount="1 unit", transaction_id="0x1"),
        )
        assert (await stage.look()).tokens == stage.first.tokens
        stage.first.error = ChainUnavailableError("away")
        assert (await stage.look()).tokens == ()

    play(scene)


def test_second_serves_while_the_first_is_away() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.blocks, stage.second.height = [found(height=101)], 101
        stage.first.error = ChainUnavailableError("away")
        assert await stage.shown() == (found(height=101),)
        stage.first.error, stage.first.blocks = None, [found(height=101)]
        stage.first.height = 102
        assert (await stage.look()).place == place(102)

    play(scene)


def test_disagreement_is_told_when_it_lasts_and_ends_by_itself() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks, stage.first.height = [found(height=101)], 101
        looks = [await stage.look() for _ in range(8)]
        assert all(look.receipts["A"] == (found(),) for look in looks)
        assert [bool(look.doubts) for look in looks] == [False] * 6 + [True] * 2
        assert "the second does not know it" in looks[-1].doubts[0]
        stage.second.blocks, stage.second.height = [found(height=101)], 101
        look = await stage.look()
        assert (look.receipts["A"], look.doubts) == ((found(height=101),), ())

    play(scene)


def test_address_in_doubt_is_looked_at_by_everybody_in_each_round() -> None:
    async def scene(stage: Stage) -> None:
        stage.addresses = {"A": Known(urgent=False)}
        stage.first.blocks, stage.first.height = [found(height=101)], 101
        await stage.look()
        await stage.look()
        assert stage.second.urgent == [frozenset(), frozenset({"A"})]

    play(scene)


def test_other_amount_says_nothing_of_the_address() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks, stage.first.height = [found(height=101)], 101
        stage.second.mempool = [replace(found(), amount_base_units=7)]
        assert await stage.shown() is None

    play(scene)


def test_slow_checker_is_not_waited_for_and_its_word_counts_later() -> None:
    async def scene(stage: Stage) -> None:
        await stage.look()
        stage.second.takes_seconds = 24.0
        stage.first.blocks = stage.second.blocks = [found(height=101)]
        stage.first.height = stage.second.height = 101
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await stage.shown() == (found(),)
        assert loop.time() - began == pytest.approx(10.1 + PATIENCE_SECONDS)
        assert await stage.shown() == (found(),)
        assert await stage.shown() == (found(height=101),)

    play(scene)


def test_backend_that_hangs_for_long_checks_nobody() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.takes_seconds = 10_000.0
        stage.first.blocks, stage.first.height = [found(height=101)], 101
        shown = [await stage.shown() for _ in range(14)]
        assert shown[0] == (found(),)
        assert shown[-1] == (found(height=101),)

    play(scene)


def test_backend_that_stays_away_is_told_of() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.error = ChainUnavailableError("away")
        looks = [await stage.look() for _ in range(8)]
        assert looks[-1].doubts == ("the second does not answer, and checks nobody",)

    play(scene)


def test_nobody_to_ask_is_an_error_that_names_all() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.error = ChainRefusedError("first: no")
        stage.second.error = ChainUnavailableError("second: away")
        with pytest.raises(ChainUnavailableError, match="first: no; second: away"):
            await stage.look()
        stage.second.error = ChainRefusedError("second: no")
        with pytest.raises(ChainRefusedError):
            await stage.look()

    play(scene)


def test_one_that_is_still_on_its_way_leaves_it_to_the_other() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.complete = False
        stage.first.blocks, stage.first.height = [found(height=101)], 101
        assert await stage.shown() == (found(height=101),)
        stage.first.complete = False
        assert not (await stage.look()).complete

    play(scene)


def test_place_that_goes_back_for_a_new_address_is_gone_back_to() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.height = stage.second.height = 110
        await stage.look()
        stage.place = place(90)
        stage.addresses["B"] = Known()
        stage.first.blocks = stage.second.blocks = [found("B", height=95)]
        look = await stage.look()
        assert look.receipts["B"] == (found("B", height=95),)

    play(scene)


def test_block_that_was_undone_takes_its_payment_back() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks = stage.second.blocks = [found(height=101)]
        stage.first.height = stage.second.height = 101
        assert await stage.shown() == (found(height=101),)
        stage.first.blocks = []
        stage.second.error = ChainUnavailableError("away")
        assert await stage.shown() == ()

    play(scene)


def test_news_of_either_is_news() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.pushes = stage.second.pushes = True
        for each in (stage.first, stage.second):
            waiting = asyncio.create_task(stage.client.changed())
            await asyncio.sleep(1)
            assert not waiting.done()
            each.news.put_nowait(None)
            await waiting

    play(scene)


def test_pushes_of_one_that_break_do_not_end_those_of_the_other() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.pushes = stage.second.pushes = True
        waiting = asyncio.create_task(stage.client.changed())
        stage.first.news.put_nowait(ChainUnavailableError("broken"))
        await asyncio.sleep(30)
        assert not waiting.done()
        stage.second.news.put_nowait(None)
        await waiting
        stage.first.news.put_nowait(ChainUnavailableError("broken"))
        stage.second.news.put_nowait(ChainUnavailableError("broken too"))
        with pytest.raises(ChainUnavailableError):
            await stage.client.changed()

    play(scene)


def test_looks_that_are_under_way_end_with_the_client() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.takes_seconds = 50.0
        await stage.look()
        assert at(10) == stage.now

    play(scene)


def test_no_payment_is_confirmed_by_the_height_that_one_backend_claims() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks = stage.second.blocks = [found(height=101)]
        stage.first.height, stage.second.height = 1_000, 101
        look = await stage.look()
        (believed,) = look.receipts["A"]
        assert sighting(believed, look.place.height, stage.now).confirmations == 1
        for _ in range(7):
            look = await stage.look()
        assert look.doubts == (
            "the second is far behind the first, so that confirmations wait for it",
        )
        stage.second.height = 1_000
        (believed,) = (await stage.look()).receipts["A"]
        assert sighting(believed, 1_000, stage.now).confirmations == 900

    play(scene)


def test_a_backend_that_cannot_be_closed_leaves_none_of_the_others_open() -> None:
    class Stuck(Scripted):
        async def close(self) -> None:
            await super().close()
            raise OSError("no")

    async def scene(stage: Stage) -> None:
        stage.first = Stuck("the first")
        await stage.look()

    play(scene)


def test_a_backend_that_lies_about_everything_is_told_in_a_few_lines() -> None:
    async def scene(stage: Stage) -> None:
        stage.second = Scripted("the second")
        names = [f"A{n}" for n in range(100)]
        stage.addresses = dict.fromkeys(names, Known())
        stage.first.blocks = [found(each, height=101) for each in names]
        stage.first.height = stage.second.height = 101
        for _ in range(7):
            await stage.look()
        look = await stage.look()
        assert len(look.doubts) == MOST_DOUBTS + 1
        assert "on more payments than these" in look.doubts[-1]
        assert len(look.undecided) == 100

    play(scene)


def test_what_is_in_doubt_stays_so_while_the_serving_backend_does_not_get_to_it() -> None:
    class InTurns(Scripted):
        async def look(
            self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
        ) -> Look | AddressLook:
            shown = await super().look(place, addresses, began_at=began_at)
            assert isinstance(shown, AddressLook)
            return shown if len(self.places) % 2 else replace(shown, receipts={})

    async def scene(stage: Stage) -> None:
        stage.first = InTurns("in turns", blocks=[found(height=101)])
        stage.first.height = stage.second.height = 101
        looks = [await stage.look() for _ in range(4)]
        assert [each.undecided for each in looks] == [{"A"}] * 4
        assert [len(each.receipts) for each in looks] == [1, 0, 1, 0]

    play(scene)


def test_a_backend_that_fails_every_other_look_is_told() -> None:
    async def scene(stage: Stage) -> None:
        told: list[tuple[str, ...]] = []
        for number in range(12):
            stage.second.error = ChainUnavailableError("now and then") if number % 2 else None
            told.append((await stage.look()).doubts)
        assert told[0] == told[2] == ()
        assert told[-1] == told[-2] == ("the second does not answer, and checks nobody",)
        stage.second.error = None
        told = [(await stage.look()).doubts for _ in range(8)]
        assert told[-1] == ()

    play(scene)


def test_a_backend_that_hangs_or_is_on_its_way_is_told_for_it_checks_nobody() -> None:
    async def scene(stage: Stage) -> None:
        stage.second.complete = False
        looks = [await stage.look() for _ in range(8)]
        on_its_way = "the second is not at the tip of the chain yet, and checks nobody"
        assert looks[-1].doubts == (on_its_way,)
        stage.second.complete, stage.second.takes_seconds = True, 1_000.0
        looks = [await stage.look() for _ in range(30)]
        assert looks[-1].doubts == ("the second does not answer, and checks nobody",)

    play(scene)


def test_addresses_that_are_watched_no_more_are_not_kept() -> None:
    async def scene(stage: Stage) -> None:
        stage.first.blocks = stage.second.blocks = [found(height=101)]
        stage.first.height = stage.second.height = 101
        await stage.look()
        stage.addresses = {"B": Known()}
        await stage.look()
        assert all(member.shown.keys() <= {"B"} for member in stage.client._members)

    play(scene)


def test_what_the_serving_backend_has_not_read_yet_stays_undecided() -> None:
    class Reading(Scripted):
        async def look(
            self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
        ) -> Look | AddressLook:
            shown = await super().look(place, addresses, began_at=began_at)
            assert isinstance(shown, AddressLook)
            return replace(shown, receipts={}, undecided=frozenset(addresses), doubts=("reads",))

    async def scene(stage: Stage) -> None:
        stage.first = Reading("the first")
        look = await stage.look()
        assert not look.receipts
        assert look.undecided == {"A"}
        for _ in range(7):
            look = await stage.look()
        assert look.doubts == ("reads",)

    play(scene)

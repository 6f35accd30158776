"""The address actor with made-up addresses in virtual time, and with real files."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from thespian.actors import Actor, ActorAddress, ActorExitRequest

from actors.address import (
    FEWEST_AHEAD,
    MOST_PASSED_OVER,
    SMALLEST_MARK_BLOCK,
    AddressActor,
)
from actors.environment import Environment, NoticeSender, SystemClock
from actors.messages import (
    AddressRefused,
    AddressSupply,
    AddressTaken,
    StartAddresses,
    TakeAddress,
)
from payments.addresses import AddressSource, AddressSourceOpener, Bip84Addresses, HotAddresses
from payments.custody import CustodyError, key_text, new_mnemonic, seal, write_secret
from payments.derived_addresses import address_of_key
from payments.marks import HighWaterMark, marks_file
from payments.order_keys import unseal_key
from thespian_asyncio import ActorSystemBase, Executor, ThreadExecutor, join_executors
from thespian_asyncio.testing import LoopExecutor, run_in_virtual_time

KEY = bytes(range(32))
Answer = AddressTaken | AddressRefused | AddressSupply


@dataclass
class MadeUpAddresses:
    """Addresses "a0", "a1", ... and a mark; `failing` names what fails."""

    name: str = "LTC/regtest"
    mark: int | None = None
    failing: set[str] = field(default_factory=set)
    marks_written: list[int] = field(default_factory=list)
    derived: int = 0
    is_held: bool = False

    def open(self) -> AddressSource:
        self._fail("open")
        return self

    def open_mark(self) -> HighWaterMark:
        self._fail("open_mark")
        assert not self.is_held
        self.is_held = True
        return self

    def derive(self, index: int) -> str:
        self._fail("derive")
        self.derived += 1
        return f"a{index}"

    def read(self) -> int | None:
        return self.mark

    def write(self, next_index: int) -> None:
        self._fail("write")
        self.mark = next_index
        self.marks_written.append(next_index)

    def close(self) -> None:
        self.is_held = False

    def _fail(self, what: str) -> None:
        if what in self.failing:
            raise CustodyError(f"no {what}")


class NoNotices:
    def open(self) -> NoticeSender:
        raise NotImplementedError("no notice is sent here")


class Asker(Actor):
    """Keeps what it receives in the list that it is given first."""

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        if isinstance(msg, list):
            self.log = msg
        elif isinstance(msg, tuple):
            self.send(*msg)
        elif hasattr(self, "log"):
            self.log.append(msg)


@dataclass
class SeenBefore:
    """A history that says of the indexes below `below` that they were used."""

    below: int
    asked: int = 0

    def open_history(self) -> "SeenBefore":
        return self

    async def seen(self, addresses: Sequence[str]) -> frozenset[str]:
        self.asked += 1
        await asyncio.sleep(0.1)
        return frozenset(each for each in addresses if int(each[1:]) < self.below)

    async def close(self) -> None:
        pass


class Stage:
    """An address actor and somebody who asks it."""

    history: SeenBefore | None = None

    def __init__(self, source: AddressSourceOpener, executor: Callable[[str], Executor]) -> None:
        self.base = ActorSystemBase(None)
        self.source = source
        self.executor = executor
        self.answers: list[Answer] = []
        self.asker = self.base.newPrimaryActor(Asker)
        self.base.tell_async(self.asker, self.answers)
        self.actor = self.base.newPrimaryActor(AddressActor)

    def start(self, first_free_index: int = 0) -> None:
        environment = Environment(
            clock=SystemClock(),
            new_executor=self.executor,
            chains={},
            chain_poll_interval_seconds={},
            address_sources={"LTC": self.source},
            notices=NoNotices(),
            address_histories={} if self.history is None else {"LTC": self.history},
        )
        message = StartAddresses(
            coin="LTC",
            first_free_index=first_free_index,
            shop=self.asker,
            environment=environment,
        )
        self.base.tell_async(self.actor, message)

    def take(self, *order_ids: int) -> None:
        for order_id in order_ids:
            self.base.tell_async(self.asker, (self.actor, TakeAddress(order_id=order_id)))

    async def taken(self, *order_ids: int) -> list[Answer]:
        self.answers.clear()
        self.take(*order_ids)
        await asyncio.sleep(0.5)
        return list(self.answers)

    def state(self) -> object:
        (inspected,) = self.base.inspect(kind="address").actors
        return inspected.details["state"]


Scene = Callable[[Stage, MadeUpAddresses], Coroutine[object, object, None]]


def play(scene: Scene, source: MadeUpAddresses | None = None, job_seconds: float = 0.0) -> None:
    async def run() -> None:
        made_up = source or MadeUpAddresses()
        stage = Stage(made_up, lambda _name: LoopExecutor(lambda: job_seconds))
        await scene(stage, made_up)
        assert await stage.base.shutdown_async()
        await asyncio.sleep(1)
        assert not made_up.is_held

    run_in_virtual_time(run())


def indexes(answers: list[Answer]) -> list[int]:
    return [each.index for each in answers if isinstance(each, AddressTaken)]


def refusals(answers: list[Answer]) -> list[str]:
    return [each.why for each in answers if isinstance(each, AddressRefused)]


def test_each_order_gets_an_address_of_its_own_counted_up() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start()
        answers = await stage.taken(5, 6, 7)
        assert answers == [
            AddressTaken(order_id=5, address="a0", index=0),
            AddressTaken(order_id=6, address="a1", index=1),
            AddressTaken(order_id=7, address="a2", index=2),
        ]
        assert stage.state() == "ready"

    play(scene)


def test_same_order_gets_the_same_address_again() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start()
        assert indexes(await stage.taken(5, 5)) == [0, 0]
        assert indexes(await stage.taken(5, 6, 5)) == [0, 1, 0]

    play(scene)


def test_requests_before_the_start_wait_for_it() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.take(5)
        await asyncio.sleep(5)
        stage.start()
        await asyncio.sleep(0.5)
        assert indexes(stage.answers) == [0]

    play(scene)


def test_no_index_is_handed_out_above_the_mark_on_disk() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.start()
        for order_id in range(1, 200):
            (index,) = indexes(await stage.taken(order_id))
            assert source.mark is not None
            assert index < source.mark

    play(scene)


def test_nothing_is_handed_out_while_the_mark_cannot_be_written() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        source.failing = {"write"}
        stage.start()
        assert refusals(await stage.taken(5)) == ["no write"]
        assert source.mark is None

    play(scene)


def test_mark_moves_in_small_blocks_at_first_and_in_larger_ones_under_demand() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.start()
        await asyncio.sleep(5)
        assert source.marks_written == [SMALLEST_MARK_BLOCK]
        assert source.derived == FEWEST_AHEAD
        stage.take(*range(1, 1001))
        await asyncio.sleep(60)
        assert indexes(stage.answers) == list(range(1000))
        assert len(source.marks_written) < 12
        assert source.mark is not None
        assert source.mark < 4096

    play(scene, job_seconds=0.05)


def test_start_is_at_the_mark() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start(first_free_index=3)
        assert indexes(await stage.taken(5)) == [32]

    play(scene, MadeUpAddresses(mark=32))


def test_start_is_above_what_the_store_knows_where_the_mark_is_older() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start(first_free_index=40)
        assert indexes(await stage.taken(5)) == [40]

    play(scene, MadeUpAddresses(mark=32))


def test_missing_mark_refuses_with_the_words_of_what_to_write() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start(first_free_index=3)
        (why,) = refusals(await stage.taken(5))
        assert 'write "LTC/regtest": N' in why
        assert stage.state() == "failing"

    play(scene)


def test_failure_refuses_those_who_wait_and_is_tried_again() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        source.failing = {"open"}
        stage.start()
        assert refusals(await stage.taken(5, 6)) == ["no open", "no open"]
        source.failing = set()
        assert refusals(await stage.taken(5)) == ["no open"]
        await asyncio.sleep(2)
        assert indexes(await stage.taken(5, 6)) == [0, 1]
        assert stage.state() == "ready"

    play(scene)


def test_mark_that_another_process_holds_is_waited_for() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        source.failing = {"open_mark"}
        stage.start()
        await asyncio.sleep(200)
        source.failing = set()
        await asyncio.sleep(61)
        assert indexes(await stage.taken(5)) == [0]

    play(scene)


def test_addresses_that_are_ready_go_out_while_no_more_can_be_derived() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.start()
        await asyncio.sleep(1)
        source.failing = {"derive"}
        ready = [await stage.taken(order_id) for order_id in range(1, FEWEST_AHEAD + 1)]
        assert [indexes(each) for each in ready] == [[index] for index in range(FEWEST_AHEAD)]
        assert refusals(await stage.taken(1000)) == ["no derive"]

    play(scene)


def test_text_of_an_unexpected_error_is_not_shown() -> None:
    class Secretive(MadeUpAddresses):
        def derive(self, index: int) -> str:
            raise RuntimeError("abandon abandon abandon")

    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.start()
        assert refusals(await stage.taken(5)) == ["an address cannot be made (RuntimeError)"]

    play(scene, Secretive())


def test_orderly_exit_lowers_the_mark_to_the_next_index() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.start()
        assert indexes(await stage.taken(5, 6, 7)) == [0, 1, 2]
        stage.base.tell_async(stage.actor, ActorExitRequest())
        await asyncio.sleep(1)
        assert source.mark == 3
        assert not source.is_held

    play(scene)


def test_exit_of_an_actor_that_never_opened_leaves_the_mark() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        source.failing = {"open"}
        stage.start()
        await asyncio.sleep(1)
        stage.base.tell_async(stage.actor, ActorExitRequest())
        await asyncio.sleep(1)
        assert source.mark == 32

    play(scene, MadeUpAddresses(mark=32))


async def test_with_real_files_a_restart_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    mnemonic = new_mnemonic(12)
    write_secret(tmp_path / "mnemonic", seal(mnemonic, KEY))
    write_secret(tmp_path / "key", key_text(KEY))
    recipe = HotAddresses(
        coin="LTC",
        network="regtest",
        mnemonic_file=tmp_path / "mnemonic",
        key_file=tmp_path / "key",
    )
    expected = Bip84Addresses("LTC", "regtest", mnemonic)
    for run in range(2):
        stage = Stage(recipe, ThreadExecutor)
        stage.start(first_free_index=2 * run)
        for index in (2 * run, 2 * run + 1):
            answer = await stage.base.ask_async(stage.actor, TakeAddress(order_id=index), 10)
            address = expected.derive(index)
            assert isinstance(answer, AddressTaken)
            assert (answer.order_id, answer.address, answer.index) == (index, address, index)
            assert answer.sealed_key is not None
            place = {"coin": "LTC", "network": "regtest", "address": address}
            private_key = unseal_key(answer.sealed_key, KEY, **place)
            assert address_of_key(private_key, "LTC", "regtest") == address
        on_disk = json.loads(marks_file(tmp_path / "mnemonic").read_text())
        assert on_disk["LTC/regtest"] > 2 * run + 1
        assert await stage.base.shutdown_async()
        assert await asyncio.to_thread(join_executors, 10)
        on_disk = json.loads(marks_file(tmp_path / "mnemonic").read_text())
        assert on_disk == {"LTC/regtest": 2 * run + 2}


def test_a_history_that_has_seen_everything_is_asked_with_pauses_and_passes_over_no_more() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.history = SeenBefore(below=1_000_000)
        stage.start()
        stage.take(7)
        await asyncio.sleep(3_600)
        refused = [each for each in stage.answers if isinstance(each, AddressRefused)]
        assert [each.order_id for each in refused] == [7]
        assert "was used before, says the chain's history" in refused[0].why
        (told,) = [each for each in stage.answers if isinstance(each, AddressSupply)]
        assert (told.left, told.is_low) == (0, True)
        assert stage.history.asked < 120
        # The history tells the truth again: nothing far away is handed out.
        stage.history.below = 10
        await asyncio.sleep(120)
        taken = (await stage.taken(8))[-1]
        assert isinstance(taken, AddressTaken)
        assert taken.index <= MOST_PASSED_OVER
        assert source.mark is not None
        assert source.mark > taken.index

    play(scene)


def test_used_addresses_of_many_batches_are_passed_over_without_a_word_to_admins() -> None:
    async def scene(stage: Stage, _source: MadeUpAddresses) -> None:
        stage.history = SeenBefore(below=700)
        stage.start()
        await asyncio.sleep(60)
        (taken,) = await stage.taken(7)
        assert isinstance(taken, AddressTaken)
        assert taken.index == 700

    play(scene)


def test_no_index_above_the_mark_is_handed_out_where_used_ones_are_left_out() -> None:
    async def scene(stage: Stage, source: MadeUpAddresses) -> None:
        stage.history = SeenBefore(below=50)
        source.failing.add("write")
        stage.start()
        await asyncio.sleep(2)
        assert all(isinstance(each, AddressRefused) for each in await stage.taken(7))
        source.failing.clear()
        await asyncio.sleep(60)
        (taken,) = await stage.taken(8)
        assert isinstance(taken, AddressTaken)
        assert taken.index == 50
        assert source.mark is not None
        assert source.mark > 50

    play(scene)

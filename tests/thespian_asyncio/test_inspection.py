import asyncio

import pytest
from thespian.actors import ActorAddress

from tests.thespian_asyncio.actors_for_tests import Echo, Failing, Recorder, Wake
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.testing import run_in_virtual_time


class Named(Echo):
    """An actor that tells of itself."""

    def inspection(self) -> dict[str, object]:
        return {"name": "LTC", "state": "watching"}


class Shy(Echo):
    """An actor whose inspection fails."""

    def inspection(self) -> dict[str, object]:
        raise KeyError("no")


def test_an_actor_is_described_by_its_figures_and_timers() -> None:
    async def run() -> None:
        base = ActorSystemBase(None, wall_clock=lambda: 1_000_000.0)
        actor = base.newPrimaryActor(Recorder)
        base.tell_async(actor, Wake(delays_seconds=(60.0, 30.0)))
        await asyncio.sleep(10)
        base.tell_async(actor, "waiting")
        (seen,) = base.inspect().actors
        assert (seen.kind, seen.class_name, seen.parent) == ("recorder", "Recorder", "/ActorSys")
        assert (seen.mailbox, seen.handled, seen.failures) == (1, 1, 0)
        assert seen.last_message == "Wake"
        assert seen.last_message_at_wall == 1_000_000.0 - 10
        assert [(t.payload, t.due_at_loop, t.due_at_wall) for t in seen.timers] == [
            (30.0, 30.0, 1_000_020.0),
            (60.0, 60.0, 1_000_050.0),
        ]
        totals = base.inspect().totals
        assert (totals.actors, totals.handled, totals.pending_timers) == (1, 1, 2)

    run_in_virtual_time(run())


async def test_failures_and_slow_handlers_are_counted(base: ActorSystemBase) -> None:
    actor = base.newPrimaryActor(Failing)
    await base.ask_async(actor, "fail", 5)
    (seen,) = base.inspect().actors
    assert (seen.handled, seen.failures) == (1, 2)
    assert seen.slowest_seconds > 0


async def test_what_an_actor_tells_of_itself_is_shown_and_a_failure_hides_nobody(
    base: ActorSystemBase,
) -> None:
    base.newPrimaryActor(Named)
    base.newPrimaryActor(Shy)
    base.newPrimaryActor(Echo)
    details = [dict(actor.details) for actor in base.inspect().actors]
    assert details == [
        {"name": "LTC", "state": "watching"},
        {"inspection_error": "KeyError"},
        {},
    ]


async def test_pages_follow_each_other_without_gap_or_repetition(base: ActorSystemBase) -> None:
    created = [
        base.newPrimaryActor(Echo if n % 3 else Recorder).actorAddressString for n in range(25)
    ]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = base.inspect(after=after, limit=4, kind="Echo")
        assert page.total == 16
        seen.extend(actor.address for actor in page.actors)
        after = page.next
        if after is None:
            break
    assert seen == [address for n, address in enumerate(created) if n % 3]


async def test_a_limit_or_place_that_makes_no_sense_is_refused(base: ActorSystemBase) -> None:
    with pytest.raises(ValueError, match="limit is 0"):
        base.inspect(limit=0)
    with pytest.raises(ValueError, match="after is 'x'"):
        base.inspect(after="x")


async def test_inspection_from_a_thread_sees_the_same(base: ActorSystemBase) -> None:
    actor: ActorAddress = base.newPrimaryActor(Echo)
    page = await asyncio.to_thread(base.inspect)
    assert [seen.address for seen in page.actors] == [actor.actorAddressString]

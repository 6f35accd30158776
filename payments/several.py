"""Several backends of one coin: the first that is healthy serves, the others check it.

`payments.agreement` has what is believed. A backend that fails checks nobody; when the one that
serves fails, the next one serves. None of them is waited for longer than `PATIENCE_SECONDS` after
another has answered: it goes on, and what it says is used in a later look. As long as it is under
way with that, payments wait for its word, for at most `LONGEST_LOOK`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from loguru import logger

from payments.agreement import Agreement, View
from payments.chain import (
    AddressLook,
    ChainConnector,
    ChainRefusedError,
    ChainUnavailableError,
    Found,
    Known,
    Place,
)
from payments.walked import AddressByAddress, lower

PATIENCE_SECONDS = 5.0
# One backend is a block ahead of the other every now and then, and that is nobody's business.
TELL_AFTER = timedelta(seconds=60)
MOST_DOUBTS = 20
LONGEST_LOOK = timedelta(minutes=2)
USUAL_GAPS = {"BTC": 1, "LTC": 2, "ETH": 10, "SOL": 150}
"""So many blocks, or slots, one backend may be behind another for a minute and more."""
LISTEN_AGAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralConnector:
    """A recipe for a client of several backends, the first of which is preferred.

    `can_be_set_back`: the chain is one to try things out, and may be shorter than it was.
    """

    coin: str
    connectors: tuple[ChainConnector, ...]
    can_be_set_back: bool = False

    @property
    def pushes(self) -> bool:
        """Where one of them does."""
        return any(each.pushes for each in self.connectors)

    @property
    def name(self) -> str:
        """All of them, for people."""
        return " and ".join(each.name for each in self.connectors)

    def connect(self) -> "SeveralClient":
        """A new client; nothing is sent yet."""
        return SeveralClient(self)


@dataclass(slots=True)
class _Member:
    """One backend. `task` is its look under way, begun at `began_at` from the place `asked`.

    `error` is why its last one failed. `missed` is the lowest place from which looks were asked for
    since that it did not begin: an address may have come with it, for which blocks are read again.
    """

    name: str
    pushes: bool
    client: AddressByAddress
    missed: Place | None = None
    asked: Place | None = None
    task: asyncio.Task[AddressLook] | None = None
    began_at: datetime | None = None
    latest: AddressLook | None = None
    shown: dict[str, tuple[Found, ...]] = field(default_factory=dict)
    error: ChainUnavailableError | ChainRefusedError | None = None
    news: asyncio.Task[None] | None = None


class SeveralClient:
    """One view made of several."""

    def __init__(self, connector: SeveralConnector) -> None:
        self._members = [
            _Member(each.name, each.pushes, AddressByAddress(each.connect()))
            for each in connector.connectors
        ]
        self._agreement = Agreement(connector.coin)
        self._can_be_set_back = connector.can_be_set_back
        self._highest = -1
        self._doubted_since: dict[str, datetime] = {}
        self._backends_away: dict[str, tuple[datetime, datetime]] = {}
        self._doubted: frozenset[str] = frozenset()

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the watched addresses have received; see `ChainClient`.

        Raises:
            ChainUnavailableError: no backend answers.
            ChainRefusedError: each of them refuses, and will as configured.
        """
        known = self._with_urgent(addresses)
        for member in self._members:
            member.missed = lower(member.missed, place)
            if member.task is None:
                member.began_at = began_at
                member.asked, member.missed = member.missed, None
                member.task = asyncio.ensure_future(
                    member.client.look(member.asked, known, began_at=began_at)
                )
        await self._wait()
        answered = [member for member in self._members if self._answer(member)]
        if not answered:
            raise self._failure()
        complete = [member for member in answered if member.latest and member.latest.complete]
        if not complete:
            return _still_on_its_way(answered[0], began_at)
        serving = self._in_step(complete, place)
        others = [member for member in complete if member is not serving]
        under_way = [member for member in self._members if _is_under_way(member, began_at)]
        return self._agreed([serving, *others, *under_way], addresses, began_at)

    async def changed(self) -> None:
        """Return when one of the backends says that a look may show something new.

        Raises:
            ChainUnavailableError: none of those that push can be reached now.
        """
        while True:
            tasks = self._listening()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finished = [member for member in self._members if member.news in done]
            errors = [_taken_error(member) for member in finished]
            if any(error is None for error in errors):
                return
            if len(finished) == len(tasks):
                raise ChainUnavailableError("; ".join(str(error) for error in errors if error))
            # The others are listened to meanwhile; those that broke are tried again with them.
            with suppress(TimeoutError):
                async with asyncio.timeout(LISTEN_AGAIN_SECONDS):
                    await asyncio.wait(
                        [each.news for each in self._members if each.news is not None],
                        return_when=asyncio.FIRST_COMPLETED,
                    )

    async def close(self) -> None:
        """Let go of all of them."""
        for member in self._members:
            for task in (member.task, member.news):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await task
            try:
                await member.client.close()
            except Exception as error:  # noqa: BLE001 - the others are to be closed too
                logger.opt(exception=error).error("{} was not closed in order", member.name)

    # --- a look -----------------------------------------------------------------------------------

    def _in_step(self, complete: Sequence[_Member], place: Place | None) -> _Member:
        """The first that is not behind what was shown before; one that is has still its word.

        Payments in the blocks that it lacks would seem to have been undone.
        """
        if self._can_be_set_back:
            return complete[0]
        self._highest = max(self._highest, -1 if place is None else place.height)
        for member in complete:
            if member.latest is not None and member.latest.place.height >= self._highest:
                self._highest = member.latest.place.height
                return member
        names = " and ".join(member.name for member in complete)
        raise ChainUnavailableError(f"{names} behind: no block {self._highest} yet")

    def _with_urgent(self, addresses: Mapping[str, Known]) -> Mapping[str, Known]:
        """What is in doubt is looked at by everybody in each round."""
        doubted = {
            each: replace(addresses[each], urgent=True)
            for each in self._doubted
            if each in addresses and not addresses[each].urgent
        }
        return {**addresses, **doubted} if doubted else addresses

    async def _wait(self) -> None:
        tasks = {member.task for member in self._members if member.task is not None}
        done: set[asyncio.Task[AddressLook]] = set()
        while tasks and not any(_succeeded(task) for task in done):
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE_SECONDS)

    def _answer(self, member: _Member) -> bool:
        """Whether the member has answered since the last look; what it said is taken in."""
        task = member.task
        if task is None or not task.done():
            return False
        member.task, member.error = None, None
        try:
            latest = task.result()
        except (ChainUnavailableError, ChainRefusedError) as error:
            member.error = error
        except Exception as error:  # noqa: BLE001 - whatever one does, the others serve
            logger.opt(exception=error).error("a look by {} broke", member.name)
            member.error = ChainUnavailableError(f"{member.name} broke ({type(error).__name__})")
        else:
            member.latest = latest
            member.shown.update(latest.receipts)
            return True
        # From there on nothing was read for the addresses of that look.
        member.missed = lower(member.missed, member.asked)
        return False

    def _failure(self) -> ChainUnavailableError | ChainRefusedError:
        errors = [member.error for member in self._members if member.error is not None]
        text = "; ".join(str(error) for error in errors)
        if len(errors) == len(self._members) and all(
            isinstance(error, ChainRefusedError) for error in errors
        ):
            return ChainRefusedError(text)
        return ChainUnavailableError(text or "no backend has answered yet")

    def _agreed(
        self, members: Sequence[_Member], addresses: Mapping[str, Known], began_at: datetime
    ) -> AddressLook:
        serving = members[0].latest
        if serving is None:
            raise RuntimeError("a backend that answered has an answer")
        self._agreement.keep(addresses)
        for member in self._members:
            member.shown = {a: shown for a, shown in member.shown.items() if a in addresses}
        receipts: dict[str, tuple[Found, ...]] = {}
        doubts = {_told_of_away(each): "" for each in self._members if each not in members}
        doubts |= dict.fromkeys(serving.doubts, "")
        doubts |= dict.fromkeys(_far_behind(members, self._agreement.coin), "")
        for address in serving.receipts:
            known = addresses.get(address)
            if known is None:
                continue
            self._agreement.recorded(known.receipts)
            views = [_view(member, address) for member in members]
            if not any(view.receipts for view in views):
                receipts[address] = ()
                continue
            believed = self._agreement.believed(views, serving.place.height)
            doubts |= dict.fromkeys(believed.doubts, address)
            if believed.receipts is not None:
                receipts[address] = believed.receipts
        # That the one which serves says nothing of an address settles nothing.
        not_shown = (self._doubted - serving.receipts.keys()) & addresses.keys()
        self._doubted = not_shown.union(address for address in doubts.values() if address)
        return AddressLook(
            began_at=serving.began_at,
            place=serving.place,
            receipts=receipts,
            doubts=self._lasting(doubts, began_at),
            undecided=self._doubted | serving.undecided,
            # They pay nothing, so one backend's word is enough.
            tokens=tuple(each for m in members if m.latest for each in m.latest.tokens),
        )

    def _lasting(self, doubts: Mapping[str, str], now: datetime) -> tuple[str, ...]:
        # What is no more of a payment is settled; a backend that comes and goes is away each time.
        lingering = {
            text: (since, last)
            for text, (since, last) in self._backends_away.items()
            if text in doubts or now - last < TELL_AFTER
        }
        about_backends = [text for text, address in doubts.items() if not address]
        for text in about_backends:
            lingering[text] = (lingering.get(text, (now, now))[0], now)
        self._backends_away = lingering
        since = self._doubted_since
        self._doubted_since = {t: since.get(t, now) for t, address in doubts.items() if address}
        began = {text: since for text, (since, _) in lingering.items()} | self._doubted_since
        lasting = [text for text, at in began.items() if now - at >= TELL_AFTER]
        if len(lasting) <= MOST_DOUBTS:
            return tuple(lasting)
        # A backend that lies about everything must not drown out the rest.
        return (*lasting[:MOST_DOUBTS], "the backends do not agree on more payments than these")

    # --- news -------------------------------------------------------------------------------------

    def _listening(self) -> list[asyncio.Task[None]]:
        tasks = []
        for member in self._members:
            if member.pushes:
                if member.news is None:
                    member.news = asyncio.ensure_future(member.client.changed())
                tasks.append(member.news)
        return tasks


def _succeeded(task: asyncio.Task[AddressLook]) -> bool:
    return not task.cancelled() and task.exception() is None


def _is_under_way(member: _Member, now: datetime) -> bool:
    began_at = member.began_at
    return member.task is not None and began_at is not None and now - began_at < LONGEST_LOOK


def _told_of_away(member: _Member) -> str:
    """Why one that is not heard on a look checks nobody."""
    if member.error is None and member.task is None:
        return f"{member.name} is not at the tip of the chain yet, and checks nobody"
    return f"{member.name} does not answer, and checks nobody"


def _view(member: _Member, address: str) -> View:
    return View(
        backend=member.name,
        receipts=member.shown.get(address),
        tip_height=None if member.latest is None else member.latest.place.height,
    )


def _far_behind(members: Sequence[_Member], coin: str) -> Iterator[str]:
    """Who is so far behind the one that serves that payments wait for their confirmations."""
    serving, *others = (each for each in members if each.latest is not None)
    for each in others:
        if each.latest and serving.latest:
            gap = serving.latest.place.height - each.latest.place.height
            if gap > USUAL_GAPS[coin]:
                yield f"{each.name} is far behind {serving.name}, so that confirmations wait for it"


def _taken_error(member: _Member) -> BaseException | None:
    """What ended the member's listening, which is over; None: there is news."""
    task, member.news = member.news, None
    return None if task is None else task.exception()


def _still_on_its_way(member: _Member, began_at: datetime) -> AddressLook:
    if member.latest is None:
        raise RuntimeError("a backend that answered has an answer")
    return AddressLook(began_at=began_at, place=member.latest.place, receipts={}, complete=False)

"""The chain watcher of one coin: looks at the chain, and tells what each watched address received.

Owns: the watched addresses, what each has received, and the place in the chain up to which it
knows.
In: `StartWatcher`, `WatchAddress`, `LookAtAddress`, `PaymentSeenTaken`, and the ledger's answers.
Out: `PaymentSeen`, `ChainHealth`, `BackendsDisagree` and `TokensArrived` to the shop; `NothingSeen`
to whoever asked; `Record` of its place to the ledger.
States: new, starting, watching, catching up, blind, refused.

It looks every poll interval, never twice at once, in its outside; at once where the backend says
that there is news; where the environment says so, also as soon as somebody asks, and one look then
answers all who asked before it began. A report is the whole state of an address, sent when it
changed and again until it was taken. The place goes to disk only when everything found up to it was
taken, so that after a crash the blocks since are read again.
Failure: a look that fails makes the coin blind, which the shop is told, and is repeated with
back-off; so does one that does not end, until it does. Pushes that break are asked for again with
back-off; the poll goes on meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage

from actors.chain_telling import ChainTellingActor
from actors.closing import close_for_good
from actors.messages import (
    LookAtAddress,
    StartWatcher,
    WatchAddress,
    Watched,
)
from actors.place_records import PlaceRecords
from payments.chain import (
    AddressLook,
    ChainClient,
    ChainRefusedError,
    ChainUnavailableError,
    Look,
    Place,
)
from payments.watch_state import Target
from payments.watching import (
    Beside,
    apply_address_look,
    apply_look,
    begin_look,
    due_reports,
    forget_settled,
    found_again,
    place_to_record,
    shows,
    start_state,
    watch,
)
from store.contract import Recorded, RecordRefused
from thespian_asyncio import Executor, Outcome

LONGEST_BACK_OFF_SECONDS = 60.0
SHORTEST_BACK_OFF_SECONDS = 1.0
SOON_AFTER_A_PUSH_SECONDS = 0.2
LOOK_OVERDUE_MINUTES = 5

FIRST_PLACE_NOT_ON_DISK = "the first place in the chain is not on disk yet"
CATCHING_UP = "the shop is catching up with the chain"
REFUSED = "refused: "
LOOK_OVERDUE = f"a look at the chain has not ended for {LOOK_OVERDUE_MINUTES} minutes and more"

_LOOK = "look"
_PUSH = "push"
_CLOSE = "close"
_OVERDUE = "overdue look"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """The payload of a wakeup: the look of this number is due. Any other number is stale."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAgain:
    """The payload of a wakeup: it is time to listen for pushes again."""


class ChainWatcherActor(ChainTellingActor):
    """See the module's text."""

    kind = "chain_watcher"

    def __init__(self) -> None:
        super().__init__()
        self._client: ChainClient | None = None
        self._places = PlaceRecords(None)
        self._interval_seconds = 0.0
        self._asked_interval_seconds: float | None = None
        self._is_looking = False
        self._asked_since_look = False
        self._is_listening = False
        self._broken_pushes = 0
        self._pushed_at: datetime | None = None
        self._began_at: datetime | None = None
        self._look_number = 0
        self._minutes_of_look = (0, 0)
        self._failures = 0
        self._tip_height: int | None = None

    def new_executor(self) -> Executor:
        """The environment's, or a thread before there is one."""
        if self._start is None:
            return super().new_executor()
        return self._start.environment.new_executor(f"chain-{self.name}")

    def inspection(self) -> dict[str, object]:
        """Plain values for the operator."""
        return {
            **super().inspection(),
            "height": self._tip_height,
            "watched": len(self._watch.tracks),
            "looked_at": None if self._began_at is None else self._began_at.isoformat(),
            "why": self._health,
            "doubts": sorted(self._doubts),
            "noticed_within_seconds": self._delays.counts(),
        }

    # --- the start, and what to watch -------------------------------------------------------------

    def receiveMsg_StartWatcher(self, message: StartWatcher, _sender: ActorAddress) -> None:
        """Take up where the store says that the last watcher was."""
        if self._start is not None:
            return
        place = None
        if message.place_height is not None and message.place_hash is not None:
            place = Place(height=message.place_height, block_hash=message.place_hash)
        environment = message.environment
        connector = environment.chains[message.coin]
        self._client = connector.connect()
        self._interval_seconds = environment.chain_poll_interval_seconds[message.coin]
        asked_intervals = environment.asked_look_interval_seconds
        self._asked_interval_seconds = asked_intervals.get(message.coin)
        self._watch = start_state(place, ((_target(w), w.receipts) for w in message.watched))
        self._places = PlaceRecords(place)
        self._start, self.name, self.state = message, message.coin, "starting"
        self.clock, self.alert_to = environment.clock, message.shop
        self.arm_after(_OVERDUE, timedelta(minutes=1))
        self._look()
        if connector.pushes:
            self._listen()

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """Close the connection; what is not on disk is read again at the next start."""
        super().receiveMsg_ActorExitRequest(message, sender)
        client = self._client
        if client is not None:
            self.outside.submit(_CLOSE, lambda: close_for_good(client))

    def receiveMsg_WatchAddress(self, message: WatchAddress, _sender: ActorAddress) -> None:
        """An address more, or an address longer or shorter."""
        watched, read = message.watched, message.read
        beside = None
        if read is not None:
            place = Place(height=read.height, block_hash=read.block_hash)
            found = tuple(found_again(watched.address, each) for each in read.sightings)
            beside = Beside(place=place, found=found)
        watch(self._watch, _target(watched), watched.receipts, self.clock.now(), beside)

    def receiveMsg_LookAtAddress(self, message: LookAtAddress, sender: ActorAddress) -> None:
        """Somebody waits for a look; it is answered by the first that is late enough."""
        self._asked[message] = sender
        if not self._asked_since_look:
            self._asked_since_look = True
            self._look_soon()

    # --- looking ----------------------------------------------------------------------------------

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """Time for the next look, or to listen again."""
        if message.payload == NextLook(number=self._look_number) and not self._is_looking:
            self._look()
        elif isinstance(message.payload, ListenAgain):
            self._listen()
        elif self.rings(message.payload) is not None:
            self._tell_if_overdue()

    def _tell_if_overdue(self) -> None:
        """A look that does not end shows nothing, and must not be taken for one that does.

        A long way to the tip is walked in several looks; none of them takes so long.
        """
        self.arm_after(_OVERDUE, timedelta(minutes=1))
        # Counted by the rings, for the clock may be set while it is under way.
        number, minutes = self._minutes_of_look
        minutes = minutes + 1 if self._is_looking and number == self._look_number else 0
        self._minutes_of_look = (self._look_number, minutes)
        if minutes >= LOOK_OVERDUE_MINUTES:
            self.state = "blind"
            self._tell_health(LOOK_OVERDUE)

    def _look_soon(self) -> None:
        """Somebody has asked since the last look began, or there is news: the next is soon.

        After a failure it does, for whoever asks: the back-off is there to spare the node.
        """
        interval_seconds = self._asked_interval_seconds
        if self._pushed_at is not None:
            interval_seconds = SOON_AFTER_A_PUSH_SECONDS
        if interval_seconds is not None and not self._is_looking and not self._failures:
            self._wake_after(self._seconds_to_next(self.clock.now(), interval_seconds))

    def _look(self) -> None:
        client = self._client
        if client is None:
            return
        began_at = self.clock.now()
        asked = [each.address for each in self._asked]
        place, addresses = self._watch.place, self._watch.addresses(asked)
        self.outside.submit(_LOOK, lambda: client.look(place, addresses, began_at=began_at))
        begin_look(self._watch)
        self._there_since = self._pushed_at or self._began_at
        self._began_at, self._pushed_at = began_at, None
        self._look_number += 1
        self._is_looking, self._asked_since_look = True, False

    def _listen(self) -> None:
        client = self._client
        if client is not None and not self._is_listening:
            self._is_listening = True
            self.outside.submit(_PUSH, client.changed)

    def _pushed(self, error: BaseException | None) -> None:
        """The backend says that there is news, or listening to it broke."""
        self._is_listening = False
        if error is None:
            self._broken_pushes = 0
            self._pushed_at = self._pushed_at or self.clock.now()
            self._look_soon()
            self._listen()
            return
        if not isinstance(error, ChainUnavailableError):
            logger.opt(exception=error).error("{} {}: listening broke", self.kind, self.name)
        elif not self._broken_pushes:
            logger.warning("{} {}: nothing is pushed: {}", self.kind, self.name, error)
        self._broken_pushes += 1
        self.wakeupAfter(_back_off(SHORTEST_BACK_OFF_SECONDS, self._broken_pushes), ListenAgain())

    def outcome(self, outcome: Outcome) -> None:
        """A look has ended, or something was pushed."""
        if outcome.tag == _PUSH:
            self._pushed(outcome.error)
            return
        self._is_looking = False
        match outcome.error:
            case None if isinstance(outcome.value, Look | AddressLook):
                self._looked(outcome.value)
            case ChainRefusedError() as error:
                self._failed("refused", f"{REFUSED}{error}")
            case ChainUnavailableError() as error:
                self._failed("blind", str(error))
            case error:
                logger.opt(exception=error).error("{} {}: a look broke", self.kind, self.name)
                self._failed("blind", f"a look at the chain broke ({type(error).__name__})")

    def _looked(self, look: Look | AddressLook) -> None:
        now = self.clock.now()
        # First of all, for whatever fails below, the watcher looks again.
        next_seconds = self._seconds_to_next(now, self._interval_seconds)
        self._wake_after(next_seconds if look.complete else 0.0)
        self._failures, self._tip_height = 0, look.place.height
        if self._asked_since_look or self._pushed_at is not None:
            self._look_soon()
        if isinstance(look, AddressLook):
            apply_address_look(self._watch, look, now)
            self._tell_doubts(look.doubts)
            self._tell_tokens(look)
        else:
            apply_look(self._watch, look, now)
        if look.complete:
            self._tell(look, now)
        self._record_place(now)
        self.state = "watching" if look.complete else "catching up"
        self._tell_health(self._why_not(look))

    def _tell(self, look: Look | AddressLook, now: datetime) -> None:
        answered = self._answerable(look)
        unseen = [each for each in answered if self._watch.tracks[each.address].is_empty]
        asked = dict.fromkeys(each.address for each in answered)
        for question in unseen:
            asked.pop(question.address, None)
        reports = due_reports(self._watch, look, asked, now)
        forget_settled(self._watch, look)
        for question in unseen:
            self._tell_asker(question, look)
        for question in answered:
            del self._asked[question]
        self._report(reports, look)

    def _failed(self, state: str, why: str) -> None:
        self._failures += 1
        shortest = max(self._interval_seconds, SHORTEST_BACK_OFF_SECONDS)
        delay = _back_off(shortest, self._failures).total_seconds()
        self._wake_after(max(self._interval_seconds, delay))
        self.state = state
        self._tell_health(why)

    def _answerable(self, look: Look | AddressLook) -> list[LookAtAddress]:
        return [
            question
            for question in self._asked
            if question.not_before <= look.began_at and shows(self._watch, look, question.address)
        ]

    # --- telling ----------------------------------------------------------------------------------

    def _why_not(self, look: Look | AddressLook) -> str:
        if not look.complete:
            return CATCHING_UP
        # An order that is made before there is a place on disk would not be looked for after a
        # crash: the next watcher would begin at the tip.
        return FIRST_PLACE_NOT_ON_DISK if self._places.on_disk is None else ""

    # --- the place on disk ------------------------------------------------------------------------

    def _record_place(self, now: datetime) -> None:
        record = self._places.due(self.name, place_to_record(self._watch, now), now)
        if record is not None and self._start is not None:
            self.send(self._start.ledger, record)

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """The place is on disk."""
        if self._places.recorded(message.command_id) and self._health == FIRST_PLACE_NOT_ON_DISK:
            self._tell_health("")

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """The place is not on disk; a later one is tried."""
        if self._places.refused(message.command_id):
            logger.error("{} {}: place refused: {}", self.kind, self.name, message.detail)

    # --- small helpers ----------------------------------------------------------------------------

    def _wake_after(self, seconds: float) -> None:
        self.wakeupAfter(timedelta(seconds=seconds), NextLook(number=self._look_number))

    def _seconds_to_next(self, now: datetime, interval_seconds: float) -> float:
        """The next look begins an interval after the last began, at once where that is over."""
        began_at = self._began_at or now
        # Kept within the interval, for the clock may be set while a look is under way.
        passed_seconds = max(0.0, (now - began_at).total_seconds())
        return max(0.0, interval_seconds - passed_seconds)


def _back_off(shortest_seconds: float, failures: int) -> timedelta:
    # The exponent is bounded, for it may fail for weeks.
    seconds = shortest_seconds * 2.0 ** min(failures - 1, 10)
    return timedelta(seconds=min(seconds, LONGEST_BACK_OFF_SECONDS))


def _target(watched: Watched) -> Target:
    return Target(
        order_id=watched.order_id,
        address=watched.address,
        confirmations_required=watched.confirmations_required,
        watch_until=watched.watch_until,
    )

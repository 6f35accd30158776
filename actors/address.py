"""The address actor of one coin: hands out each address once.

Owns: the next index, addresses derived ahead, and the high-water mark beside the mnemonic.
In: `StartAddresses`, `TakeAddress`. Out: `AddressTaken` or `AddressRefused` to whoever asked;
`AddressSupply` to the root.
States: new, opening, ready, failing.

Deriving, reading secrets and writing the mark are done in its outside. An index is handed out only
below the mark that is on disk; requests wait meanwhile. After an orderly exit the mark is
lowered to the next index, so that restarts leave no gap for a wallet to stumble over.
Where the coin has somebody who knows the history of addresses (`Environment.address_histories`),
those that are derived ahead are asked about, and one that the chain has seen is never handed out.
Where it says so of all of a batch, that is a failure, and after thousands in a row none is passed
over any more.
Failure: those who wait are refused with the reason, and it is tried again with back-off. A list of
addresses that gets short, is used up, or is long again: `AddressSupply` to the root; as well where
no address is left that may be handed out.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage

from actors.address_supply import Supply
from actors.base import ShopActor
from actors.messages import (
    AddressRefused,
    AddressSupply,
    AddressTaken,
    StartAddresses,
    TakeAddress,
)
from payments.address_book import AddressBook, Ahead, derive_unseen
from payments.address_source import AddressesUsedUpError, DerivedAddress
from payments.addresses import AddressError
from payments.chain import ChainUnavailableError
from payments.custody import CustodyError
from thespian_asyncio import Executor, Outcome

FEWEST_AHEAD = 64
SMALLEST_MARK_BLOCK = 16
MOST_AHEAD = 4096
DERIVED_AT_ONCE = 256
MOST_PASSED_OVER = 2_000
REMEMBERED_ORDERS = 10_000
SHORTEST_BACK_OFF_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """The payload of a wakeup: the back-off after this number of failures is over."""

    failures: int


class AddressActor(ShopActor):
    """See the module's text."""

    kind = "address"

    def __init__(self) -> None:
        super().__init__()
        self._start: StartAddresses | None = None
        self._book: AddressBook | None = None
        self._is_open = False
        self._jobs: set[str] = set()
        self._supply = Supply("")
        self._ready: deque[DerivedAddress] = deque()  # by index
        self._next_index = 0
        self._derived_to = 0  # every index below was derived, or handed out before
        self._mark = 0  # on disk: every index below may be handed out
        self._ahead, self._mark_block = FEWEST_AHEAD, SMALLEST_MARK_BLOCK
        self._waiting: OrderedDict[int, list[ActorAddress]] = OrderedDict()
        self._taken: OrderedDict[int, AddressTaken] = OrderedDict()
        self._passed_over = 0  # indexes in a row that had been used before
        self._failures = 0
        self._failed: dict[str, str] = {}  # jobs that wait for the back-off, and why

    def new_executor(self) -> Executor:
        """The environment's, or a thread before there is one."""
        if self._start is None:
            return super().new_executor()
        return self._start.environment.new_executor(f"address-{self.name}")

    def inspection(self) -> dict[str, object]:
        """Plain values for the operator; no address and no index."""
        return {
            **super().inspection(),
            "ready": len(self._ready),
            "waiting": len(self._waiting),
            "why": self._why(),
        }

    def receiveMsg_StartAddresses(self, message: StartAddresses, _sender: ActorAddress) -> None:
        """Open the secrets of this coin."""
        if self._start is not None:
            return
        self._book = AddressBook(message.environment.address_sources[message.coin])
        self._supply = Supply(message.coin)
        self._start, self.name, self.state = message, message.coin, "opening"
        self.clock, self.alert_to = message.environment.clock, message.shop
        self._go_on()

    def receiveMsg_TakeAddress(self, message: TakeAddress, sender: ActorAddress) -> None:
        """An address for an order; the same one where it asks again."""
        taken = self._taken.get(message.order_id)
        if taken is not None:
            self.send(sender, taken)
            return
        self._waiting.setdefault(message.order_id, []).append(sender)
        self._go_on()

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """The back-off after a failure is over."""
        if message.payload == TryAgain(failures=self._failures):
            self._failed.clear()
            self._go_on()

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """Lower the mark; the outside runs this job before it closes."""
        super().receiveMsg_ActorExitRequest(message, sender)
        if self._book is not None:
            next_index = self._next_index if self._is_open else None
            self.outside.submit("close", partial(_close, self._book, next_index, self.name))

    # --- handing out ------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Hand out what can be, have more made, and let nobody wait for what failed."""
        self._hand_out()
        self._prepare()
        if self._failed and not self._jobs:
            self._refuse_waiting()

    def _hand_out(self) -> None:
        while self._waiting and self._ready and self._first_ready() < self._mark:
            order_id, askers = self._waiting.popitem(last=False)
            ready = self._ready.popleft()
            self._next_index = ready.index + 1
            taken = AddressTaken(
                order_id=order_id,
                address=ready.address,
                index=ready.index,
                sealed_key=ready.sealed_key,
            )
            self._remember(taken)
            for asker in askers:
                self.send(asker, taken)

    def _first_ready(self) -> int:
        # Those that the chain has seen are left out, so it may be far above the last handed out.
        return self._ready[0].index if self._ready else self._next_index

    def _remember(self, taken: AddressTaken) -> None:
        self._taken[taken.order_id] = taken
        if len(self._taken) > REMEMBERED_ORDERS:
            self._taken.popitem(last=False)

    def _refuse_waiting(self) -> None:
        while self._waiting:
            order_id, askers = self._waiting.popitem(last=False)
            for asker in askers:
                self.send(asker, AddressRefused(order_id=order_id, why=self._why()))

    def _why(self) -> str:
        return "; ".join(self._failed.values())

    # --- being ready ------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Have everything done that is missing and not under way."""
        book, start = self._book, self._start
        if book is None or start is None:
            return
        if not self._is_open:
            self._submit("open", partial(book.open, start.first_free_index))
            return
        if len(self._ready) <= self._ahead // 2 and self._may_derive():
            count = min(self._ahead - len(self._ready), DERIVED_AT_ONCE)
            history = start.environment.address_histories.get(start.coin)
            self._submit("derive", partial(derive_unseen, book, history, self._derived_to, count))
        if self._supply.is_due(self._next_index):
            self._submit("supply", book.end)
        if self._mark - self._first_ready() <= self._mark_block // 2:
            self._submit("mark", partial(book.write_mark, self._first_ready() + self._mark_block))

    def _may_derive(self) -> bool:
        # At the end of a list it is read again, but not before there is need.
        return not self._ready or self._supply.has_from(self._derived_to)

    def _submit(self, tag: str, job: Callable[[], object]) -> None:
        if tag not in self._jobs and tag not in self._failed:
            self.outside.submit(tag, job)
            self._jobs.add(tag)

    def outcome(self, outcome: Outcome) -> None:
        """A job is done."""
        tag = str(outcome.tag)
        self._jobs.discard(tag)
        if outcome.error is not None:
            self._back_off(tag, outcome.error)
        else:
            self._done(tag, outcome.value)
        self._go_on()

    def _done(self, tag: str, value: object) -> None:
        match tag, value:
            case "open", int(first):
                self._is_open, self._next_index, self._mark = True, first, first
                self._derived_to = first
                if self._book is not None:
                    self._submit("supply", self._book.end)
            case "derive", Ahead() as ahead:
                self._take_in(ahead)
                self._ahead = self._grown(self._ahead)
            case "supply", end if end is None or isinstance(end, int):
                self._tell(self._supply.looked_at(end, self._next_index))
            case "mark", int(mark):
                self._mark = mark
                self._mark_block = self._grown(self._mark_block)
        if not self._failed and not self._jobs:
            self._failures, self.state = 0, "ready"

    def _take_in(self, ahead: Ahead) -> None:
        if not ahead.addresses:
            self._pass_over(ahead)
            return
        # An outcome may be handed over twice.
        self._ready.extend(each for each in ahead.addresses if each.index >= self._derived_to)
        self._derived_to = max(self._derived_to, ahead.next_index)
        self._passed_over = 0
        self._tell(self._supply.has_more(ahead.end, self._next_index))

    def _pass_over(self, ahead: Ahead) -> None:
        """Every one of them was used before, which may be true; of thousands in a row it is not.

        A wallet finds nothing beyond a gap of that size, so it stays there, and admins are told.
        """
        why = (
            f"every address up to index {ahead.next_index - 1} was used before, says the chain's"
            " history: is the mnemonic used elsewhere, or does that server not tell the truth?"
        )
        passed = max(0, ahead.next_index - self._derived_to)
        if self._passed_over + passed > MOST_PASSED_OVER:
            self._back_off("derive", AddressesUsedUpError(why))
            return
        self._passed_over += passed
        self._derived_to += passed
        self._ahead = min(2 * self._ahead, MOST_AHEAD)
        self._back_off("derive", CustodyError(why))

    def _tell(self, news: AddressSupply | None) -> None:
        if news is not None and self._start is not None:
            self.send(self._start.shop, news)

    def _grown(self, size: int) -> int:
        """Twice as much next time where somebody had to wait for it."""
        return min(2 * size, MOST_AHEAD) if self._waiting else size

    def _back_off(self, tag: str, error: BaseException) -> None:
        known = isinstance(error, CustodyError | AddressError | ChainUnavailableError)
        # Only the texts of custody are known to contain no secret.
        why = str(error) if known else f"an address cannot be made ({type(error).__name__})"
        if isinstance(error, AddressesUsedUpError):
            self._tell(self._supply.ran_out(why))
        self._failed[tag] = why
        self._failures += 1
        self.state = "failing"
        logger.error("{} {}: {}", self.kind, self.name, why)
        seconds = SHORTEST_BACK_OFF_SECONDS * 2.0 ** min(self._failures - 1, 10)
        delay = timedelta(seconds=min(seconds, LONGEST_BACK_OFF_SECONDS))
        self.wakeupAfter(delay, TryAgain(failures=self._failures))


def _close(book: AddressBook, next_index: int | None, coin: str) -> None:
    try:
        book.close(next_index)
    except CustodyError as error:
        # Nobody is there any more to be told; the mark is too high, which costs only a gap.
        logger.error("address {}: {}", coin, error)

"""What several backends say of an address, made into what the shop believes. Pure.

One serves. A payment counts as being in a block when everybody who was asked shows it in a block,
with the same amount; until then it is held as one that waits for its block. What any of them shows
is shown, for a payment that one backend does not know yet has still been made. Where the amounts
differ, nothing is concluded of the address at all: what is recorded of a payment stands for good.

The id of a transaction of BTC or LTC commits to its amounts (BIP 141). Elsewhere what one shows
alone is taken up in the second look that has it so: an honest one may only be a moment later, and
what is recorded of a payment stands for good.

How long the chain is each says alone, and so how many confirmations a payment has: it has the
fewest that any of them counts.

Once agreed on, a payment stays so while the one that serves has it in the same block: a backend
that starts anew, or stands still, takes nothing back.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.money import format_coin
from payments.chain import Found, confirmations_of

COMMITTED_TO_BY_ID = frozenset({"BTC", "LTC"})

_Fact = tuple[str, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one backend shows of an address; None: it has not looked at it.

    `tip_height`: how high its chain is; None: it has not said yet.
    """

    backend: str
    receipts: tuple[Found, ...] | None
    tip_height: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """`receipts` None: nothing may be concluded. `doubts` are for people, one a receipt."""

    receipts: tuple[Found, ...] | None
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Agreement:
    """What was agreed on so far, by address, receipt, amount and block."""

    coin: str
    _agreed: dict[str, set[_Fact]] = field(default_factory=dict)
    _shown_by_some: dict[str, set[str]] = field(default_factory=dict)

    def recorded(self, receipts: Iterable[Found]) -> None:
        """What the shop has recorded was agreed on when it was."""
        self._agree(each for each in receipts if each.block_height is not None)

    def keep(self, addresses: Container[str]) -> None:
        """Forget what was agreed on of all others."""
        self._agreed = {a: facts for a, facts in self._agreed.items() if a in addresses}
        some = self._shown_by_some
        self._shown_by_some = {a: names for a, names in some.items() if a in addresses}

    def believed(self, views: Sequence[View], tip_height: int) -> Believed:
        """What follows from the views of one address, the first of which is of the one that serves.

        `tip_height` is that of the one that serves: nothing is above it.
        """
        asked = {view.backend: _by_id(view.receipts or ()) for view in views}
        unread = any(view.receipts is None for view in views)
        receipts: list[Found] = []
        doubts: list[str] = []
        for receipt_id in dict.fromkeys(name for shown in asked.values() for name in shown):
            versions = {name: shown.get(receipt_id) for name, shown in asked.items()}
            amounts = {each.amount_base_units for each in _there(versions)}
            if len(amounts) > 1 or self._is_one_word(versions):
                return Believed(receipts=None, doubts=(self._told(receipt_id, versions),))
            serving = versions[views[0].backend]
            if serving is not None and self._is_agreed(serving):
                receipts.append(serving)
            elif unread or not _is_in_block_for_all(versions, tip_height):
                receipts.append(_held(next(_there(versions))))
                doubts += self._doubts(receipt_id, versions)
            else:
                latest = max(_there(versions), key=lambda each: each.block_height or 0)
                receipts.append(latest)
                self._agree(_there(versions))
        counted = tuple(_counted_by_all(each, views, tip_height) for each in receipts)
        return Believed(receipts=counted, doubts=tuple(doubts))

    def _is_one_word(self, versions: Mapping[str, Found | None]) -> bool:
        """Whether it is told by some alone, for the first time, and proved by nothing."""
        found = next(_there(versions))
        some = self._shown_by_some.setdefault(found.address, set())
        is_news = found.receipt_id not in some
        some.add(found.receipt_id)
        is_proved = self.coin in COMMITTED_TO_BY_ID or any(map(self._is_agreed, _there(versions)))
        return is_news and not is_proved and None in versions.values()

    def _agree(self, receipts: Iterable[Found]) -> None:
        for each in receipts:
            self._agreed.setdefault(each.address, set()).add(_fact(each))

    def _is_agreed(self, found: Found) -> bool:
        return _fact(found) in self._agreed.get(found.address, ())

    def _doubts(self, receipt_id: str, versions: Mapping[str, Found | None]) -> Iterator[str]:
        # Waiting transactions reach one backend before the other; blocks are what they must share.
        if any(each.block_height is not None for each in _there(versions)):
            yield self._told(receipt_id, versions)

    def _told(self, receipt_id: str, versions: Mapping[str, Found | None]) -> str:
        address = next(_there(versions)).address
        said = "; ".join(f"{name} {self._said(found)}" for name, found in versions.items())
        return f"the backends do not agree on {receipt_id} to {address}: {said}"

    def _said(self, found: Found | None) -> str:
        if found is None:
            return "does not know it"
        amount = f"{format_coin(found.amount_base_units, self.coin)} {self.coin}"
        where = "in no block" if found.block_height is None else f"in block {found.block_height}"
        return f"shows {amount} {where}"


def _counted_by_all(found: Found, views: Sequence[View], tip_height: int) -> Found:
    """With no more confirmations than each backend counts that has looked at its chain."""
    if found.block_height is None:
        return found
    counts = [_count(found, view, view.tip_height) for view in views if view.tip_height is not None]
    least = max(1, min(counts, default=1))
    is_counted_so = confirmations_of(found, tip_height) <= least
    return found if is_counted_so else replace(found, confirmations=least)


def _count(found: Found, view: View, tip_height: int) -> int:
    """By one backend, which may have it in another block, or not count by blocks."""
    its_own = _by_id(view.receipts or ()).get(found.receipt_id, found)
    return confirmations_of(found if its_own.block_height is None else its_own, tip_height)


def _fact(found: Found) -> _Fact:
    return found.receipt_id, found.amount_base_units, found.block_hash


def _by_id(receipts: Iterable[Found]) -> dict[str, Found]:
    return {each.receipt_id: each for each in receipts}


def _there(versions: Mapping[str, Found | None]) -> Iterator[Found]:
    return (each for each in versions.values() if each is not None)


def _is_in_block_for_all(versions: Mapping[str, Found | None], tip_height: int) -> bool:
    return all(
        each is not None and each.block_height is not None and each.block_height <= tip_height
        for each in versions.values()
    )


def _held(found: Found) -> Found:
    return replace(found, block_height=None, block_hash=None, confirmations=None)

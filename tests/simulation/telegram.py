"""Telegram without a network: takes notices, refuses them, takes them and says otherwise.

It keeps what every chat got, and which goods were in it, read from the store as the shop's own
sender does when it sends them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from actors.environment import CannotDeliver, RetryLater, Sent
from domain.order import Audience, NoticeKind
from store.contract import Notice
from store.queries import GoodsRow
from tests.simulation.faults import Faults

GoodsOf = Callable[[Notice], list[GoodsRow] | None]
"""The goods that a notice brings; None where the row was sent already or is gone."""


@dataclass(slots=True)
class SimulatedTelegram:
    """All chats. Also the recipe of its senders.

    `is_live` says whether a notice is about a live order, `goods_of` what is in it, and
    `on_blocked` hears of a chat that was blocked.
    """

    chance: Random
    faults: Faults
    is_live: Callable[[Notice], bool]
    goods_of: GoodsOf
    on_blocked: Callable[[int], None]
    on_goods: Callable[[Notice, list[GoodsRow]], None]
    on_taken: Callable[[Notice], None]
    excuses: Callable[[], int]
    """How often something went wrong for which a chat may get something twice."""
    found: Callable[[str], None]
    blocked: set[int] = field(default_factory=set)
    ever_blocked: set[int] = field(default_factory=set)
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often a chat got an outbox row, by (chat, row)."""
    _excused: dict[int, int] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)

    def open(self) -> "SimulatedTelegram":
        """A sender."""
        return self

    async def close(self) -> None:
        """Nothing is held."""

    async def send(self, notice: Notice) -> Sent | RetryLater | CannotDeliver:
        """Take a notice, or not."""
        await asyncio.sleep(self.chance.uniform(0.01, 0.2))
        live = self.is_live(notice)
        refusal = self._refusal(notice, live=live)
        if refusal is not None:
            return refusal
        if not self._take(notice):
            return Sent()
        if live and self.faults.strikes("telegram_timeout_after_delivery"):
            self._excused.pop(notice.outbox_id, None)
            await asyncio.sleep(self.chance.uniform(1.0, 30.0))
            return RetryLater(after_seconds=None, why="timeout")
        return Sent()

    def _refusal(self, notice: Notice, *, live: bool) -> RetryLater | CannotDeliver | None:
        if live and self.faults.strikes("telegram_429"):
            return RetryLater(after_seconds=self.chance.uniform(1.0, 40.0), why="429")
        if live and self.faults.strikes("telegram_5xx"):
            return RetryLater(after_seconds=None, why="502")
        is_shopper = notice.audience is Audience.SHOPPER
        if live and is_shopper and self.faults.strikes("telegram_blocked"):
            self.blocked.add(notice.chat_id)
            self.ever_blocked.add(notice.chat_id)
            self.on_blocked(notice.chat_id)
        if notice.chat_id in self.blocked:
            return CannotDeliver(why="bot was blocked by the user")
        return None

    def _take(self, notice: Notice) -> bool:
        if notice.kind is NoticeKind.GOODS:
            goods = self.goods_of(notice)
            if goods is None:
                return False
            self.on_goods(notice, goods)
        self._look_at_order(notice)
        self.taken[notice.chat_id, notice.outbox_id] += 1
        self.on_taken(notice)
        return True

    def _look_at_order(self, notice: Notice) -> None:
        """A chat gets everything once, in its order, unless something went wrong meanwhile."""
        row, chat, excuses = notice.outbox_id, notice.chat_id, self.excuses()
        first = not self.taken[chat, row]
        if not first and self._excused.get(row) == excuses:
            self.found(f"outbox row {row} ({notice.kind}) came to {chat} again for no reason")
        if first and row < self._last.get(chat, 0) and chat not in self.ever_blocked:
            self.found(f"outbox row {row} ({notice.kind}) came to {chat} behind later ones")
        self._excused[row] = excuses
        self._last[chat] = max(row, self._last.get(chat, 0))

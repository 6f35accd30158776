"""The reconciliation that nobody asks for: every so many hours, and told of where it finds news.

What was missed is handed to the shop, which books it as it books any payment.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from loguru import logger

from actors.messages import DifferencesTold, TellDifferences, WatchedAgain
from composition.reconcile_places import ReconciledPlaces
from composition.reconcile_runner import ReconcileRunner
from configuration.settings import Settings
from domain.reconciliation import Reconciliation
from gateway.bridge import ShopBridge
from gateway.reconcile_table import difference_sentences
from gateway.reconciler import ReconcileBusyError, ReconcileFailedError
from gateway.watching_again import wishes_of
from store.reconcile_queries import ReconcileQueries

# A shop that has just started has a chain to catch up with first.
AFTER_THE_START = timedelta(minutes=2)
_BUSY_WAIT = timedelta(minutes=10)
MOST_IN_AN_ALERT = 10
_ASK_SECONDS = 15.0


class ReconcileSchedule:
    """Runs until it is cancelled; a run that fails is logged, and the next one comes as ever."""

    def __init__(self, settings: Settings, bridge: ShopBridge, runner: ReconcileRunner) -> None:
        self._settings = settings
        self._bridge = bridge
        self._runner = runner
        self._places = ReconciledPlaces(settings.store.path)

    async def run(self) -> None:
        """Wait until it is time, reconcile, and so on; returns at once where it never is."""
        interval = timedelta(hours=self._settings.reports.reconcile_interval_hours)
        if not interval:
            return
        last_at = self._places.last_run_at()
        now = datetime.now(UTC)
        first = AFTER_THE_START if last_at is None else last_at + interval - now
        wait = min(max(first, AFTER_THE_START), max(interval, AFTER_THE_START))
        while True:
            await asyncio.sleep(wait.total_seconds())
            try:
                wait = interval if await self.once() else _BUSY_WAIT
            except Exception as error:  # noqa: BLE001 - the next one may fare better
                logger.opt(exception=error).error("reconciling broke")
                wait = interval

    async def once(self) -> bool:
        """Reconcile and tell; False where another one was under way."""
        try:
            result = await self._runner.since_last(_log_progress)
        except ReconcileBusyError:
            return False
        except ReconcileFailedError as error:
            logger.error("the store could not be reconciled with the chains: {}", error)
            return True
        for coin in result.coins:
            if coin.why_not:
                logger.warning("{} could not be reconciled: {}", coin.coin, coin.why_not)
        try:
            await self._hand_over(result)
            await self._tell(result)
        except TimeoutError:
            logger.warning("the shop did not answer: what differs is told the next time")
        return True

    async def _hand_over(self, result: Reconciliation) -> None:
        for wish in wishes_of(result):
            try:
                answer = await self._bridge.ask(wish, _ASK_SECONDS)
            except TimeoutError:
                # Found again the next time; one order that is slow keeps no other waiting.
                logger.warning("order {} did not answer, to be looked at again", wish.order_id)
                continue
            if not isinstance(answer, WatchedAgain):
                logger.warning("order {} cannot be looked at again: {}", wish.order_id, answer)

    async def _tell(self, result: Reconciliation) -> None:
        """Each difference once: what an alert of this has said before is known."""
        sentences = difference_sentences(result)
        if not sentences:
            logger.info("the store and the chains agree")
            return
        told = await asyncio.to_thread(self._told)
        new = [each for each in sentences if each not in told]
        if not new:
            logger.info("{} differences, all told of before", len(sentences))
            return
        lines = new[:MOST_IN_AN_ALERT]
        if len(new) > len(lines):
            lines.append(f"{len(new) - len(lines)} more: /reconcile shows all")
        answer = await self._bridge.ask(TellDifferences(lines=tuple(lines)), _ASK_SECONDS)
        if not isinstance(answer, DifferencesTold):
            logger.warning("the admins could not be told that something differs: {}", answer)

    def _told(self) -> set[str]:
        queries = ReconcileQueries(self._settings.store.path, self._settings.order_rules())
        try:
            return queries.told_lines()
        finally:
            queries.close()


def _log_progress(text: str) -> None:
    logger.debug("reconciling: {}", text)

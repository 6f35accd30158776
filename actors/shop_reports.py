"""The root and reports of payment processors: on disk first, then somebody looks.

A report is a hint. Where the coin has a backend its watcher looks at the address at once, and what
the chain shows is all that counts; where it has none, `actors.report_watcher` takes what is on disk
for what the chain shows. The whole is described in `actors.shop`.
"""

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import (
    LookAtAddress,
    NothingSeen,
    ReportPayment,
    ReportRefused,
    ReportTaken,
    ShopUnavailable,
    StartShop,
    WatchAddress,
)
from actors.order_base import watched_from_store
from actors.shop_placing import ShopPlacing
from domain.deadlines import watched_after
from domain.money import format_coin
from domain.reports import PaymentReport, ReportRefusal
from store.report_contract import ReportNotWritten, ReportWritten, WriteReport


class ShopReports(ShopPlacing):
    """The handlers of reports."""

    def __init__(self) -> None:
        super().__init__()
        self._reporters: dict[PaymentReport, list[ActorAddress]] = {}
        """Who awaits what becomes of a report that is with the ledger."""

    def _start_ledger(self, start: StartShop) -> None:
        # Who reported asks again: the last ledger's answer will not come.
        self._reporters.clear()
        super()._start_ledger(start)

    def receiveMsg_ReportPayment(self, message: ReportPayment, sender: ActorAddress) -> None:
        """To the ledger."""
        if self.state != "open":
            self.send(sender, ShopUnavailable(why=self._why_unavailable))
            return
        self._reporters.setdefault(message.report, []).append(sender)
        self._tell_ledger(WriteReport(report=message.report))

    def receiveMsg_ReportWritten(self, message: ReportWritten, _sender: ActorAddress) -> None:
        """It is on disk: look at the address, also where nothing is new, and answer."""
        start = self._start
        if start is not None:
            self._look_at_reported(message, start)
        for reporter in self._reporters.pop(message.report, ()):
            self.send(reporter, ReportTaken(is_news=message.is_news))

    def receiveMsg_ReportNotWritten(self, message: ReportNotWritten, _sender: ActorAddress) -> None:
        """It cannot be; a receipt of which two things are said is a case for a person."""
        report = message.report
        if message.reason is ReportRefusal.OTHER_PAYMENT:
            self._alert(
                f"a report was refused: {report.coin} receipt {report.receipt_id} is known with"
                " another amount or address than the processor says"
            )
        for reporter in self._reporters.pop(report, ()):
            self.send(reporter, ReportRefused(reason=message.reason))

    def receiveMsg_NothingSeen(self, message: NothingSeen, _sender: ActorAddress) -> None:
        """The chain does not show what was reported, yet or at all: its watcher looks on."""
        logger.info(
            "order {}: a payment is reported that the chain does not show", message.order_id
        )

    def _look_at_reported(self, message: ReportWritten, start: StartShop) -> None:
        known, report, now = message.reported_on, message.report, self.clock.now()
        coin = self._staff.coins.get(report.coin)
        if coin is None:
            self._alert_reported(message, f"{report.coin} is not enabled")
            return
        until = watched_after(known.ended_at, start.rules)
        if until is not None and until <= now:
            # Nobody looks at it any more; what lies in blocks since then is not read again.
            self._alert_reported(message, "its address was watched no more")
            watched = watched_from_store(known, now + start.rules.monitor_after_expiry)
            self.send(coin.watcher, WatchAddress(watched=watched))
        look = LookAtAddress(order_id=known.order_id, address=known.address, not_before=now)
        self.send(coin.watcher, look)

    def _alert_reported(self, message: ReportWritten, why: str) -> None:
        report = message.report
        if message.is_news:
            self._alert(
                f"{format_coin(report.amount_base_units, report.coin)} {report.coin} were reported"
                f" for order {message.reported_on.order_id}, and {why}: see transaction"
                f" {report.transaction_id}"
            )

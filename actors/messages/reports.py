"""What payment processors report, from the gateway to the root."""

from dataclasses import dataclass

from domain.reports import PaymentReport, ReportRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPayment:
    """A processor has signed this.

    Answered by `ReportTaken` when it is on disk, else by `ReportRefused` or `ShopUnavailable`.
    """

    report: PaymentReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTaken:
    """The report is on disk; `is_news`: it says more than was known."""

    is_news: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRefused:
    """Nothing was written."""

    reason: ReportRefusal

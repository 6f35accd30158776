"""Write the table of every status and news into docs/order-lifecycle.md, from the rules themselves.

`python -m scripts.order_lifecycle` puts what the rules decide between the two marks in that file
and leaves the text around them as it is.
"""

import sys
from pathlib import Path

from domain.deadlines import warning_due
from domain.evolution import evolve_all
from domain.order import (
    Decision,
    ExpiryWarned,
    MoneySetAside,
    Noticed,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderRevived,
    OrderShipped,
    OrderStatus,
    ReceiptsChanged,
    RefundCorrected,
    RefundRecorded,
    SetAsideWithdrawn,
    TimeExtended,
)
from domain.order_news import WarningDue
from domain.order_rules import decide
from domain.set_aside import Purpose
from scripts.lifecycle_examples import RULES, Row, Situation, rows, situations

PAGE = Path(__file__).resolve().parent.parent / "docs" / "order-lifecycle.md"
COMMAND = "python -m scripts.order_lifecycle"
_BEGIN = f"<!-- From here on made by `{COMMAND}`: change the rules, not this text. -->"
_END = "<!-- Up to here. -->"

_WORDS: dict[type[OrderEvent], str] = {
    OrderCreated: "created",
    ReceiptsChanged: "payment recorded",
    OrderPaid: "**paid**",
    OrderRevived: "**paid**, revived with other units",
    OrderCancelled: "**cancelled**",
    OrderShipped: "**shipped**",
    TimeExtended: "more time",
    ExpiryWarned: "warning recorded",
    SetAsideWithdrawn: "taken off the refund list",
    RefundRecorded: "refund recorded",
    RefundCorrected: "refund corrected",
}


class PageError(Exception):
    """The page lacks the marks between which the table goes."""


def generated() -> str:
    """All that the rules decide, as Markdown."""
    parts = [_ways()]
    parts += [_table(situation) for situation in situations()]
    return "\n\n".join(parts)


def page_with(table: str, page: str) -> str:
    """The page with the table between its marks.

    Raises:
        PageError: the marks are not there, once and in order.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise PageError(f"{PAGE.name} lacks the marks: write {_BEGIN!r} and {_END!r} into it")
    return f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}"


def main() -> int:
    """Write the page anew."""
    try:
        PAGE.write_text(page_with(generated(), PAGE.read_text("utf-8")), "utf-8")
    except PageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


# --- the ways of the status -----------------------------------------------------------------------


def _ways() -> str:
    """Which news of all below moves an order from which status to which."""
    found: dict[tuple[OrderStatus, OrderStatus], list[str]] = {}
    for situation in situations():
        for row in rows(situation):
            for order in situation.orders.values():
                after = evolve_all(order, _decision(order, row).events).status
                titles = found.setdefault((order.status, after), [])
                if after is not order.status and row.title not in titles:
                    titles.append(row.title)
    lines = ["### The ways of the status", "", "| from | to | when |", "|---|---|---|"]
    for before in OrderStatus:
        for after in OrderStatus:
            titles = found.get((before, after), [])
            if titles:
                lines.append(f"| {before} | {after} | {'; '.join(titles)} |")
    return "\n".join(lines)


# --- the tables -----------------------------------------------------------------------------------


def _table(situation: Situation) -> str:
    statuses = [status for status in OrderStatus if status in situation.orders]
    lines = [
        f"### {situation.title}",
        "",
        f"| news | {' | '.join(statuses)} |",
        f"|---{'|---' * len(statuses)}|",
    ]
    for row in rows(situation):
        cells = [_cell(_decision(situation.orders[status], row)) for status in statuses]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _decision(order: Order, row: Row) -> Decision:
    # The time to pay of an order that is paid in part was put off, and the warning with it.
    now = warning_due(order, RULES) if isinstance(row.news, WarningDue) else row.now
    return decide(order, row.news, RULES, now or row.now)


def _cell(decision: Decision) -> str:
    if decision.refusal is not None:
        return f"refused: `{decision.refusal}`"
    words = list(dict.fromkeys(_words(e) for e in decision.events if not isinstance(e, Noticed)))
    if decision.wants_stock:
        words.append("*asks the pools*")
    told = [event.kind for event in decision.events if isinstance(event, Noticed)]
    notices = f"<br>tells {', '.join(f'`{kind}`' for kind in told)}" if told else ""
    return f"{', '.join(words)}{notices}" if words else "—"


def _words(event: OrderEvent) -> str:
    match event:
        case ReceiptsChanged(receipts=()):
            return "its payment state changes"
        case OrderExpired(counts_as_timeout=True):
            return "**expired**, a timeout counted"
        case OrderExpired():
            return "**expired**"
        case MoneySetAside(set_aside=part):
            return "to the balance" if part.purpose is Purpose.BALANCE else "to the refund list"
        case _:
            return _WORDS[type(event)]


if __name__ == "__main__":
    sys.exit(main())

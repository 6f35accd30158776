"""docs/payment-cases.md: the table of payment cases, made of what the tests wrote down.

    HOLDFAST_PAYMENT_CASES=FOLDER python -m pytest tests/payment_cases
    python -m scripts.payment_cases FOLDER

Each test that passed has left a file in the folder. A cell that is declared
(tests/payment_cases/cases.py) and did not pass is told, and the table is not written.
"""

import sys
from collections.abc import Collection
from pathlib import Path

from tests.payment_cases.cases import CASES, CLIENTS, HOLES

TABLE = Path(__file__).parent.parent / "docs" / "payment-cases.md"
PASSED = "passed"
_HEAD = """# Payment cases

Each cell is a test of the whole shop (actors, ledger, store, keys, chain client) on a real node:
`bitcoind` on litecoind, `electrum` on ElectrumX and `esplora` on a shim, both over litecoind,
`ethereum` on Anvil, `solana` on Surfpool. Only Telegram and the clock are not real. Each ends with
every invariant that `run.py check` proves. This file is made by `python -m scripts.payment_cases`
of the tests that passed (`tests/payment_cases`); a number says below why a cell is empty.
"""
_FOOT = """
Debian's litecoind is built without ZeroMQ, so `bitcoind` polls here. Where a backend pushes, the
payment of the last row comes right after a look of six seconds' interval: only the push can be in
time. ElectrumX asks its node every quarter of a second instead of every five, and Surfpool makes a
block every tenth of a second. Surfpool tells no times of blocks: where a case is about when it was
paid, they are added to its answers.
"""


def declared() -> list[tuple[str, str]]:
    """Every case with every client that it is to be tried with."""
    return [(case, client) for case in CASES for client in CLIENTS if (case, client) not in HOLES]


def render(passed: Collection[tuple[str, str]]) -> str:
    """The text of the table; what has not passed and has no reason stays empty."""
    reasons = list(dict.fromkeys(HOLES.values()))
    lines = [
        _HEAD,
        f"| case | {' | '.join(f'{client} ({coin})' for client, coin in CLIENTS.items())} |",
        f"|---{'|---' * len(CLIENTS)}|",
    ]
    for case, title in CASES.items():
        cells = []
        for client in CLIENTS:
            reason = HOLES.get((case, client))
            if reason is not None:
                cells.append(str(reasons.index(reason) + 1))
            else:
                cells.append(PASSED if (case, client) in passed else "")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append("")
    lines += [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join(lines) + "\n" + _FOOT


def main(arguments: list[str]) -> int:
    """Write the table of the folder that is named; 1 where something declared has not passed."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m scripts.payment_cases FOLDER\n")
        return 2
    files = (each.name.split("--") for each in Path(arguments[0]).iterdir())
    passed = {(case, client) for case, client in files}
    missing = [cell for cell in declared() if cell not in passed]
    for case, client in missing:
        sys.stderr.write(f"{case} has not passed with {client}\n")
    if missing:
        return 1
    TABLE.write_text(render(passed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

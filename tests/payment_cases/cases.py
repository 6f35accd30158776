"""The table: which cases there are, who looks at the chain in them, and why a cell is empty.

docs/payment-cases.md is made of it and of what the tests wrote down (`scripts.payment_cases`).
"""

import pytest

CLIENTS = {
    "bitcoind": "LTC",
    "electrum": "LTC",
    "esplora": "LTC",
    "ethereum": "ETH",
    "solana": "SOL",
}
"""The kinds of backend with the coin that each is tried on."""

CASES = {
    "exact": "Paid exactly",
    "short-then-rest": "Paid short, then the rest",
    "short-within-tolerance": "Paid short, within the tolerance",
    "over": "Paid too much",
    "two-payments": "Paid in two payments",
    "two-outputs": "Paid in two outputs of one transaction",
    "two-orders": "One transaction pays two orders",
    "unconfirmed": "Seen unconfirmed, then confirmed",
    "fee-bump": "Replaced by the same payment for a higher fee",
    "replaced-by-another": "Replaced by a payment to somebody else",
    "dropped": "Dropped from the mempool",
    "reorganised-before-settlement": "Reorganised before settlement, mined again",
    "undone-before-settlement": "Reorganised before settlement, never mined again",
    "reorganised-after-settlement": "Reorganised after settlement, mined again",
    "undone-after-settlement": "Reorganised after settlement, never mined again",
    "last-second": "Paid in the last second",
    "late-with-stock": "Paid after expiry, with stock",
    "late-without-stock": "Paid after expiry, without stock",
    "late-by-its-block": "Paid after expiry, in a block whose median time is before it",
    "cancelled": "Paid after cancelling",
    "down-past-expiry": "Paid in time while the shop was down, found past the expiry",
    "down-and-late": "Paid after expiry while the shop was down",
    "catch-up": "Catching up over 1,000 blocks (100 on Solana)",
    "down": "Backend down",
    "hanging": "Backend hanging",
    "slow": "Backend slow",
    "html": "Backend answering HTML",
    "wrong-network": "Backend of another network",
    "syncing": "Backend still syncing",
    "lying-alone": "Backend lying about an amount, with nobody to check it",
    "lying-checked": "Backend lying about an amount, with a second to check it",
    "one-down": "The first of two backends down",
    "both-down": "Both backends down for an hour",
    "internal": "Paid from inside of a contract (internal transfer)",
    "not-final": "Confirmed, and not yet final",
    "any-moment": "Many paid, at any moment of the looks",
    "seen-soon": "Seen within 2 s where the backend pushes, else within the poll interval and 2 s",
}
"""Each case by its name, in the order of the table."""

_ONE_RECIPIENT = "a transaction of ETH has one recipient and one value"
_NO_MEMPOOL = "Solana has no mempool: the first that is seen of a payment is that it is confirmed"
_NO_REPLACEMENT = (
    "a signed transaction of SOL lands within the life of its blockhash or never: nothing"
    " replaces it"
)
_NO_FORKS = "Surfpool makes no forks; what is final on Solana is not undone"

_SERVES_LATER = (
    "a server of this kind serves nobody before it is in step, which is the case of one that is"
    " down; on regtest a tip of any age passes"
)
_BELIEVED = (
    "a node on its own is believed: its answers have no proof in them; a second backend checks it"
)
_NO_CONTRACTS = "every payment is a transaction to the address, or an instruction of one"
_NO_MEDIAN = "a block's time is that of its making, and no median of those before it"
_NO_COMMITMENTS = "a block is as good as those on top of it: see unconfirmed, then confirmed"

HOLES: dict[tuple[str, str], str] = {
    ("two-outputs", "ethereum"): _ONE_RECIPIENT,
    ("two-orders", "ethereum"): _ONE_RECIPIENT,
    ("unconfirmed", "solana"): _NO_MEMPOOL,
    ("fee-bump", "solana"): _NO_REPLACEMENT,
    ("replaced-by-another", "solana"): _NO_REPLACEMENT,
    ("dropped", "solana"): _NO_MEMPOOL,
    ("reorganised-before-settlement", "solana"): _NO_FORKS,
    ("undone-before-settlement", "solana"): _NO_FORKS,
    ("reorganised-after-settlement", "solana"): _NO_FORKS,
    ("undone-after-settlement", "solana"): _NO_FORKS,
    ("syncing", "electrum"): _SERVES_LATER,
    ("syncing", "esplora"): _SERVES_LATER,
    ("lying-alone", "ethereum"): _BELIEVED,
    ("lying-alone", "solana"): _BELIEVED,
    ("late-by-its-block", "ethereum"): _NO_MEDIAN,
    ("late-by-its-block", "solana"): _NO_MEDIAN,
    **{("internal", client): _NO_CONTRACTS for client in CLIENTS if client != "ethereum"},
    **{("not-final", client): _NO_COMMITMENTS for client in CLIENTS if client != "solana"},
}
"""Why a case is not tried with a client."""

_MARKS = {"LTC": pytest.mark.litecoind, "ETH": pytest.mark.anvil, "SOL": pytest.mark.surfpool}


def on_every_chain(case: str) -> pytest.MarkDecorator:
    """A test of this case, with each client that has the notion; it asks for the fixture `stage`.

    What passes is written down as a cell of the table.
    """
    cells = [
        pytest.param((case, client), id=client, marks=_MARKS[coin])
        for client, coin in CLIENTS.items()
        if (case, client) not in HOLES
    ]
    return pytest.mark.parametrize("cell", cells)

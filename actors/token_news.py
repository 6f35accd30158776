"""Which tokens the root is told of: each contract once an order, and a few of them at the most.

Tokens cost nothing to make, and are sent to addresses in masses so that somebody looks at them.
"""

from collections.abc import Iterable, Mapping

from loguru import logger

from actors.messages import TokensArrived
from payments.tokens import TokenTransfer
from payments.watch_state import Track

CONTRACTS_AN_ORDER = 3


class TokenNews:
    """What was told since the watcher has started; the ledger knows what was told before."""

    def __init__(self) -> None:
        self._told: dict[int, set[str]] = {}

    def due(
        self, coin: str, tokens: Iterable[TokenTransfer], tracks: Mapping[str, Track]
    ) -> list[TokensArrived]:
        """What is to be told of these."""
        messages = []
        for each in tokens:
            track = tracks.get(each.address)
            if track is None:
                continue
            order_id, contract = track.target.order_id, each.contract.lower()
            told = self._told.setdefault(order_id, set())
            if contract in told:
                continue
            if len(told) == CONTRACTS_AN_ORDER:
                logger.info("order {}: more tokens came, of {}", order_id, contract)
                continue
            told.add(contract)
            messages.append(
                TokensArrived(
                    coin=coin,
                    order_id=order_id,
                    contract=each.contract,
                    amount=each.amount,
                    transaction_id=each.transaction_id,
                )
            )
        return messages

"""Tokens that came to an address which takes coins: sent by mistake, or to catch somebody's eye."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransfer:
    """Tokens of `contract` on a watched address.

    `amount` is for people: what the contract says of its own units, so nothing to rely on, or the
    units as they are counted on the chain.
    """

    address: str
    contract: str
    amount: str
    transaction_id: str

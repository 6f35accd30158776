"""How sure Solana is of a transaction, as the number of confirmations that it counts for.

32 votes on top of each other make a block final (Solana documentation, "Commitment Status").
"""

CONFIRMATIONS = {"confirmed": 1, "finalized": 32}

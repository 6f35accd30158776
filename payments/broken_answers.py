"""What reading an answer of an unexpected shape raises, whoever sent it."""

BROKEN_ANSWERS = (
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    # A moment that no calendar has (`datetime.fromtimestamp`).
    OSError,
)
"""Caught around the reading of answers, and told as a backend that cannot be used now."""

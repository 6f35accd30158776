"""Reading answers in JSON whose shape is not to be relied on.

Each function gives the value back typed, or raises TypeError or ValueError.
"""

_HASH_DIGITS = 64


def mapping(answer: object) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(answer, dict):
        raise TypeError("no JSON object")
    return answer


def sequence(answer: object) -> list[object]:
    """A JSON array."""
    if not isinstance(answer, list):
        raise TypeError("no JSON array")
    return answer


def text(answer: object) -> str:
    """A string."""
    if not isinstance(answer, str):
        raise TypeError("no string")
    return answer


def whole_number(answer: object) -> int:
    """A number without fraction."""
    if not isinstance(answer, int) or isinstance(answer, bool):
        raise TypeError("no whole number")
    return answer


def hash_text(answer: object) -> str:
    """The 64 hexadecimal digits of a transaction id or block hash, in lower case."""
    digits = text(answer)
    if len(digits) != _HASH_DIGITS:
        raise ValueError("a hash of another length")
    return bytes.fromhex(digits).hex()

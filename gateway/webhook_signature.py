"""Who sent a report: the hex HMAC-SHA512 of the time, a dot, and the raw body, under one secret."""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from multidict import CIMultiDictProxy

from gateway.problems import ProblemError

TIMESTAMP_HEADER = "X-Timestamp"
SIGNATURE_HEADER = "X-Signature"
WINDOW_SECONDS = 300

_SECONDS = re.compile(r"[0-9]{1,11}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_WRONG_SIGNATURE = (
    f"{SIGNATURE_HEADER} is not that of this request: send the hex HMAC-SHA512, under the shared"
    f" secret, of {TIMESTAMP_HEADER}, a dot, and the body byte by byte"
)
_CHALLENGE = {"WWW-Authenticate": 'HMAC-SHA512 realm="holdfast"'}


def signature_of(secret: bytes, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at `timestamp`, Unix seconds as they stand in the header."""
    return hmac.digest(secret, timestamp.encode("ascii") + b"." + body, "sha512").hex()


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers say: the time as it stands there, and the signature in small letters."""

    timestamp: str
    signature: str


def claim_of(headers: CIMultiDictProxy[str]) -> Claim:
    """The signature that a request claims to have, before its body is read.

    Raises:
        ProblemError: 401, where there is none that could be right.
    """
    timestamp = _only(headers, TIMESTAMP_HEADER)
    if not _SECONDS.fullmatch(timestamp):
        raise _unauthorized(f"{TIMESTAMP_HEADER} is not a time: send Unix seconds, digits alone")
    signature = _only(headers, SIGNATURE_HEADER).lower()
    if not _SIGNATURE.fullmatch(signature):
        raise _unauthorized(_WRONG_SIGNATURE)
    return Claim(timestamp, signature)


def signed_at(claim: Claim, body: bytes, secret: bytes, now_seconds: float) -> datetime:
    """When the sender says that it signed this body.

    Raises:
        ProblemError: 401, where it is not signed with the secret, or not lately.
    """
    timestamp, given = claim.timestamp, claim.signature.encode("ascii")
    # In constant time, so that the time taken tells nothing of how much was right.
    if not hmac.compare_digest(given, signature_of(secret, timestamp, body).encode("ascii")):
        raise _unauthorized(_WRONG_SIGNATURE)
    # Told only to whoever has the secret.
    if abs(now_seconds - int(timestamp)) > WINDOW_SECONDS:
        raise _unauthorized(
            f"{TIMESTAMP_HEADER} is more than {WINDOW_SECONDS} seconds away from the shop's clock:"
            " sign a request when it is sent, and again when it is repeated"
        )
    return datetime.fromtimestamp(int(timestamp), UTC)


def _only(headers: CIMultiDictProxy[str], name: str) -> str:
    values = headers.getall(name, [])
    if len(values) != 1:
        raise _unauthorized(f"send {name} once: every request is signed")
    return values[0]


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, _CHALLENGE)

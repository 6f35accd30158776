"""The passphrase that the owner gives before keys leave the shop.

Beside the mnemonic lies what Argon2id (RFC 9106, by PyNaCl) makes of it, which does not lead back.
The shop has to open the mnemonic at every start without anybody, so the passphrase cannot lock it:
whoever reads the mnemonic's file and its key needs no passphrase. It keeps those who may run the
program, and a terminal that was left open, from taking keys.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError, InvalidkeyError
from nacl.pwhash import argon2id

from payments.custody import CustodyError, read_secret
from payments.durable_files import replace

SHORTEST_PASSPHRASE = 8
_LONGEST_PASSPHRASE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What Argon2id costs: passes over so many bytes of memory."""

    passes: int = argon2id.OPSLIMIT_MODERATE
    memory_bytes: int = argon2id.MEMLIMIT_MODERATE


def passphrase_file(mnemonic_file: Path) -> Path:
    """Where it is kept for a mnemonic."""
    return mnemonic_file.with_name(f"{mnemonic_file.name}.passphrase")


def set_passphrase(path: Path, passphrase: str, effort: Effort | None = None) -> None:
    """Keep what Argon2id makes of a passphrase, in place of an earlier one.

    Raises:
        CustodyError: it is too short or too long, or cannot be written.
    """
    cost = effort or Effort()
    hashed = argon2id.str(
        _normal(passphrase), opslimit=cost.passes, memlimit=cost.memory_bytes
    ).decode("ascii")
    try:
        replace(path, f"{hashed}\n")
    except OSError as error:
        raise CustodyError(f"{path} cannot be written: {error.strerror}") from None


def check_passphrase(path: Path, passphrase: str) -> None:
    """See that it is the owner's.

    Raises:
        CustodyError: it is another, none was set, or the file is damaged.
    """
    if not path.exists():
        raise CustodyError(
            "no passphrase was set for the export of keys: set one with"
            " `python run.py custody passphrase`"
        )
    hashed = read_secret(path, "passphrase").strip()
    try:
        argon2id.verify(hashed.encode(), _normal(passphrase))
    except InvalidkeyError:
        raise CustodyError("this is not the passphrase: nothing was done") from None
    except (CryptoError, ValueError, TypeError):
        raise CustodyError(
            f"{path} is damaged: take it away and set a passphrase again with"
            " `python run.py custody passphrase`"
        ) from None


def _normal(passphrase: str) -> bytes:
    # The same keys on another keyboard may give another form of the same letters (NFKD).
    text = unicodedata.normalize("NFKD", passphrase)
    if not SHORTEST_PASSPHRASE <= len(text) <= _LONGEST_PASSPHRASE:
        raise CustodyError(
            f"a passphrase has {SHORTEST_PASSPHRASE} to {_LONGEST_PASSPHRASE} characters"
        )
    return text.encode("utf-8")

"""The shop's mnemonic: made, checked, sealed at rest, and opened with a key kept elsewhere.

The mnemonic is BIP 39, in English. It is sealed by PyNaCl's SecretBox (XSalsa20 and Poly1305) with
a key of 32 bytes, so that neither the file alone nor the key alone gives anything away. No error
here repeats a word, a key, or what a file contains.
"""

import base64
import binascii
import json
import os
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from bip_utils import (
    Bip39Languages,
    Bip39MnemonicDecoder,
    Bip39MnemonicGenerator,
    MnemonicChecksumError,
)
from bip_utils.bip.bip39.bip39_mnemonic_utils import Bip39WordsListGetter
from loguru import logger
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from payments.durable_files import write_new

KEY_BYTES = SecretBox.KEY_SIZE
WORD_COUNTS = (12, 15, 18, 21, 24)  # BIP 39, "Generating the mnemonic"
LARGEST_SECRET_FILE_BYTES = 65_536

_FORMAT = "holdfast-sealed-mnemonic"
_VERSION = 1
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


class CustodyError(Exception):
    """A secret cannot be used; the text says why and what to do, and contains none."""


def new_mnemonic(words: int = 24) -> str:
    """A fresh BIP 39 mnemonic of 12, 15, 18, 21 or 24 English words.

    Raises:
        CustodyError: another number of words.
    """
    if words not in WORD_COUNTS:
        raise CustodyError(f"a mnemonic has {_word_counts()} words, not {words}")
    return Bip39MnemonicGenerator(Bip39Languages.ENGLISH).FromWordsNumber(words).ToStr()


def check_mnemonic(text: str) -> str:
    """The mnemonic in its normal form: NFKD, small letters, one space between words.

    Raises:
        CustodyError: a wrong number of words, a word that is none (named by its number), or a
            checksum that does not match.
    """
    words = unicodedata.normalize("NFKD", text).lower().split()
    if len(words) not in WORD_COUNTS:
        raise CustodyError(
            f"this has {len(words)} words: a mnemonic has {_word_counts()}, on one line"
        )
    known = Bip39WordsListGetter.Instance().GetByLanguage(Bip39Languages.ENGLISH)
    for number, word in enumerate(words, start=1):
        try:
            known.GetWordIdx(word)
        except ValueError:
            raise CustodyError(
                f"word {number} is not in the English BIP 39 list: compare it with your copy"
            ) from None
    mnemonic = " ".join(words)
    try:
        Bip39MnemonicDecoder(Bip39Languages.ENGLISH).Decode(mnemonic)
    except (MnemonicChecksumError, ValueError):
        raise CustodyError(
            "the words do not match their checksum: one is wrong or two are exchanged"
        ) from None
    return mnemonic


def new_key() -> bytes:
    """A random key of 32 bytes."""
    return random(KEY_BYTES)


def key_text(key: bytes) -> str:
    """A key as it is written to a file: 64 hexadecimal digits and the end of the line."""
    return f"{key.hex()}\n"


def parse_key(text: str, source: str) -> bytes:
    """A key from one line of 64 hexadecimal digits or of base64 (standard or URL-safe).

    `source` is named in the error.

    Raises:
        CustodyError: it is not 32 bytes.
    """
    line = text.strip()
    key = _from_hex(line) or _from_base64(line)
    if key is None or len(key) != KEY_BYTES:
        raise CustodyError(
            f"the key in {source} is not {KEY_BYTES} bytes:"
            " write 64 hexadecimal digits or 44 characters of base64 on one line"
        )
    return key


def read_key(
    key_file: Path | None, key_env: str | None, environ: Mapping[str, str] = os.environ
) -> bytes:
    """The key from a file or, where there is none, from an environment variable.

    Raises:
        CustodyError: neither is given, or what is given has no key of 32 bytes.
    """
    if key_file is not None:
        return parse_key(read_secret(key_file, "key"), str(key_file))
    if key_env is None:
        raise CustodyError("no key is given: name a file (key_file) or a variable (key_env)")
    if not environ.get(key_env):
        raise CustodyError(f"the environment variable {key_env} is not set: put the key into it")
    return parse_key(environ[key_env], f"the environment variable {key_env}")


def seal(mnemonic: str, key: bytes) -> str:
    """The mnemonic, checked and sealed: a JSON text of one line with format, version and box.

    Raises:
        CustodyError: the mnemonic is not one, or the key is not 32 bytes.
    """
    box = _box(key).encrypt(check_mnemonic(mnemonic).encode("ascii"))
    sealed = {"format": _FORMAT, "version": _VERSION, "box": base64.b64encode(box).decode("ascii")}
    return f"{json.dumps(sealed)}\n"


def unseal(text: str, key: bytes) -> str:
    """The mnemonic in a text made by `seal`.

    Raises:
        CustodyError: not such a text, another version, a wrong key, or a box that was changed.
    """
    box = _sealed_box(text)
    try:
        mnemonic = _box(key).decrypt(box).decode("ascii")
    except (CryptoError, ValueError):
        raise CustodyError(
            "the key does not open the sealed mnemonic: it is another key, or the file was changed"
        ) from None
    return check_mnemonic(mnemonic)


def read_mnemonic(mnemonic_file: Path, key: bytes) -> str:
    """The mnemonic in a sealed file.

    Raises:
        CustodyError: the file cannot be read or opened; the text names it.
    """
    text = read_secret(mnemonic_file, "mnemonic")
    try:
        return unseal(text, key)
    except CustodyError as error:
        raise CustodyError(f"{mnemonic_file}: {error}") from None


def read_secret(path: Path, what: str) -> str:
    """The text of a small secret file.

    Raises:
        CustodyError: it is not there, cannot be read, is too large, or is not text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_SECRET_FILE_BYTES + 1)
    except FileNotFoundError:
        raise CustodyError(
            f"there is no {what} file {path}: put your copy back, or name the one that is meant"
        ) from None
    except OSError as error:
        raise CustodyError(f"the {what} file {path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_SECRET_FILE_BYTES:
        raise CustodyError(f"{path} is too large to be a {what} file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise CustodyError(f"{path} is not text, so it is no {what} file") from None


def warn_if_open_to_others(paths: Iterable[Path]) -> None:
    """Log which of these secret files others than their owner may use; for a shop that runs."""
    for path in paths:
        if path.exists() and path.stat().st_mode & _OTHERS_MAY:
            logger.warning("others than its owner may use the secret file {}: chmod 600 it", path)


def write_secret(path: Path, text: str) -> None:
    """Make a file that only its owner can read, wholly on disk; never replace one.

    Raises:
        CustodyError: there is such a file, or it cannot be written.
    """
    try:
        write_new(path, text)
    except FileExistsError:
        raise CustodyError(
            f"{path} is there already and was left alone: move it away first, and keep it"
        ) from None
    except OSError as error:
        raise CustodyError(f"{path} cannot be written: {error.strerror}") from None


def _word_counts() -> str:
    return f"{', '.join(map(str, WORD_COUNTS[:-1]))} or {WORD_COUNTS[-1]}"


def _from_hex(line: str) -> bytes | None:
    try:
        return bytes.fromhex(line) if len(line) == 2 * KEY_BYTES else None
    except ValueError:
        return None


def _from_base64(line: str) -> bytes | None:
    try:
        return base64.b64decode(line.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _box(key: bytes) -> SecretBox:
    if len(key) != KEY_BYTES:
        raise CustodyError(f"the key is {len(key)} bytes long, not {KEY_BYTES}")
    return SecretBox(key)


def _sealed_box(text: str) -> bytes:
    refusal = CustodyError(
        "this is not a sealed mnemonic: make one with `python run.py init --mnemonic-file PATH`"
    )
    try:
        sealed = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(sealed, dict) or sealed.get("format") != _FORMAT:
        raise refusal
    if sealed.get("version") != _VERSION:
        raise CustodyError(
            f"the sealed mnemonic is of a version that this program does not know (it knows"
            f" {_VERSION}): use the program that made it"
        )
    box = _from_base64(sealed["box"]) if isinstance(sealed.get("box"), str) else None
    if not box:
        raise refusal
    return box

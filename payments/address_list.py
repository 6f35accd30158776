"""A list of addresses in a file, made on a machine that has the keys for one that has none.

    holdfast-addresses 1 SOL main 0 3
    <address 0>
    <address 1>
    <address 2>
    sha256 <of all that is above, in hexadecimal>

The first line has format, version, coin, network, the index of the first address, and how many
there are. A list that was cut, changed or put together by hand is refused as a whole.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from payments.custody import CustodyError
from payments.durable_files import write_new
from payments.networks import LARGEST_INDEX

LONGEST_LIST = 1_000_000
_FORMAT = "holdfast-addresses"
_VERSION = "1"
_LARGEST_FILE_BYTES = 64 * 1024 * 1024
_NUMBER = re.compile(r"[0-9]{1,10}")
_HEADER_WORDS = 6
_AGAIN = "make it again with `python run.py custody prepare`"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressList:
    """Addresses of one coin on one network; the first has the index `start`."""

    coin: str
    network: str
    start: int
    addresses: tuple[str, ...]

    @property
    def end(self) -> int:
        """One above the last index."""
        return self.start + len(self.addresses)


def write_list(path: Path, listed: AddressList) -> None:
    """Make the file; never replace one.

    Raises:
        CustodyError: there is such a file, or it cannot be written.
    """
    try:
        write_new(path, list_text(listed))
    except FileExistsError:
        raise CustodyError(
            f"{path} is there already and was left alone: write another name"
        ) from None
    except OSError as error:
        raise CustodyError(f"{path} cannot be written: {error.strerror}") from None


def list_text(listed: AddressList) -> str:
    """The list as its file has it."""
    header = f"{_FORMAT} {_VERSION} {listed.coin} {listed.network} {listed.start}"
    lines = [f"{header} {len(listed.addresses)}", *listed.addresses]
    body = "".join(f"{line}\n" for line in lines)
    return f"{body}sha256 {_digest(body)}\n"


def read_list(path: Path, coin: str, network: str) -> AddressList:
    """The list in a file, checked whole.

    Raises:
        CustodyError: it cannot be read, is damaged, or is of another coin or network.
    """
    try:
        listed = parse_list(_text(path))
    except ValueError as error:
        raise CustodyError(f"{path} cannot be used: {error}; {_AGAIN}") from None
    if (listed.coin, listed.network) != (coin, network):
        raise CustodyError(
            f"{path} has addresses of {listed.coin} on {listed.network}, not of {coin} on {network}"
        )
    return listed


def parse_list(text: str) -> AddressList:
    """The list in a text. Each address is checked when it is handed out, not here.

    Raises:
        ValueError: it is damaged; the text says how.
    """
    *lines, last = text.splitlines() or [""]
    words = lines[0].split(" ") if lines else []
    if len(words) != _HEADER_WORDS or words[:2] != [_FORMAT, _VERSION]:
        raise ValueError("it is no list of addresses that this version knows")
    if not all(map(_NUMBER.fullmatch, words[4:])):
        raise ValueError("its first line is not what it should be")
    start, count = map(int, words[4:])
    body = "".join(f"{line}\n" for line in lines)
    if last != f"sha256 {_digest(body)}":
        raise ValueError("it was cut off or changed, for its last line is not its checksum")
    addresses = tuple(lines[1:])
    if len(addresses) != count or not 0 < count <= LONGEST_LIST or start + count > LARGEST_INDEX:
        raise ValueError(f"it should have {count} addresses and has {len(addresses)}")
    if len(set(addresses)) != count:
        raise ValueError("it has an address twice")
    return AddressList(coin=words[2], network=words[3], start=start, addresses=addresses)


def _digest(body: str) -> str:
    return sha256(body.encode("utf-8")).hexdigest()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise CustodyError(f"{path} cannot be read: {error.strerror}; {_AGAIN}") from None
    if len(content) > _LARGEST_FILE_BYTES:
        raise CustodyError(f"{path} is too large to be a list of addresses")
    # A list that is not text has the wrong checksum, whatever is put in its place.
    return content.decode("utf-8", errors="replace")

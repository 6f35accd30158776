"""Headers made up for tests, each linked to the one before it; they have no proof of work."""

from datetime import datetime

from payments.block_headers import parse_header
from payments.chain import Place
from payments.raw_transaction import double_sha256

EASIEST_BITS = 0x207FFFFF

# The first headers of the public chains, which their servers are known by.
_FIRST = {
    ("BTC", "main"): (
        1,
        "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
        1231006505,
        0x1D00FFFF,
        2083236893,
    ),
    ("LTC", "main"): (
        1,
        "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9",
        1317972665,
        0x1E0FFFF0,
        2084524493,
    ),
    ("LTC", "test"): (
        1,
        "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9",
        1486949366,
        0x1E0FFFF0,
        293345,
    ),
}


def header(
    previous: bytes,
    root: str,
    unix_time: int,
    *,
    version: int = 1,
    bits: int = EASIEST_BITS,
    nonce: int = 0,
) -> bytes:
    """The 80 bytes of a header; `previous` is the hash in the order of bytes."""
    return (
        version.to_bytes(4, "little")
        + previous
        + bytes.fromhex(root)[::-1]
        + unix_time.to_bytes(4, "little")
        + bits.to_bytes(4, "little")
        + nonce.to_bytes(4, "little")
    )


def first_header(coin: str, network: str) -> bytes:
    """The first header of a public chain."""
    version, root, unix_time, bits, nonce = _FIRST[coin, network]
    return header(bytes(32), root, unix_time, version=version, bits=bits, nonce=nonce)


class MadeUpChain:
    """A chain of so many blocks, a second apart. Other branches have other blocks."""

    def __init__(
        self,
        *,
        blocks: int,
        last_at: datetime,
        branch: int = 0,
        real_genesis: tuple[str, str] | None = None,
    ) -> None:
        begins = int(last_at.timestamp()) - blocks + 1
        self.headers = [
            first_header(*real_genesis) if real_genesis else header(bytes(32), "00" * 32, begins)
        ]
        for number in range(1, blocks):
            previous = double_sha256(self.headers[-1])
            self.headers.append(header(previous, f"{branch:064x}", begins + number))

    @property
    def hashes(self) -> list[str]:
        """The blocks by height."""
        return [parse_header(each).block_hash for each in self.headers]

    @property
    def place(self) -> Place:
        """The last block."""
        return Place(
            height=len(self.headers) - 1, block_hash=parse_header(self.headers[-1]).block_hash
        )

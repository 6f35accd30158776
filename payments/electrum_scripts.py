"""What is known of each watched script at an Electrum server. Pure: no I/O, no clock.

A script is asked for by the hash of it. Its status, which the server pushes, stands for its whole
history: the history is read again only when the status has changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from payments.chain import Known
from payments.electrum_server import Entry
from payments.raw_transaction import RawTransaction
from payments.watched_script import watched_script

_POLLED = "polled"  # no status of a server is like it

Payment = tuple[int, int]
"""Output number and base units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A transaction is in this block, of which `chain_time` is the median time past."""

    block_hash: str
    chain_time: datetime


@dataclass(slots=True, kw_only=True)
class WatchedScript:
    """One script. `entries` None: its history was not read yet, or is to be read again.

    `status` is what the server said last, `entries_status` what it was when the history was
    asked for. `polled_in` is the look in which a script without subscription was read last.
    `payments`, `proofs` and `first_seen` are by transaction id, for what the history has.
    """

    address: str
    script: str
    script_hash: str
    is_subscribed: bool = False
    status: str | None = None
    entries_status: str | None = None
    entries: tuple[Entry, ...] | None = None
    polled_in: int = 0
    times_heard: int = 0
    payments: dict[str, tuple[Payment, ...]] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)

    def is_current(self, look_number: int) -> bool:
        """Whether the history is known as the server shows it now."""
        if self.entries is None:
            return False
        if self.is_subscribed:
            return self.entries_status == self.status
        return self.polled_in == look_number

    def heard(self, status: str | None) -> None:
        """The server tells the status; a script that has no history needs no reading."""
        self.times_heard += 1
        self.status = status
        if status is None:
            self.read((), None)

    def read(self, entries: tuple[Entry, ...], status: str | None) -> None:
        """The history, asked for when the status was this."""
        self.entries, self.entries_status = entries, status
        present = {entry.transaction_id for entry in entries}
        for remembered in (self.payments, self.proofs, self.first_seen):
            for gone in remembered.keys() - present:
                del remembered[gone]

    def read_again(self) -> None:
        """What is known of the history is not to be relied on."""
        self.entries = None

    def polled(self, entries: tuple[Entry, ...], look_number: int) -> None:
        """The history of a script without subscription, which holds for this look."""
        self.read(entries, _POLLED)
        self.polled_in = look_number

    def missing(self) -> Iterator[str]:
        """The transactions of the history that were not fetched yet."""
        for entry in self.entries or ():
            if entry.transaction_id not in self.payments:
                yield entry.transaction_id

    def fetched(self, transaction: RawTransaction) -> None:
        """Take in what a transaction pays to this script; outputs of amount zero pay nobody."""
        self.payments[transaction.transaction_id] = tuple(
            (output.index, output.amount_base_units)
            for output in transaction.outputs
            if output.script == self.script and output.amount_base_units
        )

    def paying_entries(self) -> Iterator[Entry]:
        """Those of the history that are known to pay this script."""
        for entry in self.entries or ():
            if self.payments.get(entry.transaction_id):
                yield entry


class ScriptBook:
    """All watched scripts of one coin and network."""

    def __init__(self, coin: str, network: str) -> None:
        self._coin = coin
        self._network = network
        self._by_address: dict[str, WatchedScript] = {}
        self._by_hash: dict[str, WatchedScript] = {}

    def follow(self, addresses: Mapping[str, Known]) -> tuple[str, ...]:
        """Watch these and no others; the hashes that a subscription is no longer needed for.

        Raises:
            ChainRefusedError: an address is of another network.
        """
        gone = [self._by_address.pop(each) for each in self._by_address.keys() - addresses.keys()]
        for script in gone:
            del self._by_hash[script.script_hash]
        for address in addresses.keys() - self._by_address.keys():
            script = self._new(address)
            self._by_address[address] = self._by_hash[script.script_hash] = script
        return tuple(script.script_hash for script in gone if script.is_subscribed)

    def pushed(self, script_hash: str, status: str | None) -> None:
        """The server says that a status has changed; late ones are of nobody."""
        script = self._by_hash.get(script_hash)
        if script is not None:
            script.heard(status)

    def __contains__(self, address: str) -> bool:
        return address in self._by_address

    def connection_was_lost(self) -> None:
        """Nothing is subscribed any more; histories are kept, for statuses tell if they hold."""
        for script in self._by_address.values():
            script.is_subscribed = False

    def of(self, addresses: Iterable[str]) -> list[WatchedScript]:
        """The scripts of some addresses, in their order."""
        return [self._by_address[address] for address in addresses]

    def subscribed(self) -> list[WatchedScript]:
        """Those whose changes are pushed."""
        return [script for script in self._by_address.values() if script.is_subscribed]

    def _new(self, address: str) -> WatchedScript:
        script = watched_script(address, self._coin, self._network)
        script_hash = sha256(bytes.fromhex(script)).digest()[::-1].hex()
        return WatchedScript(address=address, script=script, script_hash=script_hash)

"""The watched addresses of BTC or LTC by their scripts, and what transactions pay them.

No I/O, no clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from payments.raw_block import transactions_of
from payments.raw_transaction import parse_transaction
from payments.script_filter import ScriptFilter
from payments.watched_script import watched_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One output that pays a watched address."""

    address: str
    transaction_id: str
    output_index: int
    amount_base_units: int


class WatchedScripts:
    """What a client of blocks watches, of one coin and network.

    Bytes are searched for the scripts first, and outputs are read only of transactions that have
    one.
    """

    def __init__(self, coin: str, network: str) -> None:
        self._coin = coin
        self._network = network
        self._script_by_address: dict[str, str] = {}
        self._address_by_script: dict[str, str] = {}
        self.filter = ScriptFilter()

    def __contains__(self, address: str) -> bool:
        return address in self._script_by_address

    def follow(self, addresses: Mapping[str, object]) -> bool:
        """Watch these and no others; whether there are new ones among them.

        Raises:
            ChainRefusedError: an address is of another network.
        """
        gone = self._script_by_address.keys() - addresses.keys()
        new = addresses.keys() - self._script_by_address.keys()
        for address in gone:
            script = self._script_by_address.pop(address)
            del self._address_by_script[script]
            self.filter.remove(script)
        for address in new:
            script = watched_script(address, self._coin, self._network)
            self._script_by_address[address] = script
            self._address_by_script[script] = address
            self.filter.add(script)
        return bool(new)

    def paid_in_block(self, block: bytes) -> list[Payment]:
        """What a block pays to watched addresses.

        Raises:
            BrokenBlockError: (a ValueError) it is no block, whether it pays any of them or not.
            BrokenTransactionError: (a ValueError) one of its transactions is none.
        """
        transactions = transactions_of(block)
        if not self.filter.may_pay(block):
            return []
        return [payment for each in transactions for payment in self.paid_in(each)]

    def paid_in(self, transaction: bytes) -> Iterator[Payment]:
        """What a transaction pays to watched addresses; outputs of amount zero pay nobody.

        Raises:
            BrokenTransactionError: (a ValueError) it is none.
        """
        if not self.filter.may_pay(transaction):
            return
        parsed = parse_transaction(transaction)
        for output in parsed.outputs:
            address = self._address_by_script.get(output.script)
            if address is not None and output.amount_base_units:
                yield Payment(
                    address=address,
                    transaction_id=parsed.transaction_id,
                    output_index=output.index,
                    amount_base_units=output.amount_base_units,
                )

"""What is read out of the answers of a Bitcoin Core family node."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from payments.chain import Found, Place

BASE_UNITS_PER_COIN = 10**8  # satoshi and litoshi alike


def base_units(value: object) -> int:
    """Whole base units in an amount of coins, read as Decimal.

    Raises:
        ValueError: not such an amount.
    """
    if not isinstance(value, Decimal | int) or isinstance(value, bool):
        raise ValueError("an amount that is no number")  # noqa: TRY004 - a broken answer, as others are
    scaled = value * BASE_UNITS_PER_COIN
    if scaled != int(scaled) or scaled < 0:
        raise ValueError("an amount finer than the base unit, or below zero")
    return int(scaled)


def moment(unix_seconds: object) -> datetime:
    """The time in UTC.

    Raises:
        ValueError: not a time.
    """
    if not isinstance(unix_seconds, int):
        raise ValueError("a time that is no whole number")  # noqa: TRY004 - as above
    return datetime.fromtimestamp(unix_seconds, UTC)


def place_of(block: Mapping[str, Any]) -> Place:
    """The place of a block or block header."""
    return Place(height=int(block["height"]), block_hash=str(block["hash"]))


def hits(
    transaction: Mapping[str, Any], address_by_script: Mapping[str, str]
) -> Iterator[tuple[str, int, int]]:
    """Address, output number and base units of the outputs that pay a watched script.

    The script is compared and not the address, which nodes name in different ways. Outputs without
    a script (of Litecoin's extension blocks) and of amount zero pay nobody.
    """
    for output in transaction["vout"]:
        script = output.get("scriptPubKey", {}).get("hex")
        address = address_by_script.get(script)
        if address is None:
            continue
        amount = base_units(output["value"])
        if amount:
            yield address, int(output["n"]), amount


def found_in_block(block: Mapping[str, Any], address_by_script: Mapping[str, str]) -> list[Found]:
    """All receipts in a block as `getblock` with verbosity 2 shows it."""
    place = place_of(block)
    chain_time = moment(block["mediantime"])
    return [
        Found(
            address=address,
            transaction_id=str(transaction["txid"]),
            output_index=number,
            amount_base_units=amount,
            block_height=place.height,
            block_hash=place.block_hash,
            chain_time=chain_time,
        )
        for transaction in block["tx"]
        for address, number, amount in hits(transaction, address_by_script)
    ]


def found_in_mempool(
    transaction: Mapping[str, Any], entry: Mapping[str, Any], address_by_script: Mapping[str, str]
) -> tuple[Found, ...]:
    """All receipts in a transaction as `getrawtransaction` and `getmempoolentry` show it."""
    chain_time = moment(entry["time"])
    return tuple(
        Found(
            address=address,
            transaction_id=str(transaction["txid"]),
            output_index=number,
            amount_base_units=amount,
            block_height=None,
            block_hash=None,
            chain_time=chain_time,
        )
        for address, number, amount in hits(transaction, address_by_script)
    )

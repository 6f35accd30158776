"""A chain in a file, so that a demonstration goes on where it was left.

Blocks that a reorganisation has put aside are not kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.chain.blocks import Block, Input, Output, Transaction
from sandbox.chain.chain import Chain, MempoolEntry

_FORMAT = 1


def chain_as_text(chain: Chain) -> str:
    """Write a chain as JSON."""
    body = {
        "format": _FORMAT,
        "coins_made": chain.coins_made,
        "blocks": [_block_as_json(block) for block in chain.blocks()[1:]],
        "mempool": [
            {"time": e.time, "height": e.height, "tx": _transaction_as_json(e.transaction)}
            for e in chain.mempool.values()
        ],
    }
    return json.dumps(body, indent=1)


def write_chain_text(text: str, path: Path) -> None:
    """Put what `chain_as_text` gave into a file, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def save_chain(chain: Chain, path: Path) -> None:
    """Write a chain into a file.

    Raises:
        OSError: the file cannot be written.
    """
    write_chain_text(chain_as_text(chain), path)


def load_chain(chain: Chain, path: Path) -> None:
    """Read a file into a chain that is new.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such file; says to delete it.
    """
    try:
        body = _body_of_this_format(path.read_text(encoding="utf-8"))
        blocks = [_block_of(each) for each in body["blocks"]]
        mempool = [_entry_of(each) for each in body["mempool"]]
        chain.coins_made = int(body["coins_made"])
        chain.restore(blocks, mempool)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} does not hold a chain of this version ({error}): delete it to begin anew"
        ) from error


def _body_of_this_format(text: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(text)
    if body["format"] != _FORMAT:
        raise ValueError(f"format {body['format']!r}")
    return body


def _block_as_json(block: Block) -> dict[str, object]:
    return {
        "height": block.height,
        "previous": block.previous_hash,
        "time": block.time,
        "version": block.version,
        "txs": [_transaction_as_json(transaction) for transaction in block.transactions],
    }


def _transaction_as_json(transaction: Transaction) -> dict[str, object]:
    return {
        "version": transaction.version,
        "lock_time": transaction.lock_time,
        "inputs": [
            [spent.previous_txid, spent.index, spent.script.hex(), spent.sequence]
            for spent in transaction.inputs
        ],
        "outputs": [[output.litoshi, output.script.hex()] for output in transaction.outputs],
    }


def _block_of(body: dict[str, object]) -> Block:
    transactions = body["txs"]
    if not isinstance(transactions, list):
        raise TypeError("a block without its list of transactions")
    return Block(
        height=_whole(body["height"]),
        previous_hash=str(body["previous"]),
        time=_whole(body["time"]),
        version=_whole(body["version"]),
        transactions=tuple(_transaction_of(each) for each in transactions),
    )


def _entry_of(body: dict[str, object]) -> MempoolEntry:
    transaction = body["tx"]
    if not isinstance(transaction, dict):
        raise TypeError("a mempool entry without its transaction")
    return MempoolEntry(_transaction_of(transaction), _whole(body["time"]), _whole(body["height"]))


def _transaction_of(body: dict[str, object]) -> Transaction:
    inputs, outputs = body["inputs"], body["outputs"]
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        raise TypeError("a transaction without its lists of inputs and outputs")
    return Transaction(
        version=_whole(body["version"]),
        lock_time=_whole(body["lock_time"]),
        inputs=tuple(
            Input(txid, index, bytes.fromhex(script), sequence)
            for txid, index, script, sequence in inputs
        ),
        outputs=tuple(Output(litoshi, bytes.fromhex(script)) for litoshi, script in outputs),
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value

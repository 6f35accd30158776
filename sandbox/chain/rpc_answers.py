"""How blocks, transactions and what waits look in the node's JSON.

Field names as in Litecoin Core 0.21.2; fields of which this chain has nothing are left out. Amounts
are exact JSON numbers with eight decimals.
"""

from __future__ import annotations

from sandbox.chain.addresses import script_as_json
from sandbox.chain.amounts import ExactNumber, coins_number
from sandbox.chain.blocks import REGTEST_BITS, Block, Transaction
from sandbox.chain.chain import FEE_LITOSHI, Chain, MempoolEntry

JsonObject = dict[str, object]

DIFFICULTY = ExactNumber("4.656542373906925e-10")

_WORK_PER_BLOCK = 2


def chain_work(block: Block) -> str:
    """The work in a chain up to a block, as 64 hexadecimal digits."""
    return f"{(block.height + 1) * _WORK_PER_BLOCK:064x}"


def header_as_json(chain: Chain, block: Block) -> JsonObject:
    """A block without its transactions."""
    body: JsonObject = {
        "hash": block.hash,
        "confirmations": chain.confirmations(block),
        "height": block.height,
        "version": block.version,
        "versionHex": f"{block.version:08x}",
        "merkleroot": block.merkle_root,
        "time": block.time,
        "mediantime": chain.median_time(block),
        "nonce": 0,
        "bits": f"{REGTEST_BITS:08x}",
        "difficulty": DIFFICULTY,
        "chainwork": chain_work(block),
        "nTx": len(block.transactions),
    }
    if block.height > 0:
        body["previousblockhash"] = block.previous_hash
    next_hash = chain.hash_at(block.height + 1)
    if next_hash is not None and chain.confirmations(block) > 0:
        body["nextblockhash"] = next_hash
    return body


def transaction_as_json(chain: Chain, transaction: Transaction) -> JsonObject:
    """A transaction, inputs and outputs."""
    size = len(transaction.raw)
    return {
        "txid": transaction.txid,
        "hash": transaction.txid,
        "version": transaction.version,
        "size": size,
        "vsize": size,
        "weight": 4 * size,
        "locktime": transaction.lock_time,
        "vin": [
            {"coinbase": spent.script.hex(), "sequence": spent.sequence}
            if spent.is_coinbase
            else {
                "txid": spent.previous_txid,
                "vout": spent.index,
                "scriptSig": {"asm": "", "hex": spent.script.hex()},
                "sequence": spent.sequence,
            }
            for spent in transaction.inputs
        ],
        "vout": [
            {
                "value": coins_number(output.litoshi),
                "n": index,
                "scriptPubKey": script_as_json(output.script, chain.prefix),
            }
            for index, output in enumerate(transaction.outputs)
        ],
        "hex": transaction.raw.hex(),
    }


def entry_as_json(entry: MempoolEntry) -> JsonObject:
    """A transaction that waits, as `getmempoolentry` shows it."""
    size = len(entry.transaction.raw)
    fee = coins_number(FEE_LITOSHI)
    return {
        "fees": {"base": fee, "modified": fee, "ancestor": fee, "descendant": fee},
        "vsize": size,
        "weight": 4 * size,
        "fee": fee,
        "modifiedfee": fee,
        "time": entry.time,
        "height": entry.height,
        "descendantcount": 1,
        "descendantsize": size,
        "descendantfees": FEE_LITOSHI,
        "ancestorcount": 1,
        "ancestorsize": size,
        "ancestorfees": FEE_LITOSHI,
        "wtxid": entry.transaction.txid,
        "depends": [],
        "spentby": [],
        "bip125-replaceable": True,
        "unbroadcast": False,
    }

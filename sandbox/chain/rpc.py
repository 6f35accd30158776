"""The node's JSON-RPC methods over a chain.

The subset that a shop reads a chain by, with the field names, error codes and wording of Bitcoin
Core's family (checked against Litecoin Core 0.21.2). Amounts are exact JSON numbers with eight
decimals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.chain.amounts import coins_number
from sandbox.chain.blocks import Block, Transaction
from sandbox.chain.chain import Chain
from sandbox.chain.rpc_answers import (
    DIFFICULTY,
    chain_work,
    entry_as_json,
    header_as_json,
    transaction_as_json,
)

MISC_ERROR = -1
TYPE_OR_KEY_NOT_FOUND = -5
INVALID_PARAMETER = -8
IN_WARMUP = -28
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
PARSE_ERROR = -32700

_HASH_LENGTH = 64
_HEX = re.compile(r"[0-9a-fA-F]+")
_NODE_VERSION = 210201
_PROTOCOL_VERSION = 70016


class RpcError(Exception):
    """A refusal with the code that Bitcoin Core gives it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Method:
    """A method: what it does, the names of its parameters, how many it must have."""

    answer: Callable[[Chain, list[object]], object]
    parameters: tuple[str, ...] = ()
    required: int = 0


def call(chain: Chain, name: str, params: object) -> object:
    """Run a method.

    Args:
        chain: what is asked about.
        name: the method.
        params: a list, or an object with the parameters by name, or None.

    Raises:
        RpcError: as the node refuses it.
    """
    method = METHODS.get(name)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, "Method not found")
    arguments = _arguments(method, params)
    if not method.required <= len(arguments) <= len(method.parameters):
        raise RpcError(MISC_ERROR, _usage(name, method))
    padding = [None] * (len(method.parameters) - len(arguments))
    return method.answer(chain, [*arguments, *padding])


def _arguments(method: Method, params: object) -> list[object]:
    if params is None:
        return []
    if isinstance(params, list):
        return params
    if not isinstance(params, dict):
        raise RpcError(INVALID_REQUEST, "Params must be an array or object")
    unknown = [name for name in params if name not in method.parameters]
    if unknown:
        raise RpcError(INVALID_PARAMETER, f"Unknown named parameter {unknown[0]}")
    arguments = [params.get(name) for name in method.parameters]
    while arguments and arguments[-1] is None:
        arguments.pop()
    return arguments


def _usage(name: str, method: Method) -> str:
    required = [f'"{parameter}"' for parameter in method.parameters[: method.required]]
    optional = [f"( {parameter} )" for parameter in method.parameters[method.required :]]
    return " ".join([name, *required, *optional])


def _get_blockchain_info(chain: Chain, _arguments: list[object]) -> object:
    tip = _block(chain, chain.best_hash)
    return {
        "chain": "regtest",
        "blocks": chain.height,
        "headers": chain.height,
        "bestblockhash": tip.hash,
        "difficulty": DIFFICULTY,
        "mediantime": chain.median_time(tip),
        "verificationprogress": 1,
        "initialblockdownload": False,
        "chainwork": chain_work(tip),
        "size_on_disk": sum(len(block.raw) for block in chain.blocks()),
        "pruned": False,
        "softforks": {},
        "warnings": "",
    }


def _get_network_info(_chain: Chain, _arguments: list[object]) -> object:
    return {
        "version": _NODE_VERSION,
        "subversion": "/HoldfastSandbox:0.1.0/",
        "protocolversion": _PROTOCOL_VERSION,
        "localservices": "0000000000000409",
        "localrelay": True,
        "timeoffset": 0,
        "networkactive": True,
        "connections": 0,
        "networks": [],
        "relayfee": coins_number(1000),
        "incrementalfee": coins_number(1000),
        "localaddresses": [],
        "warnings": "",
    }


def _get_block_count(chain: Chain, _arguments: list[object]) -> object:
    return chain.height


def _get_best_block_hash(chain: Chain, _arguments: list[object]) -> object:
    return chain.best_hash


def _get_block_hash(chain: Chain, arguments: list[object]) -> object:
    block_hash = chain.hash_at(_whole_number(arguments[0]))
    if block_hash is None:
        raise RpcError(INVALID_PARAMETER, "Block height out of range")
    return block_hash


def _get_block_header(chain: Chain, arguments: list[object]) -> object:
    block = _block(chain, _hash(arguments[0], "blockhash"))
    if arguments[1] is False:
        return block.header.hex()
    return header_as_json(chain, block)


def _get_block(chain: Chain, arguments: list[object]) -> object:
    block = _block(chain, _hash(arguments[0], "blockhash"))
    verbosity = 1 if arguments[1] is None else _verbosity(arguments[1])
    if verbosity <= 0:
        return block.raw.hex()
    size = len(block.raw)
    sizes = {"strippedsize": size, "size": size, "weight": 4 * size}
    transactions: list[object] = [transaction.txid for transaction in block.transactions]
    if verbosity > 1:
        transactions = [transaction_as_json(chain, each) for each in block.transactions]
    return {**header_as_json(chain, block), **sizes, "tx": transactions}


def _get_raw_mempool(chain: Chain, arguments: list[object]) -> object:
    if not arguments[0]:
        return list(chain.mempool)
    return {txid: entry_as_json(entry) for txid, entry in chain.mempool.items()}


def _get_mempool_entry(chain: Chain, arguments: list[object]) -> object:
    entry = chain.mempool.get(_hash(arguments[0], "parameter 1"))
    if entry is None:
        raise RpcError(TYPE_OR_KEY_NOT_FOUND, "Transaction not in mempool")
    return entry_as_json(entry)


def _get_raw_transaction(chain: Chain, arguments: list[object]) -> object:
    """As a node without `-txindex`: from the mempool, or from the block that is named."""
    txid = _hash(arguments[0], "parameter 1")
    block = None if arguments[2] is None else _named_block(chain, arguments[2])
    transaction = _find_transaction(chain, txid, block)
    if not arguments[1]:
        return transaction.raw.hex()
    body = transaction_as_json(chain, transaction)
    if block is None:
        return body
    confirmations = chain.confirmations(block)
    times = {"time": block.time, "blocktime": block.time} if confirmations > 0 else {}
    return {
        "in_active_chain": confirmations > 0,
        **body,
        "blockhash": block.hash,
        "confirmations": max(confirmations, 0),
        **times,
    }


def _named_block(chain: Chain, value: object) -> Block:
    block = chain.block(_hash(value, "parameter 3"))
    if block is None:
        raise RpcError(TYPE_OR_KEY_NOT_FOUND, "Block hash not found")
    return block


def _find_transaction(chain: Chain, txid: str, block: Block | None) -> Transaction:
    if block is None:
        entry = chain.mempool.get(txid)
        where = (
            "mempool transaction. Use -txindex or provide a block hash to enable blockchain "
            "transaction queries"
        )
        found = None if entry is None else entry.transaction
    else:
        where = "transaction found in the provided block"
        found = next((each for each in block.transactions if each.txid == txid), None)
    if found is None:
        reason = f"No such {where}. Use gettransaction for wallet transactions."
        raise RpcError(TYPE_OR_KEY_NOT_FOUND, reason)
    return found


METHODS = {
    "getblockchaininfo": Method(_get_blockchain_info),
    "getnetworkinfo": Method(_get_network_info),
    "getblockcount": Method(_get_block_count),
    "getbestblockhash": Method(_get_best_block_hash),
    "getblockhash": Method(_get_block_hash, ("height",), 1),
    "getblockheader": Method(_get_block_header, ("blockhash", "verbose"), 1),
    "getblock": Method(_get_block, ("blockhash", "verbosity"), 1),
    "getrawmempool": Method(_get_raw_mempool, ("verbose",)),
    "getmempoolentry": Method(_get_mempool_entry, ("txid",), 1),
    "getrawtransaction": Method(_get_raw_transaction, ("txid", "verbose", "blockhash"), 1),
}


def _block(chain: Chain, block_hash: str) -> Block:
    block = chain.block(block_hash)
    if block is None:
        raise RpcError(TYPE_OR_KEY_NOT_FOUND, "Block not found")
    return block


def _hash(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RpcError(MISC_ERROR, "JSON value is not a string as expected")
    if len(value) != _HASH_LENGTH:
        reason = f"must be of length {_HASH_LENGTH} (not {len(value)}, for '{value}')"
        raise RpcError(INVALID_PARAMETER, f"{name} {reason}")
    if not _HEX.fullmatch(value):
        raise RpcError(INVALID_PARAMETER, f"{name} must be hexadecimal string (not '{value}')")
    return value.lower()


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RpcError(MISC_ERROR, "JSON value is not an integer as expected")
    return value


def _verbosity(value: object) -> int:
    """A number, or as older clients send it, true and false."""
    return int(value) if isinstance(value, bool) else _whole_number(value)

"""Contracts of tokens for an `AnvilNode`: they keep no books, and say of transfers what they like.

The shop reads the log of a transfer, the symbol and the decimals, and this is all they have.
"""

from payments.ethereum_tokens import TRANSFER
from tests.anvil_node import AnvilNode

_WORD = 32


def make_token(node: AnvilNode, symbol: bytes = b"USDX", decimals: int = 6) -> str:
    """A contract on the chain, which says this of itself (none of it if `symbol` is empty)."""
    code = _code(symbol, decimals)
    copy = bytes.fromhex("61") + len(code).to_bytes(2) + bytes.fromhex("80600c6000396000f3")
    made = node.send({"from": node.accounts[0], "data": "0x" + (copy + code).hex()})
    contract: str = node.call("eth_getTransactionReceipt", made)["contractAddress"]
    return contract


def send_token(node: AnvilNode, contract: str, address: str, units: int) -> str:
    """Let the contract log that so many units were moved to the address; the transaction's hash."""
    data = address[2:].rjust(64, "0") + f"{units:064x}"
    return node.send({"from": node.accounts[0], "to": contract, "data": "0x" + data})


def _code(symbol: bytes, decimals: int) -> bytes:
    """Data of 4 bytes asks for decimals or symbol; longer data is where to and how much."""
    # The amount to memory; the recipient, the sender, the event, the memory; LOG3 and STOP.
    transfer = bytes.fromhex("60203560005260003533" + "7f" + TRANSFER[2:] + "60206000a300")
    head_bytes = 7
    asked_at = head_bytes + len(transfer)
    head = bytes.fromhex("3660041460") + bytes([asked_at]) + bytes.fromhex("57")
    # The first of the answers is skipped by a jump, which is 16 bytes long with its question.
    says = b"" if not symbol else _says(symbol)
    decimals_at = asked_at + 16 + len(says) + 1
    asked = bytes.fromhex("5b60003560e01c63313ce5671460") + bytes([decimals_at]) + b"\x57"
    answer = bytes.fromhex("5b60") + bytes([decimals]) + bytes.fromhex("60005260206000f3")
    stop = b"\x00"
    return head + transfer + asked + says + stop + (answer if symbol else b"\x5b\x00")


def _says(text: bytes) -> bytes:
    """Return a `string` as the contract ABI encodes it."""
    return (
        bytes.fromhex("6020600052" + "60")
        + bytes([len(text)])
        + bytes.fromhex("6020527f")
        + text.ljust(_WORD, b"\0")
        + bytes.fromhex("60405260606000f3")
    )

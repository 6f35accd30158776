"""The balances of hundreds of addresses in one `eth_call`, with no contract on the chain.

An `eth_call` that names no recipient runs its data as the code that would make a contract, and
returns what that code returns. The code here walks over the addresses that are appended to it.
"""

from collections.abc import Sequence

ADDRESS_BYTES = 20
WORD_BYTES = 32
# What such code returns would be a contract's code, which is at most 24,576 bytes long (EIP-170).
ADDRESSES_A_CALL = 700

# Of each address a word: 1 in the first byte where the chain knows the account (EIP-1052, EIP-161:
# it has wei, has sent something, or has code), and its wei in the rest. The stack holds where the
# next word goes and where the next address is.
_CODE = bytes.fromhex(
    "6020"  # PUSH1 32         the first word goes here, behind the room for an address
    "6035"  # PUSH1 53         the addresses begin behind this code
    "5b"  # 4: JUMPDEST
    "38811015"  # CODESIZE DUP2 LT ISZERO
    "602c57"  # PUSH1 44 JUMPI     no address is left
    "601481600c39"  # PUSH1 20 DUP2 PUSH1 12 CODECOPY
    "600051"  # PUSH1 0 MLOAD
    "8031"  # DUP1 BALANCE
    "903f151560f81b17"  # SWAP1 EXTCODEHASH ISZERO ISZERO PUSH1 248 SHL OR
    "8252"  # DUP3 MSTORE
    "601401"  # PUSH1 20 ADD
    "90602001"  # SWAP1 PUSH1 32 ADD
    "90600456"  # SWAP1 PUSH1 4 JUMP
    "5b"  # 44: JUMPDEST
    "50602090036020f3"  # POP PUSH1 32 SWAP1 SUB PUSH1 32 RETURN
)


def call_data(addresses: Sequence[str]) -> str:
    """The data of a call about at most `ADDRESSES_A_CALL` addresses ("0x" and 40 digits each)."""
    return "0x" + _CODE.hex() + "".join(address[2:] for address in addresses)


def read_balances(answer: str, count: int) -> list[tuple[int, bool]]:
    """Of each address its wei, and whether the chain knows the account.

    Raises:
        ValueError: not the answer to a call about so many addresses.
    """
    words = bytes.fromhex(answer.removeprefix("0x"))
    if len(words) != count * WORD_BYTES:
        raise ValueError(f"{len(words)} bytes for {count} addresses")
    return [
        (int.from_bytes(words[at + 1 : at + WORD_BYTES]), words[at] == 1)
        for at in range(0, len(words), WORD_BYTES)
    ]

"""Segregated-witness addresses and their scripts.

Source: BIP 141 (witness programs), BIP 173 and BIP 350 (bech32 and bech32m).
"""

from __future__ import annotations

from sandbox.chain.bech32 import decode_segwit, encode_segwit

REGTEST_PREFIX = "rltc"

_OP_1_MINUS_1 = 0x50
_SHORTEST_SCRIPT_BYTES = 4
_LONGEST_SCRIPT_BYTES = 42


def script_of_address(address: str, prefix: str) -> bytes:
    """The output script that pays to an address.

    Raises:
        ValueError: it is no segwit address of this network; says what one looks like.
    """
    try:
        version, program = decode_segwit(prefix, address)
    except ValueError as error:
        raise ValueError(
            f"{address!r} is no address of this chain ({error}): "
            f"write one that begins with {prefix}1"
        ) from None
    opcode = version + _OP_1_MINUS_1 if version else 0
    return bytes([opcode, len(program)]) + program


def address_of_script(script: bytes, prefix: str) -> str | None:
    """The address of a witness program; None for any other script."""
    program = _witness_program(script)
    if program is None:
        return None
    version = script[0] - _OP_1_MINUS_1 if script[0] else 0
    return encode_segwit(prefix, version, program)


def script_as_json(script: bytes, prefix: str) -> dict[str, object]:
    """The `scriptPubKey` of an output.

    With `addresses`, as nodes before version 22 have it, and `address`, as later ones do.
    """
    address = address_of_script(script, prefix)
    body: dict[str, object] = {"hex": script.hex(), "type": _script_type(script)}
    if address is not None:
        version = script[0] - _OP_1_MINUS_1 if script[0] else 0
        body["asm"] = f"{version} {script[2:].hex()}"
        body |= {"reqSigs": 1, "address": address, "addresses": [address]}
    return body


def _witness_program(script: bytes) -> bytes | None:
    if not _SHORTEST_SCRIPT_BYTES <= len(script) <= _LONGEST_SCRIPT_BYTES:
        return None
    is_version = script[0] == 0 or _OP_1_MINUS_1 < script[0] <= _OP_1_MINUS_1 + 16
    return script[2:] if is_version and script[1] == len(script) - 2 else None


def _script_type(script: bytes) -> str:
    program = _witness_program(script)
    if program is None:
        return "pubkey" if script.endswith(b"\xac") else "nonstandard"
    by_shape = {
        (0, 20): "witness_v0_keyhash",
        (0, 32): "witness_v0_scripthash",
        (_OP_1_MINUS_1 + 1, 32): "witness_v1_taproot",
    }
    return by_shape.get((script[0], len(program)), "witness_unknown")

"""Extended public keys (BIP 32) as wallets show them, for custody without keys on this machine.

Version bytes are those of SLIP-132. No error repeats what was given: it may be a private key.
"""

from bip_utils import (
    Base58ChecksumError,
    Base58Decoder,
    Base58Encoder,
    Bip32KeyError,
    Bip32Slip10Secp256k1,
)

from payments.networks import AddressError, account_path

_KEY_BYTES = 78
_VERSION = slice(0, 4)
_DEPTH = 4
_CHILD_NUMBER = slice(9, 13)
_ACCOUNT_DEPTH = 3
_HARDENED = 2**31

XPUB, TPUB = bytes.fromhex("0488b21e"), bytes.fromhex("043587cf")
_ZPUB, _VPUB = bytes.fromhex("04b24746"), bytes.fromhex("045f1cf6")
_LTUB, _TTUB = bytes.fromhex("019da462"), bytes.fromhex("0436f6e1")
# By coin, and whether the network is the main one; the first is what `as_written` gives.
_TAKEN = {
    ("BTC", True): {_ZPUB: "zpub", XPUB: "xpub"},
    ("BTC", False): {_VPUB: "vpub", TPUB: "tpub"},
    ("LTC", True): {_ZPUB: "zpub", XPUB: "xpub", _LTUB: "Ltub"},
    ("LTC", False): {_VPUB: "vpub", TPUB: "tpub", _TTUB: "ttub"},
    ("ETH", True): {XPUB: "xpub"},
    ("ETH", False): {XPUB: "xpub"},
}
_PRIVATE = frozenset(
    map(
        bytes.fromhex,
        (
            "0488ade4", "04358394",  # xprv, tprv
            "049d7878", "044a4e28",  # yprv, uprv
            "04b2430c", "045f18bc",  # zprv, vprv
            "0295b005", "024285b5",  # Yprv, Uprv
            "02aa7a99", "02575048",  # Zprv, Vprv
            "019d9cfe", "01b26792", "0436ef7d",  # Ltpv, Mtpv, ttpv
        ),
    )
)  # fmt: skip
_OTHER_KINDS = {
    bytes.fromhex("049d7cb2"): "ypub", bytes.fromhex("044a5262"): "upub",
    bytes.fromhex("0295b43f"): "Ypub", bytes.fromhex("024289ef"): "Upub",
    bytes.fromhex("02aa7ed3"): "Zpub", bytes.fromhex("02575483"): "Vpub",
    bytes.fromhex("01b26ef6"): "Mtub",
}  # fmt: skip


def account_key(text: str, coin: str, network: str) -> Bip32Slip10Secp256k1:
    """The public key of an account of BTC, LTC (m/84'/c'/n') or ETH (m/44'/60'/n').

    Raises:
        AddressError: not such a key; the text says what to write and repeats nothing of it.
    """
    raw = _raw(text, coin, network)
    version = bytes(raw[_VERSION])
    taken = _TAKEN[coin, _is_main(coin, network)]
    if version not in taken:
        raise AddressError(_wrong_version(version, coin, network))
    number = int.from_bytes(raw[_CHILD_NUMBER], "big")
    if raw[_DEPTH] != _ACCOUNT_DEPTH or number < _HARDENED:
        raise AddressError(
            f"is the key of depth {raw[_DEPTH]}, not of an account; write that of"
            f" {account_path(coin, network)}, which is depth {_ACCOUNT_DEPTH}"
        )
    try:
        return Bip32Slip10Secp256k1.FromExtendedKey(_encoded(raw, XPUB))
    except Bip32KeyError:
        raise AddressError("is no key: it is not a point of the curve") from None


def as_written(xpub: str, coin: str, network: str) -> str:
    """An extended public key as the coin's wallets write it, with the version of its network."""
    return _encoded(
        Base58Decoder.CheckDecode(xpub), next(iter(_TAKEN[coin, _is_main(coin, network)]))
    )


def for_descriptor(text: str, network: str) -> str:
    """An extended public key as descriptors know it: xpub, off the main network tpub (BIP 380)."""
    raw = Base58Decoder.CheckDecode(text)
    return _encoded(raw, XPUB if network == "main" else TPUB)


def _raw(text: str, coin: str, network: str) -> bytes:
    if (coin, True) not in _TAKEN:
        raise AddressError(f"is of no use for {coin}; write addresses_file")
    try:
        raw = Base58Decoder.CheckDecode(text.strip())
    except (ValueError, Base58ChecksumError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise AddressError(
            "is not an extended public key; copy the whole of it from the wallet, one that begins"
            f" with {_names(coin, network)}"
        )
    return raw


def _wrong_version(version: bytes, coin: str, network: str) -> str:
    wanted = f"write the account's public key, one that begins with {_names(coin, network)}"
    if version in _PRIVATE:
        return (
            "is a private key, which must not be on this machine: take it away, take it for known"
            f" to others, and {wanted}"
        )
    if version in _OTHER_KINDS:
        return f"is of another kind of addresses ({_OTHER_KINDS[version]}); {wanted}"
    for (_, is_main), names in _TAKEN.items():
        if version in names:
            where = "a main network" if is_main else "a test network"
            return f"is a {names[version]}, of another coin or of {where}; {wanted}"
    return f"is of a kind that nobody knows; {wanted}"


def _names(coin: str, network: str) -> str:
    return " or ".join(_TAKEN[coin, _is_main(coin, network)].values())


def _is_main(coin: str, network: str) -> bool:
    return network == "main" or coin == "ETH"


def _encoded(raw: bytes, version: bytes) -> str:
    return Base58Encoder.CheckEncode(version + raw[_VERSION.stop :])

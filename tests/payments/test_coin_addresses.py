"""Addresses and keys of all four coins, from the vectors and as properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.addresses import EthereumAddresses, SolanaAddresses, is_address
from payments.custody import CustodyError
from payments.derived_addresses import Bip84Addresses, PrivateKeys, address_of_key
from payments.ethereum_addresses import with_checksum
from payments.hot_addresses import HotSource
from payments.networks import AddressError, key_path
from payments.order_keys import seal_key, unseal_key
from payments.wallet_keys import wallet_key

MNEMONIC = "abandon " * 11 + "about"
CUSTODY_KEY = bytes(range(32))
# Each derived by three independent libraries.
VECTORS = [
    ("BTC", "main", 0, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
    ("BTC", "main", 1, "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"),
    ("BTC", "regtest", 0, "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk"),
    ("LTC", "main", 0, "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
    ("ETH", "main", 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
    ("SOL", "main", 0, "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"),
    ("SOL", "main", 1, "Hh8QwFUA6MtVu1qAoq12ucvFHNwCcVTV7hpWjeY1Hztb"),
]
NETWORKS = [
    *[(coin, network) for coin in ("BTC", "LTC", "SOL") for network in ("main", "test", "regtest")],
    ("ETH", "main"),
    ("ETH", "chain-1337"),
]
SOURCES = {place: HotSource(*place, MNEMONIC, CUSTODY_KEY) for place in NETWORKS}
# EIP-55, "Test Cases".
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
]


@pytest.mark.parametrize(("coin", "network", "index", "address"), VECTORS)
def test_hot_addresses_are_those_that_other_wallets_derive(
    coin: str, network: str, index: int, address: str
) -> None:
    assert SOURCES[coin, network].derive(index) == address
    assert is_address(address, coin, network)


def test_public_keys_alone_give_the_same_addresses() -> None:
    assert EthereumAddresses(MNEMONIC).derive(0) == VECTORS[4][3]
    assert SolanaAddresses(MNEMONIC).derive(1) == VECTORS[6][3]
    assert Bip84Addresses("BTC", "main", MNEMONIC).derive(1) == VECTORS[1][3]


@pytest.mark.parametrize(
    ("coin", "network", "path"),
    [
        ("BTC", "main", "m/84'/0'/0'/0/7"),
        ("BTC", "test", "m/84'/1'/0'/0/7"),
        ("LTC", "main", "m/84'/2'/0'/0/7"),
        ("LTC", "regtest", "m/84'/1'/0'/0/7"),
        ("ETH", "chain-5", "m/44'/60'/0'/0/7"),
        ("SOL", "regtest", "m/44'/501'/7'/0'"),
    ],
)
def test_paths_are_those_of_the_standards(coin: str, network: str, path: str) -> None:
    assert key_path(coin, network).of(7) == path


@pytest.mark.parametrize("place", [("DOGE", "main"), ("BTC", "signet"), ("SOL", "devnet")])
def test_unknown_coins_and_networks_have_no_addresses(place: tuple[str, str]) -> None:
    with pytest.raises(AddressError, match="there are no"):
        HotSource(*place, MNEMONIC, CUSTODY_KEY)


@given(place=st.sampled_from(NETWORKS), index=st.integers(0, 2**31 - 1))
@settings(max_examples=60, deadline=None)
def test_a_sealed_key_is_that_of_its_address(place: tuple[str, str], index: int) -> None:
    source = SOURCES[place]
    address = source.derive(index)
    assert is_address(address, *place)
    coin, network = place
    opened = unseal_key(
        source.sealed_key(index), CUSTODY_KEY, coin=coin, network=network, address=address
    )
    assert opened == PrivateKeys(coin, network, MNEMONIC).key(index)
    assert address_of_key(opened, coin, network) == address


@given(
    place=st.sampled_from(VECTORS),
    where=st.integers(0, 43),
    letter=st.sampled_from("023456789acdefghjklmnpqrstuvwxyzABCDEFGH"),
)
@settings(max_examples=200, deadline=None)
def test_a_letter_that_was_mistyped_is_found_where_there_is_a_checksum(
    place: tuple[str, str, int, str], where: int, letter: str
) -> None:
    coin, network, _, address = place
    where %= len(address)
    mistyped = address[:where] + letter + address[where + 1 :]
    if coin in ("BTC", "LTC") and mistyped.lower() != address:
        assert not is_address(mistyped, coin, network)
    if mistyped == address:
        assert is_address(mistyped, coin, network)


@given(text=st.text(max_size=80), place=st.sampled_from(NETWORKS))
@settings(max_examples=200, deadline=None)
def test_any_text_is_an_address_or_not_and_never_an_error(
    text: str, place: tuple[str, str]
) -> None:
    assert is_address(text, *place) in (True, False)


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_letters_of_eth_addresses_have_the_checksum_of_eip_55(address: str) -> None:
    assert is_address(address, "ETH", "main")
    assert is_address(address.lower().replace("0X", "0x"), "ETH", "main")
    assert with_checksum(bytes.fromhex(address[2:])) == address or address[2:].islower()
    swapped = address[2:].swapcase()
    has_no_checksum = swapped in (swapped.lower(), swapped.upper())
    assert is_address(f"0x{swapped}", "ETH", "main") == has_no_checksum


def test_addresses_of_one_coin_are_none_of_another() -> None:
    for coin, network, _, address in VECTORS:
        for other in NETWORKS:
            expected = (coin, network) == other or (coin == other[0] and coin in ("ETH", "SOL"))
            assert is_address(address, *other) == expected


@pytest.mark.parametrize("index", [-1, 2**31])
@pytest.mark.parametrize("place", [("ETH", "main"), ("SOL", "main")])
def test_an_index_that_no_wallet_has_is_refused(place: tuple[str, str], index: int) -> None:
    with pytest.raises(CustodyError, match="there is no address"):
        SOURCES[place].derive(index)


def test_a_key_in_wallet_form_is_shown_nowhere_by_accident() -> None:
    key = PrivateKeys("BTC", "main", MNEMONIC).key(0)
    # BIP 84, "Test vectors".
    wif = "KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d"
    shown = wallet_key(key, "BTC", "main")
    assert (shown.form, shown.text) == ("WIF", wif)
    assert wif not in repr(shown)
    assert wallet_key(key, "LTC", "main").text.startswith("T")
    assert wallet_key(key, "LTC", "regtest") == wallet_key(key, "BTC", "test")
    with pytest.raises(AddressError):
        wallet_key(key, "DOGE", "main")


def test_a_sealed_key_opens_only_with_its_key_and_for_its_address() -> None:
    source = SOURCES["LTC", "main"]
    sealed, address = source.sealed_key(0), source.derive(0)
    place = {"coin": "LTC", "network": "main"}
    with pytest.raises(CustodyError, match="sealed with another key"):
        unseal_key(sealed, bytes(32), **place, address=address)
    with pytest.raises(CustodyError, match="not that of this address"):
        unseal_key(sealed, CUSTODY_KEY, **place, address=source.derive(1))
    with pytest.raises(CustodyError, match="not that of this address"):
        unseal_key(seal_key(b"short", CUSTODY_KEY), CUSTODY_KEY, **place, address=address)
    for damaged in ("", "plain", "sealed1:", "sealed1:!!", sealed[:-8], "sealed2:" + sealed[8:]):
        with pytest.raises(CustodyError):
            unseal_key(damaged, CUSTODY_KEY, **place, address=address)
    assert sealed != source.sealed_key(0)

"""Addresses without keys: from extended public keys, and from lists made elsewhere."""

import pickle
from pathlib import Path

import pytest

from payments.address_book import AddressBook
from payments.address_list import AddressList, list_text, parse_list, read_list, write_list
from payments.address_source import AddressesUsedUpError
from payments.custody import CustodyError
from payments.derived_addresses import SolanaAddresses, extended_public_key
from payments.descriptors import receiving_descriptor, with_checksum
from payments.extended_keys import account_key, as_written
from payments.hot_addresses import HotSource
from payments.networks import AddressError, account_path
from payments.watch_only import ListedAddresses, WatchOnlyAddresses
from tests.litecoin_node import LitecoinNode, litecoin_node

__all__ = ["litecoin_node"]  # a fixture

MNEMONIC = "abandon " * 11 + "about"
# BIP 84, "Test vectors".
ZPUB = (
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31"
    "mGDtKsAYz2oz2AGutZYs"
)
ZPRV = (
    "zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1"
    "yYNZKEm7z6qUWCroSQnE"
)
YPUB = (
    "ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcr"
    "Arf3zbeJJJUZPf663zsP"
)
ACCOUNTS = [
    ("BTC", "main"),
    ("BTC", "test"),
    ("BTC", "regtest"),
    ("LTC", "main"),
    ("LTC", "regtest"),
    ("ETH", "main"),
    ("ETH", "chain-5"),
]


def xpub_of(coin: str, network: str, path: str = "") -> str:
    return extended_public_key(MNEMONIC, path or account_path(coin, network))


def watching(coin: str, network: str, key: str, folder: Path) -> WatchOnlyAddresses:
    return WatchOnlyAddresses(
        coin=coin, network=network, extended_public_key=key, marks_file=folder / "new" / "marks"
    )


@pytest.mark.parametrize(("coin", "network"), ACCOUNTS)
def test_the_public_key_of_the_account_gives_the_addresses_of_the_mnemonic(
    tmp_path: Path, coin: str, network: str
) -> None:
    hot = HotSource(coin, network, MNEMONIC, bytes(32))
    key = as_written(xpub_of(coin, network), coin, network)
    recipe = pickle.loads(pickle.dumps(watching(coin, network, key, tmp_path)))  # noqa: S301 - ours
    source = recipe.open()
    assert [source.derive(index) for index in range(5)] == [hot.derive(each) for each in range(5)]
    assert key not in repr(recipe)


def test_the_key_of_bip_84_is_what_its_mnemonic_gives() -> None:
    assert as_written(xpub_of("BTC", "main"), "BTC", "main") == ZPUB
    plain = account_key(xpub_of("BTC", "main"), "BTC", "main")
    assert account_key(f" {ZPUB}\n", "BTC", "main").PublicKey().ToExtended() == (
        plain.PublicKey().ToExtended()
    )


@pytest.mark.parametrize(
    ("key", "coin", "network", "told"),
    [
        (ZPRV, "BTC", "main", "is a private key, which must not be on this machine"),
        (ZPUB, "BTC", "test", "of a main network; write .* begins with vpub or tpub"),
        (ZPUB, "ETH", "main", "of another coin .* begins with xpub"),
        (ZPUB, "SOL", "main", "is of no use for SOL; write addresses_file"),
        (ZPUB[:-1] + "t", "BTC", "main", "is not an extended public key; copy the whole"),
        ("", "BTC", "main", "is not an extended public key"),
        (xpub_of("BTC", "main", "m/84'/0'/0'/0"), "BTC", "main", "depth 4, not of an account"),
        (xpub_of("BTC", "main", "m/84'/0'"), "BTC", "main", "depth 2, not of an account"),
        (xpub_of("BTC", "main", "m/84'/0'/0"), "BTC", "main", "not of an account"),
        (
            YPUB,
            "BTC",
            "main",
            r"another kind of addresses \(ypub\)",
        ),
    ],
)
def test_what_is_no_public_key_of_the_account_is_refused_and_not_repeated(
    key: str, coin: str, network: str, told: str
) -> None:
    with pytest.raises(AddressError, match=told) as refused:
        account_key(key, coin, network)
    assert not key or key[:20] not in str(refused.value)


def test_the_mark_of_a_shop_without_keys_is_where_it_is_told_to_be(tmp_path: Path) -> None:
    recipe = watching("BTC", "main", ZPUB, tmp_path)
    for first in (0, 3):
        book = AddressBook(recipe)
        assert book.open(first) == first
        assert [each.sealed_key for each in book.derive(first, 2)] == [None, None]
        assert book.end() is None
        book.write_mark(first + 16)
        book.close(first + 3)


# --- descriptors ----------------------------------------------------------------------------------


def test_checksum_of_a_descriptor_is_that_of_bip_380() -> None:
    assert with_checksum("raw(deadbeef)") == "raw(deadbeef)#89f8spxm"


def test_a_character_that_no_descriptor_has_is_refused() -> None:
    with pytest.raises(ValueError, match="not found"):
        with_checksum("raw(\u00fc)")


@pytest.mark.litecoind
def test_a_real_node_takes_the_descriptor_and_derives_the_same(
    litecoin_node: LitecoinNode,
) -> None:
    key = as_written(xpub_of("LTC", "regtest"), "LTC", "regtest")
    descriptor = receiving_descriptor(key, "LTC", "regtest")
    hot = HotSource("LTC", "regtest", MNEMONIC, bytes(32))
    derived = litecoin_node.call("deriveaddresses", descriptor, [0, 4])
    assert derived == [hot.derive(index) for index in range(5)]
    assert litecoin_node.call("getdescriptorinfo", descriptor)["isrange"] is True


# --- lists ----------------------------------------------------------------------------------------


def addresses(start: int, count: int) -> AddressList:
    source = SolanaAddresses(MNEMONIC)
    made = tuple(source.derive(index) for index in range(start, start + count))
    return AddressList(coin="SOL", network="main", start=start, addresses=made)


def listed(path: Path) -> ListedAddresses:
    marks = path.with_name("marks")
    return ListedAddresses(coin="SOL", network="main", addresses_file=path, marks_file=marks)


def test_a_list_is_read_as_it_was_written_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    write_list(path, addresses(7, 3))
    assert read_list(path, "SOL", "main") == addresses(7, 3)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CustodyError, match="is there already"):
        write_list(path, addresses(0, 1))


def test_a_list_that_was_touched_anywhere_is_refused() -> None:
    lines = list_text(addresses(0, 4)).splitlines()
    other = list_text(addresses(4, 1)).splitlines()[1]
    spoiled = [
        [],
        lines[:1],
        lines[:-1],
        [*lines[:2], *lines[3:]],
        [*lines[:2], other, *lines[3:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
        [lines[0].replace("1 SOL", "2 SOL"), *lines[1:]],
        [lines[0].replace("main", "test"), *lines[1:]],
        [lines[0].replace(" 0 4", " 1 4"), *lines[1:]],
        [lines[0].replace(" 0 4", " x 4"), *lines[1:]],
        [*lines[:-1], lines[-1][:-1] + "z"],
    ]
    for each in spoiled:
        with pytest.raises(ValueError, match="it "):
            parse_list("".join(f"{line}\n" for line in each))


@pytest.mark.parametrize("made", [("SOL", "main", ("a", "a")), ("SOL", "main", ())])
def test_a_list_with_an_address_twice_or_none_is_refused(
    made: tuple[str, str, tuple[str, ...]],
) -> None:
    coin, network, texts = made
    text = list_text(AddressList(coin=coin, network=network, start=0, addresses=texts))
    with pytest.raises(ValueError, match="it "):
        parse_list(text)


def test_a_list_of_another_network_is_refused(tmp_path: Path) -> None:
    write_list(tmp_path / "list", addresses(0, 2))
    with pytest.raises(CustodyError, match="of SOL on main, not of SOL on test"):
        read_list(tmp_path / "list", "SOL", "test")
    with pytest.raises(CustodyError, match="cannot be read: No such file"):
        read_list(tmp_path / "none", "SOL", "main")


def test_an_address_that_nobody_can_sign_for_is_not_given_out(tmp_path: Path) -> None:
    # A base58 text of 32 bytes that are no point of the curve.
    off_curve = "US517G5965aydkZ46HS38QLi7UQiSojurfbQfKCELFx"
    made = AddressList(coin="SOL", network="main", start=0, addresses=(off_curve,))
    write_list(tmp_path / "list", made)
    with pytest.raises(CustodyError, match=r"address 0 in .* is none: it is not given out"):
        listed(tmp_path / "list").open().derive(0)


def test_a_list_is_handed_out_to_its_end_and_goes_on_when_it_is_longer(tmp_path: Path) -> None:
    path = tmp_path / "list"
    write_list(path, addresses(5, 3))
    book = AddressBook(listed(path))
    assert book.open(0) == 5
    assert [each.index for each in book.derive(5, 64)] == [5, 6, 7]
    assert book.end() == 8
    with pytest.raises(AddressesUsedUpError, match="is used up: make one that begins with 8"):
        book.derive(8, 1)
    path.unlink()
    assert book.end() == 8
    write_list(path, addresses(8, 2))
    assert book.end() == 10
    assert book.derive(8, 64)[1].address == addresses(9, 1).addresses[0]
    with pytest.raises(CustodyError, match="begins with address 8, not 5"):
        book.derive(5, 1)
    book.close(None)

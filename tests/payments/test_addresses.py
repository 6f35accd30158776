import pickle
from pathlib import Path

import pytest
from bip_utils import SegwitBech32Decoder

from payments.addresses import (
    AddressError,
    Bip84Addresses,
    HotAddresses,
    address_of_script,
    prefix_of,
    script_of,
)
from payments.custody import CustodyError, key_text, seal, write_secret

MNEMONIC = "abandon " * 11 + "about"
KEY = bytes(range(32))

# Derived by three independent libraries; the first two of BTC are those of BIP 84 itself.
VECTORS = [
    ("BTC", "main", 0, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
    ("BTC", "main", 1, "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"),
    ("BTC", "regtest", 0, "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk"),
    ("LTC", "main", 0, "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
]


@pytest.mark.parametrize(("coin", "network", "index", "address"), VECTORS)
def test_addresses_are_those_that_other_wallets_derive(
    coin: str, network: str, index: int, address: str
) -> None:
    assert Bip84Addresses(coin, network, MNEMONIC).derive(index) == address


def test_off_the_main_network_both_coins_have_the_keys_of_coin_type_1() -> None:
    btc = Bip84Addresses("BTC", "regtest", MNEMONIC).derive(0)
    ltc = Bip84Addresses("LTC", "regtest", MNEMONIC).derive(0)
    test = Bip84Addresses("LTC", "test", MNEMONIC).derive(0)
    _, program = SegwitBech32Decoder.Decode("bcrt", btc)
    assert SegwitBech32Decoder.Decode("rltc", ltc) == (0, program)
    assert SegwitBech32Decoder.Decode("tltc", test) == (0, program)


def test_each_index_has_an_address_of_its_own_and_always_the_same() -> None:
    source = Bip84Addresses("LTC", "regtest", MNEMONIC)
    addresses = [source.derive(index) for index in range(20)]
    assert len(set(addresses)) == 20
    assert [source.derive(index) for index in range(20)] == addresses


@pytest.mark.parametrize("index", [-1, 2**31])
def test_index_that_bip32_does_not_have_is_refused(index: int) -> None:
    with pytest.raises(CustodyError, match="there is no address"):
        Bip84Addresses("LTC", "regtest", MNEMONIC).derive(index)


@pytest.mark.parametrize(("coin", "network"), [("LTC", "signet"), ("DOGE", "main")])
def test_unknown_coin_or_network_is_refused(coin: str, network: str) -> None:
    with pytest.raises(AddressError, match="there are no"):
        Bip84Addresses(coin, network, MNEMONIC)


@pytest.mark.parametrize(("coin", "network", "_index", "address"), VECTORS)
def test_script_of_an_address_leads_back_to_it(
    coin: str, network: str, _index: int, address: str
) -> None:
    script = script_of(address, coin, network)
    assert script.startswith("0014")
    assert len(script) == 44
    assert address_of_script(script, coin, network) == address


def test_taproot_script_has_an_address() -> None:
    # BIP 350, "Test vectors for v0-v16 native segregated witness addresses".
    address = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
    script = "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    assert script_of(address, "BTC", "main") == script
    assert address_of_script(script, "BTC", "main") == address


@pytest.mark.parametrize(
    "script", ["", "6a24aa21a9ed", "76a914" + "00" * 20 + "88ac", "0015" + "00" * 21]
)
def test_script_that_is_no_witness_program_has_no_address(script: str) -> None:
    assert address_of_script(script, "LTC", "main") is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wj",
        "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
        "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9",
    ],
)
def test_address_that_is_none_of_the_network_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="is no LTC address of main"):
        script_of(address, "LTC", "main")


def test_prefixes_are_those_of_the_networks() -> None:
    networks = ("main", "test", "regtest")
    assert [prefix_of("LTC", network) for network in networks] == ["ltc", "tltc", "rltc"]
    assert [prefix_of("BTC", network) for network in networks] == ["bc", "tb", "bcrt"]


def hot(folder: Path, **changes: str) -> HotAddresses:
    write_secret(folder / "mnemonic", seal(MNEMONIC, KEY))
    write_secret(folder / "key", key_text(KEY))
    settings = {"coin": "LTC", "network": "main", **changes}
    return HotAddresses(**settings, mnemonic_file=folder / "mnemonic", key_file=folder / "key")


def test_hot_addresses_come_from_the_sealed_file(tmp_path: Path) -> None:
    recipe = pickle.loads(pickle.dumps(hot(tmp_path)))  # noqa: S301 - our own bytes
    assert recipe.open().derive(0) == VECTORS[3][3]


def test_recipe_and_source_show_no_secret(tmp_path: Path) -> None:
    recipe = hot(tmp_path)
    shown = repr(recipe) + repr(pickle.dumps(recipe)) + repr(vars(recipe.open()))
    assert "abandon" not in shown
    assert KEY.hex() not in shown


def test_wrong_key_is_told_at_the_opening(tmp_path: Path) -> None:
    recipe = hot(tmp_path)
    (tmp_path / "key").write_text("11" * 32)
    with pytest.raises(CustodyError, match="does not open"):
        recipe.open()

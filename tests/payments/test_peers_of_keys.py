"""Addresses and keys as libraries that share no code with ours derive them."""

import random
import sys
from types import ModuleType

import pytest

from payments.derived_addresses import PrivateKeys, address_of_key
from payments.networks import key_path
from payments.wallet_keys import wallet_key

MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow"
INDEXES = random.Random(84).sample(range(2**31), 1000)  # noqa: S311 - which ones is no secret

pytestmark = [
    pytest.mark.timeout(600),
    # Of the libraries themselves, while they are loaded and used.
    pytest.mark.filterwarnings("ignore"),
]


def ours(coin: str) -> list[tuple[str, str, str]]:
    """Path, address and key in wallet form of every index."""
    keys = PrivateKeys(coin, "main", MNEMONIC)
    path = key_path(coin, "main")
    made = [(path.of(index), keys.key(index)) for index in INDEXES]
    return [
        (where, address_of_key(key, coin, "main"), wallet_key(key, coin, "main").text)
        for where, key in made
    ]


@pytest.fixture
def eth_account() -> ModuleType:
    """It brings a library that lets Python recurse until its stack ends; others rely on less."""
    limit = sys.getrecursionlimit()
    found: ModuleType = pytest.importorskip("eth_account")
    sys.setrecursionlimit(limit)
    return found


@pytest.fixture
def solders_keypair() -> ModuleType:
    found: ModuleType = pytest.importorskip("solders.keypair")
    return found


@pytest.fixture
def bitcoinlib_keys(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """It writes a folder of its own wherever it is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        found: ModuleType = pytest.importorskip("bitcoinlib.keys")
    return found


def test_a_thousand_eth_addresses_and_keys_are_those_of_eth_account(
    eth_account: ModuleType,
) -> None:
    account = eth_account.Account
    account.enable_unaudited_hdwallet_features()
    for path, address, key in ours("ETH"):
        theirs = account.from_mnemonic(MNEMONIC, account_path=path)
        assert (theirs.address, f"0x{bytes(theirs.key).hex()}") == (address, key)


def test_a_thousand_sol_addresses_and_keys_are_those_of_solders(
    solders_keypair: ModuleType,
) -> None:
    from bip_utils import Bip39SeedGenerator  # noqa: PLC0415 - the seed is no matter of SOL

    seed = Bip39SeedGenerator(MNEMONIC).Generate()
    keypair = solders_keypair.Keypair
    for path, address, key in ours("SOL"):
        theirs = keypair.from_seed_and_derivation_path(seed, path)
        assert (str(theirs.pubkey()), str(theirs)) == (address, key)
        assert str(keypair.from_base58_string(key).pubkey()) == address


@pytest.mark.parametrize(("coin", "network"), [("BTC", "bitcoin"), ("LTC", "litecoin")])
def test_a_thousand_btc_and_ltc_addresses_and_keys_are_those_of_bitcoinlib(
    bitcoinlib_keys: ModuleType, coin: str, network: str
) -> None:
    from bip_utils import Bip39SeedGenerator  # noqa: PLC0415 - as above

    seed = Bip39SeedGenerator(MNEMONIC).Generate()
    master = bitcoinlib_keys.HDKey.from_seed(seed, network=network, witness_type="segwit")
    branch = master.subkey_for_path(key_path(coin, "main").branch)
    for index, (_, address, key) in zip(INDEXES, ours(coin), strict=True):
        theirs = branch.subkey_for_path(str(index))
        assert (theirs.address(encoding="bech32"), theirs.wif_key()) == (address, key)

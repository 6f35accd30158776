"""Settings of coins and of custody: what each mode needs, and that no key is repeated."""

from collections.abc import Callable
from pathlib import Path

import pytest

from configuration.loading import load
from configuration.logging import secrets_of
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings
from domain.money import pow_10
from payments.derived_addresses import extended_public_key
from payments.extended_keys import as_written
from payments.networks import account_path

Spoil = Callable[[str, str], Path]

MNEMONIC = "abandon " * 11 + "about"
TPUB = extended_public_key(MNEMONIC, account_path("LTC", "regtest"))
VPUB = as_written(TPUB, "LTC", "regtest")
# BIP 84, "Test vectors": the account's private key, which nobody should ever write here.
ZPRV = (
    "zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1"
    "yYNZKEm7z6qUWCroSQnE"
)
HOT = """\
mnemonic_file = "mnemonic.sealed"
key_file = "custody.key"
"""


def told(path: Path, purpose: Purpose = Purpose.SERVE) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(path, {}, purpose=purpose)
    return "\n".join(refused.value.lines)


@pytest.fixture
def watch_only(spoil: Spoil) -> Path:
    """Settings of a shop that has no key."""
    spoil(HOT, 'mode = "watch_only"\n')
    return spoil("enabled = true", f'enabled = true\nextended_public_key = "{VPUB}"')


def test_each_coin_has_defaults_of_its_own() -> None:
    coins = Settings().coins.all()
    assert {symbol: coin.rules.confirmations for symbol, coin in coins.items()} == {
        "BTC": 2,
        "LTC": 3,
        "ETH": 12,
        "SOL": 32,
    }
    assert {coin.network_name for coin in coins.values()} == {"main"}
    for symbol, coin in coins.items():
        assert 0 < coin.rules.dust_base_units < coin.rules.smallest_order_base_units, symbol
        assert (coin.rules.final_confirmations or 0) >= coin.rules.confirmations


def test_larger_orders_take_more_confirmations(spoil: Spoil) -> None:
    steps = '[{amount = "10", confirmations = 6}, {amount = "100", confirmations = 20}]'
    path = spoil("enabled = true", f"enabled = true\nconfirmations_above = {steps}")
    (rules,) = load(path, {}, purpose=Purpose.SERVE).order_rules().coins
    coin = pow_10(8)
    wanted = [rules.confirmations_for(amount * coin) for amount in (1, 10, 99, 100)]
    assert wanted == [3, 6, 6, 20]
    assert rules.final_confirmations == 20
    assert rules.confirmations_for(10 * coin - 1) == 3


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ('{amount = "ten", confirmations = 6}', "confirmations_above[0].amount is not right"),
        ("{amount = 10, confirmations = 6}", "write a decimal in quotes"),
        ('{amount = "10"}', "confirmations_above[0].confirmations is missing; write it"),
        ('{amount = "10", confirmations = 0}', "write a whole number from 1 to 1000"),
    ],
)
def test_a_step_that_is_none_is_refused(spoil: Spoil, step: str, wrong: str) -> None:
    path = spoil("enabled = true", f"enabled = true\nconfirmations_above = [{step}]")
    assert wrong in told(path)


def test_the_network_of_eth_is_its_chain(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[coins.ETH]\nchain_id = 1337\n")
    assert load(path, {}, purpose=Purpose.STORE).coins.ETH.network_name == "chain-1337"


@pytest.mark.parametrize(("coin", "kind"), [("ETH", "ethereum"), ("SOL", "solana")])
def test_a_coin_without_blocks_to_read_is_enabled_with_a_node_alone(
    config: Path, coin: str, kind: str
) -> None:
    text = config.read_text()
    text = text[: text.index("[coins.LTC]")].replace("LTC =", f"{coin} =")
    node = f'[[coins.{coin}.backends]]\nurl = "https://node.example.org/key"\n'
    config.write_text(f"{text}\n[coins.{coin}]\nenabled = true\n{node}")
    (backend,) = load(config, {}, purpose=Purpose.SERVE).coins.all()[coin].backends
    assert backend.kind == kind


def test_bitcoin_is_enabled_with_a_node_of_its_own(config: Path) -> None:
    text = config.read_text().replace("coins.LTC", "coins.BTC").replace("LTC =", "BTC =")
    config.write_text(text)
    settings = load(config, {}, purpose=Purpose.SERVE)
    assert list(settings.coins.enabled()) == ["BTC"]
    assert settings.coins.BTC.backends[0].password.get_secret_value() == "correct horse"
    assert set(settings.fixed_rates()) == {"BTC"}


def test_a_price_is_needed_of_each_coin_that_is_enabled(config: Path) -> None:
    config.write_text(config.read_text().replace("coins.LTC", "coins.BTC"))
    assert "rates.fixed.BTC is missing while BTC is enabled" in told(config)


def test_a_shop_without_keys_needs_neither_mnemonic_nor_key(watch_only: Path) -> None:
    for secret in ("mnemonic.sealed", "custody.key"):
        (watch_only.parent / secret).unlink()
    settings = load(watch_only, {}, purpose=Purpose.SERVE)
    assert not settings.custody.is_hot
    assert settings.custody.marks_file == watch_only.parent / "data/secrets/addresses.marks"
    assert VPUB not in repr(settings)
    assert VPUB in secrets_of(settings)


def test_a_shop_without_keys_needs_the_public_key_of_each_coin(spoil: Spoil) -> None:
    lines = told(spoil(HOT, 'mode = "watch_only"\n'))
    assert 'coins.LTC.extended_public_key is missing while custody.mode is "watch_only"' in lines


@pytest.mark.parametrize("written", [ZPRV, ZPRV[:-1], "xpub", as_written(TPUB, "LTC", "main")])
def test_a_key_that_will_not_do_is_told_without_being_repeated(
    watch_only: Path, written: str
) -> None:
    watch_only.write_text(watch_only.read_text().replace(VPUB, written))
    lines = told(watch_only)
    assert "coins.LTC.extended_public_key is " in lines
    assert "one that begins with vpub or tpub or ttub" in lines
    assert written not in lines.replace("xpub or", "")
    if written == ZPRV:
        assert "is a private key, which must not be on this machine" in lines


def test_a_public_key_beside_a_hot_mnemonic_is_refused(spoil: Spoil) -> None:
    lines = told(spoil("enabled = true", f'enabled = true\nextended_public_key = "{VPUB}"'))
    assert 'extended_public_key has no effect while custody.mode is "hot"' in lines
    assert VPUB not in lines


def test_a_list_of_addresses_is_for_sol_alone(watch_only: Path) -> None:
    text = watch_only.read_text().replace("enabled = true", 'enabled = true\naddresses_file = "x"')
    watch_only.write_text(text)
    assert "coins.LTC.addresses_file has no effect; remove it" in told(watch_only)


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("", 'coins.SOL.addresses_file is missing while custody.mode is "watch_only"'),
        ('addresses_file = "none"', "which is no file; make it with"),
        ('extended_public_key = "x"\naddresses_file = "config.toml"', "SOL takes its addresses"),
    ],
)
def test_sol_without_keys_needs_a_list(watch_only: Path, setting: str, wrong: str) -> None:
    text = f"{watch_only.read_text()}\n[coins.SOL]\nenabled = true\n{setting}\n"
    watch_only.write_text(text)
    assert wrong in told(watch_only, Purpose.CUSTODY)


def test_keys_in_notices_need_keys(watch_only: Path) -> None:
    text = watch_only.read_text()
    watch_only.write_text(text.replace("[custody]", "[custody]\nkey_in_notice = true"))
    assert "custody.key_in_notice is true while custody.mode is" in told(watch_only)

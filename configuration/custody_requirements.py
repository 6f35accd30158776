"""What each mode of custody needs, and what it must not be given."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from configuration.coins import Coins, CoinSettings
from configuration.problems import INIT_COMMAND, Issue, SettingPath
from configuration.settings import Custody
from payments.custody import CustodyError, read_key
from payments.extended_keys import account_key
from payments.networks import AddressError

INIT = f'or run "{INIT_COMMAND}"'
_LISTED_COINS = ("SOL",)
"""Their addresses cannot be made of a public key."""


def custody_issues(
    custody: Custody | None, coins: Coins | None, environ: Mapping[str, str]
) -> Iterator[Issue]:
    """Everything that the mode needs and that is not there, or is there and has no effect."""
    if custody is None:
        return
    if custody.is_hot:
        yield from _hot(custody, environ)
        yield from _without_effect(coins)
        return
    if custody.key_in_notice:
        yield Issue(
            ("custody", "key_in_notice"),
            'is true while custody.mode is "watch_only", and no key is here; remove it',
        )
    for symbol, coin in (coins.enabled() if coins is not None else {}).items():
        yield from _watch_only(symbol, coin)


def key_place(custody: Custody) -> Iterator[Issue]:
    """The key of the mnemonic has one place, a file or a variable."""
    if custody.key_file is None and custody.key_env is None:
        yield Issue(("custody", "key_file"), "is missing; write key_file or key_env")
    if custody.key_file is not None and custody.key_env is not None:
        yield Issue(("custody", "key_env"), "stands beside key_file; remove one of them")


def extended_key_issue(symbol: str, coin: CoinSettings) -> Issue | None:
    """What is wrong with a coin's extended public key; nothing of it is repeated."""
    here: SettingPath = ("coins", symbol, "extended_public_key")
    text = coin.extended_public_key.get_secret_value()
    if not text:
        return Issue(
            here,
            'is missing while custody.mode is "watch_only"; write the account\'s public key, as the'
            " wallet shows it",
        )
    try:
        account_key(text, symbol, coin.network_name)
    except AddressError as error:
        return Issue(here, str(error))
    return None


def _hot(custody: Custody, environ: Mapping[str, str]) -> Iterator[Issue]:
    yield from key_place(custody)
    here: SettingPath = ("custody",)
    if custody.mnemonic_file is None:
        yield Issue((*here, "mnemonic_file"), "is missing; write where the sealed mnemonic is")
    else:
        yield from _file(custody.mnemonic_file, (*here, "mnemonic_file"))
    if custody.key_file is not None:
        yield from _file(custody.key_file, (*here, "key_file"))
        yield from _no_key(custody.key_file)
    elif custody.key_env is not None and not environ.get(custody.key_env):
        yield Issue(
            (*here, "key_env"),
            f"names the variable {custody.key_env}, which is not set; set it to the key",
        )


def _without_effect(coins: Coins | None) -> Iterator[Issue]:
    # Whoever writes one of these believes that there is no key on this machine.
    text = 'has no effect while custody.mode is "hot"; remove it, or write mode = "watch_only"'
    for symbol, coin in (coins.all() if coins is not None else {}).items():
        if coin.extended_public_key.get_secret_value():
            yield Issue(("coins", symbol, "extended_public_key"), text)
        if coin.addresses_file is not None:
            yield Issue(("coins", symbol, "addresses_file"), text)


def _watch_only(symbol: str, coin: CoinSettings) -> Iterator[Issue]:
    here: SettingPath = ("coins", symbol)
    if symbol not in _LISTED_COINS:
        issue = extended_key_issue(symbol, coin)
        if issue is not None:
            yield issue
        if coin.addresses_file is not None:
            yield Issue(
                (*here, "addresses_file"),
                "has no effect; remove it: addresses come from extended_public_key",
            )
        return
    if coin.extended_public_key.get_secret_value():
        yield Issue(
            (*here, "extended_public_key"),
            f"has no effect; remove it: {symbol} takes its addresses from addresses_file",
        )
    make = f'make it with "python run.py custody prepare {symbol}" where the mnemonic is'
    if coin.addresses_file is None:
        yield Issue(
            (*here, "addresses_file"), f'is missing while custody.mode is "watch_only"; {make}'
        )
    elif not coin.addresses_file.is_file():
        yield Issue(
            (*here, "addresses_file"), f"names {coin.addresses_file}, which is no file; {make}"
        )


def _no_key(path: Path) -> Iterator[Issue]:
    """Another file than that of the key, perhaps: found before anything starts."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return
    try:
        read_key(path, None)
    except CustodyError as error:
        yield Issue(("custody", "key_file"), f"names no key: {error}")


def _file(path: Path, setting: SettingPath) -> Iterator[Issue]:
    if path.is_dir():
        yield Issue(setting, f"names {path}, which is a folder; write the path of a file")
    elif not path.exists():
        # Words on paper must not be written into it: the file is the sealed one.
        back = "put your copy of that file back"
        yield Issue(setting, f"names {path}, which is not there; {back}, {INIT} for a new shop")
    elif not os.access(path, os.R_OK):
        yield Issue(setting, f"names {path}, which may not be read; give this account the right to")

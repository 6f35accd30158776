"""What has to be asked before a shop can be served, and how each answer is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from configuration.backends import Backend, BitcoinBackend, EtherBackend, Section, SolanaBackend
from configuration.coins import CoinSettings
from configuration.custody_requirements import extended_key_issue
from configuration.problems import SettingPath
from configuration.requirements import MissingError, read_password
from configuration.settings import FixedRates, Settings, Telegram
from payments.extended_keys import account_key
from payments.networks import account_path

DEFAULT_PASSWORD_FILES = {
    "BTC": "data/secrets/bitcoind-password",
    "LTC": "data/secrets/litecoind-password",
}
"""By coin: those whose chain a node of the family `bitcoind` shows."""
_NAMES = {"BTC": "Bitcoin", "LTC": "Litecoin", "ETH": "Ethereum", "SOL": "Solana"}
_EXAMPLE_URLS = {
    "BTC": "http://127.0.0.1:8332",
    "LTC": "http://127.0.0.1:9332",
    "ETH": "http://127.0.0.1:8545",
    "SOL": "http://127.0.0.1:8899",
}
_BACKENDS = {
    "BTC": BitcoinBackend(),
    "LTC": BitcoinBackend(),
    "ETH": EtherBackend(),
    "SOL": SolanaBackend(),
}
"""What is asked about where the settings name nobody."""
_BEYOND_ALL_IDS = 2**52  # an id has at most 52 significant bits (Bot API, "User")
_EXAMPLE_PRICES = {"BTC": "60000.00", "LTC": "80.00", "ETH": "3000.00", "SOL": "150.00"}


def backend_path(symbol: str) -> SettingPath:
    """The first node of a coin."""
    return ("coins", symbol, "backends", 0)


def password_path(symbol: str) -> SettingPath:
    """Not a setting of the file: this answer goes into the file that `password_file` names."""
    return (*backend_path(symbol), "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask. `check` makes the setting's value of an answer, or raises ValueError."""

    path: SettingPath
    prompt: str
    check: Callable[[str], object]

    @property
    def is_secret(self) -> bool:
        """Whether the answer must not be seen while it is typed."""
        return self.path[-1] in ("token", "password")


def questions(settings: Settings, environ: Mapping[str, str]) -> list[Question]:
    """What is missing, in the order in which it is asked; empty where nothing is."""
    asked: list[Question] = []
    if not settings.telegram.token.get_secret_value():
        asked.append(
            Question(
                path=("telegram", "token"),
                prompt="Token of the Telegram bot, as @BotFather gave it",
                check=lambda text: _checked(Telegram, "token", text, text),
            )
        )
    if not settings.telegram.admin_ids:
        asked.append(
            Question(
                path=("telegram", "admin_ids"),
                prompt="Telegram ids (numbers) of the admins, with commas between them",
                check=_admin_ids,
            )
        )
    for symbol, coin in settings.coins.enabled().items():
        asked += _coin_questions(symbol, coin, settings, environ)
    return asked


def _coin_questions(
    symbol: str, coin: CoinSettings, settings: Settings, environ: Mapping[str, str]
) -> list[Question]:
    needs_node = coin.backends or not settings.webhook.accepts
    asked = _node_questions(symbol, coin, environ) if needs_node else []
    if not settings.custody.is_hot and symbol != "SOL" and extended_key_issue(symbol, coin):
        asked.append(_extended_key_question(symbol, coin.network_name))
    if symbol in settings.market_coins() and not settings.rates.sources:
        example = _EXAMPLE_PRICES[symbol]
        asked.append(
            Question(
                path=("rates", "fixed", symbol),
                prompt=f"Price of one {symbol} in {settings.shop.currency}, as in {example}",
                check=lambda text: _checked(FixedRates, symbol, text, text),
            )
        )
    return asked


def _extended_key_question(symbol: str, network: str) -> Question:
    def check(text: str) -> str:
        try:
            account_key(text, symbol, network)
        except ValueError as error:
            raise ValueError(f"this {error}") from None
        return text.strip()

    return Question(
        path=("coins", symbol, "extended_public_key"),
        prompt=f"Extended public key of the {symbol} account {account_path(symbol, network)}",
        check=check,
    )


def _node_questions(symbol: str, coin: CoinSettings, environ: Mapping[str, str]) -> list[Question]:
    backend: Backend = coin.backends[0] if coin.backends else _BACKENDS[symbol]
    asked: list[Question] = []
    here, name = backend_path(symbol), _NAMES[symbol]
    if not backend.url:
        asked.append(
            Question(
                path=(*here, "url"),
                prompt=f"Address of the {name} node's RPC server, as in {_EXAMPLE_URLS[symbol]}",
                check=lambda text: _checked(type(backend), "url", text, text),
            )
        )
    if not backend.needs_login:
        return asked
    if not backend.user:
        asked.append(Question(path=(*here, "user"), prompt="The node's rpcuser", check=_one_line))
    try:
        read_password(backend, environ)
    except MissingError:
        if backend.password_env is None:
            where = f" at {backend.url} for user {backend.user}" if backend.url else ""
            asked.append(
                Question(
                    path=password_path(symbol),
                    prompt=f"The rpcpassword of the {name} node{where}",
                    check=_one_line,
                )
            )
    return asked


def _checked(model: type[Section], key: str, value: object, result: object) -> object:
    """`result`, where the model takes the value for this key."""
    try:
        model.model_validate({key: value})
    except ValidationError as error:
        cause = error.errors()[0].get("ctx", {}).get("error")
        raise ValueError(f"this {cause}" if cause else "this is not right") from None
    return result


def _admin_ids(text: str) -> list[int]:
    words = text.replace(",", " ").split()
    if not words:
        raise ValueError("this is empty; write at least one number")
    for word in words:
        if not _is_id(word):
            raise ValueError(
                f'this contains "{word}"; write the numbers of accounts, not their names, with'
                " commas between them, as in 123456789, 987654321"
            )
    return [int(word) for word in words]


def _is_id(word: str) -> bool:
    is_number = word.isascii() and word.isdecimal() and len(word) <= len(str(_BEYOND_ALL_IDS))
    return is_number and 0 < int(word) < _BEYOND_ALL_IDS


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text:
        raise ValueError("this is empty; write one line of text")
    return text

"""What has to be asked before a shop can be served, and how each answer is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from configuration.problems import SettingPath
from configuration.requirements import MissingError, read_password
from configuration.settings import (
    Backend,
    FixedRates,
    LitecoinSettings,
    Section,
    Settings,
    Telegram,
)

DEFAULT_PASSWORD_FILE = "data/secrets/litecoind-password"  # noqa: S105 - a path
_BACKEND: SettingPath = ("coins", "LTC", "backends", 0)
NODE_PASSWORD: SettingPath = (*_BACKEND, "password")
"""Not a setting of the file: this answer goes into the file that `password_file` names."""


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
    if settings.coins.LTC.enabled:
        asked += _coin_questions(settings, environ)
    return asked


def _coin_questions(settings: Settings, environ: Mapping[str, str]) -> list[Question]:
    asked = _node_questions(settings.coins.LTC, environ)
    if settings.rates.fixed.LTC is None:
        asked.append(
            Question(
                path=("rates", "fixed", "LTC"),
                prompt=f"Price of one LTC in {settings.shop.currency}, as in 80.00",
                check=lambda text: _checked(FixedRates, "LTC", text, text),
            )
        )
    return asked


def _node_questions(coin: LitecoinSettings, environ: Mapping[str, str]) -> list[Question]:
    backend = coin.backends[0] if coin.backends else Backend()
    asked: list[Question] = []
    if not backend.url:
        asked.append(
            Question(
                path=(*_BACKEND, "url"),
                prompt="Address of the Litecoin node's RPC server, as in http://127.0.0.1:9332",
                check=lambda text: _checked(Backend, "url", text, text),
            )
        )
    if not backend.user:
        asked.append(
            Question(path=(*_BACKEND, "user"), prompt="The node's rpcuser", check=_one_line)
        )
    try:
        read_password(backend, environ)
    except MissingError:
        if backend.password_env is None:
            where = f" at {backend.url} for user {backend.user}" if backend.url else ""
            asked.append(
                Question(
                    path=NODE_PASSWORD,
                    prompt=f"The rpcpassword of the Litecoin node{where}",
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
    ids: list[object] = [int(word) if word.isdecimal() else word for word in words]
    _checked(Telegram, "admin_ids", ids, ids)
    if not ids:
        raise ValueError("this is empty; write at least one number")
    return [int(word) for word in words]


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text:
        raise ValueError("this is empty; write one line of text")
    return text

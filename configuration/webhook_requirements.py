"""What reports of payment processors need, and for which coins they may be all there is."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from configuration.coins import Coins
from configuration.problems import Issue
from configuration.settings import Webhook

_SMALLEST_SECRET = 16


class SecretMissingError(ValueError):
    """The shared secret is named and not there; the text goes on after the setting's name."""


def webhook_issues(
    webhook: Webhook | None, coins: Coins | None, environ: Mapping[str, str]
) -> Iterator[Issue]:
    """Everything about reports that is missing, or would not do what was written."""
    if webhook is None:
        return
    try:
        read_secret(webhook, environ)
    except SecretMissingError as error:
        setting = "secret_file" if webhook.secret_env is None else "secret_env"
        yield Issue(("webhook", setting), str(error))
    if webhook.trust != "accept":
        return
    if not webhook.is_on:
        yield Issue(
            ("webhook", "trust"),
            'is "accept" without a secret, so that nobody can report; write secret_file or'
            ' secret_env too, or trust = "verify"',
        )
    elif coins is not None and coins.enabled() and not without_backend(coins):
        # What such a shop would believe, its own nodes can tell it.
        yield Issue(
            ("webhook", "trust"),
            'is "accept", which is for coins that have no backend, and each coin that is enabled'
            ' has one; write "verify"',
        )


def without_backend(coins: Coins) -> tuple[str, ...]:
    """The coins that are enabled and have nothing to look at their chain with."""
    return tuple(symbol for symbol, coin in coins.enabled().items() if not coin.backends)


def read_secret(webhook: Webhook, environ: Mapping[str, str]) -> SecretStr:
    """The shared secret from the one place that the settings name; empty where they name none.

    Raises:
        SecretMissingError: two places, nothing there, or too little to be a secret.
    """
    if webhook.secret_file is not None and webhook.secret_env is not None:
        raise SecretMissingError("stands beside secret_file; remove one of them")
    if webhook.secret_env is not None:
        secret = environ.get(webhook.secret_env, "")
        place = f"names the variable {webhook.secret_env}"
    elif webhook.secret_file is not None:
        secret = _line_in(webhook.secret_file)
        place = f"names {webhook.secret_file}"
    else:
        return SecretStr("")
    if len(secret) < _SMALLEST_SECRET:
        state = "is too short" if secret else "has no secret"
        raise SecretMissingError(
            f"{place}, which {state}; write at least {_SMALLEST_SECRET} characters that nobody can"
            ' guess, as "openssl rand -hex 32" makes them, and give the processor the same'
        )
    return SecretStr(secret)


def _line_in(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        raise SecretMissingError(
            f"names {path}, which is not there; write the secret that the processor signs with"
            " into it"
        ) from None
    except OSError as error:
        raise SecretMissingError(f"names {path}, which cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretMissingError(
            f"names {path}, which is not UTF-8; write one line of text"
        ) from None
    if "\n" in secret or "\r" in secret:
        raise SecretMissingError(f"names {path}, which is not one line; write the secret alone")
    return secret

"""Log lines to stderr, as text or JSON, from our own code and from the libraries; never a secret.

Libraries log through the standard module `logging`; their records go the same way as ours. Every
finished line, tracebacks included, passes `Redaction` before it is written.
"""

import json
import logging
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

from loguru import logger
from pydantic import SecretStr

from configuration.settings import Log, Settings

if TYPE_CHECKING:
    from loguru import Message, Record

HIDDEN = "***"

# What Telegram calls a token: the bot's number, a colon, and 35 characters. Also inside addresses.
_BOT_TOKEN = re.compile(r"(?<![0-9A-Za-z])(bot)?[0-9]{3,}:[0-9A-Za-z_-]{20,}")
_BOT_PATH = re.compile(r"/bot[0-9]+(:|%3[Aa])[^/\s\"']+")
_LOGIN_IN_ADDRESS = re.compile(r"(?<=://)[^/\s\"'@]+:[^/\s\"'@]*@")
# A shorter secret may be a part of ordinary words, and hiding it there would only tell it.
_SHORTEST_SECRET = 8
_TEXT_FORMAT = "{time:YYYY-MM-DD HH:mm:ss.SSS!UTC}Z {level: <8} {name}: {message}"


@dataclass(frozen=True, slots=True)
class Redaction:
    """Takes secrets out of a line: those that are known, and whatever looks like a bot's token."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, secrets: Collection[str]) -> "Redaction":
        """The longest first, so that no part of a secret is left over."""
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        as_in_json = {json.dumps(secret, ensure_ascii=False)[1:-1] for secret in long_enough}
        return cls(tuple(sorted(long_enough | as_in_json, key=len, reverse=True)))

    def redacted(self, line: str) -> str:
        """The line without secrets."""
        for secret in self.secrets:
            line = line.replace(secret, HIDDEN)
        line = _BOT_PATH.sub(f"/bot{HIDDEN}", line)
        line = _BOT_TOKEN.sub(HIDDEN, line)
        return _LOGIN_IN_ADDRESS.sub(f"{HIDDEN}@", line)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret that the settings contain."""
    held = [settings.telegram.token, settings.operator.token, settings.webhook.secret]
    for coin in settings.coins.all().values():
        # Not secret where it is what it should be; somebody may have written a private key.
        held.append(coin.extended_public_key)
        held += [backend.password for backend in coin.backends]
        # Many providers put their customer's key into the path of the address.
        held += [SecretStr(urlsplit(backend.url).path) for backend in coin.backends]
    return tuple(secret.get_secret_value() for secret in held)


def configure_logging(
    log: Log, secrets: Collection[str] = (), stream: TextIO | None = None
) -> None:
    """Send all that is logged to `stream` (stderr), in place of whatever was set up before."""
    target = stream if stream is not None else sys.stderr
    redaction = Redaction.of(secrets)

    def write_text(message: "Message") -> None:
        target.write(redaction.redacted(str(message)))

    def write_json(message: "Message") -> None:
        target.write(redaction.redacted(json_line(message.record)) + "\n")

    logger.remove()
    # Without diagnose, which would print the values of variables, and with them secrets.
    logger.add(
        write_json if log.format == "json" else write_text,
        level=log.level,
        format=_TEXT_FORMAT,
        diagnose=False,
        backtrace=False,
        catch=True,
    )
    logging.basicConfig(handlers=[_ToLoguru()], level=log.level, force=True)
    # A line for every update that was handled tells nothing.
    logging.getLogger("aiogram.event").setLevel(logging.WARNING)


def json_line(record: "Record") -> str:
    """One record as a JSON object on one line; `time` is RFC 3339 in UTC."""
    time = record["time"].astimezone(UTC).isoformat(timespec="milliseconds")
    line: dict[str, object] = {
        "time": time.replace("+00:00", "Z"),
        "level": record["level"].name,
        "logger": record["name"],
        "message": record["message"],
    }
    if record["exception"] is not None and record["exception"].value is not None:
        line["exception"] = _exception_text(record["exception"].value)
    line.update({key: str(value) for key, value in record["extra"].items() if key not in line})
    return json.dumps(line, ensure_ascii=False)


def _exception_text(error: BaseException) -> str:
    return logging.Formatter().formatException((type(error), error, error.__traceback__))


class _ToLoguru(logging.Handler):
    """Hands records of the standard library's logging to loguru, under their own names."""

    def emit(self, record: logging.LogRecord) -> None:
        level: str | int = record.levelname
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            level = record.levelno

        def name(ours: "Record") -> None:
            ours["name"] = record.name
            ours["line"] = record.lineno

        named = logger.patch(name)
        named.opt(exception=record.exc_info).log(level, "{}", record.getMessage())

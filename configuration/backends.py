"""`[[coins.*.backends]]`: who is asked about a coin's chain. The first that answers serves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from configuration.values import (
    PATH,
    TEXT,
    VARIABLE_NAME,
    address,
    choice,
    plain_text,
    shown,
    web_address,
)

_KIND = "coins.*.backends.*.kind"
_SHA256_HEX_DIGITS = 64
_SCHEMES = ("http", "https", "tcp", "ssl")
_WEB = (("http", "https"), "http://127.0.0.1:9332")
_HOW_TO_REACH = {"electrum": (("tcp", "ssl"), "ssl://electrum.example.org:50002")}


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _fingerprint(value: object) -> str:
    digits = plain_text(value).replace(":", "").lower()
    if digits and not re.fullmatch(rf"[0-9a-f]{{{_SHA256_HEX_DIGITS}}}", digits):
        raise ValueError(
            f"is {shown(value)}; write the SHA-256 fingerprint of the server's certificate, 64"
            " digits of 0-9 and a-f"
        )
    return digits


class Backend(Section):
    """A node or server.

    `password` is filled in when the settings are loaded; in the settings file it is refused. Which
    of the addresses and secrets a kind has use for is checked with everything that must be there.
    """

    NEEDS_LOGIN: ClassVar[frozenset[str]] = frozenset({"bitcoind"})

    kind: str
    url: str = ""
    user: Annotated[str, TEXT] = ""
    password_file: Annotated[Path | None, PATH] = None
    password_env: Annotated[str | None, VARIABLE_NAME] = None
    password: SecretStr = SecretStr("")

    @property
    def needs_login(self) -> bool:
        """Whether it has to be told who asks."""
        return self.kind in self.NEEDS_LOGIN or bool(self.user)

    def misfits(self) -> Iterator[tuple[str, str]]:
        """Settings that this kind has no use for or cannot take: name, and what to write."""
        schemes, example = _HOW_TO_REACH.get(self.kind, _WEB)
        if self.url and self.url.split(":")[0] not in schemes:
            yield "url", f'is no address of kind "{self.kind}"; write one, as in "{example}"'
        if self.kind in ("electrum", "esplora"):
            for name in ("user", "password_file", "password_env"):
                if getattr(self, name):
                    yield name, f'is of no use with kind "{self.kind}"; remove it'


class BitcoinBackend(Backend):
    """One of `coins.BTC.backends` or `coins.LTC.backends`."""

    kind: Annotated[str, choice(_KIND, ["bitcoind", "electrum", "esplora"])] = "bitcoind"
    url: Annotated[str, address(_SCHEMES, "http://127.0.0.1:9332")] = ""
    zmq_url: Annotated[str, address(("tcp", "ipc"), "tcp://127.0.0.1:28332")] = ""
    certificate_sha256: Annotated[str, BeforeValidator(_fingerprint)] = ""

    def misfits(self) -> Iterator[tuple[str, str]]:
        """Settings that this kind has no use for or cannot take: name, and what to write."""
        yield from super().misfits()
        if self.zmq_url and self.kind != "bitcoind":
            yield "zmq_url", f'is of no use with kind "{self.kind}"; remove it'
        if self.certificate_sha256 and not self.url.startswith("ssl://"):
            yield "certificate_sha256", 'is of no use without "ssl://" in url; remove it'


class EtherBackend(Backend):
    """One of `coins.ETH.backends`."""

    kind: Annotated[str, choice(_KIND, ["ethereum"])] = "ethereum"
    url: Annotated[str, web_address("http://127.0.0.1:8545")] = ""
    ws_url: Annotated[str, address(("ws", "wss"), "ws://127.0.0.1:8546")] = ""


class SolanaBackend(Backend):
    """One of `coins.SOL.backends`."""

    kind: Annotated[str, choice(_KIND, ["solana"])] = "solana"
    url: Annotated[str, web_address("http://127.0.0.1:8899")] = ""
    ws_url: Annotated[str, address(("ws", "wss"), "ws://127.0.0.1:8900")] = ""

"""How an Electrum server is reached: plain or by TLS, and how it proves who it is."""

import asyncio
import ssl
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from yarl import URL

from payments.chain import ChainRefusedError, ChainUnavailableError

# The largest transaction that a block can hold is 4 MB, twice that in hexadecimal.
LARGEST_LINE_BYTES = 16 * 1024 * 1024
_FINGERPRINT_DIGITS = 64


class ElectrumAddressError(ValueError):
    """An address or fingerprint in a form that nothing can be done with; says which is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectrumAccess:
    """Where a server is. `name` stands for it in errors.

    `certificate_sha256` is the fingerprint in hexadecimal of the one certificate that is taken,
    whoever signed it; without it, the certificate must be signed by an authority that this system
    trusts. `uses_tls` and the fingerprint come from `electrum_access`.
    """

    name: str
    host: str
    port: int
    uses_tls: bool
    certificate_sha256: str | None
    request_timeout_seconds: float


def electrum_access(
    coin: str, url: str, certificate_sha256: str | None, request_timeout_seconds: float
) -> ElectrumAccess:
    """What an address means.

    Raises:
        ElectrumAddressError: not an address of an Electrum server, or no fingerprint.
    """
    parts = _parts(url)
    fingerprint = None
    if certificate_sha256 is not None:
        fingerprint = certificate_sha256.replace(":", "").lower()
        if len(fingerprint) != _FINGERPRINT_DIGITS or set(fingerprint) - set("0123456789abcdef"):
            raise ElectrumAddressError(
                "the SHA-256 fingerprint of a certificate is 64 hexadecimal digits, as"
                " `openssl x509 -noout -fingerprint -sha256` writes it"
            )
        if parts.scheme != "ssl":
            raise ElectrumAddressError(
                "a plain connection has no certificate: write ssl:// in the address, or leave"
                " the fingerprint out"
            )
    host, port = parts.host or "", parts.port or 0
    return ElectrumAccess(
        name=f"the {coin} Electrum server at {host}:{port}",
        host=host,
        port=port,
        uses_tls=parts.scheme == "ssl",
        certificate_sha256=fingerprint,
        request_timeout_seconds=request_timeout_seconds,
    )


def _parts(url: str) -> URL:
    # Not repeated, for somebody may have written a password into it.
    wrong = ElectrumAddressError(
        'the address of an Electrum server is "tcp://host:port" or "ssl://host:port"'
    )
    try:
        parts = URL(url)
    except ValueError:
        raise wrong from None
    has_where = parts.host and parts.port and parts.path in {"", "/"}
    if parts.scheme not in {"tcp", "ssl"} or parts.user or not has_where:
        raise wrong
    return parts


async def dial(access: ElectrumAccess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect.

    Raises:
        ChainUnavailableError: the server cannot be reached now.
        ChainRefusedError: it shows another certificate than is expected.
    """
    name = access.name
    tls = await asyncio.to_thread(_tls, access)
    try:
        async with asyncio.timeout(access.request_timeout_seconds):
            streams = await asyncio.open_connection(
                access.host, access.port, limit=LARGEST_LINE_BYTES, ssl=tls
            )
    except TimeoutError:
        seconds = f"{access.request_timeout_seconds:g}"
        raise ChainUnavailableError(f"{name} did not answer within {seconds} s") from None
    except ssl.SSLCertVerificationError as error:
        raise ChainRefusedError(
            f"{name} shows a certificate that is not trusted ({error.verify_message}): give its"
            " fingerprint as `certificate_sha256`, if you know it to be the right one"
        ) from None
    except ssl.SSLError as error:
        reason = error.reason or "no reason given"
        raise ChainUnavailableError(
            f"{name} does not speak TLS with us ({reason}): is it its ssl port?"
        ) from None
    except OSError as error:
        reason = error.strerror or "no connection"
        raise ChainUnavailableError(f"{name} cannot be reached: {reason}") from None
    _require_certificate(access, streams[1])
    return streams


def _tls(access: ElectrumAccess) -> ssl.SSLContext | None:
    if not access.uses_tls:
        return None
    context = ssl.create_default_context()
    if access.certificate_sha256 is not None:
        # The fingerprint says more than any signature.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _require_certificate(access: ElectrumAccess, writer: asyncio.StreamWriter) -> None:
    if access.certificate_sha256 is None:
        return
    tls = writer.get_extra_info("ssl_object")
    shown = sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
    if not compare_digest(shown, access.certificate_sha256):
        writer.transport.abort()
        raise ChainRefusedError(
            f"{access.name} shows another certificate than the one configured: compare"
            " `certificate_sha256` with the server's, and beware of somebody in between"
        )

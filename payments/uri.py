"""Payment URIs and their QR codes."""

import io

import segno

from domain.money import format_coin

_SCHEMES = {"BTC": "bitcoin", "LTC": "litecoin"}
_QR_MODULE_PIXELS = 8
_QR_BORDER_MODULES = 4  # ISO/IEC 18004: the quiet zone


def payment_uri(coin: str, address: str, amount_base_units: int) -> str:
    """A BIP 21 URI: the amount is in whole coins, with a decimal point.

    Raises:
        KeyError: the coin has no such scheme.
    """
    return f"{_SCHEMES[coin]}:{address}?amount={format_coin(amount_base_units, coin)}"


def qr_png(text: str) -> bytes:
    """A PNG image of the QR code of `text`, with error correction of level M or better."""
    image = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(image, kind="png", scale=_QR_MODULE_PIXELS, border=_QR_BORDER_MODULES)
    return image.getvalue()

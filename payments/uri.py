"""Payment URIs and their QR codes."""

import io

import segno

from domain.money import format_coin
from payments.networks import chain_id

_QR_MODULE_PIXELS = 8
_QR_BORDER_MODULES = 4  # ISO/IEC 18004: the quiet zone


def payment_uri(coin: str, address: str, amount_base_units: int, network: str) -> str:
    """The request to pay an amount to an address, as wallets of the coin read it.

    BTC and LTC: BIP 21, the amount in whole coins with a decimal point. SOL: Solana Pay's transfer
    request, the amount in SOL with a digit before its decimal point and at most nine behind it.
    ETH: EIP-681, the value in whole wei, and the chain by its id, so that no wallet pays on
    another. `network` is "main" or another (`payments.networks`); only ETH names it.

    Raises:
        ValueError: there is no such coin, or ETH has no such network.
    """
    match coin:
        case "BTC":
            return f"bitcoin:{address}?amount={format_coin(amount_base_units, coin)}"
        case "LTC":
            return f"litecoin:{address}?amount={format_coin(amount_base_units, coin)}"
        case "SOL":
            return f"solana:{address}?amount={format_coin(amount_base_units, coin)}"
        case "ETH":
            return f"ethereum:{address}@{chain_id(network)}?value={amount_base_units}"
        case _:
            raise ValueError(f"there is no payment URI for {coin!r}")


def qr_png(text: str) -> bytes:
    """A PNG image of the QR code of `text`, with error correction of level M or better."""
    image = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(image, kind="png", scale=_QR_MODULE_PIXELS, border=_QR_BORDER_MODULES)
    return image.getvalue()

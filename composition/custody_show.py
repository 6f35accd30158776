"""What the owner has to know of each coin's addresses to find the money with a wallet."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from composition.coin_addresses import marks_path
from configuration.coins import CoinSettings
from configuration.settings import Settings
from payments.descriptors import receiving_descriptor
from payments.marks import read_marks
from payments.networks import SEGWIT_COINS, key_path
from store.custody_queries import OrderAddress, order_addresses

USUAL_GAP_LIMIT = 20  # BIP 44, "Address gap limit"


def shown(settings: Settings, symbols: Iterable[str]) -> Iterator[str]:
    """Lines about each of these coins.

    Raises:
        StoreFileError: there is a store that this version cannot read.
        CustodyError: the marks cannot be read.
        AddressError: an extended public key is none.
    """
    store = settings.store.path
    addresses = order_addresses(store) if store.exists() else []
    for symbol in symbols:
        of_coin = [each for each in addresses if each.coin == symbol]
        yield from _shown_coin(settings, settings.coins.all()[symbol], of_coin)


def gap_limit(funded: Sequence[int], handed_out: int) -> int:
    """The least gap limit with which a wallet finds all money there is or may come.

    A wallet looks on until so many addresses in a row are empty. `funded` are indexes in their
    order; addresses below `handed_out` may get money still.
    """
    places = [-1, *funded, handed_out]
    longest = max(after - before - 1 for before, after in pairwise(places))
    return max(USUAL_GAP_LIMIT, longest + 1)


def ranges(indexes: Sequence[int]) -> str:
    """Indexes in their order, those in a row together: "0-3, 7"."""
    parts: list[list[int]] = []
    for index in indexes:
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _shown_coin(
    settings: Settings, coin: CoinSettings, addresses: Sequence[OrderAddress]
) -> Iterator[str]:
    symbol, network = coin.SYMBOL, coin.network_name
    mark = read_marks(marks_path(settings.custody)).get(f"{symbol}/{network}")
    funded = [each.address_index for each in addresses if each.is_funded]
    handed_out = max((each.address_index + 1 for each in addresses), default=0)
    yield f"{symbol} on {network}"
    yield f"  path: {key_path(symbol, network).of('i')}"
    highest = _or_none(handed_out - 1)
    yield f"  addresses of orders: {len(addresses)}, the highest index is {highest}"
    yield f"  mark: {'none' if mark is None else mark}"
    yield f"  funded indexes: {ranges(funded) or 'none'}"
    yield f"  highest funded index: {_or_none(max(funded, default=-1))}"
    yield f"  gap limit to set in the wallet: {gap_limit(funded, handed_out)}"
    key = coin.extended_public_key.get_secret_value()
    if not settings.custody.is_hot and symbol in SEGWIT_COINS and key:
        yield f"  descriptor: {receiving_descriptor(key, symbol, network)}"


def _or_none(index: int) -> str:
    return "none" if index < 0 else str(index)

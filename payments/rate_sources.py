"""Public sources of rates: where each is asked, and how its answer is read.

What they answer is known from their documentation, and none of it was tried from where the tests
run; `run.py rates` asks each and shows what it said.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from payments.rates import Quote

LARGEST_ANSWER_BYTES = 1024 * 1024
LARGEST_PRICE = Decimal(10) ** 15
_MOST_DIGITS = 40
SMALLEST_PRICE = Decimal(10) ** -9
# Compressed answers are not asked for: how much comes is known before it is unpacked.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Holdfast"}
_NAMES = {"BTC": "bitcoin", "ETH": "ethereum", "LTC": "litecoin", "SOL": "solana"}
_COINGECKO = "https://api.coingecko.com/api/v3"
_ALL = "*"
"""One question about all coins."""


class RateUnavailableError(Exception):
    """A source gave no price; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSource:
    """`address` is asked for one coin and currency, or for all coins of them at once.

    `read` gets the answer, the coin and the currency, and gives the price and the moment that it is
    of (None: now).
    """

    name: str
    address: Callable[[str, str], str]
    read: Callable[[Any, str, str], tuple[object, object | None]]
    all_at_once: bool = False


def _coinbase(answer: Any, _coin: str, _currency: str) -> tuple[object, object | None]:  # noqa: ANN401 - JSON
    return answer["data"]["amount"], None


def _kraken(answer: Any, _coin: str, _currency: str) -> tuple[object, object | None]:  # noqa: ANN401 - JSON
    if answer["error"]:
        raise RateUnavailableError(str(answer["error"])[:200])
    # It names the pair in a way of its own, and there is one.
    (pair,) = answer["result"].values()
    return pair["c"][0], None


def _bitstamp(answer: Any, _coin: str, _currency: str) -> tuple[object, object | None]:  # noqa: ANN401 - JSON
    return answer["last"], answer["timestamp"]


def _coingecko(answer: Any, coin: str, currency: str) -> tuple[object, object | None]:  # noqa: ANN401 - JSON
    of_coin = answer[_NAMES[coin]]
    return of_coin[currency.lower()], of_coin["last_updated_at"]


def _kraken_address(coin: str, currency: str) -> str:
    name = "XBT" if coin == "BTC" else coin
    return f"https://api.kraken.com/0/public/Ticker?pair={name}{currency}"


def _coingecko_address(_coin: str, currency: str) -> str:
    names = ",".join(_NAMES.values())
    return (
        f"{_COINGECKO}/simple/price?ids={names}"
        f"&vs_currencies={currency.lower()}&include_last_updated_at=true"
    )


SOURCES: Mapping[str, RateSource] = {
    source.name: source
    for source in (
        RateSource(
            name="coinbase",
            address=lambda coin, currency: (
                f"https://api.coinbase.com/v2/prices/{coin}-{currency}/spot"
            ),
            read=_coinbase,
        ),
        RateSource(name="kraken", address=_kraken_address, read=_kraken),
        RateSource(
            name="bitstamp",
            address=lambda coin, currency: (
                f"https://www.bitstamp.net/api/v2/ticker/{coin}{currency}/".lower()
            ),
            read=_bitstamp,
        ),
        RateSource(name="coingecko", address=_coingecko_address, read=_coingecko, all_at_once=True),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question. `origin` takes the place of the source's own scheme and host.

    `asked_at` dates what is answered, where the answer does not say that it is older.
    """

    source: RateSource
    currency: str
    asked_at: datetime
    timeout_seconds: float
    origin: str | None = None


async def ask(asking: Asking, coins: Sequence[str]) -> dict[str, Quote | RateUnavailableError]:
    """What a source says of each coin; never raises for what the source or the network does."""
    all_at_once = asking.source.all_at_once
    timeout = aiohttp.ClientTimeout(total=asking.timeout_seconds)
    async with aiohttp.ClientSession(
        timeout=timeout, headers=_HEADERS, auto_decompress=False
    ) as session:
        asked = [_ALL] if all_at_once else list(coins)
        answers = await asyncio.gather(*(_fetch(session, asking, coin) for coin in asked))
    by_coin = dict(zip(asked, answers, strict=True))
    return {coin: _quote(asking, coin, by_coin[_ALL if all_at_once else coin]) for coin in coins}


async def _fetch(
    session: aiohttp.ClientSession, asking: Asking, coin: str
) -> bytes | RateUnavailableError:
    url = URL(asking.source.address(coin, asking.currency))
    if asking.origin is not None:
        url = URL(asking.origin).join(url.relative())
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                return RateUnavailableError(f"it answers HTTP {response.status}")
            return await _body(response)
    except TimeoutError:
        return RateUnavailableError("it did not answer in time")
    except aiohttp.ClientError as error:
        return RateUnavailableError(f"it cannot be reached ({type(error).__name__})")


async def _body(response: aiohttp.ClientResponse) -> bytes | RateUnavailableError:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            return RateUnavailableError("its answer has no end")
    return bytes(body)


def _quote(
    asking: Asking, coin: str, answer: bytes | RateUnavailableError
) -> Quote | RateUnavailableError:
    if isinstance(answer, RateUnavailableError):
        return answer
    try:
        # A number of JSON is read as the decimal that it is, and never becomes a float.
        price, seconds = asking.source.read(
            json.loads(answer, parse_float=Decimal), coin, asking.currency
        )
        exact = Decimal(str(price))
        as_of = asking.asked_at if seconds is None else _moment(str(seconds))
    except RateUnavailableError as error:
        return error
    except (LookupError, TypeError, AttributeError):
        return RateUnavailableError(f"its answer has no price of {coin} in {asking.currency}")
    except (ValueError, InvalidOperation, RecursionError, OverflowError, OSError):
        return RateUnavailableError("its answer is not what its documentation says")
    is_price = exact.is_finite() and SMALLEST_PRICE <= exact <= LARGEST_PRICE
    # What is reckoned with a price of a million digits does not end.
    if not is_price or len(exact.as_tuple().digits) > _MOST_DIGITS:
        return RateUnavailableError("its price is no number that a price can be")
    # Of a source whose clock is fast nothing may count for longer than of others.
    as_of = min(as_of, asking.asked_at)
    return Quote(source=asking.source.name, coin=coin, price=exact, as_of=as_of)


def _moment(unix_seconds: str) -> datetime:
    return datetime.fromtimestamp(int(unix_seconds), UTC)

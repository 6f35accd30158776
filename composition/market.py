"""The market as the settings describe it."""

from datetime import timedelta

from configuration.settings import Settings
from payments.market import PublicMarket


def market_of(settings: Settings, sources: tuple[str, ...]) -> PublicMarket:
    """These sources, asked for prices in the shop's currency."""
    return PublicMarket(
        sources=sources,
        currency=settings.shop.currency,
        max_age=timedelta(seconds=settings.rates.max_age_seconds),
    )

"""What an owner is reminded of when the first set-up is done and the shop could be opened."""

import re
from pathlib import Path

from configuration.settings import Settings

# As in the example of the Bot API, "Authorizing your bot". Telegram promises no form, so a token
# of another one is taken, and only pointed out.
_USUAL_TOKEN = re.compile("[0-9]{6,}:[0-9A-Za-z_-]{30,}")


def reminders(settings: Settings, path: Path) -> list[str]:
    """One line each, of what may be wrong although it could be read; `path`: the settings file."""
    lines = []
    if not _USUAL_TOKEN.fullmatch(settings.telegram.token.get_secret_value()):
        lines.append(
            "The bot's token is shorter than those which @BotFather gives: compare"
            f" telegram.token in {path} with what it gave you."
        )
    prices = settings.rates.fixed.prices()
    lines += [
        f"Orders are charged at {prices[symbol]} {settings.shop.currency} for one {symbol}: set"
        f" rates.fixed.{symbol} in {path} before you open and again when the market moves, or"
        " remove it and have rates.sources asked."
        for symbol in settings.coins.enabled()
        if symbol in prices
    ]
    return lines

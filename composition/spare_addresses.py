"""Addresses of the shop that no order has, though their indexes were taken: money may be on them.

An order that was refused after it had its address leaves one, and so does a crash.
"""

from collections.abc import Collection

from composition.coin_addresses import addresses_of, marks_path
from configuration.coins import CoinSettings
from configuration.settings import Settings
from payments.custody import CustodyError
from payments.marks import read_marks
from payments.networks import AddressError

MOST = 200
"""So many are looked at, the latest: more would be neither cheap nor likely to have anything."""


def spare_addresses(
    settings: Settings, coin: CoinSettings, used: Collection[int]
) -> tuple[dict[str, int], str]:
    """The latest such addresses with their indexes, and why there are none to be had; "" else."""
    try:
        marks = read_marks(marks_path(settings.custody))
        mark = marks.get(f"{coin.SYMBOL}/{coin.network_name}", 0)
        indexes = [index for index in range(mark - 1, -1, -1) if index not in used][:MOST]
        if not indexes:
            return {}, ""
        source = addresses_of(settings, coin).open()
        return {source.derive(index): index for index in indexes}, ""
    except (AddressError, CustodyError) as error:
        return {}, f"addresses that no order has were not looked at: {error}"

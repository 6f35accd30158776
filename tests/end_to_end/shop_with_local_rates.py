"""The shop, with a server of the test's in the place of every public source of rates.

Its address is in the variable LOCAL_RATES. Run as a program by a test.
"""

import os
import sys
from dataclasses import replace
from unittest.mock import patch

from composition.market import market_of
from configuration.settings import Settings
from payments.market import PublicMarket
from run import main


def _local_market(settings: Settings, sources: tuple[str, ...]) -> PublicMarket:
    origins = dict.fromkeys(sources, os.environ["LOCAL_RATES"])
    return replace(market_of(settings, sources), origins=origins)


if __name__ == "__main__":
    patch("composition.environment.market_of", _local_market).start()
    sys.exit(main())

"""How much room the checks leave for what is nobody's fault."""

from datetime import timedelta

from tests.simulation.scenario import LARGEST_CLOCK_ERROR_SECONDS

CLOCK_ERROR = timedelta(seconds=2 * LARGEST_CLOCK_ERROR_SECONDS)
LONGEST_LOOK = timedelta(minutes=5)
LONGEST_COMMIT = timedelta(seconds=75)
MOMENT = timedelta(seconds=5)

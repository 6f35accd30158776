"""Python's collector of reference cycles, set for a process with very many live actors.

Almost everything here is freed by reference counting as soon as nobody needs it. What the collector
looks for are the few cycles that exceptions and libraries leave, and they are young. By default it
looks at all objects whenever their number has grown by a quarter, which takes long where a hundred
thousand orders are open, and nobody is served meanwhile.
"""

import gc

# Young objects are looked at when so many more were made than freed, those that outlived one look
# at every tenth time, and all objects at every thousandth time of that.
_NEW_OBJECTS = 10_000
_TIMES_YOUNGEST = 10
_TIMES_YOUNG = 1_000


def look_rarely_at_old_objects() -> None:
    """Set the thresholds of this process (https://docs.python.org/3/library/gc.html)."""
    gc.set_threshold(_NEW_OBJECTS, _TIMES_YOUNGEST, _TIMES_YOUNG)

"""What Thespian logs of actors that are processes, into the log of the shop.

Thespian sends such records to a process for logging, which was forked from the program and so has
the shop's log with its redaction. Of a message that could not be handled Thespian writes the whole
content: here its type is kept and the rest, which may hold goods and keys, is not.
"""

import logging
import re
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

_MESSAGE = re.compile(r"( on message |Declaring transmit of )(\w*).*", re.DOTALL)


class ActorLogHandler(logging.Handler):
    """Hands records to the shop's log. Thespian makes it by name from `log_definitions`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's text and its traceback, without the content of messages."""
        text = _MESSAGE.sub(r"\1\2", record.getMessage())
        if record.exc_text:
            text = f"{text}\n{record.exc_text}"

        def name(ours: "Record") -> None:
            ours["name"] = record.name

        logger.patch(name).log(record.levelname, "{}", text)


def log_definitions(level: str) -> dict[str, object]:
    """The logging of a system's processes, as `logging.config.dictConfig` takes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"shop": {"class": f"{__name__}.{ActorLogHandler.__name__}"}},
        "root": {"level": level, "handlers": ["shop"]},
    }

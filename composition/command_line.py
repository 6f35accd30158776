"""What the commands of run.py have in common: settings, and errors as one line each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configuration.loading import load
from configuration.logging import configure_logging, secrets_of
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings


@contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """Tell these errors as one line, exit status 2, and without a traceback."""
    try:
        yield
    except errors as error:
        raise ConfigurationError(*str(error).splitlines()) from error


def loaded(config: Path, purpose: Purpose) -> Settings:
    """The settings, with logging set up as they say."""
    settings = load(config, os.environ, purpose=purpose)
    configure_logging(settings.log, secrets_of(settings))
    return settings

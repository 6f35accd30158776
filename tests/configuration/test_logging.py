"""Log lines: their form, where they come from, and what never stands in them."""

import io
import json
import logging
import re
from pathlib import Path

import pytest
from loguru import logger

from configuration.loading import load
from configuration.logging import configure_logging, secrets_of
from configuration.requirements import Purpose
from configuration.settings import Log

pytestmark = pytest.mark.usefixtures("own_logging")

TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


def log_failure(error: Exception) -> None:
    def fail() -> None:
        raise error

    try:
        fail()
    except type(error):
        logger.exception("failed")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        "https://api.telegram.org/bot123:AB-c/getMe",
        "https://api.telegram.org/file/bot123%3AABc/photo.png",
        "http://rpcuser:rpcpassword@127.0.0.1:9332/",
        "known to the settings",
        'quoted "and" back\\slashed',
    ],
)
def test_no_secret_reaches_a_line_whoever_logs_it(form: str, secret: str) -> None:
    stream = io.StringIO()
    known = ["known to the settings", 'quoted "and" back\\slashed']
    configure_logging(Log(format=form), known, stream)
    logger.info("ours {}", secret)
    logging.getLogger("aiohttp.client").error("theirs %s", secret)
    log_failure(ConnectionError(secret))
    text = stream.getvalue()
    assert text.count("***") >= 3
    for part in ("AAbbCC", "AB-c", "AABc", "rpcpassword", "known to", "slashed"):
        assert part not in text


def test_text_lines_begin_with_time_and_level() -> None:
    stream = io.StringIO()
    configure_logging(Log(), (), stream)
    logger.warning("stock is low")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z WARNING  \S+: stock is low\n", stream.getvalue()
    )


def test_json_lines_are_one_object_each_with_rfc_3339_times() -> None:
    stream = io.StringIO()
    configure_logging(Log(format="json"), (), stream)
    logger.bind(order_id=7).info("two\nlines")
    logging.getLogger("library").warning("%s {braces}", "text")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"] == "two\nlines"
    assert first["order_id"] == "7"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert (second["level"], second["logger"]) == ("WARNING", "library")
    assert second["message"] == "text {braces}"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_comes_with_its_traceback_once(form: str) -> None:
    stream = io.StringIO()
    configure_logging(Log(format=form), (), stream)
    log_failure(LookupError("no such unit"))
    assert stream.getvalue().count("LookupError: no such unit") == 1


def test_lines_below_the_level_are_left_out_of_ours_and_of_the_libraries() -> None:
    stream = io.StringIO()
    configure_logging(Log(level="WARNING"), (), stream)
    logger.info("ours")
    logging.getLogger("library").info("theirs")
    assert not stream.getvalue()


def test_the_secrets_of_the_settings_are_those_that_they_hold(config: Path) -> None:
    settings = load(config, {}, purpose=Purpose.SERVE)
    assert set(secrets_of(settings)) == {"123456:AAbbCC", "", "correct horse"}


def test_a_secret_that_could_be_an_ordinary_word_does_not_garble_the_log() -> None:
    stream = io.StringIO()
    configure_logging(Log(), ["", "p", "shop"], stream)
    logger.info("the shop is open")
    assert "the shop is open" in stream.getvalue()

"""`[webhook]`: the shared secret, and for which coins a report may be all there is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from configuration.loading import load
from configuration.logging import secrets_of
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings
from tests.configuration.conftest import COMPLETE

SECRET = "0123456789abcdef"
BACKENDS = COMPLETE[COMPLETE.index("[[coins.LTC.backends]]") :]

Spoil = Callable[[str, str], Path]
Write = Callable[..., Path]


@pytest.fixture
def written(config: Path, spoil: Spoil) -> Write:
    """The complete file with a `[webhook]`, on request without the node."""

    def write(*lines: str, without_node: bool = False) -> Path:
        (config.parent / "webhook-secret").write_text(f"{SECRET}\n")
        section = "\n".join(("[webhook]", *lines, "", "[custody]"))
        spoil("[custody]", section)
        return spoil(BACKENDS, "") if without_node else config

    return write


def loaded(path: Path, **environ: str) -> Settings:
    return load(path, environ, purpose=Purpose.SERVE)


def refusal(path: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(path, **environ)
    return list(caught.value.lines)


def test_without_a_secret_no_reports_are_taken(config: Path) -> None:
    webhook = loaded(config).webhook
    assert not webhook.is_on
    assert not webhook.accepts


def test_the_secret_is_read_from_its_file_without_the_end_of_the_line(written: Write) -> None:
    webhook = loaded(written('secret_file = "webhook-secret"')).webhook
    assert webhook.is_on
    assert webhook.secret.get_secret_value() == SECRET
    assert webhook.trust == "verify"


def test_the_secret_is_read_from_its_variable(written: Write) -> None:
    webhook = loaded(written('secret_env = "PROCESSOR"'), PROCESSOR=SECRET).webhook
    assert webhook.secret.get_secret_value() == SECRET


def test_the_secret_is_one_that_the_log_hides(written: Write) -> None:
    assert SECRET in secrets_of(loaded(written('secret_file = "webhook-secret"')))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "which is not there; write the secret that the processor signs with into it"),
        ("", "which has no secret; write at least 16 characters"),
        ("fifteen letters", "which is too short; write at least 16 characters"),
        (f"{SECRET}\n{SECRET}\n", "which is not one line; write the secret alone"),
        ("\udcff", "which is not UTF-8; write one line of text"),
    ],
)
def test_a_file_without_a_good_secret_is_refused(
    written: Write, content: str | None, told: str
) -> None:
    path = written('secret_file = "other"')
    if content is not None:
        (path.parent / "other").write_bytes(content.encode("utf-8", "surrogateescape"))
    (line,) = refusal(path)
    assert "webhook.secret_file names" in line
    assert told in line


def test_a_secret_in_the_settings_file_is_refused_without_being_told(written: Write) -> None:
    (line,) = refusal(written('secret = "hunter2hunter2"'))
    assert "webhook.secret must not stand here" in line
    assert "hunter2" not in line


def test_two_places_of_the_secret_are_refused(written: Write) -> None:
    (line,) = refusal(written('secret_file = "webhook-secret"', 'secret_env = "S"'), S=SECRET)
    assert "webhook.secret_env stands beside secret_file; remove one of them" in line


def test_a_coin_without_a_backend_is_refused_where_reports_are_verified(written: Write) -> None:
    (line,) = refusal(written('secret_file = "webhook-secret"', without_node=True))
    assert "coins.LTC.backends is missing; write a table" in line


def test_a_coin_without_a_backend_is_taken_where_reports_are_accepted(written: Write) -> None:
    lines = ('secret_file = "webhook-secret"', 'trust = "accept"')
    settings = loaded(written(*lines, without_node=True))
    assert settings.webhook.accepts
    assert not settings.coins.LTC.backends


def test_accepting_is_refused_where_every_coin_has_a_backend(written: Write) -> None:
    (line,) = refusal(written('secret_file = "webhook-secret"', 'trust = "accept"'))
    assert 'webhook.trust is "accept", which is for coins that have no backend' in line
    assert line.endswith('write "verify"')


def test_accepting_without_a_secret_is_refused(written: Write) -> None:
    lines = refusal(written('trust = "accept"', without_node=True))
    assert any('webhook.trust is "accept" without a secret' in line for line in lines)


def test_a_coin_that_this_version_cannot_look_at_may_be_reported(
    written: Write, spoil: Spoil
) -> None:
    written('secret_file = "webhook-secret"', 'trust = "accept"')
    path = spoil('LTC = "80.00"', 'LTC = "80.00"\nSOL = "150.00"\n\n[coins.SOL]\nenabled = true')
    assert set(loaded(path).coins.enabled()) == {"LTC", "SOL"}

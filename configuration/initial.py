"""The first set-up: finding what is missing, asking for it, and writing the file and the secrets.

Nothing is written before every answer is there and good, and no secret is ever written over. A new
mnemonic is written last and told right after, so that an interrupted set-up is simply run again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from configuration.custody_requirements import key_place
from configuration.editing import with_values, without_personal_values
from configuration.environment import from_environment
from configuration.loading import load_text, read_text
from configuration.problems import ConfigurationError, Issue, SettingPath, dotted
from configuration.questions import (
    DEFAULT_PASSWORD_FILES,
    Question,
    backend_path,
    password_path,
    questions,
)
from configuration.requirements import MissingError, Purpose, read_password
from configuration.settings import Custody, Settings
from payments.custody import (
    check_mnemonic,
    key_text,
    new_key,
    new_mnemonic,
    read_key,
    read_mnemonic,
    seal,
    write_secret,
)
from payments.durable_files import replace

DEFAULT_MNEMONIC_FILE = "data/secrets/mnemonic.sealed"
DEFAULT_KEY_FILE = "data/secrets/custody.key"


class NoAnswerError(Exception):
    """Nobody answers: the input has ended."""


class Ask(Protocol):
    """Puts a question until the answer passes its check."""

    def __call__(self, question: Question) -> object:
        """The checked answer.

        Raises:
            NoAnswerError: the input has ended.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a set-up has done. `mnemonic`: the words if new ones were made, to be shown once."""

    config_file: Path
    mnemonic: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealing:
    """The custody of a shop as it will be. `mnemonic` None: it is there already."""

    mnemonic_file: Path
    mnemonic: str | None
    is_new: bool
    key: bytes
    new_key_file: Path | None
    answers: dict[SettingPath, object]


def initialise(
    path: Path,
    template: Path,
    environ: Mapping[str, str],
    mnemonic: str | None,
    ask: Ask,
) -> Prepared:
    """Make the settings file `path` and its secrets complete.

    Where there is no such file it is made from `template`, without what is personal in that. A
    `mnemonic` is taken instead of a new one.

    Raises:
        ConfigurationError: the settings are wrong, an answer is missing, or there is nothing to do.
        CustodyError: the mnemonic or the key is no good, or a secret would be written over.
    """
    text = read_text(path) if path.exists() else without_personal_values(read_text(template))
    settings = load_text(text, path, environ, purpose=Purpose.INIT)
    sealing = _sealing_for(settings.custody, path.parent, environ, mnemonic)
    pending = questions(settings, environ)
    _refuse_unaskable(settings, pending, environ)
    if not pending and (sealing is None or sealing.mnemonic is None):
        kept = sealing.mnemonic_file if sealing is not None else path
        raise ConfigurationError(
            f"{kept} is there already and was left alone; nothing is missing, nothing was changed"
        )
    answers = _asked(pending, ask, path)
    _write(path, text, answers | (sealing.answers if sealing is not None else {}), environ)
    if sealing is None:
        return Prepared(config_file=path, mnemonic=None)
    _seal(sealing)
    return Prepared(config_file=path, mnemonic=sealing.mnemonic if sealing.is_new else None)


def _sealing_for(
    custody: Custody, base: Path, environ: Mapping[str, str], mnemonic: str | None
) -> _Sealing | None:
    """What is to be sealed; None where no key is to be on this machine."""
    if custody.is_hot:
        return _sealing(custody, base, environ, mnemonic)
    if mnemonic is not None:
        raise ConfigurationError(
            'custody.mode is "watch_only": a mnemonic has no place on this machine;'
            " leave out --mnemonic-file"
        )
    return None


def _sealing(
    custody: Custody, base: Path, environ: Mapping[str, str], mnemonic: str | None
) -> _Sealing:
    answers: dict[SettingPath, object] = {}
    mnemonic_file, key_file = custody.mnemonic_file, custody.key_file
    if mnemonic_file is None:
        answers["custody", "mnemonic_file"] = DEFAULT_MNEMONIC_FILE
        mnemonic_file = base / DEFAULT_MNEMONIC_FILE
    if key_file is None and custody.key_env is None:
        answers["custody", "key_file"] = DEFAULT_KEY_FILE
        key_file = base / DEFAULT_KEY_FILE
    else:
        _refuse(key_place(custody))
    if mnemonic is not None and mnemonic_file.exists():
        # Not compared with what is there: the owner decides which of the two is right.
        raise ConfigurationError(
            f"{mnemonic_file} is there already and was left alone: move it away first, and keep it"
        )
    makes_key = key_file is not None and not key_file.exists() and not mnemonic_file.exists()
    key = new_key() if makes_key else read_key(key_file, custody.key_env, environ)
    return _Sealing(
        mnemonic_file=mnemonic_file,
        mnemonic=_mnemonic_to_seal(mnemonic_file, key, mnemonic),
        is_new=mnemonic is None,
        key=key,
        new_key_file=key_file if makes_key else None,
        answers=answers,
    )


def _mnemonic_to_seal(path: Path, key: bytes, given: str | None) -> str | None:
    if not path.exists():
        return check_mnemonic(given) if given is not None else new_mnemonic()
    read_mnemonic(path, key)
    return None


def _refuse_unaskable(
    settings: Settings, pending: list[Question], environ: Mapping[str, str]
) -> None:
    """Answers that would have no effect, or have no place to be written to."""
    variables = from_environment(environ).variables
    issues = [
        Issue(question.path, f"is missing; the variable {variables[start]} beats the settings file")
        for question in pending
        for start in (question.path[:length] for length in range(1, len(question.path) + 1))
        if start in variables
    ]
    for symbol, coin in settings.coins.enabled().items():
        for backend in coin.backends[:1]:
            if backend.needs_login and backend.password_env is not None:
                try:
                    read_password(backend, environ)
                except MissingError as error:
                    issues.append(Issue((*backend_path(symbol), "password_env"), str(error)))
    _refuse(issues)


def _refuse(issues: Iterable[Issue]) -> None:
    lines = [f"{dotted(issue.path)} {issue.text}" for issue in issues]
    if lines:
        raise ConfigurationError(*lines)


def _asked(pending: list[Question], ask: Ask, path: Path) -> dict[SettingPath, object]:
    answers: dict[SettingPath, object] = {}
    for question in pending:
        try:
            answers[question.path] = ask(question)
        except NoAnswerError:
            open_names = [_name(other.path) for other in pending if other.path not in answers]
            raise ConfigurationError(
                f"no answer for {', '.join(open_names)}: answer in a terminal,"
                f" or write them into {path}"
            ) from None
    return answers


def _name(path: SettingPath) -> str:
    """What an owner would write; the password has a file of its own."""
    return dotted(path) + ("_file" if path[-1] == "password" else "")


def _write(
    path: Path, text: str, answers: dict[SettingPath, object], environ: Mapping[str, str]
) -> None:
    """The nodes' passwords into their files, all other answers into the settings file."""
    settings = load_text(text, path, environ, purpose=Purpose.INIT)
    for symbol, default_file in DEFAULT_PASSWORD_FILES.items():
        password = answers.pop(password_path(symbol), None)
        if password is None:
            continue
        backends = settings.coins.all()[symbol].backends
        password_file = backends[0].password_file if backends else None
        if password_file is None:
            answers[*backend_path(symbol), "password_file"] = default_file
            password_file = path.parent / default_file
        write_secret(password_file, f"{password}\n")
    if not answers and path.exists():
        return
    complete = with_values(text, answers)
    load_text(complete, path, environ, purpose=Purpose.INIT)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # With mode 0600 from now on: the bot's token is in it.
        replace(path.resolve(), complete)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None


def _seal(sealing: _Sealing) -> None:
    if sealing.mnemonic is None:
        return
    if sealing.new_key_file is not None:
        write_secret(sealing.new_key_file, key_text(sealing.key))
    write_secret(sealing.mnemonic_file, seal(sealing.mnemonic, sealing.key))

"""From the settings file and the environment to checked settings, or to all that is wrong."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ValidationError

from configuration.backends import Backend
from configuration.coins import Coins, CoinSettings
from configuration.environment import Overlay, from_environment, laid_over
from configuration.problems import (
    INIT_COMMAND,
    ConfigurationError,
    Issue,
    SettingPath,
    dotted,
)
from configuration.requirements import MissingError, Purpose, Sections, missing, read_password
from configuration.settings import Settings, Webhook
from configuration.toml_lines import key_lines, line_of
from configuration.tree import Table, sift, table_model
from configuration.webhook_requirements import SecretMissingError, read_secret


def load(path: Path, environ: Mapping[str, str], *, purpose: Purpose) -> Settings:
    """Settings from a file and the environment, complete for what they are loaded for.

    Relative paths in them are relative to the file.

    Raises:
        ConfigurationError: with one line for each problem, every one of them.
    """
    return load_text(read_text(path), path, environ, purpose=purpose)


def read_text(path: Path) -> str:
    """The text of a settings file.

    Raises:
        ConfigurationError: there is no such file, or it is no text.
    """
    try:
        # Bytes, for TOML knows two line endings and Python's text mode three.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f'{path}: there is no such file; run "{_init_command(path)}" to make it'
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None


def load_text(text: str, path: Path, environ: Mapping[str, str], *, purpose: Purpose) -> Settings:
    """`load`, for a text that stands or will stand in the file `path`.

    Raises:
        ConfigurationError: with one line for each problem.
    """
    overlay = from_environment(environ)
    tree, issues = sift(laid_over(_parse(text, path), overlay.values), Settings)
    issues = overlay.issues + issues
    sections, section_issues = _sections(tree, path.parent)
    issues += section_issues
    issues += missing(Sections.of(sections), purpose, environ)
    if issues:
        lines = key_lines(text)
        ordered = sorted(issues, key=lambda issue: line_of(issue.path, lines) or 0)
        raise ConfigurationError(*(_told(issue, path, lines, overlay) for issue in ordered))
    settings = Settings.model_validate(sections)
    coins = _with_passwords(settings.coins, environ)
    webhook = _with_secret(settings.webhook, environ)
    return settings.model_copy(update={"coins": coins, "webhook": webhook})


def _parse(text: str, path: Path) -> Table:
    try:
        # Decimal, so that 0.1 stays what was written.
        return tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(?P<what>.*) \(at line (?P<line>\d+), column \d+\)", str(error))
        where = f"{path}:{found['line']}" if found else f"{path}"
        what = found["what"] if found else str(error)
        raise ConfigurationError(f"{where}: is not TOML: {what}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: is not TOML: lists are nested too deeply") from None


def _sections(tree: Table, base: Path) -> tuple[dict[str, BaseModel], list[Issue]]:
    parsed: dict[str, BaseModel] = {}
    issues: list[Issue] = []
    for name in Settings.model_fields:
        model = table_model(Settings, name)
        if model is None:
            continue
        try:
            parsed[name] = model.model_validate(tree.get(name, {}), context=base)
        except ValidationError as error:
            issues += _issues(name, error)
    return parsed, issues


def _issues(section: str, error: ValidationError) -> Iterator[Issue]:
    for problem in error.errors(include_url=False, include_input=False):
        cause = problem.get("ctx", {}).get("error")
        text = str(cause) if isinstance(cause, ValueError) else f"is not right: {problem['msg']}"
        if problem["type"] == "missing":
            text = "is missing; write it"
        yield Issue((section, *problem["loc"]), text)


def _told(issue: Issue, path: Path, lines: dict[SettingPath, int], overlay: Overlay) -> str:
    variable = _variable(issue.path, lines, overlay)
    # Without the file it would make a second shop, with keys of its own, beside the program.
    text = issue.text.replace(INIT_COMMAND, _init_command(path))
    if variable == issue.path[0]:
        return f"{variable} {text}"
    if variable is not None:
        return f"{variable}: {dotted(issue.path)} {text}"
    line = line_of(issue.path, lines)
    where = f"{path}:{line}" if line is not None else f"{path}"
    return f"{where}: {dotted(issue.path)} {text}"


def _init_command(path: Path) -> str:
    return f"python run.py --config {path} init"


def _variable(path: SettingPath, lines: dict[SettingPath, int], overlay: Overlay) -> str | None:
    """The variable that gave a setting or the list around it; None where the file did."""
    for length in range(len(path), 0, -1):
        if path[:length] in overlay.variables:
            return overlay.variables[path[:length]]
    if path in lines:
        return None
    # A table that is refused as a whole, and is there only because a variable speaks of it.
    below = (name for place, name in overlay.variables.items() if place[: len(path)] == path)
    return next(below, None)


def _with_passwords(coins: Coins, environ: Mapping[str, str]) -> Coins:
    """The coins with the passwords of their nodes, where these can be read."""
    complete = {name: _coin_with_passwords(coin, environ) for name, coin in coins.all().items()}
    return coins.model_copy(update=complete)


def _coin_with_passwords(coin: CoinSettings, environ: Mapping[str, str]) -> CoinSettings:
    backends = tuple(_with_password(backend, environ) for backend in coin.backends)
    return coin.model_copy(update={"backends": backends})


def _with_password(backend: Backend, environ: Mapping[str, str]) -> Backend:
    try:
        password = read_password(backend, environ)
    except MissingError:
        # Named already where the command needs it; the others do without.
        return backend
    return backend.model_copy(update={"password": password})


def _with_secret(webhook: Webhook, environ: Mapping[str, str]) -> Webhook:
    try:
        secret = read_secret(webhook, environ)
    except SecretMissingError:
        # As with passwords.
        return webhook
    return webhook.model_copy(update={"secret": secret})

"""Settings that have a name and a meaning, but no effect in this version yet.

They are refused instead of ignored: an owner who has set a limit must not believe that it holds.
"""

from configuration.problems import SettingPath

_POLLING = "updates are fetched by polling"

UNAVAILABLE_KEYS: dict[str, str] = {
    "telegram.webhook_secret": _POLLING,
}
"""Keys by dotted name (`*`: any coin, any index), and what works instead."""

UNAVAILABLE_VALUES: dict[str, frozenset[str]] = {
    "shop.language": frozenset({"de", "es", "fr", "it", "pl", "pt", "ru", "tr", "uk"}),
    "telegram.mode": frozenset({"webhook"}),
    "actors.system_base": frozenset({"multiprocUDPBase", "multiprocQueueBase", "simpleSystemBase"}),
    "coins.*.backends.*.kind": frozenset({"blockbook"}),
}
"""Values of settings that are alive, by the dotted name of the setting."""

MISPLACED_KEYS: dict[str, str] = {
    "coins.*.backends.*.password": "must not stand here; write it into a file of its own and name"
    " that as password_file, or name an environment variable as password_env",
    "webhook.secret": "must not stand here; write it into a file of its own and name that as"
    " secret_file, or name an environment variable as secret_env",
    "custody.mnemonic": 'must not stand here; "python run.py init" seals it into a file',
    "custody.key": "must not stand here; name its file as key_file or its variable as key_env",
}
"""Secrets that have another place than the settings file, and the words of the refusal."""


def refusal(path: SettingPath) -> str | None:
    """Why a key that everybody may expect to work does not; None for every other key."""
    instead = _entry(path, UNAVAILABLE_KEYS)
    if instead is not None:
        return f"is not available in this version yet; remove it: {instead}"
    return _entry(path, MISPLACED_KEYS)


def _entry(path: SettingPath, table: dict[str, str]) -> str | None:
    for pattern, text in table.items():
        parts = pattern.split(".")
        if len(parts) == len(path) and all(
            expected in ("*", part) for expected, part in zip(parts, path, strict=True)
        ):
            return text
    return None

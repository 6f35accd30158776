"""The settings of the demonstration, as an owner would write them, pointing at the sandbox.

Everything but `[orders]` is what makes it a demonstration; how orders live may be chosen, so that
an expiry need not be waited for.
"""

from collections.abc import Mapping

import tomlkit

from configuration.environment import BARE_NAMES, PREFIX, path_of
from configuration.settings import Orders
from sandbox.server import Sandbox, SandboxSettings

CURRENCY = "USD"
PASSWORD_VARIABLE = "DEMO_NODE_PASSWORD"  # noqa: S105 - the name of a variable
_TIMEOUT_VARIABLE = f"{PREFIX}ORDERS__TIMEOUT_MINUTES"


def demo_environment(
    environ: Mapping[str, str], timeout_minutes: float | None, node_password: str
) -> dict[str, str]:
    """The variables that the demonstration heeds: those of `[orders]`, and the sandbox's password.

    `timeout_minutes`, where it is given, beats them all.
    """
    heeded = {name: text for name, text in environ.items() if _is_heeded(name)}
    if timeout_minutes is not None:
        heeded[_TIMEOUT_VARIABLE] = f"{timeout_minutes:f}"
    return heeded | {PASSWORD_VARIABLE: node_password}


def unheeded(environ: Mapping[str, str]) -> list[str]:
    """The variables that a real shop would heed and the demonstration does not, by name."""
    settings = (name for name in environ if name.startswith(PREFIX) and "__" in name)
    return sorted(name for name in settings if not _is_heeded(name))


def _is_heeded(name: str) -> bool:
    if name in BARE_NAMES:
        return True
    return name.startswith(PREFIX) and "__" in name and path_of(name)[0] == "orders"


def demo_config(
    sandbox: Sandbox, made_of: SandboxSettings, timeout_minutes: float | None = None
) -> str:
    """The same settings file that an owner writes, pointing at the sandbox.

    Where orders are to live shorter than usual, the warning comes and a part of the payment
    extends them in proportion, so that all of it can be seen.
    """
    settings: dict[str, object] = {
        "shop": {"currency": CURRENCY},
        "telegram": {
            "token": made_of.token,
            "api_url": sandbox.url,
            "admin_ids": [made_of.admin_id],
        },
        "gateway": {"port": 0},
        "operator": {"port": 0},
        "store": {"path": "holdfast.db"},
        "custody": {"mnemonic_file": "mnemonic.sealed", "key_file": "key"},
        "rates": {"fixed": {"LTC": "80.00"}},
        "coins": {
            "LTC": {
                "enabled": True,
                "network": "regtest",
                "confirmations": 2,
                "poll_interval_seconds": 1,
                "backends": [
                    {
                        "kind": "bitcoind",
                        "url": sandbox.chain_url,
                        "user": made_of.chain_credentials.user,
                        "password_env": PASSWORD_VARIABLE,
                    }
                ],
            }
        },
        "log": {"level": "WARNING"},
    }
    if timeout_minutes is not None:
        usual = Orders()
        settings["orders"] = {
            "warning_minutes": min(usual.warning_minutes, timeout_minutes / 2),
            "extension_minutes": min(usual.extension_minutes, timeout_minutes / 2),
        }
    return tomlkit.dumps(settings)

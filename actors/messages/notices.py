"""The notifiers' life and their rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

from domain.order import Audience
from store.contract import Notice

if TYPE_CHECKING:
    from actors.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StartNotifier:
    """A notifier's first message: whose rows it sends. It attaches itself to the ledger."""

    audience: Audience
    shop: ActorAddress
    ledger: ActorAddress
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachNotifier:
    """From a notifier to the ledger: rows of this audience go to me, those unsent first.

    Answered by `NoticesWritten`, now and whenever rows are written.
    """

    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckNotices:
    """From the root to a notifier: these rows have waited for long; send those not known to you."""

    notices: tuple[Notice, ...]

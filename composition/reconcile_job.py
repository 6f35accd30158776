"""A reconciliation as a process of its own: `python -m composition.reconcile_job`.

What a running shop wants reconciled is done here, with less right to the processor than the shop
has: blocks are large, and whoever reads them is busy. The job comes over stdin and what is said of
it goes over stdout, pickled, between two processes of one program; the log goes to stderr.
"""

import asyncio
import os
import pickle
import sys
from dataclasses import dataclass
from typing import BinaryIO

from composition.reconcile_scope import Scope
from composition.reconciling import reconcile
from configuration.logging import configure_logging, secrets_of
from configuration.settings import Settings
from domain.reconciliation import Reconciliation
from store.store_files import StoreFileError

LESS_IMPORTANT = 10
LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done, and whose process waits for it."""

    settings: Settings
    scope: Scope
    parent_pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    """It cannot be done; the text says why."""

    why: str


Said = str | Reconciliation | JobFailed
"""How far it is; or, at the end, what came of it."""


def main() -> None:
    """Do the job that stands on stdin."""
    job = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the program that has started this one
    if not isinstance(job, Job):
        raise TypeError("no job")
    os.nice(LESS_IMPORTANT)
    configure_logging(job.settings.log, secrets_of(job.settings))
    _say(sys.stdout.buffer, _done(job))


def _done(job: Job) -> Reconciliation | JobFailed:
    def progress(text: str) -> None:
        if os.getppid() != job.parent_pid:
            raise SystemExit(1)  # nobody waits for it any more
        _say(sys.stdout.buffer, text)

    try:
        return asyncio.run(reconcile(job.settings, job.scope, progress))
    except (StoreFileError, OSError) as error:
        return JobFailed(why=str(error))


def _say(stream: BinaryIO, said: Said) -> None:
    content = pickle.dumps(said)
    stream.write(len(content).to_bytes(LENGTH_BYTES, "big"))
    stream.write(content)
    stream.flush()


if __name__ == "__main__":
    # Under the module's own name, by which the other process knows what is pickled.
    from composition.reconcile_job import main as run

    run()

"""Reconciliations beside a running shop: in a process of their own, one at a time."""

import asyncio
import os
import pickle
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from composition.reconcile_job import LENGTH_BYTES, Job, JobFailed, Said
from composition.reconcile_scope import Everything, OneOrder, Scope, SinceLast
from configuration.settings import Settings
from domain.reconciliation import Reconciliation
from gateway.reconciler import Progress, ReconcileBusyError, ReconcileFailedError

PROGRAM_FOLDER = Path(__file__).resolve().parent.parent
# A chain of years is long; one that takes longer than this is reconciled at the command line.
LONGEST_RUN_SECONDS = 12 * 3600.0


class ReconcileRunner:
    """Runs one at a time; whoever asks for another meanwhile is told so (`gateway.reconciler`)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_busy = False
        self._process: asyncio.subprocess.Process | None = None

    async def everything(
        self, made_from: datetime | None, made_before: datetime | None, progress: Progress
    ) -> Reconciliation:
        """All orders made between two times."""
        return await self.run(Everything(made_from=made_from, made_before=made_before), progress)

    async def one_order(self, order_id: int, progress: Progress) -> Reconciliation:
        """One order."""
        return await self.run(OneOrder(order_id=order_id), progress)

    async def since_last(self, progress: Progress) -> Reconciliation:
        """What no earlier call of this has compared."""
        return await self.run(SinceLast(), progress)

    async def run(self, scope: Scope, progress: Progress) -> Reconciliation:
        """Reconcile what is in the scope.

        Raises:
            ReconcileBusyError: another one is under way.
            ReconcileFailedError: it came to no end.
        """
        if self._is_busy:
            raise ReconcileBusyError
        self._is_busy = True
        try:
            async with asyncio.timeout(LONGEST_RUN_SECONDS):
                return await self._run(scope, progress)
        except TimeoutError:
            hours = f"{LONGEST_RUN_SECONDS / 3600:g}"
            raise ReconcileFailedError(
                f"it took more than {hours} hours: run `run.py report reconcile` instead"
            ) from None
        finally:
            await self._end()
            self._is_busy = False

    async def _run(self, scope: Scope, progress: Progress) -> Reconciliation:
        job = Job(settings=self._settings, scope=scope, parent_pid=os.getpid())
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "composition.reconcile_job",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROGRAM_FOLDER)},
        )
        if process.stdin is None or process.stdout is None:
            raise AssertionError("pipes were asked for")
        try:
            process.stdin.write(pickle.dumps(job))
            process.stdin.write_eof()
            while True:
                match await _heard(process.stdout):
                    case Reconciliation() as result:
                        return result
                    case JobFailed(why=why):
                        raise ReconcileFailedError(why)
                    case str(text):
                        progress(text)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ReconcileFailedError("its process has ended; the log says why") from None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _heard(stream: asyncio.StreamReader) -> Said:
    length = int.from_bytes(await stream.readexactly(LENGTH_BYTES), "big")
    said: Said = pickle.loads(await stream.readexactly(length))  # noqa: S301 - our own process
    return said

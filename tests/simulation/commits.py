"""What goes wrong at commits: crashes before, within and after, and commits that fail."""

import sqlite3
from typing import TYPE_CHECKING

from tests.simulation.disk import run_quietly
from tests.simulation.jobs import CrashedError
from tests.simulation.observer import Uncommitted

if TYPE_CHECKING:
    from tests.simulation.world import World

_MOST_STATEMENTS = 12
_TROUBLES = {
    "commit_disk_full": ("database or disk is full", sqlite3.SQLITE_FULL),
    "commit_read_only": ("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    "commit_damaged": ("database disk image is malformed", sqlite3.SQLITE_CORRUPT),
    "commit_busy": ("database is locked", sqlite3.SQLITE_BUSY),
}
_CRASH_WITHIN = "process_crash_within_batch"
_SHORT_SECONDS, _LONG_SECONDS = 20.0, 200.0


def trouble(name: str) -> sqlite3.OperationalError:
    """An error as SQLite raises it."""
    text, code = _TROUBLES[name]
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


class Commits:
    """Stands between the writer and its file; see `disk.Watcher`."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.is_watching = False
        """From the first opening of the store on, when its tables are there."""
        self.trouble = ""
        """What is wrong with the store now."""
        self._trouble_until = 0.0
        self._planned = ""
        self._statements_left = 0

    def is_in_trouble(self) -> bool:
        """Whether nothing can be written now."""
        if self._world.loop.time() >= self._trouble_until:
            self.trouble = ""
        return bool(self.trouble)

    def on_begin(self) -> None:
        """Refuse, or plan what is to happen within."""
        world, faults = self._world, self._world.faults
        self._planned = ""
        if not self.is_watching:
            return
        if self.is_in_trouble():
            raise trouble(self.trouble)
        if not world.interception.is_writing_live():
            return
        for name in (_CRASH_WITHIN, *_TROUBLES):
            if faults.strikes(name):
                self._planned = name
                self._statements_left = faults.chance(name).randint(0, _MOST_STATEMENTS)
                break
        if self._planned and not self._statements_left:
            self._happen()

    def on_probe(self) -> None:
        """Refuse as long as nothing can be written."""
        if self.is_in_trouble():
            raise trouble(self.trouble)

    def on_statement(self) -> None:
        """Let happen what was planned, when its time has come."""
        if self._planned:
            self._statements_left -= 1
            if self._statements_left <= 0:
                self._happen()

    def _happen(self) -> None:
        planned, self._planned = self._planned, ""
        if planned == _CRASH_WITHIN:
            self._world.crash(planned)
            raise CrashedError
        chance = self._world.faults.chance(planned)
        longest = _LONG_SECONDS if chance.random() < 0.2 else _SHORT_SECONDS
        self.trouble = planned
        seconds = chance.uniform(0.0, longest)
        self._trouble_until = self._world.loop.time() + seconds
        self._world.calm.in_trouble(seconds)
        raise trouble(planned)

    def on_commit(self, connection: sqlite3.Connection) -> None:
        """Commit, with what may go wrong at it."""
        if not self.is_watching:
            run_quietly(connection, "COMMIT")
            return
        if self._planned:
            self._happen()
        observer = self._world.observer
        seen = observer.look(connection)
        if any(observer.is_live(each.after.order_id) for each in seen.changes):
            self._commit_of_live_orders(connection, seen)
        else:
            run_quietly(connection, "COMMIT")
            observer.adopt(connection, seen)

    def _commit_of_live_orders(self, connection: sqlite3.Connection, seen: Uncommitted) -> None:
        world, faults = self._world, self._world.faults
        if faults.strikes("process_crash_before_commit"):
            world.crash("process_crash_before_commit")
            raise CrashedError
        if faults.strikes("power_loss_at_commit"):
            synced = world.disk.synced()
            run_quietly(connection, "COMMIT")
            world.crash("power_loss_at_commit", power=True, synced=synced)
            raise CrashedError
        run_quietly(connection, "COMMIT")
        world.observer.adopt(connection, seen)
        if faults.strikes("process_crash_after_commit"):
            world.crash("process_crash_after_commit")
            raise CrashedError
        if faults.strikes("commit_outcome_unknown"):
            world.calm.in_doubt()
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

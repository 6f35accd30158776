"""Hearing of the end of a process that is no child of ours."""

import asyncio
import os


class ProcessEnd:
    """Set off in the running loop when a process ends, however it ends."""

    def __init__(self) -> None:
        self.has_come = asyncio.Event()
        self._handle: int | None = None

    def watch(self, pid: int) -> None:
        """Watch a process, one for each object; one that is gone already has ended."""
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self.has_come.set()
        else:
            asyncio.get_running_loop().add_reader(self._handle, self._ended)

    def close(self) -> None:
        """Watch no longer."""
        if self._handle is not None:
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = None

    def _ended(self) -> None:
        self.has_come.set()
        self.close()

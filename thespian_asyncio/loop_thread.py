"""A thread with an event loop of its own, for a system made where no loop runs."""

import asyncio
import threading


class LoopThread:
    """Starts at once; `stop` ends it and closes the loop."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ident(self) -> int:
        """The thread's number, as `threading.get_ident` gives it inside."""
        return self._thread.ident or 0

    def stop(self) -> None:
        """End the thread after what its loop has begun, and wait for that.

        Called by the thread itself it only asks for the end.
        """
        if not self._thread.is_alive():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

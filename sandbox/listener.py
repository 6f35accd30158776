"""An aiohttp application on a loopback port, started and stopped in order."""

from __future__ import annotations

from aiohttp import web

MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""Above Telegram's 50 MB for an upload, so that its own limit is the one that answers."""

_STOP_TIMEOUT_SECONDS = 1.0


def new_application() -> web.Application:
    """Make an application that takes requests as large as Telegram's largest upload."""
    return web.Application(client_max_size=MAX_REQUEST_BYTES)


class Listener:
    """Serves one application on one address."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen.

        Port 0 takes a free one, which `url` then names.

        Raises:
            OSError: the port is taken.
        """
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_STOP_TIMEOUT_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Stop listening and close what is open; a second call does nothing."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """The address without a slash at its end, such as `http://127.0.0.1:8090`."""
        return f"http://{self._host}:{self._port}"

"""The HTTP port: opened, served, closed.

In: settings, the store, the vitals. Out: a listening server and its URL. Must not know: what the routes do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from callserver.errors import SettingsError
from callserver.settings import QueueSettings, WebSettings
from callserver.store.engine import Store
from callserver.vitals import Vitals
from callserver.web import api, guard, ops, status
from callserver.web import queues as listing

SHUTDOWN_S = 2.0


def application(
    settings: WebSettings,
    store: Store,
    vitals: Vitals,
    queues: Mapping[str, QueueSettings] = MappingProxyType({}),
) -> web.Application:
    """All routes behind the guards. `queues`: what the settings say of queues, by name."""
    app = web.Application(
        middlewares=[guard.headed(), guard.bearer(settings.token)], client_max_size=64 * 1024
    )
    app.add_routes(
        [
            *ops.routes(vitals),
            *status.routes(vitals),
            *api.routes(store),
            *listing.routes(store, vitals, queues),
        ]
    )
    return app


class Server:
    """The listening server."""

    def __init__(
        self,
        settings: WebSettings,
        store: Store,
        vitals: Vitals,
        queues: Mapping[str, QueueSettings] = MappingProxyType({}),
    ) -> None:
        self._settings = settings
        self._runner = web.AppRunner(
            application(settings, store, vitals, queues), access_log=None, shutdown_timeout=SHUTDOWN_S
        )
        self._vitals = vitals
        self._lag: asyncio.Task[None] | None = None
        self.port = settings.port

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = self._settings.host
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{self.port}/"

    async def start(self) -> None:
        """Listen. Raises SettingsError where the address cannot be had."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            where = f"{self._settings.host}:{self._settings.port}"
            why = error.strerror or error
            raise SettingsError(
                f"[web] host, port: cannot listen on {where}: {why} (example: port = 8088)"
            ) from error
        self.port = self._runner.addresses[0][1]
        self._lag = asyncio.create_task(ops.watch_lag(self._vitals), name="loop lag")

    async def stop(self) -> None:
        """Close; answers under way get a moment."""
        if self._lag is not None:
            self._lag.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._lag
        await self._runner.cleanup()

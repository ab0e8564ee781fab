"""The HTTP port: opened, served, closed.

In: settings, the store, the vitals. Out: a listening server and its URL. Must not know: what the routes do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

from aiohttp import web

from callserver.errors import SettingsError
from callserver.facts import Instant
from callserver.numbers import Plan
from callserver.push.hub import Hub
from callserver.settings import QueueBook, QueueSettings, TelephoneSettings, WebSettings
from callserver.store.engine import Store
from callserver.store.sessions import Life
from callserver.store.tokens import SCOPES
from callserver.vitals import Vitals
from callserver.web import cookies, entrance, guard, listening, ops, status
from callserver.web.api import documentation, serving
from callserver.web.api.auditing import Auditing
from callserver.web.api.everything import SUBJECTS, operations
from callserver.web.api.keyring import Keyring
from callserver.web.api.limits import Buckets
from callserver.web.api.operation import BODY_MOST, CheckSwitch, Site, TryWebhook, Why
from callserver.web.door import Door
from callserver.web.gate import Gate
from callserver.web.pages import Pages, Reader, ReaderOf
from callserver.web.passwords import Passwords
from callserver.web.queue_news import QueueNews
from callserver.web.sessions import Sessions
from callserver.web.sitting import AtWork
from callserver.web.streaming import Streaming
from callserver.web.switchboard import Switchboard

SHUTDOWN_S = 2.0


_NOT_HTTP = listening.NotHttp()


def clock() -> Instant:
    """Now, by this machine's clock."""
    return time.time_ns() // 1_000_000


def application(
    settings: WebSettings,
    store: Store,
    vitals: Vitals,
    queues: Mapping[str, QueueSettings] = MappingProxyType({}),
    plan: Plan | None = None,
    zone: tzinfo = UTC,
    clock: Callable[[], Instant] = clock,
    try_webhook: TryWebhook | None = None,
    switchboard: Switchboard | None = None,
    passwords: Passwords | None = None,
    hub: Hub | None = None,
    presence: AtWork | None = None,
    telephone: TelephoneSettings = TelephoneSettings(),  # noqa: B008 (it is frozen)
    trunks: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    why: Why | None = None,
    check_switch: CheckSwitch | None = None,
    alert_ways: frozenset[str] = frozenset(),
) -> web.Application:
    """All routes behind the guards.

    queues: what the settings say of queues, by name; a book is kept current.
    plan: how this site's numbers are read; None: with defaults. zone: where its days begin.
    try_webhook: how a webhook is sent a test.
    switchboard: where requests to switches are waited for; None: one that nobody tells.
    passwords: how they are hashed; None: at the usual cost.
    hub: the live screens; None: of their own, to which no switch tells anything.
    telephone: what may be dialled from a screen. trunks: of each switch, how its lines to the outside world begin.
    presence: what looks after shifts; None: nobody does. why: what holds a promise; None: this process dials nothing.
    check_switch: looks a switch over; None: this process follows none.
    alert_ways: by what else than screens and webhooks this site tells of alerts: mail, call.
    """
    door = Door(
        store,
        Sessions(store, life(settings), clock),
        passwords or Passwords(),
        cookies.front(settings),
        clock,
    )
    hub = hub or Hub(vitals.node)
    book = queues if isinstance(queues, QueueBook) else QueueBook(queues)
    news = QueueNews(store, book, hub.retitled)
    site = Site(
        store=store,
        vitals=vitals,
        plan=plan or Plan(),
        clock=clock,
        queues=book,
        queues_changed=news.refresh,
        zone=zone,
        try_webhook=try_webhook,
        switchboard=switchboard or Switchboard(store),
        door=door,
        presence=presence,
        telephone=telephone,
        trunks=trunks,
        tell_pops=hub.pop_update,
        why=why,
        check_switch=check_switch,
        alert_ways=alert_ways,
    )
    gate = Gate(store, Keyring(store, settings.token, frozenset(SCOPES), clock), door.sessions, door.front)
    limits = guard.bearer(
        gate,
        Buckets(settings.requests_per_minute),
        Buckets(settings.strangers_per_minute),
        frozenset((one.method, serving.ROOT + one.path) for one in operations() if one.open),
    )
    pages = Pages(reader_of(gate))
    streaming = Streaming(hub, gate)
    app = web.Application(middlewares=[guard.headed(), limits], client_max_size=BODY_MOST)
    app.add_routes(
        [
            *ops.routes(vitals, ops.measuring(store, vitals)),
            *status.routes(vitals),
            *documentation.routes(SUBJECTS),
            *pages.routes(),
            *entrance.routes(pages, store),
            *streaming.routes(),
            *serving.routes(operations(), site, Auditing(store)),
        ]
    )

    async def begin(_: web.Application) -> None:
        gate.sessions.start()
        await news.start()

    async def close(_: web.Application) -> None:
        await news.close()
        await gate.sessions.close()
        await gate.keyring.close()
        door.passwords.close()

    app.on_startup.extend([begin, streaming.start])
    app.on_shutdown.append(streaming.stop)
    app.on_cleanup.append(close)
    logging.getLogger("aiohttp.server").addFilter(_NOT_HTTP)
    return app


def life(settings: WebSettings) -> Life:
    """How long sessions live, by the settings."""
    return Life(
        idle_ms=round(settings.idle_hours * 3_600_000), longest_ms=round(settings.session_hours * 3_600_000)
    )


def reader_of(gate: Gate) -> ReaderOf:
    """Who reads a page: whoever is signed in."""

    async def read(request: web.Request) -> Reader | None:
        found = await gate.bearer(request) or await gate.bearer(request, anew=True)
        if found is None or found.person is None:
            return None
        person = found.person
        return Reader(name=person.name, language=person.language, theme=person.theme)

    return read


class Server:
    """The listening server."""

    def __init__(
        self,
        settings: WebSettings,
        store: Store,
        vitals: Vitals,
        queues: Mapping[str, QueueSettings] = MappingProxyType({}),
        plan: Plan | None = None,
        zone: tzinfo = UTC,
        try_webhook: TryWebhook | None = None,
        switchboard: Switchboard | None = None,
        hub: Hub | None = None,
        presence: AtWork | None = None,
        telephone: TelephoneSettings = TelephoneSettings(),  # noqa: B008 (it is frozen)
        trunks: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        why: Why | None = None,
        check_switch: CheckSwitch | None = None,
        alert_ways: frozenset[str] = frozenset(),
    ) -> None:
        self._settings = settings
        self._runner = listening.Runner(
            application(
                settings,
                store,
                vitals,
                queues,
                plan,
                zone,
                try_webhook=try_webhook,
                switchboard=switchboard,
                hub=hub,
                telephone=telephone,
                trunks=trunks,
                presence=presence,
                why=why,
                check_switch=check_switch,
                alert_ways=alert_ways,
            ),
            shutdown_s=SHUTDOWN_S,
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

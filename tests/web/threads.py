"""The application in a thread of its own, for clients that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import web

from callserver.numbers import Plan
from callserver.settings import Secret, WebSettings
from callserver.store import engine, webhooks
from callserver.store.engine import Store
from callserver.store.webhook import WebhookId
from callserver.vitals import Vitals
from callserver.web.api.operation import Tried
from callserver.web.passwords import Passwords
from callserver.web.server import application
from tests.web.conftest import CHEAP, TOKEN

T = TypeVar("T")
LOOPBACK = "127.0.0.1"


class Served:
    """A running server: its URL, and its loop for asking the store from outside."""

    def __init__(self, loop: asyncio.AbstractEventLoop, url: str, store: Store) -> None:
        self._loop = loop
        self.url = url
        self.store = store

    def do(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(60)


@contextmanager
def served(url: str, begin: Callable[[Store], Coroutine[Any, Any, None]]) -> Iterator[Served]:
    """Serve the database at this URL until the block ends; `begin` puts something into it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="application", daemon=True)
    thread.start()

    def do(doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, loop).result(60)

    store = do(engine.open(url, synchronous="OFF"))
    runner = do(_started(store))
    try:
        do(begin(store))
        yield Served(loop, f"http://{LOOPBACK}:{runner.addresses[0][1]}", store)
    finally:
        do(runner.cleanup())
        do(store.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _started(store: Store) -> web.AppRunner:
    settings = WebSettings(
        token=Secret(TOKEN), requests_per_minute=10_000_000, strangers_per_minute=10_000_000
    )

    async def try_webhook(webhook: WebhookId) -> Tried:
        await store.read(lambda connection: webhooks.get(connection, webhook))
        return Tried(delivered=False, status=None, said="there is no network here", took_s=0.0)

    app = application(
        settings,
        store,
        Vitals("n"),
        plan=Plan(area_code="0532"),
        try_webhook=try_webhook,
        passwords=Passwords(CHEAP),
    )
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    return runner

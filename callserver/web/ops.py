"""For machines that watch this one: alive, ready, metrics.

In: vitals. Out: `/healthz` (200 while the loop turns), `/readyz` (200 or 503, each condition with its
reason), `/metrics` (Prometheus). Must not know: what makes a condition true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from callserver.errors import StoreError
from callserver.store.alert_gauges import landings
from callserver.store.engine import Store
from callserver.vitals import Vitals

LAG_EVERY_S = 0.5
LAG_TOO_MUCH_S = 5.0


async def watch_lag(vitals: Vitals, every_s: float = LAG_EVERY_S) -> None:
    """Measure for ever how late the event loop wakes us."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        vitals.loop_lag_s = max(0.0, loop.time() - due)


def measuring(store: Store, vitals: Vitals) -> Callable[[], Awaitable[None]]:
    """What only the database knows, asked when somebody scrapes; while it cannot be asked, the last word stands."""

    async def measure() -> None:
        with suppress(StoreError):
            vitals.landings(*await store.report(landings))

    return measure


def routes(vitals: Vitals, measure: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """The three routes; `measure` is called before metrics are told."""

    async def healthz(_: web.Request) -> web.Response:
        ok = vitals.loop_lag_s < LAG_TOO_MUCH_S
        body = {
            "alive": ok,
            "stage": vitals.stage,
            "loop_lag_s": round(vitals.loop_lag_s, 4),
            "node": vitals.node,
        }
        return web.json_response(body, status=200 if ok else 503)

    async def readyz(_: web.Request) -> web.Response:
        checks = vitals.checks()
        ready = all(check.ok for check in checks)
        body = {
            "ready": ready,
            "node": vitals.node,
            "checks": [{"name": check.name, "ok": check.ok, "reason": check.reason} for check in checks],
        }
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        await measure()
        body = generate_latest(vitals.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]

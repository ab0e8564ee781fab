"""The pages before anybody is in: signing in, making the first administrator, choosing a password by a link.

In: requests. Out: pages, which ask the API. Must not know: passwords, keys (those of links stand behind their #,
which browsers send nowhere).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from callserver.facts import Instant, iso
from callserver.store import set_up
from callserver.store.engine import Store
from callserver.store.users import has_administrator
from callserver.web.api.users import NEW_PASSWORD
from callserver.web.pages import Pages

log = structlog.get_logger(__name__)

SIGN_IN = "/sign-in"
FIRST_RUN = "/first-run"
DESK = "/desk"


def routes(pages: Pages, store: Store) -> list[web.RouteDef]:
    """`/sign-in`, `/first-run` and `/new-password`."""
    return [
        web.get(SIGN_IN, _sign_in(pages, store)),
        web.get(FIRST_RUN, _first_run(pages, store)),
        web.get(NEW_PASSWORD, _new_password(pages)),
    ]


def _sign_in(pages: Pages, store: Store) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        if await pages.reader_of(request) is not None:
            return _elsewhere(DESK)
        return await pages.render(request, "sign-in.html", fresh=not await store.read(has_administrator))

    return show


def _first_run(pages: Pages, store: Store) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        if await store.read(has_administrator):
            return _elsewhere(SIGN_IN)
        return await pages.render(request, "first-run.html")

    return show


def _new_password(pages: Pages) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        return await pages.render(request, "new-password.html")

    return show


def _elsewhere(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def offer(store: Store, url: str, now: Instant) -> str | None:
    """Where there is no administrator: log a link with which one is made, once, within the hour; gives it back, too.

    url: where a browser finds this server.
    """
    key = await store.write(lambda connection: set_up.offer(connection, now))
    if key is None:
        return None
    link = f"{url.rstrip('/')}{FIRST_RUN}#{key}"
    log.warning("nobody can sign in yet: make the administrator", link=link, until=iso(now + set_up.GOOD_MS))
    return link

"""Who may ask, and what every answer carries.

In: requests. Out: 401 or 403 as JSON where the API may not be used, security headers on everything, an
error as JSON without its innards. Must not know: what is behind the routes.
"""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callserver.errors import StoreError
from callserver.settings import Secret

log = structlog.get_logger(__name__)

API = "/api/"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Server": "callserver",
}
NO_TOKEN = (
    "the API is off because no token is set: put `token_file` into the [web] section of the settings, "
    "or set CALLSERVER_WEB_TOKEN, and restart"
)


def problem(status: int, message: str, **headers: str) -> web.Response:
    """An error as JSON: {"error": message}."""
    return web.json_response({"error": message}, status=status, headers=headers)


def headed() -> Middleware:
    """Security headers on every answer; errors of ours and of the framework as JSON."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answer(request, handler)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return middleware


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return problem(error.status, error.reason, **kept)
    except StoreError as error:
        log.warning("request failed", path=request.path, error=str(error))
        return problem(503, "the database cannot be asked now")
    except Exception:
        log.exception("request failed", path=request.path)
        return problem(500, "a mistake in callserver; its log has the traceback")


def bearer(token: Secret | None) -> Middleware:
    """The API wants `Authorization: Bearer TOKEN`; everything else is open to whoever can reach the port."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        if token is None:
            return problem(403, NO_TOKEN)
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.matches(given.strip()):
            return problem(401, "wrong or missing token", **{"WWW-Authenticate": 'Bearer realm="callserver"'})
        return await handler(request)

    return middleware

"""Who may ask, how often, and what every answer carries.

In: requests. Out: 401, 403 or 429 where the API may not be used, who asks where it may; security headers on everything,
every error as `application/problem+json` without its innards. Must not know: what is behind the routes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Set

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callserver.errors import Refusal, StoreError
from callserver.web.api import problems
from callserver.web.api.limits import Buckets, Verdict
from callserver.web.api.problems import Refused
from callserver.web.api.serving import BEARER
from callserver.web.gate import Gate, token

log = structlog.get_logger(__name__)

API = "/api/"
OPEN = frozenset({"/api/docs", "/api/v1/openapi.json", "/api/v1/asyncapi.json"})
"""What may be read without a token: how the API is used is no secret."""
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
NOBODY = (
    "the API is off because there is neither user nor token: make one with `callserver user add LOGIN --role "
    "administrator` or `callserver token create`, or put `token_file` into the [web] section of the settings (or set "
    "CALLSERVER_WEB_TOKEN) and restart"
)
_VERDICT: web.RequestKey[Verdict] = web.RequestKey("verdict", Verdict)


def headed() -> Middleware:
    """Security headers on every answer; errors of ours and of the framework as problems."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answer(request, handler)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            if (verdict := request.get(_VERDICT)) is not None:
                response.headers.update(verdict.headers())
        return response

    return middleware


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (Refused, Refusal) as error:
        return problems.of(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return problems.response(error.status, error.reason, (), **kept)
    except StoreError as error:
        log.warning("request failed", path=request.path, error=str(error))
        return problems.response(503, "the database cannot be asked now", Retry_After=str(problems.RETRY_S))
    except Exception:
        log.exception("request failed", path=request.path)
        return problems.response(500, "a mistake in callserver; its log has the traceback")


def bearer(
    gate: Gate,
    askers: Buckets,
    strangers: Buckets,
    doors: Set[tuple[str, str]] = frozenset(),
    clock: Callable[[], float] = time.monotonic,
) -> Middleware:
    """The API wants `Authorization: Bearer TOKEN` or the cookie of somebody who is signed in; everything else is open
    to whoever can reach the port.

    askers: a bucket for each token and person. strangers: one for each address, for requests of nobody; an address
    that tried too many is not even listened to, unless its token is good. doors: methods and paths by which people
    come in; they count wrong tries themselves.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        known = await gate.bearer(request)
        if known is None and (request.method, request.path) in doors:
            return await handler(request)
        if known is None:
            request[_VERDICT] = strangers.take(gate.front.address(request), clock())
            _must_be_allowed(request)
            if request.path in OPEN:
                return await handler(request)
            known = await gate.bearer(request, anew=True)
        if known is None:
            raise await _refusal(gate, request)
        request[_VERDICT] = askers.take(known.id, clock())
        _must_be_allowed(request)
        gate.must_be_ours(request, known)
        request[BEARER] = known
        return await handler(request)

    return middleware


def _must_be_allowed(request: web.Request) -> None:
    if not request[_VERDICT].allowed:
        raise Refused(429, f"try again in {request[_VERDICT].retry_s} s")


async def _refusal(gate: Gate, request: web.Request) -> Refused:
    text = token(request)
    if await gate.keyring.off() and not await gate.has_people():
        return Refused(403, NOBODY)
    if text is None and gate.front.session(request) is not None:
        return Refused(401, "you are not signed in any more", WWW_Authenticate='Bearer realm="callserver"')
    error = "" if text is None else ', error="invalid_token"'
    return Refused(401, "wrong or missing token", WWW_Authenticate=f'Bearer realm="callserver"{error}')

"""The API of calls: the same JSON of a call as `callserver replay` prints.

In: query parameters, the store. Out: `GET /api/v1/calls` (newest first, a cursor to go on) and
`/api/v1/calls/{id}`. Must not know: who asks (`guard` has seen to that), how a record comes about.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from callserver.facts import OUTCOMES, CallId, Instant, PbxId, instant
from callserver.store import calls
from callserver.store.engine import Store
from callserver.store.search import Place, Wanted, search
from callserver.web.guard import problem

LIMIT = 50
LIMIT_MOST = 500
PARAMETERS = frozenset({"from", "to", "queue", "outcome", "number", "pbx", "open", "limit", "cursor"})


class _Bad(Exception):
    """A query parameter is wrong; the text says which and how."""


def routes(store: Store) -> list[web.RouteDef]:
    """The routes of the API."""

    async def many(request: web.Request) -> web.Response:
        try:
            wanted, limit, after = asked(request.query)
        except _Bad as error:
            return problem(400, str(error))
        page = await search(store, wanted, limit, after)
        return _json({"calls": list(page.calls), "cursor": _cursor(page.end)})

    async def one(request: web.Request) -> web.Response:
        call = request.match_info["id"]
        pbx, colon, _ = call.partition(":")
        record = await calls.record(store, PbxId(pbx), CallId(call)) if colon else None
        return problem(404, "there is no such call") if record is None else _json(record)

    return [web.get("/api/v1/calls", many), web.get("/api/v1/calls/{id}", one)]


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", charset="utf-8")


def asked(query: Mapping[str, str]) -> tuple[Wanted, int, Place | None]:
    """What the query parameters ask for. Raises _Bad."""
    if unknown := sorted(set(query) - PARAMETERS):
        raise _Bad(f"unknown parameter {unknown[0]!r}; known: {', '.join(sorted(PARAMETERS))}")
    outcome = query.get("outcome")
    if outcome is not None and outcome not in OUTCOMES:
        raise _Bad(f"outcome: {outcome!r} is none of {', '.join(sorted(OUTCOMES))}")
    wanted = Wanted(
        pbx=query.get("pbx"),
        begin=_moment(query, "from"),
        end=_moment(query, "to"),
        outcome=outcome,
        number=_number(query),
        queue=query.get("queue"),
        open=_truth(query, "open"),
    )
    return wanted, _limit(query), _place(query.get("cursor"))


def _moment(query: Mapping[str, str], name: str) -> Instant | None:
    try:
        # A "+" in a query string means a space: 12:00:00+08:00 arrives as "12:00:00 08:00".
        return instant(query[name].replace(" ", "+")) if name in query else None
    except (ValueError, OverflowError):
        raise _Bad(f"{name}: write an instant with a zone, such as 2026-11-21T08:00:00Z") from None


def _number(query: Mapping[str, str]) -> str | None:
    number = query.get("number")
    return "+" + number[1:] if number and number[0] == " " else number  # "+86..." arrives as " 86..."


def _truth(query: Mapping[str, str], name: str) -> bool | None:
    if name not in query:
        return None
    if query[name] not in ("true", "false"):
        raise _Bad(f"{name}: write true or false")
    return query[name] == "true"


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LIMIT_MOST):
        raise _Bad(f"limit: write a number from 1 to {LIMIT_MOST}")
    return int(text)


def _cursor(place: Place | None) -> str | None:
    if place is None:
        return None
    body = orjson.dumps([place.started_at, place.pbx, place.call])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        body = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        started_at, pbx, call = orjson.loads(body)
        if not (isinstance(started_at, int) and isinstance(pbx, str) and isinstance(call, str)):
            raise TypeError
    except (binascii.Error, ValueError, TypeError):
        raise _Bad("cursor: give the one of the page before, as it was") from None
    return Place(started_at=started_at, pbx=pbx, call=call)

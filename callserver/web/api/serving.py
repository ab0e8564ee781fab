"""Operations, served: a request is read, done and answered as its operation declares.

In: requests whose bearer is known (`guard`). Out: answers. Must not know: what any operation is about.

A function that takes a connection is run in one transaction: a look-up or report for GET; for everything else a change,
and with it what belongs to it: the answer under its Idempotency-Key. Who saw whose record is noted before the answer
leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from callserver.errors import Conflict
from callserver.facts import Actor
from callserver.people import who_has
from callserver.store import idempotency
from callserver.store.engine import Connection
from callserver.web.api import reading
from callserver.web.api.auditing import Auditing
from callserver.web.api.keyring import Bearer
from callserver.web.api.operation import Asked, Done, Download, Operation, Site
from callserver.web.api.problems import Refused
from callserver.web.cookies import Visit

ROOT = "/api/v1"
BEARER: web.RequestKey[Bearer] = web.RequestKey("bearer", Bearer)
STRANGER = Bearer(id="stranger", name="stranger", scopes=frozenset(), through="screen")
"""Whoever asks for what is open to all."""
WORTH_PACKING = 8_192
"""Bytes from which JSON is packed for whoever takes it so: all kinds of tickets were a third of the first screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, before it is HTTP. `seen`: whose records it shows."""

    status: int
    body: bytes | AsyncIterator[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
    seen: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()


def routes(operations: Iterable[Operation], site: Site, auditing: Auditing) -> list[web.RouteDef]:
    """A route for each operation."""
    return [
        (web.get if one.method == "GET" else partial(web.route, one.method))(
            ROOT + one.path, _handler(one, site, auditing)
        )
        for one in operations
    ]


def _handler(
    operation: Operation, site: Site, auditing: Auditing
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.Response:
        if operation.open and site.door is not None:
            site.door.front.must_be_ours(request)
        asked = _asked(operation, site, request)
        arguments = reading.path_values(operation, request)
        if (query := reading.query_values(operation.query, request)) is not None:
            arguments["query"] = query
        content = await reading.body_bytes(operation, request)
        if operation.body is not None:
            arguments["body"] = reading.body_value(operation.body, request, content)
        reply = await _do(operation, asked, arguments, _key(operation, request, content))
        if reply.seen and operation.method == "GET":
            await auditing.seen(asked.actor, operation.name, reply.seen, asked.now)
        response = _response(request, reply)
        for cookie in reply.cookies:
            response.headers.add("Set-Cookie", cookie)
        return response

    return handle


def _asked(operation: Operation, site: Site, request: web.Request) -> Asked:
    bearer = request.get(BEARER, STRANGER)
    if operation.scope is not None and operation.scope not in bearer.scopes:
        raise _no_right(bearer, operation.scope)
    return Asked(
        site=site,
        actor=Actor(name=bearer.name, through=bearer.through),
        token=bearer.id,
        scopes=bearer.scopes,
        now=site.clock(),
        expected=reading.expected_version(request) if operation.guarded else None,
        person=bearer.person,
        owner=bearer.owner,
        visit=Visit() if site.door is None else site.door.front.visit(request, bearer.session),
    )


def _no_right(bearer: Bearer, scope: str) -> Refused:
    if bearer.person is not None:
        return Refused(403, f"this needs the right {scope}, which {who_has(scope)} has")
    return Refused(
        403,
        f"this token has no right {scope}",
        WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{scope}"',
    )


# --- doing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Key:
    """An Idempotency-Key and the digest of what is asked under it."""

    text: str
    request: str


def _key(operation: Operation, request: web.Request, content: bytes) -> _Key | None:
    text = reading.idempotency_key(operation, request)
    if text is None:
        return None
    digest = hashlib.sha256(f"{request.method} {request.path_qs}\n".encode("utf-8", "surrogatepass"))
    digest.update(content)
    return _Key(text, digest.hexdigest())


async def _do(operation: Operation, asked: Asked, arguments: dict[str, Any], key: _Key | None) -> Reply:
    store = asked.site.store
    if not operation.transacted:
        return _reply(operation, await operation.function(asked=asked, **arguments))

    def work(connection: Connection) -> Reply:
        return _reply(operation, operation.function(connection=connection, asked=asked, **arguments))

    if operation.method == "GET":
        return await (store.report(work) if operation.long else store.read(work))
    if key is None:
        return await store.write(work)
    return await store.write(lambda connection: _once(connection, asked, key, work))


def _once(connection: Connection, asked: Asked, key: _Key, work: Callable[[Connection], Reply]) -> Reply:
    kept = idempotency.begin(connection, asked.token, key.text, key.request, asked.now)
    if kept is not None:
        return _replayed(kept)
    reply = work(connection)
    assert isinstance(reply.body, bytes)  # only reports are told piece by piece
    # As values and not as text, so that whoever erases a person finds them in it.
    answer = {"headers": dict(reply.headers), "body": msgspec.json.decode(reply.body or b"null")}
    idempotency.finish(connection, asked.token, key.text, reply.status, answer)
    return reply


def _replayed(kept: idempotency.Kept) -> Reply:
    if "headers" not in kept.answer:
        raise Conflict("this was done before; its answer was erased with whom it was about")
    headers = {**kept.answer["headers"], "Idempotent-Replayed": "true"}
    body = kept.answer["body"]
    return Reply(status=kept.status, body=b"" if body is None else msgspec.json.encode(body), headers=headers)


def _reply(operation: Operation, done: Done[Any]) -> Reply:
    headers: dict[str, str] = {}
    body: bytes | AsyncIterator[bytes]
    if done.version is not None:
        headers["ETag"] = f'"{done.version}"'
    if done.location is not None:
        headers["Location"] = ROOT + done.location
    if isinstance(done.body, Download):
        headers |= _download_headers(done.body)
        body = done.body.content
    else:
        headers["Content-Type"] = "application/json; charset=utf-8"
        body = b"" if operation.answer is type(None) else msgspec.json.encode(done.body)
    return Reply(
        status=operation.status,
        body=body,
        headers=headers,
        version=done.version,
        seen=done.seen,
        cookies=done.cookies,
    )


def _download_headers(file: Download) -> dict[str, str]:
    """Saved, not shown: a file that somebody uploaded must not run as a page of ours."""
    return {
        "Content-Type": file.type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def _response(request: web.Request, reply: Reply) -> web.Response:
    if request.method in ("GET", "HEAD") and reading.is_known(request, reply.version):
        return web.Response(status=304, headers={"ETag": reply.headers["ETag"]})
    if reply.status == 204:
        kept = {name: value for name, value in reply.headers.items() if name != "Content-Type"}
        return web.Response(status=204, headers=kept)
    response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    if request.method == "GET" and _worth_packing(reply):
        response.headers.add("Vary", "Accept-Encoding")
        response.enable_compression()
    return response


def _worth_packing(reply: Reply) -> bool:
    json = reply.headers.get("Content-Type", "").startswith("application/json")
    return json and isinstance(reply.body, bytes) and len(reply.body) >= WORTH_PACKING

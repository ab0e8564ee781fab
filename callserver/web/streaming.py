"""The stream's way in: `GET /api/v1/stream`, a websocket.

In: requests that the guard has let through. Out: clients of the hub, each with the view that its bearer's rights give;
their words, until they go or may stay no longer. Must not know: what is on the screens.

The guard has asked who it is and, for cookies, that the page is of our origin. Who is signed in may open the stream;
a token needs `floor:read`. What is seen of others' calls needs `calls:read` and `personal:read` beside it, because the
stream masks nothing: who would see masked numbers elsewhere sees no calls here.

A page beside the desk opens it with `beside=true`: nobody's screen, which sees nobody's calls and is told what a page
that lists something has to read again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import WSMsgType, web

from callserver.errors import BadValue, StoreError
from callserver.people import Person, scopes_of
from callserver.push import wire
from callserver.push.client import Client
from callserver.push.clients import HEARTBEAT_S, TooMany
from callserver.push.hub import Hub
from callserver.push.views import BESIDE, View
from callserver.store import users
from callserver.store.sessions import SessionId
from callserver.web.api.keyring import Bearer
from callserver.web.api.problems import Refused
from callserver.web.api.serving import BEARER
from callserver.web.gate import Gate
from callserver.web.sessions import SessionNews

log = structlog.get_logger(__name__)

PATH: Final = "/api/v1/stream"
LOOK_S: Final = 2.0
"""How long a revoked token's stream stays open at most."""
_CLOSE_S: Final = 1.0
_KERNEL: Final = 128 << 10  # bytes of the socket's own buffer
_CALLS: Final = frozenset({"floor:read", "calls:read", "personal:read"})
_POPS: Final = _CALLS | {"customers:read", "tickets:read"}
SIGNED_OUT: Final = "signed out"


@dataclass(eq=False, slots=True)
class _Open:
    """One connection, and who is at it now: another client once an earlier stream is taken up.

    beside: it is that of a page beside the desk.
    """

    client: Client
    transport: asyncio.WriteTransport
    beside: bool = False


class Streaming:
    """All streams of this process."""

    def __init__(self, hub: Hub, gate: Gate) -> None:
        self._hub = hub
        self._gate = gate
        self._of_session: dict[SessionId, set[_Open]] = {}
        self._closing: set[asyncio.Task[Any]] = set()
        gate.sessions.on_ended(self._session)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self._stream)]

    async def start(self, _: web.Application) -> None:
        await self._hub.start()

    async def stop(self, _: web.Application) -> None:
        """Everybody is sent away before the server waits for its answers to end."""
        await self._hub.stop()
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSE_S)

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        bearer = request[BEARER]
        _must_be_websocket(request)
        beside, place = request.query.get("beside") == "true", _place(request.query)
        view = beside_desk(bearer.scopes) if beside else await self._view(bearer)
        if self._hub.clients.crowded(bearer.id):
            raise Refused(429, "too many streams are open: close one", Retry_After="60")
        response = web.WebSocketResponse(
            protocols=(wire.PROTOCOL,), compress=False, heartbeat=HEARTBEAT_S, max_msg_size=wire.MOST_IN,
            timeout=_CLOSE_S,
        )  # fmt: skip
        await response.prepare(request)
        transport = request.transport
        if transport is None:  # uvloop's transports are no asyncio.WriteTransport, so that is not asked
            return response  # gone before it began

        def close(code: int, why: str) -> None:
            task = asyncio.create_task(response.close(code=code, message=why.encode()[:120]))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

        _bound(transport)
        client = self._hub.clients.join(
            view, bearer.id, transport, close, user=_told(bearer.person), place=place
        )
        await self._serve(response, _Open(client, transport, beside), bearer)
        return response

    async def _serve(self, response: web.WebSocketResponse, one: _Open, bearer: Bearer) -> None:
        """Until one side has had enough."""
        looking = None
        if bearer.session is not None:
            self._of_session.setdefault(bearer.session, set()).add(one)
            if not self._gate.sessions.is_open(bearer.session):  # it ended while we shook hands
                one.client.close(wire.UNAUTHORISED, SIGNED_OUT)
        else:
            looking = asyncio.create_task(self._look(one, bearer), name=f"stream of {bearer.id}")
        try:
            await self._listen(response, one)
        finally:
            if looking is not None:
                looking.cancel()
            if bearer.session is not None:
                self._end(bearer.session, one)
            if one.client.transport is one.transport:  # not taken up again by another connection meanwhile
                self._hub.clients.leave(one.client)

    def _end(self, session: SessionId, one: _Open) -> None:
        streams = self._of_session.get(session, set())
        streams.discard(one)
        if not streams:
            self._of_session.pop(session, None)

    async def _listen(self, response: web.WebSocketResponse, one: _Open) -> None:
        async for message in response:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            try:
                if message.type == WSMsgType.BINARY:
                    raise wire.Unreadable("the stream speaks text")
                one.client = self._hub.heard(one.client, message.data)
            except wire.Unreadable as error:
                await response.close(code=wire.MALFORMED, message=str(error).encode()[:120])
            except TooMany as error:
                await response.close(code=wire.TOO_MANY, message=str(error).encode()[:120])

    # --- rights ------------------------------------------------------------------------------------------------------

    async def _view(self, bearer: Bearer) -> View:
        """What this bearer may see. Raises Refused 403, StoreError."""
        if bearer.person is not None:
            return view_of(bearer.person, bearer.scopes)
        if "floor:read" not in bearer.scopes:
            raise Refused(403, "this token may not see the floor: it needs the right floor:read")
        owner = bearer.owner
        maker = None if owner is None else (await self._gate.store.read(lambda c: users.one(c, owner))).person
        return View(
            queues=None if maker is None else queues_of(maker),
            callers=bearer.scopes >= _CALLS,
            pops=bearer.scopes >= _POPS,
            scopes=bearer.scopes,
        )

    def _session(self, news: SessionNews) -> None:
        """A session has ended, or its person's rights are others now."""
        for one in list(self._of_session.get(news.session, ())):
            if news.what == "ended" or news.person is None:
                one.client.close(wire.UNAUTHORISED, SIGNED_OUT)
                continue
            scopes = scopes_of(news.person.role)
            view = beside_desk(scopes) if one.beside else view_of(news.person, scopes)
            if view != one.client.view.unseated():
                self._hub.clients.renew(one.client, view)

    async def _look(self, one: _Open, bearer: Bearer) -> None:
        """Whether the token is still good, and for what, for as long as the stream is open."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                now = await self._gate.current(bearer)
                view = (
                    None if now is None else beside_desk(now.scopes) if one.beside else await self._view(now)
                )
            except StoreError as error:
                log.warning("a token cannot be looked at", bearer=bearer.id, error=str(error))
                continue
            except Refused as error:
                one.client.close(wire.FORBIDDEN, str(error))
                return
            if view is None:
                one.client.close(wire.UNAUTHORISED, "the token is not good any more")
                return
            if view != one.client.view.unseated():
                self._hub.clients.renew(one.client, view)


def view_of(person: Person, scopes: frozenset[str]) -> View:
    """What somebody who is signed in sees: an agent themselves and their colleagues in the same queues, who may see
    the floor also the calls of the queues that they answer for.
    """
    return View(user=person.id, queues=queues_of(person), callers=scopes >= _CALLS, scopes=scopes)


def beside_desk(scopes: frozenset[str]) -> View:
    """What a page beside the desk hears: that something changed which its reader may read, and nothing of anybody."""
    return View(scopes=frozenset({BESIDE}) if "tickets:read" in scopes else frozenset())


def queues_of(person: Person) -> frozenset[str] | None:
    """The queues that they work in or answer for; None: all."""
    if person.role not in ("agent", "supervisor"):
        return None
    own = {one.queue for one in person.queues}
    return frozenset(own if person.role == "agent" else own | set(person.watches))


def _bound(transport: asyncio.WriteTransport) -> None:
    """The kernel would take megabytes for a reader that does not read before anybody here noticed."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL)


def _told(person: Person | None) -> dict[str, Any] | None:
    """The person, as hello says it."""
    if person is None:
        return None
    return {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "role": person.role,
        "language": person.language,
    }


def _must_be_websocket(request: web.Request) -> None:
    """Raises Refused 426 for plain HTTP, BadValue for a version of the stream that we do not speak."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise Refused(426, "this is a websocket", Upgrade="websocket", Connection="Upgrade")
    offered = [
        one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if one.strip()
    ]
    if offered and wire.PROTOCOL not in offered:
        raise BadValue("Sec-WebSocket-Protocol", f"this server speaks {wire.PROTOCOL}")


def _place(query: Mapping[str, str]) -> tuple[str, int] | None:
    """Where an earlier connection was. Nonsense is no place: the answer is a fresh snapshot, as for everything lost."""
    stream, seq = query.get("stream", ""), query.get("seq", "")
    if not stream or len(stream) > 64 or not (seq.isascii() and seq.isdigit()) or len(seq) > 16:
        return None
    return stream, int(seq)

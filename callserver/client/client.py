"""A callserver, as a program meets it: its stream, and what programs ask for most.

In: where it is, a token. Out: typed messages and the picture that they make; tickets, notes, promises. Must not know:
the server's insides. Everything else of the API is one `ask` away: `/api/docs` on the server has it.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from callserver.client.errors import Misread, Refused, SignedOut, Unreachable
from callserver.client.messages import Message, apply, parts, read
from callserver.client.stream import Stream
from callserver.client.values import Screen

T = TypeVar("T")
TIMEOUT_S = 10.0


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket, as far as most programs need it."""

    id: int
    number: str
    spoken: str
    version: int
    kind: str
    status: str
    open: bool
    subject: str
    customer: int | None
    caller: str | None


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of a ticket's timeline."""

    ticket: int
    seq: int
    at: datetime
    kind: str
    actor: str
    body: dict[str, Any]


class Promised(Struct, frozen=True, kw_only=True):
    """A call that is owed."""

    id: int
    ticket: int
    kind: str
    status: str
    number: str | None
    due_at: datetime
    deadline_at: datetime


class Client:
    """One callserver. Use it as `async with Client(url, token) as client:`.

    url: `https://calls.example.org`, with the path in front of `/api` where there is one. token: from
    `callserver token create`; it is sent with every request, so use https for anything but this machine.
    `screen`: the picture after the message that `stream` gave last.
    """

    def __init__(self, url: str, token: str) -> None:
        """Raises ValueError for a URL that is none."""
        self._root, self._live = _places(url)
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._stream = Stream(self._live, token)
        self.screen = Screen()

    def __repr__(self) -> str:
        return f"Client({self._root!r})"

    async def __aenter__(self) -> Client:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stream.close()
        if self._session is not None:
            await self._session.close()

    # --- the stream --------------------------------------------------------------------------------------------------

    async def stream(self, *, patient: bool = False) -> AsyncGenerator[Message, None]:
        """Messages as they come, for as long as you like; `screen` has what they make.

        A broken connection gives a `Lost` and is made again, with growing waits; what was missed follows, or a fresh
        `Snapshot`. A message counts as seen when you ask for the next one. Whoever
        leaves it unread for long is cut off.

        Raises SignedOut, Refused, Misread; Unreachable where the first connection fails, unless you are patient.
        """
        async with aclosing(self.bodies(patient=patient)) as bodies:
            async for body in bodies:
                for part in parts(body):
                    message = read(part)
                    self.screen = apply(self.screen, message)
                    yield message

    def bodies(self, *, patient: bool = False) -> AsyncGenerator[dict[str, Any], None]:
        """The same as JSON, as it came; `several` is still one."""
        return self._stream.listen(patient=patient)

    async def dismiss(self, pop: str) -> None:
        """A missed call, by the key of its pop, was seen; only the agent's own."""
        await self._stream.say(type="dismiss", key=pop)

    # --- the API -----------------------------------------------------------------------------------------------------

    async def look_up(self, number: str) -> dict[str, Any]:
        """Who calls, as a pop's `caller` has it: customers, products, open tickets, contacts, promises."""
        return await self.ask("GET", "/lookup", dict[str, Any], query={"number": number})

    async def ticket(self, number: str) -> Ticket:
        """One ticket, by its number as people write or say it."""
        return await self.ask("GET", f"/tickets/number/{quote(number, safe='')}", Ticket)

    async def open_ticket(
        self,
        kind: str,
        subject: str = "",
        *,
        caller: str | None = None,
        customer: int | None = None,
        fields: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Ticket:
        """A new ticket. key: of your own, so that the same request made again another day opens no second one."""
        given = {"caller": caller, "customer": customer, "fields": fields}
        body = {"kind": kind, "subject": subject} | _given(given)
        return await self.ask("POST", "/tickets", Ticket, body=body, key=key)

    async def note(self, ticket: int, text: str, *, key: str | None = None) -> Entry:
        """A note on a ticket's timeline."""
        return await self.ask("POST", f"/tickets/{ticket}/notes", Entry, body={"text": text}, key=key)

    async def promise(
        self,
        ticket: int,
        kind: str,
        *,
        due_at: datetime | None = None,
        number: str | None = None,
        why: str = "",
        key: str | None = None,
    ) -> Promised:
        """A call that is owed from now on. due_at: with a zone; without it as the kind says."""
        body = {"kind": kind, "why": why} | _given({"due_at": due_at, "number": number})
        return await self.ask("POST", f"/tickets/{ticket}/promises", Promised, body=body, key=key)

    async def ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> T:
        """Any operation of the API. path: below `/api/v1`. answer: the type of what comes back, such as `dict`.

        Every POST carries an Idempotency-Key, yours or a new one; so where no answer came it is sent once more, and
        nothing is done twice. Raises Unreachable, SignedOut, Refused, Misread.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if method == "POST":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        data = None if body is None else msgspec.json.encode(body)
        try:
            status, text = await self._sent(method, path, data, query, headers)
        except Unreachable:
            if method not in ("GET", "POST"):
                raise
            status, text = await self._sent(method, path, data, query, headers)
        return _answer(status, text, answer)

    async def _sent(
        self,
        method: str,
        path: str,
        data: bytes | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("use it as `async with Client(url, token) as client:`")
        try:
            async with self._session.request(
                method, self._root + path, data=data, params=query, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"{self._root}: {str(error) or type(error).__name__}") from error


def _places(url: str) -> tuple[str, str]:
    """The root of the API, and the address of the stream."""
    found = urlsplit(url)
    if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment:
        raise ValueError(f"{url!r} is no address of a callserver: write http://HOST:PORT or https://HOST")
    root = f"{url.rstrip('/')}/api/v1"
    return root, f"ws{root.removeprefix('http')}/stream"


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class _FieldProblem(Struct, frozen=True):
    field: str
    message: str


class _Problem(Struct, frozen=True):
    detail: str = ""
    errors: list[_FieldProblem] = []


def _answer(status: int, text: bytes, answer: type[T]) -> T:
    if status >= 300:
        raise _refusal(status, text)
    try:
        return msgspec.json.decode(text or b"null", type=answer)
    except msgspec.DecodeError as error:
        raise Misread(str(error)) from error


def _refusal(status: int, text: bytes) -> Exception:
    try:
        problem = msgspec.json.decode(text, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem(detail="what answers is no callserver")
    if status == 401:
        return SignedOut(problem.detail)
    if status >= 500:
        return Unreachable(f"{status}: {problem.detail}")
    return Refused(status, problem.detail, {one.field: one.message for one in problem.errors})

"""The stream as JSON: connected, acknowledged, and connected again.

In: where a callserver is and a token. Out: its messages in order, none twice and none missing between two snapshots;
`{"type": "lost"}` where the connection broke. Must not know: what is in a message.

A message counts as seen when the next one is asked for: only then is it acknowledged, so a program that dies over it
gets it again where it goes on. A missing number, or a server that cannot go on from the place, means a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
)
from websockets.typing import Subprotocol

from callserver.client.errors import Misread, Refused, SignedOut, Unreachable

PROTOCOL: Final = Subprotocol("callserver.v1")
ACK_S: Final = 0.05
"""Between two acknowledgements, at least: the server bears 50 words a second."""
CALM_ACK_S: Final = 1.0
"""How long the acknowledgement of anything but a pop may wait for company, unless CALM_ACKS have gathered."""
CALM_ACKS: Final = 32
FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 10.0
_OPEN_S: Final = 10.0
_CLOSE_S: Final = 1.0
_MOST: Final = 1 << 26  # bytes of a snapshot of a very large site
_SIGNED_OUT: Final = 4401
_OURS: Final = frozenset({1002, 1003, 1007, 1009, 4400, 4403, 4429})
"""Codes of a mistake in this client: trying again would only repeat it."""

Body = dict[str, Any]
_TEXT: Final = msgspec.json.Decoder(Body)


class Gap(Exception):
    """A number is missing."""


def wait_s(tries: int, chance: float) -> float:
    """How long to wait before trying again for the `tries`th time (0, 1, ...); `chance`: 0 to 1. Everybody loses a
    server at the same moment, and should not come back at the same moment.
    """
    longest: float = min(FIRST_WAIT_S * 2 ** min(tries, 20), LONGEST_WAIT_S)
    return longest * (0.5 + chance / 2)


class Stream:
    """One reader's place in the stream. `listen` once at a time."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        """url: of the websocket, `ws://...` or `wss://...`. chance, sleep: for tests."""
        self._url = url
        self._token = token
        self._chance = chance
        self._sleep = sleep
        self._connection: ClientConnection | None = None
        self._closed = False
        self._stream: str | None = None
        self._seq = 0
        self._seen = self._said = 0
        self._wake = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    async def close(self) -> None:
        """End `listen`, from anywhere."""
        self._closed = True
        if self._connection is not None:
            await self._connection.close()

    async def say(self, **word: Any) -> None:
        """A word to the server, such as `type="dismiss", key=...`; nothing where there is no connection now."""
        if self._connection is not None:
            with suppress(ConnectionClosed):
                await self._connection.send(msgspec.json.encode(word).decode())

    async def listen(self, *, patient: bool = False) -> AsyncGenerator[Body, None]:
        """Messages as they come. patient: also wait for a server that was never there.

        Raises Unreachable (only before the first hello, and not where patient), SignedOut, Refused, Misread.
        """
        greeted, tries = patient, 0
        while True:
            try:
                async with aclosing(self._messages()) as bodies:
                    async for body in bodies:
                        greeted, tries = True, 0
                        yield body
                why, least_s = "the server closed the stream", 0.0
            except Gap as gap:
                why, least_s, self._stream = str(gap), 0.0, None
            except _Later as later:
                if not greeted:
                    raise Unreachable(str(later)) from later
                why, least_s = str(later), later.least_s
            if self.closed:
                return
            again_s = max(least_s, wait_s(tries, self._chance()))
            tries += 1
            yield {"type": "lost", "why": why, "again_s": round(again_s, 3)}
            await self._sleep(again_s)

    async def _messages(self) -> AsyncGenerator[Body, None]:
        """Those of one connection, until it ends. Raises _Later, Gap, SignedOut, Refused, Misread."""
        if self._closed:
            return
        connection = self._connection = await self._connect()
        self._seen = self._said = 0
        self._wake.clear()
        acknowledging = asyncio.create_task(self._acknowledge(connection))
        try:
            while (text := await _received(connection)) is not None:
                body = _read(text)
                if self._is_new(body):
                    yield body
                    self._seen = self._seq
                    if body["type"] == "pop" or self._seen - self._said >= CALM_ACKS:
                        self._wake.set()
        finally:
            self._connection = None
            acknowledging.cancel()
            await asyncio.wait([acknowledging])
            await connection.close()

    def _is_new(self, body: Body) -> bool:
        """Keep the place. Raises Gap."""
        if body["type"] == "hello":
            if not body["resumed"]:
                self._seq = 0
            self._stream = body["stream"]
            return True
        seq = body.get("seq")
        if seq is None:
            return True
        if body["type"] != "snapshot":
            if seq <= self._seq:
                return False
            if seq != self._seq + 1:
                raise Gap(f"message {self._seq + 1} is missing")
        self._seq = seq
        return True

    async def _acknowledge(self, connection: ClientConnection) -> None:
        """A pop at once, since its way is measured; everything else with it, or together a little later."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CALM_ACK_S):
                    await self._wake.wait()
            self._wake.clear()
            if self._seen == self._said:
                continue
            self._said = self._seen
            with suppress(ConnectionClosed):
                await connection.send(f'{{"type":"ack","seq":{self._said}}}')
            await asyncio.sleep(ACK_S)

    async def _connect(self) -> ClientConnection:
        """Raises _Later, SignedOut, Refused."""
        place = {} if self._stream is None else {"stream": self._stream, "seq": self._seq}
        try:
            return await connect(
                f"{self._url}?{urlencode(place)}" if place else self._url,
                additional_headers={"Authorization": f"Bearer {self._token}"},
                subprotocols=[PROTOCOL],
                compression=None,
                open_timeout=_OPEN_S,
                close_timeout=_CLOSE_S,
                max_size=_MOST,
            )
        except InvalidStatus as error:
            raise _refusal(error) from error
        except (OSError, TimeoutError, InvalidMessage, EOFError) as error:
            raise _Later(f"no connection: {str(error) or type(error).__name__}") from error
        except InvalidHandshake as error:
            raise Refused(400, f"what answers is no callserver: {error}") from error


class _Later(Exception):
    """It did not work now. `least_s`: how long the server wants to be left alone."""

    def __init__(self, why: str, least_s: float = 0.0) -> None:
        super().__init__(why)
        self.least_s = least_s


def _refusal(error: InvalidStatus) -> Exception:
    """What an answer means that is no websocket."""
    response = error.response
    status, why = response.status_code, _why(response.body)
    if status == 401:
        return SignedOut(why or "wrong or missing token")
    if status == 429 or status >= 500:
        asked = response.headers.get("Retry-After", "")
        least_s = min(float(asked), 60.0) if asked.isascii() and asked.isdigit() else 0.0
        return _Later(f"{status}: {why}", least_s)
    return Refused(status, why)


def _why(body: bytes | bytearray | None) -> str:
    try:
        problem = _TEXT.decode(body or b"{}")
    except msgspec.DecodeError:
        return "what answers is no callserver"
    return str(problem.get("detail") or problem.get("title") or "")


async def _received(connection: ClientConnection) -> str | bytes | None:
    """The next frame; None: the connection was closed in good order. Raises _Later, SignedOut, Refused."""
    try:
        return await connection.recv()
    except ConnectionClosed as error:
        code, why = (
            (1006, "the connection broke") if error.rcvd is None else (error.rcvd.code, error.rcvd.reason)
        )
        if code == _SIGNED_OUT:
            raise SignedOut(why) from error
        if code in _OURS:
            raise Refused(code, why) from error
        if isinstance(error, ConnectionClosedOK) and not why:
            return None
        raise _Later(why or f"closed with {code}") from error


def _read(text: str | bytes) -> Body:
    try:
        body = _TEXT.decode(text)
    except msgspec.DecodeError as error:
        raise Misread(f"no JSON object: {error}") from error
    if not isinstance(body.get("type"), str):
        raise Misread("a message without a type")
    return body

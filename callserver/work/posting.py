"""One try at telling one receiver: the request, what may go wrong with it, and what its answer means.

In: a webhook, a body, headers. Out: an answer. Must not know: the store, who tries again and when.

One connection an event: on a connection that is kept, a second answer that nobody asked for would be taken for the
answer to the next event, which would then never arrive. Redirects are not followed and proxies not asked; the address
that is connected to is judged, not the name, so a name cannot lead elsewhere. Certificates are verified.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from callserver import __version__
from callserver.facts import Instant
from callserver.store.webhook import forbidden

SAID = 500  # characters of an answer that are kept
_READ = 4 * SAID  # bytes that are read of it
_READ_S = 1.0
LONGEST_WAIT_S = 3_600.0  # whatever Retry-After says
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """2xx."""

    status: int
    said: str
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """4xx: the other side is there, and does not want this event."""

    status: int
    said: str
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """410: the other side wants no events any more."""

    status: int
    said: str
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """No answer, or one that is none of the above. `wait_s`: how long the other side asks us to wait."""

    status: int | None
    said: str
    took_s: float
    wait_s: float | None = None


Answer: TypeAlias = Delivered | Refused | Gone | Down


def why(answer: Answer) -> str:
    """An answer in one line: `503 Service Unavailable ...` or what kept us from getting one."""
    return f"{answer.status} {answer.said}".strip() if answer.status is not None else answer.said


class Post:
    """Sends; one for the whole process. Must be made in the event loop that it is used in; `close` it."""

    def __init__(self, *, private: bool = True, ca_file: Path | None = None) -> None:
        """`private`: our own network may be sent to. `ca_file`: trusted as well (PEM). Raises OSError, ssl.SSLError."""
        trust = ssl.create_default_context()
        if ca_file is not None:
            trust.load_verify_locations(cafile=ca_file)

        def opened(where: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, address = where
            if wrong := forbidden(ipaddress.ip_address(str(address[0]).partition("%")[0]), private=private):
                raise OSError(errno.EACCES, f"{address[0]} {wrong}")
            made = socket.socket(family, kind, protocol)
            made.setblocking(False)
            return made

        connector = aiohttp.TCPConnector(force_close=True, limit=0, ssl=trust, socket_factory=opened)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": f"callserver/{__version__}", "Accept": "*/*"},
        )

    async def send(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """One try; takes at most `timeout_s` and a second. Never raises for what the other side does."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._session.post(url, data=body, headers=headers, allow_redirects=False)
        except TimeoutError:
            return Down(
                status=None, said=f"no answer within {timeout_s:g} s", took_s=time.monotonic() - began
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Down(
                status=None, said=_short(str(error) or type(error).__name__), took_s=time.monotonic() - began
            )
        said = await _said(response)
        return meaning(
            response.status, said, time.monotonic() - began, response.headers.get("Retry-After"), _now()
        )

    async def close(self) -> None:
        """Give up what is under way."""
        await self._session.close()


async def _said(response: aiohttp.ClientResponse) -> str:
    """The first words of the answer. Its status counts, whatever becomes of the rest, so we do not wait for that."""
    body = bytearray()
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError, ValueError):
        async with asyncio.timeout(_READ_S):
            while len(body) < _READ and (piece := await response.content.read(_READ - len(body))):
                body += piece
    response.close()
    return _short(f"{response.reason or ''} {body.decode('utf-8', 'replace')}")


def meaning(status: int, said: str, took_s: float, retry_after: str | None, now: Instant) -> Answer:
    """What a status means. A redirect is a wrong address, and so trouble: nothing is lost until that is mended."""
    if 200 <= status < 300:
        return Delivered(status=status, said=said, took_s=took_s)
    if status == 410:
        return Gone(status=status, said=said, took_s=took_s)
    if 400 <= status < 500 and status not in _LATER:
        return Refused(status=status, said=said, took_s=took_s)
    return Down(status=status, said=said, took_s=took_s, wait_s=asked_to_wait(retry_after, now))


def asked_to_wait(retry_after: str | None, now: Instant) -> float | None:
    """Seconds that `Retry-After` asks for, an hour at most: a number or a date; None for anything else."""
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]{1,10}", retry_after.strip()):
        return min(float(retry_after), LONGEST_WAIT_S)
    try:
        wanted = parsedate_to_datetime(retry_after).timestamp() - now / 1000
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(0.0, wanted), LONGEST_WAIT_S)


def _short(said: str) -> str:
    return " ".join(said.split())[:SAID]


def _now() -> Instant:
    return time.time_ns() // 1_000_000

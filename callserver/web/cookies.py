"""Cookies of people who are signed in, and whether a request really comes from a page of ours.

In: requests. Out: the texts in their cookies, cookies to set, whether the page that asks is ours. Must not know: what a
text opens.

Why so. `__Host-` (behind TLS): no other host of the domain and no plain HTTP can put a cookie of theirs in its place.
HttpOnly: no script reads it. SameSite=Lax and not Strict: a link to a ticket in a letter or another system must open it
and not the page for signing in; what changes anything needs more than the cookie anyway (`must_be_ours`).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from callserver.settings import WebSettings
from callserver.store import sessions
from callserver.store.sessions import SessionId
from callserver.web.api.problems import Refused

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = "X-Callserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """From where it is asked. `browser`: what it says of itself; `session_text`, `device_text`: its cookies; `session`:
    the one that is open."""

    address: str = ""
    browser: str = ""
    session_text: str | None = None
    device_text: str | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """How browsers see this server. `origin`: the address that people type, None: whatever the request says; `proxies`:
    networks of those whose word on a client's address is believed."""

    origin: str | None = None
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @property
    def tls(self) -> bool:
        """Whether browsers come by https."""
        return self.origin is not None and self.origin.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Its name."""
        return "__Host-callserver" if self.tls else "callserver"

    @property
    def device_cookie(self) -> str:
        """Its name."""
        return "__Host-callserver-device" if self.tls else "callserver-device"

    # --- reading -----------------------------------------------------------------------------------------

    def session(self, request: web.Request) -> str | None:
        """The text of the session that the request names, None where it names none, or several."""
        return _cookie(request, self.session_cookie)

    def device(self, request: web.Request) -> str | None:
        """The text of the browser that the request comes from, None for one that never was here."""
        return _cookie(request, self.device_cookie)

    def address(self, request: web.Request) -> str:
        """Where the request comes from: what the nearest proxy that is believed says, else the other end of the
        line."""
        address = request.remote or ""
        told = [one.strip() for one in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
        while told and self._believed(address):
            nearer = told.pop()
            if not _is_address(nearer):
                break
            address = nearer
        return address

    def visit(self, request: web.Request, session: SessionId | None) -> Visit:
        """Who comes from where."""
        return Visit(
            address=self.address(request),
            browser=request.headers.get("User-Agent", ""),
            session_text=self.session(request),
            device_text=self.device(request),
            session=session,
        )

    def _believed(self, address: str) -> bool:
        if not _is_address(address):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self.proxies)

    # --- is it a page of ours? -----------------------------------------------------------------------------

    def is_ours(self, request: web.Request) -> bool:
        """Whether the browser says that a page of ours asks: by Sec-Fetch-Site, which no page can forge, else by the
        origin that it names. A websocket must be asked this too."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site != "same-origin":
            return False
        origin = request.headers.get("Origin")
        if origin is None:
            return site is not None
        return site is not None or origin == self.origin or _same_host(origin, request)

    def must_be_ours(self, request: web.Request) -> None:
        """A request that changes something comes from a page of ours, and a script of ours made it: a form of another
        page cannot set a header, and another page's script may not ask (there is no CORS). Raises Refused 403."""
        if request.method in SAFE:
            return
        if request.headers.get(OURS) != "1":
            raise Refused(403, f"a request with a cookie that changes something needs the header {OURS}: 1")
        if not self.is_ours(request):
            raise Refused(403, "this request comes from a page of another origin")

    # --- setting -----------------------------------------------------------------------------------------

    def set_session(self, text: str) -> str:
        """A Set-Cookie header: gone when the browser closes, or earlier."""
        return self._set(self.session_cookie, text)

    def end_session(self) -> str:
        """A Set-Cookie header that takes it away."""
        return self._set(self.session_cookie, "", max_age_s=0)

    def set_device(self, text: str) -> str:
        """A Set-Cookie header: it stays."""
        return self._set(self.device_cookie, text, max_age_s=sessions.DEVICE_MS // 1000)

    def _set(self, name: str, text: str, max_age_s: int | None = None) -> str:
        age = "" if max_age_s is None else f"; Max-Age={max_age_s}"
        return f"{name}={text}; Path=/{age}; HttpOnly; SameSite=Lax{'; Secure' if self.tls else ''}"


def front(settings: WebSettings) -> Front:
    """As the settings say."""
    origin = None
    if settings.url is not None:
        parts = urlsplit(settings.url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
    return Front(origin=origin, proxies=tuple(ipaddress.ip_network(one) for one in settings.proxies))


def _cookie(request: web.Request, name: str) -> str | None:
    """Read by hand: of two cookies of one name a parser keeps one, and somebody may have put theirs first."""
    pairs = (one.strip().partition("=") for one in ";".join(request.headers.getall("Cookie", [])).split(";"))
    found = [value.strip() for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 and sessions.genuine(found[0]) else None


def _same_host(origin: str, request: web.Request) -> bool:
    parts = urlsplit(origin)
    hosts = request.headers.getall("Host", [])
    return parts.scheme in ("http", "https") and len(hosts) == 1 and parts.netloc.lower() == hosts[0].lower()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

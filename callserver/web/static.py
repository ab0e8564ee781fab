"""Static files: styles, scripts, pictures, texts of the screens.

In: the files of `agent_ui/static`, read once at start-up, and what others add (the catalogs of texts). Out: routes, and
the address of each file. Must not know: what is in them.

All addresses hold one digest over all files (`/static/3f2a.../desk.js`): scripts import one another by relative
addresses, so a page gets either all files of one version or none of it, and each may be kept for a year. Any other
digest, of a page that was left open over an upgrade, gets the files of today, not to be kept.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

ROOT = "/static/"
FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/plain",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_PACKED = frozenset(_TYPES) - {".png"}
_FEWEST_TO_PACK = 600
"""Bytes below which packing saves no packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it is sent. `packed`: with gzip, None where that saves nothing."""

    type: str
    plain: bytes
    packed: bytes | None


class Statics:
    """All static files of this version.

    more: files that are made and not kept, by name. Raises ValueError for one whose type nobody knows.
    """

    def __init__(self, more: Mapping[str, bytes] | None = None) -> None:
        shipped = dict(_walk(resources.files("agent_ui").joinpath("static"), ""))
        self._files = {name: _file(name, content) for name, content in {**shipped, **(more or {})}.items()}
        digest = hashlib.sha256()
        for name, one in sorted(self._files.items()):
            digest.update(f"{name}\0{len(one.plain)}\0".encode())
            digest.update(one.plain)
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a browser finds it. Raises KeyError for a file that is not there: a page must not name one."""
        if name not in self._files:
            raise KeyError(name)
        return f"{ROOT}{self.version}/{name}"

    def names(self, ending: str) -> list[str]:
        """The files that end so, in order."""
        return sorted(name for name in self._files if name.endswith(ending))

    def routes(self) -> list[web.RouteDef]:
        """`/static/VERSION/NAME`, and which version there is now."""
        return [
            web.get(ROOT + "version", self._say),
            web.get(ROOT + "{version:[0-9a-z]+}/{name:.+}", self._give),
        ]

    async def _say(self, _: web.Request) -> web.Response:
        return web.Response(text=self.version)

    async def _give(self, request: web.Request) -> web.Response:
        one = self._files.get(request.match_info["name"])
        if one is None:
            raise web.HTTPNotFound(reason="there is no such file")
        kept = FOREVER if request.match_info["version"] == self.version else "no-cache"
        headers = {"Cache-Control": kept, "Content-Security-Policy": "default-src 'none'"}
        body = one.plain
        if one.packed is not None:
            headers["Vary"] = "Accept-Encoding"
            if _takes_gzip(request.headers.get("Accept-Encoding", "")):
                body, headers["Content-Encoding"] = one.packed, "gzip"
        charset = None if one.type.startswith("image/png") else "utf-8"
        return web.Response(body=body, content_type=one.type, charset=charset, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    for one in accepted.split(","):
        coding, _, quality = one.strip().lower().partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _file(name: str, content: bytes) -> File:
    ending = "." + name.rpartition(".")[2]
    if ending not in _TYPES:
        raise ValueError(f"{name}: nobody knows what type that is")
    packed = (
        gzip.compress(content, 9, mtime=0) if ending in _PACKED and len(content) >= _FEWEST_TO_PACK else None
    )
    small = packed if packed is not None and len(packed) < len(content) else None
    return File(type=_TYPES[ending], plain=content, packed=small)


def _walk(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _walk(one, f"{before}{one.name}/")
        else:
            yield before + one.name, one.read_bytes()

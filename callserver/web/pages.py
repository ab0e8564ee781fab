"""The screens' pages: little HTML, everything else comes by the API and the stream.

In: who asks (a function of the request), static files, texts. Out: pages with a strict policy of what a browser may
load and run; other modules render theirs with `Pages.render`. Must not know: any record. A page holds nothing that its
reader could not see without signing in, besides their own name and choices.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from callserver import __version__
from callserver.web import texts
from callserver.web.static import Statics
from callserver.web.texts import LANGUAGES, Texts

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""No inline script or style, nothing from elsewhere; and no text ever becomes HTML in a browser that knows how to
forbid it."""
LANGUAGE_COOKIE: Final = "callserver-language"
_YEAR_S = 366 * 86_400
INSIDE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "/desk": ("desk.html", "desk.js"),
        "/calls": ("calls.html", "page-calls.js"),
        "/reports": ("reports.html", "page-reports.js"),
        "/promises": ("promises.html", "page-promises.js"),
        "/promises/policies": ("admin.html", "page-policies.js"),
        "/admin": ("admin.html", "page-admin.js"),
        "/start": ("admin.html", "page-start.js"),
        "/admin/users": ("admin.html", "page-admin-users.js"),
        "/admin/teams": ("admin.html", "page-admin-teams.js"),
        "/admin/seats": ("admin.html", "page-admin-seats.js"),
        "/admin/queues": ("admin.html", "page-admin-queues.js"),
        "/admin/kinds": ("admin.html", "page-admin-kinds.js"),
        "/admin/categories": ("admin.html", "page-admin-categories.js"),
        "/admin/prompts": ("admin.html", "page-admin-prompts.js"),
        "/admin/holidays": ("admin.html", "page-admin-holidays.js"),
        "/admin/campaigns": ("admin.html", "page-admin-campaigns.js"),
        "/admin/tokens": ("admin.html", "page-admin-tokens.js"),
        "/admin/webhooks": ("admin.html", "page-admin-webhooks.js"),
        "/admin/audit": ("admin.html", "page-admin-audit.js"),
        "/wall": ("wall.html", "page-wall.js"),
        "/alerts": ("alerts.html", "page-alerts.js"),
        "/admin/alerts": ("admin.html", "page-admin-alerts.js"),
    }
)
"""The pages behind the door: template and script by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a page. `language`, `theme`: their choice, None where they made none."""

    name: str
    language: str | None = None
    theme: str | None = None


NOT_AT_ONCE: Final = ("page-", "later-")
"""How scripts are called that the desk does without when it begins: other pages', and its own that are loaded when they
are first asked for, with all words."""

ReaderOf = Callable[[web.Request], Awaitable[Reader | None]]
"""Who is signed in; None: nobody."""


async def nobody(_: web.Request) -> Reader | None:
    """For a site without sign-in."""
    return None


def statics() -> Statics:
    """The files of `agent_ui/static` and the catalogs of texts."""
    return Statics(catalogs())


def catalogs() -> dict[str, bytes]:
    """The texts of each language by the name of their file: whole, and what the desk says alone, since it loads them
    while somebody waits to work.
    """
    desk = texts.literals(
        one.read_text("utf-8")
        for one in resources.files("agent_ui").joinpath("static").iterdir()
        if one.name.endswith(".js") and not one.name.startswith(NOT_AT_ONCE)
    )
    every = texts.every().items()
    whole = {f"texts.{tag}.json": one.json() for tag, one in every}
    return whole | {f"texts.desk.{tag}.json": one.json(desk) for tag, one in every}


class Pages:
    """Renders the templates of `agent_ui/templates` for whoever asks."""

    def __init__(self, reader_of: ReaderOf = nobody, files: Statics | None = None) -> None:
        self.reader_of = reader_of
        self.files = files or statics()
        self._templates = Environment(
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            loader=PackageLoader("agent_ui", "templates"),
        )

    async def render(
        self, request: web.Request, template: str, *, status: int = 200, **values: Any
    ) -> web.Response:
        """A page: its template sees `_`, `count` (plurals), `static` (addresses), `reader`, `language`, `theme`."""
        reader = await self.reader_of(request)
        words = self.words(request, reader)
        text = self._templates.get_template(template).render(
            _=words.text,
            count=words.count,
            words=words,
            static=self.files.address,
            modules=[
                one for one in self.files.names(".js") if not one.rpartition("/")[2].startswith(NOT_AT_ONCE)
            ],
            reader=reader,
            language=words.language,
            languages=LANGUAGES,
            theme=(reader and reader.theme) or "auto",
            version=__version__,
            path=request.path,
            **values,
        )
        response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Content-Language"] = words.language
        _remember(request, response)
        return response

    def words(self, request: web.Request, reader: Reader | None) -> Texts:
        """The texts for this reader: their own language, else the one that this browser chose, else what it accepts."""
        said = request.query.get("language") or (reader and reader.language)
        said = said or request.cookies.get(LANGUAGE_COOKIE)
        return texts.every()[texts.chosen(said, request.headers.get("Accept-Language"))]

    def routes(self) -> list[web.RouteDef]:
        """`/`, `/desk`, the pages of promises and the static files."""
        inside = [web.get(path, self._inside(*which)) for path, which in INSIDE.items()]
        return [web.get("/", self._front), *inside, *self.files.routes()]

    async def _front(self, request: web.Request) -> web.Response:
        return _elsewhere("/sign-in" if await self.reader_of(request) is None else "/desk")

    def _inside(self, template: str, script: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A page for whoever is signed in; what they may see and do there is for the API to say."""

        async def show(request: web.Request) -> web.Response:
            if await self.reader_of(request) is None:
                return _elsewhere("/sign-in" if template == "desk.html" else f"/sign-in?next={request.path}")
            return await self.render(request, template, script=script)

        return show


def _elsewhere(path: str) -> web.Response:
    """An answer like any other, so that it has the headers of all answers."""
    return web.Response(status=303, headers={"Location": path})


def _remember(request: web.Request, response: web.Response) -> None:
    """Whoever chose a language on a page before signing in keeps it. Worth nothing to a thief."""
    if (chosen := request.query.get("language")) in LANGUAGES and chosen is not None:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, samesite="Lax", httponly=True)

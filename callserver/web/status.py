"""The page for a person who wants to know whether it works.

In: vitals. Out: one HTML page, everything escaped, no script. Must not know: calls (the page is open to
whoever can reach the port; it shows no number and no name).
"""

from __future__ import annotations

from aiohttp import web
from jinja2 import Environment, PackageLoader

from callserver.facts import iso
from callserver.vitals import Vitals

_PAGES = Environment(
    autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=PackageLoader("agent_ui", "templates")
)


def page(vitals: Vitals) -> str:
    """The page as it is now."""
    checks = vitals.checks()
    switches = list(vitals.switches.values())
    return _PAGES.get_template("status.html").render(
        vitals=vitals,
        checks=checks,
        ready=all(check.ok for check in checks),
        switches=switches,
        started=iso(vitals.started_at),
        since={one.pbx: iso(one.since) for one in switches},
    )


def routes(vitals: Vitals) -> list[web.RouteDef]:
    """`/status`."""

    async def status(_: web.Request) -> web.Response:
        return web.Response(text=page(vitals), content_type="text/html", charset="utf-8")

    return [web.get("/status", status)]

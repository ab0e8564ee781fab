"""The page for a person who wants to know whether it works.

In: vitals. Out: one HTML page, everything escaped, no script. Must not know: calls (the page is open to
whoever can reach the port; it shows no number and no name).
"""

from __future__ import annotations

from aiohttp import web
from jinja2 import Environment

from callserver.facts import iso
from callserver.vitals import Vitals

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>{{ "ready" if ready else "not ready" }} - callserver</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; }
.yes { color: #177a34; }
.no { color: #c62121; }
@media (prefers-color-scheme: dark) { .yes { color: #6bd08a; } .no { color: #ff8080; } }
</style>
</head>
<body>
{% macro word(ok, yes, no) %}<span class="{{ 'yes' if ok else 'no' }}">{{ yes if ok else no }}</span>{% endmacro %}
<h1>callserver: {{ word(ready, "ready", "not ready") }}</h1>
<p>Node {{ vitals.node }}, {{ vitals.stage }}, up since {{ started }}. Database {{ vitals.database_name }}.</p>
<h2>What must be so</h2>
<table>
<tr><th scope="col">condition</th><th scope="col">met</th><th scope="col">why not</th></tr>
{% for check in checks %}
<tr><td>{{ check.name }}</td><td>{{ word(check.ok, "yes", "no") }}</td><td>{{ check.reason }}</td></tr>
{% endfor %}
</table>
<h2>Asterisk</h2>
<table>
<tr>
{% for title in ("id", "address", "link", "since", "calls now", "ended", "gaps", "omitted ppm") %}
<th scope="col">{{ title }}</th>
{% endfor %}
</tr>
{% for one in switches %}
<tr>
<td>{{ one.pbx }}</td><td>{{ one.address }}</td>
<td>{{ one.link }}{{ " at " + one.holder if one.link == "elsewhere" }}</td><td>{{ since[one.pbx] }}</td>
<td>{{ one.open_calls() }}</td><td>{{ one.calls_ended }}</td><td>{{ one.gaps }}</td>
<td>{{ "not yet known" if one.ppm is none else "%g" % one.ppm }}</td>
</tr>
{% endfor %}
</table>
<p><a href="/healthz">/healthz</a> <a href="/readyz">/readyz</a> <a href="/metrics">/metrics</a></p>
</body>
</html>
""")


def page(vitals: Vitals) -> str:
    """The page as it is now."""
    checks = vitals.checks()
    switches = list(vitals.switches.values())
    return _PAGE.render(
        vitals=vitals,
        checks=checks,
        ready=all(check.ok for check in checks),
        switches=switches,
        started=iso(vitals.started_at),
        since={one.pbx: iso(one.since) for one in switches},
    )


def routes(vitals: Vitals) -> list[web.RouteDef]:
    """`/`."""

    async def status(_: web.Request) -> web.Response:
        return web.Response(text=page(vitals), content_type="text/html", charset="utf-8")

    return [web.get("/", status)]

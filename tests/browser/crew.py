"""Twelve agents of one hotline on a real switch, and the supervisor who answers for them.

In: a switch's software, a browser. Out: a stage; agents who sit down as their page would do it. Must not know: what is
looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from asterisk_conf.plan import Phone
from tests.browser import site
from tests.browser.site import PASSWORD, Hired
from tests.browser.stage import PEOPLE, Stage
from tests.rig import provision
from tests.rig.asterisk import SECRET, Asterisk
from tests.rig.browser import chrome
from tests.rig.phones import Phones
from tests.rig.scenarios import hotline, repair, stage_plan
from tests.rig.service import TIMEZONE, Service

SEATS = [str(1101 + number) for number in range(12)]
AGENTS = {f"agent{seat}": Hired(name=f"Agent {seat}", role="agent", queues=("hotline",)) for seat in SEATS}
SETTINGS = """
[work]
wrap_up_s = 1
absent_s = 3600
"""


@asynccontextmanager
async def opened(
    software: provision.Switch, browser: provision.Browser, *, stay_ms: int = 1_500
) -> AsyncIterator[Stage]:
    """All of it, running; nobody has signed in. `stay_ms`: so long agents talk."""
    plan = stage_plan(
        hotline(members=(), strategy="rrmemory", ring_s=20, wrapup_s=0), repair(members=(), wrapup_s=0)
    )
    phones = tuple(Phone(endpoint=seat, secret=SECRET, name=f"Agent {seat}") for seat in SEATS)
    switch = Asterisk(replace(plan, phones=(*plan.phones, *phones)), software=software)
    try:
        await switch.start()
        service = Service(switch)
        usual = service.settings.read_text("utf-8")
        service.settings.write_text(usual.replace(TIMEZONE, _where_it_is_noon()) + SETTINGS, "utf-8")
        await site.written(service.database, {"boss": PEOPLE["boss"], **AGENTS}, dials=False)
        async with Phones(switch, sound=False) as on_stage, service, chrome(browser) as found:
            await on_stage.answer_together(*SEATS, ring_ms=600, stay_ms=stay_ms)
            yield Stage(switch, on_stage, service, found)
    finally:
        await switch.close()


def _where_it_is_noon() -> str:
    """A zone whose day does not end while numbers of today are compared."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


async def all_sit(floor: Stage) -> None:
    """Everybody signs in and is ready."""
    for at in range(0, len(SEATS), 3):  # all at once, their passwords take longer than a request may
        await asyncio.gather(*(sits(floor, seat) for seat in SEATS[at : at + 3]))


async def sits(floor: Stage, seat: str) -> None:
    """Somebody signs in and is ready, as their page would do it."""
    context = await floor.chrome.browser.new_context(base_url=floor.base)
    headers = {"X-Callserver": "1", "Origin": floor.base, "If-Match": "*"}
    for method, path, body in (
        ("POST", "session", {"login": f"agent{seat}", "password": PASSWORD}),
        ("PUT", "me/seat", {"pbx": "main", "interface": f"PJSIP/{seat}"}),
        ("PUT", "me/state", {"state": "ready"}),
    ):
        answer = await context.request.fetch(f"/api/v1/{path}", method=method, data=body, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"

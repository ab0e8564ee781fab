"""A site whose calls are over: the application on a database full of calls, and a browser; no switch, no telephones.

Flows in: a prepared database file, a browser, calls by a rule that a test can count by hand. Flows out: screens of
people who look back at them. Must not know: what the screens show.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer

from callserver.customers import checking
from callserver.facts import CallId, Instant, PbxId, iso
from callserver.numbers import Plan
from callserver.people import Language, Role
from callserver.settings import QueueSettings, Secret, WebSettings
from callserver.store import call_tickets, customers, engine, leases, teams, tickets, users
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.tickets import changing
from callserver.vitals import Vitals
from callserver.web.passwords import Cost, Passwords
from callserver.web.server import application
from callserver.work.counting import Counting
from callserver.work.leading import Leading
from tests.browser.site import BOSS, PASSWORD
from tests.rig.browser import Chrome, Window

ZONE: Final = ZoneInfo("Asia/Shanghai")
MAIN: Final = PbxId("main")
TOKEN: Final = "tok3n"
QUEUES: Final = {
    "hotline": QueueSettings(title="Hotline 热线", target_s=20),
    "repair": QueueSettings(title="Repair 维修", target_s=20, kind="repair"),
    "sales": QueueSettings(title="Sales <script>", target_s=20),
}
AGENTS: Final = {"PJSIP/1001": "Zhang Wei 张伟", "PJSIP/1002": "Li Na"}
FIRST: Final = datetime(2026, 11, 2, tzinfo=ZONE)
"""A Monday."""
_CHEAP: Final = Passwords(Cost(memory_kib=8, passes=1))


def at(day: int, hour: int = 0, minute: int = 0, second: float = 0) -> Instant:
    """So long after the first midnight of the ledger."""
    span = timedelta(days=day, hours=hour, minutes=minute, seconds=second)
    return round((FIRST + span).timestamp() * 1000)


def one(
    number: int, begun: Instant, queue: str, wait_s: float, talk_s: float | None, **other: Any
) -> dict[str, Any]:
    """A caller waits in a queue, and is answered (`talk_s`) or gives up (None)."""
    phone = list(AGENTS)[number % 2]
    left, leg = begun + round(wait_s * 1000), f"{number}.0"
    over = left + round((talk_s or 0) * 1000)
    answered = talk_s is not None
    ring = {
        "interface": phone,
        "name": AGENTS[phone],
        "at": iso(max(begun, left - 3000)),
        "ring_s": min(wait_s, 3.0),
    }
    visit = {
        "queue": queue,
        "entered_at": iso(begun),
        "left_at": iso(left),
        "wait_s": wait_s,
        "talk_s": talk_s,
        "end": "answered" if answered else "abandoned",
        "agent": {"interface": phone, "name": AGENTS[phone]} if answered else None,
        "rings": [ring | {"result": "answered" if answered else "canceled", "leg": f"{number}.1"}],
        "position": 1 + number % 3,
        "completed_by": ("caller", "agent")[number % 2] if answered else None,
        "leg": leg,
        "agent_leg": f"{number}.1" if answered else None,
    }
    caller = {"leg": leg, "interface": "PJSIP/trunk", "number": f"1380013{number:04}"}
    with_agent = {"leg": f"{number}.1", "interface": phone, "number": phone[-4:]}
    talk = {"who": caller, "with": [with_agent], "from": iso(left), "to": iso(over), "over": True}
    return {
        "id": f"main:{number}.0",
        "pbx": "main",
        "direction": "inbound",
        "caller_number": f"1380013{number:04}",
        "caller_name": None,
        "dialed": "4008",
        "started_at": iso(begun),
        "answered_at": iso(left) if answered else None,
        "ended_at": iso(over),
        "outcome": "answered" if answered else "abandoned",
        "queue_visits": [visit],
        "talks": [talk] if answered else [],
        "transfers": [],
        "held_s": 0.0,
        "sources": ["ami"],
        "gap": False,
        "open": False,
        "answered": answered,
        "legs": [{**caller, "caller": True}, {**with_agent, "caller": False}],
        **other,
    }


def fortnight(most: int = 6) -> Iterator[dict[str, Any]]:
    """Fourteen days of calls from 9 to 18 o'clock: of the hotline `most` an hour in the middle of the day, of repair
    half of them, of sales one a day; every fifth gives up after 40 s, every seventh waits for 30 s, the others for 8.
    """
    number = 0
    for day in range(14):
        for hour in range(9, 18):
            for queue, n in (("hotline", most - abs(13 - hour)), ("repair", most // 2), ("sales", hour == 9)):
                for place in range(int(n)):
                    number += 1
                    wait = 40.0 if number % 5 == 0 else 30.0 if number % 7 == 0 else 8.0
                    talk = None if number % 5 == 0 else 60.0 + number % 90
                    yield one(number, at(day, hour, place * 4), queue, wait, talk, gap=number == 8)


@dataclass(slots=True)
class Ledger:
    """The site, and everybody's screens."""

    store: Store
    base: str
    chrome: Chrome
    windows: list[Window] = field(default_factory=list)

    async def screen(self, login: str, path: str, **how: Any) -> Window:
        """Somebody who has signed in looks at a page, and at no desk before it."""
        window = await self.chrome.window(self.base, **how)
        self.windows.append(window)
        await window.comes_in(login, PASSWORD)
        await window.go(path)
        return window

    async def clear(self) -> None:
        """Everybody leaves; nothing went wrong on any screen."""
        wrong = [what for window in self.windows for what in window.wrong]
        for window in self.windows:
            await window.close()
        self.windows.clear()
        assert not wrong, wrong


async def write(store: Store, records: Iterator[dict[str, Any]]) -> None:
    """As the process that looks after the switch does."""
    lease = await leases.acquire(store, leases.lease_of(MAIN), "ledger/1", 600)
    assert lease is not None
    journal = Journal(store, MAIN, holder=lease.holder, epoch=lease.epoch)
    await journal.append(Batch(records=list(records)))
    await journal.close()


async def hire(store: Store, login: str, name: str, role: Role, *of: str, language: Language = "en") -> None:
    wanted = users.Wanted(
        login=login,
        name=name,
        role=role,
        teams=of,
        language=language,
        password=await _CHEAP.hashed(PASSWORD),
    )
    await store.write(lambda c: users.add(c, wanted, BOSS, at(0)))


async def on_tickets(store: Store) -> None:
    """The first two calls are on tickets: of a customer, and of nobody."""
    now = at(14)
    draft = checking.Draft(name="王小明", numbers=())
    wang = await store.write(lambda c: customers.create(c, draft, BOSS, now))
    for number, customer in ((1, wang.id), (2, None)):
        of = changing.Draft(kind="repair", subject="灶具打不着火", customer=customer)
        ticket = await store.write(lambda c, of=of: tickets.open_ticket(c, of, BOSS, now))  # type: ignore[misc]
        call = CallId(f"main:{number}.0")
        await store.write(
            lambda c, call=call, ticket=ticket: call_tickets.put(c, call, ticket.id, "conversation", now)  # type: ignore[misc]
        )


async def counted(store: Store) -> None:
    """As the process does that counts: all at once."""
    leading = Leading(store, "counting", holder="ledger/1", node="ledger")
    terms = dict.fromkeys(QUEUES, (20000, 5000))
    await Counting(store, lambda: terms, zone=ZONE, leading=leading, clock=lambda: at(14)).all(at(14))


@asynccontextmanager
async def opened(file: Path, chrome: Chrome, records: Iterator[dict[str, Any]]) -> AsyncIterator[Ledger]:
    """All of it, running, on a copy of a prepared file."""
    store = await engine.open(f"sqlite:///{file}", synchronous="OFF")
    await write(store, records)
    await on_tickets(store)
    await counted(store)
    await store.write(lambda c: teams.add(c, "line", ("hotline", "repair"), BOSS, at(0)))
    await hire(store, "boss", "Chen Jie 陈杰", "supervisor", "line")
    await hire(store, "root", "Wu Min 吴敏", "administrator", language="zh-CN")
    await hire(store, "li", "Li Na", "agent", "line")
    vitals = Vitals("node-a")
    vitals.switch("main")
    app = application(
        WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000),
        store,
        vitals,
        QUEUES,
        plan=Plan(area_code="0532"),
        zone=ZONE,
        passwords=_CHEAP,
    )
    async with TestServer(app, host="127.0.0.1") as server:
        ledger = Ledger(store, f"http://127.0.0.1:{server.port}", chrome)
        yield ledger
    await store.close()

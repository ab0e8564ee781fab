"""The API of calls: who may ask, what is found, page after page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from callserver.facts import CallId, PbxId, iso
from callserver.settings import WebSettings
from callserver.store import call_tickets, leases
from callserver.store.desk import audit
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.tickets.landing import ROWS
from callserver.tickets.record import TicketId
from callserver.vitals import Vitals
from callserver.web.api.calls import Call
from callserver.web.server import application
from tests.calls.traces import Trace, records, traces, whole
from tests.web.conftest import TOKEN, Site

PBX = PbxId("main")


def call(number: int, **other: Any) -> dict[str, Any]:
    """Call `number` began at that second."""
    return {
        "id": f"main:{number}.0",
        "pbx": "main",
        "started_at": iso(number * 1000),
        "ended_at": iso(number * 1000 + 500),
        "outcome": "answered",
        "caller_number": "13800138000",
        "dialed": "4008",
        "open": False,
        "gap": False,
        "queue_visits": [{"queue": "hotline"}],
        "legs": [],
        **other,
    }


async def write(store: Store, *records: dict[str, Any]) -> None:
    lease = await leases.acquire(store, leases.lease_of(PBX), "test/1", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    await journal.append(Batch(records=records))
    await journal.close()


async def ids(site: Site, query: str = "") -> list[str]:
    return [found["id"] for found in (await site.api(f"calls?{query}"))["calls"]]


async def test_without_a_token_in_the_settings_the_api_is_off_and_says_how_to_switch_it_on(
    store: Store,
) -> None:
    async with TestClient(TestServer(application(WebSettings(), store, Vitals("n")))) as client:
        response = await client.get("/api/v1/calls", headers={"Authorization": "Bearer x"})
        assert response.status == 403
        assert "token create" in (await response.json())["detail"]


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"]
)
async def test_a_wrong_token_is_refused(site: Site, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = await site.client.get("/api/v1/calls", headers=headers)
    assert response.status == 401
    assert "Bearer" in response.headers["WWW-Authenticate"]


async def test_calls_come_newest_first_and_whole(site: Site, store: Store) -> None:
    await write(store, call(1), call(3, outcome="abandoned"), call(2))
    body = await site.api("calls")
    assert [found["id"] for found in body["calls"]] == ["main:3.0", "main:2.0", "main:1.0"]
    assert body["calls"][0] == call(3, outcome="abandoned")
    assert body["cursor"] is None


async def test_page_after_page_every_call_comes_once(site: Site, store: Store) -> None:
    await write(store, *(call(number // 3, id=f"main:{number}.0") for number in range(20)))
    seen: list[str] = []
    query = "limit=3"
    while True:
        body = await site.api(f"calls?{query}")
        seen += [found["id"] for found in body["calls"]]
        if body["cursor"] is None:
            break
        query = f"limit=3&cursor={body['cursor']}"
    assert len(seen) == 20
    assert len(set(seen)) == 20


async def test_a_call_that_begins_between_two_pages_moves_nothing(site: Site, store: Store) -> None:
    await write(store, *(call(number) for number in range(1, 5)))
    first = await site.api("calls?limit=2")
    await write(store, call(9))
    assert await ids(site, f"limit=2&cursor={first['cursor']}") == ["main:2.0", "main:1.0"]


async def test_a_span_of_time_counts_its_begin_and_not_its_end(site: Site, store: Store) -> None:
    await write(store, *(call(number) for number in range(1, 5)))
    assert await ids(site, f"from={iso(2000)}&to={iso(4000)}") == ["main:3.0", "main:2.0"]
    plus = quote("1970-01-01T08:00:03+08:00", safe="+")
    assert await ids(site, f"from={plus}") == ["main:4.0", "main:3.0"]


async def test_calls_are_found_by_outcome_number_queue_and_switch(site: Site, store: Store) -> None:
    await write(
        store,
        call(1),
        call(2, outcome="abandoned"),
        call(3, caller_number="+8653288931111"),
        call(4, dialed="95000", queue_visits=[{"queue": "repair"}, {"queue": "hotline"}]),
        call(5, queue_visits=[], ended_at=None, open=True),
    )
    assert await ids(site, "outcome=abandoned") == ["main:2.0"]
    assert await ids(site, f"number={quote('+8653288931111')}") == ["main:3.0"]
    assert await ids(site, "number=+8653288931111") == ["main:3.0"]
    assert await ids(site, "number=95000") == ["main:4.0"]
    assert await ids(site, "queue=repair") == ["main:4.0"]
    assert await ids(site, "queue=hotline") == ["main:4.0", "main:3.0", "main:2.0", "main:1.0"]
    assert await ids(site, "pbx=east") == []
    assert await ids(site, "open=true") == ["main:5.0"]


async def test_a_rare_queue_is_found_over_many_pages(
    site: Site, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callserver.store.search._PAGE", 5)
    monkeypatch.setattr("callserver.store.search._SCANNED", 10)
    await write(store, call(1, queue_visits=[{"queue": "rare"}]), *(call(number) for number in range(2, 40)))
    query, found, pages = "queue=rare", [], 0
    while True:
        body = await site.api(f"calls?{query}")
        found += body["calls"]
        pages += 1
        if body["cursor"] is None:
            break
        query = f"queue=rare&cursor={body['cursor']}"
    assert [one["id"] for one in found] == ["main:1.0"]
    assert pages > 1


async def test_one_call_by_its_id(site: Site, store: Store) -> None:
    await write(store, call(1, caller_name="李娜"))
    assert await site.api("calls/main:1.0") == call(1, caller_name="李娜") | {"ticket": None}
    for unknown in ("main:2.0", "east:1.0", "nothing"):
        response = await site.get(f"/api/v1/calls/{unknown}", TOKEN)
        assert (response.status, (await response.json())["detail"]) == (404, "there is no such call")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("form=2026-01-01", "form: unknown parameter; known: from, to"),
        ("from=yesterday", "from: invalid RFC3339 encoded datetime"),
        ("from=2026-01-01T00:00:00", "from: expected datetime with a timezone"),
        ("to=", "to: invalid RFC3339 encoded datetime"),
        ("outcome=lost", "outcome: invalid enum value 'lost'"),
        ("queue=a%00b", "queue: holds a character that no text has"),
        ("limit=0", "limit: expected int >= 1"),
        ("limit=1e3", "limit: write a whole number"),
        ("limit=99999999999", "limit: expected int <= 500"),
        ("limit=5&limit=6", "limit: give it once"),
        ("open=maybe", "open: write true or false"),
        ("cursor=%00", "cursor: holds a character"),
        ("cursor=WzFd", "cursor: give the one of the page before"),
        ("cursor=e30", "cursor: give the one of the page before"),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_wrong(site: Site, query: str, said: str) -> None:
    response = await site.get(f"/api/v1/calls?{query}", TOKEN)
    assert response.status == 400
    assert said in (await response.json())["detail"]


async def test_other_methods_and_places_are_refused_as_json(site: Site) -> None:
    response = await site.client.post("/api/v1/calls", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status == 405
    assert response.content_type == "application/problem+json"
    assert response.headers["Allow"] == "GET,HEAD"
    assert (await site.get("/api/v2/calls", TOKEN)).status == 404


async def test_a_database_that_is_away_is_503_without_its_innards(site: Site, store: Store) -> None:
    await store.close()
    response = await site.get(f"/api/v1/calls/{CallId('main:1.0')}", TOKEN)
    assert response.status in (500, 503)
    assert "sqlite" not in (await response.text()).lower()


@pytest.mark.parametrize("recorded", traces("22"), ids=str)
def test_every_call_that_a_switch_made_is_as_the_description_says(recorded: Trace) -> None:
    for record in records(whole(recorded)):
        msgspec.convert(record, Call)


async def test_without_the_right_to_personal_data_numbers_come_masked(site: Site, store: Store) -> None:
    await write(store, call(1, direction="inbound"))
    token = await site.token("calls:read")
    (found,) = (await site.ask("GET", "calls", token=token)).body["calls"]
    one = (await site.ask("GET", "calls/main:1.0", token=token)).body
    assert found["caller_number"] == one["caller_number"] == "****8000"


# --- the ticket of a call --------------------------------------------------------------------------------------------


async def on_a_ticket(site: Site, rule: str = "conversation") -> int:
    """Call 1 is on a ticket, as if a rule had put it there."""
    await write(site.store, call(1))
    id = int((await site.ask("POST", "tickets", {"kind": "information"})).body["id"])
    one = CallId("main:1.0")
    await site.store.write(lambda c: call_tickets.put(c, one, TicketId(id), rule, site.now))
    return id


async def test_a_call_says_on_which_ticket_it_is_and_why(site: Site) -> None:
    rule = ROWS[0].name
    id = await on_a_ticket(site, rule)
    told = (await site.api("calls/main:1.0"))["ticket"]
    number = (await site.api(f"tickets/{id}"))["number"]
    since = "2026-11-18T11:06:40.000Z"
    assert told == {"id": id, "number": number, "since": since, "rule": rule, "why": ROWS[0].why}


async def test_a_list_says_which_calls_are_on_tickets_to_who_may_read_tickets(site: Site) -> None:
    id = await on_a_ticket(site)
    await write(site.store, call(2))
    number = (await site.api(f"tickets/{id}"))["number"]
    about = {"ticket": id, "number": number, "kind": "information", "customer": None, "customer_name": None}
    assert (await site.api("calls"))["about"] == {"main:1.0": about}
    assert await ids(site, "kind=information") == ["main:1.0"]
    assert await ids(site, "kind=repair") == []
    token = await site.token("calls:read")
    assert (await site.ask("GET", "calls", token=token)).body["about"] == {}
    assert (await site.ask("GET", "calls?kind=information", token=token)).status == 403


async def test_days_are_those_of_the_sites_calendar(site: Site, store: Store) -> None:
    await write(store, call(1), call(86_400 - 1), call(86_400))
    assert await ids(site, "from_day=1970-01-01&to_day=1970-01-01") == ["main:86399.0", "main:1.0"]
    assert await ids(site, "from_day=1970-01-02") == ["main:86400.0"]
    assert (await site.ask("GET", "calls?from_day=1970-02-30")).status == 400


async def test_the_oldest_come_first_if_asked_for(site: Site, store: Store) -> None:
    await write(store, call(1), call(2, direction="outbound"), call(3))
    assert await ids(site, "sort=oldest") == ["main:1.0", "main:2.0", "main:3.0"]
    assert await ids(site, "sort=oldest&direction=outbound") == ["main:2.0"]


async def test_a_call_is_put_on_another_ticket_and_both_timelines_tell(site: Site) -> None:
    before = await on_a_ticket(site)
    after = int((await site.ask("POST", "tickets", {"kind": "repair"})).body["id"])
    said = await site.ask("PUT", "calls/main:1.0/ticket", {"ticket": after})
    assert (said.status, said.body["id"], said.body["rule"]) == (200, after, "moved")
    assert (await site.api("calls/main:1.0"))["ticket"]["id"] == after
    for id, kind in ((before, "call_moved_away"), (after, "call_moved_here")):
        entry = (await site.api(f"tickets/{id}/timeline"))["entries"][0]
        assert (entry["kind"], entry["call"], entry["actor"]) == (kind, "main:1.0", "operator")
    again = await site.ask("PUT", "calls/main:1.0/ticket", {"ticket": after})
    assert (again.status, len((await site.api(f"tickets/{after}/timeline"))["entries"])) == (200, 2)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("calls/main:1.0/ticket", {"ticket": 99}, 404),
        ("calls/main:2.0/ticket", {"ticket": 1}, 404),
        ("calls/nothing/ticket", {"ticket": 1}, 404),
        ("calls/a%00b/ticket", {"ticket": 1}, 404),
        ("calls/main:1.0/ticket", {"ticket": "1; DROP TABLE tickets"}, 422),
        ("calls/main:1.0/ticket", {"ticket": 0}, 422),
        ("calls/main:1.0/ticket", {}, 422),
    ],
)
async def test_a_call_is_not_put_where_nothing_is(
    site: Site, path: str, body: dict[str, Any], status: int
) -> None:
    id = await on_a_ticket(site)
    assert (await site.ask("PUT", path, body)).status == status
    assert (await site.api("calls/main:1.0"))["ticket"]["id"] == id


async def test_who_looked_through_calls_is_in_the_audit(site: Site) -> None:
    await site.api("calls")
    line = (await site.api("audit"))["lines"][0]
    assert (line["action"], line["subject"], line["detail"]) == (
        "calls.read",
        "calls",
        {"operation": "list_calls"},
    )


async def test_who_looked_at_a_call_is_in_the_audit_of_its_ticket(site: Site) -> None:
    id = await on_a_ticket(site)
    await site.api("calls/main:1.0")
    wanted = select(audit.c.subject).where(audit.c.detail == '{"operation":"read_call"}')
    seen = await site.store.read(lambda c: c.execute(wanted.order_by(audit.c.seq)).scalars().all())
    assert seen == ["call:main:1.0", f"ticket:{id}"]

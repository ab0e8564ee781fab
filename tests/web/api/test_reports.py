"""The API of reports: a number and the calls behind it, who may see which, and files of it."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from callserver.facts import CallId, PbxId, instant
from callserver.metrics.definitions import DEFINITIONS
from callserver.store import call_tickets, leases, spans, tallied
from callserver.store.going_floor import OF_THE_FLOOR
from callserver.store.journal import Journal
from callserver.store.spans import Span
from callserver.tickets.record import TicketId
from callserver.work.counting import Counting
from callserver.work.leading import Leading
from tests.metrics.days import batch, call, visit
from tests.web.conftest import TOKEN, Site
from tests.web.people import Browser, team, user

HOUR = 3_600_000
MORNING = instant("2026-11-16T09:00:00Z") or 0
DAY = "from=2026-11-16&to=2026-11-16"
CALLS = [
    call(1, visit(MORNING, 12, talk_s=100)),
    call(2, visit(MORNING + HOUR, 21, talk_s=50, phone="=cmd()|'x'")),
    call(3, visit(MORNING + HOUR, 31, end="abandoned")),
    call(4, visit(MORNING + HOUR, 2, end="abandoned")),
    call(5, visit(MORNING, 60, end="timed_out"), visit(MORNING + 60_000, 3, queue="sales", talk_s=9)),
    call(6, at=MORNING, direction="outbound", outcome="no_answer"),
]


async def count(site: Site, *calls: Any) -> None:
    """These calls are written down and counted."""
    store = site.store
    lease = await leases.acquire(store, leases.lease_of(PbxId("main")), "test/1", 60)
    assert lease is not None
    journal = Journal(store, PbxId("main"), holder=lease.holder, epoch=lease.epoch)
    await journal.append(batch(*calls))
    await journal.close()
    await count_again(site)


async def count_again(site: Site) -> None:
    """Whatever is to be summed, is."""
    leading = Leading(site.store, "counting", holder="test/1", node="test")
    counting = Counting(site.store, dict, zone=UTC, leading=leading, clock=site.tick)
    await counting.all(site.now)


@pytest_asyncio.fixture
async def counted(site: Site) -> Site:
    """A day's calls, the first of them on a complaint."""
    made = await site.ask("POST", "tickets", {"kind": "complaint", "subject": "drips"})
    call, ticket = CallId(CALLS[0]["id"]), TicketId(made.body["id"])
    await site.store.write(lambda c: call_tickets.put(c, call, ticket, "moved", site.now))
    await count(site, *CALLS)
    return site


async def test_a_report_tells_rows_totals_and_the_period_before(counted: Site) -> None:
    said = await counted.api(f"reports?{DAY}&by=hour&split=queue&compare=true")
    assert said["asked"] == {
        "from": "2026-11-16",
        "to": "2026-11-16",
        "by": "hour",
        "split": "queue",
        "zone": "UTC",
        "queue": None,
        "team": None,
        "agent": None,
        "kind": None,
        "site": None,
        "outcome": None,
        "compare": True,
    }
    told = [(row["at"], row["key"], row["values"]["offered"]) for row in said["rows"]]
    assert told == [
        ("2026-11-16T09:00:00+00:00", "", 0),
        ("2026-11-16T09:00:00+00:00", "repair", 2),
        ("2026-11-16T09:00:00+00:00", "sales", 1),
        ("2026-11-16T10:00:00+00:00", "repair", 3),
    ]
    totals = said["totals"]["values"]
    assert (totals["offered"], totals["calls"], totals["sl_offered"]) == (6, 6, 2 / 5)
    assert [(one["key"], one["values"]["offered"]) for one in said["totals"]["by_key"]] == [
        ("repair", 5),
        ("sales", 1),
        ("", 0),
    ]
    assert said["before"]["from"] == "2026-11-15"
    assert said["before"]["values"]["sl_offered"] is None
    assert said["recomputed_at"] == "2026-11-18T11:06:40.000Z"


COUNTS = [key for key, one in DEFINITIONS.items() if one.reported and one.unit == "count"]
OF_CALLS = [key for key in COUNTS if not key.startswith(("promise", "rating"))]


@pytest.mark.parametrize("split", ["queue", "agent", "team", "kind", "site", "outcome"])
async def test_a_number_is_the_count_of_the_calls_behind_it(counted: Site, split: str) -> None:
    report = await counted.api(f"reports?{DAY}&split={split}")
    checked = 0
    for row in report["rows"]:
        for metric in OF_CALLS:
            span = f"at={row['at']}&until={row['until']}".replace("+", "%2B")
            asked = f"{DAY}&split={split}&key={row['key']}&metric={metric}&{span}".replace("=cmd", "%3Dcmd")
            behind = await counted.api(f"reports/calls?{asked}")
            assert behind["count"] == row["values"][metric] == len(behind["calls"]), (metric, row["key"])
            checked += behind["count"]
    assert checked > 10


@pytest.mark.parametrize("name", ["agent", "kind", "site", "outcome"])
async def test_what_is_asked_of_one_key_only_is_its_row_cut_in_any_way_and_in_the_file(
    counted: Site, name: str
) -> None:
    rows = [one for one in (await counted.api(f"reports?{DAY}&split={name}"))["rows"] if one["key"]]
    assert rows
    for row in rows:
        asked = f"{DAY}&{name}={quote(row['key'])}"
        for cut in ("split=queue", "split=agent&by=interval"):
            report = await counted.api(f"reports?{asked}&{cut}")
            told = report["totals"]["values"]
            assert told == {key: row["values"].get(key, told[key]) for key in told}, (row["key"], cut)
        behind = await counted.api(f"reports/calls?{asked}&metric=calls")
        assert behind["count"] == row["values"]["calls"]
        file = await (await counted.get(f"/api/v1/reports/export?{asked}", TOKEN)).text("utf-8-sig")
        (line,) = csv.DictReader(io.StringIO(file))
        assert float(line["Calls (calls)"]) == row["values"]["calls"]


async def test_a_supervisor_gets_the_time_at_work_of_their_own_teams_people(counted: Site) -> None:
    await team(counted, "sales")
    await team(counted, "repair")
    li = (await user(counted, "li", teams=["sales"])).person.id
    await user(counted, "wang", "supervisor", teams=["sales"])
    await user(counted, "chen", "supervisor", teams=["repair"])
    at = MORNING + 3 * HOUR
    ready = Span(user=li, pbx=PbxId("main"), interface="PJSIP/7", state="ready", begin=at, to=at + 600_000)
    talking = replace(ready, state="talking", begin=at + 600_000, to=at + HOUR)
    await counted.store.write(lambda c: spans.write(c, {}, [ready, talking]))
    talks = [visit(at + 700_000, 1, queue=name, talk_s=300, phone="PJSIP/7") for name in ("sales", "repair")]
    await count(counted, call(7, talks[0]), call(8, talks[1]))
    told = {}
    for login in ("wang", "chen"):
        browser = Browser(counted)
        await browser.sign_in(login)
        for cut in ("split=agent", "split=agent&by=hour", "by=day", "queue=sales&split=agent"):
            report = (await browser.ask("GET", f"reports?{DAY}&{cut}")).body
            rows = [
                one["values"]
                for one in report["rows"]
                if not report["asked"]["split"] or one["key"] == str(li)
            ]
            told[login, cut] = {one.get("occupancy") for one in rows if one.get("handled")}
    half = {600 / (600 + 600)}
    assert {key: told[key] for key in told if key[0] == "wang"} == {
        ("wang", "split=agent"): half,
        ("wang", "split=agent&by=hour"): half,
        ("wang", "by=day"): half,
        ("wang", "queue=sales&split=agent"): {None},
    }
    assert set().union(*(told["chen", cut] for cut in ("split=agent", "split=agent&by=hour"))) == {None}


async def test_the_calls_behind_a_number_come_page_by_page_with_their_records(counted: Site) -> None:
    first = await counted.api(f"reports/calls?{DAY}&metric=offered&limit=4")
    second = await counted.api(f"reports/calls?{DAY}&metric=offered&limit=4&cursor={first['cursor']}")
    assert (first["count"], len(first["calls"]), len(second["calls"]), second["cursor"]) == (6, 4, 2, None)
    seen = [(one["id"], one["counted"]["n"]) for one in (*first["calls"], *second["calls"])]
    assert len(set(seen)) == 6
    assert first["calls"][0]["queue_visits"]
    bare = await counted.ask(
        "GET", f"reports/calls?{DAY}&metric=answered", token=await counted.token("reports:read")
    )
    assert bare.body["calls"][0].keys() == {"id", "pbx", "counted"}


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("from=2016-11-16&to=2026-11-17", "to", "at most 3653 days"),
        ("from=2026-11-01&to=2026-11-09&by=interval", "to", "ask by hour"),
        ("from=2026-01-01&to=2026-11-09&by=hour", "to", "ask by day"),
        ("from=2026-11-01&to=2026-11-09&by=hour&split=agent", "to", "ask by day"),
        ("from=2026-11-16&to=2026-11-15", "to", "before"),
        ("from=yesterday&to=2026-11-15", "from", "2026-11-22"),
        ("from=0001-01-01&to=0001-01-01", "from", "1970"),
    ],
)
async def test_what_is_too_much_is_refused_with_what_to_ask_instead(
    site: Site, query: str, field: str, says: str
) -> None:
    said = await site.ask("GET", f"reports?{query}")
    assert (said.status, said.fields) == (400, [field])
    assert says in said.body["errors"][0]["message"]


async def test_of_a_day_whose_calls_have_gone_the_sums_stay_and_what_needs_single_calls_is_refused(
    counted: Site,
) -> None:
    before = await counted.api(f"reports?{DAY}&split=queue")
    gone = MORNING + 15 * HOUR  # the day's end
    await counted.store.write(lambda c: OF_THE_FLOOR["counts"].drop(c, gone, counted.now))
    await counted.store.write(lambda c: tallied.mark_all(c, counted.now, UTC, other_days=True))
    await count_again(counted)
    assert (await counted.api(f"reports?{DAY}&split=queue"))["rows"] == before["rows"]
    for single in ("by=hour", "split=agent&kind=complaint"):
        said = await counted.ask("GET", f"reports?{DAY}&{single}")
        assert (said.status, said.fields) == (400, ["from"])
        assert "2026-11-17" in said.body["errors"][0]["message"]


async def test_a_metric_that_counts_no_calls_has_none_behind_it(site: Site) -> None:
    assert (await site.ask("GET", f"reports/calls?{DAY}&metric=csat")).fields == ["metric"]
    assert (await site.ask("GET", f"reports/calls?{DAY}&metric=__class__")).fields == ["metric"]


async def test_a_supervisor_gets_the_numbers_of_their_teams_queues_and_no_trace_of_others(
    counted: Site,
) -> None:
    await team(counted, "sales")
    await user(counted, "wang", "supervisor", teams=["sales"])
    browser = Browser(counted)
    await browser.sign_in("wang")

    async def told(path: str) -> Any:
        said = await browser.ask("GET", path)
        assert said.status == 200, said.body
        return said.body

    report = await told(f"reports?{DAY}&split=queue")
    assert [row["key"] for row in report["rows"]] == ["sales"]
    assert report["totals"]["values"]["offered"] == 1
    assert "omission_ppm" not in report["totals"]["values"]
    assert (await told(f"reports?{DAY}&queue=repair"))["totals"]["values"]["offered"] == 0
    assert (await told(f"reports?{DAY}&queue=repair,sales"))["totals"]["values"]["offered"] == 1
    for asked in ("split=queue&key=repair", "queue=repair", "team=repair", "split=kind&key=", ""):
        behind = await told(f"reports/calls?{DAY}&metric=offered&{asked}")
        assert behind["count"] == (1 if asked in ("split=kind&key=", "") else 0), asked


async def test_every_definition_has_a_column_in_the_widest_report(site: Site) -> None:
    wide = await site.api(f"reports?{DAY}")
    assert set(wide["columns"]) == {key for key, one in DEFINITIONS.items() if one.reported}
    narrow = await site.api(f"reports?{DAY}&queue=repair&by=hour")
    assert set(wide["columns"]) - set(narrow["columns"]) == {"occupancy", "omission_ppm"}


async def test_a_file_of_the_same_rows_holds_no_formula(counted: Site) -> None:
    path = f"/api/v1/reports/export?{DAY}&split=agent&language=zh"
    text = (await (await counted.get(path, TOKEN)).read()).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["键"] for line in lines] == ["", "'=cmd()|'x'", "PJSIP/1001"]
    assert [line["呼入排队 (offered)"] for line in lines] == ["3", "1", "2"]
    assert lines[0]["服务水平（按接听） (sl_answered)"] == ""
    book = await (await counted.get(path + "&format=xlsx", TOKEN)).read()
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=cmd()" in sheet


async def test_definitions_come_in_both_languages(site: Site) -> None:
    said = await site.api("reports/definitions")
    assert [one["key"] for one in said["definitions"]] == list(DEFINITIONS)
    assert said["definitions"][0]["title"] == {"en": "Offered", "zh": "呼入排队"}

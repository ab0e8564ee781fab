"""What is owed and what was repaired, counted: by the deadline, by the key that was pressed, by the closing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from callserver.facts import instant
from callserver.metrics.slots import Span
from callserver.metrics.sums import Sums, merge, value
from callserver.store import count_following, counting, counting_owed, tallying
from callserver.store.count_phones import Phones
from callserver.store.counted import call_counts, promise_counts, to_sum
from callserver.store.desk import promises, tickets, timeline
from callserver.store.engine import Store
from callserver.store.promising import promise_attempts
from callserver.store.spans import table as span_table
from callserver.store.tallied import Dimension
from callserver.work.counting import rating
from tests.metrics.days import call, visit

AT = instant("2026-11-20T09:00:00+08:00") or 0
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WHOLE = Span(AT - DAY, AT + 90 * DAY)


def ticket(number: int, **more: Any) -> dict[str, Any]:
    row = {"id": number, "number": f"T{number}", "version": 1, "kind": "repair", "status": "closed"}
    row |= {"open": False, "customer_id": 1, "product_id": 7, "priority": 1, "record": "{}"}
    return row | {"opened_at": AT, "touched_at": AT, "closed_at": AT + number * DAY} | more


def promise(number: int, **more: Any) -> dict[str, Any]:
    row = {"id": number, "kind": "return_visit", "ticket_id": 1, "status": "kept", "why": "", "version": 1}
    row |= {"mode": "automatic", "tries": 1, "due_at": AT, "deadline_at": AT + DAY, "created_at": AT}
    return row | {"settled_at": AT + HOUR, "broken_at": None, "queue": "repair"} | more


def attempt(number: int, of: int, keys: str = "", late_s: int = 30, n: int = 1) -> dict[str, Any]:
    sent = AT + late_s * 1000
    row = {
        "id": number,
        "promise_id": of,
        "n": n,
        "mode": "automatic",
        "pbx": "main",
        "channel": f"c{number}",
    }
    row |= {"call_id": f"main:{number}", "command_id": number, "outcome": "answered", "evidence": "{}"}
    return row | {"sent_at": sent, "ended_at": sent + MINUTE, "keys": keys}


def status(of: int, seq: int, at: int, begin: str, to: str) -> dict[str, Any]:
    body = f'{{"from":"{begin}","to":"{to}"}}'
    row = {"ticket_id": of, "seq": seq, "at": at, "kind": "status", "actor": "x", "through": "api"}
    return row | {"contact": False, "body": body}


async def put(store: Store, **rows: list[dict[str, Any]]) -> None:
    tables = {one.name: one for one in (tickets, promises, promise_attempts, timeline, span_table)}

    def write(connection: Connection) -> None:
        for name, many in rows.items():
            for row in many:
                connection.execute(insert(tables[name]).values(**row))

    await store.write(write)


async def sums(store: Store, dimension: Dimension = "", span: Span = WHOLE) -> dict[str, Sums]:
    found = await store.report(lambda c: tallying.summed(c, span, dimension))
    assert found == (await store.report(lambda c: tallying.summed_by_all(c, span)))[dimension]
    return {
        name: merge(one for cell, one in found.items() if cell.value == name)
        for name in {c.value for c in found}
    }


async def test_a_promise_is_kept_before_its_deadline_or_it_was_not(store: Store) -> None:
    late = promise(2, settled_at=AT + 2 * DAY, broken_at=AT + DAY, kind="watch")
    open_ones = [promise(3, status="broken", settled_at=None, broken_at=AT + DAY, kind="watch")]
    gone = promise(4, status="withdrawn")
    await put(
        store,
        tickets=[ticket(1)],
        promises=[promise(1), late, *open_ones, gone],
        promise_attempts=[attempt(1, 1), attempt(2, 2, late_s=-5), attempt(3, 2, late_s=900, n=2)],
    )
    marks = await store.write(lambda c: counting_owed.count_promises(c, [1, 2, 3, 4], rating))
    assert marks == {AT + DAY}
    by_kind = await sums(store, "promise")
    assert value("promise_kept", by_kind["return_visit"]) == 1
    assert value("promise_kept", by_kind["watch"]) == 0
    whole = (await sums(store))[""]
    assert (whole.promises_due, whole.promises_kept, whole.lateness) == (3, 1, {30: 1, -5: 1})
    assert await store.write(lambda c: counting_owed.count_promises(c, [1, 2, 3, 4], rating)) == set()


async def test_a_rating_counts_when_it_was_pressed_and_the_last_key_is_meant(store: Store) -> None:
    await put(
        store,
        tickets=[ticket(1)],
        promises=[promise(1), promise(2), promise(3, kind="watch")],
        promise_attempts=[attempt(1, 1, "915"), attempt(2, 2, "2"), attempt(3, 3, "1")],
    )
    await store.write(lambda c: counting_owed.count_promises(c, [1, 2, 3], rating))
    whole = merge((await sums(store, span=Span(AT, AT + HOUR))).values())
    assert (whole.ratings, value("csat", whole), value("dissatisfied_ppm", whole)) == (2, 3.5, 500_000)
    assert whole.promises_due == 0  # their deadline is tomorrow


async def test_tickets_count_by_their_visits_and_by_the_next_visit_for_the_same_product(store: Store) -> None:
    def visited(of: int, at: int) -> list[dict[str, Any]]:
        return [
            status(of, 1, at, "appointed", "in_service"),
            status(of, 2, at + HOUR, "in_service", "serviced"),
        ]

    twice = [*visited(1, AT), status(1, 3, AT + DAY, "reopened", "serviced")]
    rows = [ticket(1), ticket(2, product_id=8), ticket(3, product_id=8), ticket(4, product_id=9)]
    later = visited(2, AT) + visited(3, AT + 29 * DAY) + visited(4, AT)
    await put(store, tickets=[*rows, ticket(5, product_id=None)], timeline=[*twice, *later])
    await store.write(lambda c: counting_owed.count_tickets(c, [1, 2, 3, 4, 5]))
    whole = (await sums(store))[""]
    assert (whole.tickets_visited, whole.tickets_one_visit) == (4, 3)
    assert (
        value("repeat_repair", whole) == 2 / 4
    )  # the first was visited twice, the second one's product again
    assert whole.ages == {24: 1, 48: 1, 72: 1, 96: 1, 120: 1}
    reopened = {"status": "reopened", "closed_at": None}
    await store.write(lambda c: c.execute(tickets.update().where(tickets.c.id == 4).values(**reopened)))
    assert await store.write(lambda c: counting_owed.count_tickets(c, [4])) == {AT + 4 * DAY}
    assert (await sums(store))[""].tickets_visited == 3


async def test_whoever_calls_again_about_the_same_matter_was_not_helped(store: Store) -> None:
    matters = {1: (AT, 5), 2: (AT + 6 * DAY, 5), 3: (AT + 14 * DAY, 5), 4: (AT + DAY, 6)}
    rows: list[dict[str, Any]] = []
    for number, (at, about) in matters.items():
        counted: dict[str, Any] = {"pbx": "main", "call_id": f"main:{number}", "queue": "", "agent": ""}
        counted |= {"interface": None, "team": "", "kind": "", "at": at, "direction": "inbound"}
        counted |= {"outcome": "answered"}
        rows.append(counted | {"customer_id": 1, "product_id": None, "ticket_id": about, "known": True,
                               "repeated": False, "gap": False})  # fmt: skip
    some = [(row["pbx"], row["call_id"]) for row in rows]
    counted_calls = counting.Counted(tuple(some))
    counted_calls.rows[call_counts.name] = rows
    await store.write(lambda c: counting.put(c, counted_calls, 1, lambda at: at))
    whole = (await sums(store))[""]
    assert (whole.known_callers, whole.first_contact) == (4, 3)  # eight days later is another time
    assert value("fcr", whole) == 3 / 4
    gone = counting.Counted((some[1],))
    await store.write(lambda c: counting.put(c, gone, 2, lambda at: at))
    assert value("fcr", (await sums(store))[""]) == 1


def sat(begin: int, to: int | None, state: str, user: int | None = 7, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "user_id": user,
        "pbx": "main",
        "interface": "PJSIP/1001",
        "state": state,
        "sure": True,
    }
    return row | {"from_at": begin, "to_at": to} | more


async def test_handling_is_who_sat_there_and_ends_with_wrap_up(store: Store) -> None:
    record = call(1, visit(AT, 10, talk_s=60))
    talk_over = AT + 70_000
    await put(
        store,
        agent_spans=[
            sat(AT - HOUR, AT + 10_000, "ready"),
            sat(AT + 10_000, talk_over, "talking"),
            sat(talk_over, talk_over + 20_000, "wrap_up", call_id=record["id"]),
            sat(talk_over + 20_000, talk_over + 80_000, "paused"),
            sat(talk_over + 80_000, None, "gone", None),
        ],
    )

    def count(connection: Connection) -> None:
        judged = counting.judge_records(
            connection, [("main", record["id"])], [record], lambda queue: (20_000, 5_000)
        )
        counting.put(connection, judged, 1, lambda at: at)

    await store.write(count)
    mine = (await sums(store, "agent"))["7"]
    assert (mine.answered, mine.handled, mine.talk_ms, mine.wrap_ms) == (1, 1, 60_000, 20_000)
    assert (mine.ready_ms, mine.paused_ms) == (HOUR + 10_000, 60_000)
    assert value("occupancy", mine) == 80_000 / (80_000 + HOUR + 10_000)
    marks = await store.read(lambda c: c.execute(select(to_sum.c.at).where(to_sum.c.level == "day")).all())
    assert {row.at for row in marks} == {AT, talk_over + 20_000}


async def test_nobody_sits_where_a_span_is_over_or_has_no_name(store: Store) -> None:
    await put(store, agent_spans=[sat(AT, AT + HOUR, "ready"), sat(AT + HOUR, AT + 2 * HOUR, "ready", None)])
    read = await store.read(lambda c: Phones(c, [("main", "PJSIP/1001")], Span(AT, AT + DAY)))
    asked = [AT - 1, AT, AT + HOUR - 1, AT + HOUR, AT + 3 * HOUR]
    assert [read.who("main", "PJSIP/1001", at) for at in asked] == [None, 7, 7, None, None]  # type: ignore[arg-type]
    assert read.who("branch", "PJSIP/1001", AT) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [0, AT])
async def test_what_changed_is_followed_a_window_at_a_time(store: Store, after: int) -> None:
    much_later = AT + 5 * HOUR
    await put(store, tickets=[ticket(1), ticket(2, touched_at=AT + MINUTE), ticket(3, touched_at=much_later)])
    now = AT + DAY

    def step(after: int) -> Any:
        return store.read(lambda c: count_following.stamped(c, count_following.TOUCHED, after, now))

    first, until = await step(after)
    assert (count_following.ids(first), until < much_later) == ([1, 2], True)
    second, until = await step(until + HOUR)
    assert count_following.ids(second) == [3]
    assert await step(until + HOUR) == ([], now)
    assert (
        await store.read(lambda c: c.execute(select(func.count()).select_from(promise_counts)).scalar()) == 0
    )

"""What has been kept long enough goes; what is younger, open or kept for ever stays."""

from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from callserver.facts import CallStarted, LegId
from callserver.seats.asking import DialCustomer
from callserver.store import (
    alarms,
    attempts,
    audit,
    audit_chain,
    counted,
    counting,
    desk,
    helped,
    idempotency,
    promises,
    retention,
    schema,
    spans,
    tickets,
    timeline,
)
from callserver.store.attempts import Try
from callserver.store.engine import Store
from callserver.store.jobs import NewJob, enqueue
from callserver.store.journal import Journal
from callserver.store.promising import promise_attempts
from callserver.store.retention import DAY_MS, KINDS, Terms
from callserver.store.rows import Batch
from callserver.store.spans import Span
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise
from callserver.tickets.record import TicketId
from tests.store.a_person import MEI
from tests.store.samples import MORNING, PBX, ended, record, started

NOW = MORNING + 5_000 * DAY_MS
FOR_EVER = Terms(**dict.fromkeys(KINDS, 0))


def only(**days: int) -> Terms:
    return Terms(**(dict.fromkeys(KINDS, 0) | days))


def ago(days: int) -> int:
    return NOW - days * DAY_MS


async def count(store: Store, table: Any) -> int:
    return int(await store.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one()))


async def a_ticket(store: Store, at: int, *, over: bool = True) -> TicketId:
    def work(connection: Connection) -> TicketId:
        draft = Draft(kind="information", subject="leaks", caller="+8613800138000")
        ticket = tickets.open_ticket(connection, draft, MEI, at, rule="x").id
        timeline.note(connection, ticket, "she says it leaks", MEI, at)
        if over:
            tickets.move(connection, ticket, "cancelled", "she does not mind", MEI, at)
        return ticket

    return await store.write(work)


async def test_facts_go_from_the_front_and_calls_stay(store: Store, journal: Journal) -> None:
    for day in (300, 200, 100, 10):
        await journal.append(
            Batch(facts=[started(day, at=ago(day)), ended(day, at=ago(day))], records=[record(day)])
        )
    terms = only(facts=150)
    assert await retention.would_go(store, terms, NOW) == {"facts": 4}
    assert await retention.sweep(store, terms, NOW) == {"facts": 4}
    wanted = select(schema.facts.c.seq).order_by(schema.facts.c.seq)
    assert list(await store.read(lambda c: c.execute(wanted).scalars().all())) == [5, 6, 7, 8]
    assert await count(store, schema.calls) == 4
    await journal.append(Batch(facts=[started(1, at=ago(0))]))
    assert (await store.read(lambda c: c.execute(wanted).scalars().all()))[-1] == 9, "numbers go on"


async def test_facts_without_an_instant_go_with_older_ones_behind_them_only(
    store: Store, journal: Journal
) -> None:
    undated = CallStarted(pbx=PBX, at=None, call=started(1).call, direction="inbound")
    await journal.append(Batch(facts=[undated, started(2, at=ago(9)), undated]))
    assert await retention.sweep(store, only(facts=5), NOW) == {"facts": 2}


async def test_calls_go_with_their_legs_unless_they_are_going_on(store: Store, journal: Journal) -> None:
    calls = [
        record(1, at=ago(400), open=False),
        record(2, at=ago(400), open=True),
        record(3, at=ago(4), open=False),
    ]
    await journal.append(Batch(records=calls))
    assert await retention.sweep(store, only(calls=365), NOW) == {"calls": 1}
    assert (await count(store, schema.calls), await count(store, schema.legs)) == (2, 2)


def tried(connection: Connection, ticket: TicketId) -> None:
    """A call that this ticket owes, dialled once; the ticket is as old as before."""
    touched = tickets.get(connection, ticket).touched_at
    owed = NewPromise(
        kind="callback", ticket=ticket, due_at=NOW, deadline_at=NOW + 1, number="+8613800138000"
    )
    promise = promises.owe(connection, owed, touched)
    request = DialCustomer(number="138", channel=LegId("cs-1"), context="queue", promise=promise.id)
    wanted = Try(promise=promise.id, mode="automatic", pbx=PBX, number=promise.number, request=request)
    attempts.begin(connection, wanted, touched)


async def test_tickets_that_are_over_go_with_their_timelines(store: Store) -> None:
    old, young = await a_ticket(store, ago(400)), await a_ticket(store, ago(4))
    going_on = await a_ticket(store, ago(400), over=False)
    await store.write(lambda connection: tried(connection, old))
    assert await retention.sweep(store, only(tickets=365), NOW) == {"tickets": 1}
    for gone in (desk.promises, promise_attempts):
        assert await count(store, gone) == 0
    left = await store.read(
        lambda c: c.execute(select(desk.tickets.c.id).order_by(desk.tickets.c.id)).scalars().all()
    )
    assert list(left) == [young, going_on]
    assert old not in await store.read(lambda c: c.execute(select(desk.timeline.c.ticket_id)).scalars().all())


async def test_texts_go_before_tickets_do_and_once(store: Store) -> None:
    old, young = await a_ticket(store, ago(400)), await a_ticket(store, ago(4))
    going_on = await a_ticket(store, ago(400), over=False)
    terms = only(texts=365)
    assert await retention.would_go(store, terms, NOW) == {"texts": 1}
    assert await retention.sweep(store, terms, NOW) == {"texts": 1}
    kept = await store.read(lambda connection: tickets.get(connection, old))
    assert (kept.subject, kept.closing, kept.status) == ("", "", "cancelled")
    page = await store.read(lambda connection: timeline.page(connection, old, 9))
    assert [(entry.kind, entry.body.get("text", entry.body.get("why"))) for entry in page.entries] == [
        ("status", ""),
        ("note", ""),
        ("opened", None),
    ]
    for other in (young, going_on):
        assert (await store.read(lambda connection: tickets.get(connection, other))).subject == "leaks"  # noqa: B023
    assert await retention.sweep(store, terms, NOW) == {}, "a second night does not go through it again"
    await store.write(
        lambda connection: tickets.move(connection, going_on, "cancelled", "why not", MEI, ago(3))
    )
    assert await retention.sweep(store, terms, NOW + 370 * DAY_MS) == {"texts": 2}


async def test_many_tickets_of_one_moment_all_lose_their_texts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_TICKETS", 2)
    for at in (400, 400, 400, 399, 398):
        await a_ticket(store, ago(at))
    assert await retention.sweep(store, only(texts=365), NOW) == {"texts": 5}


async def test_the_audit_goes_and_can_still_be_followed(store: Store) -> None:
    for day in (400, 399, 10):
        await store.write(lambda c: audit.note(c, MEI, "customer.read", "customer:1", {}, ago(day)))  # noqa: B023
    assert await retention.would_go(store, only(audit=365), NOW) == {"audit": 2}
    assert await retention.sweep(store, only(audit=365), NOW) == {"audit": 2}
    assert [line.action async for line in audit.lines(store)] == [
        "customer.read",
        "audit.trimmed",
        "retention",
    ]
    assert (await audit_chain.verify(store)).broken is None
    assert await retention.sweep(store, only(audit=365), NOW) == {}


async def test_jobs_that_are_done_go_and_those_that_wait_stay(store: Store) -> None:
    await enqueue(store, [NewJob(kind="x", key=key) for key in ("done", "dead", "waiting", "young")])

    def settle(connection: Connection) -> None:
        for key, column, at in (("done", "done_at", 40), ("dead", "dead_at", 400), ("young", "done_at", 4)):
            here = schema.jobs.c.key == key
            connection.execute(update(schema.jobs).where(here).values({column: ago(at)}))

    await store.write(settle)
    assert await retention.sweep(store, only(jobs=30, dead=180), NOW) == {"jobs": 1, "dead": 1}
    left = await store.read(lambda c: c.execute(select(schema.jobs.c.key)).scalars().all())
    assert sorted(left) == ["waiting", "young"]


async def test_answers_and_imports_go(store: Store) -> None:
    def put(connection: Connection) -> None:
        for key, days in (("old", 3), ("young", 0)):
            idempotency.begin(connection, "crm", key, "digest", ago(days))
        for digest, ended_at in (("a", ago(100)), ("b", ago(1)), ("c", None)):
            row = {"digest": digest, "name": "f", "rows": 1, "state": "x", "started_at": ago(100)}
            row |= {
                column.name: 0 for column in desk.imports.c if column.name not in row and not column.nullable
            }
            if "counts" in row:
                row["counts"] = "{}"
            connection.execute(desk.imports.insert(), row | {"finished_at": ended_at})

    await store.write(put)
    assert await retention.sweep(store, only(answers=1, imports=90), NOW) == {"answers": 1, "imports": 1}
    assert (await count(store, desk.idempotency), await count(store, desk.imports)) == (1, 2)


async def test_events_that_arrived_go_and_those_that_wait_stay(store: Store) -> None:
    def put(connection: Connection) -> None:
        hook = {"version": 1, "state": "on", "failures": 0, "record": "{}"}
        id_ = connection.execute(
            desk.webhooks.insert().values(hook).returning(desk.webhooks.c.id)
        ).scalar_one()
        for name, done, dead in (
            ("done", 20, None),
            ("dead", None, 200),
            ("waiting", None, None),
            ("young", 2, None),
        ):
            row = {
                "webhook_id": id_,
                "event": name,
                "type": "x",
                "subject": "y",
                "at": ago(500),
                "body": "{}",
            }
            row |= {"queued_at": ago(500), "attempts": 0, "refusals": 0}
            row["done_at"] = None if done is None else ago(done)
            row["dead_at"] = None if dead is None else ago(dead)
            connection.execute(desk.outbox.insert(), row)

    await store.write(put)
    assert await retention.would_go(store, only(outbox=14, dead=180), NOW) == {"outbox": 1, "dead": 1}
    assert await retention.sweep(store, only(outbox=14, dead=180), NOW) == {"outbox": 1, "dead": 1}
    assert await count(store, desk.outbox) == 2


async def test_what_went_is_noted_and_what_is_kept_for_ever_stays(store: Store, journal: Journal) -> None:
    await journal.append(
        Batch(facts=[started(1, at=ago(4_000))], records=[record(1, at=ago(4_000), open=False)])
    )
    await a_ticket(store, ago(4_000))
    assert await retention.sweep(store, FOR_EVER, NOW) == {}
    assert await retention.would_go(store, FOR_EVER, NOW) == {}
    gone = await retention.sweep(store, Terms(), NOW)
    assert gone == {"facts": 1, "calls": 1, "texts": 1, "tickets": 1, "audit": 4}
    noted = [line async for line in audit.lines(store) if line.action == "retention"]
    assert [line.to_json()["detail"] for line in noted] == [gone]


async def test_small_batches_come_to_the_same_end(
    store: Store, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for day in range(400, 390, -1):
        await journal.append(
            Batch(facts=[started(day, at=ago(day))], records=[record(day, at=ago(day), open=False)])
        )
        await store.write(lambda c: audit.note(c, MEI, "x", "customer:1", {}, ago(day)))  # noqa: B023
    gone = await retention.sweep(store, only(facts=365, calls=365, audit=365), NOW)
    assert gone == {"facts": 10, "calls": 10, "audit": 10}


async def test_counted_calls_go_and_the_sums_of_their_days_stay_as_they_were(store: Store) -> None:
    own = {"pbx": "main", "queue": "repair", "agent": "", "team": "", "kind": "", "gap": False}
    stay = {**own, "n": 0, "outcome": "answered", "wait_ms": 1, "in_target": True, "short": False}
    sums = {"dimension": "", "pbx": "main", "queue": "repair", "value": "", "sums": "{}", "definition": 1}

    def work(connection: Connection) -> None:
        rows = [{**stay, "call_id": f"main:{days}", "at": ago(days)} for days in (400, 4)]
        connection.execute(insert(counted.visit_counts), rows)
        kept = [("slot", 400), ("day", 400), ("slot", 4)]
        made = [{**sums, "level": level, "at": ago(days), "recomputed_at": 1} for level, days in kept]
        connection.execute(insert(counted.tallies), made)

    await store.write(work)
    assert await retention.sweep(store, only(counts=365), NOW) == {"counts": 2}
    assert (await count(store, counted.visit_counts), await count(store, counted.tallies)) == (1, 2)
    await store.write(lambda c: counting.put_on_list(c, [ago(400), ago(4)], NOW, lambda at: at))
    ats = select(counted.to_sum.c.at).where(counted.to_sum.c.level == "day")
    assert list(await store.read(lambda c: c.execute(ats).scalars().all())) == [ago(4)]


async def test_time_at_work_alerts_and_words_on_screens_go(store: Store) -> None:
    def work(connection: Connection) -> None:
        for days in (400, 4):
            span = Span(
                user=None, pbx=PBX, interface="PJSIP/1", state="ready", begin=ago(days), to=ago(days) + 1
            )
            spans.write(connection, {}, [span])
            alert = {"rule": "x", "subject": str(days), "severity": "warning", "test": False, "record": "{}"}
            at = {"raised_at": ago(days), "cleared_at": ago(days), "told_at": ago(days)}
            id = connection.execute(insert(alarms.alerts).values(**alert, **at)).inserted_primary_key
            word = {
                "key": str(days),
                "way": "mail",
                "target": "x",
                "word": "raised",
                "held": False,
                "said": "{}",
            }
            of = {"alert_id": id[0] if id else 0, "at": 1, "due_at": 1, "attempts": 0}
            connection.execute(insert(alarms.alert_tellings).values(**word, **of))
            message = {
                "by_name": "Chen",
                "code": "message",
                "args": "{}",
                "text": "call 138",
                "urgent": False,
            }
            connection.execute(insert(helped.floor_messages).values(**message, at=ago(days)))

    await store.write(work)
    gone = {"spans": 1, "alerts": 1, "messages": 1}
    assert await retention.would_go(store, only(spans=365, alerts=365, messages=365), NOW) == gone
    assert await retention.sweep(store, only(spans=365, alerts=365, messages=365), NOW) == gone
    for left in (spans.table, alarms.alerts, alarms.alert_tellings, helped.floor_messages):
        assert await count(store, left) == 1


def test_every_kind_has_its_setting() -> None:
    from callserver.settings import RetentionSettings

    days = RetentionSettings()
    assert {f"{name}_days" for name in KINDS} == set(RetentionSettings.__dataclass_fields__)
    assert Terms(**{name: getattr(days, f"{name}_days") for name in KINDS}) == Terms()

"""Somebody is erased: nothing of them is found anywhere, what is counted stays, and the neighbour notices nothing."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, inspect, make_url, select, text

from callserver.customers.record import CustomerId
from callserver.errors import Conflict, NotFound
from callserver.facts import CallId
from callserver.store import (
    audit,
    audit_chain,
    calls,
    customers,
    desk,
    forgotten,
    log,
    merging,
    privacy,
    schema,
    tickets,
    timeline,
)
from callserver.store.engine import Store
from callserver.store.erasing import ERASED, By
from callserver.store.forgotten import Forgotten
from callserver.store.journal import Journal
from callserver.store.privacy import Erased
from callserver.store.rows import Batch
from callserver.store.text import dump, load
from callserver.store.wiping import wipe
from tests.store.a_person import MEI, MOBILE, PLAN, SECRETS, People, call_record, clock, everywhere
from tests.store.samples import PBX, call_id

LARGE = "calls|tickets|outbox|history|promises|jobs"


def everything(connection: Connection) -> dict[str, str]:
    """Each table, as text."""
    names = inspect(connection).get_table_names()
    hidden = ("customer_words_data",) if connection.dialect.name == "sqlite" else ()
    return {
        name: "\n".join(str(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{name}"')))
        for name in [*names, *hidden]
        if name != "customer_words" or connection.dialect.name != "sqlite"
    }


async def found(store: Store) -> list[tuple[str, str]]:
    """Where which of the secrets is."""
    tables = await store.report(everything)
    return [(name, secret) for name, rows in tables.items() for secret in SECRETS if secret in rows]


def statistics(connection: Connection) -> dict[str, Any]:
    """What reports count."""
    counts: dict[str, Any] = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (
            desk.customers,
            desk.products,
            desk.tickets,
            desk.attachments,
            desk.promises,
            desk.call_tickets,
        )
    }
    rows = connection.execute(select(schema.calls).order_by(schema.calls.c.call_id)).all()
    bodies = [load(row.record) for row in rows]
    counts["calls"] = [
        (one["direction"], one["started_at"], one["ended_at"], one["outcome"], one["queue_visits"])
        for one in bodies
    ]
    kinds = connection.execute(select(desk.tickets.c.kind, desk.tickets.c.status, desk.tickets.c.opened_at))
    counts["kinds"] = Counter(tuple(row) for row in kinds)
    told = connection.execute(select(desk.timeline.c.kind, desk.timeline.c.at, desk.timeline.c.actor))
    counts["entries"] = Counter(tuple(row) for row in told if row.kind != "promise")
    counts["facts"] = Counter(connection.execute(select(schema.facts.c.kind, schema.facts.c.at)).all())
    return counts


async def erased(store: Store, people: People) -> Erased:
    return await privacy.erase(store, people.person, PLAN, MEI, clock, also_open=True)


@pytest.fixture
async def people(store: Store, journal: Journal) -> People:
    return await everywhere(store, journal)


async def test_before_the_person_is_everywhere(store: Store, people: People) -> None:
    places = {table for table, _ in await found(store)}
    assert places >= {
        "customers", "customer_numbers", "history", "products", "tickets", "timeline", "attachments", "promises",
        "outbox", "idempotency", "calls", "facts", "jobs", "reconciliations",
        "drafts", "commands",
    }  # fmt: skip


async def test_afterwards_nothing_of_them_is_left_in_any_table(
    store: Store, people: People, url: str
) -> None:
    done = await erased(store, people)
    assert done.finished
    await wipe(url)  # SQLite's full-text index keeps words until it is merged
    assert await found(store) == []


async def test_the_file_holds_nothing_of_them_either(store: Store, people: People, url: str) -> None:
    await erased(store, people)
    await wipe(url)
    if store.dialect == "sqlite":
        file = Path(make_url(url).database or "")
        content = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
        assert [secret for secret in SECRETS if secret.encode() in content] == []
        assert "李雷".encode() in content


async def test_what_is_counted_stays_as_it_was(store: Store, people: People) -> None:
    before = await store.report(statistics)
    await erased(store, people)
    assert await store.report(statistics) == before


async def test_whatever_has_them_in_memory_hears_whom_to_forget(store: Store, people: People) -> None:
    heard: list[object] = []
    store.on_told(heard.extend)
    await erased(store, people)
    first, *_, last = [one for one in heard if isinstance(one, Forgotten)]
    assert first == last
    assert set(first.customers) == {people.person, people.double}
    assert f"+86{MOBILE}" in first.numbers
    over = Forgotten(customers=first.customers)
    assert await store.read(lambda connection: forgotten.lately(connection, clock())) == [over]
    assert await store.read(lambda connection: forgotten.lately(connection, clock() + 1)) == []


async def test_only_that_there_was_somebody_is_left(store: Store, people: People) -> None:
    await erased(store, people)
    for one in (people.person, people.double):
        kept = (
            await store.read(
                lambda connection: customers.get_many(connection, [people.person, people.double])
            )
        )[one]
        assert (kept.name, kept.numbers, kept.addresses, kept.external_id) == ("", (), (), None)
        assert kept.erased_at == clock()
        assert kept.created_by == "mei"
    ticket = await store.read(lambda connection: tickets.get(connection, people.ticket))
    assert (ticket.subject, ticket.caller, ticket.customer, ticket.kind) == (
        "",
        None,
        people.person,
        "information",
    )
    page = await store.read(lambda connection: timeline.page(connection, people.ticket, 100))
    bodies = {entry.kind: entry.body for entry in page.entries}
    assert bodies["note"] == {"text": ""}
    assert bodies["change"] == {"subject": [None, None]}
    assert bodies["call"]["queues"][0]["agent"] == "bo"
    assert bodies["call"]["waited_s"] == 4.5


async def test_calls_keep_everything_but_who_it_was(store: Store, people: People) -> None:
    await erased(store, people)
    for number in (0, 1, 2, 3, 5, 7):
        record = await calls.record(store, PBX, call_id(number))
        assert record is not None
        assert record["caller_name"] is None
        assert record["legs"][0]["number"] is None
        assert record["legs"][0]["leg"] == f"1795289156.{number}"
        assert (record["caller_number"], record["dialed"]) in ((None, "4008001234"), ("1001", None))
    facts = await log.facts_of_call(store, PBX, call_id(0))
    assert len([numbered.fact for numbered in facts]) == 6, "facts can still be read"


async def test_the_neighbour_keeps_the_number_that_both_have(store: Store, people: People) -> None:
    await erased(store, people)
    neighbour = await store.read(lambda connection: customers.get(connection, people.neighbour))
    assert (neighbour.name, neighbour.numbers[0].e164, neighbour.notes) == ("李雷", "+8613612349999", "kind")
    record = await calls.record(store, PBX, call_id(4))
    assert record is not None
    assert (record["caller_number"], record["caller_name"]) == ("13612349999", "LI LEI")
    ticket = await store.read(lambda connection: tickets.get(connection, people.neighbours))
    assert (ticket.subject, ticket.caller) == ("leaks", "+8613612349999")
    page = await store.read(lambda connection: timeline.page(connection, people.neighbours, 100))
    assert {"text": "all is well"} in [entry.body for entry in page.entries]
    tails = await store.read(lambda c: c.execute(select(desk.customer_numbers)).all())
    assert [tuple(row) for row in tails] == [("9999432163168", people.neighbour)]
    answers = await store.read(
        lambda c: c.execute(select(desk.idempotency.c.key, desk.idempotency.c.answer)).all()
    )
    assert {row.key for row in answers if load(row.answer) == ERASED} == {"one", "two", "three"}


async def test_what_the_neighbour_did_from_their_telephone_stays_without_its_number(
    store: Store, people: People
) -> None:
    await erased(store, people)
    ticket = await store.read(lambda connection: tickets.get(connection, people.borrowed))
    assert (ticket.subject, ticket.caller, ticket.customer) == ("leaks again", None, people.neighbour)
    wanted = select(desk.promises).where(desk.promises.c.ticket_id == people.borrowed)
    kept = await store.read(lambda connection: connection.execute(wanted).one())
    assert (kept.status, kept.number, kept.tail) == ("kept", None, None)
    told = select(desk.outbox.c.body).where(desk.outbox.c.subject == f"ticket:{people.borrowed}")
    bodies = [load(one) for one in (await store.read(lambda c: c.execute(told).scalars().all()))]
    assert ERASED not in bodies
    assert "leaks again" in [one.get("subject") for one in bodies]


async def test_others_hear_of_it_and_the_audit_holds(store: Store, people: People) -> None:
    await erased(store, people)
    wanted = select(desk.outbox.c.body).where(desk.outbox.c.type == "callserver.customer.erased")
    told = await store.read(lambda connection: connection.execute(wanted).scalars().all())
    assert [load(one)["customer"] for one in told] == [people.person]
    assert (await audit_chain.verify(store)).broken is None
    actions = [line.action async for line in audit.lines(store, subject=f"customer:{people.person}")]
    assert actions[-2:] == ["customer.erase", "customer.erased"]


async def test_what_was_owed_is_withdrawn(store: Store, people: People) -> None:
    await erased(store, people)
    hers = select(desk.promises).where(desk.promises.c.ticket_id == people.ticket)
    kept = await store.read(lambda connection: connection.execute(hers).one())
    assert (kept.status, kept.number, kept.tail, kept.why) == ("withdrawn", None, None, "")


async def test_open_tickets_keep_somebody_from_being_erased_unless_told(store: Store, people: People) -> None:
    number = (await store.read(lambda connection: tickets.get(connection, people.ticket))).number
    with pytest.raises(Conflict, match=f"open tickets: {number}; close or cancel"):
        await privacy.erase(store, people.person, PLAN, MEI, clock)
    assert await found(store)


async def test_who_was_merged_into_another_is_erased_with_them(store: Store, people: People) -> None:
    with pytest.raises(Conflict, match=f"merged into customer {people.person}"):
        await privacy.erase(store, people.double, PLAN, MEI, clock)
    await erased(store, people)
    with pytest.raises(Conflict, match="erased"):
        await store.write(lambda connection: merging.undo(connection, 1, MEI, clock()))


async def test_nobody_can_be_erased_twice_or_without_being_there(store: Store, people: People) -> None:
    await erased(store, people)
    with pytest.raises(Conflict, match="was erased"):
        await erased(store, people)
    with pytest.raises(NotFound):
        await privacy.erase(store, CustomerId(999), PLAN, MEI, clock)


async def test_an_erasure_that_was_killed_anywhere_is_finished_later(
    store: Store, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction is the last one once; what it left is whole, and the next run goes on."""
    for step in privacy._BATCH:
        monkeypatch.setitem(privacy._BATCH, step, 2)
    killed, write = 0, store.write

    async def dying(work: Any) -> Any:
        nonlocal killed
        result = await write(work)
        if (killed := killed + 1) % 2 == 0:
            raise asyncio.CancelledError
        return result

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", dying)
        for _ in range(200):
            try:
                await erased(store, people)
                break
            except asyncio.CancelledError:
                continue
            except Conflict:
                break
    assert killed > 20
    assert await privacy.resume(store, PLAN, clock) == []
    tables = await store.report(everything)
    tables.pop("customer_words_data", None)
    assert [(name, secret) for name, rows in tables.items() for secret in SECRETS if secret in rows] == []


async def test_a_call_that_is_going_on_is_waited_for(store: Store, journal: Journal, people: People) -> None:
    going_on = call_record(50, MOBILE, "4008001234", open=True)
    await journal.append(Batch(records=[going_on]))
    first = await erased(store, people)
    assert (first.finished, first.going_on) == (False, 1)
    assert [one.finished for one in await privacy.resume(store, PLAN, clock)] == [False]
    await journal.append(Batch(records=[call_record(50, MOBILE, "4008001234")]))
    assert [one.finished for one in await privacy.resume(store, PLAN, clock)] == [True]
    record = await calls.record(store, PBX, CallId(call_id(50)))
    assert record is not None
    assert record["caller_number"] is None


async def test_what_is_theirs_is_found_without_reading_all_that_there_is(
    store: Store, people: People
) -> None:
    """Each look for what is theirs goes by an index; a row is read where it may be theirs."""
    told: list[tuple[str, Any]] = []
    engine = await store.write(lambda connection: connection.engine)
    event.listen(engine, "before_cursor_execute", lambda *given: told.append((given[2], given[3])))
    await erased(store, people)
    looks = {
        sql: values
        for sql, values in told
        if re.match(rf"SELECT (DISTINCT )?({LARGE})\.", sql) and "WHERE calls.pbx = " not in sql
    }

    def plans(connection: Connection) -> set[str]:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # small tables are read whole
        how = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        found = [
            " ".join(map(str, connection.exec_driver_sql(f"{how} {sql}", values)))
            for sql, values in looks.items()
        ]
        whole = re.compile(rf"SCAN ({LARGE})\b(?! USING)|Seq Scan on ({LARGE})\b")
        assert [(plan, sql) for plan, sql in zip(found, looks, strict=True) if whole.search(plan)] == []
        return {name for plan in found for name in re.findall(r"\bix_\w+", plan)}

    used = await store.write(plans)
    if store.dialect == "postgresql":  # which of two small indexes it takes changes with its statistics
        return
    assert used >= {
        "ix_calls_caller",
        "ix_calls_elsewhere",
        "ix_tickets_customer",
        "ix_tickets_nobodys",
        "ix_outbox_subject",
        "ix_outbox_told",
        "ix_history_customer",
        "ix_promises_settled_tail",
        "ix_jobs_numbers",
    }


async def test_an_erasure_that_an_older_version_began_looks_for_calls_once_more(
    store: Store, people: People
) -> None:
    """Its place was one among all calls; the callers behind it have not been looked at."""
    await store.write(lambda c: privacy._begin(c, people.person, By(actor=MEI, now=clock()), also_open=True))
    table = desk.erasures

    def as_before(connection: Connection) -> None:
        state = load(connection.execute(select(table.c.state)).scalar_one())
        del state["beside"]
        old = state | {"step": "calls", "after": [PBX, call_id(9)]}
        connection.execute(table.update().values(state=dump(old)))

    await store.write(as_before)
    assert [one.finished for one in await privacy.resume(store, PLAN, clock)] == [True]
    assert [(table, secret) for table, secret in await found(store) if table in ("calls", "facts")] == []

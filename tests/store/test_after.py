"""What a transaction says is heard after its commit, and only then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, select

from callserver.facts import CallId, CallStarted
from callserver.store import after, call_tickets, promises, timeline
from callserver.store.call_tickets import OnTicket
from callserver.store.desk import outbox as outbox_table
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.outbox import Event
from callserver.store.rows import Batch
from callserver.tickets.promise import owed
from tests.store.of_tickets import ANNA, NOON, begin, done
from tests.store.samples import PBX


def heard(store: Store) -> list[Any]:
    said: list[Any] = []
    store.on_told(said.extend)
    return said


def says(*things: object) -> Any:
    def work(connection: Connection) -> None:
        for thing in things:
            after.say(connection, thing)

    return work


async def test_what_a_transaction_says_is_heard_in_its_order_before_its_caller_goes_on(store: Store) -> None:
    said = heard(store)
    await store.write(says(1, 2))
    assert said == [1, 2]
    await store.write(says(3))
    assert said == [1, 2, 3]


async def test_what_is_heard_is_committed(store: Store) -> None:
    ticket = await begin(store)
    seen = list[Any]()

    def listen(said: Sequence[Any]) -> None:
        seen.append(
            asyncio.ensure_future(store.read(lambda c: timeline.page(c, ticket.id, 1).entries[0].body))
        )

    store.on_told(listen)
    await store.write(lambda c: timeline.note(c, ticket.id, "there", ANNA, NOON))
    assert await seen[0] == {"text": "there"}


async def test_after_a_rollback_nobody_hears_anything_and_nothing_is_left_for_the_next(store: Store) -> None:
    said = heard(store)

    def fails(connection: Connection) -> None:
        after.say(connection, "never")
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(fails)
    await store.write(says("later"))
    assert said == ["later"]


async def test_whoever_is_cancelled_while_it_commits_is_heard_all_the_same(store: Store) -> None:
    said = heard(store)
    writing = asyncio.create_task(store.write(says("done")))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.close()  # which waits for it
    assert said == ["done"]


async def test_two_who_write_at_once_are_told_apart(store: Store) -> None:
    together = list[list[Any]]()
    store.on_told(lambda said: together.append(list(said)))
    await asyncio.gather(*(store.write(says((one, 1), (one, 2))) for one in range(8)))
    assert sorted(together) == [[(one, 1), (one, 2)] for one in range(8)]


async def test_a_listener_that_fails_disturbs_neither_the_writer_nor_the_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Sequence[Any]) -> None:
        raise RuntimeError("mine")

    store.on_told(broken)
    said = heard(store)
    with caplog.at_level(logging.ERROR):
        await store.write(says(1))
    assert said == [1]
    assert "somebody who listens" in caplog.text


async def test_who_has_stopped_listening_hears_no_more(store: Store) -> None:
    said = list[Any]()
    stop = store.on_told(said.extend)
    stop()
    await store.write(says(1))
    assert said == []


async def test_who_only_looks_says_nothing(store: Store) -> None:
    said = heard(store)
    await store.read(says(1))
    assert said == []


async def test_events_are_heard_where_no_webhook_wants_them(store: Store) -> None:
    said = heard(store)
    ticket = await begin(store)
    await done(store, promises.owe, owed("watch", ticket.id, NOON), NOON)
    types = [one.type for one in said if isinstance(one, Event)]
    assert types == ["callserver.ticket.opened", "callserver.promise.owed"]
    assert await store.read(lambda c: c.execute(select(outbox_table)).all()) == []


async def test_a_call_that_got_its_ticket_or_another_is_heard(store: Store) -> None:
    said = heard(store)
    first, second = await begin(store), await begin(store)
    call = CallId("main:1.1")
    await store.write(lambda c: call_tickets.put(c, call, first.id, "in: stranger", NOON))
    assert not await store.write(lambda c: call_tickets.put(c, call, second.id, "in: stranger", NOON))
    await store.write(lambda c: call_tickets.move_call(c, call, second.id, ANNA, NOON))
    await store.write(lambda c: call_tickets.take_off(c, call))
    on = [one for one in said if isinstance(one, OnTicket)]
    assert on == [OnTicket(call, first.id), OnTicket(call, second.id), OnTicket(call, None)]


async def test_facts_are_written_without_a_word(store: Store, journal: Journal) -> None:
    """The hub hears facts before they are on disk; what is said here is about the desk."""
    said = heard(store)
    fact = CallStarted(pbx=PBX, at=NOON, call=CallId(f"{PBX}:1.1"), direction="inbound")
    await journal.append(Batch(facts=(fact,)))
    assert said == []

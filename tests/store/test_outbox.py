"""What the world outside is to hear of: one row an event and webhook that wants it, and what is not yet there."""

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from callserver.store import outbox, text
from callserver.store.desk import outbox as table
from callserver.store.desk import webhooks
from callserver.store.engine import Store
from callserver.store.outbox import Event, Pending

AT = 1_795_000_000_000


def event(key: str = "ticket:17:v3", **more: Any) -> Event:
    told: dict[str, Any] = {
        "type": "callserver.ticket.changed",
        "subject": "ticket:17",
        "at": AT,
        "body": {"a": 1},
    }
    return Event(key=key, **{**told, **more})


async def listening(store: Store, *patterns: str, state: str = "on") -> int:
    """A webhook as `tell` sees it."""
    record = text.dump({"events": patterns})
    new = insert(webhooks).values(version=1, state=state, failures=0, record=record).returning(webhooks.c.id)
    return await store.write(lambda c: c.execute(new).scalar_one())


async def told(store: Store, *events: Event, now: int = AT) -> None:
    def tell(connection: Connection) -> None:
        for one in events:
            outbox.tell(connection, one, now=now)

    await store.write(tell)


async def rows(store: Store) -> list[Any]:
    return list(await store.read(lambda c: c.execute(select(table).order_by(table.c.id)).all()))


async def test_where_nobody_listens_nothing_is_put_down(store: Store):
    await told(store, event())
    assert await rows(store) == []


async def test_every_webhook_that_wants_the_type_has_a_row(store: Store):
    everything, tickets = await listening(store, "*"), await listening(store, "callserver.ticket.*")
    await listening(store, "callserver.promise.*", "callserver.ticket.status")
    await told(store, event())
    assert [row.webhook_id for row in await rows(store)] == [everything, tickets]


async def test_a_paused_webhook_has_its_rows_put_down_and_one_that_is_off_has_none(store: Store):
    paused = await listening(store, "*", state="paused")
    await listening(store, "*", state="off")
    await told(store, event())
    assert [row.webhook_id for row in await rows(store)] == [paused]


async def test_an_event_told_twice_is_one_row(store: Store):
    await listening(store, "*")
    await told(store, event(), event(body={"a": 2}))
    await told(store, event())
    assert [row.body for row in await rows(store)] == ['{"a":1}']


async def test_what_was_told_in_a_transaction_that_failed_was_never_told(store: Store):
    await listening(store, "*")

    def failing(connection: Any) -> None:
        outbox.tell(connection, event())
        raise RuntimeError("after all not")

    with pytest.raises(RuntimeError):
        await store.write(failing)
    assert await rows(store) == []


async def test_the_databases_clock_says_when_it_was_put_down(store: Store):
    await listening(store, "*")
    before = await store.now()
    await store.write(lambda c: outbox.tell(c, event()))
    assert before <= (await rows(store))[0].queued_at <= await store.now()


HOSTILE = "\x00\ud800 =cmd()\r\n<script>\u202e" + "x" * 10_000


async def test_hostile_texts_are_put_down_safely(store: Store):
    await listening(store, "*")
    hostile = event(HOSTILE, subject=HOSTILE, body={HOSTILE: [HOSTILE]})
    await told(store, hostile, hostile)
    (row,) = await rows(store)
    assert "\x00" not in row.event + row.subject + row.body
    assert text.load(row.body) == {text.storable(HOSTILE): [text.storable(HOSTILE)]}
    assert (await store.read(lambda c: outbox.pending(c, HOSTILE))).count == 1


async def test_pending_says_how_much_of_a_subject_is_not_there_yet_and_since_when(store: Store):
    await listening(store, "*")
    await listening(store, "*")
    await told(store, event("a"), now=AT)
    await told(store, event("b"), event("c", subject="ticket:18"), now=AT + 5_000)
    assert await store.read(lambda c: outbox.pending(c, "ticket:17")) == Pending(count=4, since=AT)
    found = await store.read(lambda c: outbox.pending_of(c, ["ticket:17", "ticket:18", "ticket:19"]))
    assert found == {"ticket:17": Pending(count=4, since=AT), "ticket:18": Pending(count=2, since=AT + 5_000)}
    assert await store.read(lambda c: outbox.pending_of(c, [])) == {}


async def test_what_is_there_is_not_pending_and_what_is_dead_is_counted_for_itself(store: Store):
    await listening(store, "*")
    await told(store, event("a"), event("b"), event("c"))
    await store.write(lambda c: c.execute(update(table).where(table.c.event == "a").values(done_at=AT)))
    await store.write(lambda c: c.execute(update(table).where(table.c.event == "b").values(dead_at=AT)))
    assert await store.read(lambda c: outbox.pending(c, "ticket:17")) == Pending(count=1, since=AT, dead=1)


@pytest.mark.parametrize(
    ("patterns", "type_", "wanted"),
    [
        (["*"], "callserver.call.ended", True),
        (["callserver.call.ended"], "callserver.call.ended", True),
        (["callserver.call.*"], "callserver.call.ended", True),
        (["callserver.ticket.*"], "callserver.call.ended", False),
        (["callserver.call"], "callserver.call.ended", False),
        ([], "callserver.call.ended", False),
    ],
)
def test_a_pattern_is_a_type_or_the_begin_of_one(patterns, type_, wanted):
    assert outbox.wants(patterns, type_) is wanted

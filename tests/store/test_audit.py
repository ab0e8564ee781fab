"""Whoever did something is noted, in a chain in which every line that was touched shows."""

import asyncio
from functools import partial

from sqlalchemy import Connection, select

from callserver.facts import Actor
from callserver.store import audit, desk
from callserver.store.engine import Store
from tests.store.samples import MORNING

MEI = Actor(name="mei", through="screen")


async def lines(store: Store) -> list[dict[str, object]]:
    wanted = select(desk.audit).order_by(desk.audit.c.seq)
    return [dict(row._mapping) for row in await store.read(lambda c: c.execute(wanted).all())]


async def test_notes_are_numbered_and_each_is_sealed_with_the_one_before(store: Store) -> None:
    def work(connection: Connection) -> None:
        audit.note(connection, MEI, "customer.read", "customer:17", {}, MORNING)
        audit.note(connection, MEI, "customer.change", "customer:17", {"fields": ["name"]}, MORNING)

    await store.write(work)
    await store.write(lambda c: audit.note(c, MEI, "ticket.read", "ticket:4", {}, MORNING + 5))
    found = await lines(store)
    assert [(line["seq"], line["action"], line["detail"]) for line in found] == [
        (1, "customer.read", "{}"),
        (2, "customer.change", '{"fields":["name"]}'),
        (3, "ticket.read", "{}"),
    ]
    hashes = [audit.START, *(line["hash"] for line in found)]
    assert [audit.sealed(str(before), line) for before, line in zip(hashes, found, strict=False)] == hashes[
        1:
    ]


async def test_what_was_rolled_back_is_not_noted(store: Store) -> None:
    class Changed(Exception):
        pass

    def work(connection: Connection) -> None:
        audit.note(connection, MEI, "customer.read", "customer:1", {}, MORNING)
        raise Changed

    for _ in range(2):
        try:
            await store.write(work)
        except Changed:
            continue
    await store.write(lambda c: audit.note(c, MEI, "ticket.read", "ticket:4", {}, MORNING))
    assert [line["subject"] for line in await lines(store)] == ["ticket:4"]


async def test_writers_side_by_side_do_not_fork_the_chain(store: Store) -> None:
    def work(number: int, connection: Connection) -> None:
        for part in range(3):
            audit.note(connection, MEI, "customer.read", f"customer:{number}", {"part": part}, MORNING)

    await asyncio.gather(*(store.write(partial(work, number)) for number in range(20)))
    found = await lines(store)
    assert [line["seq"] for line in found] == list(range(1, 61))
    assert {line["subject"] for line in found} == {f"customer:{number}" for number in range(20)}

"""A switch that another node follows, on the screens of this one."""

from __future__ import annotations

from callserver.calls.floor import Floor
from callserver.node.looking_on import LookingOn
from callserver.push.hub import Hub
from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from tests.node.fakes import PBX, events
from tests.push.test_screen import comparable


async def test_a_node_that_stands_by_shows_what_the_other_writes(store: Store):
    lease = await leases.acquire(store, leases.lease_of(PBX), "a", 10.0, node="a")
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    floor, here, there = Floor(PBX), Hub("a"), Hub("b")
    here.begin(PBX)
    looking_on = LookingOn(store, PBX, there)
    await looking_on.look()
    heard = events("blind-to-queue")
    for begin in range(0, len(heard), 10):
        told = [fact for event in heard[begin : begin + 10] for fact in floor.feed(event)]
        here.feed(PBX, told)
        if told:
            changes = floor.take_changes()
            await journal.append(
                Batch(facts=tuple(told), records=tuple(changes.records), seen_at=heard[begin].at)
            )
        await looking_on.look()
        shown, written = comparable(there.screen), comparable(here.screen)
        assert {**shown, "switches": {}} == {**written, "switches": {}}
    assert there.screen.snapshot()["agents"]
    await journal.close(1.0)

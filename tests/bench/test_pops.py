"""What the measurement of pops sends and looks for is what our server understands and says."""

from __future__ import annotations

from bench import ami, archive
from bench.pop_readers import _CALLED, _POP
from bench.pop_switch import AGENTS, QUEUE, Callers, interface_of
from bench.pops import compare
from callserver.ami import wire
from callserver.calls.floor import Floor
from callserver.push import wire as push_wire

CUSTOMERS = 50


async def at_once(_: float) -> None:
    """No wait in a test."""


async def rung() -> tuple[Callers, list[bytes]]:
    """Some calls, as fast as the switch of the measurement can say them."""
    callers, said = Callers(CUSTOMERS, sleep=at_once), list[bytes]()
    await callers.ring(20_000, 0.02, said.append)
    return callers, said


async def test_every_call_is_understood_and_rings_one_agent() -> None:
    callers, said = await rung()
    floor = Floor(ami.PBX)
    heard = [item for item in wire.read(said) if not isinstance(item, wire.Reply)]
    assert callers.events == len(said)
    for event in heard:
        floor.feed(event)
    records = list(floor.scene.book.records.values())
    assert len(records) == len(callers.sent) > 2
    assert {record.outcome for record in records} == {"answered"}
    assert {visit.queue for record in records for visit in record.visits} == {QUEUE}
    numbers = {archive.number_of(place)[3:] for place in range(1, CUSTOMERS + 1)}
    assert {record.caller_number for record in records} <= numbers
    assert {interface for _, interface in callers.sent} <= {interface_of(agent) for agent in range(AGENTS)}


async def test_the_floor_sees_the_same_phones_ring() -> None:
    callers, said = await rung()
    found = [called for one in said if (called := _CALLED.match(one)) is not None]
    assert {(called[1].decode(), called[2].decode()) for called in found} == set(callers.sent)


def test_a_browser_of_the_measurement_knows_a_pop_when_it_sees_one() -> None:
    body = push_wire.body({"type": "pop", "key": "main/PJSIP/4007|main:1795.4200", "value": {}})
    found = _POP.match(push_wire.numbered(17, body).decode())
    assert found is not None
    assert found.groups() == ("17", "PJSIP/4007", "1795.4200")


def test_pops_that_never_came_are_counted_and_not_timed() -> None:
    sent = {("1.1", "a"): 1_000_000_000, ("1.2", "b"): 5}
    assert compare(sent, {("1.1", "a"): 1_002_000_000}) == ([0.002], 1)

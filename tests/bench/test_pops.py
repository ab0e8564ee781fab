"""What the measurement of pops sends and looks for is what our server understands and says."""

from __future__ import annotations

import asyncio

from websockets import Subprotocol
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websockets_serve
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from bench import ami, archive
from bench.pop_readers import _CALLED, _POP, Browser, Received, cut
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
    found = _POP.match(push_wire.numbered(17, body))
    assert found is not None
    assert found.groups() == (b"17", b"PJSIP/4007", b"1795.4200")


def test_frames_are_cut_wherever_a_read_ends() -> None:
    texts = [b"", b"short", b"x" * 126, b"y" * 70_000, b"last"]
    protocol = ServerProtocol(state=OPEN)
    for one in texts:
        protocol.send_text(one)
    sent = b"".join(protocol.data_to_send())
    assert cut(sent) == ([(1, one) for one in texts], b"")
    found, rest = [], b""
    for begin in range(0, len(sent), 997):
        whole, rest = cut(rest + sent[begin : begin + 997])
        found += whole
    assert (found, rest) == ([(1, one) for one in texts], b"")


async def test_a_browser_of_the_measurement_acknowledges_a_pop_at_once_and_answers_pings() -> None:
    body = push_wire.body(
        {"type": "pop", "key": "main/PJSIP/4007|main:1795.4200", "value": {"a": "b" * 7_000}}
    )
    asked = asyncio.get_running_loop().create_future()

    async def serve(connection: ServerConnection) -> None:
        assert connection.request is not None
        await connection.send(push_wire.numbered(17, body).decode())
        said = await connection.recv()
        await (await connection.ping())
        asked.set_result((connection.request.path, connection.request.headers["Cookie"], said))

    async with websockets_serve(serve, "127.0.0.1", 0, subprotocols=[Subprotocol("callserver.v1")]) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"ws://127.0.0.1:{port}/api/v1/stream"
        browser = await asyncio.to_thread(Browser.opened, url, f"http://127.0.0.1:{port}", "biscuit")
        received: Received = {}
        while await asyncio.to_thread(browser.hear, received):
            pass
        browser.socket.close()
    assert await asked == ("/api/v1/stream", "callserver=biscuit", '{"type":"ack","seq":17}')
    assert list(received) == [("1795.4200", "PJSIP/4007")]


def test_pops_that_never_came_are_counted_and_not_timed() -> None:
    sent = {("1.1", "a"): 1_000_000_000, ("1.2", "b"): 5}
    assert compare(sent, {("1.1", "a"): 1_002_000_000}) == ([0.002], 1)

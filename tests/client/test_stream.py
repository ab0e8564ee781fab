"""The client's connection: against a server that is told what to say, and against the real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from callserver.client.errors import Misread, Refused, SignedOut, Unreachable
from callserver.client.stream import ACK_S, CALM_ACK_S, LONGEST_WAIT_S, PROTOCOL, Stream, wait_s

Script = Callable[[ServerConnection], Awaitable[None]]
SNAPSHOT = {"type": "snapshot", "seq": 1, "screen": {}}


class Server:
    """A server that plays one script for each connection, and keeps what it was asked."""

    def __init__(self, scripts: list[Script]) -> None:
        self.scripts = iter(scripts)
        self.paths: list[str] = []
        self.heard: list[Any] = []
        self.url = ""

    async def play(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        assert request.headers["Authorization"] == "Bearer t0k3n"
        self.paths.append(request.path)
        await next(self.scripts)(connection)


@asynccontextmanager
async def server(*scripts: Script, **more: Any) -> AsyncIterator[Server]:
    playing = Server(list(scripts))
    async with serve(playing.play, "127.0.0.1", 0, subprotocols=[PROTOCOL], **more) as listening:
        playing.url = f"ws://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}/api/v1/stream"
        yield playing


def says(*bodies: Any, code: int = 1001, why: str = "the server is stopping", hold: bool = False) -> Script:
    """Say this, and close; hold: wait until the other side goes."""

    async def script(connection: ServerConnection) -> None:
        for body in bodies:
            await connection.send(body if isinstance(body, str | bytes) else json.dumps(body))
        if hold:
            await connection.wait_closed()
        await connection.close(code, why)

    return script


def hello(stream: str = "s1", *, resumed: bool = False) -> dict[str, Any]:
    return {"type": "hello", "stream": stream, "resumed": resumed}


def notice(seq: int) -> dict[str, Any]:
    return {"type": "notice", "seq": seq, "key": "k", "value": None}


async def at_once(_: float) -> None:
    """No wait in a test."""


async def heard(url: str, enough: int, **more: Any) -> list[str]:
    """What a reader is told, as `notice 2`, until it has enough."""
    stream, said = Stream(url, "t0k3n", chance=lambda: 0.0, sleep=at_once), []
    async for body in stream.listen(**more):
        said.append(f"{body['type']} {body.get('seq', '')}".strip())
        if len(said) == enough:
            await stream.close()
    return said


async def test_it_goes_on_where_it_was() -> None:
    first, second = says(hello(), SNAPSHOT, notice(2)), says(hello(resumed=True), notice(3), hold=True)
    async with server(first, second) as playing:
        told = await heard(playing.url, 6)
    assert told == ["hello", "snapshot 1", "notice 2", "lost", "hello", "notice 3"]
    assert playing.paths == ["/api/v1/stream", "/api/v1/stream?stream=s1&seq=2"]


async def test_a_server_that_cannot_go_on_gives_a_fresh_snapshot() -> None:
    async with server(
        says(hello(), SNAPSHOT, notice(2)),
        says(hello("s2"), SNAPSHOT, notice(2)),
        says(hello("s2", resumed=True)),
    ) as playing:
        told = await heard(playing.url, 9)
    assert told[3:7] == ["lost", "hello", "snapshot 1", "notice 2"]
    assert playing.paths[2].endswith("?stream=s2&seq=2")


async def test_a_missing_number_means_a_fresh_snapshot_and_a_double_one_nothing() -> None:
    gap = says(hello(), SNAPSHOT, notice(1), notice(2), notice(4), hold=True)
    async with server(gap, says(hello("s2"), SNAPSHOT, hold=True)) as playing:
        told = await heard(playing.url, 6)
    assert told == ["hello", "snapshot 1", "notice 2", "lost", "hello", "snapshot 1"]
    assert playing.paths[1] == "/api/v1/stream"


async def test_a_message_is_acknowledged_once_the_next_one_is_asked_for() -> None:
    acks: asyncio.Queue[int] = asyncio.Queue()

    async def script(connection: ServerConnection) -> None:
        for body in (hello(), SNAPSHOT, notice(2), notice(3)):
            await connection.send(json.dumps(body))
        async for word in connection:
            acks.put_nowait(json.loads(word)["seq"])

    async with server(script) as playing:
        stream = Stream(playing.url, "t0k3n")
        bodies = stream.listen()
        for seen in (0, 1, 2):
            await anext(bodies)
            if seen == 2:  # it has the message with number 2 in its hands
                assert await asyncio.wait_for(acks.get(), 60) == 1
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(acks.get(), 3 * ACK_S)
        await anext(bodies)
        assert await asyncio.wait_for(acks.get(), 60) == 2
        await bodies.aclose()


async def test_a_pop_is_acknowledged_at_once_and_everything_before_it_with_it() -> None:
    acks: list[tuple[float, int]] = []
    clock = asyncio.get_running_loop().time

    async def script(connection: ServerConnection) -> None:
        pop = {"type": "pop", "seq": 3, "key": "main/PJSIP/1001|main:1.1", "value": {}}
        for body in (hello(), SNAPSHOT, notice(2), pop):
            await connection.send(json.dumps(body))
        async for word in connection:
            acks.append((clock(), json.loads(word)["seq"]))
            if len(acks) == 2:
                await connection.close()
            else:
                await connection.send(json.dumps(notice(4)))

    async with server(script) as playing:
        await heard(playing.url, 6)
    (at_once, first), (later, last) = acks
    assert (first, last) == (3, 4)
    assert later - at_once > CALM_ACK_S / 2


async def test_acknowledgements_are_gathered() -> None:
    acks: list[int] = []

    async def script(connection: ServerConnection) -> None:
        for body in (hello(), SNAPSHOT, *(notice(seq) for seq in range(2, 500))):
            await connection.send(json.dumps(body))
        async for word in connection:
            acks.append(json.loads(word)["seq"])
            if acks[-1] == 499:
                await connection.close()

    async with server(script) as playing:
        await heard(playing.url, 501)
    assert acks[-1] == 499
    assert len(acks) < 250


async def test_the_numbers_of_an_old_stream_are_not_acknowledged_on_a_new_one() -> None:
    words: list[Any] = []

    async def second(connection: ServerConnection) -> None:
        await connection.send(json.dumps(hello("s2")))
        with pytest.raises(TimeoutError):
            words.append(await asyncio.wait_for(connection.recv(), 0.2))
        await connection.send(json.dumps(SNAPSHOT))
        words.append(await connection.recv())
        await connection.close()

    async with server(says(hello(), SNAPSHOT, *map(notice, range(2, 50))), second) as playing:
        await heard(playing.url, 54)
    assert [json.loads(word)["seq"] for word in words] == [1]


@pytest.mark.parametrize(
    ("code", "error"),
    [(4401, SignedOut), (4400, Refused), (4429, Refused), (1009, Refused)],
)
async def test_what_would_only_happen_again_is_not_tried_again(code: int, error: type[Exception]) -> None:
    async with server(says(hello(), SNAPSHOT, code=code, why="because")) as playing:
        with pytest.raises(error, match="because"):
            await heard(playing.url, 99)


@pytest.mark.parametrize("said", ["nonsense", "[]", '"x"', "{}", b"\x00\xff", '{"type":5}', "", "9" * 5000])
async def test_nonsense_is_not_taken_for_a_message(said: str | bytes) -> None:
    async with server(says(hello(), said)) as playing:
        with pytest.raises(Misread):
            await heard(playing.url, 99)


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[..., Response]:
    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, "")
        response.body = body
        for name in ("Content-Length", "Content-Type"):
            response.headers.pop(name, None)
        response.headers["Content-Length"] = str(len(body))
        response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return response

    return answer


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, SignedOut, "revoked"),
        (403, Refused, "revoked"),
        (404, Refused, "revoked"),
        (503, Unreachable, "503: revoked"),
        (429, Unreachable, "429: revoked"),
    ],
)
async def test_a_refusal_says_why(status: int, error: type[Exception], said: str) -> None:
    body = b'{"title":"No","detail":"revoked"}'
    async with server(process_request=answering(status, body)) as playing:
        with pytest.raises(error, match=said):
            await heard(playing.url, 1)


async def test_something_else_behind_the_address_is_called_so() -> None:
    async with server(process_request=answering(200, b"<h1>It works</h1>")) as playing:
        with pytest.raises(Refused, match="no callserver"):
            await heard(playing.url, 1)


async def test_nobody_there_is_said_or_waited_for() -> None:
    async with server() as gone:
        pass
    with pytest.raises(Unreachable):
        await heard(gone.url, 1)
    assert await heard(gone.url, 3, patient=True) == ["lost", "lost", "lost"]


async def test_the_server_is_left_alone_for_as_long_as_it_asks() -> None:
    async with server(process_request=answering(429, Retry_After="60")) as playing:
        stream = Stream(playing.url, "t0k3n", sleep=at_once)
        bodies = stream.listen(patient=True)
        assert (await anext(bodies))["again_s"] == 60.0
        await bodies.aclose()


def test_waits_grow_to_a_bound_and_are_not_the_same_for_everybody() -> None:
    assert [wait_s(tries, 1.0) for tries in (0, 1, 2)] == [0.25, 0.5, 1.0]
    assert wait_s(10_000, 1.0) == LONGEST_WAIT_S
    assert wait_s(3, 0.0) == wait_s(3, 1.0) / 2

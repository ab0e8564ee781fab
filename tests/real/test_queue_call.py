"""Calls through the queue of a real switch, as callserver tells them over HTTP; the newest Asterisk and the oldest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from tests.real.comparing import everything_is_on_record
from tests.real.stages import AGENTS, Desk, desk
from tests.rig.phones import OUTSIDE, Customer
from tests.rig.scenarios import HOTLINE
from tests.rig.scenarios_odd import HOSTILE_NAMES
from tests.rig.service import PROGRAM, Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
WANG = Customer(number="13800138000", display="王小明")


@dataclass(slots=True)
class Watched:
    """A desk, and the callserver beside it."""

    desk: Desk
    service: Service

    def of(self, number: str) -> list[dict[str, Any]]:
        return self.service.calls(f"caller_number = '{number}'")

    async def talks(self, number: str) -> dict[str, Any]:
        """Waits until an agent talks with this customer; the record then."""

        def talking() -> bool:
            return any(visit["agent"] for call in self.of(number) for visit in call["queue_visits"])

        await self.service.until(talking, 60, f"{number} to talk")
        return self.of(number)[-1]

    async def all_over(self, calls: int) -> None:
        """Waits until so many calls are on record, every one of them ended."""
        service = self.service
        what = f"{calls} calls to be over on record"
        await service.until(lambda: service.count() == calls and service.open_calls() == 0, 60, what)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["asterisk_22", "asterisk_16"])
async def watched(request: pytest.FixtureRequest, sipp: list[str]) -> AsyncIterator[Watched]:
    async with desk(request.getfixturevalue(request.param)) as stage, Service(stage.switch) as service:
        yield Watched(stage, service)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def call(watched: Watched) -> dict[str, Any]:
    """The first call there: an agent answered it, the customer hung up. Its record."""
    await watched.desk.phones.call(WANG)
    await watched.talks(WANG.number)
    await watched.desk.hang_up(WANG.number)
    await watched.all_over(1)
    return watched.service.calls()[0]


async def test_a_call_is_on_record_as_the_switch_wrote_it_down(
    watched: Watched, call: dict[str, Any]
) -> None:
    (visit,) = call["queue_visits"]
    assert (call["caller_number"], call["caller_name"], call["dialed"]) == (
        WANG.number,
        WANG.display,
        HOTLINE,
    )
    assert (call["direction"], call["outcome"], call["sources"]) == ("inbound", "answered", ["ami"])
    assert (visit["queue"], visit["end"]) == ("hotline", "answered")
    assert visit["agent"]["interface"].removeprefix("PJSIP/") in AGENTS
    assert [ring["result"] for ring in visit["rings"]] == ["answered"]
    assert call["started_at"] < call["answered_at"] < call["ended_at"]
    assert not call["gap"]
    await everything_is_on_record(watched.desk.switch, watched.service)


async def test_the_api_shows_it_to_whoever_knows_the_token(watched: Watched, call: dict[str, Any]) -> None:
    service = watched.service
    assert service.ask(f"calls/{call['id']}").items() >= call.items()
    assert service.ask(f"calls?number={WANG.number}&queue=hotline&open=false")["calls"] == [call]
    for token in (None, "another"):
        answer = service.get(f"/api/v1/calls/{call['id']}", token=token)
        assert answer.status == 401
        assert WANG.number not in answer.text


async def test_the_service_says_how_it_is(watched: Watched, call: dict[str, Any]) -> None:
    service = watched.service
    assert service.get("/healthz").json["alive"]
    ready = service.get("/readyz").json
    assert ready["ready"]
    assert {"database", "asterisk main"} <= {check["name"] for check in ready["checks"]}
    metrics = {
        sample.name: sample.value
        for family in text_string_to_metric_families(service.get("/metrics").text)
        for sample in family.samples
        if sample.labels in ({}, {"pbx": "main"})
    }
    assert metrics["callserver_ready"] == metrics["callserver_link_up"] == 1
    assert metrics["callserver_calls_ended_total"] >= 1
    assert metrics["callserver_facts_total"] > 0


async def test_the_floor_is_watched_from_a_terminal(watched: Watched, call: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{watched.service.web}"
    terminal = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "watch", "--once", "--url", url, "--token-file", "-"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    shown, _ = await terminal.communicate(watched.service.token.encode())
    assert terminal.returncode == 0
    assert b"hotline" in shown


async def test_a_hostile_name_stays_a_name(watched: Watched, call: dict[str, Any]) -> None:
    service, before = watched.service, watched.service.count()
    for name in HOSTILE_NAMES:
        await watched.desk.phones.call(Customer(number="13900139000", display=name, stay_ms=1000))
    await watched.all_over(before + len(HOSTILE_NAMES))
    told = service.get("/api/v1/calls?number=13900139000", token=service.token)
    assert sorted(one["caller_name"] for one in told.json["calls"]) == sorted(HOSTILE_NAMES)
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert list(text_string_to_metric_families(service.get("/metrics").text))
    for page in map(service.get, ("/status", "/metrics", "/healthz", "/readyz")):
        assert page.status == 200
        assert not [name for name in (*HOSTILE_NAMES, "<script", "13900139000") if name in page.text]
    await everything_is_on_record(watched.desk.switch, service)


async def test_a_hostile_number_cannot_end_the_call_of_another(
    watched: Watched, call: dict[str, Any]
) -> None:
    service, before = watched.service, watched.service.count()
    await watched.desk.calls("13700137000")
    victim = await watched.talks("13700137000")
    leg = victim["legs"][0]["leg"]
    forged = (
        f"1%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%20{leg}",
        "138%0d%0aEvent%3a%20Hangup%0d%0aX",
        "138%0a%0aEvent%3a%20Shutdown",
        f"1%0a1795000000%7c{leg}%7chotline%7cNONE%7cABANDON%7c1%7c1%7c9",
    )
    for number in forged:
        await watched.desk.phones.call(Customer(from_line=f"<sip:{number}@{OUTSIDE}>", stay_ms=500))
    others = f"not open and call_id <> '{victim['id']}'"
    await service.until(
        lambda: len(service.calls(others)) == before + len(forged), 60, "the forgers to be gone"
    )
    assert service.ready
    assert watched.of("13700137000")[0]["open"]
    await watched.desk.hang_up("13700137000")
    await watched.all_over(before + 1 + len(forged))
    assert watched.of("13700137000")[0]["outcome"] == "answered"
    assert not any(character in one["caller_number"] for one in service.calls() for character in "\r\n")
    await everything_is_on_record(watched.desk.switch, service)

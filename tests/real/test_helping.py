"""A supervisor's help on a real switch, checked by sound: who hears whom while somebody listens, whispers, barges in.

The customer plays 440 Hz, the agent 700, the supervisor 1000; what reaches each phone is measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.rig import provision
from tests.rig.asterisk import LOOPBACK, Asterisk
from tests.rig.ears import Ear, HearingPhones
from tests.rig.phones import Customer
from tests.rig.scenarios import WANG, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

CUSTOMER_HZ, AGENT_HZ, BOSS_HZ = TONES = (440, 700, 1000)
SEAT = {"pbx": "main", "interface": f"PJSIP/{WANG}"}


@dataclass(slots=True)
class Floor:
    """The switch, phones that play and hear, the callserver beside it."""

    switch: Asterisk
    phones: HearingPhones
    service: Service

    async def does(self, path: str, **body: Any) -> str:
        """What the switch did, in one word."""
        url = f"http://{LOOPBACK}:{self.service.web}/api/v1/{path}"
        headers = {"Authorization": f"Bearer {self.service.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as answer,
        ):
            told = await answer.json()
            assert answer.status == 200, told
            assert told["outcome"] in ("done", "refused"), told
            return str(told["code"])

    async def listens(self, call: str, mode: str) -> str:
        return await self.does(f"floor/calls/{call}/listen", mode=mode, seat=SEAT)

    async def hear(self, *, customer: set[int], agent: set[int], boss: set[int]) -> None:
        """Each hears exactly these of the three tones."""
        for who, wanted in (("caller", customer), (ZHANG, agent), (WANG, boss)):
            await self.ear(who).until_hears(wanted, TONES)

    def ear(self, who: str) -> Ear:
        return self.phones.ears[who]

    def open(self) -> list[dict[str, Any]]:
        return list(self.service.calls("open"))

    def waiting(self) -> dict[str, str]:
        """Who waits where: number -> queue."""
        return {
            call["caller_number"]: visit["queue"]
            for call in self.open()
            for visit in call["queue_visits"]
            if visit["end"] is None
        }

    async def silence(self) -> None:
        await self.switch.rx("channel request hangup all")
        await self.service.until(lambda: self.service.open_calls() == 0, 60, "every call to be over")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Floor]:
    tones = {"caller": CUSTOMER_HZ, ZHANG: AGENT_HZ, WANG: BOSS_HZ}
    async with (
        Asterisk(stage_plan(hotline(), repair()), software=asterisk_22) as switch,
        HearingPhones(switch, tones) as phones,
        Service(switch) as service,
    ):
        for phone in (ZHANG, WANG):
            await phones.answers(phone, ring_ms=200)
            await phones.register(phone)
        yield Floor(switch, phones, service)


async def test_who_listens_hears_both_who_whispers_is_heard_by_one_and_who_barges_in_by_both(
    floor: Floor,
) -> None:
    await floor.phones.call(Customer())
    await floor.service.until(lambda: any(call["talks"] for call in floor.open()), 60, "them to talk")
    (call,) = floor.open()
    both = {CUSTOMER_HZ, AGENT_HZ}
    assert await floor.listens(call["id"], "listen") == "listening"
    await floor.hear(customer={AGENT_HZ}, agent={CUSTOMER_HZ}, boss=both)
    assert await floor.listens(call["id"], "whisper") == "listening"
    await floor.hear(customer={AGENT_HZ}, agent={CUSTOMER_HZ, BOSS_HZ}, boss=both)
    assert await floor.listens(call["id"], "barge") == "listening"
    await floor.hear(customer={AGENT_HZ, BOSS_HZ}, agent={CUSTOMER_HZ, BOSS_HZ}, boss=both)
    assert await floor.does(f"floor/calls/{call['id']}/take_over", seat=SEAT) == "taken"
    await floor.ear(WANG).until_hears({CUSTOMER_HZ}, TONES)
    await floor.ear("caller").until_hears({BOSS_HZ}, TONES)
    await floor.silence()
    (story,) = floor.service.calls()
    assert [one["mode"] for one in story["listeners"]] == ["listen", "whisper", "barge"]
    assert [[party["interface"] for party in talk["with"]] for talk in story["talks"]] == [
        [f"PJSIP/{ZHANG}"],
        [f"PJSIP/{WANG}"],
    ]


async def test_a_line_that_listens_is_no_call_of_anybody_and_ends_with_the_agents(floor: Floor) -> None:
    before = {call["id"] for call in floor.service.calls()}
    await floor.phones.call(Customer(number="13900139000"))
    await floor.service.until(lambda: any(call["talks"] for call in floor.open()), 60, "them to talk")
    (call,) = floor.open()
    assert await floor.listens(call["id"], "listen") == "listening"
    await floor.service.until(lambda: bool(own_lines(floor)), 60, "the line that listens to be on record")
    (own,) = own_lines(floor)
    assert await floor.does("phone/hangup", call=own, seat=SEAT) == "done"
    await floor.service.until(lambda: floor.service.open_calls() == 1, 60, "nobody to listen")
    assert await floor.listens(call["id"], "listen") == "listening"
    assert await floor.does(f"floor/calls/{call['id']}/hang_up", why="a prank") == "done"
    await floor.service.until(lambda: floor.service.open_calls() == 0, 60, "every call to be over")
    told = {one["id"]: one for one in floor.service.calls() if one["id"] not in before}
    lines = [told.pop(id) for id in list(told) if "callserver-listen-" in id]
    assert [(line["shift"], line["answered"], line["talks"]) for line in lines] == [(True, False, [])] * 2
    assert len(told[call["id"]]["talks"]) == 1
    await floor.service.until(
        lambda: call["id"] in landed(floor), 60, "the customer's call to be on a ticket"
    )
    assert not {line["id"] for line in lines} & landed(floor)


def own_lines(floor: Floor) -> list[str]:
    """Calls that go on now by which somebody listens."""
    return [one["id"] for one in floor.open() if "callserver-listen-" in one["id"]]


def landed(floor: Floor) -> set[str]:
    """Calls that are on tickets."""
    return {str(row[0]) for row in floor.service.rows("SELECT call_id FROM call_tickets")}


async def test_who_waits_is_put_first_and_moved_and_is_no_abandoned_call(floor: Floor) -> None:
    await floor.switch.rx(f"queue pause member PJSIP/{ZHANG}")
    numbers = ("13800138001", "13800138002", "13800138003")
    for at, number in enumerate(numbers, 1):
        await floor.phones.call(Customer(number=number))
        await floor.service.until(lambda n=at: len(floor.waiting()) == n, 60, f"{number} to wait")  # type: ignore[misc]
    ids = {call["caller_number"]: call["id"] for call in floor.open()}
    assert await floor.does(f"floor/calls/{ids[numbers[2]]}/priority", priority=10) == "moved"
    shown = await floor.switch.rx("queue show hotline")
    callers = [line for line in shown.splitlines() if "wait:" in line]
    assert [", prio: 10" in line for line in callers] == [True, False, False]
    moved = await floor.does(f"floor/calls/{ids[numbers[1]]}/queue", queue="repair", in_front=True)
    assert moved == "queued"
    await floor.service.until(
        lambda: floor.waiting().get(numbers[1]) == "repair", 60, "them to wait in repair"
    )
    await floor.silence()
    story = next(one for one in floor.service.calls() if one["id"] == ids[numbers[1]])
    first = story["queue_visits"][0]
    assert (first["queue"], first["end"]) == ("hotline", "withdrawn")


def queues(floor: Floor) -> set[str]:
    """Which the API lists."""
    return {one["queue"] for one in floor.service.ask("queues")["queues"]}


async def test_a_queue_that_is_new_on_the_switch_or_gone_is_known_without_a_reconnect(floor: Floor) -> None:
    file = floor.switch.home / "etc" / "queues.conf"
    before = file.read_text(encoding="utf-8")
    file.write_text(f"{before}\n[fresh]\nstrategy = ringall\n", encoding="utf-8")
    await floor.switch.rx("module reload app_queue.so")
    await floor.service.until(lambda: "fresh" in queues(floor), 60, "the new queue to be listed")
    file.write_text(before, encoding="utf-8")
    await floor.switch.rx("module reload app_queue.so")
    await floor.service.until(lambda: "fresh" not in queues(floor), 60, "the queue to be gone")
    file.write_text(f"{before}\n[second]\nstrategy = ringall\n", encoding="utf-8")
    await floor.switch.rx("queue reload all")
    await floor.switch.rx(f"queue add member PJSIP/{WANG} to second")  # `queue reload` itself says nothing
    await floor.service.until(lambda: "second" in queues(floor), 60, "its first member to show it")

"""The telephone on a real switch: every answer of the API is what the switch really did.

One switch, one callserver beside it; the last tests take the callserver, then the switch away.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.rig import provision
from tests.rig.asterisk import LOOPBACK, Asterisk
from tests.rig.phones import Customer, Phones, Sipp
from tests.rig.scenarios import LI, WANG, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

RING_S = 8
OUTSIDE = "02012345678"
CALLER = "13800138000"
LINES = {ZHANG: "PJSIP/1001", LI: "PJSIP/1002", WANG: "PJSIP/1003"}


@dataclass(slots=True)
class Hotline:
    """The switch, its phones, the callserver beside it, and whoever asks it."""

    switch: Asterisk
    phones: Phones
    service: Service
    standing: dict[str, Sipp] = field(default_factory=dict)

    async def stands(self, endpoint: str, how: str, **more: Any) -> None:
        """A phone that does so from now on, registered."""
        if endpoint in self.standing:
            await self.standing[endpoint].kill()
        self.standing[endpoint] = await getattr(self.phones, how)(endpoint, **more)
        await self.phones.register(endpoint)

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        url = f"http://{LOOPBACK}:{self.service.web}/api/v1/phone/{path}"
        headers = {"Authorization": f"Bearer {self.service.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as answer,
        ):
            told = await answer.json()
            assert answer.status == 200, told
            return dict(told)

    async def does(self, path: str, phone: str, **body: Any) -> tuple[str, str]:
        """What the switch did: the outcome and its code."""
        told = await self.post(path, seat={"pbx": "main", "interface": LINES[phone]}, **body)
        return told["outcome"], told["code"]

    async def talking(self, phone: str = ZHANG, number: str = CALLER) -> str:
        """A customer calls the hotline and is answered by this phone; the call's id."""
        await self.phones.call(Customer(number=number))
        await self.service.until(lambda: bool(self.talks(phone, "trunk")), 60, f"{phone} to talk")
        return str(self.talks(phone, "trunk")[0])

    def talks(self, *who: str) -> list[str]:
        """Calls in which all of these (a phone, the trunk) have a leg that is up, and nobody else has."""
        wanted = sorted(f"PJSIP/{one}" for one in who)
        return [
            call["id"]
            for call in self.service.calls("open")
            if sorted(leg["interface"] for leg in call["legs"] if _talks(leg)) == wanted
        ]

    def record(self, call: str) -> dict[str, Any]:
        return next(one for one in self.service.calls() if one["id"] == call)

    def queues(self, call: str) -> list[str]:
        """In which queues the caller has waited, in order."""
        return [visit["queue"] for visit in self.record(call)["queue_visits"]]

    async def until_talk(self, *who: str) -> None:
        await self.service.until(lambda: bool(self.talks(*who)), 60, f"{who} to talk")

    async def silence(self) -> None:
        """Everybody hangs up, and that is on record."""
        await self.switch.rx("channel request hangup all")
        await self.service.until(lambda: self.service.open_calls() == 0, 60, "every call to be over")

    async def pops(self) -> dict[str, Any]:
        """What the stream shows whoever begins to look now."""
        url = f"http://{LOOPBACK}:{self.service.web}/api/v1/stream"
        headers = {"Authorization": f"Bearer {self.service.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, headers=headers, protocols=("callserver.v1",)) as stream,
        ):
            while True:
                message = await stream.receive_json(timeout=60)
                if message["type"] == "snapshot":
                    return dict(message["screen"]["pops"])


def _talks(leg: dict[str, Any]) -> bool:
    return leg["up"] and not leg["over"] and not leg["interface"].startswith("Local/")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hot(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Hotline]:
    async with (
        Asterisk(stage_plan(hotline(), repair()), software=asterisk_22) as switch,
        Phones(switch, sound=False) as phones,
    ):
        service = Service(switch)
        settings = service.settings.read_text(encoding="utf-8")
        service.settings.write_text(f"{settings}\n[telephone]\nring_s = {RING_S}\n", encoding="utf-8")
        async with service:
            made = Hotline(switch, phones, service)
            await made.stands(ZHANG, "answers", ring_ms=200)
            await phones.outside_answers(ring_ms=200)
            yield made


async def test_a_click_rings_the_own_phone_and_then_the_number(hot: Hotline) -> None:
    clicks = [hot.does("calls", ZHANG, number="+86 20 1234 5678", name='王小明, "VIP"') for _ in range(3)]
    assert await asyncio.gather(*clicks) == [("done", "answered")] * 3
    await hot.until_talk(ZHANG, "trunk")
    (call,) = hot.service.calls()  # three clicks, one call
    assert (call["direction"], call["dialed"]) == ("outbound", OUTSIDE)
    assert call["legs"][0]["leg"].startswith("callserver-")
    assert await hot.does("calls", ZHANG, number=OUTSIDE) == ("refused", "in_a_call")
    assert await hot.does("hangup", ZHANG, call=call["id"]) == ("done", "done")
    await hot.service.until(lambda: hot.service.open_calls() == 0, 60, "the call to be over")
    assert hot.service.count() == 1


async def test_a_phone_that_does_not_take_the_call_says_why(hot: Hotline) -> None:
    assert await hot.does("calls", WANG, number=OUTSIDE) == ("refused", "unreachable")
    await hot.stands(LI, "rejects", code=486)
    assert await hot.does("calls", LI, number=OUTSIDE) == ("refused", "busy")
    await hot.stands(LI, "rejects", code=603)
    assert await hot.does("calls", LI, number=OUTSIDE) == ("refused", "declined")
    await hot.stands(LI, "never_answers")
    told = await hot.post("calls", number=OUTSIDE, seat={"pbx": "main", "interface": LINES[LI]})
    assert (told["outcome"], told["code"]) == ("refused", "no_answer")
    assert told["said"] == "PJSIP/1002 did not answer"
    assert hot.talks("trunk") == []


@pytest.mark.parametrize(
    ("number", "code"), [("110", "service_number"), ("+1 202 555 0100", "abroad"), ("9999", "no_extension")]
)
async def test_what_cannot_be_dialled_rings_nobody(hot: Hotline, number: str, code: str) -> None:
    before = hot.service.count()
    assert await hot.does("calls", ZHANG, number=number) == ("refused", code)
    assert hot.service.count() == before


async def test_a_caller_goes_to_another_queue_with_what_the_colleague_wrote(hot: Hotline) -> None:
    await hot.stands(LI, "answers", ring_ms=400)
    call = await hot.talking()
    note = "wants <b>Bob</b> =1+1"
    answer = await hot.does("transfers", ZHANG, call=call, how="blind", to={"queue": "repair"}, note=note)
    assert answer == ("done", "queued")
    await hot.until_talk(LI, "trunk")
    (pop,) = (await hot.pops()).values()
    assert (pop["interface"], pop["transfer"]["by"], pop["transfer"]["note"]) == (
        LINES[LI],
        LINES[ZHANG],
        note,
    )
    await hot.silence()


async def test_a_caller_goes_to_an_agent_and_to_a_number(hot: Hotline) -> None:
    call = await hot.talking()
    to_li = await hot.does("transfers", ZHANG, call=call, how="blind", to={"agent": LINES[LI]}, note="x")
    assert to_li == ("done", "ringing")
    await hot.until_talk(LI, "trunk")
    assert await hot.does("transfers", LI, call=call, how="blind", to={"number": OUTSIDE}) == (
        "done",
        "ringing",
    )
    await hot.until_talk("trunk", "trunk")
    await hot.silence()


async def test_a_caller_is_not_lost_to_an_extension_that_there_is_not(hot: Hotline) -> None:
    call = await hot.talking()
    for to in ({"queue": "nowhere"}, {"agent": "PJSIP/4711"}, {"number": "9999"}):
        for how in ("blind", "attended"):
            assert await hot.does("transfers", ZHANG, call=call, how=how, to=to) == (
                "refused",
                "no_extension",
            )
    assert hot.talks(ZHANG, "trunk") == [call]
    await hot.silence()


async def test_a_caller_is_not_sent_to_a_phone_that_cannot_ring(hot: Hotline) -> None:
    await hot.stands(LI, "answers", ring_ms=400)
    call = await hot.talking()
    gone = {"call": call, "how": "blind", "to": {"agent": LINES[WANG]}}  # nobody ever registered there
    assert await hot.does("transfers", ZHANG, **gone) == ("refused", "unreachable")
    other = await hot.post("calls", number=OUTSIDE, seat={"pbx": "main", "interface": LINES[LI]})
    assert other["code"] == "answered"
    await hot.until_talk(LI, "trunk")
    busy = {"call": call, "how": "blind", "to": {"agent": LINES[LI]}}
    assert await hot.does("transfers", ZHANG, **busy) == ("refused", "busy")
    assert hot.talks(ZHANG, "trunk") == [call]
    await hot.silence()


async def test_a_caller_whom_nobody_took_comes_back_and_else_waits_in_front(hot: Hotline) -> None:
    """The phone that rejects everybody is free by the switch; then who passed them on is on another call."""
    await hot.stands(LI, "rejects", ring_ms=50)
    call = await hot.talking()
    on = {"call": call, "how": "blind", "to": {"agent": LINES[LI]}}
    assert await hot.does("transfers", ZHANG, **on) in (
        ("done", "not_taken"),
        ("done", "ringing"),
    )  # sooner, later
    await hot.service.until(lambda: hot.talks(ZHANG, "trunk") == [call], 60, "the caller to be back")
    assert hot.queues(call) == ["hotline"]  # by the phone, not by the queue
    assert [(pop["interface"], pop["state"]) for pop in (await hot.pops()).values()] == [
        (LINES[ZHANG], "answered")
    ]
    await hot.stands(LI, "rejects", ring_ms=5000)  # until Zhang is on another call
    assert await hot.does("transfers", ZHANG, **on) == ("done", "ringing")
    other = await hot.post("calls", number=OUTSIDE, seat={"pbx": "main", "interface": LINES[ZHANG]})
    await hot.service.until(lambda: hot.queues(call) == ["hotline", "hotline"], 60, "them to wait again")
    assert "prio: 10" in await hot.switch.rx("queue show hotline")
    assert await hot.does("hangup", ZHANG, call=other["call"]) == ("done", "done")
    await hot.service.until(lambda: hot.talks(ZHANG, "trunk") == [call], 60, "the queue to ring the agent")
    tickets = hot.service.rows("select distinct ticket_id from call_tickets where call_id = ?", call)
    assert len(tickets) == 1
    await hot.silence()
    assert [one["kind"] for one in hot.record(call)["transfers"]] == ["blind", "blind"]


async def test_a_consultation_finishes_or_is_cancelled(hot: Hotline) -> None:
    await hot.stands(LI, "answers", ring_ms=400)
    call = await hot.talking()
    here = {"call": call}
    assert await hot.does("transfers/cancel", ZHANG, **here) == ("refused", "not_consulting")
    assert await hot.does("transfers/finish", ZHANG, **here) == ("refused", "not_consulting")
    consult = {**here, "how": "attended", "to": {"agent": LINES[LI]}, "note": "ask him"}
    assert await hot.does("transfers", ZHANG, **consult) == ("done", "consulting")
    assert await hot.does("transfers", ZHANG, **consult) == ("refused", "consulting")
    assert await hot.does("transfers/cancel", ZHANG, **here) == ("done", "back")
    await hot.until_talk(ZHANG, "trunk")
    assert await hot.does("transfers", ZHANG, **consult) == ("done", "consulting")
    assert await hot.does("transfers/finish", ZHANG, **here) == ("done", "transferred")
    await hot.until_talk(LI, "trunk")
    (record,) = hot.service.calls("open")
    assert [(one["kind"], one["by"]) for one in record["transfers"]] == [("attended", LINES[ZHANG])]
    await hot.silence()


async def test_who_made_the_call_consults_as_well(hot: Hotline) -> None:
    await hot.stands(LI, "answers", ring_ms=400)
    made = await hot.post("calls", number=OUTSIDE, seat={"pbx": "main", "interface": LINES[ZHANG]})
    await hot.until_talk(ZHANG, "trunk")
    consult = {"call": made["call"], "how": "attended", "to": {"agent": LINES[LI]}}
    assert await hot.does("transfers", ZHANG, **consult) == ("done", "consulting")
    await hot.silence()


async def test_a_colleague_who_does_not_take_it_leaves_the_agent_with_the_caller(hot: Hotline) -> None:
    await hot.stands(LI, "rejects", code=486)
    call = await hot.talking()
    consult = {"call": call, "how": "attended", "to": {"agent": LINES[LI]}}
    assert await hot.does("transfers", ZHANG, **consult) == ("refused", "busy")
    assert hot.talks(ZHANG, "trunk") == [call]
    await hot.stands(LI, "never_answers")
    begun = asyncio.create_task(hot.does("transfers", ZHANG, **consult))
    await hot.service.until(lambda: _rings(hot, LINES[LI]), 60, "the colleague's phone to ring")
    assert await hot.does("transfers/finish", ZHANG, call=call) == ("refused", "not_answered")
    assert await hot.does("transfers/cancel", ZHANG, call=call) == ("done", "back")
    assert (await begun)[0] == "refused"
    assert hot.talks(ZHANG, "trunk") == [call]
    await hot.silence()


def _rings(hot: Hotline, interface: str) -> bool:
    legs = [leg for call in hot.service.calls("open") for leg in call["legs"]]
    return any(leg["interface"] == interface and not leg["up"] and not leg["over"] for leg in legs)


async def test_a_killed_callserver_finds_the_call_that_it_began_and_does_not_begin_another(
    hot: Hotline,
) -> None:
    await hot.stands(LI, "answers", ring_ms=5000)  # not before callserver is killed
    before = hot.service.count()
    asking = asyncio.create_task(hot.does("calls", LI, number=OUTSIDE))
    await hot.service.until(lambda: _rings(hot, LINES[LI]), 60, "the phone to ring")
    await hot.service.kill()
    with pytest.raises(aiohttp.ClientError):
        await asking
    (row,) = hot.service.rows("select id, state from commands where state = 'sent'")
    await hot.service.start()
    await hot.service.until(lambda: _state(hot, row[0]) != "sent", 60, "what became of it")
    assert _state(hot, row[0]) == "done"
    await hot.until_talk(LI, "trunk")
    assert hot.service.count() == before + 1
    await hot.silence()


def _state(hot: Hotline, id: int) -> str:
    return str(hot.service.rows("select state from commands where id = ?", id)[0][0])


async def test_without_a_switch_it_is_refused_at_once(hot: Hotline) -> None:
    await hot.switch.kill()
    await hot.service.until(lambda: not hot.service.ready, 60, "the loss to be seen")
    seat = {"pbx": "main", "interface": LINES[ZHANG]}
    async with asyncio.timeout(30):
        told = await hot.post("calls", number=OUTSIDE, seat=seat)
    assert (told["outcome"], told["code"]) == ("refused", "no_connection")
    assert told["said"].startswith("callserver has no connection to Asterisk main since ")
    rows = hot.service.rows("select body from commands where code = 'no_connection'")
    assert [json.loads(body)["to"] for (body,) in rows] == [OUTSIDE]

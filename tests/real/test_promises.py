"""Calls to customers for promises on a real switch: every outcome is what the customer's phone really did.

One switch with recordings, one callserver beside it; requests are put down as the dialler does, in its database.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.rule import RuleId
from callserver.facts import MACHINE, LegId, PbxId, instant
from callserver.seats.asking import DialCustomer, Outcome
from callserver.store import alerting, commands, engine
from callserver.store.commands import Ask
from callserver.store.engine import Store
from tests.rig import provision
from tests.rig.asterisk import PROMPTS, Asterisk
from tests.rig.phones import Customer, Phones, Sipp
from tests.rig.scenarios import REPAIR, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

CUSTOMER = "02012345678"
OURS = "4008001234"
_IDS: Iterator[int] = itertools.count(1)
TRIES = 3
"""So often what has to be done within a second may be tried: no machine is busy each time."""
CONFIRMING = ((1500, "1"),) * 8
"""Asks to be called back and confirms the number. A key that is pressed while digits are said is not heard, and how
long that takes is the machine's affair: so it is pressed until the switch hangs up.
"""


@dataclass(slots=True)
class Hotline:
    """The switch, its phones, the callserver beside it, and its store, in which requests are put down."""

    switch: Asterisk
    phones: Phones
    service: Service
    store: Store
    outside: Sipp | None = None

    async def customers(self, how: str, **more: Any) -> None:
        """What everybody outside does from now on when they are called."""
        if self.outside is not None:
            await self.outside.kill()
        self.outside = await getattr(self.phones, f"outside_{how}")(**more)

    async def ask(self, wanted: DialCustomer) -> Outcome:
        id = await self.store.write(
            lambda c: commands.ask(c, Ask(pbx=PbxId("main"), request=wanted, actor=MACHINE))
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            came = await self.store.read(lambda c: commands.outcome(c, id))
            if came is not None and came.over:
                return came
            await asyncio.sleep(0.05)
        raise TimeoutError(wanted)

    async def dial(self, **more: Any) -> tuple[str, str]:
        """Call the customer; the outcome and its code."""
        came = await self.ask(request(**more))
        return came.state, came.code

    async def over(self, channel: LegId) -> dict[str, Any]:
        """The call's record when it is over."""
        await self.service.until(lambda: bool(self._over(channel)), 60, f"{channel} to be over")
        return self._over(channel)[0]

    def _over(self, channel: LegId) -> list[dict[str, Any]]:
        return [one for one in self.service.calls("not open") if one["id"] == f"main:{channel}"]

    async def silence(self) -> None:
        await self.switch.rx("channel request hangup all")
        await self.service.until(lambda: self.service.open_calls() == 0, 60, "every call to be over")


def request(**more: Any) -> DialCustomer:
    usual = DialCustomer(
        number=CUSTOMER,
        channel=LegId(f"callserver-{next(_IDS)}"),
        context="queue",
        promise=7,
        queue="hotline",
        caller_id=OURS,
        ring_s=3,
    )
    return replace(usual, **more)


def brief(folder: Path) -> str:
    """Recordings of a fifth of a second under the names of the real ones."""
    for real in sorted(PROMPTS.glob("*/*.wav")):
        short = folder / real.relative_to(PROMPTS)
        short.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(real)) as source, wave.open(str(short), "wb") as out:
            out.setparams(source.getparams())
            out.writeframes(source.readframes(1600))
    return str(folder)


def on_duty(service: Service) -> Service:
    """Somebody is called about alerts."""
    with service.settings.open("a", encoding="utf-8") as file:
        file.write(f'\n[alerts]\ncall_to = ["{CUSTOMER}"]\ncaller_id = "{OURS}"\n')
    return service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hot(
    asterisk_22: provision.Switch, sipp: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hotline]:
    prompts = brief(tmp_path_factory.mktemp("prompts"))
    plan = replace(stage_plan(hotline(), repair(callback_key="1")), prompts=prompts, key_s=2)
    async with (
        Asterisk(plan, software=asterisk_22) as switch,
        Phones(switch) as phones,
        on_duty(Service(switch)) as service,
    ):
        store = await engine.open(f"sqlite:///{service.database}")
        await phones.answers(ZHANG, ring_ms=100)
        await phones.register(ZHANG)
        yield Hotline(switch, phones, service, store)
        await store.close()


async def test_who_answers_is_joined_with_an_agent_within_a_second(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=300, stay_ms=2000)
    waited: list[float] = []
    while len(waited) < TRIES and not (waited and waited[-1] < 1):
        wanted = request()
        assert (await hot.ask(wanted)).code == "answered"
        record = await hot.over(wanted.channel)
        assert (record["direction"], record["dialed"], record["outcome"]) == (
            "outbound",
            CUSTOMER,
            "answered",
        )
        (visit,) = record["queue_visits"]
        assert (visit["queue"], visit["end"]) == ("hotline", "answered")
        waited.append(visit["wait_s"])
    assert min(waited) < 1
    await hot.silence()


@pytest.mark.parametrize(
    ("how", "more", "code"),
    [
        ("rejects", {"code": 486}, "busy"),
        ("rejects", {"code": 603}, "rejected"),
        ("rejects", {"code": 480}, "no_answer"),
        ("rejects", {"code": 404}, "failed"),
        ("rejects", {"code": 503}, "failed"),
        ("never_answers", {}, "no_answer"),
    ],
)
async def test_who_does_not_answer_is_told_apart(
    hot: Hotline, how: str, more: dict[str, int], code: str
) -> None:
    await hot.customers(how, **more)
    assert await hot.dial() == ("refused", code)
    await hot.silence()


def answers(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["menu"], one["key"]) for one in record.get("keys", ())]


async def automatic(hot: Hotline, **more: Any) -> dict[str, Any]:
    """The record of a call with a recording, from the answer to the end."""
    wanted = request(**{"context": "automatic", "prompt": "survey", "keys": "12345", **more})
    assert (await hot.ask(wanted)).code == "answered"
    return await hot.over(wanted.channel)


async def test_a_key_of_the_menu_answers_a_recording(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=100, keys=((900, "9"), (900, "4")))
    record = await automatic(hot)
    assert answers(record) == [("survey", "4")]  # 9 is not on the menu: the recording is played again
    assert "heard" not in record


async def test_who_presses_0_finds_an_agent(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=100, keys=((700, "0"),), stay_ms=2500)
    record = await automatic(hot)
    assert answers(record) == [("survey", "0")]
    assert [visit["end"] for visit in record["queue_visits"]] == ["answered"]
    assert record["outcome"] == "answered"


async def test_a_recording_that_nobody_answers_met_silence_and_one_that_asks_nothing_was_played(
    hot: Hotline,
) -> None:
    await hot.customers("answers", ring_ms=100)
    assert (await automatic(hot))["heard"] == ["silent"]
    assert (await automatic(hot, keys="", prompt="reminder"))["heard"] == ["played"]


async def test_a_machine_is_told_from_a_person(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=100, voice="machine")
    assert (await automatic(hot, amd=True))["heard"] == ["machine"]
    await hot.customers("answers", ring_ms=100, voice="person")
    assert (await automatic(hot, amd=True, keys="", prompt="reminder"))["heard"] == ["human", "played"]


async def test_an_agent_who_is_kept_free_is_rung_and_else_the_queue(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=100, stay_ms=2500)
    wanted = request(context="agent", interface="PJSIP/1001", queue="")
    assert (await hot.ask(wanted)).code == "answered"
    record = await hot.over(wanted.channel)
    assert (record["direction"], record["outcome"], record["queue_visits"]) == ("outbound", "answered", [])
    gone = request(context="agent", interface="PJSIP/1003")  # never registered
    assert (await hot.ask(gone)).code == "answered"
    assert [visit["end"] for visit in (await hot.over(gone.channel))["queue_visits"]] == ["answered"]


async def test_what_cannot_be_dialled_rings_nobody(hot: Hotline) -> None:
    before = hot.service.count()
    assert await hot.dial(number="138\r\nAction: Logoff") == ("refused", "bad_number")
    assert await hot.dial(queue="nowhere") == ("refused", "no_queue")
    assert await hot.dial(context="automatic", prompt="../../etc/passwd") == ("refused", "bad_request")
    assert await hot.dial(context="agent", interface="PJSIP/1001&PJSIP/1002") == ("refused", "bad_request")
    assert hot.service.count() == before


async def asked_back(hot: Hotline, customer: Customer) -> dict[str, Any]:
    """The record of a caller of the repair line, where nobody is at work."""
    known = {call["id"] for call in hot.service.calls()}
    await hot.phones.call(customer)
    await hot.service.until(lambda: len(new(hot, known)) == 1, 60, "the call to be over")
    return new(hot, known)[0]


def new(hot: Hotline, known: set[str]) -> list[dict[str, Any]]:
    return [call for call in hot.service.calls("not open") if call["id"] not in known]


async def test_a_waiting_caller_is_called_back_at_the_number_that_they_confirm(hot: Hotline) -> None:
    record = await asked_back(hot, Customer(dialed=REPAIR, keys=CONFIRMING))
    assert record["outcome"] == "callback"
    (visit,) = record["queue_visits"]
    assert (visit["queue"], visit["end"], visit["agent"]) == ("repair", "callback", None)
    asked = record["callback"]
    assert (asked["queue"], asked["number"]) == ("repair", "13800138000")
    joined, entered = instant(asked["joined_at"]), instant(visit["entered_at"])
    assert joined is not None
    assert entered is not None
    assert abs(joined - entered) < 1500  # the dialplan counts whole seconds


async def test_a_caller_without_a_number_enters_one_and_who_does_not_confirm_waits_on(hot: Hotline) -> None:
    digits = tuple((300, digit) for digit in "10086#")
    hidden = Customer(
        number="anonymous", dialed=REPAIR, keys=((1500, "1"), (1200, digits[0][1]), *digits[1:], *CONFIRMING)
    )
    assert (await asked_back(hot, hidden))["callback"]["number"] == "10086"
    undecided = Customer(dialed=REPAIR, keys=((1500, "1"), *((1200, "*"),) * 5), stay_ms=2000)
    record = await asked_back(hot, undecided)
    assert [visit["end"] for visit in record["queue_visits"]] == ["left_by_key", "abandoned"]
    assert "callback" not in record


async def test_who_is_on_duty_is_called_about_an_alert_and_takes_it_by_a_key(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=100, keys=((900, "7"), (1200, "1")))
    rule = replace(DEFAULTS[RuleId("link_lost")], call=True)
    alert = await hot.store.write(lambda c: alerting.test(c, rule, MACHINE, time.time_ns() // 1_000_000, UTC))
    who = "select json_extract(record, '$.acked_by') from alerts where id = ? and acked_at is not null"
    await hot.service.until(lambda: bool(hot.service.rows(who, alert.id)), 60, "somebody to take it")
    assert hot.service.rows(who, alert.id) == [(CUSTOMER,)]
    await hot.service.until(lambda: hot.service.open_calls() == 0, 60, "the call to be over")
    (record,) = [one for one in hot.service.calls() if "callserver-alert-" in one["id"]]
    assert answers(record) == [("alert", "1")]  # 7 is no choice: it is said again
    assert (record["shift"], record["outcome"]) == (True, "answered")
    assert hot.service.rows("select 1 from call_tickets where call_id = ?", record["id"]) == []


async def state(hot: Hotline, id: int, within_s: float) -> tuple[str, str]:
    """A request's outcome and code once it is over."""
    await hot.service.until(
        lambda: _state(hot, id)[0] not in ("waiting", "sent"), within_s, "what became of it"
    )
    return _state(hot, id)


def _state(hot: Hotline, id: int) -> tuple[str, str]:
    ((state, code),) = hot.service.rows("select state, code from commands where id = ?", id)
    return str(state), str(code)


async def begun(hot: Hotline, wanted: DialCustomer) -> int:
    """Put it down; its id once it is marked as sent."""
    ask = Ask(pbx=PbxId("main"), request=wanted, actor=MACHINE, within_s=60)
    id = await hot.store.write(lambda c: commands.ask(c, ask))
    await hot.service.until(lambda: _state(hot, id)[0] != "waiting", 60, "it to be sent")
    return id


async def test_a_killed_callserver_finds_the_customer_whom_it_rang_and_rings_nobody_twice(
    hot: Hotline,
) -> None:
    await hot.customers("answers", ring_ms=6000, stay_ms=1000)
    wanted = request(ring_s=20)
    id = await begun(hot, wanted)
    await hot.service.until(lambda: hot.service.open_calls() == 1, 60, "the customer to be rung")
    await hot.service.kill()
    await hot.service.start()
    assert await state(hot, id, 30) == ("done", "answered")
    await hot.over(wanted.channel)
    await hot.silence()


async def test_what_a_killed_callserver_had_marked_and_not_sent_is_proved_by_the_journal(
    hot: Hotline,
) -> None:
    """Killed between the mark and the bytes: the row is as it would be, and no such channel ever was."""
    await hot.service.kill()
    wanted = request()
    ask = Ask(pbx=PbxId("main"), request=wanted, actor=MACHINE, within_s=60)
    id = await hot.store.write(lambda c: commands.ask(c, ask))
    marked = (
        "update commands set state = 'sent', holder = 'gone', epoch = 1, sent_at = asked_at where id = :id"
    )
    await hot.store.write(lambda c: c.execute(text(marked), {"id": id}))
    await hot.service.start()
    assert await state(hot, id, 40) == ("refused", "not_sent")
    assert hot.service.rows("select 1 from legs where leg = ?", wanted.channel) == []


async def test_an_asterisk_that_was_killed_while_it_rang_is_asked_in_its_journal(hot: Hotline) -> None:
    """The channel was there, so somebody's phone may have rung: nobody is told that it did not."""
    await hot.customers("never_answers")
    id = await begun(hot, request(ring_s=60))
    await hot.service.until(lambda: hot.service.open_calls() == 1, 60, "the customer to be rung")
    await hot.service.kill()
    await hot.switch.kill()
    await hot.switch.start()
    await hot.service.start()
    assert await state(hot, id, 40) == ("unknown", "unknown")

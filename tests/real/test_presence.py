"""Being at work on a real switch: what the screen is told is what `queue show` says, over calls and restarts.

One switch, one callserver beside it. The tests build on each other's desk and each begin with nobody at work.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from callserver.facts import Actor, instant
from callserver.people import Profile
from callserver.store import engine, users
from callserver.web.passwords import Passwords
from tests.rig import provision
from tests.rig.asterisk import LOOPBACK, Asterisk
from tests.rig.phones import Customer, Phones, Sipp
from tests.rig.scenarios import LI, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service
from tests.web.conftest import CHEAP

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

WRAP_UP_S = 8
ABSENT_S = 2
PASSWORD = "correct pony battery"
NAMES = {"zhang": "Zhang Wei 张伟", "li": "Li Na 李娜"}
CALLER = "13800138000"
MEMBER = re.compile(
    r"^\s+(?P<name>.+?) \((?P<interface>[^)\s]+)(?: from [^)]*)?\)(?P<rest>.*)$", re.MULTILINE
)


@dataclass(slots=True)
class Desk:
    """The switch, its phones, the callserver beside it, and the browsers of two agents."""

    switch: Asterisk
    phones: Phones
    service: Service
    browsers: dict[str, aiohttp.ClientSession] = field(default_factory=dict)
    standing: dict[str, Sipp] = field(default_factory=dict)

    async def stands(self, endpoint: str, how: str, **more: Any) -> None:
        if endpoint in self.standing:
            await self.standing[endpoint].kill()
        self.standing[endpoint] = await getattr(self.phones, how)(endpoint, **more)
        await self.phones.register(endpoint)

    async def ask(self, who: str, method: str, path: str, *, status: int = 200, **body: Any) -> Any:
        url = f"http://{LOOPBACK}:{self.service.web}/api/v1/{path}"
        headers = {"X-Callserver": "1", "Origin": f"http://{LOOPBACK}:{self.service.web}"}
        if who not in self.browsers:
            self.browsers[who] = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
            await self.ask(who, "POST", "session", status=204, login=who, password=PASSWORD)
        async with self.browsers[who].request(method, url, json=body or None, headers=headers) as answer:
            told = await answer.json() if answer.content_type.endswith("json") else None
            assert answer.status == status, (answer.status, told)
            return told

    async def sits(self, who: str, phone: str, state: str | None = "ready", **more: Any) -> Any:
        told = await self.ask(who, "PUT", "me/seat", interface=f"PJSIP/{phone}", **more)
        return await self.ask(who, "PUT", "me/state", state=state) if state else told

    async def members(self, queue: str = "hotline") -> dict[str, str]:
        """The switch's own word: interface -> what stands behind it."""
        shown = await self.switch.rx(f"queue show {queue}")
        return {found["interface"]: found["rest"] for found in MEMBER.finditer(shown)}

    async def shows(self, phone: str, *words: str, queue: str = "hotline", within_s: float = 60) -> str:
        """Wait until the switch shows this member with these words; `-word`: without it."""
        deadline = time.monotonic() + within_s
        while True:
            rest = (await self.members(queue)).get(f"PJSIP/{phone}")
            plain = re.sub(r"\x1b\[[0-9;]*m", "", rest or "")
            if rest is not None and all((w[1:] not in plain) if w[0] == "-" else (w in plain) for w in words):
                return plain
            assert time.monotonic() < deadline, f"{phone} in {queue}: {plain!r}, wanted {words}"
            await asyncio.sleep(0.05)

    async def why(self, who: str) -> list[str]:
        return [one["code"] for one in (await self.ask(who, "GET", "me/why"))["problems"]]

    async def until_why(self, who: str, code: str, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while code not in (found := await self.why(who)):
            assert time.monotonic() < deadline, f"{code} is not among {found}"
            await asyncio.sleep(0.1)

    async def until_just(self, who: str, *codes: str) -> None:
        """Wait until these are all the reasons: callserver hears of what the switch did later than `queue show`."""
        deadline = time.monotonic() + 60
        while (found := await self.why(who)) != list(codes):
            assert time.monotonic() < deadline, f"{found}, wanted {codes}"
            await asyncio.sleep(0.1)

    async def has(self, *phones: str, queue: str = "hotline") -> None:
        """Wait until these and no others are in the queue."""
        deadline = time.monotonic() + 60
        while sorted(found := await self.members(queue)) != [f"PJSIP/{phone}" for phone in phones]:
            assert time.monotonic() < deadline, f"{found}, wanted {phones}"
            await asyncio.sleep(0.1)

    async def call(self, **more: Any) -> Sipp:
        return await self.phones.call(Customer(number=CALLER, **more))

    async def nobody_at_work(self) -> None:
        await self.switch.rx("channel request hangup all")
        for who in self.browsers:
            if (await self.ask(who, "GET", "me/why"))["problems"][0]["code"] != "not_signed_in":
                await self.ask(who, "DELETE", "me/seat", status=204)
        await self.service.until(lambda: self.service.open_calls() == 0, 60, "every call to be over")
        await self.service.until(
            lambda: not self.service.rows("select 1 from shifts union select 1 from vacated"),
            15,
            "empty seats",
        )

    async def close(self) -> None:
        for browser in self.browsers.values():
            await browser.close()


async def add_users(service: Service) -> None:
    store = await engine.open(f"sqlite:///{service.database}")
    password = await Passwords(CHEAP).hashed(PASSWORD)
    queues = (Profile(queue="hotline"), Profile(queue="repair", penalty=3))
    boss = Actor(name="boss", through="cli")
    for login, name in NAMES.items():
        wanted = users.Wanted(login=login, name=name, role="agent", queues=queues, password=password)
        await store.write(partial(users.add, wanted=wanted, actor=boss, now=1))
    await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_desk(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Desk]:
    plan = stage_plan(hotline(members=(), wrapup_s=2), repair(members=(), wrapup_s=2))
    async with Asterisk(plan, software=asterisk_22) as switch, Phones(switch, sound=False) as phones:
        service = Service(switch)
        work = f"\n[work]\nwrap_up_s = {WRAP_UP_S}\nabsent_s = {ABSENT_S}\n"
        service.settings.write_text(service.settings.read_text() + work, encoding="utf-8")
        async with service:
            await add_users(service)
            made = Desk(switch, phones, service)
            await made.stands(ZHANG, "answers", ring_ms=200)
            await made.stands(LI, "answers", ring_ms=200)
            yield made
            await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(open_desk: Desk) -> AsyncIterator[Desk]:
    yield open_desk
    await open_desk.nobody_at_work()


async def test_signing_in_ready_and_a_pause_are_what_the_switch_shows(desk: Desk) -> None:
    told = await desk.sits("zhang", ZHANG, state=None)
    assert told["carried"]
    assert (told["wish"], told["reason"]) == ("pause", "signed in")
    assert "(paused:signed in" in await desk.shows(ZHANG, "(dynamic)")
    assert "penalty 3" in await desk.shows(ZHANG, queue="repair")
    shown = await desk.switch.rx("queue show hotline")
    assert NAMES["zhang"] in shown
    assert (await desk.ask("zhang", "PUT", "me/state", state="ready"))["carried"]
    assert "paused" not in (await desk.members())[f"PJSIP/{ZHANG}"]
    assert (await desk.ask("zhang", "PUT", "me/state", state="pause", reason="午餐 lunch"))["carried"]
    assert "(paused:午餐 lunch" in (await desk.members("repair"))[f"PJSIP/{ZHANG}"]
    assert await desk.why("zhang") == ["paused", "nobody_waits"]
    await desk.ask("zhang", "DELETE", "me/seat", status=204)
    await desk.has()


async def test_after_a_call_no_other_comes_until_the_wrap_up_is_over(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    await desk.call(stay_ms=1500)
    await desk.shows(ZHANG, "paused:wrap-up")
    assert "wrap_up" in await desk.why("zhang")
    waiting = await desk.call()  # a second customer, who waits from now on
    await desk.shows(ZHANG, "In use")
    assert waiting.running
    await desk.service.until(lambda: len(answered(desk)) == 2, 60, "the second talk to be on record")
    first, second = answered(desk)
    ended, taken = instant(first["ended_at"]), instant(second["answered_at"])
    assert ended is not None and taken is not None
    assert taken - ended > (WRAP_UP_S - 0.5) * 1000
    assert f"|hotline|{NAMES['zhang']}|PAUSE|wrap-up" in desk.switch.queue_log.read_text()
    await desk.until_just("zhang", "on_queue_call", "nobody_waits")


def answered(desk: Desk) -> list[dict[str, Any]]:
    """Calls that somebody took, oldest first."""
    return [call for call in desk.service.calls() if call["answered_at"]]


async def test_ready_ends_a_wrap_up_at_once(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    await desk.call(stay_ms=2000)
    await desk.shows(ZHANG, "paused:wrap-up")
    told = await desk.ask("zhang", "PUT", "me/state", state="ready")
    assert (told["wrap_up"], told["carried"]) == (None, True)
    assert "paused" not in (await desk.members())[f"PJSIP/{ZHANG}"]


async def test_a_seat_is_taken_over_only_on_purpose_and_has_the_new_name(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    refused = await desk.ask("li", "PUT", "me/seat", status=409, interface=f"PJSIP/{ZHANG}")
    assert NAMES["zhang"] in refused["detail"]
    await desk.sits("li", ZHANG, take_over=True)
    await desk.shows(ZHANG, "-paused")
    assert NAMES["li"] in await desk.switch.rx("queue show hotline")
    assert await desk.why("zhang") == ["not_signed_in"]
    await desk.sits("li", LI)  # and somewhere else again: the wish goes along
    await desk.shows(LI, "-paused")
    await desk.has(LI)


async def test_a_phone_that_is_gone_is_explained(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    await desk.phones.register(ZHANG, expires_s=0)
    await desk.until_why("zhang", "phone_unregistered")
    (text, *_) = [one["text"] for one in (await desk.ask("zhang", "GET", "me/why"))["problems"]]
    assert text == "Your phone 1001 is not registered: calls cannot reach you."
    await desk.phones.register(ZHANG)
    await desk.shows(ZHANG, "Not in use")
    await desk.until_just("zhang", "nobody_waits")


async def test_what_others_do_on_the_switch_is_said_and_not_fought(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    phone = f"PJSIP/{ZHANG}"
    await desk.switch.rx(f"queue pause member {phone} queue repair reason by-1002")
    await desk.until_why("zhang", "paused_elsewhere")
    await desk.shows(ZHANG, "paused:by-1002", queue="repair")
    await desk.ask("zhang", "PUT", "me/state", state="ready")
    await desk.shows(ZHANG, "-paused", queue="repair")
    await desk.switch.rx(f"queue remove member {phone} from repair")
    await desk.shows(ZHANG, queue="repair")  # put back once
    await desk.switch.rx(f"queue remove member {phone} from repair")
    await desk.until_why("zhang", "left_queue")
    await desk.has(queue="repair")


async def test_a_call_goes_on_without_a_screen_and_then_the_agent_is_absent(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    url = f"http://{LOOPBACK}:{desk.service.web}"
    stream = await desk.browsers["zhang"].ws_connect(
        f"{url}/api/v1/stream", origin=url, protocols=("callserver.v1",)
    )
    while (message := await stream.receive_json(timeout=60))["type"] != "snapshot":
        pass
    assert next(iter(message["screen"]["shift"].values()))["wish"] == "ready"
    await desk.call()
    await desk.shows(ZHANG, "In use")
    await stream.close()
    await desk.shows(ZHANG, "paused:absent", "In use")
    await desk.until_why("zhang", "absent")
    assert len([call for call in desk.service.calls("open") if call["answered"]]) == 1


async def test_signing_out_in_a_call_waits_for_its_end(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    await desk.call()
    await desk.shows(ZHANG, "In use")
    await desk.ask("zhang", "DELETE", "me/seat", status=204)
    await desk.shows(ZHANG, "paused:signing out", "In use")
    await desk.until_why("zhang", "leaving")
    await desk.switch.rx("channel request hangup all")
    await desk.service.until(lambda: desk.service.number("select count(*) from shifts") == 0, 60, "the end")


async def test_shifts_go_on_over_restarts_of_callserver_and_of_the_switch(desk: Desk) -> None:
    await desk.sits("zhang", ZHANG)
    await desk.sits("li", LI, state=None)
    await desk.call(stay_ms=2000)
    await desk.shows(ZHANG, "paused:wrap-up")
    await desk.service.kill()
    await desk.service.start()
    await desk.shows(ZHANG, "-paused")
    await desk.shows(LI, "paused:signed in")
    await desk.switch.kill()
    await desk.switch.start()
    await desk.phones.register(ZHANG, LI)
    await desk.shows(ZHANG, "-paused", "Not in use")
    await desk.shows(LI, "paused:signed in")
    await desk.until_why("zhang", "nobody_waits")


async def test_a_disabled_user_is_signed_out_of_the_seat(desk: Desk) -> None:
    await desk.sits("li", LI)
    await desk.shows(LI, "-paused")
    code, said = await desk.service.run("user", "disable", "li")
    assert code == 0, said
    await desk.browsers.pop("li").close()
    await desk.service.until(
        lambda: desk.service.number("select count(*) from shifts") == 0, 60, "an empty seat"
    )
    await desk.has()

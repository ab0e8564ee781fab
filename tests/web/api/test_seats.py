"""A seat, ready or a pause, and why no calls come: over HTTP, without a switch behind it."""

from __future__ import annotations

import asyncio
from typing import Any

from callserver.facts import CallId
from callserver.people import Profile
from callserver.push.hub import Hub
from callserver.seats.explaining import Problem
from callserver.seats.shift import WrapUp
from callserver.store import shifts
from callserver.web.sitting import Sitting, shift_value
from tests.web.conftest import NOW, TOKEN, Site
from tests.web.people import Browser, user

PHONE = "PJSIP/1001"
QUEUES = [Profile(queue="hotline"), Profile(queue="repair", penalty=2)]


async def agent(site: Site, login: str = "li.na", name: str = "Li Na 李娜") -> Browser:
    """Somebody who is signed in; the settings know one switch."""
    site.vitals.switch("main", "127.0.0.1:5038")
    await user(site, login, name=name, queues=QUEUES)
    browser = Browser(site)
    assert (await browser.sign_in(login)).status == 204
    return browser


async def sits(browser: Browser, **given: Any) -> dict[str, Any]:
    said = await browser.ask("PUT", "me/seat", {"interface": PHONE, **given})
    assert said.status == 200, said.body
    return dict(said.body)


async def test_a_seat_is_taken_looked_at_and_left(site: Site) -> None:
    li = await agent(site)
    assert (await li.ask("GET", "me/seat")).status == 404
    told = await sits(li)
    assert told["seat"] == {"pbx": "main", "interface": PHONE, "state_interface": PHONE}
    assert (told["wish"], told["reason"], told["queues"]) == ("pause", "signed in", ["hotline", "repair"])
    assert not told["carried"], "no switch has said so"
    assert (await li.ask("GET", "me/seat")).body == told
    assert (await li.ask("DELETE", "me/seat")).status == 204
    assert (await li.ask("GET", "me/seat")).body["leaving"]


async def test_ready_and_a_pause_are_chosen_with_a_reason(site: Site) -> None:
    li = await agent(site)
    assert (await li.ask("PUT", "me/state", {"state": "ready"})).status == 404
    await sits(li)
    assert (await li.ask("PUT", "me/state", {"state": "ready"})).body["wish"] == "ready"
    paused = await li.ask("PUT", "me/state", {"state": "pause", "reason": " 喂猫|cat\n "})
    assert paused.body["reason"] == "喂猫/cat"
    for wrong in ({"state": "pause"}, {"state": "pause", "reason": "wrap-up"}, {"state": "gone"}):
        assert (await li.ask("PUT", "me/state", wrong)).status in (400, 422)


async def test_a_taken_seat_is_refused_with_a_name_and_given_to_who_means_it(site: Site) -> None:
    li, wang = await agent(site), await agent(site, "wang", "Wang Fang")
    await sits(li)
    refused = await wang.ask("PUT", "me/seat", {"interface": PHONE})
    assert refused.status == 409
    assert "Li Na 李娜" in refused.body["detail"]
    await sits(wang, take_over=True)
    assert (await li.ask("GET", "me/why")).body["problems"][0]["code"] == "not_signed_in"
    listed = (await wang.ask("GET", "seats")).body["seats"]
    assert [(one["interface"], one["taken_by"]["name"]) for one in listed] == [(PHONE, "Wang Fang")]


async def test_of_two_who_click_in_one_moment_one_has_the_seat(site: Site) -> None:
    racers = [await agent(site, f"r{n}", f"Racer {n}") for n in range(3)]
    came = await asyncio.gather(*(one.ask("PUT", "me/seat", {"interface": PHONE}) for one in racers))
    assert sorted(one.status for one in came) == [200, 409, 409]


async def test_why_no_calls_come_is_said_in_the_askers_language(site: Site) -> None:
    li = await agent(site)
    (problem,) = (await li.ask("GET", "me/why")).body["problems"]
    assert (problem["code"], problem["args"]) == ("not_signed_in", {})
    await li.ask("PATCH", "me", {"language": "zh-CN"})
    (problem,) = (await li.ask("GET", "me/why")).body["problems"]
    assert problem["text"] == "您还没有签入座席：请选择话机。"


async def test_what_is_no_phone_is_refused(site: Site) -> None:
    li = await agent(site)
    for given in (
        {"interface": "PJSIP/1\r\nAction: Logoff"},
        {"interface": "PJSIP/" + "9" * 5000},
        {"interface": "\u202e"},
        {"interface": PHONE, "pbx": "elsewhere"},
        {"interface": PHONE, "state_interface": "hint:1@x\n"},
        {},
    ):
        assert (await li.ask("PUT", "me/seat", given)).status in (400, 422), given
    assert await site.store.read(shifts.every) == []


async def test_a_token_sits_nowhere_and_a_role_without_a_phone_neither(site: Site) -> None:
    await agent(site)
    assert (await site.ask("PUT", "me/seat", {"interface": PHONE}, token=TOKEN)).status == 409
    await user(site, "auditor", "auditor")
    auditor = Browser(site)
    await auditor.sign_in("auditor")
    for method, path in (("PUT", "me/seat"), ("GET", "me/why"), ("GET", "seats")):
        assert (await auditor.ask(method, path, {"interface": PHONE})).status == 403


async def test_with_several_switches_one_has_to_be_named(site: Site) -> None:
    li = await agent(site)
    site.vitals.switch("north", "127.0.0.1:5039")
    refused = await li.ask("PUT", "me/seat", {"interface": PHONE})
    assert "main, north" in str(refused.body)
    assert (await sits(li, pbx="north"))["seat"]["pbx"] == "north"


async def test_who_sat_down_where_is_in_the_audit(site: Site) -> None:
    li, wang = await agent(site), await agent(site, "wang", "Wang Fang")
    await sits(li)
    await sits(wang, take_over=True)
    await wang.ask("DELETE", "me/seat")
    lines = (await site.ask("GET", "audit?action=seat.*")).body["lines"]
    assert sorted(one["action"] for one in lines) == [
        "seat.leave",
        "seat.take",
        "seat.take",
        "seat.take_over",
    ]


async def test_seats_are_listed_from_usual_places_and_the_reasons_beside_them(site: Site) -> None:
    li = await agent(site)
    body = (await li.ask("GET", "seats")).body
    assert body["seats"] == []
    assert [one["code"] for one in body["reasons"]] == ["break", "lunch", "training", "paperwork", "meeting"]


# --- the screens -----------------------------------------------------------------------------------------------------


async def test_the_screens_are_told_of_shifts_and_of_why_a_seat_is_gone(site: Site) -> None:
    li, wang = await agent(site), await agent(site, "wang", "Wang Fang")
    await sits(li)
    (mine,) = await site.store.read(shifts.every)
    hub = Hub("node-a")
    sitting = Sitting(hub, site.tick)
    alarm = Problem(code="phone_unregistered", args={"phone": "1001", "interface": PHONE})
    sitting.show(mine, (alarm, Problem(code="nobody_waits", args={"queues": "hotline"})))
    shown = hub.screen.value("shift", str(mine.user))
    assert shown is not None
    assert [one["code"] for one in shown["problems"]] == ["phone_unregistered"]
    await sits(wang, take_over=True)
    (theirs,) = await site.store.read(shifts.every)
    sitting.clear(mine.user)
    assert hub.screen.value("shift", str(mine.user)) is None
    sitting.moved(mine, None, theirs)
    assert notices(hub) == [("seat_taken", {"seat": PHONE, "name": "Wang Fang"})]
    assert sitting.open(mine.user) == 0
    site.now = NOW + 11 * 60_000  # the notice of before is too old by now
    sitting.moved(theirs, mine, None)
    sitting.moved(mine, None, None)
    assert notices(hub) == [("seat_moved", {"seat": PHONE, "to": PHONE}), ("seat_ended", {"seat": PHONE})]


def notices(hub: Hub) -> list[tuple[str, dict[str, Any]]]:
    return [(one["code"], one["args"]) for one in hub.screen.snapshot()["notices"].values()]


def test_a_shift_on_the_stream_is_its_seat_its_wish_and_what_stands_there_unasked() -> None:
    from tests.seats.people import CALL, shift

    wrap = WrapUp(call=CallId(CALL), since=NOW, until=NOW + 60_000)
    alarm = Problem(code="link_down", args={"pbx": "main", "since": None})
    value = shift_value(shift(wrap_up=wrap), (alarm, Problem(code="wrap_up", args={})))
    assert value["seat"]["interface"] == PHONE
    assert value["wrap_up"] == {
        "call": CALL,
        "since": "2026-11-18T11:06:40.000Z",
        "until": "2026-11-18T11:07:40.000Z",
    }
    assert value["problems"] == [{"code": "link_down", "args": {"pbx": "main", "since": None}}]
    assert value["queues"] == ["hotline", "repair"]
    assert shift_value(shift(), ())["wrap_up"] is None

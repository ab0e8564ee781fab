"""Nobody gets at another's calls by the way they name their own phone."""

from __future__ import annotations

import pytest

from callserver.people import Place, Profile, Role
from callserver.store import users
from callserver.store.users import Changes
from tests.web.api.test_calls import call, write
from tests.web.api.test_phone import CALL, OTHERS, node, on_record
from tests.web.conftest import Said, Site
from tests.web.people import BOSS, Browser, user

OWN, LINE = "PJSIP/1009", "PJSIP/trunk"


async def agent(site: Site, login: str, role: Role = "agent") -> Browser:
    site.vitals.switch("main", "127.0.0.1:5038")
    await user(site, login, role, name=login.title(), queues=[Profile(queue="repair")])
    browser = Browser(site)
    assert (await browser.sign_in(login)).status == 204
    return browser


async def sit(who: Browser, interface: str, state: str | None = None, **more: bool) -> Said:
    given = {"interface": interface} | ({} if state is None else {"state_interface": state})
    return await who.ask("PUT", "me/seat", {**given, **more})


async def test_a_colleagues_phone_is_not_ones_own_because_its_state_is_watched(site: Site) -> None:
    mallory, wang = await agent(site, "mallory"), await agent(site, "wang")
    assert (await sit(wang, OTHERS)).status == 200
    await on_record(site, interface=OTHERS)
    for state in (OTHERS, "hint:1002@phones"):
        refused = await sit(mallory, OWN, state)
        assert refused.status == 409, refused
        assert "Wang" in refused.body["detail"]
    assert (await sit(mallory, OWN)).status == 200
    async with node(site) as seen:
        assert (await mallory.ask("POST", "phone/hangup", {"call": CALL})).status == 404
    assert seen == []


async def test_who_watched_a_phones_state_first_is_displaced_by_whoever_sits_at_it(site: Site) -> None:
    mallory, wang = await agent(site, "mallory"), await agent(site, "wang")
    assert (await sit(mallory, OWN, OTHERS)).status == 200
    assert (await sit(wang, OTHERS)).status == 409
    assert (await sit(wang, OTHERS, take_over=True)).status == 200
    assert (await mallory.ask("GET", "me/seat")).status == 404


async def test_the_line_by_which_callers_come_in_is_nobodys_phone(site: Site) -> None:
    mallory, boss = await agent(site, "mallory"), await agent(site, "boss", "supervisor")
    legs = [{"leg": "1.0", "interface": LINE, "caller": True}, {"leg": "1.1", "interface": OTHERS}]
    await write(site.store, call(1, direction="inbound", legs=legs, queue_visits=[{"queue": "sales"}]))
    for given in ((LINE, None), (OWN, LINE), (OWN, "hint:trunk@x")):
        refused = await sit(mallory, *given)
        assert refused.status == 403, given
    assert (await mallory.ask("GET", "calls")).body["calls"] == []
    assert (await sit(mallory, OTHERS)).status == 200
    assert (await sit(boss, LINE)).status == 200, "whoever sees the floor sees its calls anyway"


async def test_a_line_in_the_settings_is_nobodys_phone_before_its_first_call(site: Site) -> None:
    mallory = await agent(site, "mallory")
    assert (await sit(mallory, "PJSIP/carrier")).status == 200, "nobody has said what it is"
    site.trunks["main"] = ("PJSIP/carrier",)
    for given in (("PJSIP/carrier", None), ("PJSIP/carrier-2", None), (OWN, "PJSIP/carrier")):
        refused = await sit(mallory, *given)
        assert (refused.status, "settings" in refused.body["detail"]) == (403, True), refused


@pytest.mark.parametrize(
    "interface",
    [
        "Local/0900123456@phones",
        "PJSIP/0900123456@trunk",
        "SIP/trunk/0900123456",
        "PJSIP/trunk/sip:x@example",
        "PJSIP/${EXTEN}",
    ],
)
async def test_what_may_ring_anywhere_is_a_seat_only_where_somebody_has_named_it(
    site: Site, interface: str
) -> None:
    mallory = await agent(site, "mallory")
    refused = await sit(mallory, interface)
    assert (refused.status, interface in refused.body["detail"]) == (403, True)
    me = (await mallory.ask("GET", "me")).body["user"]["id"]
    named = Changes(seat=Place(pbx="main", interface=interface))
    await site.store.write(lambda c: users.change(c, me, named, BOSS, site.now))
    assert (await sit(mallory, interface)).status == 200

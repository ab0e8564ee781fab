"""Nobody gets at another's calls by the way they name their own phone."""

from __future__ import annotations

from callserver.people import Profile
from tests.web.api.test_phone import CALL, OTHERS, node, on_record
from tests.web.conftest import Said, Site
from tests.web.people import Browser, user

OWN = "PJSIP/1009"


async def agent(site: Site, login: str, role: str = "agent") -> Browser:
    site.vitals.switch("main", "127.0.0.1:5038")
    await user(site, login, role, name=login.title(), queues=[Profile(queue="repair")])  # type: ignore[arg-type]
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

"""Who may be given a call that is owed: asked by supervisors, who see no users otherwise."""

from __future__ import annotations

from tests.web.conftest import Site


async def test_whoever_may_dial_and_every_team_can_be_chosen(site: Site) -> None:
    await site.ask("POST", "teams", {"name": "line"})
    for login, role in (("li", "agent"), ("boss", "supervisor"), ("audit", "auditor"), ("gone", "agent")):
        await site.ask("POST", "users", {"login": login, "name": f"name of {login}", "role": role})
    gone = next(one for one in (await site.api("users"))["users"] if one["login"] == "gone")
    await site.ask("PATCH", f"users/{gone['id']}", {"disabled": True}, If_Match="*")
    found = await site.api("promises/takers")
    assert [one["login"] for one in found["people"]] == ["boss", "li"]
    assert found["teams"] == ["line"]


async def test_who_may_give_no_call_to_others_does_not_see_who_there_is(site: Site) -> None:
    token = await site.token("tickets:read", "promises:dial")
    assert (await site.ask("GET", "promises/takers", token=token)).status == 403

"""Calls that are owed, on the screens of those who make them and of those who answer for them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from callserver.facts import LegId, PbxId
from callserver.seats.asking import Originate
from callserver.store import attempts, engine
from callserver.store.attempts import Next, Try
from callserver.store.engine import Connection
from tests.browser.looking import complaints, held_back
from tests.browser.office import Api
from tests.browser.stage import Desk, Stage
from tests.rig.scenarios import ZHANG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
DIALS = True
WANG, LI_XIUYING, EMMA = "13800138000", "13800138001", "13800138004"


async def owes(desk: Desk, stage: Stage, number: str, kind: str, why: str, due: timedelta) -> dict[str, Any]:
    """Whoever sits at the desk promises a call on a new ticket of the customer with this number."""
    office = Api(desk.window.context.request, stage)
    ticket = await office.ticket(await office.customer(number), number, "repair", "灶具打不着火")
    made = await Api(desk.window.context.request, stage, theirs=True).owed(ticket, kind, why, due)
    return dict(made)


async def in_order(desk: Desk) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    assert await desk.window.sticks_out() == []
    assert await complaints(desk.page) == []


async def opens(desk: Desk, path: str) -> None:
    await desk.window.go(path)
    await expect(desk.page.locator("[aria-busy=true]")).to_have_count(0)


async def test_the_next_call_that_is_owed_is_made_by_one_key(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.outside_answers(ring_ms=1_000)
    promise = await owes(desk, stage, WANG, "watch", "灶具点火后回访", timedelta(minutes=20))
    await owes(desk, stage, LI_XIUYING, "return_visit", "上门维修后的回访", timedelta(minutes=40))
    await expect(desk.page.locator(".next")).to_contain_text("王小明")
    await expect(desk.page.locator(".owed-list .rows")).to_contain_text("李秀英")
    await desk.page.locator("body").press("p")
    await desk.shows("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    await expect(desk.page.locator(".head.state-talking")).to_contain_text("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    await in_order(desk)
    await desk.writes("现在能点着了")
    await desk.page.keyboard.press("Alt+h")
    await desk.saves()
    await expect(desk.page.locator(".next")).to_contain_text("李秀英")
    assert (await told(desk, stage, promise))["status"] == "kept"


async def test_a_call_that_is_late_rings_whoever_is_free_with_its_story_on_the_screen(stage: Stage) -> None:
    await stage.stands(ZHANG, "answers_when_told")
    desk = await stage.working("zhang")
    office = Api(desk.window.context.request, stage)
    await stage.outside_answers(ring_ms=1_000)
    await office.ask("PUT", "dialling/all", {"paused": True, "why": "to be looked at first"})
    promise = await owes(desk, stage, WANG, "watch", "现在能点着吗", timedelta(minutes=-2))
    await expect(desk.page.locator(".next.late")).to_contain_text("已逾期")
    await in_order(desk)
    await office.ask("PUT", "dialling/all", {"paused": False})
    await desk.shows("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    await expect(desk.page.locator("#called")).to_contain_text("王小明")
    assert not stage.service.rows("select 1 from calls where open and answered_at is not null")
    stage.phones.picks_up(ZHANG)
    await expect(desk.page.locator(".head.state-talking")).to_contain_text("王小明")
    await desk.page.keyboard.press("Alt+h")
    await desk.saves()
    await expect(desk.page.locator(".owed-list")).not_to_contain_text("现在能点着吗")
    assert (await told(desk, stage, promise))["status"] == "kept"


async def test_a_customer_who_calls_first_keeps_the_promise_by_one_key(stage: Stage) -> None:
    desk = await stage.working("li")
    promise = await owes(desk, stage, EMMA, "watch", "does the burner light?", timedelta(minutes=20))
    await stage.calls(number=EMMA)
    await desk.is_("talking")
    await expect(desk.page.locator(".owing")).to_contain_text("does the burner light?")
    await expect(desk.button("keep")).to_be_visible()
    await desk.page.locator("body").press("Alt+o")
    await expect(desk.page.locator(".notices")).to_contain_text("Kept")
    await expect(desk.page.locator(".owing")).to_have_count(0)
    assert (await told(desk, stage, promise))["status"] == "kept"


async def test_a_supervisor_closes_what_is_late_and_decides_what_nobody_saw_with_reasons(
    stage: Stage,
) -> None:
    agent, boss = await stage.desk("zhang"), await stage.desk("boss", scheme="dark")
    late = await owes(agent, stage, WANG, "callback", "asks for the price", timedelta(hours=-3))
    early = await owes(agent, stage, LI_XIUYING, "return_visit", "上门维修后的回访", timedelta(hours=30))
    unseen = await owes(agent, stage, EMMA, "callback", "was cut off", timedelta(hours=20))
    await lost_from_sight(stage, unseen)
    await opens(boss, "/promises")
    await expect(row(boss, early)).to_contain_text("李秀英")
    await boss.page.locator("[data-view=late]").click()
    await expect(row(boss, early)).to_have_count(0)
    await row(boss, late).click()
    await expect(boss.page.locator(".one")).to_contain_text("asks for the price")
    await expect(boss.page.locator(".one .held, .one .free")).to_be_visible()
    await in_order(boss)
    await boss.page.keyboard.press("w")
    await expect(boss.page.locator("dialog [type=submit]")).to_be_disabled()
    await boss.page.keyboard.type("called them from the shop")
    await boss.page.keyboard.press("Enter")
    await expect(boss.page.locator("dialog")).to_have_count(0)
    await expect(row(boss, late)).to_have_count(0)
    assert (await told(boss, stage, late))["status"] == "withdrawn"
    await boss.page.locator("[data-view=unknown]").click()
    await row(boss, unseen).click()
    await expect(boss.button("decide")).to_be_visible()
    await boss.page.keyboard.press("d")
    await expect(boss.page.locator("dialog [type=submit]")).to_be_disabled()
    await in_order(boss)
    await boss.page.locator("dialog [type=radio]").first.check()
    await boss.page.locator("dialog input:not([type=radio])").fill("she remembers the talk")
    await boss.page.keyboard.press("Enter")
    await expect(row(boss, unseen)).to_have_count(0)
    assert (await told(boss, stage, unseen))["status"] == "kept"


async def test_who_wants_no_calls_is_called_only_with_a_reason(stage: Stage) -> None:
    desk = await stage.working("li")
    office = Api(desk.window.context.request, stage)
    await stage.outside_answers(ring_ms=500)
    await office.customer(EMMA, do_not_call=True)
    promise = await owes(desk, stage, EMMA, "sale", "wanted a hood too", timedelta(minutes=20))
    await expect(desk.page.locator(".next")).to_contain_text("wanted a hood too")
    await desk.page.locator("body").press("p")
    await expect(desk.page.locator("dialog")).to_contain_text("This customer wants no calls")
    await expect(desk.page.locator("dialog [type=submit]")).to_be_disabled()
    await in_order(desk)
    await desk.page.locator("dialog input").fill("she asked for this one herself")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".head.state-talking")).to_contain_text("Emma")
    await desk.page.keyboard.press("Alt+h")
    await desk.saves()
    await expect(desk.page.locator(".owed-list")).not_to_contain_text("wanted a hood too")
    assert (await told(desk, stage, promise))["status"] == "kept"
    await office.customer(EMMA, do_not_call=False)


async def test_a_bad_rating_by_key_reopens_the_ticket_and_is_on_the_supervisors_screen(stage: Stage) -> None:
    """A voice makes the return visit a second after the service; the customer presses 2 while it speaks."""
    boss = await stage.desk("boss")
    office = Api(boss.window.context.request, stage)
    await stage.outside_answers(ring_ms=200, keys=((7_000, "2"),))
    spoken = {"mode": "automatic", "due_ms": 1_000, "earliest_ms": 0, "deadline_ms": 3_600_000}
    always = {"hours": {"weekly": [[{"begin": 0, "end": 1440}]] * 7}, "prompt": "return_visit"}
    await office.ask("PUT", "policies/return_visit", spoken | always, **{"If-Match": "*"})
    at = {"begin": "2026-11-21T01:00:00Z", "end": "2026-11-21T03:00:00Z"}
    done = {
        "fault": "ignition",
        "place": {"line": "Hongkong Road 12"},
        "appointment": at,
        "outcome": "solved",
    }
    ticket = await office.ask("POST", "tickets", {"kind": "repair", "caller": WANG, "fields": done})
    path = f"tickets/{ticket['id']}"
    await office.ask("POST", f"{path}/status", {"to": "serviced", "why": "mended"}, **{"If-Match": "*"})
    (visit,) = (await office.ask("GET", f"{path}/promises"))["promises"]
    await expect(boss.page.locator(".notices")).to_contain_text(
        "the customer rated us 2 of 5", timeout=60_000
    )
    await opens(boss, "/promises?show=settled")
    await row(boss, visit).click()
    await expect(boss.page.locator(".attempts")).to_contain_text("pressed 2")
    assert (await office.ask("GET", path))["status"] == "reopened"
    await office.ask("DELETE", "policies/return_visit", **{"If-Match": "*"})


async def test_a_promise_is_given_to_somebody_else_and_moved_into_no_past(stage: Stage) -> None:
    agent, boss = await stage.desk("zhang"), await stage.desk("boss")
    promise = await owes(agent, stage, WANG, "callback", "where is my receipt?", timedelta(hours=20))
    await expect(agent.page.locator(".owed-list")).to_contain_text("where is my receipt?")
    await opens(boss, "/promises")
    await row(boss, promise).click()
    await boss.page.keyboard.press("r")
    await expect(boss.page.locator("#whom option[value=li]")).to_have_count(1)
    await boss.page.locator("dialog [list=whom]").fill("li")
    due = boss.page.locator("dialog [type=datetime-local]")
    async with held_back(boss.page, "/reassign$", "POST"):
        await boss.page.keyboard.press("Enter")
        await boss.page.keyboard.press("Escape")
        await expect(boss.page.locator("dialog")).to_have_count(0)
        await boss.page.keyboard.press("m")
        await due.fill("2020-01-01T10:00")
    await expect(row(boss, promise)).to_contain_text("Li Na")
    await expect(due).to_have_value("2020-01-01T10:00")  # an answer that comes late closes no other dialog
    await expect(boss.page.locator("dialog [type=submit]")).to_be_disabled()
    await boss.page.keyboard.press("Escape")
    await expect(agent.page.locator(".owed-list")).not_to_contain_text("where is my receipt?")
    assert (await told(boss, stage, promise))["owner"]["login"] == "li"


async def test_all_dialling_is_stopped_by_one_switch_that_says_so(stage: Stage) -> None:
    agent, boss = await stage.working("li"), await stage.desk("boss")
    await owes(agent, stage, WANG, "watch", "does it light?", timedelta(minutes=30))
    await opens(boss, "/promises")
    switch = boss.page.locator("[data-action=dialling]")
    await expect(switch).to_have_attribute("aria-checked", "true")
    await switch.click()
    await expect(boss.page.locator("dialog input:focus, dialog textarea:focus")).to_have_count(1)
    await boss.page.keyboard.type("the trunk is being repaired")
    await boss.page.keyboard.press("Enter")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(switch).to_contain_text("the trunk is being repaired")
    await in_order(boss)
    await expect(agent.page.locator(".next")).to_contain_text("does it light?")
    await agent.page.locator("body").press("p")
    await expect(agent.page.locator(".notices")).to_contain_text("A supervisor has stopped this dialling")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")


async def test_an_agent_sees_their_own_promises_only(stage: Stage) -> None:
    mine, other = await stage.desk("li", scheme="dark"), await stage.desk("zhang")
    hers = await owes(mine, stage, WANG, "callback", "hers", timedelta(hours=30))
    his = await owes(other, stage, LI_XIUYING, "callback", "his", timedelta(hours=30))
    await opens(mine, "/promises")
    await expect(row(mine, hers)).to_contain_text("王小明")
    await expect(row(mine, his)).to_have_count(0)
    await expect(mine.page.locator(".overview")).to_have_count(0)
    await in_order(mine)


async def test_a_policy_that_cannot_be_worked_by_is_refused_at_its_fields(stage: Stage) -> None:
    root = await stage.desk("root", scheme="dark")
    await opens(root, "/promises/policies?kind=survey")
    for day in range(7):
        await root.page.locator(f"#policy-weekly{day}").fill("")
    await root.page.locator("#policy-deadline_ms").fill("1")
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("[data-field='hours.weekly']")).not_to_be_empty()
    await expect(root.page.locator("#policy-deadline_ms-wrong")).to_be_visible()
    await in_order(root)
    await root.page.locator("[data-action=undo]").click()


async def test_of_two_administrators_the_second_sees_what_the_first_one_changed(stage: Stage) -> None:
    root = await stage.desk("root")
    office = Api(root.window.context.request, stage)
    await opens(root, "/promises/policies?kind=sale")
    before = await office.ask("GET", "policies/sale")
    await root.page.locator("#policy-weekly0").fill("22:00-02:00")
    await root.page.locator("#policy-most_tries").fill("9")
    theirs = {name: value for name, value in before.items() if name not in ("kind", "version")}
    theirs |= {"most_tries": 4, "first": "team"}
    await office.ask("PUT", "policies/sale", theirs, **{"If-Match": "*"})
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("dialog .both")).to_have_count(1)
    await in_order(root)
    await root.page.locator("dialog .main").click()
    await root.page.locator("[data-action=save]").click()
    await expect(root.page.locator(".unsaved")).to_have_count(0)
    after = await office.ask("GET", "policies/sale")
    assert (after["most_tries"], after["first"]) == (9, "team")
    assert after["hours"]["weekly"][0] == [{"begin": 22 * 60, "end": 26 * 60}]


async def lost_from_sight(stage: Stage, promise: dict[str, Any]) -> None:
    """As after a crash: it was dialled, and nobody saw what became of it."""
    asked = Originate(interface="PJSIP/1001", way="number", to="1", channel=LegId(f"lost-{promise['id']}"))
    wanted = Try(
        promise=promise["id"], mode="agent_first", pbx=PbxId("main"), number=EMMA, request=asked, within_s=0
    )
    now = time.time_ns() // 1_000_000

    def lose(connection: Connection) -> None:
        made = attempts.begin(connection, wanted, now)
        attempts.ended(connection, made.id, "unknown", {}, now, Next(status="unknown"))

    store = await engine.open(f"sqlite:///{stage.service.database}")
    await store.write(lose)
    await store.close()


def row(desk: Desk, promise: dict[str, Any]) -> Locator:
    """The promise in the list."""
    return desk.page.locator(f"#promise-{promise['id']}")


async def told(desk: Desk, stage: Stage, promise: dict[str, Any]) -> Any:
    """The promise as it is now."""
    return await Api(desk.window.context.request, stage).ask("GET", f"promises/{promise['id']}")

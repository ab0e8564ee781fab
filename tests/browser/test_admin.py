"""The administration: people, seats, tokens, webhooks and the audit, as administrators meet them."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.looking import complaints
from tests.browser.office import Api
from tests.browser.stage import Desk, Stage
from tests.rig.browser import Window

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
PLACES = (
    "/admin",
    "/admin/users?id=new",
    "/admin/teams?id=1",
    "/admin/seats",
    "/admin/tokens?id=new",
    "/admin/webhooks?id=new",
    "/admin/audit",
)
NOWHERE = "http://127.0.0.1:9/hook"
EVIL = "<img src=x onerror=owned()>"
PASSWORD = "a lake behind the station"


async def administers(stage: Stage, path: str, **how: Any) -> Desk:
    """The administrator has opened this page, which is whole."""
    desk = await stage.desk("root", at=path, **how)
    await whole(desk)
    return desk


async def goes(desk: Desk, path: str) -> None:
    await desk.window.go(path)
    await whole(desk)


async def whole(desk: Desk) -> None:
    await expect(desk.page.locator("main.admin")).to_be_visible()
    await expect(desk.page.locator("[aria-busy=true]")).to_have_count(0)


async def in_order(desk: Desk) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    assert await desk.window.sticks_out() == [], desk.page.url
    assert await complaints(desk.page) == [], desk.page.url


def field(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f"#field-{name}")


def row(desk: Desk, name: str) -> Locator:
    return desk.page.locator(".pick-list .row").filter(has_text=name)


async def saves(desk: Desk) -> None:
    await desk.page.keyboard.press("Control+Enter")
    await expect(desk.page.locator(".editor .unsaved")).to_have_count(0)


async def told_once(desk: Desk) -> str:
    """The secret that stands in the dialog; the dialog is closed."""
    text = await desk.page.locator("#once").input_value()
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("dialog")).to_have_count(0)
    return text


async def confirms(desk: Desk, why: str | None = None) -> None:
    await expect(desk.page.locator("dialog [data-action=confirm]")).to_be_visible()
    await in_order(desk)
    if why is not None:
        await expect(desk.page.locator("dialog [data-action=confirm]")).to_be_disabled()
        await desk.page.locator("dialog input").fill(why)
    await desk.page.locator("dialog [data-action=confirm]").click()
    await expect(desk.page.locator("dialog")).to_have_count(0)


def office(desk: Desk, stage: Stage) -> Api:
    return Api(desk.window.context.request, stage)


async def noted(desk: Desk, stage: Stage, action: str) -> Any:
    """The newest line of the audit about that."""
    return (await office(desk, stage).ask("GET", f"audit?action={action}"))["lines"][0]


async def test_every_page_is_in_order_in_the_dark_and_has_its_keys(stage: Stage) -> None:
    desk = await administers(stage, PLACES[0], scheme="dark")
    await in_order(desk)
    for path in PLACES[1:]:
        await goes(desk, path)
        await in_order(desk)
    await desk.page.locator("body").press("?")
    await expect(desk.page.locator(".keymap")).to_contain_text("PageDown")


async def test_somebody_new_chooses_a_password_that_nobody_else_knows(stage: Stage) -> None:
    root = await administers(stage, "/admin/users")
    await root.page.locator("body").press("n")
    await field(root, "login").fill("Zhang")
    await field(root, "name").fill(EVIL)
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator(".editor .doing .wrong")).to_contain_text("已有用户 'zhang'")
    await field(root, "login").fill("w f")
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#field-login-wrong")).to_be_visible()
    await expect(field(root, "login")).to_be_focused()
    await in_order(root)
    await field(root, "login").fill("wang.fang")
    await root.page.locator("#field-teams [value=line]").check()
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#once")).to_be_visible()
    link = await told_once(root)
    await expect(row(root, EVIL)).to_have_count(1)
    window = await stage.chrome.window(stage.base, language="zh-CN")
    stage.desks.append(Desk(window, "wang.fang"))
    await chooses(window, link, stage)
    await goes(root, "/admin/users")
    await row(root, EVIL).click()
    await expect(root.page.locator(".sessions li")).to_have_count(1)
    assert not await root.page.evaluate("'owned' in window")


async def chooses(window: Window, link: str, stage: Stage) -> None:
    """Whoever opens the link is at the desk afterwards; opened again it is used up."""
    await window.go(link.removeprefix(stage.base))
    assert await complaints(window.page) == []
    for word in (PASSWORD, "another one"):
        await window.page.locator("#password").fill(PASSWORD)
        await window.page.locator("#again").fill(word)
    await window.page.keyboard.press("Enter")
    await expect(window.page.locator("#again-wrong")).to_be_visible()
    await window.page.locator("#again").fill(PASSWORD)
    await window.page.keyboard.press("Enter")
    await window.page.wait_for_url("**/desk")
    await window.go(link.removeprefix(stage.base))
    for name in ("password", "again"):
        await window.page.locator(f"#{name}").fill(PASSWORD)
    await window.page.keyboard.press("Enter")
    await expect(window.page.locator("#wrong")).to_be_visible()


async def test_a_change_is_in_the_audit_with_what_was_before_and_can_be_undone(stage: Stage) -> None:
    root = await administers(stage, "/admin/users")
    await row(root, "Li Na").click()
    await field(root, "name").fill("Li Na 李娜")
    await root.page.locator("#field-profile input[type=radio]").nth(1).check()
    await root.page.locator("#field-profile [value=repair]").check()
    await root.page.locator("#field-profile .penalty input").fill("3")
    await saves(root)
    await expect(row(root, "Li Na 李娜")).to_have_count(1)
    line = await noted(root, stage, "user.change")
    assert line["detail"]["changed"] == {"name": ["Li Na", "Li Na 李娜"], "queues.repair": [None, 3]}
    await root.page.locator(".notice button u").click()
    await expect(row(root, "Li Na 李娜")).to_have_count(0)
    await expect(row(root, "Li Na")).to_have_count(1)
    await root.page.locator(".editor section a").last.click()
    first = root.page.locator(".audit tbody tr").first
    await expect(first).to_contain_text("Li Na 李娜")
    await expect(first.locator(".is").first).to_have_text("Li Na")
    await in_order(root)


async def test_of_two_administrators_the_second_sees_what_the_first_one_changed(stage: Stage) -> None:
    root = await administers(stage, "/admin/teams?id=1", scheme="dark")
    await root.page.locator("#field-queues [value=repair]").uncheck()
    await office(root, stage).ask(
        "PATCH", "teams/1", {"queues": ["hotline"], "name": "first line"}, **{"If-Match": "*"}
    )
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("dialog .differences")).to_contain_text("first line")
    await in_order(root)
    await root.page.locator("dialog .main").click()
    await expect(field(root, "name")).to_have_value("first line")
    await field(root, "name").fill("line")
    await root.page.locator("#field-queues [value=repair]").check()
    await saves(root)
    kept = await office(root, stage).ask("GET", "teams/1")
    assert (kept["name"], sorted(kept["queues"])) == ("line", ["hotline", "repair"])
    await root.button("remove").click()
    await root.page.locator("dialog [data-action=confirm]").click()
    await expect(root.page.locator("dialog [role=alert]")).to_contain_text("Li Na")


async def test_a_team_without_people_is_removed_and_comes_back(stage: Stage) -> None:
    root = await administers(stage, "/admin/teams")
    await office(root, stage).ask("POST", "teams", {"name": "spare"})
    await goes(root, "/admin/teams")
    await row(root, "spare").click()
    await root.button("remove").click()
    await confirms(root)
    await expect(row(root, "spare")).to_have_count(0)
    await root.page.locator(".notices button", has_text="撤销").click()
    await expect(row(root, "spare")).to_be_visible()


async def test_a_seat_is_freed_and_whoever_sat_there_is_told(stage: Stage) -> None:
    li, root = await stage.working("li"), await administers(stage, "/admin/seats")
    taken = root.page.locator("tr.taken")
    await expect(taken).to_contain_text("Li Na")
    await taken.locator("[data-action=free]").click()
    await confirms(root, "went home without leaving it")
    await expect(taken).to_have_count(0)
    await expect(li.page.locator("body")).to_contain_text("went home without leaving it")
    await expect(li.page.locator("#seat")).to_be_visible()
    assert (await noted(root, stage, "floor.sign_out"))["detail"]["why"] == "went home without leaving it"


async def test_whoever_is_disabled_is_out_at_once_and_the_last_administrator_stays(stage: Stage) -> None:
    zhang, root = await stage.desk("zhang"), await administers(stage, "/admin/users")
    await row(root, "Zhang Wei").click()
    await root.page.locator("[data-action=disable]").click()
    await confirms(root)
    await expect(zhang.page).to_have_url(re.compile("/sign-in"))
    await root.page.locator("[data-action=enable]").click()
    await expect(root.page.locator("[data-action=disable]")).to_be_visible()
    await row(root, "Wu Min").click()
    await field(root, "role").select_option("agent")
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator(".editor .doing .wrong")).to_contain_text("最后一个管理员")


async def test_a_token_is_shown_once_and_opens_nothing_once_it_is_revoked(stage: Stage) -> None:
    root = await administers(stage, "/admin/tokens?id=new")
    await field(root, "name").fill("crm")
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#field-scopes-wrong")).to_be_visible()
    await root.page.locator("#field-scopes [value='calls:read']").check()
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#once")).to_be_visible()
    await in_order(root)
    token = await told_once(root)
    asked = partial(stage.service.get, "/api/v1/queues", token=token)
    await stage.service.until(lambda: asked().status == 200, 60, "the token to open what it may")
    assert token not in await root.page.content()
    await root.page.locator("[data-action=revoke]").click()
    await confirms(root)
    await expect(root.page.locator("[data-action=revoke]")).to_have_count(0)
    await stage.service.until(lambda: asked().status == 401, 60, "the token to open nothing")


async def test_what_a_webhook_did_not_get_is_seen_and_sent_again(stage: Stage) -> None:
    root = await administers(stage, "/admin/webhooks?id=new")
    await field(root, "name").fill("tickets")
    await field(root, "url").fill("ftp://nowhere")
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#field-url-wrong")).to_contain_text("http")
    await field(root, "url").fill(NOWHERE)
    await root.page.keyboard.press("Control+Enter")
    await expect(root.page.locator("#once")).to_be_visible()
    assert (await told_once(root)).startswith("whsec_")
    await root.page.locator("[data-action=test]").click()
    await expect(root.page.locator(".notice.warning")).to_be_visible()
    clerk = office(root, stage)
    await clerk.ticket(await clerk.customer("13800138000"), "13800138000", "repair", "灶具打不着火")
    await field(root, "state").select_option("off")
    await saves(root)
    await expect(root.page.locator(".letters tbody tr").first).to_contain_text("ticket.opened")
    await in_order(root)
    await field(root, "state").select_option("paused")
    await saves(root)
    await root.page.locator("[data-action=resendAll]").click()
    await expect(root.page.locator(".letters")).to_have_count(0)
    await root.page.locator("[data-action=remove]").click()
    await confirms(root)
    await expect(root.page.locator(".pick-list .row")).to_have_count(0)


async def test_the_audit_is_filtered_turned_over_and_proved_to_be_whole(stage: Stage) -> None:
    root = await administers(stage, "/admin/audit", scheme="dark")
    await root.page.locator(".filter select").select_option("user.*")
    await expect(root.page.locator(".audit tbody tr:not([data-action-of^='user.'])")).to_have_count(0)
    await root.page.locator("[data-action=chain]").click()
    await expect(root.page.locator(".chain .badge.talk")).to_be_visible()
    await in_order(root)
    await root.window.go("/admin/audit?actor=nobody+at+all")
    await expect(root.page.locator(".audit .empty")).to_be_visible()


async def test_whoever_may_not_sees_no_page_of_it_and_gets_nothing(stage: Stage) -> None:
    boss = await stage.desk("boss")
    await expect(boss.page.locator("a[href='/admin']")).to_have_count(0)
    await boss.window.go("/admin/users")
    await expect(boss.page.locator(".admin-here .wrong")).to_contain_text("Not allowed")
    await expect(boss.page.locator(".way[href^='/admin/']")).to_have_count(0)
    await expect(boss.page.locator(".pick-list .row")).to_have_count(0)

"""Makes the pictures of docs/screenshots from the real thing: `python -m scripts.screenshots` (`make pictures`).

A switch, phones, callserver and a browser as the browser tests have them: two agents' desks while calls come, the wall
over twelve agents, reports of a fortnight, the administration. `python -m scripts.screenshots reports` makes those of
one part only: desks, admin, wall, reports.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import expect

from callserver.store import migrations
from tests.browser import crew, ledger
from tests.browser.office import Api
from tests.browser.stage import Desk, Stage, opened
from tests.rig import browser as rig
from tests.rig import provision
from tests.rig.browser import chrome
from tests.rig.scenarios import HOTLINE, LI, REPAIR, ZHANG

TARGET = Path(__file__).parent.parent / "docs" / "screenshots"
PATIENCE_MS = 120_000  # a machine that is busy with something else makes the same pictures
WANG, EMMA = "13800138000", "13800138004"
OWED = (  # minutes from now
    (EMMA, "watch", "is the hood quieter now?", 12),
    (WANG, "requested", "wants to be called about the price", 50),
    ("13800138001", "return_visit", "上门维修后的回访", 190),
)


async def history(api: Api) -> None:
    """What two customers have been through before they call today."""
    home = [{"city": "青岛", "line": "市南区香港中路 76 号 3 单元 502"}]
    wang = await api.customer(WANG, vip=True, caution="家中有老人，电话铃多响几声", addresses=home)
    await api.ask(
        "POST",
        f"customers/{wang}/products",
        {"category": "water_heater", "model": "JSQ31", "serial": "SN20260317", "bought_on": "2026-03-17"},
    )
    await known_models(api, wang)
    fault = await api.ticket(
        wang, WANG, "repair", "灶具左侧炉头打不着火", "已指导更换电池，仍打不着火", "约定周二上门，师傅 李强"
    )
    await api.owed(fault, "return_visit", "上门维修后的回访", timedelta(days=-1))
    await api.ticket(wang, WANG, "information", "热水器冬季防冻", "已说明排水方法")
    emma = await api.customer(
        EMMA,
        caution="complained twice about late fitters",
        addresses=[{"city": "Shanghai", "line": "88 Century Avenue, flat 1204"}],
    )
    await known_models(api, emma)
    hood = await api.ticket(
        emma, EMMA, "repair", "Range hood hums and does not draw", "asked to clean the filter first"
    )
    await api.owed(hood, "watch", "is it quieter now?", timedelta(hours=2))


async def known_models(api: Api, customer: int) -> None:
    """The old list has category and model in one; somebody has put that right."""
    for one in (await api.ask("GET", f"customers/{customer}/products"))["products"]:
        words = str(one["category"]).split()
        if len(words) > 1:
            said = {"category": "_".join(words[:-1]), "model": words[-1]}
            await api.ask("PATCH", f"products/{one['id']}", said, **{"If-Match": "*"})


async def picture(desk: Desk, name: str) -> None:
    await desk.page.wait_for_timeout(400)
    await desk.page.screenshot(path=TARGET / f"{name}.png", animations="disabled", scale="css")
    print(TARGET / f"{name}.png")


async def signing_in(stage: Stage) -> None:
    window = await stage.chrome.window(stage.base, language="en")
    desk = Desk(window, "sign-in")
    stage.desks.append(desk)
    await window.go("/sign-in")
    await picture(desk, "sign-in-en-light")


async def a_call(stage: Stage, desk: Desk, number: str, note: str, style: str) -> None:
    """From the ring to the record."""
    await stage.calls(number=number)
    await desk.is_("ringing")
    await expect(desk.page.locator(".own .row").first).to_be_visible()
    await picture(desk, f"ringing-{style}")
    await desk.is_("talking")
    await desk.writes(note)
    await expect(desk.page.locator(".saved").first).not_to_be_empty()
    await picture(desk, f"talking-{style}")


async def owed(stage: Stage, desk: Desk) -> None:
    """What an agent owes, what their supervisor sees of it, and how an administrator says when it is dialled."""
    theirs = Api(desk.window.context.request, stage, theirs=True)
    office = Api(desk.window.context.request, stage)
    for number, kind, why, minutes in OWED:
        ticket = await office.ticket(await office.customer(number), number, "repair", why)
        await theirs.owed(ticket, kind, why, timedelta(minutes=minutes))
    await expect(desk.page.locator(".owed-list .rows")).to_be_visible()
    await picture(desk, "owed-en-light")
    boss = await stage.desk("boss", scheme="dark")
    await boss.window.go("/promises")
    await expect(boss.page.locator(".promise-table tbody tr").first).to_be_visible()
    await boss.page.keyboard.press("ArrowDown")
    await expect(boss.page.locator(".one [aria-busy=true]")).to_have_count(0)
    await picture(boss, "promises-en-dark")
    root = await stage.desk("root")
    await root.window.go("/promises/policies?kind=return_visit")
    await expect(root.page.locator(".policy-fields")).to_be_visible()
    await picture(root, "policies-zh-light")


async def day(stage: Stage) -> None:
    for phone in (ZHANG, LI):
        await stage.stands(phone, "answers", ring_ms=4_000)
    await signing_in(stage)
    zhang = await stage.working("zhang", scheme="dark")
    office = Api(zhang.window.context.request, stage)
    # Nobody is rung for what is owed while a picture is taken.
    await office.ask("PUT", "dialling/all", {"paused": True, "why": "the pictures are taken"})
    await history(office)
    await a_call(stage, zhang, WANG, "师傅昨天没有来，客户很着急；今天下午 3 点前回电确认。", "zh-dark")
    await zhang.page.keyboard.press("Alt+h")
    await zhang.is_("wrap_up")
    await zhang.saves()
    await zhang.is_("ready")
    await stage.stands(ZHANG, "never_answers")
    await zhang.page.keyboard.press("Alt+p")
    await zhang.page.locator("dialog button", has_text="用餐").click()
    li = await stage.working("li")
    await a_call(stage, li, EMMA, "Hums again since the filter was cleaned. Wants a fitter.", "en-light")
    await li.page.keyboard.press("Alt+t")
    await expect(li.page.locator("#targets li").first).to_be_visible()
    await picture(li, "pass-on-en-light")
    await li.page.keyboard.press("Escape")
    await li.page.locator("[aria-keyshortcuts='?']").click()
    await expect(li.page.locator(".keymap")).to_be_visible()
    await picture(li, "keys-en-light")
    await li.page.keyboard.press("Escape")
    await zhang.page.keyboard.press("Alt+w")
    await expect(zhang.page.locator("dialog .facts")).to_be_visible()
    await picture(zhang, "why-no-calls-zh-dark")
    await li.page.keyboard.press("Alt+h")
    await li.is_("wrap_up")
    await li.saves()
    await li.is_("ready")
    await owed(stage, li)


async def the_wall(stage: Stage) -> None:
    """Twelve agents, callers who wait, callers who talk: what their supervisor sees, by day and on the large screen."""
    boss = await stage.desk("boss", scheme="dark")
    await boss.window.go("/wall")
    await crew.all_sit(stage)
    await expect(boss.page.locator("tr[data-agent][data-state=ready]")).to_have_count(len(crew.SEATS))
    office = Api(boss.window.context.request, stage)
    for queue, title in (("hotline", "Hotline 热线"), ("repair", "Repair 维修")):
        await office.ask(
            "PUT", f"queue-settings/{queue}", {"title": title, "target_s": 20}, **{"If-Match": "*"}
        )
    for number, name in enumerate(("王小明", "Emma Clarke", "刘洋")):
        await stage.calls(number=f"1390000000{number}", display=name, dialed=REPAIR)
    burst = await stage.phones.crowd(CALLERS, dialed=HOTLINE, calls=120, rate_per_s=1)
    await expect(boss.page.locator("tr[data-agent][data-state=talking]").nth(5)).to_be_visible()
    await picture(boss, "wall-en-dark")
    tv = await stage.desk("boss")
    await in_chinese(tv)
    for path, name in (("/wall?tv", "wall-tv"), ("/wall", "wall")):
        await tv.window.go(path)
        await expect(tv.page.locator("main")).to_contain_text("Repair")
        await expect(tv.page.locator("main")).to_contain_text("Hotline")
        await picture(tv, f"{name}-zh-light")
    await burst.kill()
    rule = await office.ask("GET", "alert-rules/long_wait")
    soon = {"metric": rule["metric"], "title": rule["title"], "threshold": 5, "clear": 0}
    await office.ask("PUT", "alert-rules/long_wait", soon, **{"If-Match": "*"})
    await tv.window.go("/alerts")
    await expect(tv.page.locator(".alert-row").first).to_be_visible()
    await expect(tv.page.locator(".alert-one")).to_be_visible()
    await tv.page.keyboard.press("a")
    await expect(tv.page.locator(".alert-one [data-action=reset]")).to_be_visible()
    await expect(tv.page.locator("[aria-busy=true]")).to_have_count(0)
    await picture(tv, "alerts-zh-light")


CALLERS = [
    ("13800138000", "王芳"),
    ("13800138001", "James Hill"),
    ("13800138002", "赵磊"),
    ("13800138003", "Anna Berg"),
]


async def in_chinese(desk: Desk) -> None:
    """Their pages are Chinese from the next one on."""
    said = {"X-Callserver": "1", "Origin": desk.window.base}
    kept = await desk.window.context.request.patch("/api/v1/me", data={"language": "zh-CN"}, headers=said)
    assert kept.ok, await kept.text()


async def looking_back(browser: provision.Browser) -> None:
    """A week's report, against the one before, and the calls behind one of its numbers."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "calls.db"
        await migrations.upgrade(f"sqlite:///{file}")
        async with chrome(browser) as found, ledger.opened(file, found, ledger.fortnight()) as site:
            for login, style, path in LOOKED_BACK:
                window = await site.screen(login, path, scheme=style.rsplit("-", 1)[1])
                await expect(window.page.locator("[aria-busy=true]")).to_have_count(0)
                await picture(Desk(window, login), style)
            await site.clear()


WEEK = "from=2026-11-09&to=2026-11-15"
LOOKED_BACK = (
    ("boss", "report-en-light", f"/reports?{WEEK}&metric=sl_offered"),
    ("root", "report-zh-light", f"/reports?{WEEK}&split=queue"),
    ("root", "calls-zh-dark", "/calls?from=2026-11-02&to=2026-11-03&call=main:1.0"),
    (
        "boss",
        "calls-en-light",
        f"/calls?{WEEK}&by=day&split=queue&key=repair&title=Repair&metric=abandoned",
    ),
)


async def administering(stage: Stage) -> None:
    """The pages of whoever runs it."""
    if not stage.desks:
        await stage.stands(LI, "answers", ring_ms=4_000)
        await stage.working("li")
    root = await stage.desk("root")
    for path, name in (
        ("/admin/queues?id=hotline", "admin-queues"),
        ("/admin/users?id=1", "admin-users"),
        ("/admin/alerts?id=long_wait", "admin-alerts"),
        ("/start", "start"),
    ):
        await root.window.go(path)
        await expect(root.page.locator("main")).to_be_visible()
        await expect(root.page.locator("[aria-busy=true]")).to_have_count(0)
        await expect(root.page.locator("main")).not_to_contain_text("正在检查")
        await picture(root, f"{name}-zh-light")


async def main(*parts: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    switch, browser = provision.asterisk(), provision.chromium()
    expect.set_options(timeout=PATIENCE_MS)
    rig.WITHIN_MS = PATIENCE_MS
    if {"desks", "admin"} & set(parts):
        async with opened(switch, browser) as stage:
            if "desks" in parts:
                await day(stage)
            if "admin" in parts:
                await administering(stage)
            await stage.clear()
    if "wall" in parts:
        async with crew.opened(switch, browser, stay_ms=25_000) as stage:
            await the_wall(stage)
    if "reports" in parts:
        await looking_back(browser)


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or ("desks", "admin", "wall", "reports"))))

"""What administrators set of the hotline on their screens, and the way from nothing to the first answered call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from callserver.ami.answers import Finding
from tests.browser import house, site
from tests.browser.house import House
from tests.browser.looking import complaints, held_back
from tests.browser.stage import Desk
from tests.push.watching import PBX, PHONE, arriving
from tests.rig import provision
from tests.test_recordings import tone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_house(
    chromium: provision.Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with house.opened(chromium, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def root(whole_house: House) -> AsyncIterator[Desk]:
    """The administrator; nothing goes wrong on their screen."""
    window = await whole_house.window()
    yield Desk(window, "root")
    assert not window.wrong, window.wrong
    await window.close()


class Office:
    """The API, asked with the operator's token from that browser."""

    def __init__(self, desk: Desk, root: str, token: str = house.TOKEN) -> None:
        self._requests, self._root = desk.window.context.request, f"{root}/api/v1"
        self._said = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await self._requests.fetch(
            f"{self._root}/{path}", method=method, data=body, headers={**self._said, **headers}
        )
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        return await answer.json()


@pytest_asyncio.fixture(loop_scope="module")
async def office(whole_house: House, root: Desk) -> Office:
    return Office(root, whole_house.base)


async def opens(desk: Desk, path: str) -> None:
    await desk.window.go(path)
    await expect(desk.page.locator("main")).to_be_visible()
    await expect(desk.page.locator("[aria-busy=true]")).to_have_count(0)


async def in_order(desk: Desk) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    assert await desk.window.sticks_out() == []
    assert await complaints(desk.page) == []


def field(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f"#field-{name}")


def picked(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f"#pick-{name}")


async def sure(desk: Desk) -> None:
    """Yes, do it; and it is done."""
    await desk.page.locator("dialog [data-action=confirm]").click()
    await expect(desk.page.locator("dialog")).to_have_count(0)


async def said(desk: Desk, words: str) -> None:
    await expect(desk.page.locator(".notices")).to_contain_text(words)


async def of_queue(office: Office, name: str = "hotline") -> dict[str, Any]:
    return dict(await office.ask("GET", f"queue-settings/{name}"))


async def test_a_queue_gets_a_name_and_a_target_until_they_are_taken_back(office: Office, root: Desk) -> None:
    await opens(root, "/admin/queues?id=hotline")
    await field(root, "target_s").fill("soon")
    await root.saves()
    await expect(field(root, "target_s")).to_have_attribute("aria-invalid", "true")
    await in_order(root)
    await field(root, "title").fill("服务热线")
    await field(root, "target_s").fill("15")
    async with held_back(root.page, "/queue-settings/hotline$", "PUT"):
        await root.saves()
        await field(root, "short_s").fill("7")
    await said(root, "服务热线")
    await expect(field(root, "title")).to_have_value("服务热线")
    await expect(field(root, "short_s")).to_have_value("7")  # typed while the others were saved
    await root.saves()
    await expect(root.page.locator(".unsaved")).to_have_count(0)
    await expect(picked(root, "hotline")).to_contain_text("set here")
    kept = await of_queue(office)
    assert (kept["target_s"], kept["short_s"]) == (15, 7)
    shown = (await office.ask("GET", "queues"))["queues"]
    assert {one["queue"]: one["title"] for one in shown}["hotline"] == "服务热线"
    await root.button("reset").click()
    await sure(root)
    await expect(picked(root, "hotline")).not_to_contain_text("set here")
    assert (await of_queue(office))["target_s"] == 20


async def test_what_another_administrator_did_meanwhile_is_shown_before_anything_is_lost(
    office: Office, root: Desk
) -> None:
    await opens(root, "/admin/queues?id=repair")
    await field(root, "title").fill("Mending")
    before = await of_queue(office, "repair")
    theirs = {"short_s": 9, "title": "维修"}
    await office.ask("PUT", "queue-settings/repair", theirs, **{"If-Match": f'"{before["version"]}"'})
    await root.saves()
    await expect(root.page.locator("dialog")).to_contain_text("维修")
    await in_order(root)
    await root.page.keyboard.press("Escape")
    await expect(field(root, "title")).to_have_value("Mending")
    assert (await of_queue(office, "repair"))["title"] == "维修"


async def test_a_kind_gets_a_field_with_choices_and_goes_back(office: Office, root: Desk) -> None:
    before = await office.ask("GET", "kinds/complaint")
    await opens(root, "/admin/kinds?id=complaint")
    await root.button("add-field").click()
    at = len(before["fields"])
    await field(root, f"fields-{at}-title_en").fill("How loud")
    await field(root, f"fields-{at}-name").fill("Loud!")
    await field(root, f"fields-{at}-type").select_option("choice")
    await root.button("add-choice").click()
    for place, words in enumerate(("very", "非常", "very")):
        await root.page.locator(".choices-table input[type=text]").nth(place).fill(words)
    await in_order(root)
    await root.saves()
    await expect(root.page.locator('[data-field="fields"] .wrong')).to_contain_text("How loud › short name")
    await field(root, f"fields-{at}-name").fill("loud")
    await root.saves()
    await said(root, "Saved")
    kept = await office.ask("GET", "kinds/complaint")
    assert kept["fields"][-1]["choices"] == [
        {"value": "very", "title": {"zh": "非常", "en": "very"}, "retired": False}
    ]
    assert kept["fields"][:-1] == before["fields"]
    await root.button("reset").click()
    await sure(root)
    await expect(root.page.locator(".editor header")).to_contain_text("as shipped")
    assert (await office.ask("GET", "kinds/complaint"))["fields"] == before["fields"]


async def test_a_category_gets_another_warranty_and_goes_back(office: Office, root: Desk) -> None:
    await opens(root, "/admin/categories?id=dryer")
    await field(root, "months").fill("two years")
    await root.saves()
    await expect(field(root, "months")).to_have_attribute("aria-invalid", "true")
    await field(root, "months").fill("30")
    await field(root, "also").fill("烘衣机\n洗衣机")
    await root.saves()
    await expect(root.page.locator('[data-field="also"] .wrong')).to_contain_text("washing_machine")
    await in_order(root)
    await field(root, "also").fill("烘衣机")
    await root.saves()
    await expect(picked(root, "dryer")).to_contain_text("30 months")
    kept = await office.ask("GET", "categories/dryer")
    assert (kept["months"], kept["also"], kept["version"]) == (30, ["烘衣机"], 1)
    await root.button("reset").click()
    await sure(root)
    await expect(picked(root, "dryer")).to_contain_text("24 months")


async def test_a_prompt_is_heard_replaced_and_put_back(root: Desk, tmp_path: Path) -> None:
    await opens(root, "/admin/prompts?id=thanks")
    heard = root.page.locator("[data-language=zh] audio")
    await expect(heard).to_have_count(1)
    await heard.evaluate("(player) => player.load()")
    await expect(heard).not_to_have_js_property("error", {})
    own = root.page.locator("[data-language=zh]")
    (tmp_path / "no.wav").write_bytes(b"this is no sound")
    await own.locator("input[type=file]").set_input_files(tmp_path / "no.wav")
    await expect(own.locator(".wrong")).to_contain_text("WAV")
    (tmp_path / "own.wav").write_bytes(tone(440))
    await own.locator("input[type=file]").set_input_files(tmp_path / "own.wav")
    await expect(own).to_contain_text("own recording")
    await in_order(root)
    await root.button("back-zh").click()
    await sure(root)
    await expect(own).to_contain_text("as shipped")


async def test_days_of_the_house_go_before_the_calendar(root: Desk) -> None:
    await opens(root, "/admin/holidays")
    await expect(root.page.locator(".known-days")).to_contain_text("holiday")
    await root.button("add").click()
    await expect(field(root, "begin_on")).to_have_attribute("aria-invalid", "true")
    await field(root, "begin_on").fill("2099-12-30")
    await field(root, "end_on").fill("2099-12-31")
    await field(root, "title").fill("<b>盘点</b>")
    await root.button("add").click()
    day = root.page.locator('[data-day="2099-12-31"]')
    await expect(day).to_contain_text("<b>盘点</b>")
    await in_order(root)
    await day.get_by_role("button").click()
    await expect(day).to_have_count(0)
    await root.page.locator(".notices").get_by_role("button", name="Undo").click()
    await expect(day).to_have_count(1)


async def test_a_campaign_calls_nobody_until_it_is_started(office: Office, root: Desk) -> None:
    robot = {"category": "robot_vacuum", "title": {"en": "Robot vacuum", "zh": "扫地机器人"}, "months": 24}
    await office.ask("POST", "categories", robot)
    await opens(root, "/admin/campaigns?id=new")
    await expect(field(root, "category").locator("option[value=robot_vacuum]")).to_have_text("Robot vacuum")
    await field(root, "title").fill("Before the winter")
    await field(root, "source").select_option("season")
    await root.saves()
    await expect(field(root, "begin_on")).to_have_attribute("aria-invalid", "true")
    await field(root, "begin_on").fill("2099-11-01")
    await field(root, "end_on").fill("2099-11-30")
    await root.saves()
    await expect(root.page.locator(".pick-list")).to_contain_text("draft")
    await in_order(root)
    await root.button("start").click()
    await sure(root)
    await expect(root.page.locator(".pick-list")).to_contain_text("running")
    await root.button("end").click()
    await sure(root)
    (one,) = (await office.ask("GET", "campaigns"))["campaigns"]
    assert (one["title"], one["state"], one["begin_on"]) == ("Before the winter", "over", "2099-11-01")


async def test_a_policy_goes_back_to_how_it_is_shipped(office: Office, root: Desk) -> None:
    await office.ask("PUT", "policies/survey", {"most_tries": 9}, **{"If-Match": '"0"'})
    await opens(root, "/promises/policies?kind=survey")
    await root.button("reset").click()
    await sure(root)
    await expect(root.button("reset")).to_have_count(0)
    assert (await office.ask("GET", "policies/survey"))["version"] == 0
    await root.page.locator(".notices").get_by_role("button", name="Undo").click()
    await expect(root.button("reset")).to_have_count(1)
    assert (await office.ask("GET", "policies/survey"))["most_tries"] == 9


async def test_the_first_steps_follow_what_happens_until_a_call_was_answered(
    whole_house: House, root: Desk, office: Office
) -> None:
    def step(name: str) -> Locator:
        return root.page.locator(f"[data-step={name}]")

    async def done(name: str, answer: str = "yes") -> None:
        await expect(step(name)).to_have_attribute("data-done", answer)

    await opens(root, "/start")
    for name in ("link", "check", "phones", "people", "seat", "call"):
        await done(name, "no")
    await in_order(root)
    whole_house.is_connected()
    await done("link")
    await done("queue")
    await expect(step("check")).to_contain_text("may not originate")
    await in_order(root)
    whole_house.findings[:] = [Finding(severity="ok", what="Asterisk 22")]
    await root.page.keyboard.press("c")
    await done("check")
    zhang = {"login": "zhang", "name": "Zhang Wei 张伟", "role": "agent", "teams": ["Kitchen"]}
    seat = {"pbx": "main", "interface": PHONE}
    await office.ask("POST", "users", {**zhang, "seat": seat, "password": site.PASSWORD})
    await whole_house.sits_down("zhang")
    for name in ("phones", "people", "seat"):
        await done(name)
    whole_house.hub.feed(PBX, arriving())
    await expect(step("call")).to_contain_text("13800138000")
    await done("call", "no")
    await whole_house.was_answered("13800138000")
    await done("call")
    await expect(root.page.locator(".hurray")).to_contain_text("The first call was answered")
    await in_order(root)

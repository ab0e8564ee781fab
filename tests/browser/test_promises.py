"""Calls that are owed, on the screens of those who make them and of those who answer for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from tests.browser.looking import complaints
from tests.browser.office import Api
from tests.browser.stage import Desk, Stage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]
WANG, LI_XIUYING = "13800138000", "13800138001"
Scheme = Literal["light", "dark"]


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
    public = await stage.phones.outside_answers(ring_ms=1_000)
    promise = await owes(desk, stage, WANG, "watch", "灶具点火后回访", timedelta(minutes=20))
    await owes(desk, stage, LI_XIUYING, "return_visit", "上门维修后的回访", timedelta(minutes=40))
    await expect(desk.page.locator(".next")).to_contain_text("王小明")
    await expect(desk.page.locator(".owed-list .rows")).to_contain_text("李秀英")
    await in_order(desk)
    await desk.page.locator("body").press("p")
    await desk.shows("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    await desk.is_("talking")
    await desk.shows("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    await in_order(desk)
    await desk.writes("现在能点着了")
    await desk.page.keyboard.press("Alt+h")
    await desk.saves()
    await expect(desk.page.locator(".next")).to_contain_text("李秀英")
    assert (await told(desk, stage, promise))["status"] == "kept"
    await public.kill()


async def test_a_call_that_is_late_rings_whoever_is_free_with_its_story_on_the_screen(stage: Stage) -> None:
    desk = await stage.desk("zhang")
    public = await stage.phones.outside_answers(ring_ms=1_000)
    promise = await owes(desk, stage, WANG, "watch", "灶具点火后回访", timedelta(minutes=-2))
    await expect(desk.page.locator(".next.late")).to_contain_text("已逾期")
    await in_order(desk)
    await desk.sits_down()
    await desk.page.keyboard.press("Alt+r")
    await desk.shows("王小明")
    await expect(desk.page.locator(".script")).not_to_be_empty()
    assert not stage.service.rows("select 1 from calls where open and answered_at is not null")
    await expect(desk.page.locator("#called")).to_contain_text("王小明")
    await desk.is_("talking")
    await desk.page.keyboard.press("Alt+h")
    await desk.saves()
    await expect(desk.page.locator(".owed-list")).not_to_contain_text("王小明")
    assert (await told(desk, stage, promise))["status"] == "kept"
    await public.kill()


async def test_a_customer_who_calls_first_keeps_the_promise_by_one_key(stage: Stage) -> None:
    desk = await stage.working("li")
    promise = await owes(desk, stage, WANG, "watch", "does the burner light?", timedelta(minutes=20))
    await stage.calls(number=WANG)
    await desk.is_("talking")
    await expect(desk.page.locator(".owing")).to_contain_text("does the burner light?")
    await desk.page.locator("body").press("Alt+o")
    await expect(desk.page.locator(".notices")).to_contain_text("Kept")
    await expect(desk.page.locator(".owing")).not_to_contain_text("does the burner light?")
    assert (await told(desk, stage, promise))["status"] == "kept"


async def told(desk: Desk, stage: Stage, promise: dict[str, Any]) -> Any:
    """The promise as it is now."""
    return await Api(desk.window.context.request, stage).ask("GET", f"promises/{promise['id']}")

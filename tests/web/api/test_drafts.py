"""What somebody types is kept as it is typed, for nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.store import drafts
from callserver.store.drafts import Saved
from tests.web.conftest import BOTH, Site
from tests.web.people import Browser, user

HER = "call:main:1.0"


async def li_na(site: Site, login: str = "li.na") -> Browser:
    await user(site, login)
    browser = Browser(site)
    await browser.sign_in(login)
    return browser


async def listed(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await browser.ask("GET", "me/drafts")).body["drafts"]
    return found


@BOTH
async def test_the_last_who_saves_wins_and_the_counter_tells_the_other_tab(site: Site) -> None:
    browser = await li_na(site)
    said: list[Any] = []
    site.store.on_told(said.extend)
    first = await browser.ask("PUT", f"me/drafts/{HER}", {"text": "she sa", "tab": "a"})
    second = await browser.ask(
        "PUT", f"me/drafts/{HER}", {"text": "she says", "fields": {"fault": "E4"}, "version": 3, "tab": "b"}
    )
    assert (first.body["counter"], second.body["counter"]) == (1, 2)
    (kept,) = await listed(browser)
    assert (kept["text"], kept["fields"], kept["version"]) == ("she says", {"fault": "E4"}, 3)
    assert [(one.subject, one.counter, one.tab) for one in said if isinstance(one, Saved)] == [
        (HER, 1, "a"),
        (HER, 2, "b"),
    ]


async def test_nobody_sees_the_drafts_of_others(site: Site) -> None:
    mine, theirs = await li_na(site), await li_na(site, "bo")
    await mine.ask("PUT", f"me/drafts/{HER}", {"text": "secret"})
    assert await listed(theirs) == []
    await theirs.ask("DELETE", f"me/drafts/{HER}")
    assert len(await listed(mine)) == 1
    assert (await site.ask("GET", "me/drafts")).status == 409, "a token is nobody"


@BOTH
async def test_a_draft_that_was_saved_since_is_not_thrown_away(site: Site) -> None:
    browser = await li_na(site)
    for text in "ab":
        await browser.ask("PUT", "me/drafts/ticket:17", {"text": text})
    assert (await browser.ask("DELETE", "me/drafts/ticket:17?counter=1")).status == 204
    assert len(await listed(browser)) == 1
    assert (await browser.ask("DELETE", "me/drafts/ticket:17?counter=2")).status == 204
    assert await listed(browser) == []


async def test_a_draft_is_about_a_call_or_a_ticket(site: Site) -> None:
    browser = await li_na(site)
    for subject in ["call:", "ticket:0", "ticket:x", "customer:1", "call:%00", "call:a%20b"]:
        said = await browser.ask("PUT", f"me/drafts/{subject}", {"text": "x"})
        assert said.fields == ["subject"], subject


async def test_more_than_64_kibibytes_are_refused(site: Site) -> None:
    browser = await li_na(site)
    assert (await browser.ask("PUT", f"me/drafts/{HER}", {"text": "\x00<\u202e" * 5000})).status == 200
    assert (await browser.ask("PUT", f"me/drafts/{HER}", {"text": "汉" * 30_000})).fields == ["text"]
    assert (await browser.ask("PUT", f"me/drafts/{HER}", {"text": "x" * 300_000})).status == 413


async def test_there_is_an_end_to_the_number_of_drafts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 2)
    browser = await li_na(site)
    made = [
        (await browser.ask("PUT", f"me/drafts/ticket:{one}", {"text": "x"})).status for one in (1, 2, 3, 1)
    ]
    assert made == [200, 200, 409, 200]

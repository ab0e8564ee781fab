"""Settings of queues over HTTP: at once before the file, until taken back; seen wherever queues are."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from callserver.settings import Of, QueueBook, QueueSettings
from tests.web.conftest import BOTH, Site

REPAIR = {"title": "维修热线", "target_s": 15, "kind": "repair", "short_s": 3, "warn_wait_s": 40}


async def put(site: Site, body: dict[str, Any], queue: str = "repair", version: str = '"0"') -> Any:
    return await site.ask("PUT", f"queue-settings/{quote(queue)}", body, If_Match=version)


@BOTH
async def test_what_is_set_counts_at_once_and_until_it_is_taken_back(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038").queues = frozenset({"repair"})
    said = await put(site, REPAIR)
    assert (said.status, said.headers["ETag"]) == (200, '"1"')
    assert (said.body["here"], said.body["switches"], said.body["seen"]) == (True, ["main"], True)
    (shown,) = (await site.api("queues"))["queues"]
    assert {name: shown[name] for name in REPAIR} == REPAIR
    back = await site.ask("DELETE", "queue-settings/repair", If_Match='"1"')
    assert (back.status, back.body["here"], back.body["target_s"]) == (200, False, None)
    (shown,) = (await site.api("queues"))["queues"]  # as the switch has it
    assert {name: shown[name] for name in ("title", "target_s", "warn_wait_s")} == {
        "title": "repair",
        "target_s": None,
        "warn_wait_s": None,
    }


async def test_every_queue_that_anybody_speaks_of_is_listed_once(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038").queues = frozenset({"repair", "sales"})
    site.vitals.switch("north", "127.0.0.2:5038")
    await put(site, REPAIR)
    await put(site, {}, "gone ÄÖ")
    found = {one["queue"]: one for one in (await site.api("queue-settings"))["queues"]}
    assert {name: one["switches"] for name, one in found.items()} == {
        "gone ÄÖ": [],
        "repair": ["main"],
        "sales": ["main"],
    }
    assert {one["seen"] for one in found.values()} == {False}  # north may have it


async def test_of_two_administrators_the_second_hears_of_the_first(site: Site) -> None:
    assert (await put(site, REPAIR)).status == 200
    assert (await put(site, {"target_s": 5})).status == 412
    assert (await site.ask("PUT", "queue-settings/repair", {})).status == 428
    assert (await site.ask("DELETE", "queue-settings/sales", If_Match='"0"')).status == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "a\r\nb"}, "title"),
        ({"target_s": 0}, "target_s"),
        ({"target_s": -1}, "target_s"),
        ({"kind": "=cmd()"}, "kind"),
        ({"warn_waiting": 0}, "warn_waiting"),
        ({"formerly": ["x" * 101]}, "formerly[0]"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await put(site, wrong)
    assert (said.status, said.fields) == (422, [field]), said.body


async def test_another_process_hears_of_it_within_a_second(site: Site) -> None:
    """The book of a process is laid by what the store says, not by what its own API was asked."""
    from callserver.web.queue_news import QueueNews

    heard: list[set[str]] = []
    book = QueueBook({"repair": QueueSettings(title="Repair", target_s=20)})
    news = QueueNews(site.store, book, lambda names: heard.append(set(names)))
    titles = Of(book, lambda queue: queue.title)
    await news.start()
    try:
        await put(site, {"title": "Mending", "formerly": ["mend"]})
        await news.refresh()
    finally:
        await news.close()
    assert (dict(titles), book["repair"].target_s, heard) == ({"repair": "Mending"}, None, [{"repair"}])
    assert (book.present("mend"), book.present("repair"), book.present("x")) == ("repair", "repair", "x")


async def test_a_queue_that_was_renamed_on_the_switch_takes_everything_along(site: Site) -> None:
    await site.ask("POST", "teams", {"name": "Kitchen", "queues": ["repair"]})
    await put(site, REPAIR)
    renamed = await site.ask("POST", "queue-settings/repair/rename", {"to": "mend"}, If_Match='"1"')
    assert (renamed.status, renamed.body["title"], renamed.body["formerly"]) == (200, "维修热线", ["repair"])
    assert (await site.api("teams"))["teams"][0]["queues"] == ["mend"]
    assert [one["queue"] for one in (await site.api("queues"))["queues"]] == []  # no switch is known here
    again = await site.ask("POST", "queue-settings/repair/rename", {"to": "x"}, If_Match='"1"')
    assert again.status == 412

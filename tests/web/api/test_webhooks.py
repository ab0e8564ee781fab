"""The API of webhooks: made with a secret that is told once, changed, tried out, removed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from callserver.app import try_webhook
from callserver.settings import Secret, WebSettings
from callserver.store.desk import audit, history
from callserver.store.engine import Store
from callserver.vitals import Vitals
from callserver.web.server import application
from callserver.work.posting import Post
from callserver.work.webhooks import sender
from tests.web.conftest import NOW, TOKEN, Said, Site
from tests.work.receivers import receiver

TICKETS = {
    "name": "ticket system",
    "url": "https://tickets.example.com/hooks",
    "events": ["callserver.ticket.*"],
    "headers": {"Authorization": "Basic abc"},
}


async def made(site: Site, **other: Any) -> Said:
    said = await site.ask("POST", "webhooks", {**TICKETS, **other})
    assert said.status == 201, said
    return said


async def test_the_secret_is_told_once_and_never_again(site: Site) -> None:
    said = await made(site)
    secret = said.body.pop("secret")
    assert secret.startswith("whsec_")
    assert said.headers["Location"] == f"/api/v1/webhooks/{said.body['id']}"
    read = await site.ask("GET", f"webhooks/{said.body['id']}")
    assert (read.body, read.headers["ETag"]) == (said.body, '"1"')
    assert (await site.api("webhooks"))["webhooks"] == [said.body]
    await site.ask("PATCH", f"webhooks/{said.body['id']}", {"name": "x"}, If_Match='"1"')
    kept = await site.store.read(lambda c: [*c.execute(select(history)), *c.execute(select(audit))])
    assert len(kept) > 2
    assert secret not in repr(kept)


async def test_what_its_headers_say_is_never_told(site: Site) -> None:
    said = await made(site)
    assert said.body["headers"] == {"Authorization": "********"}
    assert "abc" not in repr(await site.api("webhooks"))


async def test_who_changes_it_leaves_the_headers_that_they_cannot_see(site: Site, store: Store) -> None:
    path = f"webhooks/{(await made(site)).body['id']}"
    shown = (await site.api(path))["headers"]
    changed = await site.ask("PATCH", path, {"headers": {**shown, "X-Site": "qd"}}, If_Match='"1"')
    assert changed.body["headers"] == {"Authorization": "********", "X-Site": "********"}
    assert (await headers(store)) == {"Authorization": "Basic abc", "X-Site": "qd"}
    await site.ask("PATCH", path, {"url": "https://tickets.example.com/other"}, If_Match='"2"')
    assert (await headers(store)) == {"Authorization": "Basic abc", "X-Site": "qd"}


async def headers(store: Store) -> Any:
    from callserver.store import webhooks

    return dict((await store.read(webhooks.every))[0].asked.headers)


async def test_another_host_is_not_told_the_headers_of_the_one_before(site: Site) -> None:
    path = f"webhooks/{(await made(site)).body['id']}"
    moved = {"url": "https://evil.example.net/"}
    said = await site.ask("PATCH", path, moved, If_Match='"1"')
    assert (said.status, said.fields) == (422, ["headers.Authorization"])
    said = await site.ask("PATCH", path, {**moved, "headers": {"X-New": "********"}}, If_Match='"1"')
    assert (said.status, said.fields) == (422, ["headers.X-New"])
    assert (await site.ask("PATCH", path, {**moved, "headers": {}}, If_Match='"1"')).body["headers"] == {}


async def test_a_new_key_is_told_once_and_the_old_one_stays_for_a_while(site: Site) -> None:
    first = await made(site)
    said = await site.ask("POST", f"webhooks/{first.body['id']}/rotate", {"overlap_s": 60})
    assert said.body["secret"] not in ("", first.body["secret"])
    assert [key["until"] for key in said.body["keys"]] == [None, "2026-11-18T11:07:40.000Z"]
    given = "whsec_" + "A" * 44
    said = await site.ask("POST", f"webhooks/{first.body['id']}/rotate", {"secret": given})
    assert said.body["secret"] == given


async def test_of_two_editors_the_second_is_told(site: Site) -> None:
    path = f"webhooks/{(await made(site)).body['id']}"
    assert (await site.ask("PATCH", path, {"state": "paused"})).status == 428
    assert (await site.ask("PATCH", path, {"state": "paused"}, If_Match='"1"')).body["state"] == "paused"
    assert (await site.ask("PATCH", path, {"state": "on"}, If_Match='"1"')).status == 412
    assert (await site.ask("DELETE", path, If_Match='"1"')).status == 412
    assert (await site.ask("DELETE", path, If_Match='"2"')).status == 204
    assert (await site.ask("GET", path)).status == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"url": "https://user:word@x/"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "https://x/\r\nX: y"}, "url"),
        ({"url": "x" * 10_000}, "url"),
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"events": []}, "events"),
        ({"events": ["nothing.*"]}, "events[0]"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nB: c"}}, "headers.X-A"),
        ({"headers": {"X-A": "********"}}, "headers.X-A"),
        ({"state": "on'; DROP TABLE webhooks; --"}, "state"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"secret": "whsec_short"}, "secret"),
        ({"owner": "x"}, "owner"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await site.ask("POST", "webhooks", {**TICKETS, **wrong})
    assert (said.status, said.fields) == (422, [field])


async def test_who_may_not_see_numbers_does_not_say_where_they_are_sent(site: Site) -> None:
    path = f"webhooks/{(await made(site)).body['id']}"
    token = await site.token("webhooks:manage")
    assert (await site.ask("GET", path, token=token)).status == 200
    assert (await site.ask("POST", "webhooks", TICKETS, token=token)).status == 403
    assert (await site.ask("PATCH", path, {"state": "off"}, token=token, If_Match='"1"')).status == 403


async def test_an_answer_with_a_secret_is_not_kept(site: Site) -> None:
    said = await site.ask("POST", "webhooks", TICKETS, Idempotency_Key="k")
    assert (said.status, said.fields) == (400, ["Idempotency-Key"])


async def test_where_nothing_is_sent_nothing_can_be_tried(site: Site) -> None:
    path = f"webhooks/{(await made(site)).body['id']}/test"
    assert (await site.ask("POST", path)).status == 503


async def test_the_test_button_tells_what_came_back(store: Store) -> None:
    post = Post()
    tried = partial(try_webhook, store, sender(post, "urn:test", lambda: NOW))
    app = application(WebSettings(token=Secret(TOKEN)), store, Vitals("n"), try_webhook=tried)
    site = Site(store)
    async with receiver() as other, TestClient(TestServer(app)) as site.client:
        path = f"webhooks/{(await made(site, url=other.url)).body['id']}/test"
        assert (await site.ask("POST", path)).body.items() >= {"delivered": True, "status": 204}.items()
        assert other.heard[0].event["type"] == "callserver.test"
        other.status, other.text = 500, "<b>no</b>"
        said = (await site.ask("POST", path)).body
        assert (said["delivered"], said["status"]) == (False, 500)
        assert said["said"].endswith("<b>no</b>")
        assert (await site.ask("POST", "webhooks/99/test")).status == 404
    await post.close()

"""The pages: who gets which, in which language, and what a browser may do with them."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from callserver.web import guard
from callserver.web.pages import INSIDE, LANGUAGE_COOKIE, Pages, Reader
from callserver.web.static import Statics

Client = TestClient[Any, Any]
CHEN = Reader(name="陈静")


async def somebody(request: web.Request) -> Reader | None:
    """Signed in is whoever says so; their choices come as they say."""
    if "X-Signed-In" not in request.headers:
        return None
    return Reader(
        name="陈静",
        language=request.headers.get("X-Language"),
        theme=request.headers.get("X-Theme"),
    )


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(somebody)


@pytest_asyncio.fixture
async def client(pages: Pages) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[guard.headed()])
    app.add_routes(pages.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


def signed_in(**said: str) -> dict[str, str]:
    return {"X-Signed-In": "1", **{f"X-{name.title()}": value for name, value in said.items()}}


# --- who gets what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/desk"])
async def test_who_is_not_signed_in_is_sent_to_sign_in(client, path):
    answer = await client.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/promises", "/promises/policies", "/calls", "/reports"])
async def test_who_signs_in_first_comes_back_to_the_page_that_was_wanted(client, path):
    answer = await client.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/sign-in?next={path}")


async def test_who_is_signed_in_gets_the_desk_at_once(client):
    answer = await client.get("/", headers=signed_in(), allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    page = await client.get("/desk", headers=signed_in())
    assert page.status == 200
    assert page.content_type == "text/html"


async def test_a_page_allows_a_browser_nothing_but_our_own_files(client):
    answer = await client.get("/desk", headers=signed_in())
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    page = await answer.text()
    assert not re.search(r"<script(?![^>]* src=)", page), "an inline script"
    assert not re.search(r"<style|style=|javascript:| on[a-z]+=", page), "an inline style or handler"
    assert not re.search(r"(src|href)=\"(https?:)?//", page), "something from elsewhere"


async def test_a_page_is_not_kept_by_a_browser(client):
    answer = await client.get("/desk", headers=signed_in())
    assert answer.headers["Cache-Control"] == "no-store"


# --- languages -------------------------------------------------------------------------------------------------------


async def language_of(answer: Any) -> str | None:
    found = re.search(r'<html lang="([^"]+)"', await answer.text())
    return found[1] if found else None


async def test_a_page_speaks_what_its_reader_chose_before_what_the_browser_accepts(client):
    headers = {**signed_in(language="zh-CN"), "Accept-Language": "en"}
    answer = await client.get("/desk", headers=headers)
    assert await language_of(answer) == "zh-CN"
    assert answer.headers["Content-Language"] == "zh-CN"
    assert "坐席工作台" in await answer.text()


async def test_without_a_choice_a_page_speaks_what_the_browser_accepts(client):
    answer = await client.get("/desk", headers={**signed_in(), "Accept-Language": "fr, zh;q=0.8, en;q=0.5"})
    assert await language_of(answer) == "zh-CN"


async def test_a_language_that_was_chosen_on_a_page_is_remembered_by_the_browser(client):
    answer = await client.get("/desk?language=zh-CN", headers=signed_in())
    assert answer.cookies[LANGUAGE_COOKIE].value == "zh-CN"
    again = await client.get("/desk", headers=signed_in())
    assert await language_of(again) == "zh-CN"


@pytest.mark.parametrize("said", ["x", "../../etc", "zh_CN\x00", "<script>", "a" * 2000, ""])
async def test_a_language_that_is_none_changes_nothing(client, said):
    answer = await client.get("/desk", params={"language": said}, headers=signed_in())
    assert await language_of(answer) == "en"
    assert LANGUAGE_COOKIE not in answer.cookies


async def test_a_page_is_light_or_dark_as_its_reader_chose(client):
    answer = await client.get("/desk", headers=signed_in(theme="dark"))
    assert 'data-theme="dark"' in await answer.text()


async def test_a_readers_choices_cannot_break_out_of_the_page(client):
    answer = await client.get("/desk", headers=signed_in(theme='"><script>alert(1)</script>'))
    assert "<script>alert" not in await answer.text()


# --- files -----------------------------------------------------------------------------------------------------------


async def test_a_file_of_this_version_is_kept_for_a_year(client, pages):
    answer = await client.get(pages.files.address("screen.css"))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


async def test_a_page_of_another_version_gets_todays_files_and_keeps_none(client):
    answer = await client.get("/static/0123456789ab/desk.js")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_page_that_was_left_open_can_ask_which_version_there_is(client, pages):
    answer = await client.get("/static/version")
    assert await answer.text() == pages.files.version
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["nothing.js", "../__init__.py", "..%2f__init__.py", "vendor/", "%00", "/etc/passwd"]
)
async def test_what_is_no_file_of_ours_is_not_found(client, pages, name):
    answer = await client.get(f"/static/{pages.files.version}/{name}")
    assert answer.status == 404


async def test_files_are_packed_for_browsers_that_take_it(client, pages):
    address = pages.files.address("vendor/preact.js")
    plain = await client.get(address, headers={"Accept-Encoding": "identity"}, auto_decompress=False)
    packed = await client.get(address, headers={"Accept-Encoding": "br, gzip"}, auto_decompress=False)
    refused = await client.get(address, headers={"Accept-Encoding": "gzip;q=0"}, auto_decompress=False)
    assert gzip.decompress(await packed.read()) == await plain.read() == await refused.read()
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in refused.headers
    assert packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(("path", "script"), [(path, script) for path, (_, script) in INSIDE.items()])
async def test_everything_that_a_page_names_is_there(client, path, script):
    page = await (await client.get(path, headers=signed_in())).text()
    named = set(re.findall(r'"(/static/[^"]+)"', page))
    assert any(one.endswith(f"/{script}") for one in named)
    assert {(one, (await client.get(one)).status) for one in named} == {(one, 200) for one in named}


async def test_the_first_screen_is_small(client):
    page = await (await client.get("/desk", headers=signed_in())).text()
    total = len(page)
    for one in set(re.findall(r'"(/static/[^"]+)"', page)):
        answer = await client.get(one, headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
        total += len(await answer.read())
    assert total < 150_000


def test_a_change_of_any_file_changes_all_addresses():
    before = Statics().address("desk.js")
    assert Statics({"more.json": b"{}"}).address("desk.js") != before
    assert Statics().address("desk.js") == before


def test_a_page_that_names_a_file_that_is_not_there_is_a_mistake():
    with pytest.raises(KeyError):
        Statics().address("nothing.css")
    with pytest.raises(ValueError, match="type"):
        Statics({"program.exe": b""})

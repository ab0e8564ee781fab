"""The pages before anybody is in."""

from __future__ import annotations

from structlog.testing import capture_logs

from callserver.store import set_up
from callserver.web import entrance
from tests.web.conftest import Site
from tests.web.people import Browser, user


async def test_without_an_administrator_a_link_is_logged_once_for_each_start(site: Site) -> None:
    with capture_logs() as lines:
        link = await entrance.offer(site.store, "https://hotline.example.com/", site.now)
    assert link is not None
    assert link.startswith("https://hotline.example.com/first-run#")
    assert [line["link"] for line in lines] == [link]
    key = link.partition("#")[2]
    assert await site.store.read(lambda c: set_up.opens(c, key, site.now))
    await user(site, "boss", "administrator")
    with capture_logs() as lines:
        assert await entrance.offer(site.store, "https://hotline.example.com/", site.now) is None
    assert lines == []


async def test_the_pages_lead_where_somebody_can_go_on(site: Site) -> None:
    page = await (await site.get("/sign-in")).text()
    assert "set-up link" in page
    assert (await site.get("/first-run")).status == 200
    await user(site, "boss", "administrator")
    assert "set-up link" not in await (await site.get("/sign-in")).text()
    assert (await site.get("/first-run")).url.path == "/sign-in"
    assert (await site.get("/desk")).url.path == "/sign-in"
    browser = Browser(site)
    await browser.sign_in("boss")
    inside = await site.get("/sign-in", Cookie=f"callserver={browser.cookie()}")
    assert inside.url.path == "/desk"


async def test_the_pages_run_nothing_of_others_and_send_no_password_in_an_address(site: Site) -> None:
    for path in ("/sign-in", "/first-run"):
        response = await site.get(path)
        page = await response.text()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert '<form id="' in page
        assert 'method="post"' in page
        assert "<script>" not in page
        assert " onclick" not in page


async def test_the_pages_are_in_the_readers_language(site: Site) -> None:
    for language, word in (("zh-CN", "登录"), ("en", "Sign in")):
        page = await (await site.get(f"/sign-in?language={language}")).text()
        assert word in page

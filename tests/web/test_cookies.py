"""Requests of pages: whose they are, from where, and what forged ones get."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from callserver.settings import WebSettings
from callserver.store import sessions
from callserver.web.cookies import Front, front
from tests.web.conftest import Site
from tests.web.people import PASSWORD, Browser, user

CHANGE = ("PATCH", "me", {"theme": "dark"})
SIGN_IN = {"login": "li.na", "password": PASSWORD}


async def signed_in(site: Site) -> Browser:
    await user(site)
    browser = Browser(site)
    assert (await browser.sign_in()).status == 204
    return browser


async def test_what_a_page_of_others_asks_is_refused(site: Site) -> None:
    browser = await signed_in(site)
    strange: tuple[dict[str, str | None], ...] = (
        {"X-Callserver": None},
        {"X-Callserver": "0"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    )
    for headers in strange:
        for method, path, body in (CHANGE, ("POST", "session", SIGN_IN), ("DELETE", "session", None)):
            assert (await browser.ask_as(method, path, body, headers)).status == 403, (path, headers)
    assert (await browser.ask("GET", "me")).body["user"]["theme"] == "auto"


async def test_what_a_page_of_ours_asks_is_done(site: Site) -> None:
    browser = await signed_in(site)
    ours: tuple[dict[str, str | None], ...] = (
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": None},
    )
    for headers in ours:
        assert (await browser.ask_as(*CHANGE, headers)).status == 200, headers


async def test_a_forged_cookie_opens_nothing(site: Site) -> None:
    for text in ("", "x", sessions.new_text(), "%00", "a" * 5000, "cs_" + "0" * 49):
        response = await site.client.get("/api/v1/me", headers={"Cookie": f"callserver={text}"})
        assert response.status == 401, text


async def test_two_cookies_of_one_name_are_none(site: Site) -> None:
    browser = await signed_in(site)
    both = f"callserver={sessions.new_text()}; callserver={browser.cookie()}"
    assert (await site.client.get("/api/v1/me", headers={"Cookie": both})).status == 401


async def test_a_token_counts_more_than_a_cookie(site: Site) -> None:
    browser = await signed_in(site)
    token = await site.token("calls:read")
    me = await browser.ask("GET", "me", Authorization=f"Bearer {token}")
    assert (me.body["user"], me.body["through"]) == (None, "api")
    assert (await browser.ask("GET", "me", Authorization="Bearer nonsense")).status == 401


async def test_a_right_that_a_person_lacks_is_said_with_who_has_it(site: Site) -> None:
    said = await (await signed_in(site)).ask("GET", "users")
    assert (said.status, said.body["detail"]) == (
        403,
        "this needs the right users:manage, which administrator has",
    )


# --- behind a proxy --------------------------------------------------------------------------------------------------


def asked(remote: str = "10.0.0.1", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request("POST", "/", headers=sent)
    return request.clone(remote=remote)


BEHIND = front(WebSettings(url="https://Hotline.example.com/", proxies=("10.0.0.0/8", "2001:db8::/32")))


def test_behind_tls_the_cookies_are_the_hosts_own_and_secure() -> None:
    assert BEHIND.set_session("t") == "__Host-callserver=t; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert BEHIND.end_session() == "__Host-callserver=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    assert BEHIND.set_device("t").startswith("__Host-callserver-device=t; Path=/; Max-Age=")


@pytest.mark.parametrize(
    ("remote", "told", "address"),
    [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("2001:db8::1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.9", "192.0.2.7", "192.0.2.9"),
    ],
)
def test_only_proxies_of_ours_are_believed_about_addresses(remote: str, told: str, address: str) -> None:
    assert BEHIND.address(asked(remote, X_Forwarded_For=told)) == address
    assert Front().address(asked(remote, X_Forwarded_For=told)) == remote


def test_the_origin_is_the_address_that_people_type() -> None:
    assert BEHIND.is_ours(asked(Host="127.0.0.1:8088", Origin="https://hotline.example.com"))
    assert not BEHIND.is_ours(asked(Host="127.0.0.1:8088", Origin="http://hotline.example.com"))
    assert not BEHIND.is_ours(asked(Host="127.0.0.1:8088"))
    assert not BEHIND.is_ours(asked(Host="a", Origin="ftp://a"))

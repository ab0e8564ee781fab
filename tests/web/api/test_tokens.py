"""The API of tokens: given once, for what they are for, as long as they are good."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.store import tokens
from callserver.web.api import keyring
from tests.web.conftest import NOW, Site


async def test_a_new_token_is_told_once_and_opens_what_it_is_for(site: Site) -> None:
    made = await site.ask("POST", "tokens", {"name": "crm", "scopes": ["calls:read"]})
    text = made.body["token"]
    assert made.status == 201
    assert tokens.genuine(text)
    assert (await site.ask("GET", "calls", token=text)).status == 200
    refused = await site.ask("GET", "customers", token=text)
    assert refused.status == 403
    assert 'scope="customers:read"' in refused.headers["WWW-Authenticate"]
    listed = (await site.api("tokens"))["tokens"]
    assert [one["name"] for one in listed] == ["crm"]
    assert text not in str(listed)


async def test_a_revoked_token_opens_nothing_within_seconds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await site.ask("POST", "tokens", {"name": "crm", "scopes": ["calls:read"]})
    assert (await site.ask("GET", "calls", token=made.body["token"])).status == 200
    revoked = await site.ask("DELETE", f"tokens/{made.body['id']}")
    assert revoked.body["revoked_at"] is not None
    monkeypatch.setattr(keyring, "FRESH_S", 0.0)  # those seconds are over
    said = await site.ask("GET", "calls", token=made.body["token"])
    assert (said.status, 'error="invalid_token"' in said.headers["WWW-Authenticate"]) == (401, True)


async def test_a_token_is_good_at_once(site: Site) -> None:
    for _ in range(5):
        text = await site.token("calls:read")
        assert (await site.ask("GET", "calls", token=text)).status == 200


async def test_a_token_ends_on_its_own(site: Site) -> None:
    text = await site.token("calls:read", expires_at=NOW + 1000)
    assert (await site.ask("GET", "calls", token=text)).status == 200
    site.now += 1000
    assert (await site.ask("GET", "calls", token=text)).status == 401


async def test_nobody_gives_a_right_that_they_do_not_have(site: Site) -> None:
    text = await site.token("tokens:manage", "calls:read")
    said = await site.ask("POST", "tokens", {"name": "x", "scopes": ["customers:read"]}, token=text)
    assert (said.status, "customers:read" in said.body["detail"]) == (403, True)
    assert (
        await site.ask("POST", "tokens", {"name": "x", "scopes": ["calls:read"]}, token=text)
    ).status == 201


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_what_a_token_made_ends_with_it(site: Site, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(keyring, "FRESH_S", 0.0)
    first = await site.token("tokens:manage", "calls:read", expires_at=NOW + 1000)
    wanted = {"name": "x", "scopes": ["tokens:manage", "calls:read"]}
    child = (await site.ask("POST", "tokens", wanted, token=first)).body
    grandchild = (await site.ask("POST", "tokens", wanted, token=child["token"])).body
    assert (await site.ask("GET", "calls", token=grandchild["token"])).status == 200
    if how == "revoked":
        await site.ask("DELETE", f"tokens/{child['parent']}")
    else:
        site.now += 1000
    for one in (child, grandchild):
        assert (await site.ask("GET", "calls", token=one["token"])).status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["calls:read"]}, "name"),
        ({"name": " ", "scopes": ["calls:read"]}, "name"),
        ({"name": "a\nb", "scopes": ["calls:read"]}, "name"),
        ({"name": "x" * 101, "scopes": ["calls:read"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["calls:write"]}, "scopes[0]"),
        ({"name": "x", "scopes": ["calls:read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "scopes": ["calls:read"], "expires_at": "2027-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_by_field(site: Site, body: Any, field: str) -> None:
    said = await site.ask("POST", "tokens", body)
    assert (said.status, said.fields) == (422, [field])


async def test_the_text_of_a_token_is_not_kept_for_being_sent_again(site: Site) -> None:
    said = await site.ask("POST", "tokens", {"name": "x", "scopes": ["calls:read"]}, Idempotency_Key="k")
    assert (said.status, said.fields) == (400, ["Idempotency-Key"])


async def test_the_last_use_is_known_to_the_minute(site: Site) -> None:
    text = await site.token("calls:read", "tokens:manage")
    for later in (0, 1, 59_999, 60_000):
        site.now = NOW + later
        await site.ask("GET", "calls", token=text)
    listed = await site.store.write(tokens.every)  # behind the writes that nobody waited for
    assert [one.last_used_at for one in listed] == [NOW + 60_000]

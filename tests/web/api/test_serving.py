"""Once and only once: what is sent again is answered again, and not done again."""

from __future__ import annotations

import asyncio

import pytest

from callserver.store import idempotency
from callserver.store.engine import Connection
from callserver.store.idempotency import KEPT_MS
from callserver.web.api.serving import WORTH_PACKING
from tests.web.conftest import BOTH, TOKEN, Site

pytestmark = BOTH


async def count(site: Site) -> int:
    return len((await site.api("customers"))["customers"])


async def test_the_same_request_under_a_key_is_done_once_and_answered_twice(site: Site) -> None:
    first = await site.ask("POST", "customers", {"name": "王芳"}, Idempotency_Key="k-1")
    again = await site.ask("POST", "customers", {"name": "王芳"}, Idempotency_Key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert await count(site) == 1


async def test_requests_of_one_moment_are_done_once(site: Site) -> None:
    said = await asyncio.gather(
        *(site.ask("POST", "customers", {"name": "王芳"}, Idempotency_Key="k") for _ in range(8))
    )
    assert {one.status for one in said} == {201}
    assert len({one.body["id"] for one in said}) == 1
    assert sum("Idempotent-Replayed" not in one.headers for one in said) == 1
    assert await count(site) == 1


async def test_another_request_under_the_same_key_is_refused(site: Site) -> None:
    await site.ask("POST", "customers", {"name": "王芳"}, Idempotency_Key="k")
    said = await site.ask("POST", "customers", {"name": "王明"}, Idempotency_Key="k")
    assert (said.status, said.fields) == (422, ["Idempotency-Key"])
    assert await count(site) == 1


async def test_keys_of_two_askers_have_nothing_to_do_with_each_other(site: Site) -> None:
    token = await site.token("customers:write")
    await site.ask("POST", "customers", {"name": "王芳"}, Idempotency_Key="k")
    said = await site.ask("POST", "customers", {"name": "王明"}, token=token, Idempotency_Key="k")
    assert (said.status, said.body["name"]) == (201, "王明")


async def test_what_was_refused_may_be_tried_again_under_its_key(site: Site) -> None:
    await site.ask("POST", "customers", {"name": "a", "external_id": "C-1"})
    refused = await site.ask("POST", "customers", {"name": "b", "external_id": "C-1"}, Idempotency_Key="k")
    assert refused.status == 409
    await site.ask("PATCH", "customers/1", {"external_id": None}, If_Match='"1"')
    said = await site.ask("POST", "customers", {"name": "b", "external_id": "C-1"}, Idempotency_Key="k")
    assert (said.status, "Idempotent-Replayed" in said.headers) == (201, False)


async def test_a_day_later_a_key_is_new_again(site: Site) -> None:
    await site.ask("POST", "customers", {"name": "a"}, Idempotency_Key="k")
    site.now += KEPT_MS
    said = await site.ask("POST", "customers", {"name": "b"}, Idempotency_Key="k")
    assert (said.status, "Idempotent-Replayed" in said.headers) == (201, False)


async def test_an_answer_that_was_never_kept_was_never_done(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is in the transaction of the answer: when keeping the answer fails, nothing was done."""

    def fail(connection: Connection, *rest: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "finish", fail)
        said = await site.ask("POST", "customers", {"name": "a"}, Idempotency_Key="k")
    assert said.status == 500
    assert "killed" not in str(said.body)
    assert await count(site) == 0
    assert (await site.ask("POST", "customers", {"name": "a"}, Idempotency_Key="k")).status == 201


async def test_keys_that_are_none_are_refused(site: Site) -> None:
    for key in ("", "x" * 256, "a b", "schlüssel"):
        said = await site.ask("POST", "customers", {"name": "a"}, Idempotency_Key=key)
        assert (said.status, said.fields) == (400, ["Idempotency-Key"]), key


async def test_a_long_answer_is_packed_for_whoever_takes_it_so(site: Site) -> None:
    packed = await site.get("/api/v1/kinds", TOKEN, **{"Accept-Encoding": "gzip"})
    plain = await site.get("/api/v1/kinds", TOKEN, **{"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert await packed.json() == await plain.json()
    assert int(packed.headers["Content-Length"]) < WORTH_PACKING < int(plain.headers["Content-Length"])


async def test_a_short_answer_is_sent_as_it_is(site: Site) -> None:
    short = await site.get("/api/v1/customers", TOKEN, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in short.headers

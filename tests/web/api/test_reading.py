"""Requests that cannot be understood: each is refused by name, none is a mistake of the server's."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import orjson
import pytest

from callserver.web.api import reading
from callserver.web.api.reading import DEEPEST, parsed
from tests.web.conftest import TOKEN, Site

JSON = {"Content-Type": "application/json"}


async def post(site: Site, content: Any, **headers: str) -> tuple[int, Any]:
    sent = {"Authorization": f"Bearer {TOKEN}", **JSON, **headers}
    response = await site.client.post("/api/v1/customers", data=content, headers=sent)
    return response.status, await response.json(content_type="application/problem+json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"name": "a"} x', "not JSON"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"numbers": [{"received": "1", "received": "2"}]}', "twice"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": -Infinity}', "Infinity"),
        (b'{"name": 1e999}', "too big"),
        (b'{"name": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"name": "\xff"}', "UTF-8"),
        ("{'name'}".encode("utf-16"), "UTF-8"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "inside one another"),
        (b"[" * 900 + b"]" * 900, "inside one another"),
    ],
)
async def test_json_that_cannot_be_used_is_refused(site: Site, content: bytes, said: str) -> None:
    status, problem = await post(site, content)
    assert (status, said in problem["detail"]) == (400, True), problem


async def test_not_every_wrong_field_of_thousands_is_named(site: Site) -> None:
    status, problem = await post(site, orjson.dumps({f"k{number}": 1 for number in range(50_000)}))
    assert (status, len(problem["errors"])) == (422, 50)


@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"1"])
async def test_a_body_that_is_no_object_is_refused(site: Site, content: bytes) -> None:
    status, problem = await post(site, content)
    assert (status, problem["detail"]) == (422, "the body must be a JSON object")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/merge-patch+json"},
        {"Content-Type": "nonsense"},
        {"Content-Encoding": "gzip"},
    ],
    ids=str,
)
async def test_other_content_types_are_refused(site: Site, headers: dict[str, str]) -> None:
    status, _ = await post(site, b'{"name": "a"}', **headers)
    assert status == 415


async def test_a_body_of_more_than_a_megabyte_is_refused_whatever_its_header_says(site: Site) -> None:
    big = b'{"name": "' + b"x" * (1 << 20) + b'"}'

    async def in_pieces() -> Any:
        for begin in range(0, len(big), 100_000):
            yield big[begin : begin + 100_000]
            await asyncio.sleep(0)

    assert (await post(site, io.BytesIO(big)))[0] == 413
    assert (await post(site, in_pieces()))[0] == 413


@pytest.mark.parametrize(
    ("path", "kind"), [("customers", "application/json"), ("tickets/1/attachments?name=a", "text/plain")]
)
async def test_a_body_that_never_ends_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    monkeypatch.setattr(reading, "BODY_S", 0.05)
    monkeypatch.setattr(reading, "SLOWEST_BYTES_PER_S", 1 << 30)
    head = (
        f"POST /api/v1/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
    writer.write(f"{head}Content-Type: {kind}\r\n\r\n{{".encode())
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_merge_patch_may_be_called_so(site: Site) -> None:
    made = await site.ask("POST", "customers", {"name": "a"})
    response = await site.client.patch(
        f"/api/v1/customers/{made.body['id']}",
        data=b'{"vip": true}',
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/merge-patch+json",
            "If-Match": '"1"',
        },
    )
    assert response.status == 200


async def test_ten_thousand_characters_are_too_many_for_a_name(site: Site) -> None:
    said = await site.ask("POST", "customers", {"name": "长" * 10_000})
    assert (said.status, said.fields) == (422, ["name"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/../../etc/passwd",
        "/api/v1/..%2f..%2fetc%2fpasswd",
        "/static/../templates/api.html",
        "/static/%2e%2e/__init__.py",
        "/api/v1/customers/1%00",
        "/api/v1/customers/%ff",
        "/api/v1/customers/' OR 1=1--",
        "/api/v1//customers",
        "/api/v1/customers/1/",
    ],
)
async def test_odd_paths_lead_nowhere(site: Site, path: str) -> None:
    response = await site.get(path, TOKEN)
    assert (response.status, response.content_type) == (404, "application/problem+json")


async def test_no_page_of_another_origin_is_let_in(site: Site) -> None:
    response = await site.client.options(
        "/api/v1/customers",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Authorization": f"Bearer {TOKEN}",
        },
    )
    assert response.status == 405
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


async def test_head_is_get_without_its_body(site: Site) -> None:
    said = await site.ask("HEAD", "customers")
    assert (said.status, said.body) == (200, None)


async def test_two_requests_smuggled_as_one_are_refused(site: Site) -> None:
    """Content-Length beside Transfer-Encoding is how requests are hidden from a proxy."""
    server = site.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(
        b"POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /api/v1/customers HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert answer.count(b"HTTP/1.") == 1


def test_what_is_right_is_read_as_it_is() -> None:
    value = {"name": "王芳 🙂 \u202e \0", "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}
    assert parsed(orjson.dumps(value)) == value

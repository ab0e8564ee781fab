"""The API of attachments: bytes in, the same bytes out, and never as a page of ours."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from callserver.store.attachments import LARGEST
from tests.web.conftest import TOKEN, Said, Site

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


async def ticket(site: Site) -> int:
    return int((await site.ask("POST", "tickets", {"kind": "information"})).body["id"])


async def put(site: Site, path: str, content: Any, token: str = TOKEN, **headers: str) -> Said:
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream", **headers}
    response = await site.client.post(f"/api/v1/{path}", data=content, headers=sent)
    return Said(response.status, await response.json(content_type=None), response.headers)


async def test_a_file_comes_back_as_it_went_in(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/attachments"
    said = await put(site, f"{path}?name=E4.jpg", PNG)
    assert (said.status, said.headers["Location"]) == (201, f"/api/v1/attachments/{said.body['id']}")
    assert said.body.items() >= {"name": "E4.jpg", "type": "image/png", "size": len(PNG)}.items()
    assert said.body["sha256"] == hashlib.sha256(PNG).hexdigest()
    told = await site.api(path)
    assert told["attachments"] == [said.body]
    assert told["takes"]["largest"] == LARGEST and said.body["type"] in told["takes"]["types"]
    assert await site.api(f"attachments/{said.body['id']}") == said.body
    response = await site.get(f"/api/v1/attachments/{said.body['id']}/content", TOKEN)
    assert await response.read() == PNG
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''E4.jpg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.png", "x.png"),
        ('a"; filename=evil.html; "\r\nX: y.png', "a_; filename=evil.html; _ X_ y.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("照片 😀.png", "照片 😀.png"),
        ("..", "file"),
        ("<script>alert(1)</script>.png", "script_.png"),
    ],
)
async def test_a_hostile_name_is_only_a_name(site: Site, name: str, kept: str) -> None:
    path = f"tickets/{await ticket(site)}/attachments"
    said = await put(site, f"{path}?name={quote(name)}", PNG)
    assert said.body["name"] == kept
    response = await site.get(f"/api/v1/attachments/{said.body['id']}/content", TOKEN)
    disposition = response.headers["Content-Disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{quote(kept, safe='')}"


@pytest.mark.parametrize("query", ["", "?name=", "?name=a%00b", f"?name={'x' * 501}", "?name=a&name=b"])
async def test_a_name_that_is_none_is_refused(site: Site, query: str) -> None:
    said = await put(site, f"tickets/{await ticket(site)}/attachments{query}", PNG)
    assert (said.status, said.fields) == (400, ["name"])


@pytest.mark.parametrize("content", [b"", b"<script>alert(1)</script>", b"MZ\x90\0", b"PK\x03\x04"])
async def test_what_is_not_taken_is_refused_whatever_it_says_it_is(site: Site, content: bytes) -> None:
    path = f"tickets/{await ticket(site)}/attachments?name=x.png"
    said = await put(site, path, content, Content_Type="image/png")
    assert (said.status, said.fields) == (422, ["content"])


async def test_a_file_that_is_too_large_is_not_even_read(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/attachments?name=x.png"
    assert (await put(site, path, BytesIO(PNG + bytes(LARGEST)))).status == 413

    async def without_a_length() -> Any:
        for _ in range(12):
            yield bytes(1 << 20)

    assert (await put(site, path, without_a_length())).status == 413


async def test_the_largest_one_is_taken(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/attachments?name=x.png"
    assert (await put(site, path, BytesIO(PNG + bytes(LARGEST - len(PNG))))).body["size"] == LARGEST


async def test_the_same_file_is_there_once(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/attachments"
    first = await put(site, f"{path}?name=a.png", PNG)
    assert (await put(site, f"{path}?name=b.png", PNG)).body == first.body
    entries = (await site.api(path.replace("attachments", "timeline?kinds=attachment")))["entries"]
    assert [one["body"]["attachment"] for one in entries] == [first.body["id"]]


async def test_what_cannot_be_masked_is_for_those_who_may_see_it(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/attachments"
    id = (await put(site, f"{path}?name=invoice.png", PNG)).body["id"]
    token = await site.token("tickets:read")
    masked = (await site.ask("GET", path, token=token)).body["attachments"][0]
    assert (masked["name"], masked["sha256"], masked["type"]) == ("***", "***", "image/png")
    assert (await site.ask("GET", f"attachments/{id}/content", token=token)).status == 403


async def test_there_are_no_files_of_what_is_not_there(site: Site) -> None:
    assert (await put(site, "tickets/99/attachments?name=x.png", PNG)).status == 404
    for path in ("tickets/99/attachments", "attachments/99", "attachments/99/content"):
        assert (await site.ask("GET", path)).status == 404, path

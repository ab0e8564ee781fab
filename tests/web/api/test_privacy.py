"""The API of privacy: everything about somebody in one file, and nothing about them any more."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from callserver.store.desk import idempotency
from callserver.store.disclosure import Piece
from callserver.web.api.privacy import zipped
from tests.web.conftest import BOTH, TOKEN, Site

pytestmark = BOTH


async def wang(site: Site) -> int:
    body = {"name": "王芳", "numbers": [{"received": "13800138000"}]}
    id = int((await site.ask("POST", "customers", body)).body["id"])
    ticket = await site.ask("POST", "tickets", {"kind": "information", "customer": id, "subject": "Oven"})
    await site.ask("POST", f"tickets/{ticket.body['id']}/notes", {"text": "her oven is cold"})
    return id


async def export(site: Site, id: int) -> zipfile.ZipFile:
    response = await site.get(f"/api/v1/customers/{id}/export", TOKEN)
    assert response.status == 200, await response.text()
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"].endswith(f"customer-{id}.zip")
    assert response.headers["Cache-Control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(await response.read()))


async def test_everything_about_somebody_is_one_file(site: Site) -> None:
    archive = await export(site, await wang(site))
    assert archive.testzip() is None
    assert json.loads(archive.read("customer.json"))[0]["name"] == "王芳"
    (ticket,) = [name for name in archive.namelist() if name.endswith("ticket.json")]
    assert "her oven is cold" in archive.read(ticket).decode()
    assert "index.html" in archive.namelist()


async def test_an_export_is_noted_before_it_begins(site: Site) -> None:
    id = await wang(site)
    await export(site, id)
    lines = (await site.api(f"audit?subject=customer:{id}&action=customer.export"))["lines"]
    assert [one["actor"] for one in lines] == ["operator"]


async def test_how_much_is_held_is_counted(site: Site) -> None:
    counts = (await site.api(f"customers/{await wang(site)}/held"))["counts"]
    assert counts["tickets"] == 1


async def test_somebody_is_erased_when_nothing_of_theirs_is_open(site: Site) -> None:
    id = await wang(site)
    refused = await site.ask("POST", f"customers/{id}/erasure", {})
    assert refused.status == 409
    said = await site.ask("POST", f"customers/{id}/erasure", {"also_open": True})
    assert (said.status, said.body["finished"], said.body["counts"]["tickets"]) == (200, True, 1)
    left = await site.api(f"customers/{id}")
    assert (left["name"], left["numbers"]) == ("", [])
    assert left["erased_at"] is not None
    assert (await site.ask("POST", f"customers/{id}/erasure", {})).status == 409


@pytest.mark.parametrize("path", ["customers/99/export", "customers/99/held"])
async def test_of_nobody_nothing_is_held(site: Site, path: str) -> None:
    assert (await site.ask("GET", path)).status == 404
    assert (await site.ask("POST", "customers/99/erasure", {})).status == 404


async def test_an_erasure_is_asked_for_with_what_is_known_here_only(site: Site) -> None:
    said = await site.ask("POST", "customers/1/erasure", {"also_open": "yes", "force": True})
    assert (said.status, sorted(said.fields)) == (422, ["also_open", "force"])


async def test_only_who_may_hand_out_does(site: Site) -> None:
    token = await site.token("customers:read", "customers:write", "personal:read", "audit:read")
    for method, path in (("GET", "export"), ("GET", "held"), ("POST", "erasure")):
        assert (await site.ask(method, f"customers/1/{path}", {}, token=token)).status == 403


async def test_a_zip_is_made_piece_by_piece(site: Site) -> None:
    most = 0

    async def pieces() -> AsyncIterator[Piece]:
        for number in range(20):
            yield Piece(name=f"{number // 10}.txt", content=f"{number}\n".encode() * 50_000)

    packed = bytearray()
    async for piece in zipped(pieces()):
        most = max(most, len(piece))
        packed += piece
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert (archive.namelist(), archive.testzip()) == (["0.txt", "1.txt"], None)
    assert archive.read("1.txt") == b"".join(f"{number}\n".encode() * 50_000 for number in range(10, 20))


async def test_a_zip_that_breaks_off_is_none(site: Site) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield Piece(name="a.txt", content=b"a")
        raise OSError("the disk is gone")

    packed = bytearray()
    with pytest.raises(OSError, match="gone"):
        async for piece in zipped(pieces()):
            packed += piece
    assert not zipfile.is_zipfile(io.BytesIO(packed))


async def test_of_somebody_who_was_erased_no_answer_is_kept_either(site: Site) -> None:
    body = {"name": "王芳", "numbers": [{"received": "13800138000"}]}
    id = (await site.ask("POST", "customers", body, Idempotency_Key="a")).body["id"]
    new = {"kind": "information", "customer": id, "subject": "Oven"}
    ticket = (await site.ask("POST", "tickets", new, Idempotency_Key="b")).body["id"]
    path = f"tickets/{ticket}/notes"
    await site.ask("POST", path, {"text": "her oven is cold"}, Idempotency_Key="c")
    await site.ask("POST", f"customers/{id}/erasure", {"also_open": True})
    wanted = select(idempotency.c.answer)
    kept = "".join(await site.store.read(lambda c: c.execute(wanted).scalars().all()))
    assert [word for word in ("王芳", "13800138000", "Oven", "her oven") if word in kept] == []
    again = await site.ask("POST", path, {"text": "her oven is cold"}, Idempotency_Key="c")
    assert (again.status, len((await site.api(f"tickets/{ticket}/timeline?kinds=note"))["entries"])) == (
        409,
        1,
    )


async def test_whoever_sees_masked_gets_no_export(site: Site) -> None:
    token = await site.token("privacy:manage", "customers:read")
    assert (await site.ask("GET", f"customers/{await wang(site)}/export", token=token)).status == 403

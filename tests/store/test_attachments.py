"""Files on a ticket: bounded, named safely, kept once."""

from __future__ import annotations

import hashlib

import pytest

from callserver.errors import BadValue, Conflict, NotFound
from callserver.store import attachments
from callserver.store.attachments import Attachment, AttachmentId, NewFile
from callserver.store.engine import Store
from callserver.tickets.record import Ticket, TicketId
from tests.store.of_tickets import ANNA, NOON, begin, done, told

PHOTO = b"\x89PNG\r\n\x1a\n\x00 a photograph"


async def attach(store: Store, ticket: Ticket, content: bytes = PHOTO, name: str = "stove.png") -> Attachment:
    file = NewFile(name=name, type="image/png", content=content)
    return await done(store, attachments.attach, ticket.id, file, ANNA, NOON)


async def test_a_file_is_kept_byte_for_byte(store: Store) -> None:
    ticket = await begin(store)
    kept = await attach(store, ticket)
    assert (kept.name, kept.type, kept.size, kept.actor) == ("stove.png", "image/png", len(PHOTO), "anna")
    assert kept.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert await done(store, attachments.content, kept.id) == PHOTO
    assert await done(store, attachments.get, kept.id) == kept
    assert await done(store, attachments.of_ticket, ticket.id) == (kept,)
    kind, body = (await told(store, ticket))[-1]
    assert (kind, body["attachment"], body["name"]) == ("attachment", kept.id, "stove.png")


async def test_the_same_content_is_kept_once_a_ticket(store: Store) -> None:
    ticket, other = await begin(store), await begin(store)
    kept = await attach(store, ticket)
    assert await attach(store, ticket, name="again.png") == kept
    assert (await attach(store, other)).id != kept.id
    assert len(await told(store, ticket)) == 2


async def test_a_name_is_only_a_name(store: Store) -> None:
    ticket = await begin(store)
    kept = await attach(store, ticket, name="../../etc/\x00photo\u202egnp.exe\r\n")
    assert kept.name == "\ufffdphotognp.exe"


@pytest.mark.parametrize(
    "file",
    [
        NewFile(name="a.png", type="image/png", content=b""),
        NewFile(name="a.png", type="image/png", content=bytes(attachments.LARGEST + 1)),
        NewFile(name="a.png", type="text/html", content=b"<script>"),
        NewFile(name="a.svg", type="image/svg+xml", content=b"<svg/>"),
        NewFile(name="a.exe", type="application/x-dosexec", content=b"MZ"),
        NewFile(name="a", type="\x00\ud800" * 1_000, content=b"x"),
    ],
    ids=["empty", "too large", "html", "svg", "program", "rubbish"],
)
async def test_what_is_not_taken_leaves_nothing(store: Store, file: NewFile) -> None:
    ticket = await begin(store)
    with pytest.raises(BadValue) as refused:
        await done(store, attachments.attach, ticket.id, file, ANNA, NOON)
    assert refused.value.field == "content"
    assert await done(store, attachments.of_ticket, ticket.id) == ()


async def test_a_ticket_takes_so_much_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await begin(store)
    monkeypatch.setattr(attachments, "LARGEST_TOGETHER", 10)
    await attach(store, ticket, b"123456")
    with pytest.raises(Conflict):
        await attach(store, ticket, b"12345")
    await attach(store, ticket, b"1234")
    monkeypatch.setattr(attachments, "LARGEST_TOGETHER", 1_000)
    monkeypatch.setattr(attachments, "MOST", 2)
    with pytest.raises(Conflict):
        await attach(store, ticket, b"1")


async def test_a_file_of_no_ticket_and_no_file_are_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await done(
            store,
            attachments.attach,
            TicketId(99),
            NewFile(name="a", type="image/png", content=b"x"),
            ANNA,
            NOON,
        )
    for missing in (AttachmentId(99), AttachmentId(10**30)):
        with pytest.raises(NotFound):
            await done(store, attachments.content, missing)
        with pytest.raises(NotFound):
            await done(store, attachments.get, missing)

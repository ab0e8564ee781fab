"""Files on a ticket: photographs of an error code, invoices, recordings of a noise.

In: bytes with the type that somebody found in them, inside the caller's transaction. Out: what there is, and the bytes.
Must not know: HTTP, how a type is found in bytes. The content is in the database: one thing to back up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, NewType

from sqlalchemy import Connection, Select, insert, select

from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import Actor, Instant
from callserver.store import ids, text, timeline
from callserver.store.desk import attachments as table
from callserver.store.tickets import held
from callserver.store.timeline import NewEntry
from callserver.tickets.record import TicketId
from callserver.tickets.wording import file_name

AttachmentId = NewType("AttachmentId", int)

LARGEST = 10 * 1024 * 1024  # bytes, one file
LARGEST_TOGETHER = 100 * 1024 * 1024  # bytes, one ticket
MOST = 200  # files, one ticket

# By content, never by name. What a browser would run (HTML, SVG, scripts) is not among them.
TYPES: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/heic",
        "image/bmp",
        "image/tiff",
        "application/pdf",
        "audio/mpeg",
        "audio/mp4",
        "audio/wav",
        "audio/ogg",
        "audio/amr",
        "audio/flac",
        "video/mp4",
        "video/quicktime",
        "text/plain",
        "text/csv",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to be kept. `type` is what its content is; `name` is what somebody called it."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file on a ticket, without its content. `size` in bytes, `sha256` of the content in hexadecimal digits."""

    id: AttachmentId
    ticket: TicketId
    at: Instant
    actor: str
    name: str
    type: str
    size: int
    sha256: str


def attach(connection: Connection, ticket: TicketId, file: NewFile, actor: Actor, now: Instant) -> Attachment:
    """Keep a file. The same content on the same ticket is kept once: what is there already is returned.

    Raises BadValue for a file that is empty, too large or of a type that is not taken; Conflict for one too many.
    """
    digest = _checked(file)
    held(connection, ticket)
    before = of_ticket(connection, ticket)
    for one in before:
        if one.sha256 == digest:
            return one
    if len(before) >= MOST or sum(one.size for one in before) + len(file.content) > LARGEST_TOGETHER:
        raise Conflict(f"a ticket takes {MOST} files and {LARGEST_TOGETHER >> 20} MiB")
    row = {
        "id": ids.reserve(connection, table)[0],
        "ticket_id": ticket,
        "at": now,
        "actor": text.key(actor.name),
        "name": file_name(file.name),
        "type": file.type,
        "size": len(file.content),
        "sha256": digest,
    }
    connection.execute(insert(table), row | {"content": file.content})
    kept = _attachment(row)
    body = {
        "attachment": kept.id,
        "name": kept.name,
        "type": kept.type,
        "size": kept.size,
        "sha256": kept.sha256,
    }
    timeline.add(connection, ticket, NewEntry(kind="attachment", body=body), actor, now)
    return kept


def of_ticket(connection: Connection, ticket: TicketId) -> tuple[Attachment, ...]:
    """The files of a ticket, the first one first."""
    wanted = _wanted().where(table.c.ticket_id == ids.known(ticket)).order_by(table.c.id)
    return tuple(_attachment(row._mapping) for row in connection.execute(wanted))


def get(connection: Connection, attachment: AttachmentId) -> Attachment:
    """One file without its content. Raises NotFound."""
    row = connection.execute(_wanted().where(table.c.id == ids.known(attachment))).one_or_none()
    if row is None:
        raise NotFound(f"there is no attachment {attachment}")
    return _attachment(row._mapping)


def content(connection: Connection, attachment: AttachmentId) -> bytes:
    """The bytes of one file. Raises NotFound."""
    wanted = select(table.c.content).where(table.c.id == ids.known(attachment))
    found = connection.execute(wanted).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no attachment {attachment}")
    return bytes(found)


def _checked(file: NewFile) -> str:
    if not file.content:
        raise BadValue("content", "is empty")
    if len(file.content) > LARGEST:
        raise BadValue("content", f"is larger than {LARGEST >> 20} MiB")
    if file.type not in TYPES:
        raise BadValue(
            "content", f"is {text.key(file.type)}, which is not taken: {', '.join(sorted(TYPES))} are"
        )
    return hashlib.sha256(file.content).hexdigest()


def _wanted() -> Select[Any]:
    return select(*(column for column in table.c if column.name != "content"))


def _attachment(row: Any) -> Attachment:
    return Attachment(
        id=AttachmentId(row["id"]),
        ticket=TicketId(row["ticket_id"]),
        at=row["at"],
        actor=row["actor"],
        name=row["name"],
        type=row["type"],
        size=row["size"],
        sha256=row["sha256"],
    )

"""The API of attachments: files on tickets, taken in, listed, handed out, never shown in place.

In: bytes and what somebody calls them. Out: what there is, and the bytes. Must not know: where they are kept. What a
file is, is found in its content (`file_types`); what its sender says of it does not count.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from callserver.errors import BadValue, Forbidden
from callserver.store import attachments, tickets
from callserver.store.attachments import (
    LARGEST,
    LARGEST_TOGETHER,
    MOST,
    TYPES,
    Attachment,
    AttachmentId,
    NewFile,
)
from callserver.store.engine import Connection
from callserver.tickets.record import TicketId
from callserver.web.api import showing
from callserver.web.api.file_types import type_of
from callserver.web.api.operation import Asked, Done, Download, Id, Operations, Upload
from callserver.web.api.shapes import Moment

api = Operations(
    "attachments",
    f"Files on a ticket: at most {LARGEST >> 20} MiB each, of the types {', '.join(sorted(TYPES))}.",
)


class AttachmentShown(Struct, frozen=True, kw_only=True):
    """A file. `size` in bytes; `sha256` of its content; `type` is what its content is."""

    id: int
    ticket: int
    at: Moment
    actor: str
    name: str
    type: str
    size: int
    sha256: str


class Takes(Struct, frozen=True, kw_only=True):
    """What a ticket takes: bytes in one file, bytes and files in all, types by content."""

    largest: int = LARGEST
    together: int = LARGEST_TOGETHER
    most: int = MOST
    types: list[str] = msgspec.field(default_factory=lambda: sorted(TYPES))


class Attachments(Struct, frozen=True, kw_only=True):
    """All files of a ticket, the first one first; and what else it would take."""

    attachments: list[AttachmentShown]
    takes: Takes = Takes()


class FileNamed(Struct, frozen=True, kw_only=True):
    name: Annotated[
        str,
        Meta(min_length=1, max_length=500, description="What it is called.", examples=["error-E4.jpg"]),
    ]


@api("GET", "/tickets/{id}/attachments", scope="tickets:read")
def list_attachments(connection: Connection, asked: Asked, id: Id) -> Done[Attachments]:
    """All files of a ticket."""
    ticket = tickets.get(connection, TicketId(id))
    found = [shown(one, asked) for one in attachments.of_ticket(connection, ticket.id)]
    return Done(Attachments(attachments=found), seen=(f"ticket:{id}",))


@api(
    "POST", "/tickets/{id}/attachments", scope="tickets:write", status=201, most_bytes=LARGEST, errors=(409,)
)
def attach(
    connection: Connection, asked: Asked, id: Id, query: FileNamed, body: Upload
) -> Done[AttachmentShown]:
    """Put a file on a ticket: its bytes are the body, as they are. The same content on the same ticket is kept once."""
    kind = type_of(body.content, query.name)
    if body.content and kind is None:
        raise BadValue(
            "content", "is no picture, sound, film, PDF, office document or plain text that is taken"
        )
    new = NewFile(name=query.name, type=kind or "", content=body.content)
    kept = attachments.attach(connection, TicketId(id), new, asked.actor, asked.now)
    return Done(shown(kept, asked), location=f"/attachments/{kept.id}")


@api("GET", "/attachments/{id}", scope="tickets:read")
def read_attachment(connection: Connection, asked: Asked, id: Id) -> Done[AttachmentShown]:
    """What is known of a file."""
    found = attachments.get(connection, AttachmentId(id))
    return Done(shown(found, asked), seen=(f"ticket:{found.ticket}",))


@api("GET", "/attachments/{id}/content", scope="tickets:read", long=True)
def download_attachment(connection: Connection, asked: Asked, id: Id) -> Done[Download]:
    """The file itself, for saving. It needs the right `personal:read`, too: nothing in a file can be masked."""
    if not asked.may(showing.PERSONAL):
        raise Forbidden(f"nothing in a file can be masked: this needs the right {showing.PERSONAL}")
    found = attachments.get(connection, AttachmentId(id))
    content = attachments.content(connection, found.id)
    return Done(Download(content=content, type=found.type, name=found.name), seen=(f"ticket:{found.ticket}",))


def shown(attachment: Attachment, asked: Asked) -> AttachmentShown:
    """A file as this asker may see it."""
    return showing.shown(AttachmentShown, "attachment", attachment, asked)

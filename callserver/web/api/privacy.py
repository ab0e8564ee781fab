"""The API of privacy: what is held about a customer, handed out as one file, erased.

In: a customer. Out: counts, a ZIP that is made while it is sent, how far an erasure came. Must not know: what belongs
to a customer, how anything is rewritten.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from typing import IO, Annotated

from msgspec import Meta, Struct

from callserver.customers.record import CustomerId
from callserver.errors import Forbidden
from callserver.store import audit, customers, disclosure, privacy
from callserver.store.disclosure import Piece
from callserver.store.engine import Connection
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Download, Id, Operations

api = Operations("privacy", "What is held about one customer: counted, handed out, erased.")

ERASED_S = 20.0  # how long an erasure is waited for


class Held(Struct, frozen=True, kw_only=True):
    """How much is held about a customer and everybody merged into them, by kind."""

    counts: dict[str, int]


class Erasure(Struct, frozen=True, kw_only=True):
    """What the asker says of an erasure."""

    also_open: Annotated[bool, Meta(description="Although tickets are open: what they owe is withdrawn.")] = (
        False
    )


class Erased(Struct, frozen=True, kw_only=True):
    """How far it came. `counts`: what was rewritten; `going_on`: calls that it waits for until tonight."""

    finished: bool
    counts: dict[str, int]
    going_on: int


@api("GET", "/customers/{id}/held", scope="privacy:manage", long=True)
def count_held(connection: Connection, asked: Asked, id: Id) -> Done[Held]:
    """How much is held about a customer."""
    counts = disclosure.held(connection, CustomerId(id))
    return Done(Held(counts=counts), seen=(customers.subject(CustomerId(id)),))


@api("GET", "/customers/{id}/export", scope="privacy:manage")
async def export_customer(asked: Asked, id: Id) -> Done[Download]:
    """Everything that is held about a customer, as a ZIP. It is made while it is sent; one that breaks off is no ZIP.

    Nothing in it is masked, so it needs the right `personal:read`, too. `index.html` in it is an overview for
    the customer.
    """
    if not asked.may(showing.PERSONAL):
        raise Forbidden(f"nothing in it is masked: this needs the right {showing.PERSONAL}")
    customer, site = CustomerId(id), asked.site

    def begin(connection: Connection) -> None:
        customers.get(connection, customer)
        audit.note(connection, asked.actor, "customer.export", customers.subject(customer), {}, asked.now)

    await site.store.write(begin)
    pieces = disclosure.everything(site.store, customer, site.plan)
    return Done(Download(content=zipped(pieces), type="application/zip", name=f"customer-{id}.zip"))


@api("POST", "/customers/{id}/erasure", scope="privacy:manage", errors=(409,))
async def erase_customer(asked: Asked, id: Id, body: Erasure) -> Done[Erased]:
    """Erase a customer and everybody merged into them: who it was goes, what is counted stays. There is no way back.

    Where it takes long, or calls of theirs are going on, the answer says `finished: false`: the service goes on with
    it every night, and the same request goes on with it now.
    """
    site, customer = asked.site, CustomerId(id)
    try:
        async with asyncio.timeout(ERASED_S):
            done = await privacy.erase(
                site.store, customer, site.plan, asked.actor, site.clock, also_open=body.also_open
            )
    except TimeoutError:
        return Done(Erased(finished=False, counts={}, going_on=0))
    return Done(Erased(finished=done.finished, counts=done.counts, going_on=done.going_on))


# --- a ZIP, made while it is sent ------------------------------------------------------------------------------------


class _Sink(io.RawIOBase):
    """A file that cannot be gone back in: what is written is taken away and sent."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


async def zipped(pieces: AsyncIterator[Piece]) -> AsyncIterator[bytes]:
    """The pieces as a ZIP, those of one name behind each other as one file. Packing is done beside the event loop."""
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)
    name, member = "", None
    async for piece in pieces:
        if piece.name != name:
            member = _next(archive, member, name := piece.name)
        assert member is not None
        await asyncio.to_thread(member.write, piece.content)
        if packed := sink.taken():
            yield packed
    if member is not None:
        member.close()
    archive.close()
    yield sink.taken()


def _next(archive: zipfile.ZipFile, before: IO[bytes] | None, name: str) -> IO[bytes]:
    if before is not None:
        before.close()
    return archive.open(name, "w", force_zip64=True)

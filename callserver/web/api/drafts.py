"""The API of drafts: what a person is typing, kept as it is typed.

In: what was typed so far. Out: the person's own drafts. Must not know: how they are kept. For people who are signed in
only; nobody else ever sees them.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.errors import Conflict
from callserver.people import UserId
from callserver.store import drafts
from callserver.store.drafts import LARGEST, Draft
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Moment, moment

api = Operations("drafts", "What you are typing, kept so that a reload or a crash loses a second at most.")

Subject = Annotated[
    str,
    Meta(max_length=150, description="A call or a ticket.", examples=["call:main:1795289156.0", "ticket:17"]),
]
Tab = Annotated[str, Meta(max_length=40, description="Which screen saves: your others are told of it.")]


class DraftGiven(Struct, frozen=True, kw_only=True):
    """All that was typed so far; the last one who saves wins.

    `fields`: anything that the screen wants back, 64 KiB with the text. `version`: of the ticket that is on the screen.
    """

    text: Annotated[str, Meta(max_length=LARGEST)] = ""
    fields: Annotated[dict[str, Any], Meta(max_length=200)] = {}
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    tab: Tab | None = None


class DraftShown(Struct, frozen=True, kw_only=True):
    """A draft. `counter` grows with each save: more than yours and one means that another tab has saved."""

    subject: str
    counter: int
    at: Moment | None
    text: str
    fields: dict[str, Any]
    version: int | None


class Drafts(Struct, frozen=True, kw_only=True):
    """Your drafts, the last saved first."""

    drafts: list[DraftShown]


class DropQuery(Struct, frozen=True, kw_only=True):
    counter: (
        Annotated[int, Meta(ge=1, le=2**63 - 1, description="Not if it was saved more often than that.")]
        | None
    ) = None
    tab: Tab | None = None


@api("GET", "/me/drafts", scope="tickets:write", errors=(409,))
def list_drafts(connection: Connection, asked: Asked) -> Done[Drafts]:
    """Your drafts."""
    return Done(Drafts(drafts=[_shown(one) for one in drafts.of_user(connection, _me(asked))]))


@api(
    "PUT", "/me/drafts/{subject}", scope="tickets:write", guarded=False, errors=(409,), most_bytes=4 * LARGEST
)
def save_draft(connection: Connection, asked: Asked, subject: Subject, body: DraftGiven) -> Done[DraftShown]:
    """Keep what was typed so far."""
    kept = drafts.save(
        connection,
        _me(asked),
        subject,
        body.text,
        body.fields,
        asked.now,
        version=body.version,
        tab=body.tab,
    )
    return Done(_shown(kept))


@api("DELETE", "/me/drafts/{subject}", scope="tickets:write", status=204, guarded=False, errors=(409,))
def drop_draft(connection: Connection, asked: Asked, subject: Subject, query: DropQuery) -> Done[None]:
    """Throw a draft away. One that is not there, or was saved since, changes nothing."""
    drafts.drop(connection, _me(asked), subject, asked.now, upto=query.counter, tab=query.tab)
    return Done(None)


def _me(asked: Asked) -> UserId:
    if asked.person is None:
        raise Conflict("this is a token: nobody is signed in whose drafts they could be")
    return asked.person.id


def _shown(one: Draft) -> DraftShown:
    return DraftShown(
        subject=one.subject,
        counter=one.counter,
        at=moment(one.at),
        text=one.text,
        fields=one.fields,
        version=one.version,
    )

"""The API of messages on screens: to one person, a team or everybody; who has read them.

In: words, for whom. Out: messages with receipts. Must not know: screens, whose people these are (`floor_rights`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict, NotFound
from callserver.people import Person, UserId
from callserver.store import audit, floor_messages, users
from callserver.store.engine import Connection
from callserver.store.floor_messages import Message, Receipt
from callserver.web.api import floor_rights as rights
from callserver.web.api.me import api as me
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import Moment, moment

api = Operations("messages", "Words on the screens of people of one's own teams, until they were read.")

Words = Annotated[str, Meta(min_length=1, max_length=500, description="Plain text; lines stay lines.")]


class WordsGiven(Struct, frozen=True, kw_only=True):
    """Exactly one of these: `user`, `team` (by name), `all` (everybody whom the asker answers for)."""

    text: Words
    urgent: bool = False
    user: Id | None = None
    team: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    all: bool = False


class ReaderShown(Struct, frozen=True, kw_only=True):
    """Who is to read it; `read_at`: null: not yet."""

    user: int
    name: str
    read_at: Moment | None


class MessageShown(Struct, frozen=True, kw_only=True):
    """A message. `to`: the person's or team's name, null: everybody."""

    id: int
    at: Moment | None
    to: str | None
    text: str
    urgent: bool
    readers: list[ReaderShown]


class MessagesShown(Struct, frozen=True, kw_only=True):
    """What the asker wrote, the newest first."""

    messages: list[MessageShown]


@api("POST", "/floor/messages", scope="floor:help", status=201, errors=(404,))
def write_message(connection: Connection, asked: Asked, body: WordsGiven) -> Done[MessageShown]:
    """Put words on screens, until each has read them. Whoever is not signed in reads them when they are."""
    words = body.text.strip()
    if not words:
        raise BadValue("text", "say something")
    to_name, people = _readers(connection, asked, body)
    by = None if asked.person is None else asked.person.id
    message = floor_messages.write(
        connection,
        [one.id for one in people],
        by=by,
        by_name=asked.actor.name,
        now=asked.now,
        words=words,
        urgent=body.urgent,
        to_name=to_name,
    )
    detail = {"to": to_name, "readers": len(people), "urgent": body.urgent}
    audit.note(connection, asked.actor, "floor.message", f"message:{message.id}", detail, asked.now)
    receipts = [Receipt(user=one.id, name=one.name, read_at=None) for one in people]
    return Done(_shown(message, receipts))


@api("GET", "/floor/messages", scope="floor:help")
def list_messages(connection: Connection, asked: Asked) -> Done[MessagesShown]:
    """What one wrote oneself, at most 100 of the last 30 days, and who has read it."""
    by = None if asked.person is None else asked.person.id
    found = floor_messages.written_by(connection, by)
    return Done(MessagesShown(messages=[_shown(message, receipts) for message, receipts in found]))


@me("POST", "/me/messages/{id}/read", scope=None, status=204, errors=(404, 409))
def read_message(connection: Connection, asked: Asked, id: Id) -> Done[None]:
    """One has read a message: it goes from all one's screens, and its writer sees it."""
    if asked.person is None:
        raise Conflict("this is a token: nobody is signed in")
    if not floor_messages.read(connection, id, asked.person.id, asked.now):
        raise NotFound("there is no such message")
    return Done(None)


def _readers(connection: Connection, asked: Asked, body: WordsGiven) -> tuple[str | None, list[Person]]:
    """For whom it is. Raises BadValue, NotFound."""
    if sum((body.user is not None, body.team is not None, body.all)) != 1:
        raise BadValue("user", "say one of user, team and all")
    if body.user is not None:
        person = rights.person_of(connection, asked, body.user)
        return person.name, [person]
    mine = [
        one.person for one in users.every(connection) if one.enabled and rights.answers_for(asked, one.person)
    ]
    if body.team is None:
        return None, _others(mine, asked)
    if asked.person is not None and not rights.everywhere(asked) and body.team not in asked.person.teams:
        raise NotFound("there is no such team")
    inside = [one for one in mine if body.team in one.teams]
    if not inside:
        raise NotFound("there is no such team")
    return body.team, _others(inside, asked)


def _others(people: Sequence[Person], asked: Asked) -> list[Person]:
    """Without whoever writes."""
    me = UserId(0) if asked.person is None else asked.person.id
    return [one for one in people if one.id != me]


def _shown(message: Message, receipts: Sequence[Receipt]) -> MessageShown:
    return MessageShown(
        id=message.id,
        at=moment(message.at),
        to=message.to,
        text=message.text,
        urgent=message.urgent,
        readers=[ReaderShown(user=one.user, name=one.name, read_at=moment(one.read_at)) for one in receipts],
    )

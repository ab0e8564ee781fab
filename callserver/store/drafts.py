"""Notes as they are typed: kept for their writer, so that a reload, a crash or a lost network loses a second at most.

In: what a person has typed so far, about a call or a ticket. Out: drafts. Must not know: HTTP, screens. The last one
who saves wins; a counter grows with each save, so that a tab sees that another one has saved since. Nobody else ever
sees a draft, so it is no entry of a timeline and not in the audit: what comes of it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select

from callserver.errors import BadValue, Conflict
from callserver.facts import Instant
from callserver.store import after, text
from callserver.store.beside import drafts as table
from callserver.store.upsert import insert

LARGEST: Final = 64 * 1024
"""Bytes of one draft as JSON."""
MOST: Final = 200
"""Drafts of one person."""
_NEEDLE = 9  # digits at the end of a number by which a text about somebody is recognised
_AT_ONCE = 500  # subjects in one statement
_NOT_DIGITS = re.compile(r"[^0-9]+")
_SUBJECT = re.compile(r"call:[^\x00-\x20\x7f]{1,140}|ticket:[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody has typed so far. `subject`: "call:main:1.1", "ticket:17"; `counter`: how often it was saved.

    `version`: of the ticket that was on the screen, None: none was.
    """

    subject: str
    counter: int
    at: Instant
    text: str
    fields: dict[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Said after the commit: one of this user's drafts was saved (counter 0: it is gone), by the screen `tab`."""

    user: int
    subject: str
    counter: int
    at: Instant
    tab: str | None


def save(
    connection: Connection,
    user: int,
    subject: str,
    words: str,
    fields: dict[str, Any],
    now: Instant,
    *,
    version: int | None = None,
    tab: str | None = None,
) -> Draft:
    """Keep what was typed so far. `tab`: which screen says so, told to the person's others.

    A call need not be there: its first pop is shown before its record is on disk. Raises BadValue for a subject that is
    none and for more than LARGEST, Conflict for more than MOST drafts.
    """
    _check(subject)
    body = text.dump({"text": words, "fields": fields, "version": version})
    if len(body.encode()) > LARGEST:
        raise BadValue("text", f"more than {LARGEST // 1024} KiB cannot be kept as a draft")
    new = insert(connection, table).values(
        user_id=user, subject=text.key(subject), counter=1, at=now, body=body
    )
    again = new.on_conflict_do_update(
        index_elements=["user_id", "subject"],
        set_={"counter": table.c.counter + 1, "at": now, "body": body},
    ).returning(table.c.counter)
    counter = connection.execute(again).scalar_one()
    if counter == 1:
        _must_be_few(connection, user)
    after.say(connection, Saved(user=user, subject=subject, counter=counter, at=now, tab=tab))
    return _draft(subject, counter, now, body)


def of_user(connection: Connection, user: int) -> tuple[Draft, ...]:
    """All drafts of a person, the last saved first."""
    wanted = select(table).where(table.c.user_id == user).order_by(table.c.at.desc(), table.c.subject)
    return tuple(_draft(row.subject, row.counter, row.at, row.body) for row in connection.execute(wanted))


def find(connection: Connection, user: int, subject: str) -> Draft | None:
    """One draft. Raises BadValue for a subject that is none."""
    _check(subject)
    row = connection.execute(select(table).where(*_is(user, subject))).one_or_none()
    return None if row is None else _draft(row.subject, row.counter, row.at, row.body)


def drop(
    connection: Connection,
    user: int,
    subject: str,
    now: Instant,
    *,
    upto: int | None = None,
    tab: str | None = None,
) -> bool:
    """Throw a draft away; `upto`: unless it was saved more often than that. False: there was none to throw away."""
    _check(subject)
    here = _is(user, subject)
    if upto is not None:
        here = (*here, table.c.counter <= upto)
    if connection.execute(delete(table).where(*here)).rowcount == 0:
        return False
    after.say(connection, Saved(user=user, subject=subject, counter=0, at=now, tab=tab))
    return True


def forget(connection: Connection, subjects: Sequence[str], numbers: Sequence[str], now: Instant) -> int:
    """Throw away what is about these tickets and calls, or has one of these numbers (E.164) in it; how many drafts.
    Their writers' screens are told, and throw away what they have of them.

    For erasing a person: one draft too many is a smaller harm than a number that stays.
    """
    gone = {
        (row.user_id, row.subject) for row in [*_about(connection, subjects), *_naming(connection, numbers)]
    }
    for user, subject in sorted(gone):
        drop(connection, user, subject, now)
    return len(gone)


def _about(connection: Connection, subjects: Sequence[str]) -> Iterator[Row[Any]]:
    about = [text.key(one) for one in subjects if _SUBJECT.fullmatch(one)]
    for begin in range(0, len(about), _AT_ONCE):
        some = table.c.subject.in_(about[begin : begin + _AT_ONCE])
        yield from connection.execute(select(table).where(some)).all()


def _naming(connection: Connection, numbers: Sequence[str]) -> list[Row[Any]]:
    """The database finds those that have the digits in this order, whatever stands between them; of these are taken
    those that have nothing but other signs between them.
    """
    needles = {one[-_NEEDLE:] for one in numbers}
    if not needles:
        return []
    wanted = select(table).where(or_(*(table.c.body.like(f"%{'%'.join(needle)}%") for needle in needles)))
    digits = [(row, _NOT_DIGITS.sub("", row.body)) for row in connection.execute(wanted)]
    return [row for row, known in digits if any(needle in known for needle in needles)]


def _check(subject: str) -> None:
    if not _SUBJECT.fullmatch(subject):
        raise BadValue("subject", "is neither a call (call:...) nor a ticket (ticket:17)")


def _must_be_few(connection: Connection, user: int) -> None:
    count = select(func.count()).select_from(table).where(table.c.user_id == user)
    if connection.execute(count).scalar_one() > MOST:
        raise Conflict(f"you have {MOST} drafts: record some of them, or throw them away")


def _is(user: int, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.user_id == user, table.c.subject == text.key(subject))


def _draft(subject: str, counter: int, at: Instant, body: str) -> Draft:
    kept = text.load(body)
    return Draft(
        subject=subject,
        counter=counter,
        at=at,
        text=kept["text"],
        fields=kept["fields"],
        version=kept["version"],
    )

"""Tokens of the API: given once, kept as a hash only.

In: names, scopes, ends. Out: a new token's text (once, for its owner), and what the store knows of tokens. Must not
know: HTTP, which request needs which scope.

A token is `cs_`, 43 letters for its 256 random bits, and 6 letters of checksum over them: people and secret scanners
see what it is, and what was made up is told apart without asking the database. SHA-256 is enough for keeping it:
nobody guesses 256 bits.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, Instant, iso
from callserver.people import SCOPES as SCOPES
from callserver.people import Scope as Scope
from callserver.people import UserId, scopes_of
from callserver.store.desk import tokens as table
from callserver.store.people import users
from callserver.store.text import dump, load

PREFIX = "cs_"
NAME_LENGTH = 100
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BITS = 256
_LENGTH = 43  # 62 ** 43 is the first power above 2 ** 256
_CHECK = 6  # 62 ** 6 is the first power above 2 ** 32
_SHAPE = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_LENGTH}}})([0-9A-Za-z]{{{_CHECK}}})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token: everything but itself. `user_id`: the user with whom it ends; `parent_id`: the token
    that made it, with which it ends; None: nobody, none.
    """

    id: int
    name: str
    scopes: frozenset[str]
    created_at: Instant
    created_by: str
    expires_at: Instant | None = None
    last_used_at: Instant | None = None
    revoked_at: Instant | None = None
    user_id: UserId | None = None
    parent_id: int | None = None

    def good(self, now: Instant) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


# --- the text of a token ---------------------------------------------------------------------------------------------


def new_text() -> str:
    """A token that nobody has."""
    body = _letters(secrets.randbits(_BITS), _LENGTH)
    return f"{PREFIX}{body}{_checksum(body)}"


def genuine(text: str) -> bool:
    """Whether it looks like a token of ours, checksum included; says nothing of whether there is such a token."""
    found = _SHAPE.fullmatch(text)
    return found is not None and found[2] == _checksum(found[1])


def hashed(text: str) -> str:
    """What is kept of it: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _checksum(body: str) -> str:
    return _letters(zlib.crc32(body.encode()), _CHECK)


def _letters(number: int, length: int) -> str:
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(_LETTERS))
        found.append(_LETTERS[digit])
    return "".join(reversed(found))


# --- the store's -----------------------------------------------------------------------------------------------------


def create(
    connection: Connection,
    name: str,
    scopes: Collection[str],
    actor: Actor,
    now: Instant,
    *,
    expires_at: Instant | None = None,
    user: UserId | None = None,
    parent: int | None = None,
) -> tuple[Token, str]:
    """A new token and its text, which nobody can be told again. Raises BadValue for what cannot be.

    user: whose it is; it opens nothing while they are disabled, and never more than what they may do themselves.
    """
    _must_be_name(name)
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise BadValue("scopes", f"there is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}")
    if expires_at is not None and expires_at <= now:
        raise BadValue("expires_at", "lies in the past")
    text = new_text()
    wanted = sorted(set(scopes))
    made = connection.execute(
        insert(table)
        .values(
            name=name,
            hash=hashed(text),
            scopes=dump(wanted),
            created_at=now,
            created_by=actor.name,
            expires_at=expires_at,
            user_id=user,
            parent_id=parent,
        )
        .returning(*_TOLD)
    ).one()
    return _token(made), text


def _must_be_name(name: str) -> None:
    if not name.strip():
        raise BadValue("name", "must not be empty")
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise BadValue("name", f"at most {NAME_LENGTH} printable characters on one line")


def every(connection: Connection) -> list[Token]:
    """All tokens, the revoked and expired ones too, by id."""
    return [_token(row) for row in connection.execute(select(*_TOLD).order_by(table.c.id))]


def one(connection: Connection, id: int) -> Token:
    """One token by its id. Raises NotFound."""
    row = connection.execute(select(*_TOLD).where(table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound("there is no such token")
    return _token(row)


def usable(connection: Connection, now: Instant) -> dict[str, Token]:
    """Every token that opens something now, by its hash, with the rights that it has now."""
    wanted = (
        select(table.c.hash, users.c.role, *_TOLD)
        .outerjoin(users, users.c.id == table.c.user_id)
        .where(table.c.revoked_at.is_(None), users.c.disabled_at.is_(None))
    )
    found = {row.hash: _within(row) for row in connection.execute(wanted)}
    by_id = {one.id: one for one in found.values()}
    return {hash: one for hash, one in found.items() if _lives(one, by_id, now)}


def _lives(token: Token, by_id: Mapping[int, Token], now: Instant) -> bool:
    """And so does every token that it comes from: a stolen one must not leave children behind."""
    known: Token | None = token
    while known is not None and known.good(now):
        if known.parent_id is None:
            return True
        known = by_id.get(known.parent_id)
    return False


def _within(row: Row[Any]) -> Token:
    """Nobody's token may do what they may not do themselves, whatever they could when they made it."""
    token = _token(row)
    return token if row.role is None else replace(token, scopes=token.scopes & scopes_of(row.role))


def revoke(connection: Connection, id: int, now: Instant) -> Token:
    """It opens nothing any more; a second time changes nothing. Raises NotFound."""
    connection.execute(
        update(table).where(table.c.id == id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return one(connection, id)


def told(token: Token) -> dict[str, Any]:
    """A token as the audit tells of it."""
    return {"name": token.name, "scopes": sorted(token.scopes), "expires_at": iso(token.expires_at)}


def used(connection: Connection, ids: Sequence[int], now: Instant) -> None:
    """These were used at this moment."""
    connection.execute(update(table).where(table.c.id.in_(ids)).values(last_used_at=now))


_TOLD = [column for column in table.c if column.name != "hash"]


def _token(row: Row[Any]) -> Token:
    values = {column.name: getattr(row, column.name) for column in _TOLD}
    return Token(**{**values, "scopes": frozenset(load(row.scopes))})

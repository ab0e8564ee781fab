"""Recordings that called customers hear, where an administrator's go before the shipped ones.

In: a recording that was checked and converted. Out: recordings. Must not know: sound, how a switch gets the files.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, Instant
from callserver.store import audit, text
from callserver.store.audit_changes import changed
from callserver.store.locking import one_after_another
from callserver.store.promising import prompts as table
from callserver.store.upsert import insert

LANGUAGES: Final = ("en", "zh")
NAME: Final = "^[a-z][a-z0-9_-]{0,39}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A recording in a language; `ms`: how long it is."""

    language: str
    name: str
    version: int
    ms: int
    actor: str
    at: Instant


_TOLD = [column for column in table.c if column.name != "content"]


def every(connection: Connection) -> tuple[Prompt, ...]:
    """All, by language and name."""
    wanted = select(*_TOLD).order_by(table.c.language, table.c.name)
    return tuple(_prompt(row) for row in connection.execute(wanted))


def content(connection: Connection, language: str, name: str) -> bytes:
    """The WAV file. Raises NotFound."""
    found = connection.execute(select(table.c.content).where(*_of(language, name))).scalar()
    if found is None:
        raise NotFound("there is no such recording: the shipped one is played, if there is one")
    return bytes(found)


def must_be_recorded(connection: Connection, name: str, shipped: Collection[tuple[str, str]]) -> None:
    """Whether somebody who is called would hear it, in some language. Raises BadValue: a silent call is none."""
    if not any(recorded == name for _, recorded in shipped) and all(
        one.name != name for one in every(connection)
    ):
        raise BadValue("prompt", "there is no such recording: upload it first")


def put(
    connection: Connection, language: str, name: str, wav: bytes, ms: int, actor: Actor, now: Instant
) -> Prompt:
    """Play this one from now on. Raises BadValue for a language or a name that no dialplan finds."""
    if language not in LANGUAGES:
        raise BadValue("language", f"is none of {', '.join(LANGUAGES)}")
    if not re.fullmatch(NAME, name):
        raise BadValue("name", "small letters, digits, - and _ only")
    one_after_another(connection, f"prompt {language}/{name}")
    version = connection.execute(select(table.c.version).where(*_of(language, name))).scalar() or 0
    row = {"version": version + 1, "ms": ms, "actor": text.key(actor.name), "at": now, "content": wav}
    new = insert(connection, table).values(language=language, name=name, **row)
    written = new.on_conflict_do_update(index_elements=["language", "name"], set_=row)
    connection.execute(written)
    before = {"version": version or None}
    detail = changed(before, {"version": version + 1, "ms": ms})
    audit.note(connection, actor, "prompt.put", f"prompt:{language}/{name}", detail, now)
    return Prompt(language=language, name=name, version=version + 1, ms=ms, actor=actor.name, at=now)


def remove(connection: Connection, language: str, name: str, actor: Actor, now: Instant) -> None:
    """Play the shipped one again. Raises NotFound."""
    if not connection.execute(delete(table).where(*_of(language, name))).rowcount:
        raise NotFound("there is no such recording")
    audit.note(connection, actor, "prompt.remove", f"prompt:{language}/{name}", {}, now)


def _of(language: str, name: str) -> tuple[Any, ...]:
    return (table.c.language == text.key(language), table.c.name == text.key(name))


def _prompt(row: Any) -> Prompt:
    return Prompt(**{column.name: getattr(row, column.name) for column in _TOLD})

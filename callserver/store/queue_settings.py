"""What administrators set of queues: it goes before the settings file, until it is taken back.

In: settings of one queue, the version that they were made on. Out: what was set, each with its version. Must not know:
the settings file, who works by them; HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from callserver.errors import BadValue, BadValues, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.people import naming
from callserver.store import audit, history, text
from callserver.store.administered import queue_settings as table
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert

LONGEST_TITLE: Final = 60  # characters
MOST_FORMER: Final = 20
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is set of a queue; the members mean what they mean in the settings file (settings.QueueSettings)."""

    title: str | None = None
    target_s: float | None = None
    kind: str = "service"
    short_s: float = 5.0
    warn_wait_s: float | None = None
    warn_waiting: int | None = None
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A queue's settings as they are kept. `said` None: as the settings file says; `version` 0: never touched."""

    queue: str
    version: int = 0
    said: Said | None = None
    updated_at: Instant | None = None


def every(connection: Connection) -> tuple[Kept, ...]:
    """All that was ever set here, by name."""
    return tuple(_kept(row) for row in connection.execute(select(table).order_by(table.c.queue)))


def find(connection: Connection, queue: str) -> Kept:
    """What was set of one queue."""
    row = connection.execute(select(table).where(table.c.queue == text.key(queue))).one_or_none()
    return Kept(queue=queue) if row is None else _kept(row)


def put(connection: Connection, queue: str, said: Said, expected: int, actor: Actor, now: Instant) -> Kept:
    """Set them from now on. Raises BadValue, BadValues; Outdated where another administrator was quicker."""
    naming.queue(queue)
    before = _locked(connection, queue, expected)
    after = Kept(queue=queue, version=before.version + 1, said=checked(said), updated_at=now)
    return _write(connection, "queue.change", before, after, actor, now)


def reset(connection: Connection, queue: str, expected: int, actor: Actor, now: Instant) -> Kept:
    """As the settings file says again. Raises NotFound where nothing was set here, Outdated."""
    before = _locked(connection, queue, expected)
    if before.said is None:
        raise NotFound("nothing was set of this queue here")
    after = Kept(queue=queue, version=before.version + 1, updated_at=now)
    return _write(connection, "queue.reset", before, after, actor, now)


def checked(said: Said) -> Said:
    """The same, its title without blanks around it. Raises BadValues."""
    problems = list(_problems(said))
    if problems:
        raise BadValues(problems)
    return Said(**{**asdict(said), "title": (said.title or "").strip() or None})


def _problems(said: Said) -> Iterator[tuple[str, str]]:
    title = (said.title or "").strip()
    if not title.isprintable() or text.storable(title) != title:
        yield "title", "must be printable text on one line"
    elif len(title) > LONGEST_TITLE:
        yield "title", f"is longer than {LONGEST_TITLE} characters"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", said.kind):
        yield "kind", "small letters, digits, '-' and '_'"
    for name, seconds in (("target_s", said.target_s), ("warn_wait_s", said.warn_wait_s)):
        if seconds is not None and not 0 < seconds < _DAY_S:
            yield name, "seconds, more than 0 and less than a day"
    if not 0 <= said.short_s < _DAY_S:
        yield "short_s", "seconds, from 0 to less than a day"
    if said.warn_waiting is not None and not 1 <= said.warn_waiting <= 100_000:
        yield "warn_waiting", "how many callers, from 1 on"
    for at, name in enumerate(said.formerly):
        try:
            naming.queue(name, f"formerly[{at}]")
        except BadValue as wrong:
            yield wrong.field, wrong.why
    if len(said.formerly) > MOST_FORMER or len({*said.formerly}) < len(said.formerly):
        yield "formerly", f"at most {MOST_FORMER} names, none of them twice"


def _locked(connection: Connection, queue: str, expected: int) -> Kept:
    """As it is, with nobody else changing it. Raises Outdated."""
    one_after_another(connection, "queue settings")
    before = find(connection, queue)
    if before.version != expected:
        raise Outdated(f"the settings of {queue} are at version {before.version}, not {expected}")
    return before


def _write(
    connection: Connection, action: str, before: Kept, after: Kept, actor: Actor, now: Instant
) -> Kept:
    if before.version:
        history.keep(connection, "queue", before.queue, before.version, _dump(before), actor, now)
    row = {"version": after.version, "record": _record(after), "updated_at": now}
    new = insert(connection, table).values(queue=after.queue, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["queue"], set_=row))
    detail = {"version": after.version, **changed(_told(before), _told(after))}
    audit.note(connection, actor, action, f"queue:{after.queue}", detail, now)
    return after


def _told(kept: Kept) -> Mapping[str, Any]:
    """Nothing: as the settings file says."""
    return NOTHING if kept.said is None else asdict(kept.said)


def _dump(kept: Kept) -> str:
    return text.dump(None if kept.said is None else asdict(kept.said))


def _record(kept: Kept) -> str | None:
    return None if kept.said is None else _dump(kept)


def _kept(row: Row[Any]) -> Kept:
    said = None if row.record is None else _said(text.load(row.record))
    return Kept(queue=row.queue, version=row.version, said=said, updated_at=row.updated_at)


def _said(record: Mapping[str, Any]) -> Said:
    """As it was written, also by a newer program."""
    known = {one.name for one in fields(Said)}
    values = {name: value for name, value in record.items() if name in known}
    return Said(**{**values, "formerly": tuple(values.get("formerly", ()))})

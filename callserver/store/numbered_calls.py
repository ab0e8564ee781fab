"""Calls in which somebody's number stands, found without reading every call.

In: what the number's last digits are, and who knows it for certain. Out: calls. Must not know: why they are looked for.

A number comes in many forms (0, 9, + and 0086 before it, dashes, an extension behind), so no form is asked for: the
callers are walked in their index, which has nothing but them, and the rows are read of those alone that are the
number's. Where else a number may stand (`schema.elsewhere`: calls that we made, that were handed on, whose caller
wanted to be called back) is a small part of all calls, with an index of its own, and is looked into row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_

from callserver.customers.forgetting import IsTheirs
from callserver.facts import CallId, PbxId
from callserver.store.schema import calls, elsewhere

NEEDLE = 6  # digits at the end of a number that a record must have to be looked at closely
_ENDING = 4  # ... and that a caller's must have


def needles(e164s: Collection[str]) -> set[str]:
    """By which digits numbers are looked for."""
    return {one[-NEEDLE:] for one in e164s}


def forms(
    connection: Connection, after: str, limit: int, wanted: Collection[str], is_theirs: IsTheirs
) -> tuple[list[str], str | None]:
    """In which forms the number called, among the next `limit` entries of the callers' index behind `after` ("": from
    the beginning); and the last one looked at, None: there are no more.
    """
    caller = calls.c.caller_number
    window = select(caller).where(caller > after).order_by(caller)
    last = connection.execute(window.offset(limit - 1).limit(1)).scalar()
    until = [caller > after] if last is None else [caller > after, caller <= last]
    like = or_(*(caller.like(f"%{one[-_ENDING:]}%") for one in sorted(wanted)))
    found = connection.execute(select(caller).distinct().where(*until, like)).scalars()
    return [one for one in found if is_theirs(one)], last


def called(
    connection: Connection, them: Sequence[str], *, open: bool, limit: int | None = None
) -> list[tuple[PbxId, CallId]]:
    """The calls of these forms that go on, or that are over."""
    here = (calls.c.caller_number.in_(them), calls.c.open.is_(open))
    return _named(connection, select(calls.c.pbx, calls.c.call_id).where(*here).limit(limit)) if them else []


def handled(
    connection: Connection, after: tuple[str, str] | None, limit: int, wanted: Collection[str]
) -> tuple[list[tuple[PbxId, CallId]], tuple[str, str] | None]:
    """Of the next `limit` calls with somebody else in them those that may have a number which ends so; and the last
    one, None: there are no more.

    Only a first look, by the digits at the end: whoever asks looks closely.
    """
    place = (calls.c.pbx, calls.c.call_id)
    behind: list[ColumnElement[bool]] = [elsewhere, *([tuple_(*place) > tuple_(*after)] if after else [])]
    window = select(*place).where(*behind).order_by(*place)
    last = connection.execute(window.offset(limit - 1).limit(1)).first()
    until = behind if last is None else [*behind, tuple_(*place) <= tuple_(*last)]
    ends = [calls.c.dialed.like(f"%{one[-_ENDING:]}") for one in wanted]
    within = func.instr if connection.dialect.name == "sqlite" else func.strpos  # much quicker than LIKE
    holds = [within(calls.c.record, one) > 0 for one in wanted]
    found = _named(connection, select(*place).where(*until, or_(*ends, *holds)))
    return found, None if last is None else (last[0], last[1])


def _named(connection: Connection, wanted: Any) -> list[tuple[PbxId, CallId]]:
    return [(PbxId(row.pbx), CallId(row.call_id)) for row in connection.execute(wanted)]

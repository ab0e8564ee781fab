"""Telephone calls about alerts: what is owed, what became of the last call, what was begun.

In: what is due, a step that was decided (alerts.calling). Out: requests to the switch, each asked for once; alerts
acknowledged by telephone. Must not know: when somebody is called, the switch.

A call is put down with what it is about in one transaction, and is sent at most once (commands.take); after a crash its
outcome is on record like that of any other. Nothing else is remembered between two looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from callserver.alerts.calling import Call
from callserver.errors import Refusal
from callserver.facts import MACHINE, Actor, Instant, PbxId, instant
from callserver.seats.asking import CommandId, Outcome, Warn
from callserver.seats.asking import from_json as request_from
from callserver.store import alerting, calls, commands, text
from callserver.store.alarms import alert_tellings as table
from callserver.store.alarms import telling_waiting
from callserver.store.at_work import commands as command_table
from callserver.store.commands import Ask

LANE: Final = "alert-call"
LONGEST_MS: Final = 300_000
"""A call whose end nobody saw is believed to be over then."""
MENU, KEY = "alert", "1"
"""What our dialplan says that was pressed (asterisk_conf.contract.WARN_MENU, WARN_KEY)."""
WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCall:
    """The last call about alerts, with a word about its end for people."""

    call: Call
    said: str


def last(connection: Connection, now: Instant) -> LastCall | None:
    """The last one that was asked for, if it is not forgotten yet."""
    newest = (
        select(command_table)
        .where(command_table.c.kind == Warn.kind)
        .order_by(command_table.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).one_or_none()
    if row is None:
        return None
    came = commands.give_up(connection, CommandId(row.id))
    assert came is not None  # it was there a line above
    asked = request_from(row.kind, text.load(row.body))
    assert isinstance(asked, Warn)
    ended_at = row.ended_at if row.ended_at is not None else now
    record = calls.record_of_leg(connection, PbxId(row.pbx), asked.channel) or {}
    if not came.over or (came.done and _goes_on(record, ended_at, now)):
        ended_at = None
    elif record.get("ended_at"):
        ended_at = instant(record["ended_at"])
    call = Call(number=asked.number, ended_at=ended_at, taken=_taken(record))
    return LastCall(call=call, said=_said(came, asked.number))


def _goes_on(record: Mapping[str, Any], answered_at: Instant, now: Instant) -> bool:
    """Whether somebody who answered is still there."""
    return bool(record.get("open", True)) and now - answered_at < LONGEST_MS


def _taken(record: Mapping[str, Any]) -> bool:
    return any(one["menu"] == MENU and one["key"] == KEY for one in record.get("keys", ()))


def _said(came: Outcome, number: str) -> str:
    return f"{number} answered and pressed no key" if came.done else came.said or came.code


def ring(connection: Connection, page: Collection[int], wanted: Warn, pbx: PbxId) -> None:
    """Ask for a call about these. Raises UnderWay: another one is; then nothing was asked for."""
    rows = connection.execute(select(table.c.id, table.c.attempts).where(table.c.id.in_(page)))
    lead, made = min((row.id, row.attempts) for row in rows)
    key = f"alert:call:{lead}:{made + 1}"
    commands.ask(
        connection, Ask(pbx=pbx, request=wanted, actor=MACHINE, within_s=WITHIN_S, key=key, lane=LANE)
    )
    begun = {"attempts": table.c.attempts + 1, "target": text.key(wanted.number), "said": ""}
    connection.execute(update(table).where(table.c.id.in_(page), telling_waiting).values(begun))


def acknowledged(connection: Connection, alerts: Collection[int], number: str, now: Instant) -> None:
    """Somebody pressed the key; an alert that is over, or taken, by now stays as it is."""
    actor = Actor(name=number, through="call")
    for id in alerts:
        try:
            alerting.ack(connection, id, "", actor, now)
        except Refusal:
            continue

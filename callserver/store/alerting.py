"""What is wrong, and what was: raised, cleared, acknowledged, put off, told.

In: events of the judge; what people do about them; a transaction. Out: alerts; rows for who is to be told; events for
webhooks. Must not know: what rules mean, mail, screens. One alert of a rule at a subject is open at a time, whoever
raises it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select, update

from callserver.alerts import wording
from callserver.alerts.judging import Cleared, Raised
from callserver.alerts.rule import Rule, RuleId, Severity, Subject
from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import Actor, Instant, iso
from callserver.store import after, audit, outbox, text, upsert
from callserver.store.alarms import alert_open, alert_tellings, telling_waiting
from callserver.store.alarms import alerts as table
from callserver.store.outbox import Event
from callserver.tickets.wording import line

Way = Literal["mail", "call"]
Word = Literal["raised", "reminder", "cleared"]
LONGEST_WHY: Final = 300
LONGEST_SNOOZE_MIN: Final = 7 * 1440
TEST_MS: Final = 60_000
"""A test is over by itself after so long."""
MOST_OPEN: Final = 1_000


@dataclass(frozen=True, slots=True)
class AlertsChanged:
    """Said after the commit to this process's screens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that is wrong, or was. `value`: when it was raised; `worst`: known once it is over.

    `why`: of its end (alerts.judging.Ending, or `test`). `ack_why`, `snooze_why`: what people said. `screens`: it is
    shown there.
    """

    id: int
    rule: RuleId
    subject: Subject
    metric: str
    title: Mapping[str, str]
    severity: Severity
    side: str
    threshold: float
    value: float | None
    raised_at: Instant
    screens: bool = True
    webhook: bool = True
    mail: tuple[str, ...] = ()
    call: bool = False
    test: bool = False
    worst: float | None = None
    cleared_at: Instant | None = None
    why: str | None = None
    acked_at: Instant | None = None
    acked_by: str | None = None
    ack_why: str = ""
    snoozed_until: Instant | None = None
    snoozed_by: str | None = None
    snooze_why: str = ""
    told_at: Instant = 0

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.cleared_at is None


_RECORD: Final = (
    *("metric", "title", "side", "threshold", "value", "screens", "webhook", "mail", "call", "worst", "why"),
    *("acked_by", "ack_why", "snoozed_by", "snooze_why"),
)
_ROW: Final = ("id", "severity", "test", "raised_at", "cleared_at", "acked_at", "snoozed_until", "told_at")


# --- the machine's ---------------------------------------------------------------------------------------------------


def open_alerts(connection: Connection) -> list[Alert]:
    """What is wrong now, the oldest first."""
    wanted = select(table).where(alert_open).order_by(table.c.raised_at, table.c.id).limit(MOST_OPEN)
    return [from_row(row) for row in connection.execute(wanted)]


def raised(connection: Connection, event: Raised, zone: tzinfo) -> Alert | None:
    """Put it on record with everybody who is to be told; None: it is there already."""
    made = _made(connection, event.rule, event.subject, event.value, event.at, test=False)
    if made is not None:
        _tell(connection, made, event.rule, "raised", event.at, zone)
    return made


def cleared(connection: Connection, event: Cleared, rule: Rule | None, zone: tzinfo) -> Alert | None:
    """It is over; who heard of it hears that too. None: somebody else was quicker."""
    wanted = select(table).where(
        table.c.rule == text.key(event.rule),
        table.c.subject == text.key(event.subject.key),
        table.c.test.is_(False),
        alert_open,
    )
    row = connection.execute(wanted.with_for_update()).one_or_none()
    return None if row is None else _over(connection, row, event.at, event.why, event.worst, rule, zone)


def end_tests(connection: Connection, now: Instant, zone: tzinfo) -> int:
    """Tests are over after a minute; how many."""
    wanted = select(table).where(alert_open, table.c.test.is_(True), table.c.raised_at <= now - TEST_MS)
    rows = connection.execute(wanted.with_for_update()).all()
    for row in rows:
        _over(connection, row, now, "test", None, None, zone)
    return len(rows)


def test(connection: Connection, rule: Rule, actor: Actor, now: Instant, zone: tzinfo) -> Alert:
    """Try a rule's ways: an alert that says so, on all of them, at once also in quiet hours."""
    made = _made(connection, rule, Subject("site"), rule.threshold, now, test=True)
    assert made is not None  # tests do not stand in each other's way
    _tell(connection, made, rule, "raised", now, zone)
    audit.note(connection, actor, "alert_rule.test", f"alert_rule:{rule.id}", {"alert": made.id}, now)
    return made


def remind(connection: Connection, alert: Alert, rule: Rule, now: Instant, zone: tzinfo) -> None:
    """It goes on, and nobody has acknowledged it: tell it again."""
    changed = update(table).where(table.c.id == alert.id, alert_open, table.c.told_at == alert.told_at)
    if connection.execute(changed.values(told_at=now, snoozed_until=None)).rowcount == 1:
        _tell(connection, alert, rule, "reminder", now, zone)
        after.say(connection, AlertsChanged())


def _made(
    connection: Connection, rule: Rule, subject: Subject, value: float | None, now: Instant, *, test: bool
) -> Alert | None:
    alert = Alert(
        id=0,
        rule=rule.id,
        subject=subject,
        metric=rule.metric,
        title=rule.title,
        severity=rule.severity,
        side=rule.side,
        threshold=rule.threshold,
        value=value,
        raised_at=now,
        screens=rule.screens,
        webhook=rule.webhook,
        mail=rule.mail,
        call=rule.call,
        test=test,
        told_at=now,
    )
    new = upsert.insert(connection, table).values(
        rule=text.key(rule.id),
        subject=text.key(subject.key),
        pbx=text.key(subject.pbx) if subject.pbx else None,
        queue=text.key(subject.name) if subject.name else None,
        record=_record(alert, subject),
        **{name: getattr(alert, name) for name in _ROW if name != "id"},
    )
    row = connection.execute(new.on_conflict_do_nothing().returning(table)).one_or_none()
    after.say(connection, AlertsChanged())
    return None if row is None else from_row(row)


def _over(
    connection: Connection,
    row: Row[Any],
    now: Instant,
    why: str,
    worst: float | None,
    rule: Rule | None,
    zone: tzinfo,
) -> Alert:
    record = {**text.load(row.record), "worst": worst, "why": why}
    changed = update(table).where(table.c.id == row.id).values(cleared_at=now, record=text.dump(record))
    alert = from_row(connection.execute(changed.returning(table)).one())
    _tell(connection, alert, rule, "cleared", now, zone)
    after.say(connection, AlertsChanged())
    return alert


# --- people's --------------------------------------------------------------------------------------------------------


def get(connection: Connection, id: int) -> Alert:
    """One alert. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound("there is no such alert")
    return from_row(row)


def ack(connection: Connection, id: int, why: str, actor: Actor, now: Instant) -> Alert:
    """Somebody takes care: no reminder any more, no sound. Raises NotFound, Conflict where it was done or is over."""
    before = _going_on(connection, id)
    if before.acked_at is not None:
        raise Conflict(f"{before.acked_by} has acknowledged it already")
    said = {"acked_by": actor.name, "ack_why": line(why, LONGEST_WHY)}
    made = _changed(connection, before, {"acked_at": now, "snoozed_until": None}, said)
    audit.note(connection, actor, "alert.ack", f"alert:{id}", {"why": said["ack_why"]}, now)
    return made


def snooze(connection: Connection, id: int, minutes: int, why: str, actor: Actor, now: Instant) -> Alert:
    """Say nothing of it for a while, then again. Raises NotFound, Conflict where it is over, BadValue."""
    if not 1 <= minutes <= LONGEST_SNOOZE_MIN:
        raise BadValue("minutes", "must be between 1 minute and a week")
    before = _going_on(connection, id)
    said = {"snoozed_by": actor.name, "snooze_why": line(why, LONGEST_WHY), "acked_by": None, "ack_why": ""}
    row = {"snoozed_until": now + minutes * 60_000, "acked_at": None}
    made = _changed(connection, before, row, said)
    detail = {"minutes": minutes, "why": said["snooze_why"]}
    audit.note(connection, actor, "alert.snooze", f"alert:{id}", detail, now)
    return made


def reset(connection: Connection, id: int, actor: Actor, now: Instant) -> Alert:
    """Neither acknowledged nor put off any more. Raises NotFound, Conflict where it is over."""
    before = _going_on(connection, id)
    said = {"acked_by": None, "ack_why": "", "snoozed_by": None, "snooze_why": ""}
    made = _changed(connection, before, {"acked_at": None, "snoozed_until": None}, said)
    audit.note(connection, actor, "alert.reset", f"alert:{id}", {}, now)
    return made


def _going_on(connection: Connection, id: int) -> Alert:
    row = connection.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("there is no such alert")
    found = from_row(row)
    if not found.open:
        raise Conflict("it is over")
    return found


def _changed(connection: Connection, before: Alert, row: Mapping[str, Any], said: Mapping[str, Any]) -> Alert:
    found = connection.execute(select(table.c.record).where(table.c.id == before.id)).scalar_one()
    record = text.dump({**text.load(found), **said})
    changed = update(table).where(table.c.id == before.id).values(record=record, **row).returning(table)
    made = from_row(connection.execute(changed).one())
    after.say(connection, AlertsChanged())
    return made


# --- who is told -----------------------------------------------------------------------------------------------------


def _tell(
    connection: Connection, alert: Alert, rule: Rule | None, word: Word, now: Instant, zone: tzinfo
) -> None:
    """Webhooks at once; mails and calls in the first moment that is not quiet. Nobody is called about an end."""
    if alert.webhook and word != "reminder":
        outbox.tell(connection, _event(alert, word, now))
    due = now if rule is None or alert.test else rule.loud_at(now, zone)
    rows = [_telling(alert, "mail", address, word, now, due) for address in alert.mail]
    if alert.call and word != "cleared" and not _is_called_about(connection, alert):
        rows.append(_telling(alert, "call", "", word, now, due))
    if rows:
        new = upsert.insert(connection, alert_tellings)
        connection.execute(new.on_conflict_do_nothing(index_elements=["key"]), rows)


def _is_called_about(connection: Connection, alert: Alert) -> bool:
    """Whether somebody is still to be called because of an earlier word."""
    waits = (alert_tellings.c.alert_id == alert.id, alert_tellings.c.way == "call", telling_waiting)
    return connection.execute(select(alert_tellings.c.id).where(*waits).limit(1)).first() is not None


def _telling(alert: Alert, way: Way, target: str, word: Word, now: Instant, due: Instant) -> dict[str, Any]:
    key = f"alert:{alert.id}:{word}{now if word == 'reminder' else ''}:{way}:{target}"
    return {
        "alert_id": alert.id,
        "key": text.key(key),
        "way": way,
        "target": text.key(target),
        "word": word,
        "held": due > now,
        "at": now,
        "due_at": due,
        "attempts": 0,
        "said": "",
    }


def _event(alert: Alert, word: Word, now: Instant) -> Event:
    return Event(
        type="callserver.alert.cleared" if word == "cleared" else "callserver.alert.raised",
        key=f"alert:{alert.id}:{word}",
        subject=f"alert:{alert.id}",
        at=now,
        body=told(alert),
    )


def told(alert: Alert) -> dict[str, Any]:
    """An alert as JSON for the world outside; instants are ISO 8601."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "metric": alert.metric,
        "about": alert.subject.about,
        "pbx": alert.subject.pbx or None,
        "queue": alert.subject.name or None,
        "severity": alert.severity,
        "title": dict(alert.title),
        "side": alert.side,
        "threshold": alert.threshold,
        "value": alert.value,
        "worst": alert.worst,
        "said": said(alert, "en"),
        "raised_at": iso(alert.raised_at),
        "cleared_at": iso(alert.cleared_at),
        "why": alert.why,
        "test": alert.test,
    }


def said(alert: Alert, language: str) -> str:
    """In one sentence: what, where, how much."""
    over, under = ("超过", "低于") if language.startswith("zh") else ("above", "below")
    value = wording.number(alert.metric, alert.value, language)
    limit = wording.number(alert.metric, alert.threshold, language)
    what, where = wording.metric(alert.metric, language), wording.where(alert.subject, language)
    return f"{what} {value} ({over if alert.side == 'above' else under} {limit}), {where}"


# --- rows ------------------------------------------------------------------------------------------------------------


def from_row(row: Row[Any]) -> Alert:
    """An alert from a row of the whole table."""
    record = text.load(row.record)
    return Alert(
        rule=RuleId(row.rule),
        subject=Subject(*record["at"]),
        **{name: getattr(row, name) for name in _ROW},
        **{name: record[name] for name in _RECORD if name not in ("mail", "call")},
        mail=tuple(record["mail"]),
        call=record.get("call", False),  # alerts of before it could be
    )


def _record(alert: Alert, subject: Subject) -> str:
    body = {name: getattr(alert, name) for name in _RECORD}
    body |= {"title": dict(alert.title), "at": [subject.about, subject.pbx, subject.name]}
    return text.dump(body)

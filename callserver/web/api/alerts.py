"""The API of alerts: what is wrong and what was; who takes care of it; the rules by which it is found.

In: what to look for, what somebody does about an alert, what an administrator wants watched. Out: alerts, rules. Must
not know: how rules are judged, how anybody is told. An alert of a queue is there only for who may see the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.reading import from_json, to_json
from callserver.alerts.rule import LONGEST_TITLE, Rule, RuleId, Severity
from callserver.alerts.watched import WATCHED, About, Side
from callserver.errors import NotFound
from callserver.metrics.definitions import Unit
from callserver.store import alert_pages, alert_rules, alert_tellings, alerting
from callserver.store.alert_pages import Wanted
from callserver.store.alert_tellings import Telling
from callserver.store.alerting import LONGEST_SNOOZE_MIN, LONGEST_WHY, Alert, Way, Word
from callserver.store.engine import Connection
from callserver.web.api import seeing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Limit,
    Moment,
    NextCursor,
    Since,
    Until,
    at,
    cursor,
    moment,
    place_in,
)
from callserver.web.warning import what_is_wrong

api = Operations("alerts", "What is wrong, who takes care of it, and what is watched.")

_SORT = "newest"
Why = Annotated[str, Meta(max_length=LONGEST_WHY, description="For everybody who sees the alert.")]
Name = Annotated[str, Meta(min_length=1, max_length=79)]
RuleName = Annotated[str, Meta(max_length=60, examples=["long_wait"])]
Title = Annotated[
    dict[str, Annotated[str, Meta(max_length=LONGEST_TITLE)]],
    Meta(
        max_length=2,
        description="What the alert is called, by language.",
        examples=[{"en": "A caller waits too long", "zh": "来电等待过久"}],
    ),
]
Number = Annotated[float, Meta(ge=-1e12, le=1e12)]
Seconds = Annotated[float, Meta(ge=0, le=86_400, description="Seconds.")]
Names = Annotated[list[Name], Meta(max_length=50)]


class AlertShown(Struct, frozen=True, kw_only=True):
    """Something that is wrong, or was. `value`: when it was raised; `worst`: known once it is over.

    `why`: of its end. good: the number is good again; gone: nobody measures it any more; rule: the rule was changed;
    test: it was one. `said`: all of it in a sentence, by language.
    """

    id: int
    rule: str
    title: dict[str, str]
    severity: Severity
    metric: str
    about: About
    pbx: str | None
    queue: str | None
    side: Side
    threshold: float
    value: float | None
    worst: float | None
    said: dict[str, str]
    raised_at: Moment
    cleared_at: Moment | None
    why: Annotated[str | None, Meta(extra_json_schema={"enum": ["good", "gone", "rule", "test", None]})]
    acked_at: Moment | None
    acked_by: str | None
    ack_why: str
    snoozed_until: Moment | None
    snoozed_by: str | None
    snooze_why: str
    test: bool


class TellingShown(Struct, frozen=True, kw_only=True):
    """Who was told of an alert, or is to be. `target`, `said` (of the last try): only for who sees the rules."""

    way: Way
    target: str
    word: Word
    at: Moment
    due_at: Moment
    attempts: int
    done_at: Moment | None
    dead_at: Moment | None
    said: str


class AlertWhole(AlertShown, frozen=True, kw_only=True):
    """An alert, with who was told of it by e-mail or called."""

    told: list[TellingShown]


class Alerts(Struct, frozen=True, kw_only=True):
    """A page of alerts, the newest first."""

    alerts: list[AlertShown]
    cursor: NextCursor


class AlertsQuery(Struct, frozen=True, kw_only=True):
    open: Annotated[bool, Meta(description="Whether it goes on.")] | None = None
    rule: RuleName | None = None
    severity: Severity | None = None
    queue: Name | None = None
    pbx: Name | None = None
    since: Since | None = None
    until: Until | None = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class Acknowledging(Struct, frozen=True, kw_only=True):
    """Somebody takes care of it."""

    why: Why = ""


class Snoozing(Struct, frozen=True, kw_only=True):
    """Say nothing of it for so many minutes."""

    minutes: Annotated[int, Meta(ge=1, le=LONGEST_SNOOZE_MIN)]
    why: Why = ""


class QuietBody(Struct, frozen=True, kw_only=True):
    """On these days (0: Monday) from the minute `begin` to before `end`; behind 1440: of the next day."""

    days: Annotated[list[Annotated[int, Meta(ge=0, le=6)]], Meta(min_length=1, max_length=7)]
    begin: Annotated[int, Meta(ge=0, le=1439)]
    end: Annotated[int, Meta(ge=1, le=2880)]


class AlertRuleGiven(Struct, frozen=True, kw_only=True):
    """What is watched, and who hears of it.

    An alert is raised when `metric` was `side` of `threshold` for `for_s`, and is over when it was on the good side of
    `clear` for `clear_for_s`. `queues`, `switches`: these only; none: all. `mail`: addresses; `webhook`: every webhook
    that wants `callserver.alert.*`. `call`: who is on duty by the settings, one after the other until somebody presses
    1. E-mails and calls wait while it is `quiet`. `repeat_s`: told again so often until somebody acknowledges it; 0:
    never.
    """

    metric: Annotated[str, Meta(max_length=40, examples=["longest_wait"])]
    title: Title
    threshold: Number
    clear: Number
    side: Side = "above"
    queues: Names = []
    switches: Names = []
    for_s: Seconds = 0.0
    clear_for_s: Seconds = 10.0
    severity: Severity = "warning"
    screens: bool = True
    mail: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(max_length=50)] = []
    webhook: bool = True
    call: bool = False
    quiet: Annotated[list[QuietBody], Meta(max_length=14)] = []
    repeat_s: Seconds = 0.0
    enabled: bool = True


class AlertRuleShown(AlertRuleGiven, frozen=True, kw_only=True):
    """A rule. `version` 0: as it is shipped; `shipped`: it cannot be removed, only switched off or made so again."""

    id: str
    version: int
    shipped: bool


class AlertRules(Struct, frozen=True, kw_only=True):
    """All rules, the shipped ones first."""

    rules: list[AlertRuleShown]


class AlertRuleRemoved(Struct, frozen=True, kw_only=True):
    """What is left under the id: the rule as it is shipped; null: nothing."""

    left: AlertRuleShown | None


class AlertMetricShown(Struct, frozen=True, kw_only=True):
    """A number that can be watched. `bad`: the side on which it is bad."""

    key: str
    about: About
    unit: Unit
    bad: Side
    title: dict[str, str]


class AlertMetrics(Struct, frozen=True, kw_only=True):
    """Every number that can be watched; `mail`, `call`: whether this site has a way to send e-mails and make calls."""

    metrics: list[AlertMetricShown]
    mail: bool
    call: bool


# --- alerts ----------------------------------------------------------------------------------------------------------


@api("GET", "/alerts", scope="alerts:read", long=True)
def list_alerts(connection: Connection, asked: Asked, query: AlertsQuery) -> Done[Alerts]:
    """What is wrong and what was, the newest first; for supervisors: of their queues, of switches and the site."""
    wanted = Wanted(
        open=query.open,
        rule=query.rule,
        severity=query.severity,
        queue=query.queue,
        pbx=query.pbx,
        since=at(query.since),
        until=at(query.until),
        seen=_seen(asked),
    )
    page = alert_pages.page(
        connection, wanted, query.limit, place_in(query.cursor, _SORT, alert_pages.NEWEST)
    )
    end = None if page.end is None else cursor([_SORT, *page.end.values])
    return Done(Alerts(alerts=[shown(one) for one in page.alerts], cursor=end))


@api("GET", "/alerts/{id}", scope="alerts:read", errors=(404,))
def read_alert(connection: Connection, asked: Asked, id: Id) -> Done[AlertWhole]:
    """One alert, with who was told of it."""
    return Done(_whole(connection, asked, _visible(connection, asked, id)))


@api("POST", "/alerts/{id}/ack", scope="alerts:read", errors=(404, 409))
def acknowledge_alert(connection: Connection, asked: Asked, id: Id, body: Acknowledging) -> Done[AlertWhole]:
    """Say that somebody takes care: no reminder any more, no sound. The alert stays until it is over."""
    _visible(connection, asked, id)
    return Done(_whole(connection, asked, alerting.ack(connection, id, body.why, asked.actor, asked.now)))


@api("POST", "/alerts/{id}/snooze", scope="alerts:read", errors=(404, 409))
def snooze_alert(connection: Connection, asked: Asked, id: Id, body: Snoozing) -> Done[AlertWhole]:
    """Say nothing of it for a while; if it goes on then, it is told again."""
    _visible(connection, asked, id)
    made = alerting.snooze(connection, id, body.minutes, body.why, asked.actor, asked.now)
    return Done(_whole(connection, asked, made))


@api("POST", "/alerts/{id}/reset", scope="alerts:read", errors=(404, 409))
def reset_alert(connection: Connection, asked: Asked, id: Id) -> Done[AlertWhole]:
    """Take an acknowledgement back, and what it was put off for."""
    _visible(connection, asked, id)
    return Done(_whole(connection, asked, alerting.reset(connection, id, asked.actor, asked.now)))


# --- rules -----------------------------------------------------------------------------------------------------------


@api("GET", "/alert-metrics", scope="alerts:read")
def list_alert_metrics(connection: Connection, asked: Asked) -> Done[AlertMetrics]:
    """What can be watched."""
    found = [
        AlertMetricShown(
            key=one.key, about=one.about, unit=one.unit, bad=one.bad, title={"en": one.en, "zh": one.zh}
        )
        for one in WATCHED.values()
    ]
    ways = asked.site.alert_ways
    return Done(AlertMetrics(metrics=found, mail="mail" in ways, call="call" in ways))


@api("GET", "/alert-rules", scope="alerts:manage")
def list_alert_rules(connection: Connection, asked: Asked) -> Done[AlertRules]:
    """What is watched."""
    return Done(AlertRules(rules=[rule_shown(one) for one in alert_rules.every(connection).values()]))


@api("GET", "/alert-rules/{rule}", scope="alerts:manage", versioned=True, errors=(404,))
def read_alert_rule(connection: Connection, asked: Asked, rule: RuleName) -> Done[AlertRuleShown]:
    """One rule."""
    return _rule_done(alert_rules.get(connection, rule))


@api("POST", "/alert-rules", scope="alerts:manage", status=201, versioned=True, errors=(409,))
def add_alert_rule(connection: Connection, asked: Asked, body: AlertRuleGiven) -> Done[AlertRuleShown]:
    """Watch something more."""
    made = alert_rules.add(connection, _given(body, ""), asked.actor, asked.now)
    return Done(rule_shown(made), version=made.version, location=f"/alert-rules/{made.id}")


@api("PUT", "/alert-rules/{rule}", scope="alerts:manage", versioned=True, errors=(404,))
def put_alert_rule(
    connection: Connection, asked: Asked, rule: RuleName, body: AlertRuleGiven
) -> Done[AlertRuleShown]:
    """Say what is watched from now on. An alert that the new rule would not look at any more is over at once."""
    before = alert_rules.get(connection, rule)
    given = _given(body, before.id)
    return _rule_done(alert_rules.put(connection, given, _expected(asked, before), asked.actor, asked.now))


@api("DELETE", "/alert-rules/{rule}", scope="alerts:manage", errors=(404,))
def remove_alert_rule(connection: Connection, asked: Asked, rule: RuleName) -> Done[AlertRuleRemoved]:
    """Remove a rule of your own, or make a shipped one as it is shipped."""
    before = alert_rules.get(connection, rule)
    left = alert_rules.remove(connection, before.id, _expected(asked, before), asked.actor, asked.now)
    return Done(AlertRuleRemoved(left=None if left is None else rule_shown(left)))


@api("POST", "/alert-rules/{rule}/test", scope="alerts:manage", status=201, errors=(404,))
def test_alert_rule(connection: Connection, asked: Asked, rule: RuleName) -> Done[AlertWhole]:
    """Raise an alert that says that it is a test, by all ways of the rule; it is over after a minute.

    Read it again after some seconds: `told` says what became of e-mails and calls.
    """
    found = alert_rules.get(connection, rule)
    made = alerting.test(connection, found, asked.actor, asked.now, asked.site.zone)
    return Done(_whole(connection, asked, made), location=f"/alerts/{made.id}")


# --- as it is told ---------------------------------------------------------------------------------------------------


def shown(alert: Alert) -> AlertShown:
    """As the API tells it."""
    return AlertShown(**_members(alert))


def rule_shown(rule: Rule) -> AlertRuleShown:
    """As the API tells it."""
    shipped = rule.id in DEFAULTS
    return msgspec.convert({**to_json(rule), "shipped": shipped}, AlertRuleShown, strict=False)


def _members(alert: Alert) -> dict[str, Any]:
    return {
        **what_is_wrong(alert),
        "worst": alert.worst,
        "said": {language: alerting.said(alert, language) for language in ("en", "zh")},
        "raised_at": moment(alert.raised_at),
        "cleared_at": moment(alert.cleared_at),
        "why": alert.why,
        "acked_at": moment(alert.acked_at),
        "acked_by": alert.acked_by,
        "ack_why": alert.ack_why,
        "snoozed_until": moment(alert.snoozed_until),
        "snoozed_by": alert.snoozed_by,
        "snooze_why": alert.snooze_why,
        "test": alert.test,
    }


def _whole(connection: Connection, asked: Asked, alert: Alert) -> AlertWhole:
    told = [_telling(one, asked) for one in alert_tellings.of_alert(connection, alert.id)]
    return AlertWhole(**_members(alert), told=told)


def _telling(one: Telling, asked: Asked) -> TellingShown:
    return TellingShown(
        way=one.way,
        target=one.target if asked.may("alerts:manage") else "",
        word=one.word,
        at=moment(one.at) or "",
        due_at=moment(one.due_at) or "",
        attempts=one.attempts,
        done_at=moment(one.done_at),
        dead_at=moment(one.dead_at),
        said=one.said if asked.may("alerts:manage") else "",
    )


def _visible(connection: Connection, asked: Asked, id: int) -> Alert:
    """Raises NotFound, also for an alert of a queue that the asker may not see."""
    found = alerting.get(connection, id)
    if found.subject.name and not seeing.queue(asked, found.subject.name):
        raise NotFound("there is no such alert")
    return found


def _seen(asked: Asked) -> Sequence[str] | None:
    """The queues whose alerts may be listed; None: all."""
    person = asked.person
    if person is None or person.role not in ("agent", "supervisor"):
        return None
    candidates = {*person.watches, *(one.queue for one in person.queues)}
    return [one for one in candidates if seeing.queue(asked, one)]


def _given(body: AlertRuleGiven, id: str) -> Rule:
    return from_json({**msgspec.to_builtins(body), "id": RuleId(id)})


def _rule_done(rule: Rule) -> Done[AlertRuleShown]:
    return Done(rule_shown(rule), version=rule.version)


def _expected(asked: Asked, before: Rule) -> int:
    return before.version if asked.expected is None else asked.expected

"""The rules by which alerts are raised: the shipped ones, what an administrator made of them, and new ones.

In: checked rules (alerts.rule). Out: rules, each with its version. Must not know: HTTP, what a rule means. Of the
shipped rules only those that were changed have a row, so that a newer program may ship better ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.reading import from_json, to_json
from callserver.alerts.rule import Rule, RuleId, check
from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.store import after, audit, history, text
from callserver.store.alarms import alert_rules as table
from callserver.store.desk import history as history_table
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert

MOST: Final = 200
_OWN: Final = "rule-"


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Said after the commit to whoever works by them."""


def every(connection: Connection) -> Mapping[RuleId, Rule]:
    """All rules, the shipped ones first."""
    rows = connection.execute(select(table).order_by(table.c.updated_at, table.c.id))
    changed = {RuleId(row.id): _rule(row) for row in rows}
    shipped = {id: changed.pop(id, rule) for id, rule in DEFAULTS.items()}
    return {**shipped, **changed}


def get(connection: Connection, id: str) -> Rule:
    """One rule. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == text.key(id))).one_or_none()
    found = DEFAULTS.get(RuleId(id)) if row is None else _rule(row)
    if found is None:
        raise NotFound("there is no such rule")
    return found


def add(connection: Connection, rule: Rule, actor: Actor, now: Instant) -> Rule:
    """A new rule; its id is made here. Raises BadValues, Conflict where there are too many already."""
    one_after_another(connection, "alert rules")
    if connection.execute(select(func.count()).select_from(table)).scalar_one() >= MOST:
        raise Conflict(f"there are {MOST} rules already")
    made = replace(check(rule), id=RuleId(f"{_OWN}{_next_number(connection)}"), version=1)
    _write(connection, made, now)
    audit.note(connection, actor, "alert_rule.create", f"alert_rule:{made.id}", {"after": _noted(made)}, now)
    return made


def put(connection: Connection, rule: Rule, expected: int, actor: Actor, now: Instant) -> Rule:
    """Make it what it says, from now on; `expected` 0: as it is shipped.

    Raises NotFound, BadValues for one that cannot be worked by, Outdated where another administrator was quicker.
    """
    before = _locked(connection, rule.id, expected)
    made = check(rule).changed(_next_version(connection, before))
    _remember(connection, before, actor, now)
    _write(connection, made, now)
    detail = {"version": made.version, "before": _noted(before), "after": _noted(made)}
    audit.note(connection, actor, "alert_rule.change", f"alert_rule:{rule.id}", detail, now)
    return made


def remove(connection: Connection, id: str, expected: int, actor: Actor, now: Instant) -> Rule | None:
    """One of our own is gone (None); a shipped one is as it is shipped again. Raises NotFound, Outdated."""
    before = _locked(connection, RuleId(id), expected)
    _remember(connection, before, actor, now)
    connection.execute(delete(table).where(table.c.id == text.key(id)))
    shipped = DEFAULTS.get(RuleId(id))
    action = "alert_rule.remove" if shipped is None else "alert_rule.reset"
    audit.note(connection, actor, action, f"alert_rule:{id}", {"before": _noted(before)}, now)
    after.say(connection, RulesChanged())
    return shipped


def _locked(connection: Connection, id: RuleId, expected: int) -> Rule:
    one_after_another(connection, f"alert rule {id}")
    found = get(connection, id)
    if found.version != expected:
        raise Outdated(f"this rule is at version {found.version}, not {expected}")
    return found


def _write(connection: Connection, rule: Rule, now: Instant) -> None:
    row = {"version": rule.version, "record": text.dump(to_json(rule)), "updated_at": now}
    new = insert(connection, table).values(id=rule.id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=row))
    after.say(connection, RulesChanged())


def _remember(connection: Connection, before: Rule, actor: Actor, now: Instant) -> None:
    if before.version:
        record = text.dump(to_json(before))
        history.keep(connection, "alert_rule", before.id, before.version, record, actor, now)


def _next_version(connection: Connection, before: Rule) -> int:
    """Never a version that this rule had before it was reset."""
    former = history.page(connection, "alert_rule", before.id, limit=1)
    return 1 + max([before.version, *(one.version for one in former)])


def _next_number(connection: Connection) -> int:
    """Never the number of a rule that was removed: its alerts are in the history under it."""
    present = connection.execute(select(table.c.id).where(table.c.id.startswith(_OWN))).scalars()
    gone = connection.execute(
        select(history_table.c.subject_id).where(history_table.c.subject == "alert_rule").distinct()
    ).scalars()
    numbers = [one.removeprefix(_OWN) for one in (*present, *gone) if one.startswith(_OWN)]
    return 1 + max((int(one) for one in numbers if one.isdigit()), default=0)


def _noted(rule: Rule) -> dict[str, Any]:
    return to_json(rule)


def _rule(row: Any) -> Rule:
    return from_json(text.load(row.record)).changed(row.version)

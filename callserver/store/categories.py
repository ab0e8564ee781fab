"""Categories of products: those that are shipped, and what an administrator made of them.

In: rules (customers.warranty), the version that they were made on. Out: categories, each with its version. Must not
know: HTTP, what a rule may say. Only those that were changed or added have a row; the others are warranty.DEFAULTS, so
that a newer program may bring better ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from callserver.customers.categories import checked, from_json, to_json
from callserver.customers.warranty import DEFAULTS, Rule, Rules
from callserver.customers.warranty import rules as ruled
from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.store import audit, history, text
from callserver.store.administered import product_categories as table
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert

SUBJECT = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A category. `changed`: somebody changed or added it; `version` 0: never touched, and one that was made as it is
    shipped again keeps counting.
    """

    rule: Rule
    version: int = 0
    changed: bool = False

    @property
    def there(self) -> bool:
        """Whether there is one, shipped or added."""
        return self.changed or self.rule.category in DEFAULTS


def every(connection: Connection) -> tuple[Kept, ...]:
    """All categories, the shipped ones first and in their order."""
    rows = {row.category: row for row in connection.execute(_ALL)}
    shipped = tuple(_kept(rows.pop(name, None), rule) for name, rule in DEFAULTS.items())
    added = (_kept(rows[name], _nothing(name)) for name in sorted(rows))
    return shipped + tuple(one for one in added if one.there)


def rules(connection: Connection) -> Rules:
    """The rules that are in force now."""
    if connection.exec_driver_sql(_ANY).first() is None:
        return DEFAULTS
    return ruled(*(one.rule for one in every(connection)))


def get(connection: Connection, category: str) -> Kept:
    """One category. Raises NotFound."""
    row = connection.execute(_ALL.where(table.c.category == text.key(category))).one_or_none()
    found = _kept(row, DEFAULTS.get(category) or _nothing(category))
    if not found.there:
        raise NotFound(f"there is no category of products called {text.key(category)!r}")
    return found


def add(connection: Connection, rule: Rule, actor: Actor, now: Instant) -> Kept:
    """A category that there is not yet. Raises BadValues, Conflict."""
    before = _locked(connection, rule.category, None)
    if before.there:
        raise Conflict(f"there is a category of products called {rule.category!r}")
    return _set(connection, rule, before, actor, now)


def put(connection: Connection, rule: Rule, expected: int | None, actor: Actor, now: Instant) -> Kept:
    """Make the category what it says; `expected` is the version that it was made on (0: as it is shipped).

    What is shown of products follows at once. Raises NotFound, BadValues; Outdated where another administrator was
    quicker.
    """
    before = _locked(connection, rule.category, expected)
    if not before.there:
        raise NotFound(f"there is no category of products called {text.key(rule.category)!r}")
    return _set(connection, rule, before, actor, now)


def reset(connection: Connection, category: str, expected: int | None, actor: Actor, now: Instant) -> None:
    """As it is shipped again; one that was added is gone, and products keep its name.

    Raises NotFound, Outdated; BadValues where another category has one of the shipped names by now.
    """
    before = _locked(connection, category, expected)
    if not before.changed:
        raise NotFound(f"no category of products called {text.key(category)!r} was added or changed")
    shipped = DEFAULTS.get(category)
    if shipped is not None:
        checked(shipped, _others(connection, category))
    after = Kept(rule=shipped or _nothing(category), version=before.version + 1)
    _write(connection, "category.reset", before, after, actor, now)


def _set(connection: Connection, rule: Rule, before: Kept, actor: Actor, now: Instant) -> Kept:
    right = checked(rule, _others(connection, rule.category))
    after = Kept(rule=right, version=before.version + 1, changed=True)
    _write(connection, "category.change", before, after, actor, now)
    return after


def _others(connection: Connection, category: str) -> list[Rule]:
    return [one.rule for one in every(connection) if one.rule.category != category]


def _locked(connection: Connection, category: str, expected: int | None) -> Kept:
    """As it is, with nobody else changing any. Raises Outdated."""
    one_after_another(connection, "product categories")
    row = connection.execute(_ALL.where(table.c.category == text.key(category))).one_or_none()
    before = _kept(row, DEFAULTS.get(category) or _nothing(category))
    if expected is not None and expected != before.version:
        raise Outdated(f"the category {category} is at version {before.version}, not {expected}")
    return before


def _write(
    connection: Connection, action: str, before: Kept, after: Kept, actor: Actor, now: Instant
) -> None:
    category = after.rule.category
    if before.version and before.there:
        history.keep(connection, SUBJECT, category, before.version, _record(before), actor, now)
    record = _record(after) if after.changed else None
    row = {"version": after.version, "record": record, "updated_at": now}
    new = insert(connection, table).values(category=category, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["category"], set_=row))
    detail = {"version": after.version, **changed(_told(before), _told(after))}
    audit.note(connection, actor, action, f"{SUBJECT}:{category}", detail, now)


def _told(kept: Kept) -> Mapping[str, Any]:
    return to_json(kept.rule) if kept.there else NOTHING


def _record(kept: Kept) -> str:
    return text.dump(to_json(kept.rule))


def _nothing(category: str) -> Rule:
    """Of a category that there is not."""
    return Rule(category=category, en="", zh="", months=None)


def _kept(row: Row[Any] | None, shipped: Rule) -> Kept:
    if row is None or row.record is None:
        return Kept(rule=shipped, version=0 if row is None else row.version)
    return Kept(rule=from_json(text.load(row.record)), version=row.version, changed=True)


_ALL = select(table)
_ANY = "SELECT 1 FROM product_categories LIMIT 1"  # as cheap as can be: a caller waits

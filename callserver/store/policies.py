"""How the calls of each kind are dialled: the policies that are shipped, and what an administrator made of them.

In: checked policies (promises.policy). Out: policies, each with its version, their hours with the house's own days.
Must not know: HTTP, what a policy means.
Only those that were changed have a row, so that a newer program may ship better ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, select

from callserver.errors import NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.promises.defaults import DEFAULTS
from callserver.promises.policy import Policy, check
from callserver.promises.reading import from_json, to_json
from callserver.store import audit, history, site_days, text
from callserver.store.audit_changes import changed
from callserver.store.locking import one_after_another
from callserver.store.promising import promise_policies as table
from callserver.store.site_days import SiteDay
from callserver.store.upsert import insert
from callserver.tickets.promise import PromiseKind


def every(connection: Connection) -> Mapping[PromiseKind, Policy]:
    """The policy of each kind."""
    rows = connection.execute(select(table.c.kind, table.c.record, table.c.version))
    changed = {row.kind: _policy(row) for row in rows}
    days = site_days.every(connection)
    return {kind: _in_house(changed.get(kind, policy), days) for kind, policy in DEFAULTS.items()}


def get(connection: Connection, kind: str) -> Policy:
    """The policy of a kind. Raises NotFound for a kind that there is not."""
    row = connection.execute(select(table).where(table.c.kind == text.key(kind))).one_or_none()
    shipped = {str(name): policy for name, policy in DEFAULTS.items()}.get(kind)
    if shipped is None:
        raise NotFound(f"there is no kind of promise called {text.key(kind)!r}")
    return _in_house(shipped if row is None else _policy(row), site_days.every(connection))


def put(connection: Connection, policy: Policy, expected: int, actor: Actor, now: Instant) -> Policy:
    """Make it what it says, for what is promised and dialled from now on; `expected` 0: as it is shipped.

    Raises BadValues for one that cannot be worked by, Outdated where another administrator was quicker.
    """
    one_after_another(connection, f"promise policy {policy.kind}")
    before = get(connection, policy.kind)
    if before.version != expected:
        raise Outdated(f"the policy of {policy.kind} is at version {before.version}, not {expected}")
    after = check(policy).changed(_next(connection, before))
    _remember(connection, before, actor, now)
    row = {"version": after.version, "record": text.dump(to_json(after)), "updated_at": now}
    new = insert(connection, table).values(kind=policy.kind, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["kind"], set_=row))
    detail = {"version": after.version, **changed(to_json(before), to_json(after))}
    audit.note(connection, actor, "policy.change", f"policy:{policy.kind}", detail, now)
    return after


def reset(connection: Connection, kind: PromiseKind, expected: int, actor: Actor, now: Instant) -> Policy:
    """As it is shipped again. Raises NotFound, Outdated where another administrator was quicker."""
    one_after_another(connection, f"promise policy {kind}")
    before = get(connection, kind)
    if before.version != expected:
        raise Outdated(f"the policy of {kind} is at version {before.version}, not {expected}")
    _remember(connection, before, actor, now)
    connection.execute(delete(table).where(table.c.kind == kind))
    after = get(connection, kind)
    detail = {"version": before.version, **changed(to_json(before), to_json(after))}
    audit.note(connection, actor, "policy.reset", f"policy:{kind}", detail, now)
    return after


def _remember(connection: Connection, before: Policy, actor: Actor, now: Instant) -> None:
    if before.version:
        record = text.dump(to_json(before))
        history.keep(connection, "policy", before.kind, before.version, record, actor, now)


def _next(connection: Connection, before: Policy) -> int:
    """Never a version that this policy had before it was reset."""
    former = history.page(connection, "policy", before.kind, limit=1)
    return 1 + max([before.version, *(one.version for one in former)])


def _in_house(policy: Policy, days: Sequence[SiteDay]) -> Policy:
    return replace(policy, hours=site_days.in_house(policy.hours, days)) if days else policy


def _policy(row: Any) -> Policy:
    return from_json(text.load(row.record)).changed(row.version)

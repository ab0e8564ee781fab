"""What comparing ourselves with Asterisk's own journals gave, kept: the omission rate with its evidence.

In: the outcome of one comparison. Out: the outcomes so far. Must not know: how the comparison is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from callserver.facts import Instant, PbxId
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import reconciliations as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The calls of a switch that started from `begin` to before `end`, compared at `at`.

    `switch_calls`: as the switch's journals count them; `omitted`: those of them that we did not have;
    `ppm`: omitted in a million of the switch's; `repaired`: corrections written. `details`: any JSON object
    (the differences).
    """

    begin: Instant
    end: Instant
    at: Instant
    switch_calls: int
    our_calls: int
    omitted: int
    ppm: float
    repaired: int
    details: Mapping[str, Any] = field(default_factory=dict)


_NAMES = ("at", "switch_calls", "our_calls", "omitted", "ppm", "repaired")


async def keep(store: Store, pbx: PbxId, outcome: Reconciled) -> None:
    """Write it down; the same span compared at the same moment is overwritten."""
    row = {name: getattr(outcome, name) for name in _NAMES} | {
        "pbx": text.key(pbx),
        "begin_at": outcome.begin,
        "end_at": outcome.end,
        "details": text.dump(dict(outcome.details)),
    }
    new = store.insert(table).values(row)
    rest = {column.name: new.excluded[column.name] for column in table.c if not column.primary_key}
    await store.write(
        lambda connection: connection.execute(
            new.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
        )
    )


async def latest(store: Store, pbx: PbxId, limit: int = 31) -> list[Reconciled]:
    """The last comparisons, latest first."""
    wanted = select(table).where(table.c.pbx == text.key(pbx)).order_by(table.c.at.desc(), table.c.begin_at)
    found = await store.report(lambda connection: connection.execute(wanted.limit(limit)).all())
    return [
        Reconciled(
            begin=row.begin_at,
            end=row.end_at,
            details=text.load(row.details),
            **{name: getattr(row, name) for name in _NAMES},
        )
        for row in found
    ]

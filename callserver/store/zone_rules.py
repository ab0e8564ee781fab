"""Promises after the rules of a zone have changed: the customer's clock shows what was agreed.

In: now; the rules that were written down last time. Out: promises that were moved, each with a line on its timeline.
Must not know: how rules come to change (a new tzdata), who is told.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, select

from callserver.errors import Refusal
from callserver.facts import MACHINE, Instant
from callserver.promises import clock_rules
from callserver.promises.clock_rules import Spans
from callserver.store import pledges, steering, text
from callserver.store.desk import promise_open, promises
from callserver.store.promising import site
from callserver.store.upsert import insert
from callserver.tickets.record import PromiseId, TicketId

AHEAD_MS: Final = 400 * 86_400_000
ELAPSED: Final = ("watch", "callback")
"""Kinds that are due so long after something happened, whatever a clock shows."""
_RULES: Final = "zone rules"
_AT_ONCE: Final = 1_000


def follow(connection: Connection, rules: Mapping[str, Spans], now: Instant) -> list[PromiseId]:
    """Compare the rules with those of the last time, move what is planned, write the new ones down. Seldom there is
    anything to do; then every open promise is looked at.
    """
    before = _kept(connection)
    stale = clock_rules.changed(before, rules, now, now + AHEAD_MS - clock_rules.STEP_MS * 5)
    moved = (
        [id for id in _planned(connection) if _follow(connection, id, before, rules, stale, now)]
        if stale
        else []
    )
    if stale or not before or now - _written(before) > clock_rules.STEP_MS:
        _keep(connection, rules)
    return moved


def present(now: Instant) -> dict[str, Spans]:
    """The rules of all zones that this machine knows: a second of reading files, not for the loop."""
    begin = now - now % 86_400_000
    return {
        name: clock_rules.spans(zoneinfo.ZoneInfo(name), begin, begin + AHEAD_MS)
        for name in sorted(zoneinfo.available_timezones())
    }


def _written(rules: Mapping[str, Spans]) -> Instant:
    return min(spans[0][0] for spans in rules.values())


def _planned(connection: Connection) -> Iterator[PromiseId]:
    last = 0
    table = promises.c
    wanted = (
        select(table.id).where(promise_open, table.kind.not_in(ELAPSED)).order_by(table.id).limit(_AT_ONCE)
    )
    while found := list(connection.execute(wanted.where(table.id > last)).scalars()):
        yield from map(PromiseId, found)
        last = found[-1]


def _follow(
    connection: Connection,
    id: PromiseId,
    before: Mapping[str, Spans],
    rules: Mapping[str, Spans],
    stale: set[str],
    now: Instant,
) -> bool:
    wanted = select(promises.c.ticket_id, promises.c.due_at, promises.c.deadline_at).where(
        promises.c.id == id
    )
    row = connection.execute(wanted).one()
    zone = str(pledges.zone_of_ticket(connection, TicketId(row.ticket_id)))
    later = clock_rules.moves_ms(before[zone], rules[zone], row.due_at) if zone in stale else 0
    if not later:
        return False
    why = f"the clock of {zone} goes by other rules now"
    try:
        ends = row.deadline_at + later
        steering.move(connection, id, row.due_at + later, why, MACHINE, now, deadline_at=ends)
    except Refusal:  # it is dialled just now, or due already
        return False
    return True


def _kept(connection: Connection) -> dict[str, Spans]:
    said = connection.execute(select(site.c.value).where(site.c.name == _RULES)).scalar()
    return {} if said is None else text.load(said)


def _keep(connection: Connection, rules: Mapping[str, Spans]) -> None:
    new = insert(connection, site).values(name=_RULES, value=text.dump(rules))
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value}))

"""Who was erased a moment ago, for whatever is kept in memory only: screens, and what was looked up for them.

In: rows of `erasures`, written by this process, another one or the command line. Out: whom to forget. Must not know:
how somebody is erased (privacy.py), screens.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from callserver.facts import Instant
from callserver.store.desk import erasures as table
from callserver.store.text import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Said after the commit, at the beginning and at the end. `numbers`: E.164, nobody else has them; none once it
    is over.
    """

    customers: tuple[int, ...]
    numbers: tuple[str, ...] = ()


def lately(connection: Connection, since: Instant) -> list[Forgotten]:
    """Those who are being erased, and those with whom that came to its end since then."""
    wanted = select(table.c.state).where(or_(table.c.ended_at.is_(None), table.c.ended_at >= since))
    states = [load(one) for one in connection.execute(wanted).scalars()]
    return [Forgotten(customers=tuple(one["customers"]), numbers=tuple(one["numbers"])) for one in states]

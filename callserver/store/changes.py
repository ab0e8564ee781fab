"""The number of changes of who may do what, by which other processes notice that there was one.

In: transactions that change users, teams or sessions. Out: whose rights may be different since a number. Must not know:
what changed. Called last in a transaction: the row is held until it commits.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, insert, select, update

from callserver.people import UserId
from callserver.store.locking import one_after_another
from callserver.store.people import people_changes, users

_IN_ONE_STATEMENT = 500


def count(connection: Connection, people: Collection[UserId]) -> None:
    """What these people may do, or whether they are signed in, is different now."""
    number = _next(connection)
    ids = sorted(people)
    for first in range(0, len(ids), _IN_ONE_STATEMENT):
        some = ids[first : first + _IN_ONE_STATEMENT]
        connection.execute(update(users).where(users.c.id.in_(some)).values(changed=number))


def latest(connection: Connection) -> int:
    """The number of the last change; 0 where there was none."""
    return connection.execute(select(people_changes.c.number)).scalar() or 0


def since(connection: Connection, number: int) -> set[UserId]:
    """Whom the changes after this one were about."""
    return set(connection.execute(select(users.c.id).where(users.c.changed > number)).scalars())


def _next(connection: Connection) -> int:
    raised = update(people_changes).values(number=people_changes.c.number + 1)
    number = connection.execute(raised.returning(people_changes.c.number)).scalar()
    if number is not None:
        return int(number)
    one_after_another(connection, "the first change of people")
    if latest(connection):  # somebody else was first
        return _next(connection)
    connection.execute(insert(people_changes).values(one=1, number=1))
    return 1

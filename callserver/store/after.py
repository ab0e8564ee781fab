"""What a transaction has others hear of once it is committed, and not before; after a rollback nobody hears anything.

In: values that functions of the store say on the way; transactions. Out: lists of them, after each commit. Must not
know: what the values mean, who listens. It is for this process's own screens: what must not be lost is in a table
(outbox, jobs, commands), because a process may die between its commit and the telling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
_SAID = "callserver.after"


def say(connection: Connection, thing: object) -> None:
    """Hand `thing` on after the commit. Outside of `Store.write` (migrations, tests' own connections) it is dropped."""
    said: list[object] | None = connection.info.get(_SAID)
    if said is not None:
        said.append(thing)


def listening(work: Callable[[Connection], T], said: list[Any]) -> Callable[[Connection], T]:
    """The same work, with what it says kept in `said`."""

    def listened(connection: Connection) -> T:
        info = connection.info  # of a connection that the server cuts meanwhile it cannot be asked for again
        info[_SAID] = said
        try:
            return work(connection)
        finally:
            info.pop(_SAID, None)

    return listened

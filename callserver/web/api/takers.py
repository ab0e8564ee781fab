"""The API of who may be given a call that is owed: whoever may dial, and the teams.

In: who asks. Out: names. Must not know: how a call is given to somebody (`keeping`).
"""

from __future__ import annotations

from msgspec import Struct

from callserver.people.roles import scopes_of
from callserver.store import teams, users
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.promises import PersonShown

api = Operations("takers", "Who may be given a call that is owed.")


class Takers(Struct, frozen=True, kw_only=True):
    """Users who may sign in and dial, by login; teams, by name."""

    people: list[PersonShown]
    teams: list[str]


@api("GET", "/promises/takers", scope="promises:manage")
def list_takers(connection: Connection, asked: Asked) -> Done[Takers]:
    """Who may be given a call that is owed."""
    people = [
        PersonShown(id=one.person.id, login=one.person.login, name=one.person.name)
        for one in users.every(connection)
        if one.enabled and "promises:dial" in scopes_of(one.person.role)
    ]
    return Done(Takers(people=people, teams=[one.name for one in teams.every(connection)]))

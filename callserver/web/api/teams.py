"""The API of teams: who works on which queues.

In: names, queues. Out: teams. Must not know: how they are kept.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.people import naming
from callserver.store import teams
from callserver.store.engine import Connection
from callserver.store.teams import Team, TeamId
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.session import door

api = Operations("teams", "Who works on which queues; a supervisor sees the queues of their teams.")

Name = Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH, examples=["repair"])]
Queues = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH)]],
    Meta(max_length=naming.QUEUES_MOST, description="As Asterisk calls them."),
]


class NewTeam(Struct, frozen=True, kw_only=True):
    """What a team is to be."""

    name: Name
    queues: Queues = []


class TeamPatch(Struct, frozen=True, kw_only=True):
    """What is to be different."""

    name: Name | UnsetType = UNSET
    queues: Queues | UnsetType = UNSET


class TeamShown(Struct, frozen=True, kw_only=True):
    """A team. `members`: ids of users, the disabled ones too."""

    id: int
    version: int
    name: str
    queues: list[str]
    members: list[int]


class Teams(Struct, frozen=True, kw_only=True):
    """All teams, by name."""

    teams: list[TeamShown]


@api("GET", "/teams", scope="users:manage")
def list_teams(connection: Connection, asked: Asked) -> Done[Teams]:
    """All teams."""
    return Done(Teams(teams=[shown(one) for one in teams.every(connection)]))


@api("POST", "/teams", scope="users:manage", status=201, versioned=True, errors=(409,))
def create_team(connection: Connection, asked: Asked, body: NewTeam) -> Done[TeamShown]:
    """Make a team. People are put into it by changing the user."""
    made = teams.add(connection, body.name, body.queues, asked.actor, asked.now)
    return Done(shown(made), version=made.version, location=f"/teams/{made.id}")


@api("GET", "/teams/{id}", scope="users:manage", versioned=True)
def read_team(connection: Connection, asked: Asked, id: Id) -> Done[TeamShown]:
    """One team by its id."""
    found = teams.one(connection, TeamId(id))
    return Done(shown(found), version=found.version)


@api("PATCH", "/teams/{id}", scope="users:manage", versioned=True)
async def change_team(asked: Asked, id: Id, body: TeamPatch) -> Done[TeamShown]:
    """Change a team; its people have its queues within two seconds."""
    name = None if body.name is UNSET else body.name
    queues = None if body.queues is UNSET else body.queues
    changed = await door(asked).changed(
        lambda c: teams.change(
            c, TeamId(id), asked.actor, asked.now, name=name, queues=queues, expected=asked.expected
        )
    )
    return Done(shown(changed), version=changed.version)


@api("DELETE", "/teams/{id}", scope="users:manage", status=204, errors=(409,))
def remove_team(connection: Connection, asked: Asked, id: Id) -> Done[None]:
    """Remove a team that has no people, no queues and nothing to do any more; the refusal says who or what it has."""
    teams.remove(connection, TeamId(id), asked.actor, asked.now, expected=asked.expected)
    return Done(None)


def shown(team: Team) -> TeamShown:
    """As the API tells it."""
    return TeamShown(
        id=team.id,
        version=team.version,
        name=team.name,
        queues=list(team.queues),
        members=list(team.members),
    )

"""A queue that the switch calls something else now: who named the old one names the new one.

In: both names, the version that was seen. Out: the new one's settings. Must not know: the settings file, whether a
switch has such a queue. One transaction: teams, people, policies and settings move together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from callserver.errors import BadValue, Outdated
from callserver.facts import Actor, Instant
from callserver.people import Profile, naming
from callserver.store import policies, queue_settings, teams, users
from callserver.store.queue_settings import Kept, Said


def rename(
    connection: Connection,
    old: str,
    new: str,
    expected: int,
    otherwise: tuple[Said, Said],
    actor: Actor,
    now: Instant,
) -> Kept:
    """The queue `old` is called `new` now. `otherwise`: what the settings file says of both.

    What was set of the old one goes before what the file says of the new one, and after what was set of that. Raises
    BadValue, Outdated.
    """
    naming.queue(new, "to")
    if new == old:
        raise BadValue("to", "is what it is called already")
    before, there = queue_settings.find(connection, old), queue_settings.find(connection, new)
    if before.version != expected:
        raise Outdated(f"the settings of {old} are at version {before.version}, not {expected}")
    base = there.said or before.said or otherwise[1]
    former = (*base.formerly, *(before.said or otherwise[0]).formerly, old)
    said = replace(base, formerly=tuple(name for name in dict.fromkeys(former) if name != new))
    kept = queue_settings.put(connection, new, said, there.version, actor, now)
    if before.said is not None:
        queue_settings.reset(connection, old, expected, actor, now)
    _in_teams(connection, old, new, actor, now)
    _of_people(connection, old, new, actor, now)
    _in_policies(connection, old, new, actor, now)
    return kept


def _in_teams(connection: Connection, old: str, new: str, actor: Actor, now: Instant) -> None:
    for team in teams.every(connection):
        if old in team.queues:
            teams.change(connection, team.id, actor, now, queues=_instead(team.queues, old, new))


def _of_people(connection: Connection, old: str, new: str, actor: Actor, now: Instant) -> None:
    for user in users.every(connection):
        own = user.own_queues or ()
        if any(one.queue == old for one in own):
            wanted = users.Changes(own_queues=_profile(own, old, new))
            users.change(connection, user.person.id, wanted, actor, now)


def _in_policies(connection: Connection, old: str, new: str, actor: Actor, now: Instant) -> None:
    for policy in policies.every(connection).values():
        if policy.queue == old:
            policies.put(connection, replace(policy, queue=new), policy.version, actor, now)


def _instead(queues: Sequence[str], old: str, new: str) -> list[str]:
    return list(dict.fromkeys(new if one == old else one for one in queues))


def _profile(own: Sequence[Profile], old: str, new: str) -> tuple[Profile, ...]:
    """Whoever has both keeps how they have the new one."""
    if any(one.queue == new for one in own):
        return tuple(one for one in own if one.queue != old)
    return tuple(replace(one, queue=new) if one.queue == old else one for one in own)

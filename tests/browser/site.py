"""What a site has put down before its first call: customers, a team, people who may sign in.

Flows in: where the database is to be. Flows out: the file, written in this process: the program's own commands would
start a process for each of them. Must not know: switches, browsers.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from callserver.customers import checking
from callserver.facts import Actor, Instant
from callserver.numbers import Plan
from callserver.people import Language, Place, Profile, Role
from callserver.store import customers, dialling, engine, migrations, products, teams, users
from callserver.store.engine import Connection, Store
from callserver.web.passwords import Passwords
from tests.rig import archive

PASSWORD: Final = "correct pony battery"
BOSS: Final = Actor(name="boss", through="cli")
TEAM: Final = "line"
QUEUES: Final = ("hotline", "repair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hired:
    """Somebody of the team, and the telephone at which they usually sit."""

    name: str
    role: Role
    language: Language = "en"
    phone: str | None = None
    queues: tuple[str, ...] | None = None
    """Their own; None: those of the team."""

    def wanted(self, login: str, password: str) -> users.Wanted:
        """password: what argon2 made of it."""
        return users.Wanted(
            login=login,
            name=self.name,
            role=self.role,
            language=self.language,
            teams=(TEAM,),
            queues=None if self.queues is None else [Profile(queue=one) for one in self.queues],
            seat=Place(pbx="main", interface=f"PJSIP/{self.phone}") if self.phone else None,
            password=password,
        )


async def written(file: Path, people: dict[str, Hired], *, dials: bool = True) -> None:
    """The archive's customers, a team that answers both queues, these people by their logins.

    dials: where not, nobody is rung about a call that a test missed some minutes ago.
    """
    kept = await Passwords().hashed(
        PASSWORD
    )  # as dear as the program's own, which would hash a cheaper one anew
    wanted = [one.wanted(login, kept) for login, one in people.items()]
    await migrations.upgrade(f"sqlite:///{file}")
    async with opened(file) as store:
        await store.write(lambda c: _put_down(c, wanted, _now()))
        if not dials:
            await store.write(lambda c: dialling.pause(c, dialling.ALL, "nobody is to be rung", BOSS, _now()))


def _put_down(connection: Connection, wanted: Sequence[users.Wanted], now: Instant) -> None:
    for person in archive.PEOPLE:
        values = {
            "name": person.name,
            "numbers": [{"received": person.number}],
            "addresses": [{"city": person.city}],
        }
        owner = customers.create(connection, checking.customer(values, Plan()), BOSS, now)
        bought = checking.product({"category": person.product, "bought_on": person.bought})
        products.create(connection, owner.id, bought, BOSS, now)
    teams.add(connection, TEAM, QUEUES, BOSS, now)
    for one in wanted:
        users.add(connection, one, BOSS, now)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Store]:
    """The database, as another process of the program has it open beside the server."""
    store = await engine.open(f"sqlite:///{file}", synchronous="OFF")
    try:
        yield store
    finally:
        await store.close()


async def changes(file: Path, login: str, **wanted: Any) -> None:
    """What is asked for becomes of somebody, beside the server's back, as by `callserver user`."""

    def work(connection: Connection) -> None:
        user = users.by_login(connection, login).person.id
        users.change(connection, user, users.Changes(**wanted), BOSS, _now())

    async with opened(file) as store:
        await store.write(work)


def _now() -> Instant:
    return int(time.time() * 1000)

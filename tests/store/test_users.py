"""Users and teams as the store keeps them, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.facts import Actor
from callserver.people import Place, Profile, Role, UserId
from callserver.store import audit, changes, sessions, teams, tokens, users
from callserver.store.engine import Store
from callserver.store.text import load
from callserver.store.users import Changes, User, Wanted

BOSS = Actor(name="boss", through="cli")
NOW = 1_795_000_000_000


async def add(
    store: Store, login: str, role: Role = "agent", name: str | None = None, **more: object
) -> User:
    wanted = Wanted(login=login, name=name or login, role=role, **more)  # type: ignore[arg-type]
    return await store.write(lambda c: users.add(c, wanted, BOSS, NOW))


async def change(store: Store, user: User, wanted: Changes, expected: int | None = None) -> User:
    return await store.write(
        lambda c: users.change(c, user.person.id, wanted, BOSS, NOW + 1, expected=expected)
    )


async def test_a_person_has_the_queues_of_their_teams_or_their_own(store: Store) -> None:
    await store.write(lambda c: teams.add(c, "repair", ["repair", "parts"], BOSS, NOW))
    await store.write(lambda c: teams.add(c, "北区", ["north", "repair"], BOSS, NOW))
    li = await add(store, "li", teams=["北区", "Repair"])
    assert set(li.person.teams) == {"repair", "北区"}
    assert {one.queue for one in li.person.queues} == {"repair", "parts", "north"}
    own = await change(store, li, Changes(own_queues=[Profile(queue="sales", penalty=5)]))
    assert own.person.queues == (Profile(queue="sales", penalty=5),)
    assert set(own.person.watches) == {"repair", "parts", "north"}
    back = await change(store, li, Changes(own_queues=None, teams=["北区"]))
    assert [one.queue for one in back.person.queues] == ["north", "repair"]
    assert (await store.read(lambda c: teams.by_name(c, "北区"))).members == (li.person.id,)


async def test_nobody_has_anybody_elses_login_or_name(store: Store) -> None:
    li = await add(store, "li", name="Wang Fang")
    await change(store, li, Changes(disabled=True))
    with pytest.raises(Conflict, match="a user 'li' already"):
        await add(store, "LI", name="somebody else")
    with pytest.raises(Conflict, match="tells them apart"):
        await add(store, "other", name="ｗang  fang")
    tried = await asyncio.gather(
        *(add(store, f"u{one}", name="Zhao Lei") for one in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in tried) == ["Conflict"] * 3 + ["User"]


async def test_a_team_that_there_is_not_is_named(store: Store) -> None:
    with pytest.raises(BadValue, match="there is no team 'sales'"):
        await add(store, "li", teams=["sales"])
    assert await store.read(users.every) == []


async def test_the_last_administrator_stays(store: Store) -> None:
    one, two = await add(store, "one", "administrator"), await add(store, "two", "administrator")
    tried = await asyncio.gather(
        change(store, one, Changes(disabled=True)),
        change(store, two, Changes(role="agent")),
        return_exceptions=True,
    )
    assert sorted(type(found).__name__ for found in tried) == ["Conflict", "User"]
    assert await store.read(users.has_administrator)


async def test_an_administrator_who_is_disabled_already_is_not_the_last(store: Store) -> None:
    one = await add(store, "one", "administrator")
    two = await add(store, "two", "administrator")
    off = await change(store, one, Changes(disabled=True))
    again = await change(store, off, Changes(role="agent", disabled=True))
    assert (again.person.role, again.disabled_at) == ("agent", off.disabled_at)
    with pytest.raises(Conflict, match="last administrator"):
        await change(store, two, Changes(role="supervisor"))


async def test_a_change_is_made_on_the_version_that_was_read(store: Store) -> None:
    li = await add(store, "li")
    changed = await change(store, li, Changes(name="Li Na", seat=Place(pbx="main", interface="PJSIP/1")), 1)
    assert (changed.version, changed.person.seat) == (2, Place(pbx="main", interface="PJSIP/1"))
    with pytest.raises(Outdated):
        await change(store, li, Changes(name="Li Nana"), 1)
    same = await change(store, li, Changes(name="Li Na"))
    assert same.version == 2
    with pytest.raises(NotFound):
        await store.write(lambda c: users.change(c, UserId(2**70), Changes(), BOSS, NOW))


async def test_everything_is_noted_and_no_password_is(store: Store) -> None:
    li = await add(store, "li", password="$argon2id$secret")
    await change(store, li, Changes(name="Li Na", role="auditor"))
    await store.write(lambda c: users.set_password(c, li.person.id, "$argon2id$other", BOSS, NOW))
    await store.write(lambda c: teams.add(c, "repair", ["repair"], BOSS, NOW))
    lines = [line async for line in audit.lines(store)]
    assert [line.action for line in lines] == ["user.create", "user.change", "user.password", "team.create"]
    told = {"name": ["li", "Li Na"], "role": ["agent", "auditor"]}
    assert load(lines[1].detail) == {"changed": told}
    assert "argon2" not in str(lines)


async def test_every_change_counts_once_and_says_whom_it_was_about(store: Store) -> None:
    li, wang = await add(store, "li"), await add(store, "wang")
    before = await store.read(changes.latest)
    await change(store, wang, Changes(language="zh-CN"))
    assert await store.read(changes.latest) == before + 1
    assert await store.read(lambda c: changes.since(c, before)) == {wang.person.id}
    await asyncio.gather(*(change(store, one, Changes(role="auditor")) for one in (li, wang)))
    assert await store.read(changes.latest) == before + 3
    assert await store.read(lambda c: changes.since(c, before)) == {li.person.id, wang.person.id}


async def test_the_first_changes_at_the_same_moment_count_apart(store: Store) -> None:
    await asyncio.gather(*(add(store, f"u{one}") for one in range(4)))
    assert await store.read(changes.latest) == 4


async def test_a_users_token_ends_with_them_and_can_do_no_more_than_they(store: Store) -> None:
    made = await add(store, "it", "integrator")
    wanted = ["calls:read", "webhooks:manage"]
    _, text = await store.write(lambda c: tokens.create(c, "crm", wanted, BOSS, NOW, user=made.person.id))

    async def opens() -> frozenset[str] | None:
        found = (await store.read(lambda c: tokens.usable(c, NOW))).get(tokens.hashed(text))
        return None if found is None else found.scopes

    assert await opens() == frozenset(["calls:read", "webhooks:manage"])
    await change(store, made, Changes(role="agent"))
    assert await opens() == frozenset(["calls:read"])
    await change(store, made, Changes(disabled=True))
    assert await opens() is None
    await change(store, made, Changes(disabled=False))
    assert await opens() == frozenset(["calls:read"])


async def test_hostile_text_is_kept_as_it_is_or_refused(store: Store) -> None:
    for at, name in enumerate(
        ["<script>alert(1)</script>", "=cmd()", "李娜😀", "'; DROP TABLE users; --", "שלום"]
    ):
        assert (await add(store, f"u{at}", name=name)).person.name == name
    for name in ("\u202eevil", "a\x00b", "half \ud800", "x" * 10_000):
        with pytest.raises(BadValue):
            await add(store, "evil", name=name)


async def test_a_session_of_somebody_else_cannot_be_ended(store: Store) -> None:
    li, wang = await add(store, "li"), await add(store, "wang")
    life = sessions.Life(idle_ms=1000, longest_ms=1000)
    made, _ = await store.write(
        lambda c: sessions.begin(c, li.person.id, BOSS, NOW, life=life, address="", browser="\x00" * 999)
    )
    with pytest.raises(NotFound):
        await store.write(lambda c: sessions.end(c, wang.person.id, made.id, BOSS, NOW))
    assert [one.id for one in await store.read(lambda c: sessions.of(c, li.person.id))] == [made.id]

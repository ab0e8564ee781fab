"""Messages stand until they are read, by each for themselves; of two supervisors the second hears of the first."""

from __future__ import annotations

import asyncio

import pytest

from callserver.facts import Actor
from callserver.people import UserId
from callserver.store import floor_deeds, floor_messages, users
from callserver.store.engine import Connection, Store
from callserver.store.floor_deeds import Deed, Meanwhile
from callserver.store.floor_messages import KEPT_MS, Message
from callserver.store.users import Wanted

NOW = 1_795_000_000_000
BOSS = Actor(name="boss", through="cli")
WANG, MA = Actor(name="Wang", through="screen"), Actor(name="Ma", through="screen")


async def people(store: Store, *logins: str) -> list[UserId]:
    def add(connection: Connection, login: str) -> UserId:
        return users.add(connection, Wanted(login=login, name=login, role="agent"), BOSS, NOW).person.id

    return [await store.write(lambda c, login=login: add(c, login)) for login in logins]  # type: ignore[misc]


async def written(store: Store, to: list[UserId], words: str, at: int = NOW) -> Message:
    return await store.write(
        lambda c: floor_messages.write(c, to, by=None, by_name="Wang", now=at, words=words, args={"n": 1})
    )


async def test_a_message_stands_for_each_until_they_read_it(store: Store) -> None:
    li, chen = await people(store, "li", "chen")
    before = await store.read(floor_messages.mark)
    message = await written(store, [li, chen, li], "水管 \x00\ud800 <b>")
    assert await store.read(floor_messages.mark) != before
    assert [user for user, _ in await store.read(floor_messages.unread)] == [li, chen]
    assert await store.write(lambda c: floor_messages.read(c, message.id, li, NOW + 5))
    assert await store.write(lambda c: floor_messages.read(c, message.id, li, NOW + 9)), (
        "once more is the first"
    )
    assert [user for user, _ in await store.read(floor_messages.unread)] == [chen]
    assert not await store.write(lambda c: floor_messages.read(c, 2**70, chen, NOW))
    ((kept, receipts),) = await store.read(lambda c: floor_messages.written_by(c, None))
    assert kept == message
    assert {one.name: one.read_at for one in receipts} == {"li": NOW + 5, "chen": None}


async def test_old_messages_go_with_the_next_one(store: Store) -> None:
    (li,) = await people(store, "li")
    await written(store, [li], "old")
    await written(store, [li], "new", NOW + KEPT_MS + 1)
    assert [one.text for _, one in await store.read(floor_messages.unread)] == ["new"]


async def pauses(store: Store, user: UserId, actor: Actor, at: int = NOW, seen: int | None = None) -> Deed:
    return await store.write(lambda c: floor_deeds.do(c, user, "Li", "pause", "lunch", actor, at, seen=seen))


async def test_the_second_of_two_is_told_of_the_first_and_may_go_on_once_they_know(store: Store) -> None:
    (li,) = await people(store, "li")
    assert (await pauses(store, li, WANG)).number == 1
    with pytest.raises(Meanwhile, match=r"Li was paused by Wang 3 s ago \(lunch\)"):
        await pauses(store, li, MA, NOW + 3_000)
    with pytest.raises(Meanwhile):
        await pauses(store, li, MA, NOW + 60_000, seen=0)
    assert (await pauses(store, li, WANG, NOW + 4_000, seen=0)).number == 2, "nobody is in their own way"
    assert (await pauses(store, li, MA, NOW + 5_000, seen=2)).number == 3
    assert (await pauses(store, li, WANG, NOW + 50_000)).number == 4, "long ago is long ago"


async def test_of_two_in_one_moment_one_is_told(store: Store) -> None:
    (li,) = await people(store, "li")
    came = await asyncio.gather(
        *(pauses(store, li, who, seen=0) for who in (WANG, MA)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in came) == ["Deed", "Meanwhile"]

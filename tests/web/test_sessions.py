"""Sessions: known from memory, and ended everywhere within two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from callserver.facts import Instant
from callserver.people import UserId
from callserver.store import sessions as kept
from callserver.store import teams, users
from callserver.store.engine import Store
from callserver.store.sessions import Life
from callserver.store.teams import TeamId
from callserver.store.users import Changes, Wanted
from callserver.web import sessions
from callserver.web.sessions import SessionNews, Sessions
from tests.web.conftest import BOTH, NOW
from tests.web.people import BOSS

pytestmark = BOTH
LIFE = Life(idle_ms=1000, longest_ms=5000)
LI = UserId(1)


class Clock:
    """The clock of every node."""

    def __init__(self) -> None:
        self.now: Instant = NOW

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def nodes(store: Store, clock: Clock) -> AsyncIterator[tuple[Sessions, Sessions]]:
    """Two nodes on one database, which look all the time."""
    await store.write(lambda c: teams.add(c, "repair", ["repair"], BOSS, NOW))
    await store.write(lambda c: users.add(c, Wanted(login="li", name="Li", role="agent"), BOSS, NOW))
    both = Sessions(store, LIFE, clock), Sessions(store, LIFE, clock)
    yield both
    for one in both:
        await one.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second and a half between two looks is over, whenever anybody asks."""
    monkeypatch.setattr(sessions, "FRESH_S", 0.0)
    monkeypatch.setattr(sessions, "LOOK_S", 0.01)


async def begin(store: Store, now: Instant = NOW) -> str:
    _, text = await store.write(
        lambda c: kept.begin(c, LI, BOSS, now, life=LIFE, address="192.0.2.1", browser="Firefox")
    )
    return text


async def change(store: Store, wanted: Changes) -> None:
    await store.write(lambda c: users.change(c, LI, wanted, BOSS, NOW))


async def test_a_session_is_known_on_every_node(store: Store, nodes: tuple[Sessions, Sessions]) -> None:
    for one in nodes:
        assert await one.bearer(await begin(store)) is not None
    text = await begin(store)
    for one in nodes:
        bearer = await one.bearer(text)
        assert bearer is not None
        assert bearer.person is not None
        assert (bearer.id, bearer.name, bearer.person.login, bearer.through) == (
            "user:1",
            "Li",
            "li",
            "screen",
        )


async def test_a_request_costs_no_look_up_while_nothing_changes(
    store: Store, nodes: tuple[Sessions, Sessions], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = await begin(store)
    await nodes[0].bearer(text)
    monkeypatch.setattr(sessions, "FRESH_S", 60.0)
    monkeypatch.setattr(store, "read", None)
    assert await nodes[0].bearer(text) is not None


async def test_whoever_is_disabled_is_signed_out_on_every_node(
    store: Store, nodes: tuple[Sessions, Sessions]
) -> None:
    text = await begin(store)
    assert all([await one.bearer(text) for one in nodes])
    await change(store, Changes(disabled=True))
    assert [await one.bearer(text) for one in nodes] == [None, None]
    await change(store, Changes(disabled=False))
    assert [await one.bearer(text) for one in nodes] == [None, None]  # they have to sign in again


async def test_another_role_has_to_sign_in_again(store: Store, nodes: tuple[Sessions, Sessions]) -> None:
    text = await begin(store)
    await change(store, Changes(role="supervisor"))
    assert await nodes[0].bearer(text) is None
    bearer = await nodes[0].bearer(await begin(store))
    assert bearer is not None
    assert "floor:read" in bearer.scopes


async def test_other_changes_reach_an_open_session(store: Store, nodes: tuple[Sessions, Sessions]) -> None:
    text = await begin(store)
    for change_it in (
        lambda c: users.change(c, LI, Changes(teams=["repair"]), BOSS, NOW),
        lambda c: teams.change(c, TeamId(1), BOSS, NOW, queues=["repair", "sales"]),
    ):
        await store.write(change_it)
    for one in nodes:
        bearer = await one.bearer(text)
        assert bearer is not None
        assert bearer.person is not None
        assert [queue.queue for queue in bearer.person.queues] == ["repair", "sales"]


async def test_a_session_rests_only_so_long(
    store: Store, nodes: tuple[Sessions, Sessions], clock: Clock
) -> None:
    text = await begin(store)
    for _ in range(4):
        clock.now += 999
        assert await nodes[0].bearer(text) is not None
    clock.now += 1000
    assert await nodes[0].bearer(text) is None


async def test_a_session_lives_only_so_long(
    store: Store, nodes: tuple[Sessions, Sessions], clock: Clock
) -> None:
    text = await begin(store)
    while clock.now < NOW + LIFE.longest_ms:
        assert await nodes[0].bearer(text) is not None
        clock.now += 500
    assert await nodes[0].bearer(text) is None


async def test_what_was_used_on_another_node_has_not_rested(
    store: Store, nodes: tuple[Sessions, Sessions], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "USED_EVERY_MS", 100)
    here, there = nodes
    text = await begin(store)
    await here.bearer(text)
    clock.now += 900
    await there.bearer(text)
    await asyncio.gather(*there._tasks)
    clock.now += 900
    assert await here.bearer(text) is not None


async def told(one: Sessions, what: str) -> SessionNews:
    """The next news of this kind that a node has to tell."""
    heard: asyncio.Future[SessionNews] = asyncio.get_running_loop().create_future()
    stop = one.on_ended(
        lambda news: heard.set_result(news) if news.what == what and not heard.done() else None
    )
    try:
        return await asyncio.wait_for(heard, 60)
    finally:
        stop()


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (Changes(disabled=True), "ended"),
        (Changes(role="auditor"), "ended"),
        (Changes(teams=["repair"]), "changed"),
    ],
)
async def test_open_streams_are_told(
    store: Store, nodes: tuple[Sessions, Sessions], wanted: Changes, what: str
) -> None:
    text = await begin(store)
    for one in nodes:
        await one.bearer(text)
        one.start()
    hearing = [asyncio.create_task(told(one, what)) for one in nodes]
    await asyncio.sleep(0)
    await change(store, wanted)
    for news in await asyncio.gather(*hearing):
        assert (news.session, news.user) == (1, LI)
        assert (news.person is None) == (what == "ended")
    assert [one.is_open(news.session) for one in nodes] == [what == "changed"] * 2


async def test_open_streams_are_told_of_a_session_that_rested_too_long(
    store: Store, nodes: tuple[Sessions, Sessions], clock: Clock
) -> None:
    await nodes[0].bearer(await begin(store))
    nodes[0].start()
    hearing = asyncio.create_task(told(nodes[0], "ended"))
    await asyncio.sleep(0)
    clock.now += 1000
    assert (await hearing).session == 1


async def test_of_more_than_so_many_the_oldest_go(store: Store, nodes: tuple[Sessions, Sessions]) -> None:
    texts = [await begin(store, NOW + one) for one in range(kept.MOST + 2)]
    assert [await nodes[0].bearer(text) is not None for text in texts] == [False] * 2 + [True] * kept.MOST

"""Presence with a real store and a switch that answers by the book: what is written, told and shown."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from callserver import facts
from callserver.errors import StoreError
from callserver.facts import FOLLOWED_ELSEWHERE, Actor, CallId, Fact, Instant, PbxId
from callserver.people import Profile, UserId
from callserver.seats.asking import CommandId, Outcome, QueueAdd, QueuePause, QueueRemove, from_json
from callserver.seats.explaining import Problem
from callserver.seats.shift import Shift, seat
from callserver.store import engine, promises, shifts, tickets, turns, users
from callserver.store.agents import Member
from callserver.store.at_work import commands as table
from callserver.store.engine import Connection, Store
from callserver.store.text import load
from callserver.store.users import Changes, Wanted
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise
from callserver.work.presence import Presence
from tests.seats.people import CALL, NOW, PBX, PHONE, answered, device, leg, over, sees, started, up
from tests.store.conftest import prepared_file

__all__ = ["prepared_file"]
BOSS = Actor(name="boss", through="cli")
ON_CALL = (started(), leg("B", PHONE), up("B"), answered())


@dataclass
class Screens:
    """What people would see."""

    shifts: dict[UserId, Shift] = field(default_factory=dict)
    problems: dict[UserId, list[str]] = field(default_factory=dict)
    moves: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    opened: set[UserId] = field(default_factory=set)

    def show(self, shift: Shift, problems: tuple[Problem, ...]) -> None:
        self.shifts[shift.user] = shift
        self.problems[shift.user] = [one.code for one in problems]

    def clear(self, user: UserId) -> None:
        self.shifts.pop(user, None)

    def moved(self, before: Shift, after: Shift | None, by: Shift | None) -> None:
        self.moves.append((before.name, after.seat.interface if after else None, by.name if by else None))

    def open(self, user: UserId) -> int:
        return int(user in self.opened)


class Book:
    """A switch by the book: it does what it is asked for and tells it, and so much later than it answered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.presence: Presence
        self.members: dict[tuple[str, str], tuple[bool, str | None]] = {}
        self.log: list[str] = []

    def wake(self, pbx: PbxId) -> None:
        pass

    async def outcome(self, id: CommandId, timeout_s: float) -> Outcome:
        found = await self.store.read(lambda c: c.execute(select(table).where(table.c.id == id)).one())
        self.presence.feed(PbxId(found.pbx), list(self._done(from_json(found.kind, load(found.body)))))
        return Outcome(id=id, state="done", code="done")

    def _done(self, request: object) -> Iterable[Fact]:
        match request:
            case QueueAdd(queue=queue, interface=interface):
                self.log.append(f"add {interface} {queue} {request.reason}")
                self.members[queue, interface] = (request.paused, request.reason)
                yield facts.AgentJoinedQueue(
                    pbx=PBX, at=NOW, queue=queue, interface=interface, agent=request.member,
                    penalty=request.penalty, dynamic=True,
                )  # fmt: skip
                yield self._pause(queue, interface)
            case QueueRemove(queue=queue, interface=interface):
                self.log.append(f"remove {interface} {queue}")
                self.members.pop((queue, interface), None)
                yield facts.AgentLeftQueue(pbx=PBX, at=NOW, queue=queue, interface=interface)
            case QueuePause(queue=queue, interface=interface):
                self.log.append(f"pause {interface} {queue or 'everywhere'} {request.reason}")
                for here in [
                    place for place in self.members if place[1] == interface and queue in (None, place[0])
                ]:
                    self.members[here] = (request.paused, request.reason)
                    yield self._pause(*here)

    def _pause(self, queue: str, interface: str) -> Fact:
        paused, reason = self.members[queue, interface]
        return facts.AgentPaused(
            pbx=PBX, at=NOW, queue=queue, interface=interface, paused=paused, reason=reason
        )


@dataclass
class House:
    """A store, a switch by the book, and the presence between them; time passes when it is told to."""

    store: Store
    book: Book
    screens: Screens
    presence: Presence
    now: Instant = NOW

    async def rest(self, *news: Fact) -> None:
        """Look until nothing more happens."""
        self.presence.feed(PBX, news)
        for _ in range(12):
            await self.presence.look()
            await asyncio.gather(*self.presence._asking)
        assert not self.presence._asking

    async def later(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        await self.rest()

    async def write(self, work: object) -> None:
        """What a request does; its commit is heard."""
        await self.store.write(work)  # type: ignore[arg-type]

    async def user(self, login: str, *queues: str) -> UserId:
        profile = [Profile(queue=queue) for queue in queues or ("hotline", "repair")]
        wanted = Wanted(login=login, name=login.title(), role="agent", queues=profile)
        return (await self.store.write(lambda c: users.add(c, wanted, BOSS, self.now))).person.id

    async def sits(
        self, user: UserId, phone: str = PHONE, *, ready: bool = True, take_over: bool = False
    ) -> None:
        def work(connection: Connection) -> None:
            person = users.person(connection, user)
            shifts.sign_in(connection, person, seat(PBX, phone), self.now, take_over=take_over)
            if ready:
                shifts.wish(connection, user, "ready", None, self.now)

        await self.store.write(work)
        await self.rest()

    async def shift(self, user: UserId) -> Shift:
        found = await self.store.read(lambda c: shifts.of(c, user))
        assert found is not None
        return found

    def again(self) -> Presence:
        """A new process on the same store."""
        self.presence = Presence(
            self.store, self.book, self.screens, node="a", pbxs=[PBX], clock=lambda: self.now,
            wrap_up_s=60, absent_s=60,
        )  # fmt: skip
        self.book.presence = self.presence
        self.store.on_told(self.presence.heard)
        return self.presence


@pytest_asyncio.fixture
async def house(prepared_file: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copy(prepared_file, tmp_path / "calls.db")
    store = await engine.open(f"sqlite:///{tmp_path}/calls.db", synchronous="OFF")
    made = House(store, Book(store), Screens(), presence=None)  # type: ignore[arg-type]
    made.again().begin(PBX)
    await made.rest(sees())
    yield made
    await store.close()


async def test_signing_in_reaches_the_switch_and_the_own_screen(house: House) -> None:
    li = await house.user("li")
    await house.sits(li, ready=False)
    assert house.book.log == [f"add {PHONE} hotline signed in", f"add {PHONE} repair signed in"]
    assert (await house.shift(li)).carried
    assert house.screens.shifts[li].reason == "signed in"
    assert house.screens.problems[li][0] == "device_unknown"


async def test_no_queue_rings_whose_phone_is_about_to_ring_for_a_promise(house: House) -> None:
    """Whoever looks after that may die: the next process reads who is reserved, and lets go of all others."""
    li = await house.user("li")
    await house.sits(li)
    house.book.log.clear()
    draft = Draft(kind="repair", caller="13800138000")
    ticket = await house.store.write(lambda c: tickets.open_ticket(c, draft, BOSS, NOW, rule="a test"))
    new = NewPromise(kind="callback", ticket=ticket.id, due_at=NOW, deadline_at=NOW + 3_600_000)
    one = await house.store.write(lambda c: promises.owe(c, new, NOW))
    await house.write(lambda c: turns.reserve(c, one.id, li, NOW + 20_000))
    await house.rest()
    assert house.book.log == [f"pause {PHONE} everywhere promise"]
    members = [
        Member(
            queue=queue, interface=PHONE, agent="Li", state_interface=PHONE, penalty=0, dynamic=True,
            paused=True, pause_reason="promise", device="free", since=NOW,
        )
        for queue in ("hotline", "repair")
    ]  # fmt: skip
    await house.write(lambda c: turns.release(c, one.id, NOW))
    house.again().begin(PBX, [], members)
    await house.rest(sees())
    assert house.book.log[1:] == [f"pause {PHONE} everywhere None"]


async def test_a_call_a_wrap_up_and_the_record_that_ends_it(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    house.book.log.clear()
    await house.rest(*ON_CALL, over("B"))
    assert house.book.log == [f"pause {PHONE} everywhere wrap-up"]
    wrap = (await house.shift(li)).wrap_up
    assert wrap is not None
    assert (wrap.call, wrap.until - wrap.since) == (CALL, 60_000)
    assert house.screens.shifts[li].wrap_up == wrap
    await house.write(lambda c: shifts.recorded(c, li, CALL))
    await house.rest()
    assert house.book.log[1:] == [f"pause {PHONE} everywhere None"]


async def test_a_wrap_up_that_nobody_ends_ends_by_itself_in_another_process_too(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    await house.rest(*ON_CALL, over("B"))
    members = [
        Member(
            queue=queue, interface=PHONE, agent="Li", state_interface=PHONE, penalty=0, dynamic=True,
            paused=True, pause_reason="wrap-up", device="free", since=NOW,
        )
        for queue in ("hotline", "repair")
    ]  # fmt: skip
    house.again().begin(PBX, [], members)
    house.book.log.clear()
    await house.rest(sees())
    assert house.book.log == []
    await house.later(60)
    assert house.book.log == [f"pause {PHONE} everywhere None"]
    assert (await house.shift(li)).wrap_up is None


async def test_a_taken_seat_changes_hands_with_its_name_and_who_sat_there_is_told(house: House) -> None:
    li, wang = await house.user("li"), await house.user("wang", "hotline")
    await house.sits(li)
    house.book.log.clear()
    await house.sits(wang, take_over=True)
    assert house.screens.moves == [("Li", None, "Wang")]
    assert li not in house.screens.shifts
    assert set(house.book.members) == {("hotline", PHONE)}
    assert f"remove {PHONE} repair" in house.book.log
    assert house.presence.why(li)[0].code == "not_signed_in"


async def test_moving_to_another_phone_empties_the_first_and_tells_the_first_screen(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    await house.sits(li, "PJSIP/1002")
    assert {interface for _, interface in house.book.members} == {"PJSIP/1002"}
    assert house.screens.moves == [("Li", "PJSIP/1002", None)]
    assert await house.store.read(shifts.vacated) == []


async def test_a_disabled_user_loses_the_seat_and_a_new_profile_reaches_the_switch(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    changed = Changes(own_queues=[Profile(queue="hotline"), Profile(queue="vip")])
    await house.write(lambda c: users.change(c, li, changed, BOSS, NOW))
    await house.later(2)
    assert {queue for queue, _ in house.book.members} >= {"hotline", "vip"}
    await house.write(lambda c: users.change(c, li, Changes(disabled=True), BOSS, NOW))
    await house.later(2)
    assert await house.store.read(shifts.every) == []


async def test_a_screen_that_closes_is_absence_after_a_while_and_one_that_comes_back_is_not(
    house: House,
) -> None:
    li = await house.user("li")
    await house.sits(li)
    house.presence.screens_changed(li, True)
    await house.rest()
    house.presence.screens_changed(li, False)
    await house.later(30)
    house.presence.screens_changed(li, True)
    await house.later(90)
    assert (await house.shift(li)).wish == "ready"
    house.presence.screens_changed(li, False)
    await house.rest()
    await house.later(60)
    assert (await house.shift(li)).reason == "absent"
    assert house.book.log[-1] == f"pause {PHONE} everywhere absent"


async def test_after_a_restart_a_screen_that_does_not_come_back_is_absence_too(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    house.presence.screens_changed(li, True)
    await house.rest()
    house.again().begin(PBX)
    await house.rest(sees())
    assert (await house.shift(li)).absent_since == house.now


async def test_a_program_that_never_opens_a_screen_is_not_absent(house: House) -> None:
    li = await house.user("li")
    await house.sits(li)
    await house.later(600)
    assert (await house.shift(li)).wish == "ready"


async def test_waiting_ends_when_the_switch_has_done_it_and_not_before(house: House) -> None:
    li = await house.user("li")
    running = asyncio.create_task(house.presence.run())
    person = await house.store.read(lambda c: users.person(c, li))
    await house.write(lambda c: shifts.sign_in(c, person, seat(PBX, PHONE), NOW))
    assert await house.presence.settled(li)
    assert len(house.book.members) == 2
    left = seat(PBX, PHONE)
    await house.write(lambda c: shifts.leave(c, li))
    assert await house.presence.settled(li, left)
    assert house.book.members == {}
    house.presence.stop()
    await running


async def test_waiting_for_a_switch_that_another_node_follows_ends_with_a_no(house: House) -> None:
    li = await house.user("li")
    lost = facts.LinkLost(pbx=PBX, at=NOW, reason=FOLLOWED_ELSEWHERE)
    house.presence.feed(PBX, [lost])
    running = asyncio.create_task(house.presence.run())
    person = await house.store.read(lambda c: users.person(c, li))
    await house.write(lambda c: shifts.sign_in(c, person, seat(PBX, PHONE), NOW))
    assert not await house.presence.settled(li, within_s=0.2)
    assert [one.code for one in house.presence.why(li)] == ["not_followed"]
    house.presence.stop()
    await running


async def test_a_wrap_up_that_could_not_be_written_is_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = await house.user("li")
    await house.sits(li)

    async def full(work: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(house.store, "write", full)
        house.presence.feed(PBX, [*ON_CALL, over("B")])
        with pytest.raises(StoreError):
            await house.presence.look()
    await house.rest()
    assert (await house.shift(li)).wrap_up is not None
    assert house.book.members["hotline", PHONE] == (True, "wrap-up")


async def test_a_mistake_in_following_does_not_reach_whoever_tells(house: House) -> None:
    house.presence.feed(PBX, [object()])  # type: ignore[list-item]
    house.presence.feed(PbxId("unheard of"), [sees()])
    await house.rest(device("free"), over("nobody", CallId("main:9")))


async def test_whoever_is_on_a_call_is_known_for_who_wants_their_seat(house: House) -> None:
    house.presence.feed(PBX, ON_CALL)
    assert house.presence.on_call(seat(PBX, PHONE))
    assert not house.presence.on_call(seat(PBX, "PJSIP/1002"))
    assert not house.presence.on_call(seat("other", PHONE))

"""Shifts in the store: one seat a person, one person a seat, and no change undoes another."""

from __future__ import annotations

import asyncio

import pytest

from callserver.errors import NotFound
from callserver.facts import CallId, PbxId
from callserver.people import Person, Profile, UserId
from callserver.seats.shift import Shift, WrapUp, seat
from callserver.store import shifts
from callserver.store.engine import Store
from callserver.store.shifts import SignedIn, Taken

NOW = 1_795_000_000_000
MAIN = PbxId("main")
CALL = CallId("main:1.0")
WRAP = WrapUp(call=CALL, since=NOW, until=NOW + 60_000)


def person(id: int, name: str, *queues: str) -> Person:
    profile = tuple(Profile(queue=queue, penalty=at) for at, queue in enumerate(queues or ("hotline",)))
    return Person(id=UserId(id), login=name.lower(), name=name, role="agent", queues=profile)


LI, WANG = person(1, "Li", "hotline", "repair"), person(2, "Wang")


async def sit(store: Store, who: Person, phone: str = "1001", *, take_over: bool = False) -> SignedIn:
    place = seat("main", f"PJSIP/{phone}")
    return await store.write(lambda c: shifts.sign_in(c, who, place, NOW, take_over=take_over))


async def of(store: Store, who: Person) -> Shift | None:
    return await store.read(lambda c: shifts.of(c, who.id))


async def shift_of(store: Store, who: Person) -> Shift:
    found = await of(store, who)
    assert found is not None
    return found


async def test_whoever_sits_down_begins_with_a_pause_and_the_queues_of_their_profile(store: Store) -> None:
    made = (await sit(store, LI)).shift
    assert (made.wish, made.reason, made.carried) == ("pause", "signed in", False)
    assert made.queues == LI.queues
    assert made.seat == seat("main", "PJSIP/1001")
    assert await store.read(shifts.every) == [made]
    assert await store.read(lambda c: shifts.at(c, MAIN, "PJSIP/1001")) == made


async def test_moving_to_another_seat_takes_the_wish_along_and_leaves_the_old_one_to_be_cleared(
    store: Store,
) -> None:
    await sit(store, LI)
    await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW + 5))
    moved = await sit(store, LI, "1002")
    assert moved.left == seat("main", "PJSIP/1001")
    assert (moved.shift.seat.interface, moved.shift.wish, moved.shift.carried) == (
        "PJSIP/1002",
        "ready",
        False,
    )
    (left,) = await store.read(shifts.vacated)
    assert (left.interface, left.queues) == ("PJSIP/1001", frozenset({"hotline", "repair"}))
    await store.write(lambda c: shifts.cleared(c, left))
    assert await store.read(shifts.vacated) == []


async def test_sitting_down_again_at_the_same_seat_leaves_nothing_behind(store: Store) -> None:
    await sit(store, LI)
    assert (await sit(store, LI)).left is None
    assert await store.read(shifts.vacated) == []


async def test_a_taken_seat_is_refused_and_given_only_to_who_means_it(store: Store) -> None:
    await sit(store, LI)
    with pytest.raises(Taken, match="Li's seat"):
        await sit(store, WANG)
    assert await of(store, WANG) is None
    taken = await sit(store, WANG, take_over=True)
    assert [one.user for one in taken.displaced] == [LI.id]
    assert await of(store, LI) is None
    (left,) = await store.read(shifts.vacated)
    assert left.queues == {"hotline", "repair"}


async def test_of_two_who_sit_down_in_the_same_moment_one_has_the_seat(store: Store) -> None:
    for round_ in range(5):
        racers = [person(10 * round_ + n, f"R{round_}-{n}") for n in range(4)]
        came = await asyncio.gather(
            *(sit(store, one, str(2000 + round_)) for one in racers), return_exceptions=True
        )
        assert sum(isinstance(one, SignedIn) for one in came) == 1
        assert sum(isinstance(one, Taken) for one in came) == 3


async def test_ready_ends_a_wrap_up_and_a_pause_comes_after_it(store: Store) -> None:
    await sit(store, LI)
    await store.write(lambda c: shifts.wrap_up(c, LI.id, WRAP))
    after = await store.write(lambda c: shifts.wish(c, LI.id, "pause", "lunch", NOW + 1))
    assert (after.wrap_up, after.reason) == (WRAP, "lunch")
    after = await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW + 2))
    assert (after.wrap_up, after.wish, after.reason) == (None, "ready", None)


async def test_saving_the_record_ends_the_wrap_up_of_that_call_only(store: Store) -> None:
    await sit(store, LI)
    await store.write(lambda c: shifts.wrap_up(c, LI.id, WRAP))
    assert not await store.write(lambda c: shifts.recorded(c, LI.id, CallId("main:2.0")))
    assert (await shift_of(store, LI)).wrap_up == WRAP
    assert await store.write(lambda c: shifts.recorded(c, LI.id, CALL))
    assert (await shift_of(store, LI)).wrap_up is None
    assert not await store.write(lambda c: shifts.recorded(c, WANG.id, CALL))


async def test_a_wish_that_was_carried_out_is_not_confused_with_the_next_one(store: Store) -> None:
    old = (await sit(store, LI)).shift
    new = await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW))
    assert new.wished_at > old.wished_at
    await store.write(lambda c: shifts.carried(c, old))
    assert not (await shift_of(store, LI)).carried
    await store.write(lambda c: shifts.carried(c, new))
    assert (await shift_of(store, LI)).carried


async def test_absence_counts_from_the_last_screen_at_the_node_where_it_was(store: Store) -> None:
    await sit(store, LI)
    await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW + 1))
    await store.write(lambda c: shifts.gone(c, [LI.id], "a", NOW + 2))
    assert (await shift_of(store, LI)).absent_since is None, "no screen was ever open"
    await store.write(lambda c: shifts.watching(c, [LI.id], "a"))
    await store.write(lambda c: shifts.watching(c, [LI.id], "b"))
    await store.write(lambda c: shifts.gone(c, [LI.id], "a", NOW + 3))
    assert (await shift_of(store, LI)).absent_since is None, "another screen is open at b"
    await store.write(lambda c: shifts.gone(c, [LI.id], "b", NOW + 4))
    assert (await shift_of(store, LI)).absent_since == NOW + 4
    assert not await store.write(lambda c: shifts.absent(c, LI.id, NOW + 3, NOW + 9))
    assert await store.write(lambda c: shifts.absent(c, LI.id, NOW + 4, NOW + 9))
    assert ((await shift_of(store, LI)).wish, (await shift_of(store, LI)).reason) == ("pause", "absent")


async def test_whoever_is_on_a_pause_is_not_made_absent(store: Store) -> None:
    await sit(store, LI)
    await store.write(lambda c: shifts.wish(c, LI.id, "pause", "lunch", NOW + 1))
    await store.write(lambda c: shifts.watching(c, [LI.id], "a"))
    await store.write(lambda c: shifts.gone(c, [LI.id], "a", NOW + 2))
    assert not await store.write(lambda c: shifts.absent(c, LI.id, NOW + 9, NOW + 9))
    assert (await shift_of(store, LI)).reason == "lunch"


async def test_signing_out_ends_the_shift_and_leaves_the_seat_to_be_cleared(store: Store) -> None:
    await sit(store, LI)
    assert (await store.write(lambda c: shifts.leave(c, LI.id))).leaving
    await sit(store, WANG)  # a seat that is being left is free
    await store.write(lambda c: shifts.end(c, WANG.id, NOW + 1))
    assert await store.read(shifts.every) == []
    assert len(await store.read(shifts.vacated)) == 1
    assert await store.write(lambda c: shifts.end(c, WANG.id, NOW + 1)) is None


async def test_who_is_not_at_work_can_wish_and_leave_nothing(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW))
    with pytest.raises(NotFound):
        await store.write(lambda c: shifts.leave(c, LI.id))


async def test_a_changed_profile_reaches_the_shift_and_an_unchanged_one_changes_nothing(store: Store) -> None:
    before = (await sit(store, LI)).shift
    await store.write(lambda c: shifts.refresh(c, LI, NOW))
    assert await of(store, LI) == before
    await store.write(lambda c: shifts.refresh(c, person(1, "Li Na", "vip"), NOW))
    after = await shift_of(store, LI)
    assert (after.name, after.serves) == ("Li Na", frozenset({"vip"}))
    assert after.wished_at > before.wished_at


async def test_every_change_has_a_version_of_its_own_also_after_coming_back(store: Store) -> None:
    seen = [(await sit(store, LI)).shift.version]
    await store.write(lambda c: shifts.wish(c, LI.id, "ready", None, NOW))
    seen.append((await shift_of(store, LI)).version)
    await store.write(lambda c: shifts.end(c, LI.id, NOW))
    again = await store.write(lambda c: shifts.sign_in(c, LI, seat("main", "PJSIP/1001"), NOW + 50))
    seen.append(again.shift.version)
    assert sorted(set(seen)) == seen
    assert await store.read(shifts.versions) == {LI.id: seen[-1]}


async def test_hostile_texts_are_kept_on_both_databases(store: Store) -> None:
    odd = Person(
        id=UserId(9),
        login="odd",
        name="\0\ud800<b>" + "x" * 500,
        role="agent",
        queues=(Profile(queue="\0q"),),
    )
    made = await sit(store, odd)
    assert made.shift.name.startswith("\ufffd\ufffd<b>")
    await store.write(lambda c: shifts.wish(c, odd.id, "pause", "\0" + "y" * 500, NOW))
    assert (await shift_of(store, odd)).reason is not None

"""Requests to a switch: put down once, given out once, never after their time, never by who does not own it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from callserver.errors import LeaseLost
from callserver.facts import MACHINE, CallId, LegId
from callserver.seats.asking import (
    KINDS,
    AttendedTransfer,
    CommandId,
    Hangup,
    Outcome,
    QueueAdd,
    QueuePause,
    from_json,
    to_json,
)
from callserver.store import at_work, commands, leases, retention
from callserver.store.commands import Ask, Owner, UnderWay
from callserver.store.engine import Store
from tests.store.samples import PBX

NOON = 1_795_300_000_000
PAUSE = QueuePause(interface="PJSIP/1001", paused=True, queue="repair", reason="wrap-up")
ASK = Ask(pbx=PBX, request=PAUSE, actor=MACHINE)


async def ask(store: Store, wanted: Ask = ASK, now: int = NOON) -> CommandId:
    return await store.write(lambda connection: commands.ask(connection, wanted, now=now))


async def own(store: Store, holder: str = "a/1") -> Owner:
    lease = await leases.acquire(store, leases.lease_of(PBX), holder, 60, node="node", take_over=True)
    assert lease is not None
    return Owner(pbx=PBX, holder=lease.holder, epoch=lease.epoch)


async def known(store: Store, id: CommandId) -> Outcome:
    found = await store.read(lambda connection: commands.outcome(connection, id))
    assert found is not None
    return found


async def test_requests_are_given_out_once_in_the_order_they_were_put_down(store: Store) -> None:
    owner = await own(store)
    ids = [await ask(store, replace(ASK, request=replace(PAUSE, queue=str(n)))) for n in range(3)]
    assert await commands.waiting(store, PBX)
    taken = await commands.take(store, owner, now=NOON + 1)
    assert [one.id for one in taken] == ids
    assert [one.request.queue for one in taken] == ["0", "1", "2"]  # type: ignore[union-attr]
    assert (await known(store, ids[0])).state == "sent"
    assert await commands.take(store, owner, now=NOON + 1) == []
    assert not await commands.waiting(store, PBX)


async def test_what_comes_too_late_is_never_given_out_and_says_so(store: Store) -> None:
    owner = await own(store)
    id = await ask(store, replace(ASK, within_s=10))
    assert await commands.take(store, owner, now=NOON + 10_000) == []
    found = await known(store, id)
    assert (found.state, found.over, found.done) == ("expired", True, False)
    assert found.said.startswith("it was too late")
    other = await ask(store, replace(ASK, within_s=10))
    given_up = await store.write(lambda connection: commands.give_up(connection, other, now=NOON + 10_000))
    assert given_up is not None
    assert given_up.state == "expired"


async def test_who_does_not_own_the_switch_gets_nothing(store: Store) -> None:
    before, now_owner = await own(store, "a/1"), await own(store, "a/1")
    assert before == now_owner
    await ask(store)
    for stranger in (replace(now_owner, holder="b/1"), replace(now_owner, epoch=now_owner.epoch + 1)):
        with pytest.raises(LeaseLost):
            await commands.take(store, stranger, now=NOON)
    assert len(await commands.take(store, now_owner, now=NOON)) == 1


async def test_two_requests_with_one_key_are_one_also_when_it_is_over(store: Store) -> None:
    owner = await own(store)
    keyed = replace(ASK, key="click-1")
    id = await ask(store, keyed)
    assert await ask(store, keyed) == id
    await commands.take(store, owner, now=NOON)
    await commands.settle(store, Outcome(id=id, state="done"), now=NOON)
    assert await ask(store, keyed) == id
    assert not await commands.waiting(store, PBX)


async def test_a_lane_has_one_request_under_way_and_the_next_one_after_it(store: Store) -> None:
    owner = await own(store)
    laned = replace(ASK, lane="phone:PJSIP/1001")
    id = await ask(store, laned)
    other = replace(laned, request=replace(PAUSE, queue="sales"))
    for _ in range(2):  # while it waits, and while it is sent
        with pytest.raises(UnderWay) as caught:
            await ask(store, other)
        assert (caught.value.id, caught.value.request) == (id, PAUSE)
        await commands.take(store, owner, now=NOON)
    await ask(store, replace(other, lane="phone:PJSIP/1002"))
    await commands.settle(store, Outcome(id=id, state="refused"), now=NOON)
    assert await ask(store, other) != id


async def test_a_request_that_expired_does_not_keep_its_lane(store: Store) -> None:
    laned = replace(ASK, lane="phone", within_s=5)
    first = await ask(store, laned)
    assert await ask(store, laned, NOON + 5_000) != first


async def test_two_that_click_in_the_same_moment_ask_once(store: Store) -> None:
    laned = replace(ASK, lane="phone")
    answers = await asyncio.gather(*(ask(store, laned) for _ in range(5)), return_exceptions=True)
    assert [type(one).__name__ for one in answers].count("UnderWay") == 4


async def test_an_outcome_is_written_once_and_only_for_what_was_sent(store: Store) -> None:
    owner = await own(store)
    id = await ask(store)
    said = Outcome(id=id, state="refused", code="busy", said="besetzt\x00\ud800", detail={"call": "x"})
    assert not await commands.settle(store, said, now=NOON)
    await commands.take(store, owner, now=NOON)
    assert await commands.settle(store, said, now=NOON)
    assert not await commands.settle(store, replace(said, state="done"), now=NOON)
    assert await known(store, id) == replace(said, said="besetzt\ufffd\ufffd")


async def test_the_next_owner_is_told_what_was_sent_and_not_settled(store: Store) -> None:
    first = await own(store, "a/1")
    ids = [await ask(store) for _ in range(2)]
    await commands.take(store, first, now=NOON)
    await commands.settle(store, Outcome(id=ids[0], state="done"), now=NOON)
    assert await commands.left_behind(store, first) == []
    left = await commands.left_behind(store, await own(store, "a/2"))
    assert [(one.id, one.request) for one in left] == [(ids[1], PAUSE)]


async def test_what_this_program_cannot_read_is_given_out_as_such(store: Store) -> None:
    owner = await own(store)
    id = await ask(store)
    table = at_work.commands
    await store.write(lambda c: c.execute(table.update().where(table.c.id == id).values(kind="fly")))
    (taken,) = await commands.take(store, owner, now=NOON)
    assert taken.request is None


async def test_requests_are_forgotten_when_they_are_old_and_over(store: Store) -> None:
    owner = await own(store)
    over, under_way = await ask(store), await ask(store)
    await commands.take(store, owner, now=NOON)
    await commands.settle(store, Outcome(id=over, state="done"), now=NOON)
    gone = await retention.sweep(store, retention.Terms(answers=1), NOON + 2 * 86_400_000)
    assert gone["answers"] == 1
    assert (await known(store, under_way)).state == "sent"


@pytest.mark.parametrize(
    "request_",
    [
        PAUSE,
        QueueAdd(queue="r", interface="PJSIP/1", member="王小明", penalty=3),
        Hangup(call=CallId("main:1.1"), leg=LegId("1.1")),
        AttendedTransfer(
            call=CallId("main:1.1"), leg=LegId("1.1"), step="begin", way="agent", to="PJSIP/1002"
        ),
    ],
)
def test_a_request_survives_its_json(request_: QueueAdd) -> None:
    assert KINDS[request_.kind] is type(request_)
    assert from_json(request_.kind, {**to_json(request_), "unknown": 1}) == request_


@pytest.mark.parametrize(("kind", "body"), [("fly", {}), ("queue_add", {"queue": "r"})])
def test_what_is_no_request_is_said(kind: str, body: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=kind):
        from_json(kind, body)

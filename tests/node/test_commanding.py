"""Requests on their way to a switch: real store, real floor; only the line is a fake that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from callserver.errors import StoreError
from callserver.facts import MACHINE
from callserver.seats.asking import CommandId, Outcome, QueueAdd, QueuePause, QueueRemove, Request
from callserver.store import commands, leases
from callserver.store.commands import Ask, Owner, Taken
from callserver.store.engine import Store
from callserver.web.switchboard import Switchboard
from tests.node.conftest import AtWork, at_work, eventually
from tests.node.fakes import PBX
from tests.store.conftest import hops

ADD = QueueAdd(queue="repair", interface="PJSIP/1001", member="Ann", paused=True, reason="just here")
PAUSE = QueuePause(interface="PJSIP/1001", paused=True, queue="repair", reason="lunch")
REMOVE = QueueRemove(queue="repair", interface="PJSIP/1001")


@pytest_asyncio.fixture
async def work(store: Store) -> AsyncIterator[AtWork]:
    async with at_work(store) as begun:
        begun.line.up(1_000_000)
        await eventually(lambda: begun.vitals.switch("main").link == "up")
        yield begun


async def put(store: Store, request: Request, within_s: float = 60) -> CommandId:
    wanted = Ask(pbx=PBX, request=request, actor=MACHINE, within_s=within_s)
    return await store.write(lambda connection: commands.ask(connection, wanted))


def board(store: Store, work: AtWork) -> Switchboard:
    """As in the service: woken at once, told at once."""
    made = Switchboard(store, look_s=30)
    made.wakes(lambda pbx: work.duty.wake())
    work.duty._on_command_over = made.over
    assert work.duty._commander is not None
    work.duty._commander._on_over = made.over
    return made


async def ask(store: Store, work: AtWork, request: Request) -> Outcome:
    wanted = Ask(pbx=PBX, request=request, actor=MACHINE, within_s=60)
    return await board(store, work).ask(wanted, timeout_s=60)


async def test_a_request_is_sent_at_once_and_its_outcome_told_at_once(store: Store, work: AtWork) -> None:
    """Neither a look of the node, which is a minute away, nor one of the board every 30 s has a part in it."""
    commander = work.duty._commander
    assert commander is not None
    commander._poll_s = 60
    work.duty.wake()
    assert commander._woken.is_set()
    await eventually(lambda: not commander._woken.is_set())
    outcome = await ask(store, work, REMOVE)
    assert (outcome.state, outcome.code) == ("done", "done")
    assert [action.name for action in work.line.sent] == ["QueueRemove"]


async def test_a_pauses_reason_follows_its_membership(store: Store, work: AtWork) -> None:
    assert (await ask(store, work, ADD)).done
    add, pause = work.line.sent
    assert (add.name, pause.name) == ("QueueAdd", "QueuePause")
    assert ("Reason", "just here") in list(pause.fields())


async def test_what_is_so_already_is_done(store: Store, work: AtWork) -> None:
    work.line.refuses = {
        "QueueAdd": "Unable to add interface: Already there",
        "QueueRemove": "Unable to remove interface: Not there",
    }
    for request in (ADD, REMOVE):
        outcome = await ask(store, work, request)
        assert (outcome.state, outcome.code) == ("done", "already")


async def test_the_switchs_no_is_said_in_words(store: Store, work: AtWork) -> None:
    work.line.refuses = {
        "QueueAdd": "Unable to add interface to queue: No such queue",
        "QueuePause": "Interface not found",
        "QueueRemove": "Member not dynamic",
    }
    said = [await ask(store, work, request) for request in (ADD, PAUSE, REMOVE)]
    assert [(one.state, one.code) for one in said] == [
        ("refused", "no_queue"),
        ("refused", "not_member"),
        ("refused", "switch_refused"),
    ]
    assert said[0].said == "Asterisk main has no queue repair"
    assert said[1].said == "PJSIP/1001 is not in queue repair"
    assert said[2].said == "Asterisk said no: Member not dynamic"


async def test_without_a_link_it_is_refused_at_once_and_says_since_when(store: Store, work: AtWork) -> None:
    work.line.lose(1_000_000)
    await eventually(lambda: work.vitals.switch("main").link == "down")
    outcome = await ask(store, work, PAUSE)
    assert (outcome.state, outcome.code) == ("refused", "no_connection")
    assert outcome.said == "callserver has no connection to Asterisk main since 00:16"
    assert work.line.sent == []


async def test_an_answer_that_was_not_seen_is_unknown_and_nothing_is_sent_again(
    store: Store, work: AtWork
) -> None:
    work.line.mute = True
    outcome = await ask(store, work, PAUSE)
    assert (outcome.state, outcome.code) == ("unknown", "unknown")
    assert "no answer was seen" in outcome.said
    assert len(work.line.sent) == 1


async def test_a_line_break_never_leaves(store: Store, work: AtWork) -> None:
    outcome = await ask(store, work, QueueRemove(queue="repair\r\nAction: Originate", interface="PJSIP/1"))
    assert (outcome.state, outcome.code) == ("refused", "unsafe")
    assert work.line.sent == []


async def test_what_another_process_put_down_is_found_without_a_word(store: Store, work: AtWork) -> None:
    id = await put(store, PAUSE)
    outcome = await Switchboard(store, look_s=0.05).outcome(id, 60)
    assert outcome.done


async def test_many_who_wait_are_one_look(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [await put(store, PAUSE) for _ in range(30)]
    waiting = Switchboard(store, look_s=30)
    with hops(monkeypatch) as seen:
        came = asyncio.gather(*(waiting.outcome(id, 60) for id in ids))
        await eventually(lambda: bool(seen))
        for id in ids:
            waiting.over(Outcome(id=id, state="done", code="done"))
        assert all(one.done for one in await came)
    assert len(seen) == 1


async def test_a_switch_that_nobody_owns_lets_requests_expire(store: Store) -> None:
    id = await put(store, PAUSE, within_s=0.1)
    outcome = await Switchboard(store, look_s=0.05).outcome(id, 0.2)
    assert (outcome.state, outcome.code) == ("expired", "expired")
    assert outcome.said.endswith("no callserver with a connection to Asterisk main took it in time")


async def test_what_a_killed_node_had_marked_is_asked_of_the_switch_and_not_sent_again(store: Store) -> None:
    lease = await leases.acquire(store, leases.lease_of(PBX), "node-a/0", 60, node="node-a")
    assert lease is not None
    ids = [await put(store, request) for request in (ADD, PAUSE, REMOVE)]
    await commands.take(store, Owner(pbx=PBX, holder="node-a/0", epoch=lease.epoch))
    async with at_work(store) as work:
        work.line.up(1_000_000)
        came = [await Switchboard(store, look_s=0.05).outcome(id, 60) for id in ids]
        assert work.line.sent == []
    assert [(one.state, one.code) for one in came] == [
        ("refused", "lost"),
        ("refused", "lost"),
        ("done", "done"),
    ]
    assert came[0].said.endswith("PJSIP/1001 is not in repair")


async def test_what_was_marked_while_the_database_broke_is_asked_of_the_switch(
    store: Store, work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit came to be, and its answer did not: nobody knows whether the request was given out."""
    take = commands.take

    async def breaks(store: Store, owner: Owner) -> list[Taken]:
        monkeypatch.setattr(commands, "take", take)
        await take(store, owner)
        raise StoreError("the connection was cut")

    monkeypatch.setattr(commands, "take", breaks)
    outcome = await ask(store, work, ADD)
    assert (outcome.state, outcome.code) == ("refused", "lost")
    assert work.line.sent == []

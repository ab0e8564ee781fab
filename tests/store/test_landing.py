"""Calls that land: on which ticket, what is written down, and once, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from callserver.customers import checking
from callserver.errors import NotFound
from callserver.facts import iso
from callserver.store import call_tickets, customers, engine, kinds, merging, promises, text, tickets
from callserver.store.desk import outbox, timeline, webhooks
from callserver.store.desk import tickets as ticket_table
from callserver.store.engine import Store
from callserver.store.landing import SETTLE_MS, Told, land
from callserver.store.schema import jobs
from callserver.tickets.changing import Draft
from callserver.tickets.landing import MOVED, WITHHELD
from callserver.tickets.promise import NewPromise
from callserver.tickets.record import TicketId
from tests.store.hotline import LI, PLAN, SITE, STRANGER, WANG, Hotline, visit
from tests.store.of_tickets import ANNA, HOUR, MINUTE, NOON
from tests.store.samples import DAY, PBX, call_id


@pytest_asyncio.fixture
async def hotline(store: Store) -> Hotline:
    return Hotline(store)


async def test_a_customers_call_opens_a_ticket_when_it_is_answered(hotline: Hotline) -> None:
    wang = await hotline.customer("王小明", WANG)
    call = await hotline.answered(WANG, queue_visits=[visit("complaints")])
    ticket = await hotline.ticket_of(call)
    assert (ticket.kind, ticket.customer, ticket.caller) == ("complaint", wang.id, "+8613800138000")
    assert await hotline.kinds(ticket.id) == ["opened"]
    assert await hotline.rule(call) == "in: customer"


async def test_the_timeline_tells_of_the_call_once_when_it_is_over(hotline: Hotline) -> None:
    call = await hotline.talked(WANG)
    ticket = await hotline.ticket_of(call)
    for moment in ("answered", "ended", "ended"):
        assert (await hotline.lands(call, moment)).row == "stays"
    opened, entry = await hotline.timeline(ticket.id)
    assert opened.body == {"rule": "in: stranger", "kind": "repair", "caller": "+8613800138000"}
    assert (entry.kind, entry.call, entry.actor, entry.through) == ("call", call, "callserver", "call")
    assert entry.at == hotline.now + 9_000
    assert (entry.body["outcome"], entry.body["agents"], entry.body["waited_s"]) == (
        "answered",
        ["王芳"],
        9.0,
    )
    assert (entry.body["talked_s"], entry.body["queues"][0]["queue"]) == (30.0, "repair")
    assert WANG not in text.dump(entry.body)


async def test_a_second_call_continues_the_ticket(hotline: Hotline) -> None:
    first = await hotline.talked(WANG)
    hotline.now += 6 * DAY
    second = await hotline.talked(f"0{WANG}")  # as another trunk shows it
    assert await hotline.ticket_of(first) == await hotline.ticket_of(second)
    assert await hotline.rule(second) == "in: continues"
    hotline.now += 8 * DAY
    third = await hotline.talked(WANG)
    assert (await hotline.ticket_of(third)).id != (await hotline.ticket_of(first)).id
    assert len(await hotline.every_ticket()) == 2


async def test_a_running_call_keeps_its_ticket_fresh(hotline: Hotline) -> None:
    first = await hotline.ticket_of(await hotline.talked(WANG))
    await hotline.answered(WANG)
    assert (await hotline.store.read(lambda c: tickets.get(c, first.id))).touched_at == hotline.now


async def test_a_closed_ticket_is_not_continued(hotline: Hotline) -> None:
    first = await hotline.ticket_of(await hotline.talked(WANG))
    await hotline.store.write(lambda c: tickets.move(c, first.id, "cancelled", "done", ANNA, hotline.now))
    second = await hotline.ticket_of(await hotline.talked(WANG))
    assert second.id != first.id


# --- nobody answered -------------------------------------------------------------------------------------------------


async def test_abandoned_calls_of_one_number_are_one_ticket_that_owes_one_callback(hotline: Hotline) -> None:
    first = await hotline.gave_up(STRANGER)
    ended = hotline.now + 9_000
    second = await hotline.gave_up(STRANGER, "timed_out")
    ticket = await hotline.ticket_of(first)
    assert await hotline.ticket_of(second) == ticket
    assert (ticket.kind, ticket.customer) == ("missed_call", None)
    (callback,) = await hotline.promises(ticket.id)
    assert (callback.kind, callback.status, callback.number) == ("callback", "planned", "+8613700137000")
    assert (callback.due_at, callback.deadline_at) != (ended, ended)
    assert await hotline.kinds(ticket.id) == ["opened", "promise", "call", "call"]


async def test_a_callback_is_due_five_minutes_and_too_late_two_hours_after_the_end(hotline: Hotline) -> None:
    hotline.now += MINUTE
    call = await hotline.write(1, open=False, outcome="abandoned", at=hotline.now - 9_000 - 3_000)
    await hotline.lands(call)
    (callback,) = await hotline.promises((await hotline.ticket_of(call)).id)
    ended = hotline.now - 3_000
    assert (callback.due_at, callback.deadline_at) == (ended + 5 * MINUTE, ended + 2 * HOUR)


async def test_a_call_that_we_heard_of_in_the_night_is_owed_from_then_on(hotline: Hotline) -> None:
    call = await hotline.write(1, open=False, outcome="abandoned", at=hotline.now - DAY)
    await hotline.lands(call)
    (callback,) = await hotline.promises((await hotline.ticket_of(call)).id)
    assert callback.due_at == hotline.now + 5 * MINUTE
    (entry,) = [one for one in await hotline.timeline(callback.ticket) if one.kind == "call"]
    assert entry.at == hotline.now - DAY + 9_000


async def test_who_calls_in_first_is_not_called_back(hotline: Hotline) -> None:
    missed = await hotline.ticket_of(await hotline.gave_up(STRANGER))
    call = await hotline.answered(STRANGER)
    assert (await hotline.ticket_of(call)).id == missed.id
    (callback,) = await hotline.promises(missed.id)
    assert (callback.status, callback.why) == ("withdrawn", "called in first")
    again = await hotline.gave_up(STRANGER)
    assert (await hotline.ticket_of(again)).id == missed.id
    assert [one.status for one in await hotline.promises(missed.id)] == ["withdrawn", "planned"]


async def test_who_gives_their_place_for_a_call_is_owed_it_on_the_number_that_they_confirmed(
    hotline: Hotline,
) -> None:
    joined = hotline.now + 30_000
    held = {"queue": "repair", "number": "13900139000", "joined_at": iso(joined), "at": iso(joined + MINUTE)}
    call = await hotline.gave_up(
        None, "callback", callback=held, queue_visits=[visit(agent=None, end="callback")]
    )
    ticket = await hotline.ticket_of(call)
    (owed,) = await hotline.promises(ticket.id)
    assert (ticket.kind, owed.mode, owed.queue, owed.place_at) == (
        "missed_call",
        "customer_first",
        "repair",
        joined,
    )
    assert (owed.number, owed.due_at) == ("+8613900139000", hotline.now)


async def test_whoever_answers_the_queue_calls_back(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER, queue_visits=[visit("complaints", None, "abandoned")])
    (owed,) = await hotline.promises((await hotline.ticket_of(call)).id)
    assert (owed.mode, owed.queue) == ("agent_first", "complaints")


async def test_a_withheld_number_that_gave_up_is_counted_and_closed(hotline: Hotline) -> None:
    for caller in (None, "anonymous", "Anonymous", ""):
        ticket = await hotline.ticket_of(await hotline.gave_up(caller))
        assert (ticket.kind, ticket.status, ticket.closing) == ("missed_call", "closed", WITHHELD)
        assert await hotline.promises(ticket.id) == ()
        assert await hotline.kinds(ticket.id) == ["opened", "call", "status"]
    assert len(await hotline.every_ticket()) == 4


async def test_who_was_answered_since_is_not_called_back(hotline: Hotline) -> None:
    """The switch's journals tell of the missed call in the night; the caller was spoken with in the afternoon."""
    later = await hotline.talked(STRANGER)
    missed = await hotline.write(99, caller_number=STRANGER, open=False, outcome="abandoned", at=NOON - HOUR)
    assert (await hotline.lands(missed)).row == "lost: answered since"
    assert await hotline.ticket_of(missed) == await hotline.ticket_of(later)
    assert await hotline.promises((await hotline.ticket_of(missed)).id) == ()


async def test_an_end_that_nobody_saw_is_looked_at_again(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER, "unknown", gap=True)
    assert await hotline.rule(call) is None
    assert (await _waiting(hotline.store)) == [(f"land:{call}:unsettled", hotline.now + SETTLE_MS)]
    hotline.now += SETTLE_MS
    assert (await hotline.lands(call, "unsettled")).row == "lost: stranger"


async def test_an_end_that_the_journals_know_lands_as_they_say(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER, "unknown", gap=True)
    await hotline.write(1, caller_number=STRANGER, open=False, outcome="answered", answered=True)
    assert (await hotline.lands(call, "corrected", why=("the end",))).row == "in: stranger"
    assert (await hotline.lands(call, "unsettled")).row == "stays"
    assert await hotline.kinds((await hotline.ticket_of(call)).id) == ["opened", "call"]


async def _waiting(store: Store) -> list[tuple[str, int]]:
    rows = await store.read(lambda c: c.execute(select(jobs.c.key, jobs.c.run_at)).all())
    return [(row[0], row[1]) for row in rows]


# --- corrections and merges ------------------------------------------------------------------------------------------


async def test_a_correction_is_an_entry_of_its_own(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER)
    ticket = await hotline.ticket_of(call)
    await hotline.write(1, caller_number=STRANGER, open=False, outcome="answered", answered=True)
    landed = await hotline.lands(call, "corrected", why=("the agent",))
    assert (landed.row, landed.ticket) == ("answered after all", ticket.id)
    assert [one.status for one in await hotline.promises(ticket.id)] == ["withdrawn"]
    entries = [one for one in await hotline.timeline(ticket.id) if one.kind == "call_corrected"]
    assert [one.body["what"] for one in entries] == [["the agent"]]
    assert entries[0].body["outcome"] == "answered"
    assert (await hotline.lands(call, "corrected", why=("the agent",))).row == "stays"
    assert len([one for one in await hotline.timeline(ticket.id) if one.kind == "call_corrected"]) == 1


async def test_a_call_that_was_lost_after_all_owes_a_callback(hotline: Hotline) -> None:
    call = await hotline.talked(STRANGER)
    await hotline.write(1, caller_number=STRANGER, open=False, outcome="abandoned", answered=False)
    assert (await hotline.lands(call, "corrected")).row == "lost: after all"
    (callback,) = await hotline.promises((await hotline.ticket_of(call)).id)
    assert callback.status == "planned"


async def test_the_ticket_of_an_absorbed_call_comes_along(hotline: Hotline) -> None:
    absorbed = await hotline.answered(STRANGER)
    ticket = await hotline.ticket_of(absorbed)
    whole = await hotline.write(9, caller_number=STRANGER, open=False, answered=True, outcome="answered")
    landed = await hotline.lands(whole, "merged", absorbed=absorbed)
    assert (landed.row, landed.ticket) == ("carried over", ticket.id)
    assert await hotline.rule(absorbed) is None
    assert await hotline.kinds(ticket.id) == ["opened", "call"]


async def test_where_both_calls_had_a_ticket_both_timelines_tell(hotline: Hotline) -> None:
    whole, absorbed = await hotline.answered(WANG), await hotline.answered(STRANGER)
    kept, left = await hotline.ticket_of(whole), await hotline.ticket_of(absorbed)
    for _ in range(2):
        await hotline.lands(whole, "merged", absorbed=absorbed)
    assert (await hotline.ticket_of(whole)).id == kept.id
    assert await hotline.rule(absorbed) is None
    assert await hotline.kinds(kept.id) == ["opened", "call_moved_here"]
    assert await hotline.kinds(left.id) == ["opened", "call_moved_away"]
    assert (await hotline.timeline(left.id))[-1].body == {"part_of": whole, "to": kept.number}


async def test_a_call_that_absorbed_another_and_was_absorbed_itself_hands_the_ticket_on(
    hotline: Hotline,
) -> None:
    absorbed = await hotline.answered(STRANGER)
    ticket = await hotline.ticket_of(absorbed)
    between = call_id(50)  # its record is gone by the time its job is done
    assert (await hotline.lands(between, "merged", absorbed=absorbed)).row == "gone"
    whole = await hotline.write(51, caller_number=STRANGER, open=True, answered=True, outcome="answered")
    assert (await hotline.lands(whole, "merged", absorbed=between)).ticket == ticket.id


async def test_a_call_that_is_gone_lands_nowhere(hotline: Hotline) -> None:
    assert (await hotline.lands(call_id(77))).row == "gone"


# --- calls of ours ---------------------------------------------------------------------------------------------------


async def test_a_callback_that_is_answered_keeps_its_promise(hotline: Hotline) -> None:
    missed = await hotline.ticket_of(await hotline.gave_up(STRANGER))
    tried = await hotline.called(f"9{STRANGER}", reached=False)
    assert [one.status for one in await hotline.promises(missed.id)] == ["planned"]
    reached = await hotline.called(f"9{STRANGER}", reached=True)
    assert [one.status for one in await hotline.promises(missed.id)] == ["kept"]
    assert {(await hotline.ticket_of(one)).id for one in (tried, reached)} == {missed.id}
    assert await hotline.kinds(missed.id) == ["opened", "promise", "call", "call", "promise", "call"]


async def test_a_call_owed_to_a_customer_on_no_number_in_particular_is_kept_on_theirs(
    hotline: Hotline,
) -> None:
    wang = await hotline.customer("王小明", WANG)

    def visit_owed(c: Any) -> TicketId:
        ticket = tickets.open_ticket(c, Draft(kind="repair", customer=wang.id), ANNA, NOON, rule="a test")
        promise = NewPromise(kind="return_visit", ticket=ticket.id, due_at=NOON, deadline_at=NOON + DAY)
        promises.owe(c, promise, NOON)
        return ticket.id

    ticket = await hotline.store.write(visit_owed)
    call = await hotline.called(WANG, reached=True)
    assert (await hotline.ticket_of(call)).id == ticket
    assert [one.status for one in await hotline.promises(ticket)] == ["kept"]


async def test_a_call_to_a_stranger_and_one_within_the_house_land_nowhere(hotline: Hotline) -> None:
    assert await hotline.rule(await hotline.called(STRANGER, reached=True)) is None
    assert await hotline.rule(await hotline.called("1002", reached=True)) is None
    assert await hotline.rule(await hotline.talked("1001", direction="internal")) is None
    assert await hotline.every_ticket() == []


# --- households ------------------------------------------------------------------------------------------------------


async def test_a_household_waits_for_the_agent_unless_only_one_has_a_ticket(hotline: Hotline) -> None:
    wang, li = await hotline.customer("王小明", WANG), await hotline.customer("李秀英", WANG, LI)
    first = await hotline.ticket_of(await hotline.talked(WANG))
    assert first.customer is None
    await hotline.store.write(
        lambda c: tickets.give_customer(c, first.id, li.id, "she said so", ANNA, hotline.now)
    )
    assert (await hotline.ticket_of(await hotline.talked(WANG))).id == first.id
    await hotline.store.write(
        lambda c: tickets.open_ticket(
            c, Draft(kind="repair", customer=wang.id), ANNA, hotline.now, rule="a test"
        )
    )
    third = await hotline.ticket_of(await hotline.talked(WANG))
    assert (third.customer, third.id != first.id) == (None, True)


async def test_a_customer_who_comes_later_gets_the_tickets_of_their_number(hotline: Hotline) -> None:
    mine, theirs = await hotline.gave_up(STRANGER), await hotline.gave_up(LI)
    li = await hotline.customer("李秀英", STRANGER)
    given = await hotline.ticket_of(mine)
    assert given.customer == li.id
    assert (await hotline.ticket_of(theirs)).customer is None
    assert [one.customer for one in await hotline.promises(given.id)] == [li.id]


async def test_a_customer_who_gets_another_number_gets_its_tickets(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER)
    li = await hotline.customer("李秀英", LI)
    draft = checking.changed(li, {"numbers": [LI, STRANGER]}, PLAN)
    await hotline.store.write(lambda c: customers.change(c, li.id, 1, draft, ANNA, hotline.now))
    assert (await hotline.ticket_of(call)).customer == li.id


async def test_a_household_that_turns_out_to_be_one_customer_gets_its_tickets(hotline: Hotline) -> None:
    li, wang = await hotline.customer("李秀英", STRANGER), await hotline.customer("王小明", STRANGER)
    call = await hotline.gave_up(STRANGER)
    assert (await hotline.ticket_of(call)).customer is None
    await hotline.store.write(lambda c: merging.merge(c, li.id, wang.id, ANNA, hotline.now))
    assert (await hotline.ticket_of(call)).customer == li.id


async def test_a_customer_who_was_imported_later_gets_the_ticket_with_the_next_call(hotline: Hotline) -> None:
    missed = await hotline.ticket_of(await hotline.gave_up(STRANGER))
    li = await hotline.imported("李秀英", STRANGER)
    ticket = await hotline.ticket_of(await hotline.talked(STRANGER))
    assert (ticket.id, ticket.customer) == (missed.id, li.id)
    whose = select(timeline.c.customer_id).where(timeline.c.ticket_id == ticket.id).distinct()
    assert await hotline.store.read(lambda c: c.execute(whose).scalars().all()) == [li.id]


async def test_a_number_that_others_share_gives_nobody_a_ticket(hotline: Hotline) -> None:
    await hotline.customer("王小明", STRANGER)
    call = await hotline.gave_up(STRANGER)
    await hotline.customer("李秀英", STRANGER)
    household = await hotline.gave_up(LI)
    both = await hotline.customer("李娜", STRANGER, LI)
    assert (await hotline.ticket_of(household)).customer == both.id
    assert (await hotline.ticket_of(call)).customer != both.id


# --- by hand ---------------------------------------------------------------------------------------------------------


async def test_an_agent_moves_a_call_and_both_timelines_tell(hotline: Hotline) -> None:
    wang, li = await hotline.customer("王小明", WANG), await hotline.customer("李秀英", LI)
    call, other = await hotline.talked(WANG), await hotline.ticket_of(await hotline.talked(LI))
    left = await hotline.ticket_of(call)
    for _ in range(2):
        moved = await hotline.store.write(
            lambda c: call_tickets.move_call(c, call, other.id, ANNA, hotline.now)
        )
        assert moved.id == other.id
    assert (await hotline.ticket_of(call)).id == other.id
    away, here = (await hotline.timeline(left.id))[-1], (await hotline.timeline(other.id))[-1]
    assert (away.kind, away.actor, away.body["to"]) == ("call_moved_away", "anna", other.number)
    assert (here.kind, here.call, here.body["from"]) == ("call_moved_here", call, left.number)
    assert here.body["story"]["agents"] == ["王芳"]
    assert (await hotline.lands(call, "corrected", why=("x",))).row == MOVED
    whose = select(timeline.c.customer_id).where(timeline.c.kind == "call", timeline.c.call_id == call)
    assert await hotline.store.read(lambda c: c.execute(whose).scalar_one()) == li.id
    assert wang.id != li.id


async def test_a_running_call_that_is_moved_ends_on_the_other_ticket(hotline: Hotline) -> None:
    other = await hotline.ticket_of(await hotline.talked(LI))
    call = await hotline.answered(STRANGER)
    left = await hotline.ticket_of(call)
    await hotline.store.write(lambda c: call_tickets.move_call(c, call, other.id, ANNA, hotline.now))
    await hotline.write(hotline.number, caller_number=STRANGER, open=False, answered=True, outcome="answered")
    await hotline.lands(call)
    assert await hotline.kinds(left.id) == ["opened", "call_moved_away"]
    assert await hotline.kinds(other.id) == ["opened", "call", "call_moved_here", "call"]
    assert [link.call for link in await hotline.store.read(lambda c: call_tickets.calls_of(c, other.id))][
        -1
    ] == call


async def test_a_call_without_a_ticket_cannot_be_moved_nor_one_to_nowhere(hotline: Hotline) -> None:
    call = await hotline.talked(WANG)
    with pytest.raises(NotFound):
        await hotline.store.write(lambda c: call_tickets.move_call(c, call, TicketId(4711), ANNA, NOON))
    with pytest.raises(NotFound):
        await hotline.store.write(lambda c: call_tickets.move_call(c, call_id(99), TicketId(1), ANNA, NOON))


async def test_a_call_says_why_it_is_where_it_is(hotline: Hotline) -> None:
    call = await hotline.gave_up(STRANGER)
    link = await hotline.store.read(lambda c: call_tickets.explain(c, call))
    assert link is not None
    assert (link.rule, link.why) == ("lost: stranger", "somebody called and nobody answered")
    assert await hotline.store.read(lambda c: call_tickets.explain(c, call_id(99))) is None


# --- the world outside, and trouble ----------------------------------------------------------------------------------


async def test_the_end_of_a_call_is_told_once_with_its_ticket(hotline: Hotline) -> None:
    listening = {
        "version": 1,
        "state": "on",
        "failures": 0,
        "record": text.dump({"events": ["callserver.call.*"]}),
    }
    await hotline.store.write(lambda c: c.execute(webhooks.insert(), listening))
    call = await hotline.talked(WANG)
    await hotline.lands(call)
    await hotline.called("1002", reached=True)
    ticket = await hotline.ticket_of(call)
    rows = await hotline.store.read(lambda c: c.execute(select(outbox).order_by(outbox.c.id)).all())
    assert [(row.type, row.subject) for row in rows] == [
        ("callserver.call.ended", f"ticket:{ticket.id}"),
        ("callserver.call.ended", f"call:{call_id(2)}"),
    ]
    body = text.load(rows[0].body)
    assert (body["id"], body["number"], body["ticket"]) == (call, "+8613800138000", ticket.number)
    assert body["ended_at"] == iso(hotline.now - MINUTE + 9_000)


async def test_two_calls_of_one_number_at_once_open_one_missed_call_ticket(
    hotline: Hotline, url: str
) -> None:
    """Two workers, as on two nodes."""
    async with _another(url) as other:
        for round_ in range(10):
            number = f"137001370{round_:02d}"
            pair = [
                await hotline.write(
                    100 + 2 * round_ + one, caller_number=number, open=False, outcome="abandoned"
                )
                for one in range(2)
            ]
            told = [Told(pbx=PBX, call=call, moment="ended", key=f"land:{call}:ended") for call in pair]
            await asyncio.gather(
                hotline.store.write(partial(land, told=told[0], site=SITE)),
                other.write(partial(land, told=told[1], site=SITE)),
            )
    every = await hotline.every_ticket()
    assert len(every) == 10
    for ticket in every:
        assert len(await hotline.promises(ticket.id)) == 1
        assert (await hotline.kinds(ticket.id)).count("call") == 2


async def test_the_same_landing_on_two_workers_at_once_is_one(hotline: Hotline, url: str) -> None:
    async with _another(url) as other:
        for number in range(200, 210):
            call = await hotline.write(number, caller_number=None, open=False, outcome="abandoned")
            told = Told(pbx=PBX, call=call, moment="ended", key=f"land:{call}:ended")
            await asyncio.gather(
                *(one.write(partial(land, told=told, site=SITE)) for one in (hotline.store, other))
            )
    assert len(await hotline.every_ticket()) == 10


class _another:
    """The same database, opened by another process."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Store:
        self._store = await engine.open(self._url)
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.close()


async def test_a_kind_that_was_retired_does_not_keep_a_call_from_its_ticket(hotline: Hotline) -> None:
    def retire(c: Any) -> None:
        for name in ("repair", "information"):
            kind = kinds.get(c, name)
            kinds.put(c, replace(kind, retired=True), kind.version, ANNA, NOON)

    await hotline.store.write(retire)
    ticket = await hotline.ticket_of(await hotline.talked(WANG))
    assert ticket.kind not in ("repair", "information")


@pytest.mark.parametrize(
    "caller",
    [
        "<script>alert(1)</script>",
        "=cmd()",
        "1" * 10_000,
        "\x00\ud800",
        "1' or 1=1 --",
        "\u202eabc",
        "😀" * 500,
    ],
)
async def test_whatever_a_caller_claims_the_call_lands_and_matches_nobody(
    hotline: Hotline, caller: str
) -> None:
    await hotline.customer("王小明", WANG)
    hostile = {
        "caller_name": caller,
        "transfers": [{"kind": "blind", "by": caller, "to": caller, "at": None}],
    }
    ticket = await hotline.ticket_of(
        await hotline.talked(caller, queue_visits=[visit(caller, caller)], **hostile)
    )
    lost = await hotline.ticket_of(await hotline.gave_up(caller))
    assert (ticket.customer, lost.status) == (None, "closed")


async def test_the_age_of_a_ticket_is_that_of_its_last_entry(hotline: Hotline) -> None:
    ticket = await hotline.ticket_of(await hotline.talked(WANG))
    old = update(ticket_table).where(ticket_table.c.id == ticket.id).values(touched_at=hotline.now - 30 * DAY)
    await hotline.store.write(lambda c: c.execute(old))
    assert await hotline.rule(await hotline.talked(WANG)) == "in: stranger, stale"

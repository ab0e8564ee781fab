"""The two rules by which the hotline lives, from the agent's word to the customer's: 30 minutes, and 72 hours.

The store, the ticket, the policies and the dialler are real; the switch goes by the book; time is an argument, and
passes from one moment at which something is to be done to the next.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callserver.customers import checking
from callserver.facts import Instant, iso
from callserver.numbers import Plan
from callserver.people import UserId
from callserver.promises.defaults import DEFAULTS
from callserver.promises.hours import allowed
from callserver.seats.asking import Originate
from callserver.store import customers, owners, pledges, policies, promises, turns
from callserver.store.commands import Taken
from callserver.tickets.promise import Promise
from callserver.tickets.record import Ticket
from tests.promises.samples import at, told
from tests.store.of_tickets import ANNA, HOUR, MINUTE, begin, filled, moved
from tests.work.test_dialling import SECOND, WANG, Office, office, prepared_file

__all__ = ["office", "prepared_file"]
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
AFTERNOON = at("2026-11-23 14:00")  # a Monday
SHOWN_MS = 2 * SECOND
DAY = 24 * HOUR


async def case(office: Office, now: Instant, *, zone: str = "Asia/Shanghai") -> Ticket:
    """A ticket of a customer who lives there, opened at this moment."""
    office.now = now
    await office.store.write(lambda c: pledges.keep_zone(c, "Asia/Shanghai"))
    draft = checking.customer({"name": "王", "numbers": [WANG], "zone": zone}, Plan())
    whom = await office.store.write(lambda c: customers.create(c, draft, ANNA, now))
    return await begin(office.store, filled(), at=now, customer=whom.id)


async def owed(office: Office, ticket: Ticket, kind: str) -> Promise:
    every = await office.store.read(lambda c: promises.of_ticket(c, ticket.id))
    (one,) = [promise for promise in every if promise.kind == kind]
    return one


async def watched(office: Office, now: Instant = AFTERNOON) -> tuple[Promise, UserId]:
    """An agent said "watch it" at this moment, and is free now."""
    ticket = await moved(office.store, await case(office, now), "watching", at=now)
    one = await owed(office, ticket, "watch")
    agent = await office.owned(one)
    office.floor.comes(agent)
    return one, agent


async def serviced(office: Office, now: Instant, **more: str) -> Promise:
    """The service was done at this moment; somebody of the team is at work day and night."""
    office.floor.comes(70)
    ticket = await moved(office.store, await case(office, now, **more), "serviced", at=now)
    return await owed(office, ticket, "return_visit")


async def looks_at(office: Office, moment: Instant) -> None:
    await office.looks(moment - office.now)


async def rung(office: Office) -> Taken:
    """The one attempt that is on its way."""
    (taken,) = await office.network.takes()
    return taken


async def talks(office: Office, taken: Taken) -> None:
    await office.network.settles(taken, "done", "answered")
    await office.network.record(taken, office.now, open=False, talked=True)
    await office.looks()


async def does_not_answer(office: Office, taken: Taken) -> None:
    """The agent's phone is answered, the customer's is not."""
    assert isinstance(taken.request, Originate)
    channel = taken.request.channel
    legs: list[dict[str, Any]] = [
        {"leg": channel, "answered_at": iso(office.now), "cause": 16},
        {"leg": f"{channel}-2", "answered_at": None, "cause": 19},
    ]
    await office.network.settles(taken, "done", "answered")
    await office.network.record(taken, office.now, open=False, legs=legs, dial_result="no_answer")
    await office.looks()


async def passes(office: Office, one: Promise, until: Instant) -> list[Instant]:
    """Time goes on until then, and the customer never answers. When their phone rang."""
    times = []
    while office.now < until:
        await office.looks(SHOWN_MS)
        if (await office.status(one)) == "dialling":
            times.append(office.now)
            await does_not_answer(office, await rung(office))
            continue
        again = (await office.promise(one)).next_at
        await looks_at(office, min(max(again or until, office.now + SECOND), until))
    return times


# --- 30 minutes ------------------------------------------------------------------------------------------------------


async def test_a_product_that_is_watched_is_asked_about_at_30_minutes_by_the_same_agent(
    office: Office,
) -> None:
    one, agent = await watched(office)
    office.floor.comes(99)
    assert one.due_at == AFTERNOON + 30 * MINUTE
    await looks_at(office, one.due_at - 1)
    assert (await office.status(one), await office.network.takes()) == ("planned", [])
    await looks_at(office, one.due_at)
    assert (await office.promise(one)).reserved_by == agent
    await office.looks(SHOWN_MS)
    await talks(office, await rung(office))
    kept = await office.promise(one)
    assert (kept.status, kept.broken_at, await office.outcomes(one)) == ("kept", None, ["talked"])
    for _ in range(10):
        await office.looks(DAY)
    assert await office.network.takes() == []


async def test_while_its_agent_is_away_the_team_asks_five_minutes_later(office: Office) -> None:
    one, agent = await watched(office)
    office.floor.states[agent] = "paused"
    office.floor.comes(99)
    await looks_at(office, one.due_at)
    assert (await office.promise(one)).held == "owner_first"
    await looks_at(office, one.due_at + 5 * MINUTE)
    assert (await office.promise(one)).reserved_by == 99
    assert await office.store.read(lambda c: owners.owner(c, one.id)) is None
    assert "passed_on" in await office.told(one)


async def test_an_agent_whose_phone_nobody_answers_passes_it_on_and_the_next_one_is_rung(
    office: Office,
) -> None:
    one, agent = await watched(office)
    office.floor.comes(99)
    office.floor.comes(98, since=1)
    rang = []
    while office.now < one.due_at + 9 * MINUTE:
        await looks_at(office, max(one.due_at, office.now + MINUTE))
        await office.looks(SHOWN_MS)
        taken = await rung(office)
        assert isinstance(taken.request, Originate)
        rang.append(taken.request.interface)
        await office.network.settles(taken, "refused", "no_answer")
        await office.looks()
    own, longest_ready, other = (f"PJSIP/{1000 + user}" for user in (agent, 99, 98))
    alone = rang.count(own)
    assert alone > 1
    assert rang[:alone] == [own] * alone
    assert rang[alone : alone + 4] == [longest_ready, other, longest_ready, other]
    assert "passed_on" in await office.told(one)
    assert set(await office.outcomes(one)) == {"agent_no_answer"}, "the customer was never rung"


async def test_who_does_not_answer_is_tried_again_and_once_an_hour_has_passed_the_promise_is_broken(
    office: Office,
) -> None:
    one, _agent = await watched(office)
    times = await passes(office, one, one.deadline_at)
    assert times[0] == one.due_at + SHOWN_MS
    assert len(times) >= 3, "there are some minutes between two tries, and half an hour for them"
    assert (await office.promise(one)).broken_at is None
    await office.looks(1)
    broken = await office.promise(one)
    assert (broken.open, broken.broken_at) == (True, one.deadline_at + 1)
    after = await passes(office, one, one.deadline_at + 5 * DAY)
    assert len(times) + len(after) == DEFAULTS["watch"].retries["no_answer"].times + 1  # type: ignore[operator]
    assert (await office.told(one)).count("broken") == 1
    assert (await office.promise(one)).open, "it is owed until somebody closes it"


async def test_nobody_at_work_for_an_hour_breaks_it_and_whoever_comes_first_is_given_it(
    office: Office,
) -> None:
    one, agent = await watched(office)
    del office.floor.agents[agent], office.floor.states[agent]
    await looks_at(office, one.deadline_at + MINUTE)
    assert await office.status(one) == "broken"
    office.floor.comes(99)
    await office.looks()
    assert (await office.promise(one)).reserved_by == 99
    await office.looks(SHOWN_MS)
    await talks(office, await rung(office))
    kept = await office.promise(one)
    assert kept.status == "kept"
    assert kept.broken_at is not None, "that it was late is counted for ever"


# --- 72 hours --------------------------------------------------------------------------------------------------------


async def test_a_service_is_followed_by_a_call_a_day_later_at_an_hour_that_suits_the_customer(
    office: Office,
) -> None:
    one = await serviced(office, at("2026-11-26 21:30"))  # a Thursday
    assert (told(one.due_at), told(one.deadline_at)) == ("Sat 2026-11-28 10:00", "Sun 2026-11-29 19:00")
    await looks_at(office, one.due_at - 1)
    assert await office.network.takes() == []
    await looks_at(office, one.due_at)
    await office.looks(SHOWN_MS)
    await talks(office, await rung(office))
    assert await office.status(one) == "kept"
    assert (await office.promise(one)).broken_at is None


@pytest.mark.parametrize(("zone", "where"), [("Asia/Shanghai", SHANGHAI), ("America/New_York", NEW_YORK)])
async def test_no_customer_is_rung_outside_their_hours_however_often_it_is_tried(
    office: Office, zone: str, where: ZoneInfo
) -> None:
    one = await serviced(office, AFTERNOON, zone=zone)
    times = await passes(office, one, one.deadline_at)
    hours = DEFAULTS["return_visit"].hours
    assert times, "it was tried"
    assert [told(moment, where) for moment in times if not allowed(hours, moment, where)] == []
    assert all(AFTERNOON + DAY <= moment <= AFTERNOON + 3 * DAY for moment in times)


async def test_after_72_hours_a_return_visit_is_broken_and_still_owed_until_somebody_says_why_not(
    office: Office,
) -> None:
    one = await serviced(office, AFTERNOON)
    del office.floor.agents[UserId(70)]
    del office.floor.states[UserId(70)]
    await looks_at(office, one.deadline_at)
    assert (await office.promise(one)).broken_at is None
    await office.looks(1)
    assert one.deadline_at + 1 <= AFTERNOON + 3 * DAY + 1
    broken = await office.promise(one)
    assert (broken.status, broken.broken_at) == ("broken", one.deadline_at + 1)
    closed = await office.store.write(
        lambda c: promises.settle(c, one.id, "withdrawn", "moved abroad", office.now, ANNA)
    )
    assert (closed.status, closed.why, closed.broken_at) == ("withdrawn", "moved abroad", broken.broken_at)
    office.floor.comes(70)
    await office.looks(HOUR)
    assert await office.network.takes() == []


async def test_before_a_long_holiday_the_call_comes_before_it_and_never_after(office: Office) -> None:
    office.now = AFTERNOON
    visit = DEFAULTS["return_visit"]
    closed = replace(visit, hours=replace(visit.hours, holidays="closed", closed=(date(2026, 2, 15),)))
    await office.store.write(lambda c: policies.put(c, closed, 0, ANNA, AFTERNOON))
    one = await serviced(office, at("2026-02-14 14:00"))  # a Saturday that is worked, before nine free days
    assert (told(one.due_at), told(one.deadline_at)) == ("Sat 2026-02-14 14:00", "Sat 2026-02-14 20:00")
    await looks_at(office, one.due_at + SECOND)
    assert await office.status(one) == "reserved"


async def test_a_server_that_was_down_over_the_weekend_makes_up_for_it_in_order_of_deadlines(
    office: Office,
) -> None:
    later = await serviced(office, at("2026-11-26 16:00"))
    sooner = await serviced(office, at("2026-11-26 15:00"))
    office.starts()
    await looks_at(office, at("2026-11-29 12:00"))  # both were due two days ago
    assert (await office.status(sooner), await office.status(later)) == ("reserved", "due")
    waiting = await office.store.read(turns.reserved)
    assert [one.id for one in waiting] == [sooner.id]

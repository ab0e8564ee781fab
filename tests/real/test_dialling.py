"""Promises dialled on a real switch: from being due to being kept, with what the customers' phones saw counted.

One switch, one callserver beside it. Promises are made in its database, as the API does; nobody touches the dialler.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from callserver.facts import Actor, Instant, PbxId, instant
from callserver.people import Profile
from callserver.promises.hours import ALWAYS
from callserver.seats.shift import Seat
from callserver.store import attempts, engine, policies, promises, shifts, tickets, users
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise, Promise, PromiseKind
from tests.real.test_promises import CONFIRMING, TRIES, brief
from tests.rig import provision
from tests.rig.asterisk import Asterisk
from tests.rig.phones import Customer as PhoneCustomer
from tests.rig.phones import Phones, Sipp
from tests.rig.scenarios import REPAIR, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service
from tests.store.of_tickets import filled

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

BOSS = Actor(name="boss", through="cli")
CUSTOMER = "+862012345678"


def now() -> Instant:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Hotline:
    """The switch, its phones, the callserver beside it, and its database."""

    phones: Phones
    service: Service
    store: Store
    outside: Sipp | None = None

    async def customers(self, how: str, **more: Any) -> None:
        """What everybody outside does from now on when they are called."""
        if self.outside is not None:
            await self.outside.kill()
        self.outside = await getattr(self.phones, f"outside_{how}")(**more)

    async def owes(self, **values: Any) -> Promise:
        """A call that is due now."""
        draft = Draft(kind="repair", caller=CUSTOMER)
        ticket = await self.store.write(lambda c: tickets.open_ticket(c, draft, BOSS, now(), rule="a test"))
        given: dict[str, Any] = {"kind": "reminder", "mode": "automatic", "due_at": now(), "number": CUSTOMER}
        new = NewPromise(ticket=ticket.id, deadline_at=now() + 3_600_000, **(given | values))
        return await self.store.write(lambda c: promises.owe(c, new, now()))

    async def comes_to(self, one: Promise, *statuses: str) -> Promise:
        """Wait until the promise is so."""

        def is_so() -> bool:
            rows = self.service.rows("SELECT status FROM promises WHERE id = ?", one.id)
            return rows[0][0] in statuses

        await self.service.until(is_so, 60, f"the promise to be {statuses}")
        return await self.store.read(lambda c: promises.get(c, one.id))

    async def outcomes(self, one: Promise) -> list[str | None]:
        made = await self.store.read(lambda c: attempts.of_promise(c, one.id))
        return [attempt.outcome for attempt in made]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hot(
    asterisk_22: provision.Switch, sipp: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hotline]:
    plan = stage_plan(hotline(), repair(callback_key="1"))
    prompts = brief(tmp_path_factory.mktemp("prompts"))
    async with (
        Asterisk(replace(plan, prompts=prompts, key_s=2), software=asterisk_22) as switch,
        Phones(switch) as phones,
    ):
        service = Service(switch)
        settings = service.settings.read_text(encoding="utf-8")
        service.settings.write_text(f"{settings}\n[work]\nwrap_up_s = 0\n", encoding="utf-8")
        async with service:
            opened = await _opened(service, phones)
            yield opened
            await opened.store.close()


async def _opened(service: Service, phones: Phones) -> Hotline:
    store = await engine.open(f"sqlite:///{service.database}")
    shipped = await store.read(lambda c: policies.get(c, "reminder"))
    at_any_hour = replace(shipped, hours=ALWAYS)
    await store.write(lambda c: policies.put(c, at_any_hour, 0, BOSS, now()))
    await phones.answers(ZHANG, ring_ms=100)
    await phones.register(ZHANG)
    return Hotline(phones, service, store)


async def test_a_voice_calls_and_what_it_said_was_heard(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=200, stay_ms=60_000)
    one = await hot.owes()
    kept = await hot.comes_to(one, "kept")
    assert (kept.why, await hot.outcomes(one)) == ("the call was made", ["played"])
    assert hot.outside is not None
    assert hot.outside.counts.placed <= 1


async def test_who_is_busy_is_tried_again_later_and_once_so_far(hot: Hotline) -> None:
    await hot.customers("rejects", code=486)
    one = await hot.owes()
    await hot.comes_to(one, "to_retry")
    assert await hot.outcomes(one) == ["busy"]


async def test_the_agents_phone_rings_and_then_the_customers(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=200, stay_ms=2_000)
    queues = (Profile(queue="hotline"), Profile(queue="repair"))
    wanted = users.Wanted(login="zhang", name="Zhang Wei", role="agent", queues=queues)
    seat = Seat(pbx=PbxId("main"), interface="PJSIP/1001", state_interface="PJSIP/1001")
    user = await hot.store.write(lambda c: users.add(c, wanted, BOSS, now()))
    await hot.store.write(lambda c: shifts.sign_in(c, user.person, seat, now()))
    await hot.store.write(lambda c: shifts.wish(c, user.person.id, "ready", None, now()))
    one = await hot.owes(kind="callback", mode="agent_first")
    await hot.comes_to(one, "reserved", "dialling", "in_call", "kept")
    await hot.comes_to(one, "kept")
    assert await hot.outcomes(one) == ["talked"]


async def test_the_customers_phone_rings_and_the_agent_is_there_within_a_second(hot: Hotline) -> None:
    """Zhang is at work since the test before."""
    await hot.customers("answers", ring_ms=200, stay_ms=2_000)
    waited: list[int] = []
    while len(waited) < TRIES and not (waited and waited[-1] < 1_000):
        waited.append(await customer_first(hot))
    assert min(waited) < 1_000


async def customer_first(hot: Hotline) -> int:
    """How long a customer who was called first waited for the agent after the answer, in ms."""
    one = await hot.owes(kind="callback", mode="customer_first", queue="hotline")
    await hot.comes_to(one, "kept")
    (attempt,) = await hot.store.read(lambda c: attempts.of_promise(c, one.id))
    (record,) = [call for call in hot.service.calls() if call["id"] == attempt.call]
    answered = instant(next(leg for leg in record["legs"] if leg["leg"] == attempt.channel)["answered_at"])
    joined = instant(record["talks"][0]["from"])
    assert answered is not None and joined is not None
    return joined - answered


async def test_who_gives_their_place_in_the_queue_is_called_at_that_place(hot: Hotline) -> None:
    """Zhang pauses, a customer waits, presses the key and confirms their number; then Zhang is back."""
    await hot.customers("answers", ring_ms=200, stay_ms=2_000)
    zhang = await hot.store.read(lambda c: users.by_login(c, "zhang"))
    await hot.store.write(lambda c: shifts.wish(c, zhang.person.id, "pause", "lunch", now()))
    paused = "SELECT 1 FROM shifts WHERE carried AND wish = 'pause'"
    await hot.service.until(lambda: bool(hot.service.rows(paused)), 60, "the pause to be on the switch")
    await hot.phones.call(PhoneCustomer(dialed=REPAIR, keys=CONFIRMING))
    asked = "SELECT id FROM promises WHERE place_at IS NOT NULL"
    await hot.service.until(lambda: bool(hot.service.rows(asked)), 60, "the place to be kept")
    ((id,),) = hot.service.rows(asked)
    one = await hot.store.read(lambda c: promises.get(c, id))
    assert (one.kind, one.mode, one.queue) == ("callback", "customer_first", "repair")
    assert await hot.outcomes(one) == []
    await hot.store.write(lambda c: shifts.wish(c, zhang.person.id, "ready", None, now()))
    await hot.comes_to(one, "kept")
    assert await hot.outcomes(one) == ["talked"]


async def in_seconds(hot: Hotline, kind: PromiseKind, due_s: int, **more: Any) -> None:
    """The kind's rule with seconds in place of minutes and hours, at any hour, and time enough for a slow machine."""
    shipped = await hot.store.read(lambda c: policies.get(c, kind))
    seconds = replace(
        shipped, due_ms=due_s * 1000, earliest_ms=due_s * 1000, deadline_ms=600_000, hours=ALWAYS, **more
    )
    await hot.store.write(lambda c: policies.put(c, seconds, shipped.version, BOSS, now()))


async def born(hot: Hotline, status: str) -> Promise:
    """What a ticket owes by itself when it comes to this status."""
    ticket = await hot.store.write(lambda c: tickets.open_ticket(c, filled(), BOSS, now(), rule="a test"))
    await hot.store.write(lambda c: tickets.move(c, ticket.id, status, "as agreed", BOSS, now()))
    (one,) = await hot.store.read(lambda c: promises.open_of_ticket(c, ticket.id))
    return one


async def test_a_product_that_is_watched_is_asked_about_when_its_minutes_are_over(hot: Hotline) -> None:
    """Zhang is ready since the test before. Four seconds stand for the thirty minutes."""
    await hot.customers("answers", ring_ms=200, stay_ms=1_000)
    await in_seconds(hot, "watch", 4)
    one = await born(hot, "watching")
    assert one.due_at - one.created_at == 4_000
    kept = await hot.comes_to(one, "kept")
    (attempt,) = await hot.store.read(lambda c: attempts.of_promise(c, one.id))
    assert attempt.outcome == "talked"
    assert one.due_at <= attempt.sent_at <= one.deadline_at
    assert kept.broken_at is None


async def test_a_return_visit_is_not_made_too_early_and_tried_again_until_it_is_kept_in_time(
    hot: Hotline,
) -> None:
    """Three seconds stand for the day after the service, two for the time between attempts."""
    await hot.customers("rejects", code=486)
    shipped = await hot.store.read(lambda c: policies.get(c, "return_visit"))
    soon = {outcome: replace(retry, delay_ms=2_000) for outcome, retry in shipped.retries.items()}
    await in_seconds(hot, "return_visit", 3, retries=soon)
    one = await born(hot, "serviced")
    await hot.comes_to(one, "to_retry")
    await hot.customers("answers", ring_ms=200, stay_ms=1_000)
    kept = await hot.comes_to(one, "kept")
    made = await hot.store.read(lambda c: attempts.of_promise(c, one.id))
    assert (made[0].outcome, made[-1].outcome) == ("busy", "talked")
    assert made[0].sent_at - one.created_at >= 3_000
    assert kept.broken_at is None and kept.settled_at is not None and kept.settled_at < one.deadline_at

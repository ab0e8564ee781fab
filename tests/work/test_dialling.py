"""Promises dialled, from due to kept: the store is real, the switch goes by the book, time is an argument."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callserver.customers import checking
from callserver.facts import Instant
from callserver.numbers import Plan
from callserver.people import Role, UserId
from callserver.seats.asking import DialCustomer, Originate
from callserver.store import (
    attempts,
    call_tickets,
    commands,
    customers,
    dialling,
    engine,
    floor_messages,
    merging,
    owners,
    policies,
    promises,
    tickets,
    timeline,
    users,
)
from callserver.store.attempts import Attempt
from callserver.store.beside import promise_owners
from callserver.store.engine import Connection, Store
from callserver.store.users import Changes, Wanted
from callserver.tickets.landing import DIALLED
from callserver.tickets.promise import NewPromise, Promise
from callserver.work.dialling import Dialler
from callserver.work.dialling_choosing import SHOWN_FIRST_MS, Site
from callserver.work.dialling_verdicts import DOUBT_MS, Trace
from tests.store.conftest import prepared_file
from tests.store.of_tickets import ANNA, HOUR, MINUTE, NOON, begin, filled, moved
from tests.store.samples import PBX
from tests.work import stepping
from tests.work.network import Floor, Network

__all__ = ["prepared_file"]
SECOND = 1_000
WANG = "+8613800138000"
DIALLED_AS = "13800138000"


@dataclass
class Office:
    """A dialler, the floor that it sees, and the network behind the switch."""

    store: Store
    floor: Floor
    network: Network
    now: Instant = NOON
    traces: dict[str, Trace] = field(default_factory=dict)
    woken: list[str] = field(default_factory=list)
    dialler: Dialler = field(init=False)

    def __post_init__(self) -> None:
        self.starts()

    def starts(self) -> None:
        """A process that knows nothing of what was before."""

        async def evidence(pbx: str, channel: str, sent_at: Instant) -> Trace:
            return self.traces.get("*", "unknown")

        self.dialler = Dialler(
            self.store,
            self.floor,
            Site(plan=Plan()),
            holder="test/1",
            node="test",
            clock=lambda: self.now,
            wake=self.woken.append,
            evidence=evidence,
        )

    async def looks(self, after: int = SECOND) -> None:
        """Time passes, and the dialler looks."""
        self.now += after
        await self.dialler.look(self.now)

    async def owes(self, **values: Any) -> Promise:
        """A callback by an automatic voice, due now, unless the values say otherwise."""
        ticket = values.pop("ticket", None) or (await begin(self.store)).id
        given: dict[str, Any] = {"kind": "callback", "mode": "automatic", "due_at": self.now}
        given |= {"deadline_at": self.now + 2 * HOUR, "number": WANG} | values
        return await self.store.write(lambda c: promises.owe(c, NewPromise(ticket=ticket, **given), self.now))

    async def promise(self, one: Promise) -> Promise:
        return await self.store.read(lambda c: promises.get(c, one.id))

    async def status(self, one: Promise) -> str:
        return (await self.promise(one)).status

    async def attempts(self, one: Promise) -> tuple[Attempt, ...]:
        return await self.store.read(lambda c: attempts.of_promise(c, one.id))

    async def outcomes(self, one: Promise) -> list[str | None]:
        return [attempt.outcome for attempt in await self.attempts(one)]

    async def told(self, one: Promise) -> list[str]:
        page = await self.store.read(lambda c: timeline.page(c, one.ticket, 100))
        return [str(entry.body.get("what")) for entry in reversed(page.entries) if entry.kind == "promise"]

    async def owned(self, one: Promise, name: str = "li") -> UserId:
        """It is theirs first."""
        wanted = Wanted(login=name, name=name, role="agent")
        user = (await self.store.write(lambda c: users.add(c, wanted, ANNA, self.now))).person.id
        row = {"promise_id": one.id, "ticket_id": one.ticket, "user_id": user}
        await self.store.write(lambda c: c.execute(promise_owners.insert(), row))
        return user


@pytest_asyncio.fixture
async def office(prepared_file: Path, tmp_path: Path) -> AsyncIterator[Office]:
    copy = shutil.copy(prepared_file, tmp_path / "calls.db")
    opened = await engine.open(f"sqlite:///{copy}", synchronous="OFF")
    await stepping.watch(opened)
    yield Office(opened, Floor(), Network(opened))
    strange = await stepping.strange_steps(opened)
    await opened.close()
    assert not strange, "steps that promises.states does not know"


# --- automatic -------------------------------------------------------------------------------------------------------


async def test_nothing_is_dialled_before_it_is_due(office: Office) -> None:
    one = await office.owes(due_at=NOON + MINUTE)
    await office.looks()
    assert (await office.status(one), await office.network.takes()) == ("planned", [])


async def test_a_promise_is_dialled_once_and_kept_when_the_prompt_was_heard(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    assert (await office.status(one), office.woken) == ("dialling", [PBX])
    (call,) = await office.network.answers(office.now)
    await office.looks()
    await office.looks()
    assert (await office.status(one), office.network.rung) == ("in_call", [DIALLED_AS])
    (taken,) = office.network.taken.values()
    await office.network.record(taken, office.now, open=False, heard=["played"])
    await office.looks()
    assert (await office.status(one), await office.outcomes(one)) == ("kept", ["played"])
    link = await office.store.read(lambda c: call_tickets.explain(c, call))
    assert link is not None and (link.ticket, link.rule) == (one.ticket, DIALLED)


async def test_what_was_asked_for_names_the_promise_and_the_digits_that_a_trunk_wants(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    (taken,) = await office.network.takes()
    assert isinstance(taken.request, DialCustomer)
    assert (taken.request.context, taken.request.number) == ("automatic", DIALLED_AS)
    assert (taken.request.promise, taken.request.language) == (one.id, "zh")


@pytest.mark.parametrize(
    ("code", "outcome", "again_ms"),
    [
        ("busy", "busy", 3 * MINUTE),
        ("no_answer", "no_answer", 5 * MINUTE),
        ("no_connection", "not_sent", 15 * SECOND),
    ],
)
async def test_who_was_not_reached_is_tried_again_after_the_outcomes_own_delay(
    office: Office, code: str, outcome: str, again_ms: int
) -> None:
    one = await office.owes()
    await office.looks()
    await office.network.refuses(code)
    await office.looks()
    after = await office.promise(one)
    assert (after.status, after.next_at, await office.outcomes(one)) == (
        "to_retry",
        office.now + again_ms,
        [outcome],
    )
    await office.looks(again_ms - SECOND)
    assert len(await office.attempts(one)) == 1
    await office.looks()
    assert (await office.status(one), len(await office.attempts(one))) == ("dialling", 2)


async def test_a_request_that_nobody_took_in_time_was_not_sent(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    (attempt,) = await office.attempts(one)
    await office.store.write(lambda c: commands.give_up(c, attempt.command, now=1 << 50))
    await office.looks()
    assert await office.outcomes(one) == ["not_sent"]
    assert await office.store.read(lambda c: call_tickets.explain(c, attempt.call)) is None


async def test_an_outcome_that_nobody_saw_is_never_dialled_again_by_a_machine(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "unknown", "unknown")
    await office.looks()
    assert await office.status(one) == "dialling"
    await office.looks(DOUBT_MS)
    assert (await office.status(one), await office.outcomes(one)) == ("unknown", ["unknown"])
    for _ in range(5):
        await office.looks(HOUR)
    assert (office.network.rung, await office.network.takes()) == ([DIALLED_AS], [])


async def test_evidence_that_no_phone_rang_allows_another_attempt(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "unknown", "unknown")
    office.traces["*"] = "not_there"
    await office.looks(10 * SECOND)
    assert await office.status(one) == "dialling"  # it may be on its way yet
    await office.looks(10 * SECOND)
    assert await office.outcomes(one) == ["not_sent"]
    await office.looks(15 * SECOND)
    assert len(await office.attempts(one)) == 2


async def test_a_call_that_was_seen_after_all_tells_what_the_request_could_not(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "unknown", "unknown")
    await office.network.record(taken, office.now, open=False, heard=["machine"])
    await office.looks()
    assert await office.outcomes(one) == ["machine"]


async def test_a_new_process_goes_on_where_the_last_one_was(office: Office) -> None:
    one = await office.owes()
    await office.looks()
    office.starts()
    await office.looks()
    (taken,) = await office.network.takes()
    office.starts()
    await office.looks()
    await office.network.settles(taken, "refused", "busy")
    office.starts()
    await office.looks()
    assert await office.outcomes(one) == ["busy"]
    office.starts()
    await office.looks(3 * MINUTE)
    assert len(await office.attempts(one)) == 2


async def test_what_is_late_after_a_night_runs_in_the_order_of_its_deadline_and_not_all_at_once(
    office: Office,
) -> None:
    office.dialler._per_s = 2
    deadlines = [4 * HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR]
    made = [await office.owes(deadline_at=NOON + one) for one in deadlines]
    await office.looks(HOUR)
    assert [await office.status(one) for one in made] == ["due", "dialling", "dialling", "due"]
    await office.looks()
    assert {await office.status(one) for one in made} == {"dialling"}


# --- held ------------------------------------------------------------------------------------------------------------


async def test_a_switch_that_is_thrown_while_promises_are_due_counts_and_is_released(office: Office) -> None:
    one = await office.owes()
    await office.store.write(lambda c: dialling.pause(c, "callback", "storm", ANNA, office.now))
    await office.looks()
    held = await office.promise(one)
    assert (held.status, held.held) == ("due", "kind_paused")
    await office.store.write(lambda c: dialling.resume(c, "callback", ANNA, office.now))
    await office.looks()
    assert await office.status(one) == "dialling"


async def test_who_must_not_be_called_is_held_at_the_moment_of_dialling_also_after_a_merge(
    office: Office,
) -> None:
    silent = checking.customer({"name": "王", "numbers": [WANG], "do_not_call": True}, Plan())
    double = checking.customer({"name": "王小明", "numbers": ["+8613800138009"]}, Plan())
    kept = await office.store.write(lambda c: customers.create(c, silent, ANNA, office.now))
    gone = await office.store.write(lambda c: customers.create(c, double, ANNA, office.now))
    ticket = await begin(office.store, customer=gone.id)
    one = await office.owes(kind="survey", ticket=ticket.id, number="+8613800138009")
    await office.store.write(lambda c: merging.merge(c, kept.id, gone.id, ANNA, office.now))
    await office.looks()
    held = await office.promise(one)
    assert (held.customer, held.held) == (kept.id, "do_not_call")
    assert await office.attempts(one) == ()


@pytest.mark.parametrize("number", ["110", "+12025550123", "x"])
async def test_a_number_that_cannot_be_dialled_is_held_and_never_asked_for(
    office: Office, number: str
) -> None:
    one = await office.owes(number=number)
    await office.looks()
    assert (await office.promise(one)).held == "no_number"
    assert await office.attempts(one) == ()


async def test_the_customers_other_numbers_follow_in_order(office: Office) -> None:
    draft = checking.customer({"name": "王", "numbers": [WANG, "+862012345678"]}, Plan())
    customer = await office.store.write(lambda c: customers.create(c, draft, ANNA, office.now))
    await office.owes(ticket=(await begin(office.store, customer=customer.id)).id)
    await office.looks()
    await office.network.refuses("no_answer")
    await office.looks()
    await office.looks(MINUTE)
    await office.network.takes()
    assert office.network.rung == [DIALLED_AS, "02012345678"]


async def test_past_its_deadline_a_promise_is_broken_told_and_still_dialled(office: Office) -> None:
    office.floor.sees = True
    one = await office.owes(mode="agent_first")
    await office.looks(2 * HOUR + 1)
    broken = await office.promise(one)
    assert (broken.status, broken.broken_at) == ("broken", office.now)
    assert await office.told(one) == ["owed", "broken"]
    office.floor.comes(1)
    await office.looks()
    assert await office.status(one) == "reserved"


# --- agents ----------------------------------------------------------------------------------------------------------


async def test_the_screen_shows_it_first_and_then_the_agents_phone_rings(office: Office) -> None:
    user = office.floor.comes(7)
    one = await office.owes(mode="agent_first")
    await office.looks()
    reserved = await office.promise(one)
    assert (reserved.status, reserved.reserved_by, office.woken) == ("reserved", user, [])
    await office.looks(SHOWN_FIRST_MS)
    (taken,) = await office.network.takes()
    assert isinstance(taken.request, Originate)
    assert (taken.request.interface, taken.request.to) == ("PJSIP/1007", DIALLED_AS)
    await office.network.settles(taken, "done", "answered")
    await office.network.record(taken, office.now, open=False, talked=True)
    await office.looks()
    assert (await office.status(one), await office.outcomes(one)) == ("kept", ["talked"])
    assert (await office.promise(one)).reserved_by is None


async def test_an_agent_has_one_promise_at_a_time(office: Office) -> None:
    office.floor.comes(7)
    first = await office.owes(mode="agent_first")
    second = await office.owes(mode="agent_first", deadline_at=NOON + 3 * HOUR)
    await office.looks()
    await office.looks(SHOWN_FIRST_MS)
    assert (await office.status(first), await office.status(second)) == ("dialling", "due")
    assert (await office.promise(second)).held == "nobody_free"
    office.floor.comes(8)
    await office.looks()
    assert (await office.promise(second)).reserved_by == 8


async def test_a_phone_that_is_not_answered_rang_no_customer(office: Office) -> None:
    office.floor.comes(7)
    one = await office.owes(mode="agent_first")
    await office.looks()
    await office.looks(SHOWN_FIRST_MS)
    await office.network.refuses("no_answer")
    await office.looks()
    assert await office.outcomes(one) == ["agent_no_answer"]
    assert (await office.status(one), await office.told(one)) == ("to_retry", ["owed"])


async def test_who_walks_away_from_a_promise_on_the_screen_lets_it_go(office: Office) -> None:
    user = office.floor.comes(7)
    one = await office.owes(mode="agent_first")
    await office.looks()
    office.floor.states[user] = "busy"
    await office.looks(SHOWN_FIRST_MS)
    assert (await office.status(one), await office.attempts(one)) == ("due", ())


async def test_a_switch_that_is_thrown_while_it_is_on_the_screen_lets_it_go(office: Office) -> None:
    office.floor.comes(7)
    one = await office.owes(mode="agent_first")
    await office.looks()
    await office.store.write(lambda c: dialling.pause(c, "all", "storm", ANNA, office.now))
    await office.looks(SHOWN_FIRST_MS)
    assert (await office.promise(one)).held == "dialling_paused"
    assert await office.attempts(one) == ()


async def test_people_who_have_waited_past_the_target_come_first(office: Office) -> None:
    office.floor.comes(7)
    office.floor.queues["hotline"] = [NOON - MINUTE]
    one = await office.owes(mode="agent_first", queue="hotline")
    await office.looks()
    assert (await office.promise(one)).held == "callers_first"
    office.floor.queues.clear()
    await office.looks(6 * SECOND)
    assert await office.status(one) == "reserved"


async def test_a_promise_of_a_queue_goes_to_who_answers_it(office: Office) -> None:
    office.floor.comes(7, "sales")
    one = await office.owes(mode="agent_first", queue="hotline")
    await office.looks()
    assert (await office.promise(one)).held == "nobody_free"
    office.floor.comes(8, "hotline")
    await office.looks()
    assert (await office.promise(one)).reserved_by == 8


async def test_its_owner_has_it_alone_for_a_while_and_then_passes_it_on_with_a_line(office: Office) -> None:
    one = await office.owes(kind="watch", mode="agent_first", due_at=NOON, deadline_at=NOON + HOUR)
    owner = await office.owned(one)
    office.floor.comes(owner)
    office.floor.states[owner] = "paused"
    office.floor.comes(80)
    await office.looks()
    assert (await office.promise(one)).held == "owner_first"
    await office.looks(5 * MINUTE)
    assert (await office.promise(one)).reserved_by == 80
    assert await office.told(one) == ["owed", "passed_on"]
    assert await office.store.read(lambda c: owners.owner(c, one.id)) is None


async def test_its_owner_gets_it_whatever_queues_they_answer(office: Office) -> None:
    one = await office.owes(kind="watch", mode="agent_first", queue="hotline")
    owner = await office.owned(one)
    office.floor.comes(owner, "sales", since=NOON)
    office.floor.comes(80, "hotline")
    await office.looks()
    assert (await office.promise(one)).reserved_by == owner


async def test_an_owner_who_went_home_does_not_keep_the_customer_waiting(office: Office) -> None:
    one = await office.owes(kind="watch", mode="agent_first")
    await office.owned(one)
    office.floor.comes(80)
    await office.looks()
    assert (await office.promise(one)).reserved_by == 80


async def test_customer_first_holds_the_agent_and_rings_the_customer(office: Office) -> None:
    office.floor.comes(7)
    one = await office.owes(mode="customer_first", queue="hotline")
    await office.looks()
    assert (await office.promise(one)).reserved_by == 7
    await office.looks(SHOWN_FIRST_MS)
    (taken,) = await office.network.takes()
    assert isinstance(taken.request, DialCustomer)
    assert (taken.request.context, taken.request.interface) == ("agent", "PJSIP/1007")
    assert taken.request.queue == "hotline"


async def test_a_place_in_the_queue_is_called_when_it_is_at_the_head_and_somebody_is_free(
    office: Office,
) -> None:
    one = await office.owes(mode="customer_first", queue="hotline", place_at=NOON - MINUTE)
    office.floor.queues["hotline"] = [NOON - 2 * MINUTE, NOON]
    office.floor.comes(7)
    await office.looks()
    assert (await office.promise(one)).held == "callers_first"
    office.floor.queues["hotline"] = [NOON]  # who came later waits behind this place
    await office.looks(6 * SECOND)
    (taken,) = await office.network.takes()
    assert isinstance(taken.request, DialCustomer)
    assert (taken.request.context, taken.request.queue) == ("queue", "hotline")


# --- answers ---------------------------------------------------------------------------------------------------------


async def _rated(office: Office, keys: str) -> Promise:
    """A serviced ticket whose return visit is made by a voice, and what the customer pressed."""
    shipped = await office.store.read(lambda c: policies.get(c, "return_visit"))
    always = replace(shipped, hours=(await office.store.read(lambda c: policies.get(c, "callback"))).hours)
    await office.store.write(lambda c: policies.put(c, always, 0, ANNA, office.now))
    ticket = await moved(office.store, await begin(office.store, filled()), "serviced")
    (visit,) = await office.store.read(lambda c: promises.open_of_ticket(c, ticket.id))
    await office.store.write(lambda c: promises.settle(c, visit.id, "withdrawn", "a voice calls", office.now))
    one = await office.owes(kind="return_visit", ticket=ticket.id)
    await office.looks()
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "done", "answered")
    pressed = [{"menu": "return_visit", "key": key} for key in keys]
    await office.network.record(taken, office.now, open=False, heard=["human"], keys=pressed)
    await office.looks()
    return one


@pytest.mark.parametrize(
    ("keys", "status"), [("1", "reopened"), ("52", "reopened"), ("5", "closed"), ("9", "owed_visit")]
)
async def test_a_rating_lands_on_the_ticket_and_a_bad_one_reopens_it(
    office: Office, keys: str, status: str
) -> None:
    one = await _rated(office, keys)
    assert (await office.status(one), await office.outcomes(one)) == ("kept", ["played"])
    assert "answer" in await office.told(one)
    assert (await office.store.read(lambda c: tickets.get(c, one.ticket))).status == status


@pytest.mark.parametrize(("keys", "told"), [("1", [1]), ("52", [2]), ("5", [])])
async def test_of_a_bad_rating_the_supervisors_are_told_and_of_a_good_one_nobody(
    office: Office, keys: str, told: list[int]
) -> None:
    def hire(connection: Connection) -> UserId:
        people: dict[str, Role] = {"boss": "supervisor", "away": "supervisor", "root": "administrator"}
        for login, role in people.items():
            made = users.add(connection, Wanted(login=login, name=login, role=role), ANNA, office.now)
            if login == "away":
                users.change(connection, made.person.id, Changes(disabled=True), ANNA, office.now)
        return users.by_login(connection, "boss").person.id

    boss = await office.store.write(hire)
    one = await _rated(office, keys)
    found = await office.store.read(floor_messages.unread)
    assert [(reader, message.code, message.args["rating"]) for reader, message in found] == [
        (boss, "rated_badly", rating) for rating in told
    ]
    assert all((message.urgent, message.args["ticket"]) == (True, one.ticket) for _, message in found)


@pytest.mark.parametrize(
    ("keys", "status"), [("", "closed"), ("4", "closed"), ("2", "open")], ids=["heard", "rated well", "badly"]
)
async def test_a_campaign_s_ticket_is_closed_when_its_call_was_heard(
    office: Office, keys: str, status: str
) -> None:
    shipped = await office.store.read(lambda c: policies.get(c, "survey"))
    always = replace(shipped, hours=(await office.store.read(lambda c: policies.get(c, "callback"))).hours)
    await office.store.write(lambda c: policies.put(c, always, 0, ANNA, office.now))
    one = await office.owes(kind="survey", campaign=3)
    await office.looks()
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "done", "answered")
    pressed = [{"menu": "survey", "key": key} for key in keys]
    await office.network.record(taken, office.now, open=False, heard=["human", "played"], keys=pressed)
    await office.looks()
    assert await office.status(one) == "kept"
    assert (await office.store.read(lambda c: tickets.get(c, one.ticket))).status == status


async def test_what_a_rule_holds_is_not_said_to_wait_for_a_next_attempt(office: Office) -> None:
    """It is looked at again then, which is not the same."""
    one = await office.owes(mode="agent_first", queue="hotline")
    office.floor.comes(7)
    await office.looks()
    await office.looks(SHOWN_FIRST_MS)
    (taken,) = await office.network.takes()
    await office.network.settles(taken, "refused", "no_answer")
    await office.looks()
    assert await holding_now(office, one) == ["retry_later"]
    office.floor.agents.clear()
    await office.looks(10 * MINUTE)
    assert (await office.promise(one)).held == "nobody_free"
    assert await holding_now(office, one) == ["nobody_free"]


async def holding_now(office: Office, one: Promise) -> list[str]:
    promise = await office.promise(one)
    lines = await office.store.read(lambda c: office.dialler.explain(c, promise, office.now))
    return [line.code for line in lines if line.holds]

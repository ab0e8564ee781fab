"""Somebody about whom everything is known that can be known, in every table; and the neighbour, who must stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, update

from callserver.customers import checking
from callserver.customers.record import CustomerId
from callserver.facts import (
    Actor,
    CallCorrected,
    CallDescribed,
    CallEnded,
    CallStarted,
    CallTransferred,
    Fact,
    Instant,
    LegId,
    LegStarted,
    iso,
)
from callserver.numbers import Plan
from callserver.seats.asking import DialCustomer, Originate
from callserver.store import (
    attachments,
    attempts,
    call_tickets,
    commands,
    customers,
    drafts,
    idempotency,
    merging,
    products,
    promises,
    tickets,
    timeline,
    webhooks,
)
from callserver.store.at_work import commands as requests
from callserver.store.attempts import Next, Try
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.store.schema import reconciliations
from callserver.store.text import dump
from callserver.store.timeline import NewEntry
from callserver.store.webhook import Subscription
from callserver.tickets.changing import Changes, Draft
from callserver.tickets.promise import NewPromise, Promise
from callserver.tickets.record import TicketId
from callserver.tickets.story import story
from tests.store.samples import MORNING, PBX, call_id

PLAN = Plan(country="cn", area_code="10")
MEI = Actor(name="mei", through="screen")

NAME, FORMER = "欧阳秋水", "Ouyang Qiushui"
MOBILE, OFFICE, FORMER_NUMBER, HOUSEHOLD = "13912345678", "13812341234", "13712340000", "13612349999"
OTHER_NUMBER = "13511112222"
HOUSE = "Lotus Lane 77"
# What must not be found anywhere afterwards; the number of the household stays with the neighbour.
SECRETS = (
    NAME,
    FORMER,
    "OUYANG",
    "ouyang",
    "oyqs",
    MOBILE,
    MOBILE[::-1],
    OFFICE,
    FORMER_NUMBER,
    HOUSE,
    "lotus",
    "CRM-4711",
    "SN-SECRET-1",
    "SNSECRET1",
    "snsecret1",
    "SN-SECRET-2",
    "beware of the goose",
    "plays the erhu",
    "smells of plums",
    "her sister called",
    "passport.pdf",
    "PDFBYTES",
    "asked for a call in the morning",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Ids: of the person, the double that was merged into them, the neighbour; tickets of each."""

    person: CustomerId
    double: CustomerId
    neighbour: CustomerId
    ticket: TicketId
    nobodys: TicketId
    neighbours: TicketId
    borrowed: TicketId  # the neighbour's, too, begun from the person's telephone


def numbers(*them: str) -> list[dict[str, Any]]:
    return [{"received": one, "note": "her sister called" if one == OFFICE else ""} for one in them]


def address(line: str) -> dict[str, Any]:
    return {"line": line, "city": "北京"}


def _display(caller: str | None) -> str:
    """The name that the switch shows for a number."""
    return "LI LEI" if caller in (HOUSEHOLD, "13500000000") else "OUYANG QS"


def call_record(
    number: int, caller: str | None, dialed: str, *, open: bool = False, **more: Any
) -> dict[str, Any]:
    """A call as the floor writes it, with the numbers in all the places in which it has them."""
    at = MORNING + number * 1_000
    inbound = dialed == "4008001234"
    outside = caller if inbound else dialed
    leg = {"leg": f"1795289156.{number}", "channel": f"Local/{outside}@out-1;1", "interface": "PJSIP/trunk"}
    return {
        "id": call_id(number),
        "pbx": PBX,
        "direction": "inbound" if inbound else "outbound",
        "caller_number": caller,
        "caller_name": _display(caller) if inbound else None,
        "dialed": dialed,
        "started_at": iso(at),
        "answered_at": iso(at + 500),
        "ended_at": None if open else iso(at + 900),
        "outcome": "answered",
        "queue_visits": [
            {"queue": "repair", "wait_s": 4.5, "agent": {"name": "bo", "interface": "PJSIP/1001"}}
        ],
        "talks": [
            {"who": {"leg": leg["leg"], "number": outside}, "with": [{"leg": "9.9", "number": "1001"}]}
        ],
        "transfers": [],
        "gap": False,
        "open": open,
        "legs": [{**leg, "number": outside, "caller": True}],
        **more,
    }


def call_facts(number: int, caller: str | None, dialed: str) -> list[Fact]:
    at, call = MORNING + number * 1_000, call_id(number)
    return [
        CallStarted(pbx=PBX, at=at, call=call, direction="inbound", caller_number=caller, dialed=dialed),
        CallDescribed(pbx=PBX, at=at, call=call, caller_name=_display(caller)),
        LegStarted(
            pbx=PBX,
            at=at,
            call=call,
            leg=LegId(f"1795289156.{number}"),
            channel=f"Local/{caller}@out-1;1",
            interface="PJSIP/trunk",
            number=caller,
        ),
        CallTransferred(pbx=PBX, at=at, call=call, transfer="blind", by="PJSIP/1001", to=caller or "1002"),
        CallEnded(pbx=PBX, at=at + 900, call=call, outcome="answered"),
    ]


async def everywhere(store: Store, journal: Journal) -> People:
    """Put them into every table."""
    calls: list[tuple[str | None, str]] = [
        (MOBILE, "4008001234"),  # 0: on her ticket
        ("+8613912345678", "4008001234"),  # 1: before anybody knew who she was
        ("1001", "0" + MOBILE),  # 2: we called her
        (OTHER_NUMBER, "4008001234"),  # 3: on her ticket, from a friend's telephone
        (HOUSEHOLD, "4008001234"),  # 4: on the neighbour's ticket, from the telephone that both have
        (FORMER_NUMBER, "4008001234"),  # 5: on no ticket
        ("13500000000", "4008001234"),  # 6: the neighbour's
        (MOBILE, "4008001234"),  # 7: on the neighbour's ticket
    ]
    records = [call_record(number, *ends) for number, ends in enumerate(calls)]
    facts = [fact for number, ends in enumerate(calls) for fact in call_facts(number, *ends)]
    why = (f"caller_number: None -> '{MOBILE}'", "caller_name: None -> 'OUYANG QS'", "outcome: 'x' -> 'y'")
    facts += [
        CallCorrected(pbx=PBX, at=MORNING, call=call_id(number), record=records[number], why=why)
        for number in (0, 7)
    ]
    landing = NewJob(kind="x", key="x", body={"call": call_id(7), "why": list(why)})
    await journal.append(Batch(facts=facts, records=records, jobs=[landing]))
    await store.write(lambda connection: connection.execute(_compared(why)))
    return await store.write(lambda connection: _people(connection, records))


def _compared(why: tuple[str, ...]) -> Insert:
    """A night's comparison that found out who called."""
    details = {"differences": [{"call": call_id(7), "what": one, "repairable": True} for one in why]}
    row = {
        "pbx": PBX,
        "begin_at": 1,
        "end_at": 2,
        "at": 3,
        "switch_calls": 1,
        "our_calls": 1,
        "omitted": 0,
        "ppm": 0,
    }
    return reconciliations.insert().values(**row, repaired=1, details=dump(details))


def _tried(connection: Connection, promise: Promise, now: int) -> None:
    """They were called as promised, and did not answer."""
    request = DialCustomer(
        number="+86" + OFFICE, channel=LegId("cs-1"), context="queue", promise=promise.id, queue="hotline"
    )
    wanted = Try(promise=promise.id, mode="customer_first", pbx=PBX, number=promise.number, request=request)
    attempt = attempts.begin(connection, wanted, now)
    connection.execute(update(requests).where(requests.c.id == attempt.command).values(state="refused"))
    seen = {"dialled": "+86" + OFFICE}
    attempts.ended(connection, attempt.id, "no_answer", seen, now, Next(status="to_retry", next_at=now + 9))


def _dialled(connection: Connection) -> None:
    """Somebody called her from a screen, and nobody answered."""
    called = Originate(
        interface="PJSIP/1001",
        way="number",
        to=MOBILE,
        channel=LegId("callserver-1"),
        shown_number=MOBILE,
        shown_name=NAME,
    )
    id = commands.ask(connection, commands.Ask(pbx=PBX, request=called, actor=MEI))
    over = update(requests).where(requests.c.id == id)
    connection.execute(over.values(state="refused", said=f"no way from the phones to {MOBILE}"))


def _people(connection: Connection, records: list[dict[str, Any]]) -> People:
    now = MORNING
    webhooks.create(
        connection, Subscription(name="crm", url="https://crm.example.com/in", events=("*",)), MEI, now
    )
    person = customers.create(
        connection,
        checking.customer(
            {
                "name": FORMER,
                "numbers": numbers(MOBILE, FORMER_NUMBER, HOUSEHOLD),
                "addresses": [address("Lotus Lane 70")],
                "external_id": "CRM-4711",
            },
            PLAN,
        ),
        MEI,
        now,
    )
    changed = checking.changed(
        person,
        {
            "name": NAME,
            "numbers": numbers(MOBILE, OFFICE, HOUSEHOLD),
            "addresses": [address(HOUSE)],
            "notes": "plays the erhu",
            "caution": "beware of the goose",
        },
        PLAN,
    )
    customers.change(connection, person.id, None, changed, MEI, now)
    double = customers.create(
        connection, checking.customer({"name": NAME, "numbers": numbers(MOBILE)}, PLAN), MEI, now
    )
    neighbour = customers.create(
        connection,
        checking.customer(
            {
                "name": "李雷",
                "numbers": numbers(HOUSEHOLD),
                "addresses": [address("Lane 1")],
                "notes": "kind",
            },
            PLAN,
        ),
        MEI,
        now,
    )
    product = products.create(
        connection, person.id, checking.product({"category": "washer", "serial": "SN-SECRET-1"}), MEI, now
    )
    gone = products.create(
        connection, person.id, checking.product({"category": "fridge", "serial": "SN-SECRET-2"}), MEI, now
    )
    products.remove(connection, gone.id, None, MEI, now)
    opened = tickets.open_ticket(
        connection,
        Draft(
            kind="information",
            customer=person.id,
            product=product.id,
            subject=f"{NAME} asks",
            caller="+86" + MOBILE,
        ),
        MEI,
        now,
    )
    tickets.change(connection, opened.id, None, Changes(subject="smells of plums"), MEI, now)
    timeline.note(connection, opened.id, f"{NAME}, {HOUSE}: smells of plums", MEI, now)
    drafts.save(connection, 7, f"ticket:{opened.id}", f"{NAME} says: plums", {}, now)
    drafts.save(connection, 7, "call:main:404.0", "somebody on 0" + MOBILE, {}, now)
    _dialled(connection)
    timeline.add(
        connection,
        opened.id,
        NewEntry(kind="message", body={"way": "sms", "direction": "out", "text": NAME}),
        MEI,
        now,
    )
    file = attachments.NewFile(name="passport.pdf", type="application/pdf", content=b"%PDF PDFBYTES")
    attachments.attach(connection, opened.id, file, MEI, now)
    promised = NewPromise(
        kind="callback",
        ticket=opened.id,
        due_at=now,
        deadline_at=now + 9,
        number="+86" + OFFICE,
        why="asked for a call in the morning",
    )
    _tried(connection, promises.owe(connection, promised, now, MEI), now)
    merging.merge(connection, person.id, double.id, MEI, now)
    nobodys = tickets.open_ticket(
        connection, Draft(kind="missed_call", subject="?", caller="+86" + MOBILE), MEI, now, rule="abandoned"
    )
    neighbours = tickets.open_ticket(
        connection,
        Draft(kind="information", customer=neighbour.id, subject="leaks", caller="+86" + HOUSEHOLD),
        MEI,
        now,
    )
    timeline.note(connection, neighbours.id, "all is well", MEI, now)
    borrowed = tickets.open_ticket(
        connection,
        Draft(kind="information", customer=neighbour.id, subject="leaks again", caller="+86" + MOBILE),
        MEI,
        now,
    )  # from her telephone
    missed = NewPromise(kind="callback", ticket=borrowed.id, due_at=now, deadline_at=now + 9)
    promises.settle(connection, promises.owe(connection, missed, now, MEI).id, "kept", "", now, MEI)
    for number, ticket in (
        (0, opened),
        (1, nobodys),
        (2, opened),
        (3, opened),
        (4, neighbours),
        (7, borrowed),
    ):
        call_tickets.put(connection, call_id(number), ticket.id, "made up", now)
        body = story(records[number]) | {"caller_number": records[number]["caller_number"]}
        entry = NewEntry(kind="call", body=body, pbx=PBX, call=call_id(number))
        timeline.add(connection, ticket.id, entry, MEI, now, f"call:{number}")
        better = {"what": [f"caller_name: None -> '{records[number]['caller_name']}'"]}
        corrected = NewEntry(kind="call_corrected", body=better, pbx=PBX, call=call_id(number))
        timeline.add(connection, ticket.id, corrected, MEI, now, f"corrected:{number}")
    for key, answer in (
        ("one", {"id": person.id, "name": NAME, "numbers": []}),
        ("two", {"ticket": opened.number, "text": "smells of plums"}),
        ("three", {"customer": person.id, "serial": "SN-SECRET-1"}),
        ("four", {"customer": neighbour.id, "name": "李雷"}),
    ):
        idempotency.begin(connection, "crm", key, "digest", now)
        idempotency.finish(connection, "crm", key, 201, answer)
    return People(
        person=person.id,
        double=double.id,
        neighbour=neighbour.id,
        ticket=opened.id,
        nobodys=nobodys.id,
        neighbours=neighbours.id,
        borrowed=borrowed.id,
    )


def clock() -> Instant:
    return MORNING + 60_000

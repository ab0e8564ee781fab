"""The description of the stream against what the hub really sends: every recorded trace, and what others put there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from callserver.calls.floor import Floor
from callserver.client.messages import apply, parts, read
from callserver.client.values import Screen
from callserver.facts import CallId
from callserver.people import Profile, UserId
from callserver.push import wire
from callserver.push.description import HEARD, SENT
from callserver.push.hub import Hub
from callserver.push.views import Scope, User, View
from callserver.seats.explaining import BY_CODE, Problem
from callserver.seats.shift import Shift, WrapUp, seat
from callserver.store.drafts import Saved
from callserver.store.outbox import Event
from callserver.store.owing import Owing
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId, TicketId
from callserver.web.popping import ticket_told
from callserver.web.sitting import Sitting
from callserver.web.telling import Telling, promise_told
from tests.calls.traces import PBX, Trace, traces
from tests.push.described import DOCUMENT, FITS
from tests.push.watching import AT, CALL, PHONE, Someone, arriving, hub_of, looked_up, ringing

MACHINE = View(queues=None, callers=True, pops=True, scopes=frozenset({"tickets:read"}))
PERSON = View(user=7, queues=frozenset({"repair"}), scopes=frozenset({"tickets:read"}))
WEI: dict[str, Any] = {"id": 7, "login": "wei", "name": "韦", "role": "agent", "language": "zh-CN"}


class Reader(Someone):
    """A browser that takes the description at its word, with the picture of the typed client beside its own."""

    typed = Screen()

    def hear(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for message in told:
            FITS[message["type"]].validate(message)
            for part in parts(message):
                self.typed = apply(self.typed, read(part))
        return super().hear(told)

    @property
    def agrees(self) -> bool:
        return self.typed == msgspec.convert(self.screen, Screen)


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name) for one in traces("22")])
async def test_everything_that_is_sent_over_a_recorded_trace_fits(one: Trace) -> None:
    hub, floor = Hub("node-a", titles={"hotline": "热线"}), Floor(PBX)
    reader = Reader(hub, MACHINE, "token:1")
    for event in one.events():
        hub.feed(PBX, floor.feed(event))
        reader.hear(reader.socket.take())
    await hub._directory.flush()
    reader.hear(reader.socket.take())
    assert reader.agrees
    late = Reader(hub, MACHINE, "token:2")
    assert late.typed == reader.typed
    await hub.stop()


async def test_everything_that_others_put_there_fits() -> None:
    hub = hub_of()
    FITS["hello"].validate(Reader(hub, PERSON, user=WEI).hello)
    mine = Reader(hub, PERSON, user=WEI)
    sitting = Sitting(hub, lambda: AT)
    telling = Telling(None, hub, lambda: AT)  # type: ignore[arg-type]
    sitting.show(SHIFT, (Problem(code=next(iter(BY_CODE)), args={"phone": "1001"}),))
    sitting.moved(SHIFT, None, SHIFT)
    hub.feed(PBX, arriving() + ringing())
    await looked_up(hub)
    hub.pop_update(CALL, {"ticket": ticket_told(TicketId(3)), "transfer": {"by": None, "note": "<script>"}})
    hub.put("promise", "1", promise_told(OWED, AT, {"en": "How does it do?", "zh": "现在怎么样？"}), User(7))
    telling.told([Saved(user=7, subject="call:1", counter=2, at=AT, tab=None), EVENT, ENTRY])
    hub.event("owed", {}, Scope("tickets:read"))
    await hub._directory.flush()
    hub.heard(mine.client, '{"type":"ping","at":"now"}')
    told = {message["type"] for frame in mine.hear(mine.socket.take()) for message in parts(frame)}
    assert {
        "shift",
        "notice",
        "promise",
        "pop",
        "pop.update",
        "draft",
        "ticket",
        "owed",
        "agent",
        "pong",
    } <= told
    assert mine.agrees
    await hub.stop()


SHIFT = Shift(
    user=UserId(7),
    login="wei",
    name="韦",
    seat=seat("main", PHONE),
    queues=(Profile(queue="repair"),),
    since=AT,
    wish="pause",
    reason="lunch",
    wished_at=AT,
    wrap_up=WrapUp(call=CALL, since=AT, until=AT),
)
OWED = Owing(
    user=UserId(7),
    reserved=True,
    call=CallId(CALL),
    promise=Promise(
        id=PromiseId(1),
        kind="watch",
        ticket=TicketId(3),
        number="+8613800138000",
        status="dialling",
        due_at=AT,
        deadline_at=AT,
        created_at=AT,
    ),
)
EVENT = Event(
    type="callserver.ticket.changed",
    key="k",
    subject="ticket:3",
    at=AT,
    body={"number": "1003", "version": 2},
)
ENTRY = Event(
    type="callserver.ticket.entry",
    key="l",
    subject="ticket:3",
    at=AT,
    body={"ticket": "1003", "version": 2, "entry": {"call": None}},
)


@pytest.mark.parametrize(
    "said",
    ['{"type":"ack","seq":4}', '{"type":"ping","at":1.5}', '{"type":"resume","stream":"s","seq":0}',
     '{"type":"dismiss","key":"main/PJSIP/1001|main:1.1"}'],
)  # fmt: skip
def test_a_word_that_is_described_is_understood(said: str) -> None:
    body = msgspec.json.decode(said)
    FITS[body["type"]].validate(body)
    assert wire.read(said) == msgspec.convert(body, wire.Word)


def test_a_word_that_is_not_described_is_not_sent_unnoticed() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        FITS["pop.closed"].validate({"type": "pop.closed", "key": "k", "why": "no reason"})
    with pytest.raises(jsonschema_rs.ValidationError):
        FITS["switch"].validate(
            {"type": "switch", "key": "m", "value": {"link": "up", "blind_since": None, "x": 1}}
        )


def test_every_reference_leads_somewhere_and_every_message_is_told_or_heard() -> None:
    for reference in _references(DOCUMENT):
        found: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
    told, heard = (DOCUMENT["operations"][name]["messages"] for name in ("told", "heard"))
    assert (len(told), len(heard)) == (len(SENT), len(HEARD))
    assert set(FITS) == {one.__struct_config__.tag for one in (*SENT, *HEARD)}


def test_it_has_no_word_of_openapi_that_asyncapi_does_not_know() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert "discriminator" not in str(schemas)
    assert schemas["Several"]["properties"]["messages"]["items"]["anyOf"]


def _references(body: Any) -> list[str]:
    if isinstance(body, Mapping):
        own = [str(body["$ref"])] if "$ref" in body else []
        return own + [found for one in body.values() for found in _references(one)]
    return [found for one in body for found in _references(one)] if isinstance(body, list) else []

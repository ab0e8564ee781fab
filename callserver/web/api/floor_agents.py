"""The API of a supervisor's help with agents: pause, make ready, sign out, other queues; and why they get no calls.

In: a person, what is wanted, why. Out: the person as they are once the switches have done their part. Must not know:
how a switch is told, whose person it is (`floor_rights`). What is done stands on the agent's own screen, with who did
it and why. Of two supervisors who act on one agent at once the second is told of the first (409).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict
from callserver.facts import PbxId
from callserver.people import Person, Profile, UserId
from callserver.seats import shift as sitting
from callserver.seats.about_others import said_of
from callserver.seats.asking import CommandId, QueuePause
from callserver.seats.explaining import explain
from callserver.seats.looking import Situation
from callserver.seats.shift import Seat, Shift
from callserver.seats.steering import Tries
from callserver.store import agents, audit, commands, floor_deeds, floor_messages, shifts, users
from callserver.store.commands import Ask
from callserver.store.engine import Connection
from callserver.store.floor_deeds import Deed
from callserver.store.users import Changes
from callserver.web.api import floor_rights as rights
from callserver.web.api import seeing
from callserver.web.api.asking import WITHIN_S, Result, shown
from callserver.web.api.me import ProfileShown
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.seats import ProblemShown, SeatShown
from callserver.web.api.shapes import Moment, moment

api = Operations("help with agents", "Pause, make ready, sign out, other queues: people of one's own teams.")

_WAIT_S: Final = 8.0
Doing = Literal["pause", "ready", "sign_out", "queues"]
Why = Annotated[str, Meta(max_length=200, description="Stands on the agent's screen, and in the audit.")]
Seen = (
    Annotated[
        int,
        Meta(
            ge=0,
            description="The `number` of the last deed that the asker saw (0: none): refused where somebody else did "
            "something since. Without it: where somebody did something in the last 10 s.",
        ),
    ]
    | None
)
QueueName = Annotated[str, Meta(min_length=1, max_length=100, examples=["repair"])]


class PauseGiven(Struct, frozen=True, kw_only=True):
    """A pause. `reason`: as agents choose them, or any words that fit on the switch."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, examples=["lunch"])]
    why: Why = ""
    seen: Seen = None


class DeedGiven(Struct, frozen=True, kw_only=True):
    """Why it is done."""

    why: Why = ""
    seen: Seen = None


class QueuesGiven(Struct, frozen=True, kw_only=True):
    """Queues that the agent is to answer from now on, and not any more; others stay as they are."""

    add: Annotated[list[QueueName], Meta(max_length=50)] = []
    remove: Annotated[list[QueueName], Meta(max_length=50)] = []
    why: Why = ""
    seen: Seen = None


class DeedShown(Struct, frozen=True, kw_only=True):
    """What somebody did last to this agent."""

    number: int
    by: str
    action: str
    why: str | None
    at: Moment | None


class OtherPhone(Struct, frozen=True, kw_only=True):
    """A phone of the same agent beside the seat, such as on a second switch: what became of it."""

    pbx: str
    interface: str
    outcome: Result
    said: str


class AgentShown(Struct, frozen=True, kw_only=True):
    """An agent, and why they get no calls: the most important reason first. `seat`: null where they are not at work."""

    user: int
    name: str
    seat: SeatShown | None
    wish: str | None
    reason: str | None
    since: Moment | None
    leaving: bool
    carried: bool
    queues: list[ProfileShown]
    teams: list[str]
    deed: DeedShown | None
    phones: list[OtherPhone]
    problems: list[ProblemShown]


@api("GET", "/floor/agents/{user}/why", scope="floor:help", errors=(404,))
async def why_agent_gets_no_calls(asked: Asked, user: Id) -> Done[AgentShown]:
    """Why is this agent not getting calls? And how they are, and who did something to them last."""
    return Done(await _shown(asked, user))


@api("POST", "/floor/agents/{user}/pause", scope="floor:help", errors=(404, 409))
async def pause_agent(asked: Asked, user: Id, body: PauseGiven) -> Done[AgentShown]:
    """Pause an agent in all queues, at all their phones; in a wrap-up, after it."""
    reason = sitting.reason("pause", body.reason)
    return await _wish(asked, user, "pause", reason, body)


@api("POST", "/floor/agents/{user}/ready", scope="floor:help", errors=(404, 409))
async def make_agent_ready(asked: Asked, user: Id, body: DeedGiven) -> Done[AgentShown]:
    """End an agent's pause or wrap-up."""
    return await _wish(asked, user, "ready", None, body)


@api("POST", "/floor/agents/{user}/sign_out", scope="floor:help", errors=(404, 409))
async def sign_agent_out(asked: Asked, user: Id, body: DeedGiven) -> Done[AgentShown]:
    """Sign an agent out of their seat: at once, or in a call when it is over."""

    def act(connection: Connection, person: Person) -> Seat:
        if shifts.of(connection, person.id) is None:
            raise Conflict(f"{person.name} is not at work")
        _note(connection, asked, person, "sign_out", body.why, body.seen)
        left = shifts.leave(connection, person.id).seat
        _tell(connection, asked, person, "signed_out_by", {"why": body.why})
        return left

    left = await _done(asked, user, act)
    if asked.site.presence is not None:
        await asked.site.presence.settled(UserId(user), left)
    return Done(await _shown(asked, user))


@api("POST", "/floor/agents/{user}/queues", scope="floor:help", errors=(404, 409))
async def give_agent_queues(asked: Asked, user: Id, body: QueuesGiven) -> Done[AgentShown]:
    """Let an agent answer other queues, from now on: their own list is changed, at work it holds at once."""
    for field, names in (("add", body.add), ("remove", body.remove)):
        for at, name in enumerate(names):
            if not seeing.queue(asked, name):
                raise BadValue(f"{field}[{at}]", "there is no such queue")

    def act(connection: Connection, person: Person) -> None:
        wanted = _queues(person, body)
        _note(connection, asked, person, "queues", body.why, body.seen)
        users.change(connection, person.id, Changes(own_queues=wanted), asked.actor, asked.now)
        changed = {"add": list(body.add), "remove": list(body.remove)}
        _tell(connection, asked, person, "queues_by", {**changed, "why": body.why})

    await _done(asked, user, act)
    await _settled(asked, user)
    return Done(await _shown(asked, user))


# --- doing -----------------------------------------------------------------------------------------------------------


async def _wish(
    asked: Asked,
    user: int,
    wish: Literal["pause", "ready"],
    reason: str | None,
    body: PauseGiven | DeedGiven,
) -> Done[AgentShown]:
    phones = await _members(asked)
    others: list[tuple[PbxId, str, CommandId]] = []

    def act(connection: Connection, person: Person) -> None:
        shift = shifts.of(connection, person.id)
        elsewhere = list(_elsewhere(person, shift, phones))
        if shift is None and not elsewhere:
            raise Conflict(f"{person.name} is not at work")
        _note(connection, asked, person, wish, body.why or reason or "", body.seen)
        if shift is not None:
            shifts.wish(connection, person.id, wish, reason, asked.now)
        for pbx, interface in elsewhere:
            pause = QueuePause(interface=interface, paused=wish == "pause", reason=reason)
            wanted = Ask(pbx=pbx, request=pause, actor=asked.actor, within_s=WITHIN_S)
            others.append((pbx, interface, commands.ask(connection, wanted)))
        code = "paused_by" if wish == "pause" else "made_ready_by"
        _tell(connection, asked, person, code, {"reason": reason, "why": body.why})

    await _done(asked, user, act)
    for pbx in {pbx for pbx, _, _ in others}:
        asked.site.switchboard.wake(pbx)
    await _settled(asked, user)
    return Done(await _shown(asked, user, [await _other(asked, *one) for one in others]))


async def _done(asked: Asked, user: int, act: Callable[[Connection, Person], Any]) -> Any:
    """One of the asker's people, acted upon in a transaction."""
    return await asked.site.store.write(lambda c: act(c, rights.person_of(c, asked, user)))


def _note(
    connection: Connection, asked: Asked, person: Person, action: Doing, why: str, seen: int | None
) -> None:
    floor_deeds.do(connection, person.id, person.name, action, why or None, asked.actor, asked.now, seen=seen)
    detail = {"why": why} if why else {}
    audit.note(connection, asked.actor, f"floor.{action}", users.subject(person.id), detail, asked.now)


def _tell(connection: Connection, asked: Asked, person: Person, code: str, args: dict[str, Any]) -> None:
    """The agent reads who did what, and why."""
    by = None if asked.person is None else asked.person.id
    told = {name: value for name, value in args.items() if value}
    floor_messages.write(
        connection,
        [person.id],
        by=by,
        by_name=asked.actor.name,
        now=asked.now,
        code=code,
        urgent=True,
        args=told,
    )


def _queues(person: Person, body: QueuesGiven) -> tuple[Profile, ...]:
    """The person's queues as they are to be. Raises BadValue where nothing is asked for."""
    if not body.add and not body.remove:
        raise BadValue("add", "say which queues")
    kept = [one for one in person.queues if one.queue not in body.remove]
    here = {one.queue for one in kept}
    return (*kept, *(Profile(queue=name) for name in dict.fromkeys(body.add) if name not in here))


async def _settled(asked: Asked, user: int) -> None:
    if asked.site.presence is not None:
        await asked.site.presence.settled(UserId(user))


# --- an agent's other phones -----------------------------------------------------------------------------------------


async def _members(asked: Asked) -> list[tuple[PbxId, str, str | None]]:
    """Switch, interface and name of all members of queues."""
    pbxs = [PbxId(pbx) for pbx in asked.site.vitals.switches]
    return [
        (pbx, one.interface, one.agent) for pbx in pbxs for one in await agents.members(asked.site.store, pbx)
    ]


def _elsewhere(
    person: Person, shift: Shift | None, phones: Iterable[tuple[PbxId, str, str | None]]
) -> Iterable[tuple[PbxId, str]]:
    """Phones that queues know by this person's name, or where they usually sit, beside the one at which they do."""
    usual = None if person.seat is None else (person.seat.pbx, person.seat.interface)
    for pbx, interface in dict.fromkeys(
        (pbx, interface)
        for pbx, interface, name in phones
        if name == person.name or (pbx, interface) == usual
    ):
        if shift is None or shift.seat.pbx != pbx or not shift.seat.is_phone(interface):
            yield pbx, interface


async def _other(asked: Asked, pbx: PbxId, interface: str, id: CommandId) -> OtherPhone:
    came = shown(await asked.site.switchboard.outcome(id, _WAIT_S))
    return OtherPhone(pbx=pbx, interface=interface, outcome=came.outcome, said=came.said)


# --- showing ---------------------------------------------------------------------------------------------------------


async def _shown(asked: Asked, user: int, phones: Sequence[OtherPhone] = ()) -> AgentShown:
    def look(connection: Connection) -> tuple[Person, Shift | None, Deed | None]:
        person = rights.person_of(connection, asked, user)
        return person, shifts.of(connection, person.id), floor_deeds.last(connection, person.id)

    person, shift, deed = await asked.site.store.read(look)
    return AgentShown(
        user=person.id,
        name=person.name,
        seat=None if shift is None else _seat(shift.seat),
        wish=None if shift is None else shift.wish,
        reason=None if shift is None else shift.reason,
        since=None if shift is None else moment(shift.since),
        leaving=shift is not None and shift.leaving,
        carried=shift is not None and shift.carried,
        queues=[ProfileShown(queue=one.queue, penalty=one.penalty) for one in person.queues],
        teams=list(person.teams),
        deed=None if deed is None else _deed(deed),
        phones=list(phones),
        problems=_problems(asked, person, shift),
    )


def _seat(seat: Seat) -> SeatShown:
    return SeatShown(pbx=seat.pbx, interface=seat.interface, state_interface=seat.state_interface)


def _deed(deed: Deed) -> DeedShown:
    return DeedShown(number=deed.number, by=deed.by, action=deed.action, why=deed.why, at=moment(deed.at))


def _problems(asked: Asked, person: Person, shift: Shift | None) -> list[ProblemShown]:
    if shift is None or asked.site.presence is None:
        found = explain(Situation(shift=shift, picture=None, tries=Tries()))
    else:
        found = asked.site.presence.why(person.id)
    language = "en" if asked.person is None else asked.person.language
    return [
        ProblemShown(code=one.code, args=dict(one.args), text=said_of(one, person.name, language))
        for one in found
    ]

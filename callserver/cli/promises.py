"""`callserver promises`: the calls that we owe, why one was not made yet, and the switch that stops all dialling.

In: settings, ids, moments as people write them. Out: promises, rules with their answers; text for people or JSON. Must
not know: how a call is dialled. What this command changes a running server sees within a second.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from callserver.cli.archive import actor, milliseconds, opened, written
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.errors import BadValue, Conflict
from callserver.facts import Instant, iso
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.promises.holding import Line
    from callserver.settings import Settings
    from callserver.store.engine import Connection
    from callserver.store.promise_pages import Listed, Sort, Wanted
    from callserver.tickets.promise import Mode, NewPromise, Promise

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Calls that we owe: list them, add one, ask why one was not made.",
)

_MOST = 10_000
_PAGE = 500
_NO_FLOOR = (
    "Who is free, and who waits in the queues, is known to the running server only: ask it with "
    "GET /api/v1/promises/ID/explain, or look at the promise's page."
)

Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The promise's number.")]
Scope = Annotated[
    str, typer.Argument(metavar="[KIND]", help="A kind of promise; all of them without a word.")
]


@app.command(name="list")
def every(
    closed: Annotated[
        bool, typer.Option("--all", "-a", help="Also those that were kept or withdrawn; the newest first.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", help="Only this kind.", show_default=False)
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", "-s", help="Only in this status.", show_default=False)
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", "-o", help="Only of this user.", show_default=False)
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", "-t", help="Only of this team.", show_default=False)
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those past their due time.")] = False,
    broken: Annotated[bool, typer.Option("--broken", help="Only those whose deadline passed.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=_MOST, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Promises, a line each, the most urgent first; those that are still owed unless `--all` is given.

    Example: `callserver promises list --late`
    """
    from callserver.store.promise_pages import Wanted
    from callserver.tickets.promise import PROMISE_KINDS, PROMISE_STATUSES, SETTLED

    now = milliseconds()
    wanted = Wanted(
        statuses=_one_of("--status", status, PROMISE_STATUSES),
        kinds=_one_of("--kind", kind, PROMISE_KINDS),
        owner=owner,
        team=team,
        late=now if late else None,
        broken=True if broken else None,
    )
    newest = closed or status in SETTLED
    found = asyncio.run(_pages(settings(config), wanted, limit, "newest" if newest else "due"))
    for one in found:
        if as_json:
            json_line(_told(one))
        else:
            print(_line(one, now))
    if not found and not as_json:
        print("no such promises")


@app.command()
def add(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's number.")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as callback, watch, requested.")],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="WHEN",
            help="When it is due, such as 2026-11-23T09:00; by the site's clock unless a zone is said.",
            show_default=False,
        ),
    ] = None,
    number: Annotated[
        str | None,
        typer.Option("--number", help="Whom to call; else the ticket's caller.", show_default=False),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="agent_first, customer_first or automatic; else as its policy says.",
            show_default=False,
        ),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="What it is about.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Promise a call on a ticket; without --at as the policy of its kind says.

    Example: `callserver promises add 1045838 requested --at 2026-11-23T09:00 --why "is home then"`
    """
    from callserver.store import pledges, promise_pages, promises
    from callserver.tickets.promise import MODES, PROMISE_KINDS

    found = settings(config)
    _one_of("KIND", kind, PROMISE_KINDS)
    _one_of("--mode", mode, MODES)
    due = None if at is None else _moment(at, found.zone)

    def write(connection: Connection) -> Listed:
        new = _new(connection, found, ticket, kind, due, number, why)
        moded = pledges.dialled(connection, new, cast("Mode | None", mode))
        made = promises.owe(connection, moded, milliseconds(), actor())
        return promise_pages.one(connection, made)

    made = written(config, write)
    if as_json:
        json_line(_told(made))
    else:
        print(_line(made, milliseconds()))


@app.command()
def explain(id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Why has this call not been made yet? Each rule that may hold it, with its answer.

    Example: `callserver promises explain 17`
    """
    from callserver.promises.wording import said

    found = settings(config)
    listed, lines = asyncio.run(_explained(found, id))
    if as_json:
        rules = [{"code": one.code, "holds": one.holds, "args": dict(one.args)} for one in lines]
        json_line(
            _told(listed)
            | {"lines": [one | {"text": said(line, "en")} for one, line in zip(rules, lines, strict=True)]}
        )
        return
    print(_line(listed, milliseconds()))
    first = next((one for one in lines if one.holds), None)
    print("  " + (said(first, "en") if first else "No rule that can be asked here holds it."))
    for one in lines:
        print(printable(f"  {'x' if one.holds else '-'} {one.code}: {said(one, 'en')}"))
    if listed.promise.held is not None:
        print(f"  When it was looked at last, at {iso(listed.promise.held_at)}: {listed.promise.held}")
    if listed.promise.open:
        print("  " + _NO_FLOOR)


@app.command()
def pause(
    scope: Scope = "all",
    why: Annotated[str, typer.Option("--why", help="The reason, for everybody to see.", prompt="Why")] = "",
    config: Config = None,
) -> None:
    """Stop dialling: everything, or one kind. Calls that go on go on; it works while the server dials.

    Example: `callserver promises pause --why "trunk is down"`
    """
    from callserver.store import dialling

    thrown = written(config, lambda c: dialling.pause(c, scope, why, actor(), milliseconds()))
    print(printable(f"paused: {thrown.scope} ({thrown.why})"))


@app.command()
def resume(scope: Scope = "all", config: Config = None) -> None:
    """Dial again what was paused: everything, or one kind.

    Example: `callserver promises resume`
    """
    from callserver.store import dialling, turns

    def write(connection: Connection) -> frozenset[str]:
        now = milliseconds()
        dialling.resume(connection, scope, actor(), now)
        turns.stir(connection, ("dialling_paused", "kind_paused"), now)
        return dialling.paused(connection)

    left = written(config, write)
    print(f"goes on: {scope}" + (f"; still paused: {', '.join(sorted(left))}" if left else ""))


@app.command()
def prompts(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A folder a language is made in it.")],
    config: Config = None,
) -> None:
    """Write the recordings that were put in the place of the shipped ones, for copying to the switch.

    Example: `callserver promises prompts ./prompts`
    """
    from callserver.store import prompts as recordings

    def read(connection: Connection) -> list[tuple[Path, bytes]]:
        return [
            (
                target / one.language / f"{one.name}.wav",
                recordings.content(connection, one.language, one.name),
            )
            for one in recordings.every(connection)
        ]

    found = written(config, read)
    for file, wav in found:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav)
        print(file)
    if not found:
        print("no recordings: the shipped ones are played")


# --- how -------------------------------------------------------------------------------------------------------------


async def _pages(found: Settings, wanted: Wanted, limit: int, sort: Sort) -> list[Listed]:
    """Page by page: a short transaction each."""
    from callserver.store import promise_pages

    listed: list[Listed] = []
    async with opened(found) as store:
        page = await store.report(lambda c: promise_pages.page(c, wanted, min(_PAGE, limit), None, sort))
        listed += page.promises
        while page.end is not None and len(listed) < limit:
            most, after = min(_PAGE, limit - len(listed)), page.end
            page = await store.report(lambda c: promise_pages.page(c, wanted, most, after, sort))  # noqa: B023
            listed += page.promises
    return listed


def _new(
    connection: Connection,
    found: Settings,
    ticket: str,
    kind: Any,
    due: Instant | None,
    number: str | None,
    why: str,
) -> NewPromise:
    """Raises NotFound, BadValue, Conflict for a ticket that is over."""
    from callserver.store import pledges, tickets

    of = tickets.by_number(connection, ticket)
    if not of.open:
        raise Conflict(f"ticket {of.number} is {of.status}: reopen it, and then promise")
    e164 = None if number is None else found.number_plan.read(number).e164
    if e164 is None and (number is not None or of.caller is None):
        raise BadValue("--number", "is no telephone number that can be called" if number else "say which")
    if due is not None:
        return pledges.exactly(connection, kind, of.id, due, number=e164, why=why)
    return pledges.by_policy(connection, kind, of.id, milliseconds(), number=e164, why=why)


async def _explained(found: Settings, id: int) -> tuple[Listed, tuple[Line, ...]]:
    from callserver.store import promise_pages, promises
    from callserver.tickets.record import PromiseId
    from callserver.ways_out import dialled_from
    from callserver.work.dialling_answers import Answering
    from callserver.work.dialling_choosing import Choosing

    answering = Answering(Choosing(dialled_from(found)))

    def look(connection: Connection) -> tuple[Listed, tuple[Line, ...]]:
        promise = promises.get(connection, PromiseId(id))
        lines, _ = answering.why(connection, promise, milliseconds())
        return promise_pages.one(connection, promise), lines

    async with opened(found) as store:
        return await store.report(look)


def _one_of(option: str, value: str | None, among: tuple[str, ...]) -> list[str] | None:
    if value is None:
        return None
    if value not in among:
        raise BadValue(option, f"has to be one of {', '.join(among)}")
    return [value]


def _moment(text: str, zone: tzinfo) -> Instant:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue("--at", "is no moment such as 2026-11-23T09:00") from None
    return round((read if read.tzinfo else read.replace(tzinfo=zone)).timestamp() * 1000)


# --- said ------------------------------------------------------------------------------------------------------------


def _told(one: Listed) -> dict[str, Any]:
    from callserver.tickets.telling import promise_told

    owner = None if one.owner is None else one.owner.login
    return promise_told(one.promise) | {"owner": owner, "customer_name": one.customer_name}


def _line(one: Listed, now: Instant) -> str:
    from callserver.tickets.number import said, spoken

    promise = one.promise
    parts = (
        str(promise.id),
        promise.kind,
        promise.status,
        f"due {iso(promise.due_at)}",
        _fate(promise, now),
        f"ticket {spoken(said(promise.ticket))}",
        one.owner.login if one.owner is not None else promise.team or "-",
        promise.number or "no number",
        promise.why,
    )
    return printable("  ".join(part for part in parts if part))


def _fate(promise: Promise, now: Instant) -> str:
    if promise.broken_at is not None:
        return f"broken {iso(promise.broken_at)}"
    return "late" if promise.open and promise.due_at < now else ""

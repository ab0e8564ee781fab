"""`callserver tickets`: looking at tickets, and the two things that an operator may have to do to one.

In: settings, numbers of tickets as people write them. Out: tickets, text for people or JSON. Must not know: how tickets
are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from callserver.cli.archive import actor, milliseconds, opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.errors import BadValue
from callserver.facts import Actor, Instant, iso
from callserver.logs import printable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from callserver.store.paging import Place
    from callserver.store.ticket_pages import Page, Wanted
    from callserver.tickets.record import Entry, Ticket

T = TypeVar("T")
app = typer.Typer(cls=Commands, no_args_is_help=True, help="Tickets: look at them, add a note, close one.")

_MOST = 10_000
_PAGE = 500
_SHOWN = 200  # entries of one ticket

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The ticket's number, as people write or say it.")
]
Why = Annotated[str, typer.Option("--why", help="The reason; needed where the ticket still owes something.")]


@app.command(name="list")
def every(
    closed: Annotated[
        bool, typer.Option("--all", "-a", help="Also those that are closed or cancelled.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", help="Only this kind.", show_default=False)
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", "-s", help="Only in this status.", show_default=False)
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", "-o", help="Only of this agent.", show_default=False)
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", "-t", help="Only of this team.", show_default=False)
    ] = None,
    sort: Annotated[str, typer.Option("--sort", help="touched, opened, due or priority.")] = "touched",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=_MOST, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Tickets, a line each; those that are open unless `--all` is given.

    Example: `callserver tickets list --kind complaint --sort due`
    """
    from callserver.store.ticket_pages import SORTS, Wanted
    from callserver.tickets.record import STATUSES
    from callserver.tickets.telling import ticket_told

    _known("--sort", sort, SORTS)
    if status is not None:
        _known("--status", status, STATUSES)
    wanted = Wanted(
        open=None if closed or status is not None else True,
        statuses=None if status is None else [status],  # type: ignore[list-item]
        kinds=None if kind is None else [kind],
        owner=owner,
        team=team,
    )
    found = asyncio.run(_listed(config, wanted, limit, sort))
    for ticket in found:
        if as_json:
            json_line(ticket_told(ticket))
        else:
            print(_line(ticket))
    if not found and not as_json:
        print("no such tickets")


@app.command()
def show(number: Number, config: Config = None, as_json: AsJson = False) -> None:
    """One ticket with its timeline, the newest entry first, and what it still owes.

    Example: `callserver tickets show "104 583 8"`
    """
    from callserver.store import promises, tickets, timeline
    from callserver.tickets.telling import entry_told, promise_told, ticket_told

    def look(connection: Connection) -> tuple[Any, ...]:
        ticket = tickets.by_number(connection, number)
        entries = timeline.page(connection, ticket.id, _SHOWN).entries
        return ticket, entries, promises.open_of_ticket(connection, ticket.id)

    ticket, entries, owed = asyncio.run(_looked(config, look))
    if as_json:
        told = {"timeline": [entry_told(one) for one in entries], "owes": [promise_told(one) for one in owed]}
        json_line(ticket_told(ticket) | told)
        return
    print(_line(ticket))
    for name, value in ticket.fields.items():
        print(f"  {name}: {_short(value)}")
    for one in owed:
        print(f"  owes: {one.kind}, due {iso(one.due_at)}, at the latest {iso(one.deadline_at)}")
    for entry in entries:
        print(_entry(entry))


@app.command()
def note(
    number: Number,
    words: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add a note; also to a ticket that is closed.

    Example: `callserver tickets note 1045838 "the letter came back"`
    """
    from callserver.store import tickets, timeline
    from callserver.tickets.telling import entry_told

    def write(connection: Connection, who: Actor, now: Instant) -> Entry:
        return timeline.note(connection, tickets.by_number(connection, number).id, words, who, now)

    entry = asyncio.run(_written(config, write))
    if as_json:
        json_line(entry_told(entry))
    else:
        print(_entry(entry))


@app.command()
def close(number: Number, why: Why = "", config: Config = None, as_json: AsJson = False) -> None:
    """Close a ticket. What was serviced needs its return visit or a reason, which everybody will see.

    Example: `callserver tickets close 1045838 --why "customer moved abroad"`
    """
    from callserver.store import tickets
    from callserver.tickets.telling import ticket_told

    def write(connection: Connection, who: Actor, now: Instant) -> Ticket:
        ticket = tickets.by_number(connection, number)
        return tickets.move(connection, ticket.id, "closed", why, who, now)

    ticket = asyncio.run(_written(config, write))
    if as_json:
        json_line(ticket_told(ticket))
    else:
        print(_line(ticket))


async def _listed(config: Path | None, wanted: Wanted, limit: int, sort: Any) -> list[Ticket]:
    """Page by page: a short transaction each."""
    from callserver.store import ticket_pages

    async with opened(settings(config)) as store:
        found: list[Ticket] = []
        after: Place | None = None

        def look(connection: Connection) -> Page:
            return ticket_pages.page(connection, wanted, min(_PAGE, limit - len(found)), after, sort)

        while len(found) < limit:
            page = await store.report(look)
            found += page.tickets
            if page.end is None:
                break
            after = page.end
        return found


async def _looked(config: Path | None, look: Callable[[Connection], T]) -> T:
    async with opened(settings(config)) as store:
        return await store.report(look)


async def _written(config: Path | None, write: Callable[[Connection, Actor, Instant], T]) -> T:
    async with opened(settings(config)) as store:
        return await store.write(lambda connection: write(connection, actor(), milliseconds()))


def _known(option: str, value: str, among: tuple[str, ...]) -> None:
    if value not in among:
        raise BadValue(option, f"has to be one of {', '.join(among)}")


def _line(ticket: Ticket) -> str:
    from callserver.tickets.number import spoken

    due = f"due {iso(ticket.due_at)}" if ticket.open and ticket.due_at is not None else ""
    parts = (
        spoken(ticket.number),
        ticket.kind,
        ticket.status,
        ticket.priority,
        ticket.owner or "-",
        due,
        ticket.subject,
    )
    return printable("  ".join(part for part in parts if part))


def _entry(entry: Entry) -> str:
    said = "  ".join(
        f"{name}: {_short(value)}" for name, value in entry.body.items() if value not in (None, "")
    )
    return printable(f"{iso(entry.at)}  {entry.kind}  {entry.actor} ({entry.through})  {said}")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else ", ".join(map(str, _pieces(value)))
    return printable(text if len(text) <= 200 else text[:199] + "…")


def _pieces(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [f"{name} {piece}" for name, piece in value.items()]
    return list(value) if isinstance(value, list | tuple) else [value]

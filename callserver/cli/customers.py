"""`callserver customers`: look at single customers, find, merge, split; lists go in and out by `lists`.

In: settings, ids. Out: customers as lines or JSON; a note of who looked. Must not know: how anything is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from callserver.cli import lists
from callserver.cli.archive import actor, milliseconds, opened
from callserver.cli.common import AsJson, Config, json_line, settings, told
from callserver.cli.ending import Commands
from callserver.facts import iso
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.customers.merging import Going
    from callserver.customers.record import Customer, Product
    from callserver.settings import Settings
    from callserver.store.engine import Connection

T = TypeVar("T")
app = typer.Typer(cls=Commands, no_args_is_help=True, help="Customers: lists in and out, and single ones.")
app.command(name="import")(lists.import_)
app.command(name="export")(lists.export)

Id = Annotated[int, typer.Argument(metavar="ID", help="The customer's number in the archive.")]
Places = Annotated[list[int] | None, typer.Option(metavar="N", help="Which, from 1 as `show` lists them.")]


@app.command()
def show(id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Show a customer with products. Merged and erased ones are shown as they are.

    Example: `callserver customers show 17`
    """
    from callserver.store import audit, customers, products

    def work(connection: Connection) -> tuple[Customer, list[Product]]:
        customer = customers.get(connection, id)
        audit.note(connection, actor(), "customer.read", customers.subject(id), {}, milliseconds())
        return customer, products.of_customers(connection, [id])

    customer, owned = _written(settings(config), work)
    if as_json:
        json_line({**_told(customer), "products": [_told(one) for one in owned]})
        return
    for line in _lines(customer, owned):
        print(printable(line))


@app.command()
def find(
    text: Annotated[
        str, typer.Argument(help="A name, initials, a number, its last digits, an address, a serial ...")
    ],
    config: Config = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: AsJson = False,
) -> None:
    """Find customers by whatever is known of them, the surest first.

    Examples: `callserver customers find 张` · `callserver customers find 8000`
    """
    from callserver.store import audit, customers, finding

    found = settings(config)

    def work(connection: Connection) -> finding.Page:
        page = finding.find(connection, text, found.number_plan, limit=limit)
        seen = [hit.customer.id for hit in page.hits if hit.customer]
        notes = [
            audit.Note(action="customer.found", subject=customers.subject(one)) for one in dict.fromkeys(seen)
        ]
        audit.note_all(connection, actor(), notes, milliseconds())
        return page

    page = _written(found, work)
    for hit in page.hits:
        if as_json:
            json_line(
                {
                    "by": hit.way,
                    "ticket": hit.ticket,
                    "customer": _told(hit.customer) if hit.customer else None,
                }
            )
        else:
            print(
                printable(f"{_line(hit.customer) if hit.customer else f'ticket {hit.ticket}'}  ({hit.way})")
            )
    if not as_json and (page.next or page.more):
        print("... there are more: say more of the customer, or --limit")


@app.command()
def history(id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Who changed a customer when, newest first; --json says what it was before each change.

    Example: `callserver customers history 17`
    """
    from callserver.store import audit, customers, merging
    from callserver.store import history as versions

    def work(connection: Connection) -> tuple[Customer, list[versions.Version], list[merging.Merge]]:
        customer = customers.get(connection, id)
        audit.note(
            connection, actor(), "customer.read", customers.subject(id), {"history": True}, milliseconds()
        )
        return customer, versions.page(connection, customers.SUBJECT, id), merging.of_customer(connection, id)

    customer, before, merges = _written(settings(config), work)
    for one in before:
        if as_json:
            json_line(
                {
                    "version": one.version,
                    "until": iso(one.at),
                    "by": one.actor,
                    "through": one.through,
                    "record": told(one.record),
                }
            )
        else:
            print(printable(f"{iso(one.at)}  version {one.version + 1} by {one.actor} ({one.through})"))
    for merged in merges:
        body = {
            "merge": merged.id,
            "into": merged.into,
            "from": merged.other,
            "at": iso(merged.at),
            "undone_at": iso(merged.undone_at),
        }
        json_line(body) if as_json else print(
            "merge {merge}: {from} into {into}, {at}, undone: {undone_at}".format(**body)
        )
    if not as_json:
        print(
            printable(
                f"{iso(customer.created_at)}  version 1 by {customer.created_by} ({customer.created_through})"
            )
        )


@app.command()
def merge(
    into: Annotated[int, typer.Argument(metavar="INTO", help="The customer that stays.")],
    other: Annotated[int, typer.Argument(metavar="OTHER", help="The one that becomes part of it.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make two customers one, with products, tickets and promises; `unmerge` takes it back within a day.

    Example: `callserver customers merge 17 4711`
    """
    from callserver.store import merging

    done = _written(
        settings(config), lambda connection: merging.merge(connection, into, other, actor(), milliseconds())
    )
    if as_json:
        json_line({"merge": done.id, "into": done.into, "from": done.other, "until": iso(done.until)})
    else:
        print(
            f"customer {other} is part of {into} now; until {iso(done.until)}: callserver customers unmerge {done.id}"
        )


@app.command()
def unmerge(
    merge: Annotated[
        int, typer.Argument(metavar="MERGE", help="The number that `merge` gave, or `history`.")
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take a merge back, within a day; says what could not go back.

    Example: `callserver customers unmerge 3`
    """
    from callserver.store import merging

    undone = _written(
        settings(config), lambda connection: merging.undo(connection, merge, actor(), milliseconds())
    )
    if as_json:
        json_line({"into": undone.into.id, "from": undone.other.id, "stayed": list(undone.stayed)})
        return
    print(f"customers {undone.into.id} and {undone.other.id} are two again")
    for said in undone.stayed:
        print(f"  {printable(said)}")


@app.command()
def split(
    id: Id,
    name: Annotated[str, typer.Argument(help="The name of the new customer.")],
    number: Places = None,
    address: Places = None,
    product: Annotated[list[int] | None, typer.Option(metavar="ID", help="Of a product that goes.")] = None,
    ticket: Annotated[list[int] | None, typer.Option(metavar="ID", help="Of a ticket that goes.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make two customers of one: numbers, addresses, products and tickets that are named go to the new one.

    Example: `callserver customers split 17 李明 --number 2 --product 40`
    """
    from callserver.customers.merging import Going

    going = Going(
        numbers=tuple(place - 1 for place in number or ()),
        addresses=tuple(place - 1 for place in address or ()),
        products=tuple(product or ()),
        tickets=tuple(ticket or ()),
    )
    stays, made = _split(settings(config), id, going, name)
    if as_json:
        json_line({"customer": _told(stays), "new": _told(made)})
    else:
        print(printable(_line(stays)))
        print(printable(_line(made)))


def _split(found: Settings, id: int, going: Going, name: str) -> tuple[Customer, Customer]:
    from callserver.store import parting

    return _written(
        found, lambda connection: parting.split(connection, id, None, going, name, actor(), milliseconds())
    )


def _written(found: Settings, work: Callable[[Connection], T]) -> T:
    """Do it in one transaction."""

    async def do() -> T:
        async with opened(found) as store:
            return await store.write(work)

    return asyncio.run(do())


# --- as text ---------------------------------------------------------------------------------------------------------


def _told(thing: Customer | Product) -> dict[str, Any]:
    from callserver.customers.record import to_json

    return told(to_json(thing))


def _line(customer: Customer) -> str:
    numbers = ", ".join(one.received for one in customer.numbers)
    area = next((f"{one.city} {one.area} {one.line}".strip() for one in customer.addresses), "")
    pieces = (
        f"{customer.id:>8}",
        customer.name,
        numbers,
        area,
        customer.external_id and f"[{customer.external_id}]",
    )
    return "  ".join(piece for piece in pieces if piece)


def _lines(customer: Customer, owned: Iterable[Product]) -> Iterable[str]:
    yield _line(customer)
    flags = [word for word, on in (("VIP", customer.vip), ("do not call", customer.do_not_call)) if on]
    gone = customer.merged_into and f"part of customer {customer.merged_into}"
    yield from (
        f"  {one}" for one in (*flags, gone, customer.caution and f"caution: {customer.caution}") if one
    )
    for place, number in enumerate(customer.numbers, 1):
        said = ", ".join(
            filter(None, [number.kind, number.e164, number.note, "do not call" * number.do_not_call])
        )
        yield f"  number {place}: {number.received} ({said})"
    for place, one in enumerate(customer.addresses, 1):
        yield f"  address {place}: " + " ".join(
            filter(None, [one.postcode, one.city, one.area, one.line, one.note])
        )
    for product in owned:
        said = ", ".join(
            f"{label} {value}"
            for label, value in (
                ("serial", product.serial), ("bought", product.bought_on), ("warranty until", product.warranty_until),
            )
            if value
        )  # fmt: skip
        yield f"  product {product.id}: {product.category} {product.model} {said}"
    yield from (f"  {line}" for line in customer.notes.splitlines())
    yield f"  version {customer.version}, changed {iso(customer.updated_at)}"

"""Customers by the thousand: what a list says, put into the archive, and how far that has come.

In: entries (work.entries makes them), batch by batch, in the order of their file. Out: what became of each. Must not
know: files, columns, processes. A batch and the position behind it are written in one transaction: whoever is killed
and begins again goes on there, nothing is lost and nothing is done twice.

New customers are written by `newcomers`, many at once. Changed ones go through `customers.change`, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from callserver.customers import updating
from callserver.customers.checking import Draft, ProductDraft
from callserver.customers.listed import Entry, OwnedEntry, Plain
from callserver.customers.record import Address, Customer, Number, Product, customer_from_json
from callserver.customers.updating import Update
from callserver.customers.warranty import Rules
from callserver.errors import BadValue, Conflict
from callserver.facts import Actor, Instant
from callserver.store import audit, categories, customers, later, merging, newcomers, products, recognised
from callserver.store.desk import customer_numbers, findable, imports
from callserver.store.desk import customers as customers_table
from callserver.store.schema import clock, leases
from callserver.store.text import dump, load
from callserver.store.text import key as storable_key
from callserver.store.upsert import insert

Row: TypeAlias = tuple[Any, ...]


class Refused(NamedTuple):
    """An entry that was not put down: the field at fault, and why."""

    entry: Entry
    field: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            same=self.same + other.same,
            rejected=self.rejected + other.rejected,
        )

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.same + self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far an import is: rows of the file, bytes of the reject file, what became of them. `done`: to its end."""

    rows: int = 0
    rejects: int = 0
    counts: Counts = field(default_factory=Counts)
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What became of a batch."""

    counts: Counts
    refused: tuple[Refused, ...] = ()


# --- how far it is ---------------------------------------------------------------------------------------------------


def position(connection: Connection, digest: str) -> Position:
    """Where an import stands; at the beginning if nobody knows it."""
    row = connection.execute(select(imports).where(imports.c.digest == digest)).first()
    if row is None:
        return Position()
    counts = Counts(**load(row.counts))
    return Position(rows=row.rows, rejects=row.rejects, counts=counts, done=row.state == "done")


def begin(
    connection: Connection, digest: str, name: str, actor: Actor, now: Instant, *, about: int = later.MOST + 1
) -> Position:
    """Begin an import of about so many rows, or go on with one that did not come to its end; what was done begins
    anew."""
    ease(connection)
    if about <= later.MOST and is_alone(connection):
        later.put_off(connection)
    before = position(connection, digest)
    if before.rows and not before.done:
        return before
    values = _columns(Position()) | {"name": storable_key(name), "started_at": now, "finished_at": None}
    changed = connection.execute(update(imports).where(imports.c.digest == digest), values)
    if not changed.rowcount:
        new = insert(connection, imports).values(values | {"digest": digest})
        if not connection.execute(new.on_conflict_do_nothing()).rowcount:  # in the same moment
            raise Conflict("somebody else imports the same file now")
    audit.note(connection, actor, "customers.import", f"import:{digest}", {"begun": True}, now)
    return Position()


def advance(connection: Connection, digest: str, before: Position, after: Position) -> None:
    """Put the position forward, in the transaction of the batch. Raises Conflict where somebody else did."""
    here = (imports.c.digest == digest) & (imports.c.rows == before.rows) & (imports.c.state == "running")
    if connection.execute(update(imports).where(here), _columns(after)).rowcount != 1:
        raise Conflict("somebody else imports the same file now")


def finish(connection: Connection, digest: str, at: Position, actor: Actor, now: Instant) -> None:
    """The file is at its end."""
    advance(connection, digest, at, replace(at, done=True))
    connection.execute(update(imports).where(imports.c.digest == digest), {"finished_at": now})
    detail = {"rows": at.rows, **_counted(at.counts)}
    audit.note(connection, actor, "customers.import", f"import:{digest}", detail, now)


def _columns(at: Position) -> dict[str, Any]:
    return {
        "rows": at.rows,
        "rejects": at.rejects,
        "counts": dump(_counted(at.counts)),
        "state": "done" if at.done else "running",
    }


def _counted(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("new", "changed", "same", "rejected")}


def ease(connection: Connection) -> None:
    """Let SQLite keep more of its indexes in memory, and write them back less often, on this connection."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA cache_size = -65536")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 8000")


def is_alone(connection: Connection) -> bool:
    """Whether no hotline runs on this database: then nobody waits for the end of a long transaction."""
    live = leases.c.expires_at > clock(None)
    return connection.execute(select(leases.c.name).where(live).limit(1)).first() is None


def written_by_others(connection: Connection) -> int:
    """A number that changes when somebody else writes to an SQLite file; PostgreSQL has no line to stand in."""
    if connection.dialect.name != "sqlite":
        return 0
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())


# --- a batch ---------------------------------------------------------------------------------------------------------


def land(
    connection: Connection,
    entries: Sequence[Entry],
    change: Update,
    actor: Actor,
    now: Instant,
    plain: Plain | None = None,
) -> Landed:
    """Put a batch down: new customers, and what it says of those whom we have.

    `plain`: those of the entries that came column by column; none of these is about the same customer as another one.
    Raises Conflict where others wrote the same customers at this moment: nothing was written then, try again.
    """
    landed = Landed(counts=Counts())
    try:
        if plain is not None:
            counts, left = _plainly(connection, plain, actor, now)
            landed, entries = Landed(counts=counts), sorted([*left, *entries], key=itemgetter(0))
        for wave in _waves(entries):
            counts, refused = _wave(connection, wave, change, actor, now)
            landed = Landed(counts=landed.counts + counts, refused=landed.refused + tuple(refused))
    except IntegrityError as error:
        raise Conflict("somebody else put down the same customer at this moment") from error
    return landed


def _plainly(
    connection: Connection, plain: Plain, actor: Actor, now: Instant
) -> tuple[Counts, Sequence[Entry]]:
    """Put down those of whom we have none, or leave what is as it is told; and the entries for a closer look."""
    if not recognised.anybody(connection, plain):
        newcomers.put_plain(connection, plain, actor, now)
        return Counts(new=len(plain.lines)), ()
    same = recognised.unchanged(connection, plain)
    if len(same) == len(plain.lines):
        return Counts(same=len(same)), ()
    left = [one for place, one in enumerate(plain.entries()) if place not in same]
    return Counts(same=len(same)), left


def weigh(connection: Connection, entries: Sequence[Entry], change: Update) -> Landed:
    """What `land` would do, as far as it can be known before the rows ahead are written; only looks."""
    found = _known(connection, entries)
    rules = categories.rules(connection)
    counts, refused = _Tally(), list[Refused]()
    for entry, customer, owned in _with_products(connection, entries, found):
        if customer is None:
            counts.new += not entry.before
            counts.same += bool(entry.before)
            continue
        try:
            counts.count(_weighed(entry, customer, owned, change, rules).changes)
        except BadValue as error:
            refused.append(Refused(entry, error.field, error.why))
    return Landed(counts=counts.counts(len(refused)), refused=tuple(refused))


def _waves(entries: Sequence[Entry]) -> Iterable[Sequence[Entry]]:
    """The entries in their order, cut so that no customer comes twice in one piece."""
    if not entries:
        return
    if not any(entry.before for entry in entries):
        yield entries
        return
    wave: dict[str | None, Entry] = {}
    for entry in entries:
        key = entry.external_id or entry.mark
        if key in wave:
            yield list(wave.values())
            wave = {}
        wave[key] = entry
    yield list(wave.values())


@dataclass(slots=True)
class _Tally:
    new: int = 0
    changed: int = 0
    same: int = 0

    def count(self, changed: bool) -> None:
        self.changed += changed
        self.same += not changed

    def counts(self, rejected: int) -> Counts:
        return Counts(new=self.new, changed=self.changed, same=self.same, rejected=rejected)


def _wave(
    connection: Connection, entries: Sequence[Entry], change: Update, actor: Actor, now: Instant
) -> tuple[Counts, list[Refused]]:
    found = _known(connection, entries)
    fresh = [entry for entry in entries if _key(entry) not in found] if found else entries
    tally, refused = _Tally(new=len(fresh)), list[Refused]()
    newcomers.put(connection, fresh, actor, now)
    if found:
        here = [entry for entry in entries if _key(entry) in found]
        for entry, customer, owned in _with_products(connection, here, found):
            try:
                tally.count(
                    customer is not None and _apply(connection, entry, customer, owned, change, actor, now)
                )
            except BadValue as error:
                refused.append(Refused(entry, error.field, error.why))
    return tally.counts(len(refused)), refused


Key: TypeAlias = tuple[bool, str]  # whether it is an id; the id or mark


def _key(entry: Entry) -> Key:
    return (True, entry.external_id) if entry.external_id is not None else (False, entry.mark or "")


def _known(connection: Connection, entries: Sequence[Entry]) -> dict[Key, Customer]:
    """Those customers of the entries that we have, by their ids of other systems and by marks."""
    here, found = customers_table.c, {}
    for is_id, column in ((True, here.external_id), (False, here.mark)):
        wanted = [key for one, key in map(_key, entries) if one is is_id]
        if wanted:
            rows = connection.execute(select(column, here.record).where(column.in_(wanted)))
            found.update({(is_id, str(key)): _living(connection, record) for key, record in rows})
    left = [one for one in entries if one.external_id is None and one.tails and _key(one) not in found]
    return found | _by_name_and_number(connection, left) if left else found


def _living(connection: Connection, record: str) -> Customer:
    """The customer, or the one that it is part of by now."""
    customer = customer_from_json(load(record))
    return customer if customer.merged_into is None else merging.living(connection, customer.merged_into)


def _by_name_and_number(connection: Connection, entries: Sequence[Entry]) -> dict[Key, Customer]:
    """Those that nobody imported: who has the name and one of the numbers is the same."""
    tails = {tail for one in entries for tail in one.tails}
    numbers = customer_numbers.c
    rows = connection.execute(
        select(numbers.tail, customers_table.c.name_key, customers_table.c.record)
        .join(customers_table, customers_table.c.id == numbers.customer_id)
        .where(numbers.tail.in_(tails), findable)
        .order_by(customers_table.c.id.desc())
    )
    there = {(row.name_key, row.tail): row.record for row in rows}  # of several the oldest
    return {
        _key(one): customer_from_json(load(record))
        for one in entries
        for record in [there.get((one.name_key, tail)) for tail in one.tails]
        if record is not None
    }


def _with_products(
    connection: Connection, entries: Sequence[Entry], found: dict[Key, Customer]
) -> Iterable[tuple[Entry, Customer | None, list[Product]]]:
    """Each entry with its customer, and that one's products if the entry speaks of any."""
    asked = [found[_key(one)].id for one in entries if one.products and _key(one) in found]
    owned: dict[int, list[Product]] = {}
    for product in products.of_customers(connection, asked) if asked else ():
        owned.setdefault(product.customer, []).append(product)
    for entry in entries:
        customer = found.get(_key(entry))
        yield entry, customer, owned.get(customer.id, []) if customer else []


# --- a customer whom we have -----------------------------------------------------------------------------------------


class _Weighed(NamedTuple):
    becomes: Draft
    products: Sequence[
        tuple[Product | None, OwnedEntry, ProductDraft]
    ]  # which one, what is said, what it becomes
    changes: bool


def _weighed(
    entry: Entry, customer: Customer, owned: Sequence[Product], change: Update, rules: Rules
) -> _Weighed:
    """What an entry makes of a customer. Raises BadValue where it must not."""
    if customer.erased_at is not None:
        raise BadValue("external_id" if entry.external_id else "name", f"customer {customer.id} was erased")
    listed = _draft(entry.record)
    if entry.external_id is not None and customer.external_id != entry.external_id:
        # Merged into this one: what the list says of the other one adds to it, and is not to be its id.
        listed, change = replace(listed, external_id=None), "never" if change == "never" else "missing"
    if entry.before and change == "all":
        _refuse_contradiction(entry, customer, listed)
    becomes = updating.updated(customer, listed, change, not_vip=entry.not_vip)
    for path, why in updating.refused(customer, becomes).items():
        raise BadValue(path, why)
    drafts = [ProductDraft(**load(one.record)) for one in entry.products]
    same = updating.matched(owned, drafts)
    weighed = [
        (product, said, draft)
        if product is None
        else (
            product,
            said,
            updating.product_updated(product, draft, change, rules),
        )
        for product, said, draft in zip(same, entry.products, drafts, strict=True)
    ]
    if change == "never":
        weighed = []
    changes = becomes != updating.updated(customer, listed, "never") or any(
        product is None or not _is(product, draft) for product, _, draft in weighed
    )
    return _Weighed(becomes, weighed, changes)


def _is(product: Product, draft: ProductDraft) -> bool:
    return all(getattr(product, name) == getattr(draft, name) for name in ProductDraft.__dataclass_fields__)


def _refuse_contradiction(entry: Entry, customer: Customer, listed: Draft) -> None:
    """Two rows about one customer may add to each other, one may not take back what the other says."""
    for name in ("name", "language", "zone", "caution", "notes"):
        said = getattr(listed, name)
        if said and getattr(customer, name) not in ("", None, said):
            by = "external_id" if entry.external_id else "name and number"
            raise BadValue(name, f"line {entry.before} has the same {by}, and another {name}")


def _apply(
    connection: Connection,
    entry: Entry,
    customer: Customer,
    owned: Sequence[Product],
    change: Update,
    actor: Actor,
    now: Instant,
) -> bool:
    """Make what the entry says so; whether anything changed. Raises BadValue, Conflict."""
    weighed = _weighed(entry, customer, owned, change, categories.rules(connection))
    if not weighed.changes:
        return False
    customers.change(connection, customer.id, customer.version, weighed.becomes, actor, now)
    added = [said for product, said, _ in weighed.products if product is None]
    newcomers.put_products(connection, [(customer.id, said) for said in added], now)
    for product, _, draft in weighed.products:
        if product is not None and not _is(product, draft):
            products.change(connection, product.id, product.version, draft, actor, now)
    return True


def _draft(record: str) -> Draft:
    body = load(record)
    return Draft(
        **body
        | {
            "numbers": tuple(Number(**one) for one in body["numbers"]),
            "addresses": tuple(Address(**one) for one in body["addresses"]),
        }
    )

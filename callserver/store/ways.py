"""The ways on which a customer is found: each a walk along one index, and the question whether a customer lies on it.

In: what somebody typed, and behind what to go on. Out: entries of the index, at most so many, in its order. Must not
know: pages, which way is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Column, ColumnElement, Connection, Select, select, tuple_

from callserver import numbers
from callserver.customers import names
from callserver.customers.record import Customer
from callserver.numbers import Plan
from callserver.store import customers, words
from callserver.store.desk import customer_numbers, findable, products, ticket_open, tickets
from callserver.store.desk import customers as table
from callserver.store.text import storable
from callserver.tickets import number as ticket_number

Way = Literal["external_id", "ticket", "number", "caller", "serial", "digits", "name", "initials", "words"]
WAYS: tuple[Way, ...] = get_args(Way)  # the surest first
FEWEST_DIGITS = 4
_FEWEST_OF_SERIAL = 4
_LONGEST = 200  # characters that are looked at
_MOST_WORDS = 12
_IN_EVERY_ADDRESS = frozenset("省市区县镇乡村路街道巷弄号楼栋幢单元层室")
_FEWEST_ASKED = 2  # words, of the full-text index
_NATIONAL = 8  # as many digits as a number with a leading 0 that is none of its last digits

_DIALLED = re.compile(r"[\d\s()+./#*,;-]+")
_LETTERS = re.compile(r"[a-z]{2,10}")
_AFTER_TEXTS = "\U0010ffff"
_AFTER_DIGITS = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody typed, as each way needs it; empty where it is nothing for that way."""

    external_id: str
    ticket: int
    number: str  # backwards
    caller: str  # the same
    serial: str
    digits: str  # backwards
    name: str
    initials: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An entry of an index: its place there (`value`, `id`), and what it leads to.

    `stopped`: no entry, but how far we looked in vain for as long as somebody may wait; there may be others behind it.
    """

    value: str
    id: int
    customer: int | None
    ticket: int | None = None
    product: int | None = None
    stopped: bool = False


def asked(text: str, plan: Plan) -> Asked:
    """What this text may be; any text will do."""
    plain = _typed(text)
    key = names.key(plain)
    dialled = _DIALLED.fullmatch(plain) is not None
    read = plan.read(plain) if dialled else None
    number = numbers.tail(read.e164) if read is not None and read.e164 else ""
    return Asked(
        external_id=plain,
        ticket=ticket_number.heard(plain) or 0,
        number=number,
        caller=number,
        serial=_long_enough(names.serial(plain), _FEWEST_OF_SERIAL),
        digits=_long_enough(_last_digits(plain), FEWEST_DIGITS) if dialled else "",
        name="" if dialled else key,
        initials=key if _LETTERS.fullmatch(key) else "",
        words=() if dialled else names.asked(plain)[:_MOST_WORDS],
        text=plain,
    )


def _typed(text: str) -> str:
    """Without what no database takes, and no longer than anything we keep."""
    return storable(text[:_LONGEST]).strip()


def _long_enough(text: str, fewest: int) -> str:
    return text if len(text) >= fewest else ""


def _last_digits(text: str) -> str:
    digits = numbers.tail_of_digits(text)
    return digits.rstrip("0") if len(digits) > _NATIONAL and digits.endswith("0") else digits


# --- walks -----------------------------------------------------------------------------------------------------------


def _by_external_id(connection: Connection, asked: Asked, _value: str, id: int, _limit: int) -> list[Step]:
    here = select(table.c.id).where(table.c.external_id == asked.external_id, findable, table.c.id > id)
    return [Step(value="", id=one, customer=one) for one in connection.execute(here).scalars()]


def _by_ticket(connection: Connection, asked: Asked, _value: str, id: int, _limit: int) -> list[Step]:
    here = select(tickets.c.id, tickets.c.customer_id).where(tickets.c.id == asked.ticket, tickets.c.id > id)
    return [
        Step(value="", id=row.id, customer=row.customer_id, ticket=row.id) for row in connection.execute(here)
    ]


def _by_number(connection: Connection, asked: Asked, _value: str, id: int, limit: int) -> list[Step]:
    column = customer_numbers.c
    here = select(column.customer_id).where(column.tail == asked.number, column.customer_id > id)
    found = connection.execute(here.order_by(column.customer_id).limit(limit)).scalars()
    return [Step(value="", id=one, customer=one) for one in found]


def _by_caller(connection: Connection, asked: Asked, _value: str, id: int, limit: int) -> list[Step]:
    """Open tickets of a number, for which nobody is known yet."""
    theirs = (ticket_open, tickets.c.tail == asked.caller, tickets.c.customer_id.is_(None))
    here = select(tickets.c.id).where(*theirs, tickets.c.id > id).order_by(tickets.c.id).limit(limit)
    return [Step(value="", id=one, customer=None, ticket=one) for one in connection.execute(here).scalars()]


def _by_serial(connection: Connection, asked: Asked, value: str, id: int, limit: int) -> list[Step]:
    column = products.c
    here = select(column.serial_key, column.id, column.customer_id)
    walk = _walk(here, column.serial_key, column.id, asked.serial, _AFTER_TEXTS, value, id)
    return [
        Step(value=row.serial_key, id=row.id, customer=row.customer_id, product=row.id)
        for row in connection.execute(walk.limit(limit))
    ]


def _by_digits(connection: Connection, asked: Asked, value: str, id: int, limit: int) -> list[Step]:
    column = customer_numbers.c
    here = select(column.tail, column.customer_id)
    walk = _walk(here, column.tail, column.customer_id, asked.digits, _AFTER_DIGITS, value, id)
    found = connection.execute(walk.limit(limit))
    return [Step(value=row.tail, id=row.customer_id, customer=row.customer_id) for row in found]


def _by_name(connection: Connection, asked: Asked, value: str, id: int, limit: int) -> list[Step]:
    return _by_text(connection, table.c.name_key, asked.name, value, id, limit)


def _by_initials(connection: Connection, asked: Asked, value: str, id: int, limit: int) -> list[Step]:
    return _by_text(connection, table.c.initials, asked.initials, value, id, limit)


def _by_words(connection: Connection, asked: Asked, _value: str, id: int, limit: int) -> list[Step]:
    found = words.with_all(connection, _rarest(asked.words), after=id, limit=limit)
    steps = [Step(value="", id=one, customer=one) for one in found.ids]
    if found.until is not None:
        steps.append(Step(value="", id=found.until, customer=None, stopped=True))
    return steps


def _rarest(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that probably few customers have, the rarest first: the index is asked for these, the records for all.

    Long words and numbers first; what is in every address last. Of others those at the end, as Chinese addresses begin
    with what is large.
    """
    ranked = sorted(enumerate(words), key=lambda one: (_is_common(one[1]), -min(len(one[1]), 3), -one[0]))
    telling = sum(not _is_common(word) for word in words)
    return tuple(word for _, word in ranked[: max(_FEWEST_ASKED, telling)])


def _is_common(word: str) -> bool:
    return (len(word) == 1 and not word.isdecimal()) or not _IN_EVERY_ADDRESS.isdisjoint(word)


def _by_text(
    connection: Connection, column: Column[str], begin: str, value: str, id: int, limit: int
) -> list[Step]:
    here = select(column.label("value"), table.c.id).where(findable)
    walk = _walk(here, column, table.c.id, begin, _AFTER_TEXTS, value, id)
    found = connection.execute(walk.limit(limit))
    return [Step(value=row.value, id=row.id, customer=row.id) for row in found]


def _walk(
    here: Select[Any], column: Column[Any], id: Column[int], begin: str, last: str, value: str, after: int
) -> Select[Any]:
    """What begins with `begin`, in the index's order, behind (`value`, `after`)."""
    walk = here.where(column >= begin, column < begin + last).order_by(column, id)
    place: ColumnElement[bool] = tuple_(column, id) > tuple_(value, after)
    return walk.where(place) if value else walk


Walk: TypeAlias = Callable[[Connection, Asked, str, int, int], list[Step]]
WALKS: Mapping[Way, Walk] = {
    "external_id": _by_external_id,
    "ticket": _by_ticket,
    "number": _by_number,
    "caller": _by_caller,
    "serial": _by_serial,
    "digits": _by_digits,
    "name": _by_name,
    "initials": _by_initials,
    "words": _by_words,
}


def lies_on(customer: Customer, way: Way, asked: Asked) -> bool:
    """Whether that way leads to the customer; False for those that nothing in the customer's record tells."""
    match way:
        case "external_id":
            return customer.external_id == asked.external_id
        case "number":
            return asked.number in customers.tails(customer)
        case "digits":
            return any(tail.startswith(asked.digits) for tail in customers.tails(customer))
        case "name":
            return names.key(customer.name).startswith(asked.name)
        case "initials":
            return names.initials(customer.name).startswith(asked.initials)
        case "words":
            has = set(customers.words_of(customer))
            return has.issuperset(asked.words) and names.together(asked.text, customers.texts(customer))
        case _:
            return False

"""What two customers become when they turn out to be one; how they come apart again; how one becomes two.

In: customers, and who goes where. Out: customers as they should be kept, and fields that could not be undone. Must not
know: products and tickets (the store moves them), clocks.

Nothing is lost by a merge: what both say differently stays with the one that lives on, except notes and cautions, which
are put together; the other one keeps everything it had in its own record and history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from callserver.customers.checking import LENGTHS, Draft
from callserver.customers.record import Address, Customer, Number
from callserver.errors import BadValue, BadValues
from callserver.facts import Instant

T = TypeVar("T", Number, Address)

UNDOABLE_MS = 24 * 60 * 60 * 1000  # a merge can be undone for a day

# What the other one gives where the one that lives on has nothing.
_FILLED = ("name", "language", "zone", "external_id")
_EITHER = ("vip", "do_not_call")
_JOINED = ("caution", "notes")
_LISTS = ("numbers", "addresses")
VALUES = (*_FILLED, *_EITHER, *_JOINED, *_LISTS)


def merged(into: Customer, other: Customer, now: Instant) -> tuple[Customer, Customer]:
    """Both as they are after the merge: the one that lives on, and the one that is part of it now."""
    values: dict[str, Any] = {
        name: getattr(into, name) or getattr(other, name) for name in (*_FILLED, *_EITHER)
    }
    values |= {name: _joined(getattr(into, name), getattr(other, name), LENGTHS[name]) for name in _JOINED}
    values |= {
        "numbers": _united(into.numbers, other.numbers),
        "addresses": _united(into.addresses, other.addresses),
    }
    one = replace(into, **values, version=into.version + 1, updated_at=now)
    part = replace(other, merged_into=into.id, version=other.version + 1, updated_at=now)
    if one.external_id == other.external_id:
        part = replace(part, external_id=None)  # two rows cannot have it
    return one, part


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two customers again. `kept`: fields of the one that lived on that somebody changed since, so they stay."""

    into: Customer
    other: Customer
    kept: tuple[str, ...]


def apart(into: Customer, other: Customer, before: tuple[Customer, Customer], now: Instant) -> Apart:
    """Both without the merge. `before` is how they were; what was changed since is kept, and what was added stays."""
    into_before, other_before = before
    together, _ = merged(into_before, other_before, now)
    values, kept = {}, []
    for name in VALUES:
        values[name], whole = _undone(name, into, together, into_before)
        if not whole:
            kept.append(name)
    one = replace(into, **values, version=into.version + 1, updated_at=now)
    again = replace(other_before, version=other.version + 1, updated_at=now)
    if again.external_id is not None and again.external_id == one.external_id:
        again = replace(again, external_id=None)
    return Apart(into=one, other=again, kept=tuple(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """What goes to another customer: places in the lists of numbers and addresses (0 is the first), ids of the rest."""

    numbers: tuple[int, ...] = ()
    addresses: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
    tickets: tuple[int, ...] = ()


def split(customer: Customer, going: Going, name: str, now: Instant) -> tuple[Customer, Draft]:
    """The customer without what goes, and a draft of the new one. Raises BadValues for a place that is not there."""
    rest = _rest(customer, going, now)
    draft = Draft(
        name=name,
        numbers=_at(customer.numbers, going.numbers),
        addresses=_at(customer.addresses, going.addresses),
        language=customer.language,
        zone=customer.zone,
    )
    if not draft.name and not draft.numbers:
        raise BadValue("name", "is missing, and no number goes either")
    return rest, draft


def given(customer: Customer, going: Going, other: Customer, now: Instant) -> tuple[Customer, Customer]:
    """The customer without what goes, and the other one with it. Raises BadValues for a place that is not there."""
    rest = _rest(customer, going, now)
    values: dict[str, Any] = {
        "numbers": _united(other.numbers, _at(customer.numbers, going.numbers)),
        "addresses": _united(other.addresses, _at(customer.addresses, going.addresses)),
    }
    return rest, _renewed(other, values, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regained:
    """Both after what went has come back. `kept`: lists of which something is nowhere any more, so it stays away."""

    customer: Customer
    other: Customer
    kept: tuple[str, ...]


def regained(
    customer: Customer, other: Customer, before: tuple[Customer, Customer], now: Instant
) -> Regained:
    """Both with what went from `customer` to `other` taken back. `before` is how they were; what came since stays."""
    was, theirs_was = before
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    kept = []
    for name in _LISTS:
        mine, there = getattr(customer, name), getattr(other, name)
        away = _less(getattr(was, name), mine)
        back = tuple(one for one in away if one not in _less(away, there))
        alike = _less(getattr(was, name), back) == mine
        ours[name] = getattr(was, name) if alike else mine + back
        theirs[name] = _less(there, _less(back, getattr(theirs_was, name)))
        if len(back) < len(away):
            kept.append(name)
    return Regained(
        customer=_renewed(customer, ours, now), other=_renewed(other, theirs, now), kept=tuple(kept)
    )


def _rest(customer: Customer, going: Going, now: Instant) -> Customer:
    problems = [
        (f"{field}[{place}]", f"the customer has no such entry: there are {len(there)}")
        for field, there, places in (
            ("numbers", customer.numbers, going.numbers),
            ("addresses", customer.addresses, going.addresses),
        )
        for place in places
        if not 0 <= place < len(there)
    ]
    if problems:
        raise BadValues(problems)
    if going == Going():
        raise BadValue("", "nothing was named that goes to the other customer")
    values: dict[str, Any] = {
        "numbers": _without(customer.numbers, going.numbers),
        "addresses": _without(customer.addresses, going.addresses),
    }
    if not customer.name and not values["numbers"]:
        raise BadValue("numbers", "all of them cannot go: the customer has no name to be known by")
    return _renewed(customer, values, now)


def _renewed(customer: Customer, values: Mapping[str, Any], now: Instant) -> Customer:
    """The next version with these values; the same one where they are what they were."""
    if all(getattr(customer, name) == value for name, value in values.items()):
        return customer
    return replace(customer, **values, version=customer.version + 1, updated_at=now)


# --- lists and texts -------------------------------------------------------------------------------------------------


def _undone(name: str, now: Customer, together: Customer, before: Customer) -> tuple[Any, bool]:
    """A field's value without the merge, and whether all that the merge did to it could be taken back."""
    current, joint, old = getattr(now, name), getattr(together, name), getattr(before, name)
    if current == joint:
        return old, True
    if name not in _LISTS:
        return current, joint == old
    came = [one for one in joint if one not in old]
    return tuple(one for one in current if one not in came), all(one in current for one in came)


def _united(ours: tuple[T, ...], theirs: tuple[T, ...]) -> tuple[T, ...]:
    """Ours, and of theirs what is not there yet."""
    return ours + _less(theirs, ours)


def _less(entries: tuple[T, ...], known: Iterable[T]) -> tuple[T, ...]:
    """Those that are none of the known ones."""
    them = {_what(one) for one in known}
    return tuple(one for one in entries if _what(one) not in them)


def _what(entry: Number | Address) -> object:
    """What makes two entries the same, whatever is noted beside them."""
    if isinstance(entry, Number):
        return (entry.e164 or entry.received, entry.extension)
    return replace(entry, note="")


def _joined(ours: str, theirs: str, longest: int) -> str:
    """Both texts; the end is cut off where it is too long for one, and stays in the other's own record."""
    if not theirs or theirs in ours:
        return ours
    return f"{ours}\n{theirs}"[:longest] if ours else theirs


def _at(entries: Sequence[T], places: Iterable[int]) -> tuple[T, ...]:
    return tuple(entries[place] for place in dict.fromkeys(places))


def _without(entries: Sequence[T], places: Iterable[int]) -> tuple[T, ...]:
    gone = set(places)
    return tuple(one for place, one in enumerate(entries) if place not in gone)

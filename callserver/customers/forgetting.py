"""What is left of somebody who is erased: that there was somebody, and everything that is counted.

In: customers, products, bodies of entries, records and facts of calls. Out: the same without who it was. Must not know:
SQL, where they are kept. Times, queues, outcomes, kinds, staff and ids stay, so that no statistic changes.

A word is kept only where it is known to be one of ours: forgetting too much costs a detail, forgetting too little
breaks a promise that the law has made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from callserver.customers.record import Customer, Product
from callserver.facts import Instant

IsTheirs: TypeAlias = Callable[[str], bool]
"""Whether a text, as a switch or a person wrote it, is a telephone number of whoever is erased."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?")
_REASON = re.compile(r"(caller_number|caller_name|dialed): ")
_DIGITS = re.compile(r"\+?\d{5,}")

# Words of entries that are ours: of the tables, of the switch, of staff.
_OURS: Final = frozenset(
    "agent agents call call_id direction end from interface kind outcome pbx priority queue result rule status team "
    "through ticket to type way what".split()
)
_STAFF: Final = frozenset({"agent", "agents", "rings"})  # below these a name is one of ours
_CHANGES_KEPT: Final = frozenset(
    {"kind", "priority", "product", "owner", "team", "due_at", "customer", "status"}
)

# Where calls, tickets and promises have numbers; in ids there are digits that look like one.
_NUMBERED: Final = frozenset(
    {"caller_number", "caller", "dialed", "number", "channel", "interface", "by", "to", "name"}
)


def customer(before: Customer, now: Instant) -> Customer:
    """Only that there was somebody, since when, and that nobody calls them."""
    return Customer(
        id=before.id,
        version=before.version + 1,
        name="",
        do_not_call=True,
        created_at=before.created_at,
        created_by=before.created_by,
        created_through=before.created_through,
        updated_at=now,
        merged_into=before.merged_into,
        erased_at=now,
    )


def product(before: Product, now: Instant) -> Product:
    """What was sold stays, which one it was does not."""
    return replace(before, version=before.version + 1, serial=None, notes="", updated_at=now)


def entry(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a timeline's entry: what happened, when and by whom of us, but not what was said."""
    if kind == "change":
        return {name: both if name in _CHANGES_KEPT else _emptied(both) for name, both in body.items()}
    return {name: without_reasons(_plain(name, value, staff=False)) for name, value in body.items()}


def _emptied(both: Any) -> list[None]:
    return [None] * len(both) if isinstance(both, list | tuple) else []


def _plain(name: str, value: Any, *, staff: bool) -> Any:
    if isinstance(value, str):
        kept = name in _OURS or (staff and name == "name") or _INSTANT.fullmatch(value)
        return _DIGITS.sub("", value) if kept and name == "interface" else value if kept else ""
    staff = staff or name in _STAFF
    if isinstance(value, Mapping):
        return {inner: _plain(inner, one, staff=staff) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, one, staff=staff) for one in value]
    return value


def without_number(value: Any, is_theirs: IsTheirs) -> Any:
    """A call's record or fact, or an entry about a call: every number of theirs is gone, and the caller's name with it.

    A field that was nothing but the number becomes None; from a channel's name only the digits go.
    """
    if isinstance(value, Mapping):
        gone = {name: _without(name, one, is_theirs) for name, one in value.items()}
        caller = value.get("caller_number")
        if isinstance(caller, str) and gone["caller_number"] is None and "caller_name" in gone:
            gone["caller_name"] = None
        return gone
    if isinstance(value, list | tuple):
        return [without_number(one, is_theirs) for one in value]
    return value


def _without(name: str, value: Any, is_theirs: IsTheirs) -> Any:
    if not isinstance(value, str):
        return without_number(value, is_theirs)
    if name not in _NUMBERED:
        return value
    if is_theirs(value):
        return "" if name in ("by", "to", "channel", "interface") else None
    return _DIGITS.sub(lambda found: "" if is_theirs(found[0]) else found[0], value)


def without_reasons(value: Any) -> Any:
    """What the journals knew better of a call, as `field: ours -> theirs`: only the field where it says who it was."""
    if isinstance(value, str):
        told = _REASON.match(value)
        return told[1] if told else value
    if isinstance(value, Mapping):
        return {name: without_reasons(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_reasons(one) for one in value]
    return value


def mentions(value: Any, texts: frozenset[str]) -> bool:
    """Whether any text in a JSON value has one of these in it."""
    if isinstance(value, str):
        return any(text in value for text in texts)
    if isinstance(value, Mapping):
        return any(mentions(one, texts) for one in value.values())
    return isinstance(value, list | tuple) and any(mentions(one, texts) for one in value)

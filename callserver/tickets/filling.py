"""What somebody filled into a ticket's fields, checked by its kind.

In: a kind, and values of strangers. Out: values that are right, in one spelling; or BadValue naming the field
(`fields.appointment.begin`). Must not know: SQL, HTTP, clocks. Moments are ISO 8601 text with a zone, kept as UTC with
milliseconds; days are ISO dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from callserver.errors import BadValue, BadValues
from callserver.facts import instant, iso
from callserver.tickets.kinds import Field, FieldType, Kind
from callserver.tickets.record import Status
from callserver.tickets.wording import line, lines

LONGEST_LINE = 200
LONGEST_TEXT = 10_000
_LONGEST_WINDOW_MS = 31 * 24 * 3_600_000
_LARGEST_NUMBER = 10**15
_EARLIEST, _LATEST = 0, 4_102_444_800_000  # 1970 to 2100
_ADDRESS = ("line", "area", "city", "postcode", "country", "note")


def check(
    kind: Kind, given: Mapping[str, Any], status: Status | None, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The ticket's fields after `given` was filled in; None empties a field.

    `before` is what the ticket has: it stays where nothing is given, whatever the kind says today. `status` is the one
    that the ticket gets into, None: it stays where it is. Raises BadValues with every field that is wrong.
    """
    old = dict(before or {})
    filled, problems = dict(old), []
    for name, value in given.items():
        try:
            filled[name] = _value(kind, name, value, old)
        except BadValue as wrong:
            problems.append((wrong.field, wrong.why))
    filled = {name: value for name, value in filled.items() if value is not None}
    wrong_names = {field for field, _ in problems}
    for one in kind.fields:
        at = f"fields.{one.name}"
        if one.name not in filled and at not in wrong_names and _missed(one, status, one.name in old):
            problems.append((at, f"is needed for a ticket to be {status or 'as it is'}"))
    if problems:
        raise BadValues(problems)
    return filled


def _missed(one: Field, status: Status | None, was_there: bool) -> bool:
    return status in one.required_when if status is not None else bool(one.required_when) and was_there


def _value(kind: Kind, name: str, value: Any, old: Mapping[str, Any]) -> Any:
    if value is None or (name in old and value == old[name]):
        return value
    one = kind.field(name)
    if one is None:
        raise BadValue(f"fields.{line(name, 60)}", f"a ticket of the kind {kind.name} has no such field")
    return _READ[one.type](one, f"fields.{name}", value)


def _text(one: Field, at: str, value: Any) -> str | None:
    return line(_words(at, value, one.max_length or LONGEST_LINE)) or None


def _long(one: Field, at: str, value: Any) -> str | None:
    return lines(_words(at, value, one.max_length or LONGEST_TEXT)) or None


def _words(at: str, value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise BadValue(at, "has to be text")
    if len(value) > longest:
        raise BadValue(at, f"is longer than {longest} characters")
    return value


def _choice(one: Field, at: str, value: Any) -> str:
    for choice in one.choices:
        if choice.value == value and not choice.retired:
            return choice.value
    raise BadValue(
        at, "has to be one of " + ", ".join(each.value for each in one.choices if not each.retired)
    )


def _choices(one: Field, at: str, value: Any) -> list[str] | None:
    if not isinstance(value, list | tuple) or len(value) > len(one.choices):
        raise BadValue(at, "has to be a list of choices, each once")
    chosen = [_choice(one, f"{at}[{place}]", each) for place, each in enumerate(value)]
    return list(dict.fromkeys(chosen)) or None


def _number(one: Field, at: str, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(at, "has to be a number")
    if not abs(value) <= _LARGEST_NUMBER:  # so that NaN is refused too
        raise BadValue(at, "is no number that can be kept")
    return value


def _date(one: Field, at: str, value: Any) -> str:
    try:
        day = date.fromisoformat(_words(at, value, 10))
    except ValueError:
        raise BadValue(at, "has to be a day such as 2026-11-22") from None
    if not 1900 <= day.year <= 2100:
        raise BadValue(at, "has to be a day between 1900 and 2100")
    return day.isoformat()


def _moment(one: Field, at: str, value: Any) -> str:
    return str(iso(_instant(at, value)))


def _instant(at: str, value: Any) -> int:
    try:
        moment = instant(_words(at, value, 40))
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not _EARLIEST <= moment <= _LATEST:
        raise BadValue(at, "has to be a moment with its zone such as 2026-11-22T14:00:00+08:00")
    return moment


def _window(one: Field, at: str, value: Any) -> dict[str, str]:
    parts = _parts(at, value, ("begin", "end"))
    begin, end = (_instant(f"{at}.{name}", parts.get(name)) for name in ("begin", "end"))
    if not begin < end <= begin + _LONGEST_WINDOW_MS:
        raise BadValue(f"{at}.end", "has to be after the begin, and at most 31 days")
    return {"begin": str(iso(begin)), "end": str(iso(end))}


def _boolean(one: Field, at: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue(at, "has to be true or false")
    return value


def _person(one: Field, at: str, value: Any) -> dict[str, str]:
    return _written(at, value, ("name", "number"))


def _address(one: Field, at: str, value: Any) -> dict[str, str]:
    return _written(at, value, _ADDRESS)


def _written(at: str, value: Any, names: tuple[str, ...]) -> dict[str, str]:
    parts = _parts(at, value, names)
    written = {
        name: line(_words(f"{at}.{name}", parts[name], LONGEST_LINE)) for name in names if parts.get(name)
    }
    if not written.get(names[0]):
        raise BadValue(f"{at}.{names[0]}", "is needed")
    return written


def _parts(at: str, value: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadValue(at, f"has to be an object with {', '.join(names)}")
    for name in value:
        if name not in names:
            raise BadValue(at, f"knows only {', '.join(names)}")
    return value


def _product(one: Field, at: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise BadValue(at, "has to be the id of a product")
    return value


_READ: Final[Mapping[FieldType, Callable[[Field, str, Any], Any]]] = {
    "text": _text,
    "long": _long,
    "choice": _choice,
    "choices": _choices,
    "number": _number,
    "date": _date,
    "moment": _moment,
    "window": _window,
    "boolean": _boolean,
    "person": _person,
    "address": _address,
    "product": _product,
}

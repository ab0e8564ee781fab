"""A kind of ticket as an administrator writes it, checked.

In: JSON of strangers, of the shape of `kinds.to_json`. Out: a Kind, or BadValues naming each wrong thing
(`fields[2].choices[0].title.en`). Must not know: SQL, HTTP; whether a kind of this name is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from callserver.errors import BadValues
from callserver.tickets.filling import LONGEST_LINE, LONGEST_TEXT
from callserver.tickets.kinds import FIELD_TYPES, Kind, kind_from_json
from callserver.tickets.record import PRIORITIES, STATUSES
from callserver.tickets.wording import line

MOST_FIELDS = 60
MOST_CHOICES = 200
LONGEST_TITLE = 100
LONGEST_HELP = 500
_YEAR_S = 366 * 24 * 3_600
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_LENGTHS = {"text": LONGEST_LINE, "long": LONGEST_TEXT}
_CHOOSING = ("choice", "choices")

Problem = tuple[str, str]


def defined(values: Mapping[str, Any]) -> Kind:
    """The kind that this JSON defines; its version is the store's to give. Raises BadValues."""
    problems = list(_kind(values))
    if problems:
        raise BadValues(problems)
    return kind_from_json({**values, "version": 0} | _cleaned(values))


def _kind(values: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown("", values, ("version", *Kind.__slots__))
    yield from _name("name", values.get("name"), _NAME)
    yield from _titles("title", values.get("title"), LONGEST_TITLE)
    yield from _listed("fields", values.get("fields", ()), MOST_FIELDS, _field)
    yield from _different("fields", values.get("fields", ()), "name")
    yield from _among("priority", values.get("priority", "normal"), PRIORITIES)
    yield from _statuses("statuses", values.get("statuses", ("open",)))
    yield from _number("due_in_s", values.get("due_in_s"), 60, _YEAR_S)
    for flag in ("return_visit", "retired"):
        if not isinstance(values.get(flag, False), bool):
            yield flag, "has to be true or false"
    team = values.get("team")
    if team is not None and not (isinstance(team, str) and len(team) <= LONGEST_TITLE):
        yield "team", f"has to be text of at most {LONGEST_TITLE} characters"


def _field(at: str, values: Any) -> Iterator[Problem]:
    names = ("name", "title", "type", "required_when", "choices", "max_length", "help")
    yield from _unknown(at, values, names)
    yield from _name(f"{at}.name", values.get("name"), _NAME)
    yield from _titles(f"{at}.title", values.get("title"), LONGEST_TITLE)
    yield from _titles(f"{at}.help", values.get("help", {}), LONGEST_HELP, needed=False)
    yield from _among(f"{at}.type", values.get("type"), FIELD_TYPES)
    yield from _statuses(f"{at}.required_when", values.get("required_when", ()))
    longest = _LENGTHS.get(str(values.get("type")), 0)
    yield from _number(f"{at}.max_length", values.get("max_length"), 1, longest)
    choices = values.get("choices", ())
    yield from _listed(f"{at}.choices", choices, MOST_CHOICES, _choice)
    yield from _different(f"{at}.choices", choices, "value")
    if bool(choices) != (values.get("type") in _CHOOSING):
        yield f"{at}.choices", "are for the types choice and choices, which need some"


def _choice(at: str, values: Any) -> Iterator[Problem]:
    yield from _unknown(at, values, ("value", "title", "retired"))
    yield from _name(f"{at}.value", values.get("value"), _VALUE)
    yield from _titles(f"{at}.title", values.get("title"), LONGEST_TITLE)
    if not isinstance(values.get("retired", False), bool):
        yield f"{at}.retired", "has to be true or false"


def _unknown(at: str, values: Mapping[str, Any], names: Sequence[str]) -> Iterator[Problem]:
    for name in values:
        if name not in names:
            yield _join(at, line(str(name), 60)), "is not known here"


def _name(at: str, value: Any, pattern: re.Pattern[str]) -> Iterator[Problem]:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        letters = "small letters" if pattern is _NAME else "letters"
        yield at, f"has to be a name of {letters}, digits and _, at most 40"


def _titles(at: str, value: Any, longest: int, *, needed: bool = True) -> Iterator[Problem]:
    if not isinstance(value, Mapping) or (needed and not value):
        yield at, 'has to be an object of texts by language, such as {"en": "Repair", "zh": "维修"}'
        return
    for language, words in value.items():
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            yield at, "has a language that is none, such as en or zh"
        elif not isinstance(words, str) or not 1 <= len(words) <= longest or not line(words):
            yield _join(at, language), f"has to be text of at most {longest} characters"


def _listed(
    at: str, value: Any, most: int, check: Callable[[str, Any], Iterator[Problem]]
) -> Iterator[Problem]:
    if not isinstance(value, list | tuple) or len(value) > most:
        yield at, f"has to be a list of at most {most}"
        return
    for place, one in enumerate(value):
        if isinstance(one, Mapping):
            yield from check(f"{at}[{place}]", one)
        else:
            yield f"{at}[{place}]", "has to be an object"


def _different(at: str, value: Any, name: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, one in enumerate(value if isinstance(value, list | tuple) else ()):
        word = one.get(name) if isinstance(one, Mapping) else None
        if isinstance(word, str) and word in seen:
            yield f"{at}[{place}].{name}", "is there already"
        seen.add(str(word))


def _among(at: str, value: Any, known: Sequence[str]) -> Iterator[Problem]:
    if not isinstance(value, str) or value not in known:
        yield at, f"has to be one of {', '.join(known)}"


def _statuses(at: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield at, "has to be a list of statuses"
        return
    for place, one in enumerate(value):
        yield from _among(f"{at}[{place}]", one, STATUSES)


def _number(at: str, value: Any, least: int, most: int) -> Iterator[Problem]:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield at, f"has to be a whole number from {least} to {most}" if most else "is not for this type"


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Titles, help and team on one line each; everything else was checked letter by letter."""
    cleaned: dict[str, Any] = {"title": _lines(values["title"])}
    if values.get("team") is not None:
        cleaned["team"] = line(values["team"]) or None
    cleaned["fields"] = [
        {
            **one,
            "title": _lines(one["title"]),
            "help": _lines(one.get("help", {})),
            "choices": [{**each, "title": _lines(each["title"])} for each in one.get("choices", ())],
        }
        for one in values.get("fields", ())
    ]
    return cleaned


def _lines(titles: Mapping[str, str]) -> dict[str, str]:
    return {language: line(words) for language, words in titles.items()}


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name

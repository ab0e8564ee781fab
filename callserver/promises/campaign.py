"""Lists of customers who are called: some days after a purchase, before a season turns, for a survey.

In: what an administrator wants; days, a product. Out: checked values, and the window in which somebody is called. Must
not know: SQL, who is on a list. Days are ISO dates, by the customer's calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta, tzinfo
from typing import Any, Final, Literal, get_args

from callserver.errors import BadValues
from callserver.facts import Instant
from callserver.promises.hours import moment
from callserver.promises.planning import Window
from callserver.tickets.promise import MODES, Mode, PromiseKind

Source = Literal["purchase", "season", "list"]
"""purchase: so many days after a product was bought; season: everybody who has such a product; list: who is named."""
SOURCES: tuple[str, ...] = get_args(Source)
State = Literal["draft", "running", "paused", "over"]
KINDS: Final[tuple[PromiseKind, ...]] = ("reminder", "survey", "sale")
MOST_CUSTOMERS: Final = 100_000
LONGEST_TITLE: Final = 200
LONGEST_DAYS: Final = 3_660


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whom a campaign calls, and when.

    category: of the product, None: any. days, window_days: after the purchase the window begins, and how long it is.
    begin_on, end_on: the window of a season or list, both days in it. mode None: as the kind's policy says.
    ticket_kind: each call has a ticket of its own, of this kind.
    """

    kind: PromiseKind
    title: str
    source: Source
    category: str | None = None
    days: int = 0
    window_days: int = 14
    begin_on: str | None = None
    end_on: str | None = None
    customers: tuple[int, ...] = ()
    mode: Mode | None = None
    ticket_kind: str = "information"
    why: str = ""
    script: Mapping[str, str] = field(default_factory=dict)


def check(plan: Plan) -> Plan:
    """The plan, if it can be carried out. Raises BadValues: every field that is wrong, and why."""
    problems = tuple(_problems(plan))
    if problems:
        raise BadValues(problems)
    return plan


def _problems(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.kind not in KINDS:
        yield "kind", f"is none of {', '.join(KINDS)}"
    if plan.source not in SOURCES:
        yield "source", f"is none of {', '.join(SOURCES)}"
    if not plan.title.strip() or len(plan.title) > LONGEST_TITLE:
        yield "title", f"is empty, or longer than {LONGEST_TITLE} characters"
    if plan.mode is not None and plan.mode not in MODES:
        yield "mode", f"is none of {', '.join(MODES)}"
    if plan.source == "purchase":
        yield from _of_purchase(plan)
    else:
        yield from _of_window(plan)
    if plan.source == "list" and not 0 < len(plan.customers) <= MOST_CUSTOMERS:
        yield "customers", f"must be between 1 and {MOST_CUSTOMERS:,}"


def _of_purchase(plan: Plan) -> Iterator[tuple[str, str]]:
    if not 0 <= plan.days <= LONGEST_DAYS:
        yield "days", f"must be between 0 and {LONGEST_DAYS}"
    if not 1 <= plan.window_days <= 366:
        yield "window_days", "must be between 1 and 366"


def _of_window(plan: Plan) -> Iterator[tuple[str, str]]:
    begin, end = day(plan.begin_on), day(plan.end_on)
    for name, found in (("begin_on", begin), ("end_on", end)):
        if found is None:
            yield name, "is no day, such as 2026-12-01"
    if begin is not None and end is not None and end < begin:
        yield "end_on", "is before the window begins"


def days_of(plan: Plan, bought_on: str | None) -> tuple[date, date] | None:
    """First and last day of the window; None where nobody knows when the product was bought."""
    if plan.source != "purchase":
        begin, end = day(plan.begin_on), day(plan.end_on)
        return None if begin is None or end is None else (begin, end)
    bought = day(bought_on)
    if bought is None:
        return None
    try:
        begin = bought + timedelta(days=plan.days)
        return begin, begin + timedelta(days=plan.window_days - 1)
    except OverflowError:
        return None


def window(first: date, last: date, zone: tzinfo) -> Window:
    """From the beginning of one day to the end of another, by this zone's clock."""
    return Window(begin_at=_midnight(first, zone), end_at=_midnight(last + timedelta(days=1), zone))


def _midnight(one: date, zone: tzinfo) -> Instant:
    return moment(one, 0, zone)


def day(given: str | None) -> date | None:
    """A day, if it is one of these centuries."""
    try:
        found = date.fromisoformat(given or "")
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2200 else None


def to_json(plan: Plan) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(plan)


def from_json(body: Mapping[str, Any]) -> Plan:
    """The inverse of `to_json`, of what was checked; fields of other versions are ignored."""
    known = {one.name: body[one.name] for one in fields(Plan) if one.name in body}
    return Plan(**known | {"customers": tuple(body.get("customers", ()))})

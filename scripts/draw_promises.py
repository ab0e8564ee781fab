"""Writes the tables of docs/promises.md from the code that works by them: `python scripts/draw_promises.py`.

Each stands between `<!-- drawn: NAME -->` and `<!-- end -->`; all other text is left as it is. A test compares.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

from callserver.promises import judging, states, wording
from callserver.promises.defaults import DAYTIME, DEFAULTS
from callserver.promises.hours import ALWAYS, DAY, Hours, Span
from callserver.promises.outcomes import RETRIED
from callserver.promises.policy import Policy, Retry

TARGET = Path(__file__).parent.parent / "docs" / "promises.md"
_DRAWN = re.compile(r"(<!-- drawn: (?P<name>\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def drawn(page: str) -> str:
    """The page with each of its tables as the code is now."""
    return _DRAWN.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}{found[3]}", page)


def policies() -> str:
    """What is shipped, one row a kind."""
    head = [
        "| kind | mode | due | not before | deadline | hours | first asked |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [_policy(one) for one in DEFAULTS.values()])


def _policy(one: Policy) -> str:
    deadline = after(one.deadline_ms) + (", hard" if one.hard else "")
    due = after(one.due_ms) + ("" if one.evening is None else f", and {clock(one.evening)} the day before")
    alone = f", alone for {after(one.pass_on_ms).lstrip('+')}" if one.first == "owner" else ""
    first = "nobody" if one.mode == "automatic" else one.first + alone
    mode = one.mode.replace("_", " ")
    cells = (f"`{one.kind}`", mode, due, after(one.earliest_ms), deadline, hours(one.hours), first)
    return f"| {' | '.join(cells)} |"


def hours(one: Hours) -> str:
    """The hours in short."""
    if one == ALWAYS:
        return "always"
    holidays = {"as_usual": "", "closed": ", no holidays", "as_sunday": ""}[one.holidays]
    if one.weekly == DAYTIME.weekly:
        return f"daytime{holidays}"
    return ", ".join(dict.fromkeys(spans(day) for day in one.weekly)) + holidays


def spans(day: tuple[Span, ...]) -> str:
    """`09:00-20:00`."""
    return " and ".join(f"{clock(span.begin)}-{clock(span.end)}" for span in day) or "never"


def clock(minute: int) -> str:
    """`18:00`; a minute beyond the day is one of the next."""
    return f"{minute % DAY // 60 if minute != DAY else 24:02}:{minute % 60:02}"


def retries() -> str:
    """The delays and counts, one row an outcome."""
    head = [
        "| outcome | " + " | ".join(f"`{kind}`" for kind in DEFAULTS) + " |",
        "|---|" + "---|" * len(DEFAULTS),
    ]
    rows = [
        f"| `{outcome}` | " + " | ".join(_retry(one.retries[outcome]) for one in DEFAULTS.values()) + " |"
        for outcome in RETRIED
    ]
    most = "| attempts that ring | " + " | ".join(f"{one.most_tries}" for one in DEFAULTS.values()) + " |"
    return "\n".join([*head, *rows, most])


def _retry(one: Retry) -> str:
    if one.times == 0:
        return "no"
    often = "always" if one.times is None else f"{one.times} x"
    return f"{often} {after(one.delay_ms).lstrip('+')}"


def after(ms: int) -> str:
    """`+30 min`, `-2 h`, `0`."""
    if ms == 0:
        return "0"
    size, unit = next((size, unit) for size, unit in _UNITS if ms % size == 0)
    if unit == "d" and abs(ms) < 5 * size:  # 72 hours are said so
        size, unit = _UNITS[1]
    return f"{'+' if ms > 0 else '-'}{abs(ms) // size} {unit}"


def outcomes() -> str:
    """The table of the judgement, as it stands beside its code."""
    told = textwrap.dedent("    " + (inspect.getdoc(judging.outcome) or "")).strip()
    return "\n".join(line for line in told.splitlines() if line.startswith("|"))


TABLES: Mapping[str, Callable[[], str]] = {
    "policies": policies,
    "retries": retries,
    "holds": wording.table,
    "outcomes": outcomes,
    "statuses": states.table,
}


if __name__ == "__main__":
    TARGET.write_text(drawn(TARGET.read_text("utf-8")), "utf-8")

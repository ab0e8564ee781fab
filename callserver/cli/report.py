"""`callserver report`: the numbers of some days, as a table, a file or JSON.

In: settings, days. Out: the same numbers as the screens and the API show. Must not know: how they are made.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from callserver.cli.archive import opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.logs import printable
from callserver.settings import QueueBook, Settings

if TYPE_CHECKING:
    from callserver.store.reporting import Asked, Row

By = Literal["interval", "hour", "day", "week", "month"]
Split = Literal["queue", "agent", "team", "kind", "site", "outcome", "promise"]
SHOWN = ("offered", "answered", "abandoned", "sl_offered", "sl_answered", "abandon_rate", "asa", "aht")
OF_PROMISES = ("promises_due", "promise_kept", "promise_lateness_p95", "ratings", "csat", "dissatisfied_ppm")


def report(
    config: Config = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First day; default today.", show_default=False),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY", help="Last day; default the first.", show_default=False),
    ] = None,
    by: Annotated[By, typer.Option(help="How the time is cut; an interval is a quarter of an hour.")] = "day",
    split: Annotated[Split | None, typer.Option(help="A row for each of these.", show_default=False)] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of this queue only; once for each.", show_default=False),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Show these; docs/metrics.md has all.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every metric there: .csv, .tsv or .xlsx.",
            show_default=False,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the numbers of some days (the site's days), as the reports on the screens have them.

    Numbers that touch a gap are marked *; a dash: there is nothing to count.

    Examples: `callserver report` · `callserver report --from 2026-11-01 --to 2026-11-30 --split queue`
    """
    found = settings(config)
    asked = _asked(found, first, last, by, split, queue)
    keys = _keys(metric, split)
    rows = asyncio.run(_rows(found, asked))
    if file is not None:
        _write(file, asked, rows)
    elif as_json:
        for row in rows:
            json_line(_told(asked, row, keys))
    else:
        _print(asked, rows, keys)


def _asked(
    found: Settings, first: str | None, last: str | None, by: By, split: Split | None, queue: list[str] | None
) -> Asked:
    from callserver.store.reporting import Asked, check

    book = QueueBook(found.queues)
    begin = _day("--from", first, found.zone)
    names = {name for one in queue or () for name in (one, *(book[one].formerly if one in book else ()))}
    asked = Asked(
        first=begin,
        last=_day("--to", last, found.zone) if last else begin,
        by=by,
        split=split,
        queues=frozenset(names) if queue else None,
        people=frozenset() if queue else None,
        zone=found.zone,
        present=book.present,
    )
    check(asked)
    return asked


def _day(option: str, text: str | None, zone: tzinfo) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(zone).date()
    except ValueError:
        raise typer.BadParameter(f"{option}: write a day such as 2026-11-20") from None


def _keys(given: list[str] | None, split: Split | None) -> list[str]:
    from callserver.metrics.sums import FORMULAS

    if strange := next((one for one in given or () if one not in FORMULAS), None):
        raise typer.BadParameter(f"--metric {printable(strange)}: none of {', '.join(FORMULAS)}")
    return given or list(OF_PROMISES if split == "promise" else SHOWN)


async def _rows(found: Settings, asked: Asked) -> list[Row]:
    from callserver.store import reporting

    async with opened(found) as store:
        return [row async for part in reporting.parts(store, asked) for row in part.rows]


# --- told ------------------------------------------------------------------------------------------------------------


def _at(asked: Asked, row: Row) -> str:
    from callserver.metrics.slots import local_iso

    return local_iso(row.span.begin, asked.zone)


def _values(row: Row, keys: list[str]) -> dict[str, float | None]:
    return {key: row.value(key) for key in keys}


def _told(asked: Asked, row: Row, keys: list[str]) -> dict[str, Any]:
    return {"at": _at(asked, row), "key": row.key, "values": _values(row, keys), "gap": row.sums.gap}


def _print(asked: Asked, rows: list[Row], keys: list[str]) -> None:
    from callserver.metrics.sums import Sums
    from callserver.store.reporting import Row

    whole = Row(asked.span, "", Sums())
    for row in rows:
        whole.add(row)
    headings = ["from", *([asked.split] if asked.split else []), *keys]
    lines = [[_at(asked, row)[:16], *([row.key] if asked.split else []), *_cells(row, keys)] for row in rows]
    lines.append(["all", *([""] if asked.split else []), *_cells(whole, keys)])
    widths = [max(len(line[place]) for line in (headings, *lines)) for place in range(len(headings))]
    for line in (headings, *lines):
        print(
            "  ".join(printable(cell).ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _cells(row: Row, keys: list[str]) -> list[str]:
    mark = "*" if row.sums.gap else ""
    return [_said(key, one) + (mark if one is not None else "") for key, one in _values(row, keys).items()]


def _said(key: str, number: float | None) -> str:
    from callserver.metrics.definitions import DEFINITIONS

    if number is None:
        return "-"
    match DEFINITIONS[key].unit:
        case "count":
            return f"{number:.0f}"
        case "ratio":
            return f"{number:.1%}"
        case "seconds":
            return f"{number:.1f}s"
        case _:
            return f"{number:.2f}"


def _write(file: Path, asked: Asked, rows: list[Row]) -> None:
    from callserver.metrics.sums import FORMULAS
    from callserver.sheets.writing import writing

    keys = list(FORMULAS)
    with writing(file, ["from", "key", *keys, "gap"], title="report") as sheet:
        for row in rows:
            sheet.write(
                [_at(asked, row), row.key, *_values(row, keys).values(), "yes" if row.sums.gap else ""]
            )
    print(f"{len(rows):,} rows written")

"""`callserver customers import` and `export`: lists of customers into the archive and out of it.

In: settings, files. Out: what became of the rows of a list, or a file. Must not know: how files are read or written,
how customers are kept.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from callserver.cli.archive import actor, milliseconds, opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Ending
from callserver.errors import BadValue
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.settings import Settings
    from callserver.store.exporting import Where
    from callserver.work.importing import Progress, Summary
    from callserver.work.reader import Asked, Opened

How = Literal["never", "missing", "all"]


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, TSV or XLSX, with headings.", dir_okay=False)
    ],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")
    ] = False,
    update: Annotated[
        How,
        typer.Option(
            help="What may change of customers whom we have: what the list says, what is missing, nothing."
        ),
    ] = "all",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="HEADING=FIELD", help="What a column is; FIELD - leaves it out. Once for each."
        ),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map-file", metavar="FILE", help="The same, a line each.", show_default=False, dir_okay=False
        ),
    ] = None,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Leave out columns that nobody knows.")
    ] = False,
    category: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The category of products for which the list says none.", show_default=False
        ),
    ] = "",
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Such as utf-8, gb18030, big5.", show_default=False)
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(metavar="SIGN", help="What separates the cells; tab for a tab.", show_default=False),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a workbook; else the largest.", show_default=False)
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="CC", help="Read numbers as at a site of this country.", show_default=False),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where rejected rows go; else FILE.rejects.csv.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a list of customers into the archive; run it again to go on where it was broken off.

    Headings in English and Chinese are known (docs/import.md). Rows that cannot be taken go to a reject file with line,
    field and reason: exit code 1. Importing the same list twice changes nothing. May run beside `serve`.

    Examples: `callserver customers import list.xlsx --dry-run` · `callserver customers import list.csv --encoding
    gb18030 --map 机主=name --map 店员=-`
    """
    from callserver.work.reader import Asked

    found = settings(config)
    asked = Asked(
        path=file,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        mapping=_mapping(mapping or [], map_file),
        ignore_unknown=ignore_unknown,
        category=category,
    )
    where = rejects or file.with_name(f"{file.name}.rejects.csv")
    summary = asyncio.run(_import(found, asked, country, update, where, dry_run))
    if as_json:
        json_line(_summary(summary, dry_run))
    else:
        _say(summary, dry_run)
    if summary.counts.rejected:
        raise typer.Exit(Ending.FINDINGS)


def _mapping(given: list[str], file: Path | None) -> dict[str, str]:
    lines = file.read_text("utf-8-sig").splitlines() if file else []
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    found = {}
    for text in [*lines, *given]:
        heading, sign, field = text.rpartition("=")
        if not sign:
            raise BadValue("--map", f"{text!r}: write HEADING=FIELD, such as 机主=name")
        found[heading.strip()] = field.strip()
    return found


async def _import(
    found: Settings, asked: Asked, country: str | None, update: How, rejects: Path, dry_run: bool
) -> Summary:
    from dataclasses import replace

    from callserver.settings.countries import COUNTRIES
    from callserver.work import importing

    plan = found.number_plan
    if country is not None:
        if country.lower() not in COUNTRIES:
            raise BadValue("--country", "is two letters (ISO 3166), such as cn")
        area = plan.area_code if country.lower() == plan.country else ""
        plan = replace(plan, country=country.lower(), area_code=area)
    with _progress() as shown:
        async with opened(found, synchronous="NORMAL") as store:
            if dry_run:
                return await importing.look_at(store, asked, plan, update, shown=shown)
            return await importing.bring_in(
                store, asked, plan, update, actor("import"), rejects, clock=milliseconds, shown=shown
            )


@contextmanager
def _progress() -> Iterator[Callable[[Opened, int], Progress]]:
    """A bar on standard error where somebody looks at it; what was guessed is said before it begins."""
    from rich import progress

    columns = (progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn())
    with progress.Progress(*columns, console=_terminal(), disable=not sys.stderr.isatty()) as bar:

        def shown(found: Opened, done: int) -> Callable[[int], None]:
            for said in _guessed(found, done):
                typer.echo(f"callserver: {printable(said)}", err=True)
            task = bar.add_task("rows", total=max(found.about, done) or None, completed=done)
            return lambda rows: bar.update(task, completed=rows)

        yield shown


def _terminal() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _guessed(found: Opened, done: int) -> Iterator[str]:
    yield from found.said
    yield "columns: " + ", ".join(f"{heading} = {field}" for heading, field in found.mapping)
    if found.unknown:
        yield f"columns left out: {', '.join(found.unknown)}"
    if done:
        yield f"going on after row {done:,}"


def _say(summary: Summary, dry_run: bool) -> None:
    counts = summary.counts
    would = "would be " if dry_run else ""
    print(
        f"{counts.rows:,} rows: {counts.new:,} {would}new, {counts.changed:,} {would}changed, "
        f"{counts.same:,} the same, {counts.rejected:,} rejected"
    )
    for said in summary.said:
        print(f"  {printable(said)}")
    for line, field, why, _ in summary.rejected:
        print(f"  line {line}: {printable(f'{field}: {why}' if field else why)}")
    if counts.rejected > len(summary.rejected):
        print(f"  ... and {counts.rejected - len(summary.rejected):,} more")
    if summary.rejects:
        print(f"rejected rows are in {printable(str(summary.rejects))}")


def _summary(summary: Summary, dry_run: bool) -> dict[str, Any]:
    counts = summary.counts
    return {
        "dry_run": dry_run,
        "rows": counts.rows,
        "new": counts.new,
        "changed": counts.changed,
        "same": counts.same,
        "rejected": counts.rejected,
        "resumed_after": summary.resumed,
        "columns": dict(summary.opened.mapping),
        "left_out": list(summary.opened.unknown),
        "said": [*summary.opened.said, *summary.said],
        "rejects": str(summary.rejects) if summary.rejects else None,
        "first_rejected": [
            {"line": line, "field": field, "why": why} for line, field, why, _ in summary.rejected
        ],
    }


# --- out -------------------------------------------------------------------------------------------------------------


def export(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Its name ends in .csv, .tsv, .xlsx or .jsonl.", dir_okay=False),
    ],
    config: Config = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="WHAT=VALUE",
            help="area=..., category=... or updated=DAY (since then); all must hold.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write customers with their products into a file that a spreadsheet opens without harm and `import` takes back.

    Merged and erased customers are left out. The file is there when it is complete.

    Examples: `callserver customers export all.xlsx` · `callserver customers export new.csv --where area=市南区
    --where updated=2026-11-01`
    """
    found = settings(config)
    written = asyncio.run(_export(found, file, _where(found, where or [])))
    if as_json:
        json_line({"file": str(file), "customers": written})
    else:
        print(f"{written:,} customers are in {printable(str(file))}")


def _where(found: Settings, given: list[str]) -> Where:
    from callserver.store.exporting import Where

    said: dict[str, Any] = {}
    for text in given:
        what, sign, value = text.partition("=")
        if not sign or not value or what not in ("area", "category", "updated"):
            raise BadValue("--where", f"{text!r}: write area=..., category=... or updated=2026-11-01")
        said[what] = value
    since = said.get("updated")
    try:
        begin = datetime.combine(date.fromisoformat(since), time(), found.zone) if since else None
    except ValueError:
        raise BadValue("--where", f"updated={since}: write a day such as 2026-11-01") from None
    return Where(
        area=said.get("area"),
        category=said.get("category"),
        updated_since=round(begin.timestamp() * 1000) if begin else None,
    )


async def _export(found: Settings, file: Path, where: Where) -> int:
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from callserver.work.exporting import send_out

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} customers"))
    async with opened(found) as store:
        with Progress(*columns, console=_terminal(), disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("customers", total=None)
            return await send_out(store, file, where, progress=lambda seen: bar.update(task, completed=seen))

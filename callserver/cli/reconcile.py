"""`callserver reconcile`: our calls against Asterisk's own journals, day by day.

In: settings, days. Out: what was omitted and what differs, the omission rate in ppm; with --apply the
repair. Must not know: how the comparison is made, how a repair is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.common import AsJson, Config, Pbx, chosen, json_line, settings
from callserver.cli.ending import Ending
from callserver.facts import Instant
from callserver.logs import printable
from callserver.settings import AsteriskSettings, Settings

if TYPE_CHECKING:
    from callserver.node.reconciling import Compared

SHOWN = 20  # differences printed per day


def reconcile(
    config: Config = None,
    pbx: Pbx = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day, such as 2026-11-20; default yesterday.",
            show_default=False,
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day; default today.", show_default=False)
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Put right what the journals know better.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare our calls with Asterisk's queue_log and CEL, day by day (the site's days), and print what differs.

    Comparing only reads. With --apply, what the journals know better is written as facts: by this command
    where nobody follows the Asterisk now, else by the node that does, and this command waits for it.

    Exit code 1 where calls were omitted or anything differs (with --apply: where something still does).

    Examples: `callserver reconcile` · `callserver reconcile --from 2026-11-01 --to 2026-11-20 --apply`
    """
    found = settings(config)
    switches = chosen(found, pbx)
    days = list(_days(begin, end, found.zone))
    clean = asyncio.run(_reconcile(found, switches, days, apply, as_json))
    if not clean:
        raise typer.Exit(Ending.FINDINGS)


def _days(begin: str | None, end: str | None, zone: tzinfo) -> Iterator[date]:
    today = datetime.now(zone).date()
    last = _day(end, "--to") if end else today
    first = _day(begin, "--from") if begin else min(last, today - timedelta(days=1))
    if first > last:
        raise typer.BadParameter(f"--from {first} is after --to {last}")
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option}: write a day such as 2026-11-20") from None


async def _reconcile(
    found: Settings, switches: list[AsteriskSettings], days: list[date], apply: bool, as_json: bool
) -> bool:
    from callserver.node.reconciling import compare, keep
    from callserver.node.repairing import repair
    from callserver.node.understanding import day_span
    from callserver.store import engine

    store = await engine.open(found.database.url.reveal())
    clean = True
    try:
        for switch in switches:
            for day in days:
                begin, end = day_span(day, found.zone)
                if begin > _now():
                    continue
                compared = await compare(store, switch, begin, end, now=_now())
                repaired = await repair(store, compared) if apply else 0
                if apply and not repaired:
                    await keep(store, compared, 0, _now())
                clean = _report(switch.id, day, compared, repaired, as_json) and clean
    finally:
        await store.close()
    return clean


def _now() -> Instant:
    return time.time_ns() // 1_000_000


def _report(pbx: str, day: date, compared: Compared, repaired: int, as_json: bool) -> bool:
    """Print one day; whether nothing is left to look at."""
    from callserver.node.reconciling import details

    result = compared.result
    body: dict[str, Any] = {
        "pbx": pbx,
        "day": day.isoformat(),
        "switch_calls": result.switch_calls,
        "our_calls": result.our_calls,
        "omitted": len(result.omitted),
        "ppm": round(result.omission_ppm, 3),
        "repaired": repaired,
    }
    said = details(compared)
    if as_json:
        json_line({**body, "details": said})
    else:
        _print(body, said)
    left = [one for one in result.differences if not (repaired and one.repairable)]
    return not left and not result.surplus and (not result.omitted or repaired > 0)


def _print(body: dict[str, Any], said: dict[str, Any]) -> None:
    print(
        "{pbx} {day}: {switch_calls} calls on the switch, {our_calls} here, "
        "{omitted} omitted ({ppm:g} ppm), {repaired} repaired".format(**body)
    )
    lines = [f"omitted  {call}" for call in said["omitted"]]
    lines += [
        f"{'differs' if one['repairable'] else 'differs*'}  {one['call']}  {one['what']}"
        for one in said["differences"]
    ]
    lines += [f"only here  {call}" for call in said["surplus"]]
    for line in lines[:SHOWN]:
        print(f"  {printable(line)}")
    if len(lines) > SHOWN:
        print(f"  ... and {len(lines) - SHOWN} more (--json shows up to 200 of each)")
    if any(not one["repairable"] for one in said["differences"]):
        print("  * seen live with full sight: kept as it is")

"""`callserver tail`: what happens, as it is written down.

In: the store's facts. Out: one line a fact: time, call, what happened. Must not know: how facts come about.
Reads the database, so it works beside `serve`, on another machine of a cluster, and for what is long past.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import typer

from callserver.cli.common import AsJson, Config, Pbx, chosen, flush, json_line, settings, told
from callserver.facts import Instant, PbxId, instant
from callserver.logs import printable

POLL_S = 0.25
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_HIDDEN = frozenset({"fact", "v", "pbx", "at", "source", "call", "record", "channel"})
_STARTS = 20  # facts shown when not told since when


def tail(
    config: Config = None,
    pbx: Pbx = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="From 10m, 2h, 1d ago, or an instant such as 2026-11-21T08:00:00Z.",
            show_default=False,
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Go on with what happens from now on.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Show what happens on every Asterisk, fact by fact, as it is written down. Ctrl-C ends it.

    Examples: `callserver tail` · `callserver tail --since 1h --no-follow --json | jq .fact`
    """
    found = settings(config)
    wanted = [PbxId(one.id) for one in chosen(found, pbx)]
    begin = moment(since, time.time_ns() // 1_000_000) if since else None
    asyncio.run(_tail(found.database.url.reveal(), wanted, begin, follow, as_json))


def moment(text: str, now: Instant) -> Instant:
    """`10m` ago or an instant, in milliseconds. Raises typer.BadParameter."""
    ago = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if ago:
        return now - int(ago[1]) * _UNITS_S[ago[2]] * 1000
    try:
        found = instant(text)
    except ValueError:
        found = None
    if found is None:
        raise typer.BadParameter("write 10m, 2h, 1d, or an instant with a zone such as 2026-11-21T08:00:00Z")
    return found


async def _tail(url: str, wanted: list[PbxId], begin: Instant | None, follow: bool, as_json: bool) -> None:
    from callserver.store import engine

    store = await engine.open(url)
    try:
        places = {pbx: await _first(store, pbx, begin) for pbx in wanted}
        while True:
            for pbx in wanted:
                async for seq, body in _page(store, pbx, places[pbx]):
                    places[pbx] = seq
                    if begin is None or body["at"] is None or body["at"] >= begin:
                        _show(seq, body, as_json)
            flush()
            if not follow:
                return
            await asyncio.sleep(POLL_S)
    finally:
        await store.close()


async def _first(store: Any, pbx: PbxId, begin: Instant | None) -> int:
    """Behind which number to begin; facts are in the order of their telling, nearly that of their times."""
    from callserver.store import log as facts_log

    last = await facts_log.last_seq(store, pbx)
    if begin is None:
        return max(0, last - _STARTS)
    low, high = 0, last  # the first number whose fact is not before `begin`, by halving
    while low < high:
        middle = (low + high) // 2
        at = await _time_after(store, pbx, middle)
        if at is not None and at < begin:
            low = middle + 1
        else:
            high = middle
    return max(0, low - _STARTS)


async def _time_after(store: Any, pbx: PbxId, seq: int) -> Instant | None:
    from callserver.store import log as facts_log

    page = await facts_log.facts(store, pbx, seq, _STARTS)
    return next((one.body["at"] for one in page if one.body.get("at") is not None), None)


async def _page(store: Any, pbx: PbxId, after: int) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    from callserver.store import log as facts_log

    async for numbered in facts_log.every_fact(store, pbx, after):
        yield numbered.seq, numbered.body


def _show(seq: int, body: dict[str, Any], as_json: bool) -> None:
    if as_json:
        json_line({"seq": seq, **told(body)})
    else:
        line = readable(body, colours=sys.stdout.isatty())
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")


def readable(body: dict[str, Any], *, colours: bool = False) -> str:
    """One fact as a line: when, which call (or switch), what, and what more is known of it."""
    body = told(body)
    when = (body.get("at") or "(no time)").replace("T", " ").removesuffix("Z")
    what = str(body.get("fact"))
    name = typer.style(f"{what:16}", bold=True, fg=_colour(what)) if colours else f"{what:16}"
    who = printable(str(body.get("call") or body.get("pbx")))
    return f"{when:23}  {who:24}  {name}  {'  '.join(_more(body))}".rstrip()


def _colour(what: str) -> str:
    if what.startswith("Link"):
        return "yellow"
    if what in ("CallLeftQueue", "QueueRefused", "DialFailed"):
        return "red"
    return "green" if what in ("AgentAnswered", "TalkStarted", "CallEnded") else "blue"


def _more(body: dict[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        if key in _HIDDEN or value is None or value is False or value == "":
            continue
        yield printable(f"{key}={_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)

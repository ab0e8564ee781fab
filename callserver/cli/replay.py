"""`callserver replay`: a recorded AMI stream -> the calls it tells of, as JSON lines.

In: raw AMI bytes as Asterisk sent them. Out: one JSON object a call, sorted by start; with --facts one a
fact, as they happened. Must not know: the store, sockets. The same floor that `serve` uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from callserver.cli.common import chunks, json_line, told

_LAST = "9999"  # a call without a known start comes after those with one


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw AMI trace; - is standard input.")],
    pbx: Annotated[
        str, typer.Option("--pbx", metavar="ID", help="The Asterisk's name in the calls' ids.")
    ] = "main",
    facts: Annotated[
        bool, typer.Option("--facts", help="Print what happened, fact by fact, instead of calls.")
    ] = False,
    trunk: Annotated[
        list[str] | None,
        typer.Option(
            "--trunk",
            metavar="PREFIX",
            help="Channels that lead outside, e.g. PJSIP/trunk.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the calls of a raw AMI trace, one JSON object a line, sorted by start; open ones too.

    Without Timestamp headers (timestampevents=no) instants are null; durations come from the events' own
    fields.

    Examples: `callserver replay trace.ami | jq .outcome` · `callserver replay --facts trace.ami` ·
    `cat a.ami b.ami | callserver replay -`
    """
    for line in _facts(file, pbx, trunk or []) if facts else calls(file, pbx, trunk or []):
        json_line(line)


def _facts(file: Path, pbx: str, trunks: list[str]) -> Iterator[dict[str, Any]]:
    from callserver.calls.replay import replay as understood
    from callserver.facts import to_json

    floor = _floor(pbx, trunks)
    for fact in understood(_events(file, floor), floor):
        yield told(to_json(fact))


def calls(file: Path, pbx: str, trunks: list[str]) -> list[dict[str, Any]]:
    """Every call of the trace, whole, sorted by start."""
    floor = _floor(pbx, trunks)
    found: dict[str, dict[str, Any]] = {}
    for number, event in enumerate(_events(file, floor), 1):
        floor.feed(event)
        if number % 1000 == 0:  # take before the floor lets go of calls that are long over
            _take(floor, found)
            if event.at is not None:
                floor.tick(event.at)
    _take(floor, found)
    return sorted(found.values(), key=lambda call: (call["started_at"] or _LAST, call["id"]))


def _take(floor: Any, found: dict[str, dict[str, Any]]) -> None:
    changes = floor.take_changes()
    found.update((record["id"], record) for record in changes.records)
    for absorbed in changes.absorbed:
        found.pop(absorbed, None)


def _events(file: Path, floor: Any) -> Iterator[Any]:
    from callserver.ami.wire import Reply, read

    return (item for item in read(_watched(file, floor)) if not isinstance(item, Reply))


def _watched(file: Path, floor: Any) -> Iterator[bytes]:
    """The file's chunks. Whoever recorded it may have left variables out: one in it says that they are told."""
    for chunk in chunks(file):
        if b"Event: VarSet" in chunk:
            floor.hears_variables()
        yield chunk


def _floor(pbx: str, trunks: list[str]) -> Any:
    from callserver.calls.channels import Names
    from callserver.calls.floor import Floor
    from callserver.facts import PbxId

    return Floor(PbxId(pbx), names=Names(trunks=tuple(trunks), queue_status=False))

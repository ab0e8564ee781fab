"""`callserver trace`: recordings of what an Asterisk said.

In: trace files. Out: a scrubbed copy, or what is in one. Must not know: how a trace is understood.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from callserver.cli.common import AsJson, chunks, json_line
from callserver.cli.ending import Commands
from callserver.facts import iso

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Recordings of what an Asterisk said.")


@app.command()
def scrub(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A raw AMI trace; - is standard input.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write; must not be there yet.")],
    seed: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="The same text gives the same fakes; who knows it can undo the numbers.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a trace about other people: numbers, names, addresses and free text replaced by stable fakes.

    Ids, times, queues and outcomes stay, so it replays to the same calls. Extensions and the names of
    phones and queues stay too: look through the result before you give it away.

    Example: `callserver trace scrub main.ami main-scrubbed.ami`
    """
    from callserver.ami.scrub import scrub as scrubbed

    with _new(target) as file:
        done = scrubbed(chunks(source), file.write, seed=seed or secrets.token_hex(16))
    left = f", {done.left_out} without an end left out" if done.left_out else ""
    print(f"{target}: {done.messages} messages{left}")


def _new(path: Path) -> BinaryIO:
    """A file for its owner only. Raises FileExistsError rather than writing over a recording."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@app.command()
def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw AMI trace; - is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Say what is in a trace: span, version, events by name.

    Example: `callserver trace info traces/main.ami`
    """
    found = summary(file)
    if as_json:
        json_line(found)
        return
    for key in (
        "ami_version",
        "octets",
        "first_at",
        "last_at",
        "replies",
        "not_followed",
        "rubbish",
        "oversize",
    ):
        print(f"{key.replace('_', ' '):14} {found[key]}")
    for name, count in sorted(found["events"].items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:9}  {name}")


def summary(file: Path) -> dict[str, Any]:
    """What `info` prints."""
    from callserver.ami.wire import Reader, Reply

    reader = Reader()
    replies: Counter[str] = Counter()
    first = last = None
    for chunk in chunks(file):
        for item in reader.feed(chunk):
            if isinstance(item, Reply):
                replies[item.event or "Response"] += 1
            elif item.at is not None:
                first, last = item.at if first is None else first, item.at
    return {
        "ami_version": reader.version,
        "octets": reader.octets,
        "first_at": iso(first),
        "last_at": iso(last),
        "events": reader.heard,
        "replies": sum(replies.values()),
        "not_followed": reader.dropped,
        "rubbish": reader.rubbish,
        "oversize": reader.oversize,
    }

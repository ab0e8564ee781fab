"""`callserver audit`: who read or changed what, and whether the list of it is whole.

In: settings. Out: lines, JSON, whether the chain holds. Must not know: how it is sealed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.archive import opened
from callserver.cli.common import AsJson, Config, json_line, settings, told
from callserver.cli.ending import Commands, Ending
from callserver.logs import printable
from callserver.settings import Settings

if TYPE_CHECKING:
    from callserver.store.audit import Line
    from callserver.store.audit_chain import Anchor, Verified

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Who read or changed what, and whether that list is whole."
)

Subject = Annotated[
    str | None, typer.Option(metavar="WHAT:ID", help="Only of this, such as customer:17.", show_default=False)
]
Who = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Only by them.", show_default=False)]


@app.command()
def verify(
    config: Config = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER:HASH", help="What the log said once, of any night; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow the chain from its beginning to its end; exit code 1 where a line was changed, removed or put in.

    An end that was cut off shows by the anchors: those in the database, and those that you give from the log.

    Examples: `callserver audit verify` · `callserver audit verify --anchor 4711:9f86d08188...`
    """
    anchors = [_anchor(one) for one in anchor or ()]
    found = asyncio.run(_verified(settings(config), anchors))
    if as_json:
        broken = None if found.broken is None else {"seq": found.broken.seq, "why": found.broken.why}
        json_line({"lines": found.lines, "end": str(found.end) if found.end else None, "broken": broken})
    elif found.broken is not None:
        print(f"line {found.broken.seq}: {found.broken.why}")
    else:
        print(f"{found.lines} lines, all as they were written; the last one is {found.end or 'none'}")
    if found.broken is not None:
        raise typer.Exit(Ending.FINDINGS)


def _anchor(text: str) -> Anchor:
    from callserver.store.audit_chain import Anchor

    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or len(digest) != 64:
        raise typer.BadParameter(
            "write it as the log did: NUMBER:HASH, a hash has 64 digits", param_hint="--anchor"
        )
    return Anchor(seq=int(seq), hash=digest)


async def _verified(found: Settings, anchors: list[Anchor]) -> Verified:
    from callserver.store import audit_chain

    async with opened(found) as store:
        return await audit_chain.verify(store, anchors)


@app.command(name="list")
def list_(
    config: Config = None,
    subject: Subject = None,
    actor: Who = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="So many of the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines, the oldest of them first.

    Examples: `callserver audit list --subject customer:17` · `callserver audit list --actor mei --last 500`
    """
    for line in asyncio.run(_newest(settings(config), subject, actor, last)):
        body = told(line.to_json())
        if as_json:
            json_line(body)
        else:
            print(printable("{seq} {at} {actor} ({through}) {action} {subject} {detail}".format(**body)))


async def _newest(found: Settings, subject: str | None, actor: str | None, last: int) -> deque[Line]:
    from callserver.store import audit

    kept: deque[Line] = deque(maxlen=last)
    async with opened(found) as store:
        after = 0 if subject or actor else await audit.number_before(store, last)
        async for line in audit.lines(store, after, subject=subject, actor=actor):
            kept.append(line)
    return kept


@app.command()
def export(config: Config = None, subject: Subject = None, actor: Who = None) -> None:
    """Write every line as JSON to standard output, with hashes: whoever has it can follow the chain without us.

    Example: `callserver audit export | gzip > audit.jsonl.gz`
    """
    asyncio.run(_export(settings(config), subject, actor))


async def _export(found: Settings, subject: str | None, actor: str | None) -> None:
    from callserver.store import audit

    async with opened(found) as store:
        async for line in audit.lines(store, subject=subject, actor=actor):
            body: dict[str, Any] = line.to_json()
            json_line(
                {**body, "at_ms": line.at, "at": told({"at": line.at})["at"], "detail_text": line.detail}
            )

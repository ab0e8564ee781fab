"""`callserver db`: the database's tables.

In: settings. Out: an upgraded database, or whether it fits this version. Must not know: what is in the
tables.
"""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.facts import PbxId, iso

app = typer.Typer(cls=Commands, no_args_is_help=True, help="The database's tables.")


@app.command()
def upgrade(config: Config = None) -> None:
    """Bring the tables to this version; makes them where there are none. Back up an old database first.

    Example: `callserver db upgrade`
    """
    from callserver.store import migrations

    async def work(url: str) -> bool:
        before = await migrations.state(url)
        await migrations.upgrade(url)
        return before is not migrations.Schema.CURRENT

    url = settings(config).database.url
    changed = asyncio.run(work(url.reveal()))
    print(f"{url}: {'upgraded' if changed else 'nothing to do'}")


@app.command()
def check(config: Config = None, as_json: AsJson = False) -> None:
    """Say whether the database is there, fits this version and can be written; exit code 5 if not.

    Says also what it holds: facts, the last moment seen and open calls of each Asterisk, waiting jobs.

    Example: `callserver db check --json`
    """
    found = settings(config)
    held = asyncio.run(_held(found.database.url.reveal(), [one.id for one in found.asterisk]))
    if as_json:
        json_line({"database": found.database.url.shown(), **held})
        return
    print(f"{found.database.url}: right")
    for one in held["asterisk"]:
        print("  {id}: {facts} facts, seen until {seen_at}, {open_calls} open calls".format(**one))
    waiting = ", ".join(f"{count} {kind}" for kind, count in held["waiting_jobs"].items())
    print(f"  waiting jobs: {waiting or 'none'}")


async def _held(url: str, switches: list[str]) -> dict[str, Any]:
    from callserver.store import calls, engine, jobs
    from callserver.store import log as facts_log

    store = await engine.open(url)
    try:
        rows = []
        for pbx in map(PbxId, switches):
            known = await facts_log.switch(store, pbx)
            rows.append(
                {
                    "id": pbx,
                    "facts": known.last_seq if known else 0,
                    "seen_at": iso(known.seen_at) if known else None,
                    "open_calls": len(await calls.open_records(store, pbx)),
                }
            )
        return {"asterisk": rows, "waiting_jobs": await jobs.count_waiting(store)}
    finally:
        await store.close()

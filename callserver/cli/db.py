"""`callserver db`: the database's tables.

In: settings. Out: an upgraded database, or whether it fits this version. Must not know: what is in the
tables.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.archive import opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands, Ending
from callserver.errors import NotFound
from callserver.facts import PbxId, iso
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.settings import Settings
    from callserver.store.jobs import DeadJob

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

    Says also what it holds: facts, the last moment seen and open calls of each Asterisk, jobs that wait and jobs that
    were given up.

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
    if held["dead_jobs"]:
        print(f"  jobs given up: {held['dead_jobs']} (why: `callserver db dead`)")


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
        return {
            "asterisk": rows,
            "waiting_jobs": await jobs.count_waiting(store),
            "dead_jobs": await jobs.count_dead(store),
        }
    finally:
        await store.close()


@app.command()
def dead(
    config: Config = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the last ones.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the jobs that were given up, with the reason: calls that found no ticket, comparisons; exit code 1 if any.

    Example: `callserver db dead --json`
    """
    found = asyncio.run(_dead(settings(config), limit))
    if as_json:
        json_line({"dead": [{**_shown(one), "dead_at": iso(one.dead_at)} for one in found]})
    else:
        for one in found:
            print(f"{iso(one.dead_at)}  {printable(one.key)}  {printable(one.error)}")
        print(
            "mend the reason, then `callserver db again KEY` or `--all`" if found else "no job was given up"
        )
    if found:
        raise typer.Exit(Ending.FINDINGS)


@app.command()
def again(
    key: Annotated[str | None, typer.Argument(help="Which job, from `db dead`.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    config: Config = None,
) -> None:
    """Let jobs that were given up be tried again, by the `serve` that runs or the next one. Twice does no harm.

    Examples: `callserver db again --all` · `callserver db again land:main:1795311724.73:ended`
    """
    if (key is None) is not every:
        raise typer.BadParameter("say KEY or --all")
    count = asyncio.run(_again(settings(config), key))
    if key is not None and not count:
        raise NotFound(f"no job that was given up is called {key}")
    print(f"{count} will be tried again")


def _shown(one: DeadJob) -> dict[str, Any]:
    return {"kind": one.kind, "key": one.key, "attempts": one.attempts, "error": one.error}


async def _dead(found: Settings, limit: int) -> list[DeadJob]:
    from callserver.store import jobs

    async with opened(found) as store:
        return await jobs.dead(store, limit=limit)


async def _again(found: Settings, key: str | None) -> int:
    from callserver.store import jobs

    async with opened(found) as store:
        return await jobs.again(store, key)

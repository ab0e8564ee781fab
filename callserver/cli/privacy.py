"""`callserver privacy`: what is held about somebody, handed out, erased; what goes because it was kept long enough.

In: settings, a customer's number. Out: counts, a ZIP, an erased customer. Must not know: how anything is found.
"""

from __future__ import annotations

import asyncio
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated

import typer

from callserver.cli.archive import actor, milliseconds, opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.settings import Settings

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="What is held about somebody: show, hand out, erase."
)

Id = Annotated[int, typer.Argument(metavar="ID", help="The customer's number in the archive.")]
Wipe = Annotated[bool, typer.Option("--wipe", help="Then write the database anew, without what was deleted.")]


@app.command()
def show(id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Say how much is held about a customer, and everybody merged into them, by kind.

    Example: `callserver privacy show 17`
    """
    held = asyncio.run(_held(settings(config), id))
    if as_json:
        json_line(held)
        return
    for kind, count in held.items():
        print(f"{kind.replace('_', ' ')}: {count}")


async def _held(found: Settings, id: int) -> dict[str, int]:
    from callserver.customers.record import CustomerId
    from callserver.store import disclosure

    async with opened(found) as store:
        return await store.report(lambda connection: disclosure.held(connection, CustomerId(id)))


@app.command()
def export(
    id: Id,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A ZIP to be made; must not be there yet.")],
    config: Config = None,
) -> None:
    """Write everything that is held about a customer into a ZIP: JSON, pages to read, files, and who saw it.

    Only you can read the file that is made. Example: `callserver privacy export 17 customer-17.zip`
    """
    count = asyncio.run(_export(settings(config), id, file))
    print(f"{file}: {count} files")


async def _export(found: Settings, id: int, file: Path) -> int:
    from callserver.customers.record import CustomerId
    from callserver.store import audit, customers, disclosure

    async with opened(found) as store:
        customer = CustomerId(id)
        await store.read(lambda connection: customers.get(connection, customer))
        now, who = milliseconds(), actor()
        await store.write(
            lambda connection: audit.note(connection, who, "customer.export", customers.subject(id), {}, now)
        )
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(descriptor, "wb") as opened_file,
            zipfile.ZipFile(opened_file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
        ):
            name, member = "", None
            try:
                async for piece in disclosure.everything(store, customer, found.number_plan):
                    if piece.name != name:
                        member = _next(archive, member, name := piece.name)
                    assert member is not None
                    member.write(piece.content)
            finally:
                if member is not None:
                    member.close()
            return len(archive.namelist())


def _next(archive: zipfile.ZipFile, before: IO[bytes] | None, name: str) -> IO[bytes]:
    if before is not None:
        before.close()
    return archive.open(name, "w", force_zip64=True)


@app.command()
def erase(
    id: Id,
    config: Config = None,
    also_open: Annotated[
        bool, typer.Option("--also-open", help="Although tickets are open: what they owe is withdrawn.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wipe: Wipe = False,
    as_json: AsJson = False,
) -> None:
    """Erase a customer, and everybody merged into them: who it was goes, what is counted stays. There is no way back.

    Interrupted, the same command goes on; so does the service, every night.

    Examples: `callserver privacy erase 17` · `callserver privacy erase 17 --yes --wipe`
    """
    found = settings(config)
    if not yes:
        typer.confirm(f"Erase customer {id} for ever?", abort=True)
    asyncio.run(_erase(found, id, also_open, as_json))
    if wipe:
        _wipe(found)


async def _erase(found: Settings, id: int, also_open: bool, as_json: bool) -> None:
    from callserver.customers.record import CustomerId
    from callserver.store import privacy

    async with opened(found) as store:
        done = await privacy.erase(
            store, CustomerId(id), found.number_plan, actor(), milliseconds, also_open=also_open
        )
    if as_json:
        json_line({"customer": id, "finished": done.finished, "going_on": done.going_on, **done.counts})
        return
    what = ", ".join(f"{count} {kind}" for kind, count in done.counts.items())
    print(f"customer {id} {'is erased' if done.finished else 'is being erased'}: {what}")
    if not done.finished:
        print(
            f"{done.going_on} calls are going on; the service finishes this in the night, or you with this command"
        )


@app.command()
def wipe(config: Config = None) -> None:
    """Write the database anew, without what was deleted from it: needs time, and as much free space again.

    On SQLite nobody else can write meanwhile. Backups and Asterisk's own journals are not touched.

    Example: `callserver privacy wipe`
    """
    _wipe(settings(config))


def _wipe(found: Settings) -> None:
    from callserver.store import wiping

    asyncio.run(wiping.wipe(found.database.url.reveal()))
    print(f"{found.database.url}: nothing is left of what was deleted")


@app.command()
def retention(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take away what was kept long enough, now; the service does it every night. Days: `[retention]` in the settings.

    Example: `callserver privacy retention --dry-run`
    """
    gone = asyncio.run(_retention(settings(config), dry_run))
    if as_json:
        json_line(gone)
        return
    for kind, count in gone.items():
        print(f"{kind}: {count}{' would go' if dry_run else ' gone'}")
    if not gone:
        print("nothing is old enough")


async def _retention(found: Settings, dry_run: bool) -> dict[str, int]:
    from callserver.store import retention as keeping

    async with opened(found) as store:
        wanted = keeping.terms(asdict(found.retention))
        if dry_run:
            return await keeping.would_go(store, wanted, milliseconds())
        return await keeping.sweep(store, wanted, milliseconds())

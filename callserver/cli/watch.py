"""`callserver watch`: the live stream in a terminal.

In: where a callserver is, a token, the stream. Out: a picture that moves, lines, or JSON lines. Must not know: how the
floor is kept, the store. It is the client that anybody can write, so it works from any machine that reaches the port.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.common import AsJson, chunks, flush, json_line
from callserver.cli.ending import Ending
from callserver.errors import SettingsError
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.client import Client

URL = "http://127.0.0.1:8088"
PAINT_S = 0.25


def watch(
    url: Annotated[
        str,
        typer.Option("--url", "-u", metavar="URL", envvar="CALLWATCH_URL", help="Where callserver is."),
    ] = URL,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            "-t",
            metavar="FILE",
            help="A file with a token; `-` is standard input. Else $CALLWATCH_TOKEN. Never on the command "
            "line: everybody on the machine can read that.",
            show_default=False,
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Show how things are now, and leave.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch the floor live: who waits, who talks, whose phone rings. Ctrl-C ends it.

    The token needs `floor:read`; calls show with `calls:read` and `personal:read`, pops with `customers:read` and
    `tickets:read` besides. On a terminal it is a picture, else a line for each message; `--json` gives messages as they
    came.

    Example: `callserver token create wall --scope floor:read > wall.token && callserver watch -t wall.token`
    """
    from callserver.client import ClientError

    try:
        asyncio.run(_watch(url, _token(token_file), once, as_json))
    except ClientError as error:
        print(f"callserver: {printable(str(error))}", file=sys.stderr)
        raise typer.Exit(Ending.SERVER) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None


def _token(file: Path | None) -> str:
    """Raises SettingsError, OSError."""
    read = b"" if file is None else next(chunks(file), b"")
    text = os.environ.get("CALLWATCH_TOKEN", "") if file is None else read.decode("utf-8", "replace")
    words = text.split()
    if len(words) != 1 or not words[0].isascii():
        where = "$CALLWATCH_TOKEN" if file is None else str(file)
        raise SettingsError(
            f"{where}: there is no token; make one with `callserver token create NAME --scope floor:read`"
        )
    return words[0]


async def _watch(url: str, token: str, once: bool, as_json: bool) -> None:
    from callserver.client import Client

    async with Client(url, token) as client:
        if as_json:
            await _json(client, once)
        elif once:
            await _once(client)
        elif sys.stdout.isatty():
            await _live(client)
        else:
            await _lines(client)


async def _json(client: Client, once: bool) -> None:
    async with aclosing(client.bodies()) as bodies:
        async for body in bodies:
            json_line(body)
            flush()
            if once and body["type"] == "snapshot":
                return


async def _lines(client: Client) -> None:
    from callserver.cli import picture
    from callserver.client.messages import parts

    async with aclosing(client.bodies()) as bodies:
        async for body in bodies:
            for part in parts(body):
                text = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}  {picture.line(part)}\n"
                sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
            flush()


async def _once(client: Client) -> None:
    from rich.console import Console

    from callserver.cli.picture import picture
    from callserver.client import Hello, Snapshot

    now = datetime.now(UTC)
    async with aclosing(client.stream()) as stream:
        async for message in stream:
            if isinstance(message, Hello):
                now = message.server_time
            if isinstance(message, Snapshot):
                break
    Console(soft_wrap=True).print(picture(client.screen, now))


async def _live(client: Client) -> None:
    """Paint four times a second, whatever comes."""
    from rich.live import Live

    from callserver.cli.picture import picture

    seen = _Seen()
    with Live(screen=True, auto_refresh=False) as live:
        reading = asyncio.create_task(_follow(client, seen))
        try:
            while not reading.done():
                live.update(picture(client.screen, seen.now(), seen.line), refresh=True)
                await asyncio.wait([reading], timeout=PAINT_S)
        finally:
            reading.cancel()
            await asyncio.wait([reading])
    if not reading.cancelled():
        reading.result()


class _Seen:
    """What the connection says: words for the first line, and how far the server's clock is from ours."""

    def __init__(self) -> None:
        self.line = "connecting ..."
        self._ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=self._ahead_s)

    def hear(self, message: Any) -> None:
        from callserver.client import Hello, Lost

        if isinstance(message, Hello):
            self._ahead_s = message.server_time.timestamp() - time.time()
            self.line = f"{message.node}  live"
        elif isinstance(message, Lost):
            self.line = f"not connected, what stands here is old: {message.why}"


async def _follow(client: Client, seen: _Seen) -> None:
    async with aclosing(client.stream()) as stream:
        async for message in stream:
            seen.hear(message)

"""The list of commands, each from its own module.

In: argv. Out: the right function called. Must not know: what any of them does.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from callserver.cli import (
    alerts,
    asterisk,
    audit,
    config,
    customers,
    db,
    number,
    privacy,
    promises,
    reconcile,
    replay,
    report,
    serve,
    tail,
    tickets,
    token,
    trace,
    user,
    watch,
    webhooks,
)
from callserver.cli.ending import MEANING, Commands

_CODES = "  \n".join(f"**{ending.value}** {meaning}" for ending, meaning in MEANING.items())

app = typer.Typer(
    cls=Commands,
    name="callserver",
    help="Follows every call of an Asterisk and loses none.",
    epilog="To begin: `callserver config example > callserver.toml`, edit it, `callserver asterisk check`, "
    "`callserver serve`.\n\nExit codes:\n\n" + _CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        version(as_json=False)
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def version(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Print the version of callserver and of what it stands on."""
    import platform
    from importlib import metadata

    from callserver import __version__
    from callserver.cli.common import json_line

    on = {name: metadata.version(name) for name in ("panoramisk", "sqlalchemy", "aiohttp")}
    if as_json:
        json_line({"callserver": __version__, "python": platform.python_version(), **on})
        return
    rest = ", ".join(f"{name} {number}" for name, number in on.items())
    print(f"callserver {__version__} (Python {platform.python_version()}, {rest})")


app.command(name="serve")(serve.serve)
app.command(name="replay")(replay.replay)
app.command(name="tail")(tail.tail)
app.command(name="watch")(watch.watch)
app.command(name="reconcile")(reconcile.reconcile)
app.command(name="report")(report.report)
app.command(name="number")(number.number)
app.add_typer(asterisk.app, name="asterisk")
app.add_typer(trace.app, name="trace")
app.add_typer(db.app, name="db")
app.add_typer(config.app, name="config")
app.add_typer(customers.app, name="customers")
app.add_typer(tickets.app, name="tickets")
app.add_typer(promises.app, name="promises")
app.add_typer(alerts.app, name="alerts")
app.add_typer(user.app, name="user")
app.add_typer(user.team_app, name="team")
app.add_typer(token.app, name="token")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(privacy.app, name="privacy")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """The console script. Where a terminal or pipe cannot show a Chinese name, its letters are spelled out."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    app()

"""What several commands share: options, the settings, reading input, writing lines.

In: option values. Out: settings, bytes, lines. Must not know: any single command.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from callserver.errors import SettingsError
from callserver.facts import iso
from callserver.settings import AsteriskSettings, Settings, load

CHUNK = 1 << 16

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file; else $CALLSERVER_CONFIG, ./callserver.toml, /etc/callserver/callserver.toml.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for a machine instead of text for people.")]
Pbx = Annotated[
    str | None, typer.Option("--pbx", metavar="ID", help="Only this Asterisk.", show_default=False)
]


def settings(config: Path | None) -> Settings:
    """The settings; what is doubtful in them is said on standard error."""
    found = load(config)
    for warning in found.warnings:
        print(f"callserver: warning: {warning}", file=sys.stderr)
    return found


def chosen(found: Settings, pbx: str | None) -> list[AsteriskSettings]:
    """The Asterisks that a command is for. Raises SettingsError where there is none."""
    known = ", ".join(one.id for one in found.asterisk) or "none"
    wanted = [one for one in found.asterisk if pbx in (None, one.id)]
    if not wanted and pbx is None:
        raise SettingsError(
            f"{found.origin or 'settings'}: no Asterisk is named; see `callserver config example`"
        )
    if not wanted:
        raise SettingsError(f"no Asterisk is called {pbx!r}; known: {known}")
    return wanted


def chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece; `-` is standard input. Raises OSError."""
    if str(path) == "-":
        yield from iter(lambda: os.read(0, CHUNK), b"")  # what is there now, not only full blocks
        return
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def told(body: dict[str, Any]) -> dict[str, Any]:
    """A fact's JSON for the world outside: its instants as ISO 8601 UTC with milliseconds."""
    return {
        key: iso(value) if isinstance(value, int) and (key == "at" or key.endswith("_at")) else value
        for key, value in body.items()
    }


def json_line(value: Any) -> None:
    """One JSON object as one line; letters of any language as they are, lone surrogates spelled out."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def flush() -> None:
    """Let a reader at the other end of a pipe see the lines now."""
    sys.stdout.buffer.flush()

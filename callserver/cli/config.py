"""`callserver config`: look at the settings, check them, get an example.

In: the settings' sources. Out: TOML or JSON without secrets, or what is wrong. Must not know: who uses a
setting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.settings import SECTIONS, Secret, Settings
from callserver.settings.example import example as example_text
from callserver.settings.example import toml
from callserver.settings.reading import entries

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Look at the settings, check them, get an example."
)


@app.command()
def check(config: Config = None) -> None:
    """Say whether the settings are right; all that is wrong at once. Exit code 3 if anything is.

    Example: `callserver config check -c /etc/callserver/callserver.toml`
    """
    found = settings(config)
    switches = ", ".join(f"{one.id} ({one.host}:{one.port})" for one in found.asterisk) or "none yet"
    print(f"{found.origin or 'environment'}: right. Asterisk: {switches}. Database: {found.database.url}")


@app.command()
def show(config: Config = None, as_json: AsJson = False) -> None:
    """Print the settings as they are now, environment and defaults included; secrets are hidden.

    Example: `CALLSERVER_WEB_PORT=9000 callserver config show`
    """
    found = settings(config)
    if as_json:
        json_line(as_tables(found))
    else:
        print(as_toml(found), end="")


@app.command()
def example() -> None:
    """Print a settings file with every key, its meaning and its default.

    Example: `callserver config example > callserver.toml`
    """
    print(example_text(), end="")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.shown()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _table(section: Any) -> dict[str, Any]:
    return {entry.name: _plain(getattr(section, entry.name)) for entry in entries(type(section))}


def as_tables(found: Settings) -> dict[str, Any]:
    """The settings as plain tables, secrets hidden."""
    return {
        "asterisk": [_table(one) for one in found.asterisk],
        **{name: _table(getattr(found, name)) for name in SECTIONS},
        "queues": {name: _table(one) for name, one in found.queues.items()},
    }


def as_toml(found: Settings) -> str:
    """The same as TOML; keys without a value are left out."""
    tables = as_tables(found)
    blocks = [("[[asterisk]]", table) for table in tables.pop("asterisk")]
    blocks += [(f"[queues.{toml(name)}]", table) for name, table in tables.pop("queues").items()]
    blocks[len(found.asterisk) : len(found.asterisk)] = [
        (f"[{name}]", table) for name, table in tables.items()
    ]
    return "\n".join(_block(title, table) for title, table in blocks)


def _block(title: str, table: dict[str, Any]) -> str:
    lines = [f"{key} = {toml(tuple(value) if isinstance(value, list) else value)}"
             for key, value in table.items() if value is not None]  # fmt: skip
    return "\n".join([title, *lines]) + "\n"

"""Settings: read once, validated once, frozen.

In: a path (or none), the environment. Out: `Settings`. Must not know: who uses them.

    settings = load(Path("callserver.toml"))

Order of strength: environment over TOML file over systemd credentials over defaults. Raises SettingsError
with one line for each thing that is wrong: the file (or variable), the key, what is wrong, an example.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from callserver.errors import SettingsError
from callserver.settings import sources
from callserver.settings.current import Of, QueueBook
from callserver.settings.reading import Reader, as_tables, entries, is_secret
from callserver.settings.secrets import DatabaseUrl, Secret
from callserver.settings.shape import (
    AlertSettings,
    AsteriskSettings,
    DatabaseSettings,
    LogSettings,
    MailSettings,
    NodeSettings,
    QueueSettings,
    RetentionSettings,
    Settings,
    SiteSettings,
    TelephoneSettings,
    TraceSettings,
    WebhookSettings,
    WebSettings,
    WorkSettings,
)

__all__ = [
    "SECTIONS",
    "AlertSettings",
    "AsteriskSettings",
    "DatabaseSettings",
    "DatabaseUrl",
    "LogSettings",
    "MailSettings",
    "NodeSettings",
    "Of",
    "QueueBook",
    "QueueSettings",
    "RetentionSettings",
    "Secret",
    "Settings",
    "SiteSettings",
    "TelephoneSettings",
    "TraceSettings",
    "WebSettings",
    "WebhookSettings",
    "WorkSettings",
    "load",
]

SECTIONS: dict[str, type[Any]] = {
    "database": DatabaseSettings,
    "web": WebSettings,
    "site": SiteSettings,
    "log": LogSettings,
    "trace": TraceSettings,
    "node": NodeSettings,
    "telephone": TelephoneSettings,
    "work": WorkSettings,
    "retention": RetentionSettings,
    "webhooks": WebhookSettings,
    "mail": MailSettings,
    "alerts": AlertSettings,
}


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings. Raises SettingsError, all problems at once."""
    environ = os.environ if environ is None else environ
    origin = sources.find(path, environ)
    table = sources.read_toml(origin) if origin else {}
    problems: list[str] = []
    names = _names()
    sources.overlay(table, environ, names, problems)
    sources.lay_credentials(table, environ.get("CREDENTIALS_DIRECTORY"), names)
    reader = Reader(origin)
    reader.problems += problems
    settings = _read(reader, table)
    if settings is None or reader.problems:
        raise SettingsError("\n".join(reader.problems))
    return settings


def _names() -> sources.Names:
    sections = {name: frozenset(entry.name for entry in entries(shape)) for name, shape in SECTIONS.items()}
    every = [(name, entry) for name, shape in SECTIONS.items() for entry in entries(shape)]
    every += [("asterisk", entry) for entry in entries(AsteriskSettings)]
    return sources.Names(
        sections=sections,
        asterisk=frozenset(entry.name for entry in entries(AsteriskSettings) if entry.name != "id"),
        secrets=frozenset((name, entry.name) for name, entry in every if is_secret(entry.kind)),
    )


def _read(reader: Reader, table: sources.Table) -> Settings | None:
    known = [*SECTIONS, "asterisk", "queues"]
    for name in table.keys() - set(known):
        reader.wrong(f"[{name}]", f"is no section{sources.did_you_mean(name, known)}")
    values: dict[str, Any] = {
        name: reader.section(shape, table.get(name, {}), f"[{name}]") for name, shape in SECTIONS.items()
    }
    values["asterisk"] = _switches(reader, table.get("asterisk", []))
    values["queues"] = _queues(reader, table.get("queues", {}))
    _names_a_switch(reader, values)
    if reader.problems:
        return None
    return Settings(**values, origin=reader.origin, warnings=tuple(reader.warnings))


def _names_a_switch(reader: Reader, values: Mapping[str, Any]) -> None:
    alerts, known = values["alerts"], [one.id for one in values["asterisk"] or ()]
    if alerts is not None and alerts.call_by is not None and alerts.call_by not in known:
        reader.wrong("[alerts] call_by", f"is none of {', '.join(known)}")


def _switches(reader: Reader, raw: object) -> tuple[AsteriskSettings, ...]:
    blocks = as_tables(raw)
    if blocks is None:
        reader.wrong(
            "asterisk", "is written with two brackets, one block a switch", '[[asterisk]]\\nid = "main"'
        )
        return ()
    seen: set[str] = set()
    found = []
    for number, block in enumerate(blocks, 1):
        where = f"[[asterisk]] {block.get('id', f'number {number}')}"
        name = sources.in_variable(block.get("id", MISSING))
        if name in seen:
            reader.wrong(where, "has an id that another block has too ('-' and '_' count as the same)")
        seen.add(name)
        found.append(_switch(reader, block, where))
    return tuple(one for one in found if one is not None)


def _switch(reader: Reader, block: sources.Table, where: str) -> AsteriskSettings | None:
    switch = reader.section(AsteriskSettings, block, where)
    if switch is not None and switch.deadline_s <= switch.heartbeat_s:
        reader.wrong(f"{where} deadline_s", "must be more than heartbeat_s", "deadline_s = 10")
    return switch


def _queues(reader: Reader, raw: object) -> dict[str, QueueSettings]:
    if not isinstance(raw, dict):
        reader.wrong("[queues]", "is a table of tables", '[queues.hotline]\\ntitle = "Hotline"')
        return {}
    found = {name: reader.section(QueueSettings, table, f"[queues.{name}]") for name, table in raw.items()}
    return {name: one for name, one in found.items() if one is not None}

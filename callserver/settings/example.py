"""The settings file to start from, and the operators' table of settings, both made from `shape`.

In: the annotated dataclasses. Out: TOML text (`callserver.example.toml` is this text), markdown rows. Must
not know: any single setting, any secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from callserver.settings.reading import Entry, entries, is_secret
from callserver.settings.secrets import DatabaseUrl
from callserver.settings.shape import (
    AlertSettings,
    AsteriskSettings,
    DatabaseSettings,
    LogSettings,
    MailSettings,
    NodeSettings,
    QueueSettings,
    RetentionSettings,
    SiteSettings,
    TelephoneSettings,
    TraceSettings,
    WebhookSettings,
    WebSettings,
    WorkSettings,
)

HEAD = """\
# callserver settings. Every key with its default; a line that begins with '#' is off. Secrets have none.
# Each key can also come from the environment, which wins: CALLSERVER_WEB_PORT=8088,
# CALLSERVER_ASTERISK_MAIN_SECRET_FILE=/run/secrets/ami. `callserver config check` tells what is wrong.
"""
BLOCKS: tuple[tuple[str, str, type[Any]], ...] = (
    ("[[asterisk]]", "ASTERISK_<ID>_", AsteriskSettings),
    ("[database]", "DATABASE_", DatabaseSettings),
    ("[web]", "WEB_", WebSettings),
    ("[site]", "SITE_", SiteSettings),
    ("[log]", "LOG_", LogSettings),
    ("[trace]", "TRACE_", TraceSettings),
    ("[node]", "NODE_", NodeSettings),
    ("[telephone]", "TELEPHONE_", TelephoneSettings),
    ("[work]", "WORK_", WorkSettings),
    ("[retention]", "RETENTION_", RetentionSettings),
    ("[webhooks]", "WEBHOOKS_", WebhookSettings),
    ("[mail]", "MAIL_", MailSettings),
    ("[alerts]", "ALERTS_", AlertSettings),
    ("[queues.hotline]", "", QueueSettings),
)


def toml(value: Any) -> str:
    """A default as TOML; tuples as lists, paths as texts. None has no TOML."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(piece) for piece in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)


def _lines(entry: Entry) -> Iterator[str]:
    yield f"# {entry.key.doc}"
    if is_secret(entry.kind) and entry.kind is not DatabaseUrl:
        file = "ami.secret" if entry.name == "secret" else entry.name
        yield f'{"# " * entry.optional}{entry.name}_file = "{file}"'
    elif entry.required:
        yield f"{entry.name} = {entry.key.example}"
    elif entry.default in (None, ()):
        yield f"# {entry.name} = {entry.key.example}"
    elif entry.kind is DatabaseUrl:
        yield f"{entry.name} = {entry.key.example}"
    else:
        yield f"{entry.name} = {toml(entry.default)}"


def example() -> str:
    """The whole example file."""
    blocks = [HEAD]
    for title, _, shape in BLOCKS:
        doc = (shape.__doc__ or "").strip()
        lines = [line for entry in entries(shape) for line in _lines(entry)]
        blocks.append("\n".join([f"# {doc}", title, *lines]) + "\n")
    return "\n".join(blocks)


def markdown() -> str:
    """The settings as a table: key, variable, default, meaning."""
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    rows += [_row(title, prefix, entry) for title, prefix, shape in BLOCKS for entry in entries(shape)]
    return "\n".join(rows) + "\n"


def _row(title: str, prefix: str, entry: Entry) -> str:
    variable = f"`CALLSERVER_{prefix}{entry.name.upper()}`" if prefix and entry.name != "id" else ""
    key = f"{title} {entry.name}"
    if is_secret(entry.kind):
        key += f" / {entry.name}_file"
        variable += f" / `..._{entry.name.upper()}_FILE`"
    return f"| `{key}` | {variable} | {_default(entry)} | {entry.key.doc} |"


def _default(entry: Entry) -> str:
    if entry.required:
        return "none: must be given"
    if entry.default in (None, ()):
        return ""
    if isinstance(entry.default, DatabaseUrl):
        return f"`{entry.key.example}`"
    return f"`{toml(entry.default)}`"

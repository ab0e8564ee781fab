"""What is held about somebody, as pages that they can read: HTML without scripts, for a browser without a network.

In: JSON bodies as they are told. Out: whole pages. Must not know: where the pages are put. Every text comes from
somebody else, so every text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "th{text-align:left;vertical-align:top;padding-right:1em}td{white-space:pre-wrap;overflow-wrap:anywhere}</style>"
)


def overview(whole: Mapping[str, Iterable[Mapping[str, Any]]], tickets: Iterable[str]) -> str:
    """The first page: the customer, the products, a link to each ticket by its number."""
    parts = [_section("Customer", whole["customer"]), _section("Products", whole["products"])]
    links = "".join(
        f'<li><a href="tickets/{escape(one)}/ticket.html">{escape(one)}</a></li>' for one in tickets
    )
    parts.append(f"<h2>Tickets</h2><ul>{links}</ul>")
    parts.append(
        "<h2>Also in this folder</h2><p>earlier.json: what was there before each change. calls.jsonl: calls that "
        "are on no ticket. who-saw-it.jsonl: who read or changed what, and when. tickets/: each ticket with its "
        "files.</p>"
    )
    return _page("What we hold about you", parts)


def ticket(body: Mapping[str, Any]) -> str:
    """One ticket: itself, its timeline, what is owed, its calls."""
    number = str(body["ticket"].get("number", ""))
    parts = [_table(body["ticket"])]
    for title, name in (("Timeline", "timeline"), ("Promised calls", "promises"), ("Calls", "calls")):
        parts.append(_section(title, body[name]))
    return _page(f"Ticket {number}", parts)


def _page(title: str, parts: Iterable[str]) -> str:
    shown = escape(title)
    return f"{_HEAD}<title>{shown}</title></head><body><h1>{shown}</h1>{''.join(parts)}</body></html>"


def _section(title: str, things: Iterable[Mapping[str, Any]]) -> str:
    return f"<h2>{escape(title)}</h2>" + "<hr>".join(_table(one) for one in things)


def _table(body: Mapping[str, Any]) -> str:
    """Names and values; what is empty is left out."""
    rows = (
        f"<tr><th>{escape(str(name))}</th><td>{_value(value)}</td></tr>"
        for name, value in body.items()
        if value not in (None, "", [], (), {})
    )
    return f"<table>{''.join(rows)}</table>"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, list | tuple):
        return "<br>".join(_value(one) for one in value)
    return escape("yes" if value is True else "no" if value is False else str(value))

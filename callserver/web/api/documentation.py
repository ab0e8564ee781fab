"""The description of the API for programs and for people: one JSON document, and a page that is made from it.

In: operations, the stream's messages. Out: `/api/v1/openapi.json`, `/api/v1/asyncapi.json`, `/api/docs` and its style
sheet. Must not know: the store. All are made once at start-up; the page needs no script and nothing from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from jinja2 import Environment, PackageLoader

from callserver.push.description import document as stream_document
from callserver.web.api.description import document
from callserver.web.api.operation import Operations
from callserver.web.api.problems import TITLES

_PAGES = Environment(
    autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=PackageLoader("agent_ui", "templates")
)
_STRICT = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def routes(subjects: Sequence[Operations]) -> list[web.RouteDef]:
    """The document, the page and its style."""
    return [_route(path, kind, body) for path, kind, body in _answers(tuple(subjects))]


@lru_cache(maxsize=1)
def _answers(subjects: tuple[Operations, ...]) -> tuple[tuple[str, str, bytes], ...]:
    """Paths, types and bytes. Kept, because they take a second to make and tests start many servers."""
    described = document(subjects)
    style = resources.files("agent_ui").joinpath("static", "api.css").read_bytes()
    return (
        ("/api/v1/openapi.json", "application/json", msgspec.json.encode(described)),
        ("/api/v1/asyncapi.json", "application/json", msgspec.json.encode(stream_document())),
        ("/api/docs", "text/html", page(described).encode()),
        ("/static/api.css", "text/css", style),
    )


def _route(path: str, kind: str, body: bytes) -> web.RouteDef:
    async def give(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": _STRICT, "Cache-Control": "max-age=60"}
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    return web.get(path, give)


# --- the page --------------------------------------------------------------------------------------------------------


def page(described: Mapping[str, Any]) -> str:
    """The whole page."""
    return _PAGES.get_template("api.html").render(
        api=described,
        subjects=_by_subject(described),
        titles=TITLES,
        stream=_messages(stream_document()),
        kind=kind,
        example=lambda schema: json.dumps(
            example(described, schema), ensure_ascii=False, indent=2, sort_keys=False
        ),
        curl=lambda path, method, operation: curl(described, path, method, operation),
        inner=lambda schema: schema_of(described, schema),
    )


def _messages(stream: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each message of the stream: its word, who says it, what it is for, its members."""
    said = {
        one["$ref"].rpartition("/")[2]: name for name, operation in stream["operations"].items()
        for one in operation["messages"]
    }  # fmt: skip
    return [
        {
            "name": message["name"],
            "by": "server" if said[key] == "told" else "client",
            "summary": message["summary"],
            "members": [
                name for name in schema_of(stream, message["payload"])["properties"] if name != "type"
            ],
        }
        for key, message in stream["components"]["messages"].items()
    ]


def _by_subject(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = {tag["name"]: {**tag, "operations": []} for tag in described["tags"]}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]]["operations"].append(
                {"path": path, "method": method.upper(), **operation}
            )
    return list(found.values())


def schema_of(described: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, where it is named only."""
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def kind(schema: Mapping[str, Any]) -> str:
    """A type in a few words, such as `text (date-time) or null`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join("null" if one is None else str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    form = f" ({schema['format']})" if "format" in schema else ""
    return f"{_WORDS.get(schema.get('type', ''), 'anything')}{form}{_bounds(schema)}"


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}


def _bounds(schema: Mapping[str, Any]) -> str:
    said = [f"{words} {schema[name]:,}" for name, words in _LIMITS.items() if name in schema]
    return f", {', '.join(said)}" if said else ""


_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "length at least",
    "maxLength": "length at most",
}


def example(described: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits the schema, for people to begin with."""
    schema = schema_of(described, schema)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "anyOf" in schema:
        return example(described, schema["anyOf"][0], depth)
    if "default" in schema and schema["default"] not in ([], {}):
        return schema["default"]
    if schema.get("type") == "object":
        inner = schema.get("properties", {}) if depth < 4 else {}
        return {name: example(described, one, depth + 1) for name, one in inner.items()}
    if schema.get("type") == "array":
        return [example(described, schema.get("items", {}), depth + 1)] if depth < 4 else []
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> Any:
    formats = {"date-time": "2026-11-22T08:15:00.000Z", "date": "2026-11-22"}
    if schema.get("format") in formats:
        return formats[schema["format"]]
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True, "string": "..."}.get(
        schema.get("type", "")
    )


def curl(described: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> str:
    """A line for a terminal; $URL and $TOKEN are the reader's."""
    parts = ["curl", *(() if method == "GET" else ("-X", method))]
    if operation["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    else:
        parts.append('-H "X-Callserver: 1" -H "Origin: $URL"')
    for one in operation["parameters"]:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(example(described, one["schema"])), safe=":"))
        if one["in"] == "header" and one["required"]:
            parts.append(f"-H '{one['name']}: {one['example']}'")
    query = [
        f"{one['name']}={quote(str(example(described, one['schema'])))}"
        for one in operation["parameters"]
        if one["in"] == "query" and one["required"]
    ]
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        kind = next(iter(content))
        parts += [f"-H 'Content-Type: {kind}'", _data(described, kind, content[kind]["schema"])]
    return " ".join([*parts, f'"$URL{path}{"?" + "&".join(query) if query else ""}"'])


def _data(described: Mapping[str, Any], kind: str, schema: Mapping[str, Any]) -> str:
    if "json" not in kind:
        return "--data-binary @FILE"
    text = json.dumps(example(described, schema), ensure_ascii=False)
    return "-d '" + text.replace("'", "'\\''") + "'"

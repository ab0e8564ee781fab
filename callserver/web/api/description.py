"""The OpenAPI 3.1 description, made from the operations that are served.

In: operations. Out: the document as JSON values. Must not know: the store, any single operation. JSON Schema comes from
the same types that check requests, so what is described and what is accepted cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from callserver import __version__
from callserver.store.tokens import SCOPES
from callserver.web.api.operation import Download, Operation, Operations, Upload
from callserver.web.api.problems import CONTENT_TYPE, TITLES, Problem
from callserver.web.api.reading import json_types
from callserver.web.api.serving import ROOT

_REF = "#/components/schemas/{name}"
_TEXT = {"type": "string"}
_ABOUT = """Customers, tickets and calls of the hotline.

Every request carries `Authorization: Bearer TOKEN`; tokens come from `callserver token create`. Instants are ISO 8601
in UTC with milliseconds, days are ISO dates. Errors are `application/problem+json` and name every wrong field. Whoever
changes a thing says in `If-Match` which version they read (its `ETag`). A POST may carry an `Idempotency-Key`: sent
again within a day, it gives the same answer and does nothing twice. Lists give a `cursor` for the next page; it is
null on the last one."""
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what you change, as you read it.",
    "schema": {"type": "string", "pattern": '^(\\*|"(0|[1-9][0-9]{0,17})")$'},
    "example": '"3"',
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Anything that no other request of yours carries, such as a UUID.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_LIMITS = {
    "RateLimit-Limit": "So many requests fit into a minute.",
    "RateLimit-Remaining": "So many are left.",
    "RateLimit-Reset": "Seconds until all of them are left again.",
}


def document(subjects: Sequence[Operations]) -> dict[str, Any]:
    """The whole description."""
    operations = [one for subject in subjects for one in subject.all]
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(ROOT + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callserver",
            "version": __version__,
            "summary": "The server of an after-sales telephone hotline.",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": one.tag, "description": one.about} for one in subjects],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "responses": {str(status): _problem(status) for status in TITLES},
            "headers": {
                name: {"description": text, "schema": {"type": "integer"}} for name, text in _LIMITS.items()
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Rights: "
                    + "; ".join(f"`{name}`: {text}" for name, text in SCOPES.items()),
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": _text(operation),
        "security": [] if operation.open else [{"token": [operation.scope] if operation.scope else []}],
        "parameters": parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation)}
    return described


def _text(operation: Operation) -> str:
    right = f"Right: `{operation.scope}`." if operation.scope else "Any token will do."
    if operation.open:
        right = "No token: only the server's own pages may ask, with the header `X-Callserver: 1`."
    return f"{operation.text}\n\n{right}" if operation.text else right


# --- parameters and bodies -------------------------------------------------------------------------------------------


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """In the path, the query and the headers."""
    found = [
        {"name": name, "in": "path", "required": True, **_described(_schema(kind))}
        for name, kind in operation.path_types.items()
    ]
    for one in msgspec.structs.fields(operation.query) if operation.query else ():
        schema = _without_null(_schema(one.type))
        if one.default not in (None, msgspec.NODEFAULT):
            schema["default"] = one.default
        found.append({"name": one.encode_name, "in": "query", "required": one.required, **_described(schema)})
    return found + [_IF_MATCH] * operation.guarded + [_KEY] * operation.replayed


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's description stands beside its schema, not in it."""
    description = schema.pop("description", None)
    return {**({"description": description} if description else {}), "schema": schema}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null; a parameter that is not given is not there."""
    rest = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(rest) == 1:
        outer = {name: value for name, value in schema.items() if name != "anyOf"}
        return {**rest[0], **outer}
    return {name: value for name, value in schema.items() if name != "anyOf"} | (
        {"anyOf": rest} if rest else {}
    )


def _content(operation: Operation) -> dict[str, Any]:
    if operation.body is Upload:
        return {"application/octet-stream": {"schema": {}}}
    return {kind: {"schema": _schema(operation.body)} for kind in json_types(operation)}


# --- answers ---------------------------------------------------------------------------------------------------------


def statuses(operation: Operation) -> list[int]:
    """Every status of a refusal that this operation may answer with."""
    found = {400, 401, 403, 429, 500, 503, *operation.errors}
    if operation.path_types:
        found |= {404}
    if operation.body is not None:
        found |= {408, 413, 415, 422}
    if operation.replayed:
        found |= {422}
    if operation.guarded:
        found |= {409, 412, 428}
    return sorted(found)


def _responses(operation: Operation) -> dict[str, Any]:
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS}
    if operation.versioned:
        headers["ETag"] = {"description": "The version, for If-Match.", "schema": _TEXT}
    if operation.status == 201:
        headers["Location"] = {"description": "Where it is.", "schema": _TEXT}
    if operation.replayed:
        headers["Idempotent-Replayed"] = {
            "description": "`true`: this answer was given before; nothing was done now.",
            "schema": {"const": "true"},
        }
    done: dict[str, Any] = {"description": _DONE[operation.status], "headers": headers}
    if operation.answer is Download:
        done["content"] = {"*/*": {"schema": {}}}
    elif operation.answer is not type(None):
        done["content"] = {"application/json": {"schema": _schema(operation.answer)}}
    found = {str(operation.status): done}
    if operation.versioned and operation.method == "GET":
        found["304"] = {"description": "You have this version already (If-None-Match)."}
    return found | {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses(operation)
    }


_DONE = {200: "Done.", 201: "Made.", 202: "Taken on.", 204: "Done; nothing to say."}


def _problem(status: int) -> dict[str, Any]:
    return {"description": TITLES[status], "content": {CONTENT_TYPE: {"schema": _schema(Problem)}}}


# --- schemas ---------------------------------------------------------------------------------------------------------


def _schema(kind: Any) -> dict[str, Any]:
    (found,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return dict(found)


def _schemas(operations: Iterable[Operation]) -> Mapping[str, Any]:
    bodies = [one.body for one in operations if one.body not in (None, Upload)]
    answers = [one.answer for one in operations if one.answer not in (Download, type(None))]
    _, found = msgspec.json.schema_components([*bodies, *answers, Problem], ref_template=_REF)
    return dict(sorted(found.items()))

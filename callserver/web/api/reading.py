"""Requests -> values: every value is checked against what the operation declares, and every wrong one is named.

In: a request's path, query, headers and body. Out: the arguments of the operation's function. Raises Refused: 400 for
what cannot be understood (a parameter, a header, broken JSON), 408 for a body that comes too slowly, 413, 415, 422 for
a body's wrong values. Must not know: any operation.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import islice
from typing import Any

import msgspec
from aiohttp import web
from msgspec import ValidationError
from msgspec.structs import FieldInfo

from callserver.web.api.operation import Operation, Upload
from callserver.web.api.problems import Refused, Wrong, wrong_query

DEEPEST = 16  # arrays and objects inside one another
BODY_S = 30.0  # for a body of JSON
SLOWEST_BYTES_PER_S = 64_000  # of a file
_MOST_WRONG = 50  # fields that one answer names
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"', re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_WHERE = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


# --- path, query, headers --------------------------------------------------------------------------------------------


def path_values(operation: Operation, request: web.Request) -> dict[str, Any]:
    """The values in the path; what cannot be one is a thing that does not exist."""
    found = {}
    for name, kind in operation.path_types.items():
        try:
            found[name] = msgspec.convert(_typed(kind, request.match_info[name]), kind)
        except (ValueError, ValidationError):
            raise Refused(404, "there is no such thing") from None
    return found


@cache
def _fields(kind: Any) -> Mapping[str, FieldInfo]:
    """A Struct's fields by their names outside; none of None. To ask for their types takes half a millisecond."""
    return {one.encode_name: one for one in msgspec.structs.fields(kind)} if kind else {}


def query_values(kind: Any, request: web.Request) -> Any:
    """The query as its Struct (None where the operation has none). Raises Refused 400 naming every wrong one."""
    fields = _fields(kind)
    wrong: list[Wrong] = []
    values: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        if name not in fields:
            wrong.append((name, f"unknown parameter; known: {', '.join(fields) or 'none'}"))
            continue
        try:
            values[fields[name].name] = _parameter(fields[name].type, request.query.getall(name))
        except (ValueError, ValidationError) as error:
            wrong.append((name, _said(error)))
    wrong += [
        (name, "is required") for name, one in fields.items() if one.required and name not in request.query
    ]
    if wrong:
        raise Refused(400, "; ".join(f"{name}: {why}" for name, why in wrong), *wrong)
    return kind(**values) if kind else None


def _parameter(kind: Any, texts: list[str]) -> Any:
    if len(texts) > 1:
        raise ValueError("give it once")
    if "\x00" in texts[0] or _SURROGATE.search(texts[0]):
        raise ValueError("holds a character that no text has")
    return msgspec.convert(_typed(kind, texts[0]), kind)


def _typed(kind: Any, text: str) -> Any:
    """The text as what the type wants of JSON."""
    kinds = _inner(msgspec.inspect.type_info(kind))
    if msgspec.inspect.IntType in kinds:
        if not _NUMBER.fullmatch(text):
            raise ValueError("write a whole number")
        return int(text)
    if msgspec.inspect.BoolType in kinds:
        if text not in ("true", "false"):
            raise ValueError("write true or false")
        return text == "true"
    if msgspec.inspect.DateTimeType in kinds:
        return text.replace(
            " ", "+"
        )  # a "+" in a query means a space: 12:00:00+08:00 arrives as "12:00:00 08:00"
    return text


def _inner(info: Any) -> set[type[Any]]:
    if isinstance(info, msgspec.inspect.UnionType):
        return {kind for one in info.types for kind in _inner(one)}
    return _inner(info.type) if isinstance(info, msgspec.inspect.Metadata) else {type(info)}


def expected_version(request: web.Request) -> int | None:
    """The version that the asker changes (If-Match). None: whichever there is ("*"). Raises Refused 400, 412, 428."""
    given = request.headers.getall("If-Match", [])
    if not given:
        raise Refused(
            428,
            'send If-Match with the ETag of what you read, such as If-Match: "3"',
            ("If-Match", "missing"),
        )
    if given == ["*"]:
        return None
    if len(given) == 1 and (found := _ETAG.fullmatch(given[0].strip())):
        return int(found[1])
    if len(given) == 1 and given[0].startswith("W/"):
        raise Refused(412, "If-Match: a weak ETag matches nothing", ("If-Match", "weak"))
    raise wrong_query("If-Match", 'give one ETag as it came, such as "3"')


def is_known(request: web.Request, version: int | None) -> bool:
    """Whether the asker has this version already (If-None-Match)."""
    given = ",".join(request.headers.getall("If-None-Match", []))
    return version is not None and f'"{version}"' in (
        one.strip().removeprefix("W/") for one in given.split(",")
    )


def idempotency_key(operation: Operation, request: web.Request) -> str | None:
    """The key under which the answer is kept. Raises Refused 400, also where none can be given."""
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        return None
    if not operation.replayed:
        raise wrong_query("Idempotency-Key", "cannot be given here")
    if len(given) == 1 and _KEY.fullmatch(given[0]):
        return given[0]
    raise wrong_query("Idempotency-Key", "once, 1 to 255 visible ASCII characters")


# --- bodies ----------------------------------------------------------------------------------------------------------


async def body_bytes(operation: Operation, request: web.Request) -> bytes:
    """The body, and not more of it than the operation takes, nor for longer. Raises Refused 408, 413, 415."""
    if operation.body is None:
        return b""
    if operation.body is not Upload:
        _must_be_json(operation, request)
    if (request.content_length or 0) > operation.most_bytes:
        raise _too_big(operation)
    try:
        async with asyncio.timeout(slowest_s(operation)):
            return await _read(operation, request)
    except TimeoutError:
        raise Refused(408, "the body came too slowly", Connection="close") from None


async def _read(operation: Operation, request: web.Request) -> bytes:
    got = bytearray()
    async for chunk in request.content.iter_any():
        got += chunk
        if len(got) > operation.most_bytes:
            raise _too_big(operation)
    return bytes(got)


def slowest_s(operation: Operation) -> float:
    """How long its body may take: JSON half a minute, a file as long as a line of 64 kB/s takes, too."""
    return BODY_S + (operation.most_bytes / SLOWEST_BYTES_PER_S if operation.body is Upload else 0)


def json_types(operation: Operation) -> tuple[str, ...]:
    """The content types that a body of JSON may have."""
    return ("application/json", *(("application/merge-patch+json",) if operation.method == "PATCH" else ()))


def _must_be_json(operation: Operation, request: web.Request) -> None:
    """A browser form cannot send these types, so no stranger's page can make a browser use the API."""
    types = json_types(operation)
    charset = (request.charset or "utf-8").lower()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "send the body as it is, not compressed", Accept_Encoding="identity")
    if request.content_type not in types or charset not in ("utf-8", "utf8", "us-ascii"):
        raise Refused(415, f"send {' or '.join(types)} in UTF-8", Accept=", ".join(types))


def _too_big(operation: Operation) -> Refused:
    return Refused(413, f"a body here may have {operation.most_bytes} bytes")


def body_value(kind: Any, request: web.Request, content: bytes) -> Any:
    """The body as its Struct or Upload. Raises Refused 400 for broken JSON, 422 naming every wrong field."""
    if kind is Upload:
        return Upload(content=content, type=request.content_type)
    value = parsed(content)
    if not isinstance(value, dict):
        raise Refused(422, "the body must be a JSON object", ("", "must be an object"))
    wrong = list(islice(_wrong_fields(kind, value), _MOST_WRONG))
    if not wrong:
        try:
            return msgspec.convert(value, kind)
        except ValidationError as error:
            wrong = [_placed("", error)]
    raise Refused(422, "; ".join(f"{name}: {why}" if name else why for name, why in wrong), *wrong)


def _wrong_fields(kind: Any, value: Mapping[str, Any]) -> Iterable[Wrong]:
    """msgspec stops at the first mistake; people want all of them, so each field is asked by itself."""
    fields = _fields(kind)
    for name in value:
        if name not in fields:
            yield name[:100], "there is no such field"
    for name, one in fields.items():
        if name not in value:
            if one.required:
                yield name, "is required"
            continue
        try:
            msgspec.convert(value[name], one.type)
        except ValidationError as error:
            yield _placed(name, error)


def _placed(name: str, error: ValidationError) -> Wrong:
    found = _WHERE.match(str(error))
    why, inner = (found[1], found[2]) if found else (str(error), "")
    dot = "." if name and inner and not inner.startswith("[") else ""
    return f"{name}{dot}{inner}", _sentence(why)


def _said(error: ValueError | ValidationError) -> str:
    return _placed("", error)[1] if isinstance(error, ValidationError) else str(error)


def _sentence(text: str) -> str:
    return text.replace("`", "")[:1].lower() + text.replace("`", "")[1:]


def parsed(content: bytes) -> Any:
    """The JSON, read strictly: one value a key, no NaN, no lone surrogates, not too deep. Raises Refused 400."""
    try:
        value = json.loads(
            content.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole
        )
        _must_be_sane(value)
    except UnicodeDecodeError:
        raise Refused(400, "the body is not UTF-8") from None
    except RecursionError:
        raise Refused(400, "the body is too deep") from None
    except ValueError as error:
        raise Refused(400, f"the body is not JSON that can be used: {error}") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _whole(text: str) -> int:
    if len(text) > 19:
        raise ValueError("a whole number has more than 18 digits")
    return int(text)


def _must_be_sane(value: Any) -> None:
    """Neither too deep nor holding text that no UTF-8 has; looked at level by level, so depth costs no stack."""
    level = [value]
    for _ in range(DEEPEST + 1):
        inside: list[Any] = []
        for one in level:
            _look(one, inside.append, inside.extend)
        if not inside:
            return
        level = inside
    raise ValueError(f"more than {DEEPEST} arrays and objects inside one another")


def _look(value: Any, add: Callable[[Any], None], add_all: Callable[[Iterable[Any]], None]) -> None:
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ValueError("a text holds half of a surrogate pair")
    if isinstance(value, dict):
        add_all(value)
        add_all(value.values())
    elif isinstance(value, list):
        add_all(value)
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("a number is too big")

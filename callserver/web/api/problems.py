"""What can go wrong with a request, as `application/problem+json` (RFC 9457).

In: what was raised. Out: an answer that names what is wrong and where; never a traceback, never a database's own
words. Must not know: any operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from callserver import errors
from callserver.store.text import storable

CONTENT_TYPE = "application/problem+json"
RETRY_S = 2

Wrong = tuple[str, str]
"""A field (`numbers[1].received`; empty: the whole) and what is wrong with it."""

TITLES = {
    400: "The request cannot be understood",
    401: "No token, or not a good one",
    403: "Not allowed with this token",
    404: "There is no such thing",
    405: "Not possible here",
    406: "Not to be had in that form",
    408: "The request came too slowly",
    409: "It is not as you thought",
    412: "Changed meanwhile",
    413: "Too big",
    415: "Not this content type",
    422: "A value is wrong",
    428: "Say which version you change",
    429: "Too many requests",
    500: "A mistake in callserver",
    503: "Not now",
}


class FieldProblem(Struct, frozen=True):
    """One wrong value."""

    field: Annotated[str, Meta(description="Where, such as `numbers[1].received`; empty: the whole.")]
    message: Annotated[str, Meta(description="What is wrong, for people.")]


class Problem(Struct, frozen=True):
    """Why a request was refused. Nothing was changed."""

    type: Annotated[str, Meta(description="Where the documentation says more.")]
    title: str
    status: int
    detail: Annotated[str, Meta(description="What is wrong this time, for people.")]
    errors: Annotated[
        list[FieldProblem], Meta(description="Every wrong field; empty where it is about none.")
    ]


class Refused(Exception):
    """A request ends here with this answer."""

    def __init__(self, status: int, detail: str, *wrong: Wrong, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.wrong = wrong
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def wrong_query(field: str, why: str) -> Refused:
    """A query parameter or a header is wrong."""
    return Refused(400, f"{field}: {why}", (field, why))


def response(status: int, detail: str, wrong: Sequence[Wrong] = (), **headers: str) -> web.Response:
    """The answer itself. Underscores in the names of headers stand for hyphens."""
    problem = Problem(
        type=f"/api/docs#problem-{status}",
        title=TITLES.get(status, "It did not work"),
        status=status,
        detail=storable(detail),
        errors=[FieldProblem(field=storable(field), message=storable(why)) for field, why in wrong],
    )
    return web.Response(
        status=status,
        body=msgspec.json.encode(problem),
        content_type=CONTENT_TYPE,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def of(error: Refused | errors.Refusal) -> web.Response:
    """The answer to what was refused on purpose."""
    if isinstance(error, Refused):
        return response(error.status, error.detail, error.wrong, **error.headers)
    return response(_status(error), str(error), _wrong(error))


def _status(error: errors.Refusal) -> int:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return 422


_STATUS: tuple[tuple[type[errors.Refusal], int], ...] = (
    (errors.BadValue, 422),
    (errors.NotFound, 404),
    (errors.Outdated, 412),
    (errors.Conflict, 409),
    (errors.Forbidden, 403),
)


def _wrong(error: errors.Refusal) -> tuple[Wrong, ...]:
    if not isinstance(error, errors.BadValue):
        return ()
    several: tuple[Wrong, ...] = getattr(error, "problems", ())
    return several or ((error.field, error.why),)

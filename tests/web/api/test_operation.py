"""How an operation is declared: what is wrong with a declaration shows when the program starts."""

from __future__ import annotations

import pytest
from msgspec import Struct

from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done, Id, Operations, Upload


class Query(Struct):
    limit: int = 5


class Shown(Struct):
    id: int


def test_an_operation_is_what_its_function_says() -> None:
    api = Operations("things", "Things.")

    @api("PATCH", "/things/{id}", scope="calls:read", versioned=True)
    def change_thing(connection: Connection, asked: Asked, id: Id, query: Query, body: Upload) -> Done[Shown]:
        """Change a thing.

        It becomes another one.
        """
        raise AssertionError("declared here, called by nobody")

    (one,) = api.all
    assert (one.name, one.summary, one.text) == ("change_thing", "Change a thing", "It becomes another one.")
    assert (one.query, one.body, one.answer) == (Query, Upload, Shown)
    assert (one.guarded, one.transacted, one.replayed) == (True, True, False)
    assert list(one.path_types) == ["id"]


def test_a_parameter_that_comes_from_nowhere_is_noticed() -> None:
    api = Operations("things", "Things.")
    with pytest.raises(TypeError, match="nothing in /things is called"):

        @api("GET", "/things", scope=None)
        def read_things(connection: Connection, id: Id) -> Done[Shown]:
            raise AssertionError("declared here, called by nobody")


def test_a_right_that_nobody_can_have_is_noticed() -> None:
    api = Operations("things", "Things.")
    with pytest.raises(ValueError, match="no scope 'things:read'"):

        @api("GET", "/things", scope="things:read")
        def read_things(connection: Connection) -> Done[Shown]:
            raise AssertionError("declared here, called by nobody")


def test_what_gives_something_else_is_noticed() -> None:
    api = Operations("things", "Things.")
    with pytest.raises(TypeError, match="must say Done"):

        @api("GET", "/things", scope=None)
        def read_things(connection: Connection) -> Shown:
            raise AssertionError("declared here, called by nobody")

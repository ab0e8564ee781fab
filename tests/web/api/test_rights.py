"""Every operation with no token, with every right but its own, and with its own right only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from callserver.store.tokens import SCOPES
from callserver.web.api.everything import operations
from callserver.web.api.operation import Operation
from tests.web.conftest import Site

ALL = {f"{one.method} {one.path}": one for one in operations()}
# Asked for besides another right, or by what a person does at a phone.
BESIDE = {"personal:read", "tickets:waive", "tickets:call_off", "phone:use", "floor:read", "users:manage"}
FILLED = {"id": "1", "name": "repair", "number": "10000012", "seq": "1", "subject": "ticket:1"}
FILLED |= {
    "kind": "watch",
    "scope": "all",
    "language": "zh",
    "queue": "repair",
    "day": "2027-02-14",
    "pbx": "main",
    "user": "1",
}
FILLED |= {"rule": "long_wait", "category": "dryer"}


def path(operation: Operation) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: FILLED[found[1]], operation.path).lstrip("/")


async def status(site: Site, operation: Operation, token: str) -> int:
    return (await site.ask(operation.method, path(operation), {}, token=token)).status


async def test_without_a_token_nothing_is_done(site: Site) -> None:
    forged = itertools.cycle(("", "cs_" + "0" * 49, "tok3n2", "null"))
    for (name, one), token in zip(ALL.items(), forged, strict=False):
        # Strangers are slowed down after a while, and nothing is done for them either; doors open for pages of ours.
        assert await status(site, one, token) in ((403,) if one.open else (401, 429)), (name, token)


async def test_every_operation_needs_its_own_right(site: Site) -> None:
    without: dict[str, str] = {scope: await site.token(*(SCOPES.keys() - {scope})) for scope in SCOPES}
    only: dict[str, str] = {scope: await site.token(scope) for scope in SCOPES}
    for name, one in ALL.items():
        if one.scope is None:
            assert one.tag in ("session", "me"), name  # about whoever asks
            continue
        assert await status(site, one, without[one.scope]) == 403, name
        told = await site.ask(one.method, path(one), {}, token=only[one.scope])
        assert (told.status, name) != (401, name)
        if told.status == 403:  # a right besides, that its text names
            assert "personal:read" in told.body["detail"], name


@pytest.mark.parametrize(
    "name", [name for name, one in ALL.items() if one.method in ("PATCH", "PUT", "DELETE")]
)
def test_what_has_a_version_is_changed_on_one(name: str) -> None:
    unversioned = {"PUT /calls/{id}/ticket", "DELETE /tokens/{id}", "PUT /users/{id}/password"}
    unversioned |= {
        "PUT /dialling/{scope}",
        "PUT /prompts/{language}/{name}",
        "DELETE /prompts/{language}/{name}",
    }
    unversioned |= {"DELETE /users/{id}/sessions", "DELETE /site-days/{day}"}
    of_oneself = ALL[name].path.startswith("/me") or ALL[name].tag in ("session", "drafts")
    assert ALL[name].guarded == (name not in unversioned and not of_oneself)


def test_every_operation_is_described_once() -> None:
    names = [one.name for one in operations()]
    assert len(names) == len(set(names)) == len(ALL)
    assert all(one.summary for one in operations())


def test_nobody_gets_a_right_that_nothing_needs() -> None:
    used: set[Any] = {one.scope for one in operations()}
    assert used - {None} | BESIDE == SCOPES.keys()


async def in_service(site: Site) -> int:
    """A ticket on which somebody is at the customer's."""
    opened = await site.ask("POST", "tickets", {"kind": "repair"})
    moved = await site.ask("POST", f"tickets/{opened.body['id']}/status", {"to": "in_service"})
    assert moved.status == 200, moved.body
    return int(opened.body["id"])


async def owing(site: Site) -> int:
    """A ticket that owes a call."""
    opened = await site.ask("POST", "tickets", {"kind": "information", "caller": "13800138000"})
    owed = await site.ask("POST", f"tickets/{opened.body['id']}/promises", {"kind": "callback"})
    assert owed.status == 201, owed.body
    return int(opened.body["id"])


@pytest.mark.parametrize(
    ("ticket", "to", "right"),
    [(in_service, "cancelled", "tickets:call_off"), (owing, "closed", "tickets:waive")],
)
async def test_a_step_that_needs_more_is_refused_with_a_word_on_who_may(
    site: Site, ticket: Callable[[Site], Awaitable[int]], to: str, right: str
) -> None:
    path = f"tickets/{await ticket(site)}/status"
    step = {"to": to, "why": "the customer moved away"}
    refused = await site.ask("POST", path, step, token=await site.token("tickets:read", "tickets:write"))
    assert refused.status == 403
    assert f"({right}), which supervisor or administrator has" in refused.body["detail"]
    more = await site.token("tickets:read", "tickets:write", right)
    assert (await site.ask("POST", path, step, token=more)).body["status"] == to

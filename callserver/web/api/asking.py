"""A request to the telephone, put down in the asker's transaction, and the answer that comes of it.

In: requests, what stands against them. Out: `PhoneAnswer`. Must not know: which operation asks.

A phone does one thing at a time (a lane), so the second click of a double one finds the first, and gets its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, cast

from msgspec import Meta, Struct

from callserver.facts import CallId, PbxId
from callserver.seats.asking import CommandId, Outcome, Request
from callserver.store import audit, commands
from callserver.store.commands import Ask, UnderWay
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done

CallName = Annotated[str, Meta(max_length=150, examples=["main:1795289156.0"])]
Result = Literal["done", "refused", "unknown", "expired"]
WITHIN_S = 5.0
"""After so long nobody wants it any more."""


class PhoneAnswer(Struct, frozen=True, kw_only=True):
    """What the switch did. `unknown`: it was asked, and what came of it was not seen; look before you ask again."""

    outcome: Result
    code: Annotated[str, Meta(description="One word for programs, such as busy, no_answer, no_connection.")]
    said: Annotated[str, Meta(description="The same for people; empty where there is nothing to say.")]
    call: CallName | None = None


Put: TypeAlias = tuple[PbxId, CommandId]
BUSY = PhoneAnswer(outcome="refused", code="in_hand", said="your phone is busy with what you asked before")
_UNSEEN = "it was sent to Asterisk, and nothing came of it yet"


def put(connection: Connection, asked: Asked, pbx: PbxId, request: Request, lane: str) -> Put:
    """Put a request down, with a line in the audit. Raises UnderWay while another one of the lane is."""
    wanted = Ask(pbx=pbx, request=request, actor=asked.actor, within_s=WITHIN_S, lane=f"{lane}:{pbx}")
    id = commands.ask(connection, wanted)
    subject = f"call:{request.call}" if hasattr(request, "call") else f"switch:{pbx}"
    audit.note(connection, asked.actor, f"phone.{request.kind}", subject, {"command": id}, asked.now)
    return pbx, id


def put_or_join(
    connection: Connection,
    asked: Asked,
    pbx: PbxId,
    request: Request,
    lane: str,
    same: Callable[[Request], bool],
) -> tuple[Put, bool] | PhoneAnswer:
    """Put it down; where the lane is taken by the same wish wait for that one (False: nothing new was asked)."""
    try:
        return put(connection, asked, pbx, request, lane), True
    except UnderWay as busy:
        if busy.request is not None and same(busy.request):
            return (pbx, busy.id), False
        return BUSY


async def answered(
    asked: Asked, ask: Callable[[Connection], Put | PhoneAnswer], within_s: float
) -> Done[PhoneAnswer]:
    """Ask in one transaction, and wait at most so long for what the switch does. Raises what `ask` raises."""
    site = asked.site
    asked_for = await site.store.write(ask)
    if isinstance(asked_for, PhoneAnswer):
        return Done(asked_for)
    pbx, id = asked_for
    site.switchboard.wake(pbx)
    return Done(shown(await site.switchboard.outcome(id, within_s)))


def shown(outcome: Outcome) -> PhoneAnswer:
    """An outcome as it is told."""
    if not outcome.over:
        return PhoneAnswer(outcome="unknown", code="unknown", said=_UNSEEN)
    call = _text(outcome.detail.get("call"))
    result = cast("Result", outcome.state)
    return PhoneAnswer(outcome=result, code=outcome.code or outcome.state, said=outcome.said, call=call)


def _text(value: Any) -> CallId | None:
    return CallId(value) if isinstance(value, str) else None

"""Rights over tickets that not everybody has, and a refusal that says who does.

In: who asks. Out: what they may do to a ticket. Must not know: which step needs what (tickets.tables).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from callserver.errors import Forbidden
from callserver.people import Scope, who_has
from callserver.tickets.tables import Right, RightNeeded
from callserver.web.api.operation import Asked

SCOPES: Final[Mapping[Right, Scope]] = {"waive": "tickets:waive", "call_off": "tickets:call_off"}


def of_tickets(asked: Asked) -> frozenset[Right]:
    """What the asker may do beyond the usual steps."""
    return frozenset(right for right, scope in SCOPES.items() if asked.may(scope))


@contextmanager
def explained() -> Iterator[None]:
    """A step that needs a right which the asker lacks is refused in words that say who has it. Raises Forbidden."""
    try:
        yield
    except RightNeeded as error:
        scope = SCOPES[error.right]
        raise Forbidden(f"{error} ({scope}), which {who_has(scope)} has") from None

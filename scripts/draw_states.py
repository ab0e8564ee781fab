"""Writes docs/states.md from the tables of calls and tickets: `python scripts/draw_states.py`."""

from __future__ import annotations

from pathlib import Path

from callserver.calls import tables
from callserver.tickets import tables as tickets

TARGET = Path(__file__).parent.parent / "docs" / "states.md"
_ABOUT = {
    "leg": "One channel's part in a call.",
    "visit": "One stay of a call in one queue. `leaving`: the caller waits no longer and the reason is still to come.",
    "call": "The call as people speak of it; it may go round when a talk ends by transfer.",
    "membership": "An interface in a queue.",
    "pause": "A member's pause in one queue.",
    "device": "The phone as the switch believes it; every state may follow every other.",
}

_TICKET = (
    "One matter of one customer. In brackets what a step needs: a reason, or the right to do it. Closing needs both "
    "wherever a call is still owed: nothing that was serviced closes without its return visit or a recorded reason "
    "([tickets.md](tickets.md))."
)


def page() -> str:
    """The whole page."""
    parts = [
        "# States",
        "",
        "Drawn from `callserver/calls/tables.py` and `callserver/tickets/tables.py` by `scripts/draw_states.py`; a",
        "test keeps them the same. A step of a call or an agent that its table does not know is counted",
        "(`callserver_floor_surprises_total`), never raised; one of a ticket is refused.",
    ]
    for name, table in tables.TABLES.items():
        parts += ["", f"## {name}", "", _ABOUT[name], "", "```mermaid", tables.diagram(table), "```"]
    parts += ["", "## ticket", "", _TICKET, "", "```mermaid", tickets.diagram(), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")

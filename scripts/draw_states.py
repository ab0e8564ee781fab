"""Writes docs/states.md from the tables of callserver/calls/tables.py: `python scripts/draw_states.py`."""

from __future__ import annotations

from pathlib import Path

from callserver.calls import tables

TARGET = Path(__file__).parent.parent / "docs" / "states.md"
_ABOUT = {
    "leg": "One channel's part in a call.",
    "visit": "One stay of a call in one queue. `leaving`: the caller waits no longer and the reason is still to come.",
    "call": "The call as people speak of it; it may go round when a talk ends by transfer.",
    "membership": "An interface in a queue.",
    "pause": "A member's pause in one queue.",
    "device": "The phone as the switch believes it; every state may follow every other.",
}


def page() -> str:
    """The whole page."""
    parts = [
        "# States",
        "",
        "Drawn from `callserver/calls/tables.py` by `scripts/draw_states.py`; a test keeps them the same.",
        "A step that a table does not know is counted (`callserver_floor_surprises_total`), never raised.",
    ]
    for name, table in tables.TABLES.items():
        parts += ["", f"## {name}", "", _ABOUT[name], "", "```mermaid", tables.diagram(table), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")

"""The timeline's seal: entries do not change and do not go, unless their ticket is unsealed in this very transaction.

In: the two tables. Out: triggers that come with the timeline, on both databases. Must not know: who erases.
Whose contact an entry was (`customer_id`, `tail`) may follow the ticket; nothing else may change.
"""

from __future__ import annotations

from sqlalchemy import DDL, Table, event

_POINTERS = frozenset({"customer_id", "tail"})
_REFUSAL = "timeline: entries never change"


def seal(timeline: Table, unsealed: Table) -> None:
    """Let the database refuse UPDATE and DELETE of the entries of a ticket that has no row in `unsealed`."""
    fixed = [column.name for column in timeline.columns if column.name not in _POINTERS]
    closed = f"NOT EXISTS (SELECT 1 FROM {unsealed.name} WHERE ticket_id = OLD.ticket_id)"
    for dialect, statements in (
        ("sqlite", _sqlite(fixed, closed)),
        ("postgresql", _postgresql(fixed, closed)),
    ):
        for statement in statements:
            event.listen(timeline, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


def _sqlite(fixed: list[str], closed: str) -> tuple[str, ...]:
    """The third: INSERT OR REPLACE deletes without asking DELETE's triggers."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    return (
        f"CREATE TRIGGER timeline_unchanged BEFORE UPDATE OF {', '.join(fixed)} ON timeline WHEN {closed} {refuse}",
        f"CREATE TRIGGER timeline_undeleted BEFORE DELETE ON timeline WHEN {closed} {refuse}",
        "CREATE TRIGGER timeline_unreplaced BEFORE INSERT ON timeline WHEN EXISTS "
        f"(SELECT 1 FROM timeline WHERE ticket_id = NEW.ticket_id AND seq = NEW.seq) {refuse}",
    )


def _postgresql(fixed: list[str], closed: str) -> tuple[str, ...]:
    """Called only where a fixed column was named by the UPDATE; a function because PostgreSQL wants one."""
    return (
        "CREATE OR REPLACE FUNCTION timeline_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {closed} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER timeline_sealed BEFORE UPDATE OF {', '.join(fixed)} OR DELETE ON timeline "
        "FOR EACH ROW EXECUTE FUNCTION timeline_sealed()",
    )

"""Tables whose rows nobody may change or take away: triggers that come with the table, on both databases.

In: a table, and which old rows may go all the same. Out: statements that run after the table's CREATE. Must not know:
what is in the table.
"""

from __future__ import annotations

from sqlalchemy import DDL, Table, event

NEVER = "1 = 0"


def only_grows(table: Table, key: str, removable: str = NEVER) -> None:
    """Let the database refuse UPDATE and DELETE of this table's rows.

    `key` is its primary key, one column; `removable` is an SQL condition on OLD under which a row may be deleted. The
    owner of the database can drop triggers: they are against mistakes and injected SQL, not against its owner.
    """
    for dialect, statements in (
        ("sqlite", _sqlite(table.name, key, removable)),
        ("postgresql", _postgresql(table.name, removable)),
    ):
        for statement in statements:
            made = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", made.execute_if(dialect=dialect))


def _sqlite(name: str, key: str, removable: str) -> tuple[str, ...]:
    """The third: INSERT OR REPLACE deletes without asking DELETE's triggers."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name}: rows are never changed'); END"
    return (
        f"CREATE TRIGGER {name}_unchanged BEFORE UPDATE ON {name} {refuse}",
        f"CREATE TRIGGER {name}_undeleted BEFORE DELETE ON {name} WHEN NOT ({removable}) {refuse}",
        f"CREATE TRIGGER {name}_unreplaced BEFORE INSERT ON {name} "
        f"WHEN EXISTS (SELECT 1 FROM {name} WHERE {key} = NEW.{key}) {refuse}",
    )


def _postgresql(name: str, removable: str) -> tuple[str, ...]:
    return (
        f"CREATE OR REPLACE FUNCTION {name}_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' AND ({removable}) THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{name}: rows are never changed'; END $$",
        f"CREATE TRIGGER {name}_only_grows BEFORE UPDATE OR DELETE ON {name} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}_only_grows()",
    )

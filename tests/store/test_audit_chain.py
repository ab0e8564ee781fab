"""The audit is whole, or it shows where it is not: changed, removed, moved and cut-off lines."""

import pytest
from sqlalchemy import Connection, text

from callserver.errors import StoreError
from callserver.facts import Actor
from callserver.store import audit, audit_chain
from callserver.store.audit_chain import Anchor
from callserver.store.engine import Store
from tests.store.samples import DAY, MORNING

MEI = Actor(name="mei", through="screen")


async def noted(store: Store, count: int, at: int = MORNING) -> None:
    def work(connection: Connection) -> None:
        some = [audit.Note(action="customer.read", subject=f"customer:{number}") for number in range(count)]
        audit.note_all(connection, MEI, some, at)

    await store.write(work)


async def behind_our_back(store: Store, *statements: str) -> None:
    """What somebody with all rights over the database does: the triggers are off."""
    if store.dialect == "sqlite":
        names = ("audit_unchanged", "audit_undeleted", "audit_unreplaced", "audit_marks_undeleted")
        off = [f"DROP TRIGGER IF EXISTS {name}" for name in names]
        on = []
    else:
        off = ["ALTER TABLE audit DISABLE TRIGGER ALL", "ALTER TABLE audit_marks DISABLE TRIGGER ALL"]
        on = ["ALTER TABLE audit ENABLE TRIGGER ALL", "ALTER TABLE audit_marks ENABLE TRIGGER ALL"]

    def work(connection: Connection) -> None:
        for statement in (*off, *statements, *on):
            connection.execute(text(statement))

    await store.write(work)


async def broken(store: Store, *anchors: Anchor) -> tuple[int, str] | None:
    found = (await audit_chain.verify(store, anchors)).broken
    return None if found is None else (found.seq, found.why.partition(":")[0])


async def test_a_chain_that_nobody_touched_holds(store: Store) -> None:
    assert await audit_chain.verify(store) == audit_chain.Verified(lines=0, end=None, broken=None)
    await noted(store, 2_500)
    found = await audit_chain.verify(store)
    assert (found.lines, found.broken) == (2_500, None)
    assert found.end is not None
    assert found.end.seq == 2_500


@pytest.mark.parametrize(
    "column",
    ["at = at + 1", "actor = 'bo'", "through = 'api'", "action = 'x'", "subject = 'x'", "detail = '[]'"],
)
async def test_a_changed_line_shows(store: Store, column: str) -> None:
    await noted(store, 9)
    await behind_our_back(store, f"UPDATE audit SET {column} WHERE seq = 4")
    assert await broken(store) == (4, "changed")


async def test_a_removed_line_shows_also_when_the_others_close_ranks(store: Store) -> None:
    await noted(store, 9)
    await behind_our_back(store, "DELETE FROM audit WHERE seq = 4")
    assert await broken(store) == (4, "missing")
    for seq in range(5, 10):
        await behind_our_back(store, f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}")
    assert await broken(store) == (4, "changed")


async def test_swapped_lines_show(store: Store) -> None:
    await noted(store, 9)
    steps = [(4, 40), (6, 4), (40, 6)]
    await behind_our_back(store, *(f"UPDATE audit SET seq = {to} WHERE seq = {was}" for was, to in steps))
    assert await broken(store) == (4, "changed")


async def test_a_line_put_in_shows(store: Store) -> None:
    await noted(store, 3)
    values = "4, 1, 'mei', 'screen', 'customer.read', 'customer:9', '{}', 'abc'"
    await behind_our_back(store, f"INSERT INTO audit VALUES ({values})")
    assert await broken(store) == (4, "changed")


async def test_an_end_that_was_cut_off_shows_by_the_anchor(store: Store) -> None:
    await noted(store, 9)
    told = await store.write(lambda connection: audit_chain.anchor(connection, MORNING))
    assert told is not None
    assert await broken(store) is None
    await behind_our_back(store, "DELETE FROM audit WHERE seq > 6")
    assert await broken(store) == (7, "cut off")
    await behind_our_back(store, "DELETE FROM audit_marks")
    assert await broken(store) is None
    assert await broken(store, told) == (7, "cut off"), "the anchor that the log has still shows it"
    await noted(store, 3)
    assert await broken(store, told) == (9, "replaced"), "a new end of the same length is another one"


async def test_an_audit_that_was_emptied_shows_by_the_anchor(store: Store) -> None:
    await noted(store, 3)
    await store.write(lambda connection: audit_chain.anchor(connection, MORNING))
    await behind_our_back(store, "DELETE FROM audit")
    assert await broken(store) == (1, "cut off")


async def test_the_same_end_is_kept_once(store: Store) -> None:
    assert await store.write(lambda connection: audit_chain.anchor(connection, MORNING)) is None
    await noted(store, 2)
    first = await store.write(lambda connection: audit_chain.anchor(connection, MORNING))
    assert first == await store.write(lambda connection: audit_chain.anchor(connection, MORNING + DAY))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 5",
        "UPDATE audit_marks SET seq = 9",
        "DELETE FROM audit_marks",
    ],
)
async def test_the_database_refuses_to_change_or_delete_what_was_noted(store: Store, statement: str) -> None:
    await noted(store, 5)
    await store.write(lambda connection: audit_chain.anchor(connection, MORNING))
    with pytest.raises(StoreError, match="rows are never changed"):
        await store.write(lambda connection: connection.execute(text(statement)))
    assert (await audit_chain.verify(store)).lines == 5


async def test_a_line_cannot_be_replaced_either(store: Store) -> None:
    await noted(store, 5)
    values = "(3, 1, 'mei', 'screen', 'x', 'x', '{}', 'abc')"
    verb = "INSERT OR REPLACE" if store.dialect == "sqlite" else "INSERT"
    with pytest.raises(StoreError):
        await store.write(lambda connection: connection.execute(text(f"{verb} INTO audit VALUES {values}")))
    assert await broken(store) is None


# --- the beginning may go --------------------------------------------------------------------------------------------


async def trimmed(store: Store, before: int, now: int) -> Anchor | None:
    begin = await store.write(lambda connection: audit_chain.trim(connection, before, now))
    while await store.write(lambda connection: audit_chain.delete_trimmed(connection, 2)):
        pass
    return begin


async def test_old_lines_go_and_the_kept_part_can_still_be_followed(store: Store) -> None:
    for day in range(5):
        await noted(store, 3, MORNING + day * DAY)
    assert await store.read(lambda connection: audit_chain.count_before(connection, MORNING + 2 * DAY)) == 6
    begin = await trimmed(store, MORNING + 2 * DAY, MORNING + 5 * DAY)
    assert begin is not None
    assert begin.seq == 6
    found = await audit_chain.verify(store)
    assert (found.lines, found.broken) == (10, None)  # nine that stay, and the one that says so
    assert [line.seq async for line in audit.lines(store)] == list(range(7, 17))
    assert await trimmed(store, MORNING + 2 * DAY, MORNING + 6 * DAY) is None, "there is nothing older now"
    await trimmed(store, MORNING + 4 * DAY, MORNING + 6 * DAY)
    assert await broken(store) is None


async def test_also_when_only_some_of_the_old_lines_are_deleted_yet(store: Store) -> None:
    await noted(store, 5)
    await noted(store, 5, MORNING + DAY)
    await store.write(lambda connection: audit_chain.trim(connection, MORNING + DAY, MORNING + DAY))
    await store.write(lambda connection: audit_chain.delete_trimmed(connection, 2))
    assert await broken(store) is None


async def test_when_all_lines_are_old_the_one_that_says_so_stays(store: Store) -> None:
    await noted(store, 5)
    await trimmed(store, MORNING + DAY, MORNING + 2 * DAY)
    found = await audit_chain.verify(store)
    assert (found.lines, found.broken) == (1, None)
    await noted(store, 1, MORNING + 2 * DAY)
    assert await broken(store) is None


async def test_what_stays_is_still_guarded(store: Store) -> None:
    await noted(store, 5)
    await noted(store, 5, MORNING + DAY)
    await trimmed(store, MORNING + DAY, MORNING + 2 * DAY)
    with pytest.raises(StoreError, match="rows are never changed"):
        await store.write(lambda connection: connection.execute(text("DELETE FROM audit WHERE seq = 6")))
    await behind_our_back(store, "DELETE FROM audit WHERE seq = 6")
    assert await broken(store) == (6, "missing")


async def test_a_beginning_that_went_without_a_line_that_says_so_shows(store: Store) -> None:
    await noted(store, 5)
    made_up = "SELECT 'trimmed:3', 'trimmed', seq, at, hash FROM audit WHERE seq = 3"
    await behind_our_back(store, f"INSERT INTO audit_marks {made_up}", "DELETE FROM audit WHERE seq <= 3")
    assert await broken(store) == (6, "the beginning was taken away and no line says so")


async def test_lines_can_be_had_of_one_subject_or_of_one_person(store: Store) -> None:
    await noted(store, 3)
    bo = Actor(name="bo", through="api")
    await store.write(
        lambda connection: audit.note(connection, bo, "customer.read", "customer:1", {}, MORNING)
    )
    assert [line.seq async for line in audit.lines(store, subject="customer:1")] == [2, 4]
    assert [line.to_json()["subject"] async for line in audit.lines(store, actor="bo")] == ["customer:1"]
    assert [line.seq async for line in audit.lines(store, 3)] == [4]

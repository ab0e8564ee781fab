"""queue_log read along: whom it knows and we do not is looked up within a minute, each line once, over restarts."""

from __future__ import annotations

from pathlib import Path

from callserver.facts import CallId, CallStarted, LegId, LegStarted, PbxId
from callserver.node.witness import Witness
from callserver.store import leases, positions
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch

PBX = PbxId("main")
KNOWN = "1795289156.0"


class Watching:
    """A witness, and what it told."""

    def __init__(self, store: Store, path: Path) -> None:
        self.told: list[Batch] = []
        self.witness = Witness(store, PBX, path, self.told.append, clock=lambda: 1_795_289_200_000)

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(job.body["begin"], job.body["end"]) for batch in self.told for job in batch.jobs]


def entered(leg: str, at: int = 1795289156) -> str:
    return f"{at}|{leg}|hotline|NONE|ENTERQUEUE||13800138000|1\n"


async def write(store: Store, batch: Batch) -> None:
    lease = await leases.acquire(store, leases.lease_of(PBX), "test/1", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    await journal.append(batch)
    await journal.close()
    await leases.release(store, lease)


async def with_a_known_call(store: Store) -> None:
    call = CallId(f"main:{KNOWN}")
    record = {"id": call, "pbx": "main", "started_at": None, "open": True, "legs": [{"leg": KNOWN}]}
    began = CallStarted(pbx=PBX, at=1, call=call, direction="inbound")
    leg = LegStarted(pbx=PBX, at=1, call=call, leg=LegId(KNOWN), channel="x", interface="x")
    await write(store, Batch(facts=[began, leg], records=[record]))


async def test_a_caller_on_record_is_nobodys_business(store: Store, tmp_path: Path) -> None:
    await with_a_known_call(store)
    path = tmp_path / "queue_log"
    path.write_text("1795289100|NONE|NONE|NONE|QUEUESTART|\n")
    watching = Watching(store, path)
    await watching.witness.look()
    path.write_text(path.read_text() + entered(KNOWN))
    await watching.witness.look()
    await watching.witness.look()
    assert watching.spans == []
    assert watching.told[-1].positions[0].offset == len(path.read_text())


async def test_a_caller_whom_we_did_not_see_is_reconciled(store: Store, tmp_path: Path) -> None:
    await with_a_known_call(store)
    path = tmp_path / "queue_log"
    path.write_text(entered("1795280000.1"))  # from before our first look of all: the night's work
    watching = Watching(store, path)
    await watching.witness.look()
    with path.open("a") as file:
        file.write(entered(KNOWN) + entered("1795289156.7") + entered("1795289156.8"))
    await watching.witness.look()
    assert watching.spans == []  # its events may still be on their way to disk
    await watching.witness.look()
    minute = 1795289156 // 60 * 60_000
    assert watching.spans == [(minute, minute + 60_000)]


async def test_a_restart_goes_on_from_the_stored_position(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("")
    before = Watching(store, path)
    await before.witness.look()
    path.write_text(entered("1.1"))
    await before.witness.look()
    await before.witness.look()
    await write(store, before.told[-1])
    known = await positions.position(store, PBX, "queue_log")
    assert known is not None and known.offset == len(entered("1.1"))
    with path.open("a") as file:
        file.write(entered("1795289999.9", at=1795289999))
    after = Watching(store, path)
    await after.witness.look()
    await after.witness.look()
    minute = 1795289999 // 60 * 60_000
    assert after.spans == [(minute, minute + 60_000)]


async def test_lines_read_and_not_checked_at_a_crash_are_checked_after_it(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    path.write_text("1795289100|NONE|NONE|NONE|QUEUESTART|\n")
    before = Watching(store, path)
    await before.witness.look()
    path.write_text(path.read_text() + entered("1.1"))
    await before.witness.look()
    await before.witness.look()
    await write(store, before.told[-1])
    with path.open("a") as file:
        file.write(entered("1795289156.7"))
    await before.witness.look()  # read; then the power goes
    after = Watching(store, path)
    await after.witness.look()
    await after.witness.look()
    assert len(after.spans) == 1


async def test_a_queue_log_that_cannot_be_read_is_tried_again(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.mkdir()
    watching = Watching(store, path)
    await watching.witness.look()
    assert watching.told == []
    path.rmdir()
    path.write_text("")
    await watching.witness.look()
    path.write_text(entered("1795289156.7"))
    await watching.witness.look()
    await watching.witness.look()
    assert len(watching.spans) == 1

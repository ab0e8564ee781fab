"""What a switch's journals are believed: the CEL of a recorded call, beside when the switch began."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callserver.facts import Instant, LegId
from callserver.node.evidence import BOOT_SLACK_MS, evidence_in, evidence_of
from callserver.settings import AsteriskSettings, Secret
from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch, SwitchNews
from tests.node.fakes import PBX

CEL = Path(__file__).parents[1] / "traces" / "22" / "originate-customer-first-busy.cel.csv"
OURS = LegId("callserver-dial-1-a")
NEVER = LegId("callserver-dial-2-a")
BEGUN: Instant = 1_795_000_000_000  # long before the recording
SENT: Instant = 1_795_298_321_000  # after its first line
SWITCH = AsteriskSettings(id=PBX, secret=Secret("x"), cel=CEL)


async def kind(channel: LegId, began_at: Instant | None, switch: AsteriskSettings = SWITCH) -> str:
    return (await evidence_in(switch, lambda: began_at)(channel, SENT)).kind


@pytest.mark.parametrize(
    ("channel", "began_at", "found"),
    [
        (OURS, BEGUN, "rang"),
        (NEVER, BEGUN, "not_there"),
        (NEVER, None, "not_there"),
        (NEVER, SENT + 1_000, "unknown"),  # it died with what it had not written down
        (NEVER, SENT - BOOT_SLACK_MS + 1, "unknown"),  # its clock may be behind ours
        (OURS, SENT + 1_000, "rang"),
    ],
)
async def test_a_switch_that_began_anew_since_then_proves_no_absence(
    channel: LegId, began_at: Instant | None, found: str
) -> None:
    assert await kind(channel, began_at) == found


async def test_a_switch_without_journals_knows_nothing() -> None:
    assert await kind(NEVER, BEGUN, replace(SWITCH, cel=None)) == "unknown"
    assert await kind(NEVER, BEGUN, replace(SWITCH, cel=CEL.with_name("nowhere.csv"))) == "unknown"


async def test_of_several_switches_each_is_asked_by_what_is_on_record_of_it(store: Store) -> None:
    look = evidence_of([SWITCH], store)
    assert await look(PBX, NEVER, SENT) == "not_there"
    lease = await leases.acquire(store, leases.lease_of(PBX), "a", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    await journal.append(Batch(switch=SwitchNews(booted_at=SENT + 1_000)))
    await journal.close()
    assert await look(PBX, NEVER, SENT) == "unknown"
    assert await look(PBX, OURS, SENT) == "rang"

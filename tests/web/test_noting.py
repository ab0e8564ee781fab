"""Whose record a pop showed is in the audit once its call is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callserver.facts import AgentAnswered, AgentRang, CallId, LegId, PbxId
from callserver.store import audit_pages
from callserver.store.engine import Store
from callserver.web.api.auditing import Auditing
from callserver.web.noting import Noting
from tests.web.conftest import BOTH, NOW

pytestmark = BOTH
PBX = PbxId("main")
CALL = CallId("main:1.0")
PHONE = "PJSIP/1001"
ANSWERED = AgentAnswered(
    pbx=PBX, at=NOW, call=CALL, visit=0, queue="hotline", interface=PHONE, agent="Li Na", leg=LegId("1.1")
)
RANG = AgentRang(
    pbx=PBX, at=NOW, call=CALL, visit=0, queue="hotline", interface=PHONE, agent="Li Na", leg=LegId("1.1")
)
HOUSEHOLD = {"caller": {"customers": [{"customer": {"id": 17}}, {"customer": {"id": 18}}]}}


def noting(store: Store, learned: Mapping[str, Any]) -> Noting:
    def sitter(_: PbxId, interface: str) -> str | None:
        return "Li Na" if interface == PHONE else None

    return Noting(Auditing(store), sitter, lambda _: learned, lambda: NOW, later_s=0)


async def noted(store: Store) -> list[tuple[str, str, str]]:
    page = await store.read(lambda c: audit_pages.page(c, audit_pages.Wanted(), limit=50))
    return sorted((one.actor, one.action, one.subject) for one in page.lines)


async def test_all_of_a_household_were_seen_by_who_took_the_call(store: Store) -> None:
    watching = noting(store, HOUSEHOLD)
    watching.feed(PBX, [ANSWERED])
    await watching.stop()
    assert await noted(store) == [
        ("Li Na", "customer.read", "customer:17"),
        ("Li Na", "customer.read", "customer:18"),
    ]


async def test_an_offer_a_stranger_and_a_phone_without_a_person_leave_no_note(store: Store) -> None:
    for known, fact in ((HOUSEHOLD, RANG), ({}, ANSWERED), ({"caller": None}, ANSWERED)):
        watching = noting(store, known)
        watching.feed(PBX, [fact])
        await watching.stop()
    assert await noted(store) == []

"""The members of queues, as the facts leave them."""

from callserver.facts import AgentJoinedQueue, AgentLeftQueue, AgentPaused, DeviceChanged
from callserver.store import agents
from callserver.store.agents import Member
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from tests.store.samples import MORNING, PBX

PHONE = "PJSIP/1001"


def joined(queue: str = "repair", at: int = MORNING, penalty: int = 0) -> AgentJoinedQueue:
    return AgentJoinedQueue(
        pbx=PBX, at=at, queue=queue, interface=PHONE, agent="李娜", state_interface=PHONE, penalty=penalty
    )


def paused(now: bool, reason: str | None = None, queue: str = "repair") -> AgentPaused:
    return AgentPaused(pbx=PBX, at=MORNING + 1, queue=queue, interface=PHONE, paused=now, reason=reason)


def device(state: str) -> DeviceChanged:
    return DeviceChanged(pbx=PBX, at=MORNING + 2, interface=PHONE, device=state)  # type: ignore[arg-type]


async def test_who_joins_is_a_member_until_leaving(store: Store, journal: Journal) -> None:
    await journal.append(Batch(facts=[joined(penalty=2)]))
    assert await agents.members(store, PBX) == [
        Member(
            queue="repair",
            interface=PHONE,
            agent="李娜",
            state_interface=PHONE,
            penalty=2,
            dynamic=False,
            paused=False,
            pause_reason=None,
            device="unknown",
            since=MORNING,
        )
    ]
    await journal.append(Batch(facts=[AgentLeftQueue(pbx=PBX, at=MORNING, queue="repair", interface=PHONE)]))
    assert await agents.members(store, PBX) == []


async def test_facts_of_one_batch_count_in_their_order(store: Store, journal: Journal) -> None:
    left = AgentLeftQueue(pbx=PBX, at=MORNING, queue="repair", interface=PHONE)
    await journal.append(
        Batch(facts=[joined(), paused(True, "lunch"), left, joined(), paused(True, "training")])
    )
    (member,) = await agents.members(store, PBX)
    assert (member.paused, member.pause_reason) == (True, "training")
    await journal.append(Batch(facts=[paused(True, "lunch"), paused(False)]))
    (member,) = await agents.members(store, PBX)
    assert (member.paused, member.pause_reason) == (False, None)


async def test_a_phone_is_the_same_in_all_its_queues(store: Store, journal: Journal) -> None:
    await journal.append(
        Batch(facts=[joined(), device("free"), joined("sales"), paused(True, queue="sales")])
    )
    assert [(one.queue, one.paused, one.device) for one in await agents.members(store, PBX)] == [
        ("repair", False, "free"),
        ("sales", True, "free"),
    ]
    await journal.append(Batch(facts=[device("talking")]))
    assert [one.device for one in await agents.members(store, PBX)] == ["talking", "talking"]


async def test_a_new_penalty_changes_neither_pause_nor_phone(store: Store, journal: Journal) -> None:
    await journal.append(Batch(facts=[joined(), paused(True, "lunch"), device("busy"), joined(penalty=7)]))
    (member,) = await agents.members(store, PBX)
    assert (member.penalty, member.paused, member.pause_reason, member.device) == (7, True, "lunch", "busy")

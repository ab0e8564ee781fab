"""The API of queues: members as the facts left them, names as the settings say."""

from __future__ import annotations

from aiohttp.test_utils import TestClient, TestServer

from callserver.facts import AgentJoinedQueue, AgentPaused, PbxId
from callserver.settings import QueueSettings, Secret, WebSettings
from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.vitals import Vitals
from callserver.web.server import application
from tests.web.conftest import TOKEN, Site

PBX = PbxId("main")


async def test_queues_carry_the_settings_names_and_their_members(store: Store) -> None:
    lease = await leases.acquire(store, leases.lease_of(PBX), "test/1", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    joined = AgentJoinedQueue(pbx=PBX, at=1000, queue="hotline", interface="PJSIP/1001", agent="Li Na 李娜")
    tea = AgentPaused(
        pbx=PBX, at=2000, queue="hotline", interface="PJSIP/1001", paused=True, reason="<b>tea</b>"
    )
    await journal.append(Batch(facts=[joined, tea]))
    await journal.close()
    vitals = Vitals("n")
    vitals.switch("main", "127.0.0.1:5038")
    named = {
        "hotline": QueueSettings(title="服务热线", target_s=20, kind="service"),
        "sales": QueueSettings(title="Sales"),
    }
    app = application(WebSettings(token=Secret(TOKEN)), store, vitals, named)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/api/v1/queues", headers={"Authorization": f"Bearer {TOKEN}"})
        hotline, sales = (await response.json())["queues"]
    assert (hotline["title"], hotline["target_s"], hotline["kind"]) == ("服务热线", 20, "service")
    (member,) = hotline["members"]
    assert (member["name"], member["paused"], member["pause_reason"]) == ("Li Na 李娜", True, "<b>tea</b>")
    assert (sales["title"], sales["members"]) == ("Sales", [])


async def test_queues_are_for_token_holders_only(site: Site) -> None:
    assert (await site.get("/api/v1/queues")).status == 401
    assert (await site.api("queues")) == {"queues": []}

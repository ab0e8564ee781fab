"""The API of queues: who is a member of which queue now, under the names that the settings give.

In: the store, the settings of queues. Out: `GET /api/v1/queues`. Must not know: who asks, how membership comes about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from aiohttp import web

from callserver.facts import PbxId, iso
from callserver.settings import QueueSettings
from callserver.store import agents
from callserver.store.agents import Member
from callserver.store.engine import Store
from callserver.vitals import Vitals

UNNAMED = QueueSettings()


def routes(store: Store, vitals: Vitals, queues: Mapping[str, QueueSettings]) -> list[web.RouteDef]:
    """The route of the queues of every Asterisk that this process knows of."""

    async def every(request: web.Request) -> web.Response:
        pbxs = [PbxId(pbx) for pbx in vitals.switches]
        found = [queue for pbx in pbxs for queue in listed(pbx, await agents.members(store, pbx), queues)]
        return web.Response(
            body=orjson.dumps({"queues": found}), content_type="application/json", charset="utf-8"
        )

    return [web.get("/api/v1/queues", every)]


def listed(
    pbx: PbxId, members: Iterable[Member], queues: Mapping[str, QueueSettings]
) -> list[dict[str, Any]]:
    """Every queue that has members or a name, sorted; a queue is followed with or without a name."""
    inside: dict[str, list[dict[str, Any]]] = {name: [] for name in queues}
    for member in members:
        inside.setdefault(member.queue, []).append(_member(member))
    return [_queue(pbx, name, queues.get(name, UNNAMED), inside[name]) for name in sorted(inside)]


def _queue(pbx: PbxId, name: str, said: QueueSettings, members: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "pbx": pbx,
        "queue": name,
        "title": said.title or name,
        "target_s": said.target_s,
        "kind": said.kind,
        "members": members,
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "interface": member.interface,
        "name": member.agent,
        "paused": member.paused,
        "pause_reason": member.pause_reason,
        "device": member.device,
        "since": iso(member.since),
    }

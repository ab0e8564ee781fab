"""What switches of others told that ours did not: hung up from here without a word, AgentComplete without a channel."""

from __future__ import annotations

import re

import pytest

from callserver.ami.events import QueueResult
from callserver.calls.channels import Names
from callserver.calls.floor import Floor

from .queue_log import visits
from .traces import PBX, heard, records, told, trace, whole


@pytest.mark.parametrize("name", ["22/stranger-ringing-redirected"])
def test_a_ringing_caller_who_is_taken_away_has_abandoned_though_no_variable_says_so(name: str) -> None:
    stranger = trace(name)
    floor = Floor(PBX, names=Names(queue_status=False))
    told((event for event in stranger.events() if not isinstance(event, QueueResult)), floor)
    ours = [visit for record in records(floor) for visit in record["queue_visits"]]
    logged = [(visit.callid, visit.queue, visit.end) for visit in visits(stranger.queue_log)]
    assert [(visit["leg"], visit["queue"], visit["end"]) for visit in ours] == logged
    assert [end for _, _, end in logged] == ["abandoned", "answered"]


_BODY = re.compile(rb"Event: AgentComplete\r\n(?:[^\r]+\r\n)+")
_CHANNELS = re.compile(
    rb"(?:Dest)?(?:Channel\w*|CallerID\w+|ConnectedLine\w+|Language|AccountCode|Context|Exten|Priority|Uniqueid|Linkedid)"
    rb": [^\r]*\r\n"
)


@pytest.mark.parametrize(
    "name",
    ["16/answered-caller-ends", "16/answered-agent-ends", "16/agent-talks-in-two-queues", "16/local-member"],
)
def test_a_late_completion_without_channels_is_still_the_right_calls(name: str) -> None:
    raw = trace(name).raw
    late = [_CHANNELS.sub(b"", message) + b"\r\n" for message in _BODY.findall(raw)]
    floor = Floor(PBX)
    told(heard([_BODY.sub(b"Event: Nothing\r\n", raw), *late]), floor)
    assert late
    assert records(floor) == records(whole(trace(name)))

"""What switches of others told that ours did not: hung up from here without a word, AgentComplete without a channel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callserver.ami.events import QueueResult
from callserver.calls.channels import Names
from callserver.calls.floor import Floor

from .queue_log import visits
from .traces import PBX, Trace, heard, records, told, trace, whole


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


def test_an_agents_line_that_stays_up_for_a_shift_does_not_make_one_call_of_its_callers() -> None:
    pool = Trace(Path(__file__).parent / "strangers" / "agent-pool.ami")
    events = pool.events()
    for cut in (len(events), len(events) // 2):  # half-way this program is started anew
        before = Floor(PBX)
        told(events[:cut], before)
        after = Floor.restore(PBX, [record for record in records(before) if record["open"]])
        told(events[cut:], after)
        closed = [record for record in records(before) if not record["open"]]
        shift, *callers = sorted(closed + records(after), key=lambda call: str(call["started_at"]))
        assert shift["shift"] is True
        assert [(call["outcome"], call["queue_visits"][0]["agent"]["name"]) for call in callers] == [
            ("answered", "Pool Anna"),
            ("answered", "Pool Anna"),
        ]

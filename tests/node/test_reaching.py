"""Whether a phone is free, as the switch says it: what is asked, and what the answer means."""

from __future__ import annotations

import pytest

from callserver.ami.commands import Action, Getvar, headers
from callserver.ami.wire import Reply
from callserver.errors import ActionRefused, UnsafeValue
from callserver.node.judging import Came
from callserver.node.reaching import Reach

PHONE = "PJSIP/1002"


class Says:
    """A switch that says this of every phone; None: it refuses to."""

    def __init__(self, state: str | None) -> None:
        self.state = state
        self.asked: list[str] = []

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        headers(action, "id")
        assert isinstance(action, Getvar)
        self.asked.append(action.variable)
        if self.state is None:
            raise ActionRefused("Getvar: no such function")
        return Reply(headers={"Response": "Success", "Value": self.state})


async def verdict(state: str | None) -> Came | None:
    return await Reach(Says(state), "phones").not_free("agent", PHONE, "1002")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("UNAVAILABLE", "unreachable"),
        ("INVALID", "unreachable"),
        ("INUSE", "busy"),
        ("RINGING", "busy"),
        ("ONHOLD", "busy"),
    ],
)
async def test_who_would_not_hear_the_caller_is_said(state: str, code: str) -> None:
    came = await verdict(state)
    assert came is not None
    assert (came.state, came.code) == ("refused", code)
    assert came.said.startswith(f"{PHONE} ")


@pytest.mark.parametrize("state", ["NOT_INUSE", "UNKNOWN", "", None])
async def test_a_phone_of_which_nothing_is_known_is_tried(state: str | None) -> None:
    assert await verdict(state) is None


async def test_a_local_channel_and_a_number_are_asked_by_their_hint() -> None:
    switch = Says("NOT_INUSE")
    reach = Reach(switch, "phones")
    await reach.not_free("agent", "Local/1002@agents/n", "1002")
    await reach.not_free("number", "02012345678", "02012345678")
    await reach.not_free("queue", "repair", "601")  # a queue is never busy
    assert switch.asked == ["EXTENSION_STATE(1002@phones)", "EXTENSION_STATE(02012345678@phones)"]


async def test_a_line_break_is_not_sent() -> None:
    with pytest.raises(UnsafeValue):
        await Reach(Says(""), "phones").not_free("agent", "PJSIP/1\r\nAction: Logoff", "1")

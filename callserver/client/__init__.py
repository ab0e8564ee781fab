"""A client of callserver for Python programs: the live stream with its picture, and a few operations.

    async with Client("https://calls.example.org", token) as client:
        async for message in client.stream():
            if isinstance(message, PopTold):
                ...

It needs `aiohttp`, `msgspec` and `websockets`, and nothing else of this package. See docs/integrators.md.
"""

from __future__ import annotations

from callserver.client.client import Client, Entry, Promised, Ticket
from callserver.client.errors import ClientError, Misread, Refused, SignedOut, Unreachable
from callserver.client.messages import (
    AgentTold,
    CallTold,
    DraftTold,
    Hello,
    Lost,
    Message,
    NoticeTold,
    Other,
    PopClosed,
    PopTold,
    PopUpdated,
    PromiseTold,
    QueueTold,
    ShiftTold,
    Snapshot,
    SwitchTold,
    TicketTold,
    apply,
    read,
)
from callserver.client.values import (
    Agent,
    Call,
    Notice,
    Pop,
    Promise,
    Queue,
    Screen,
    Shift,
    Switch,
)

__all__ = [
    "Agent", "AgentTold", "Call", "CallTold", "Client", "ClientError", "DraftTold", "Entry", "Hello", "Lost",
    "Message", "Misread", "Notice", "NoticeTold", "Other", "Pop", "PopClosed", "PopTold", "PopUpdated", "Promise",
    "PromiseTold", "Promised", "Queue", "QueueTold", "Refused", "Screen", "Shift", "ShiftTold", "SignedOut",
    "Snapshot", "Switch", "SwitchTold", "Ticket", "TicketTold", "Unreachable", "apply", "read",
]  # fmt: skip

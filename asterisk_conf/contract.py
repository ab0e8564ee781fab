"""The names that the switch's configuration and callserver agree on, each said once.

Flows in: nothing. Flows out: constants used by the templates, by the rig and by `callserver.ami`.
Must not know: how files are rendered, and who uses the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Contexts of the dialplan.
INBOUND: Final = "callserver-inbound"
"""Calls from the trunk arrive here; the extension is the number that the customer dialled."""
PHONES: Final = "callserver-phones"
"""What an agent's phone may dial: colleagues, queues, the outside world. Also the context of transfers."""
QUEUES: Final = "callserver-queues"
"""One extension a queue; a call stays here while it waits and overflows."""
OUTSIDE: Final = "callserver-outside"
"""Numbers of the public network, by the trunk."""
BACK: Final = "callserver-back"
"""Where a call goes that nobody took: callers who were passed on come back, others end."""
MEMBERS: Final = "callserver-members"
"""The dialplan behind `Local/` queue members (a phone behind a Local channel)."""
CLEAN: Final = "callserver-clean"
"""A subroutine that takes out of the caller's number what no number has."""
NUMBER_CHARACTERS: Final = "0-9A-Za-z+*#._-"
"""What a caller's number keeps (`FILTER()`); letters because 'anonymous' and SIP names come in its place."""
WITHHELD: Final = "anonymous"
"""What stands in place of a number that its owner withholds."""
PROMISE_QUEUE: Final = "callserver-promise-queue"
"""Where a customer goes whom callserver called: to the agents of a queue, ahead of those who wait there."""
PROMISE_AGENT: Final = "callserver-promise-agent"
"""The same, to one agent who is kept free for them; to the queue where that one does not come."""
PROMISE_AUTO: Final = "callserver-promise-auto"
"""The same, to a recording and the keys that answer it."""
PROMISE_CONTEXTS: Final = (PROMISE_QUEUE, PROMISE_AGENT, PROMISE_AUTO)
WARN: Final = "callserver-warn"
"""Where somebody on duty goes whom callserver called about an alert: to recordings, and the key that acknowledges."""
CALLBACK: Final = "callserver-callback"
"""Where a waiting caller is asked at which number they want to be called back."""
SPY: Final = "callserver-spy"
"""Where a supervisor's phone is who listens to an agent (extensions SPY_MODES), or takes a caller over (SPY_TAKE)."""
SPY_MODES: Final = ("listen", "whisper", "barge")
SPY_TAKE: Final = "take"
MOVED: Final = "callserver-moved"
"""Where a waiting caller goes on whom a supervisor took out of a queue: to the extension in MOVED_VARIABLE."""
LOOKED_FOR: Final = (*PROMISE_CONTEXTS, WARN, CALLBACK, SPY, MOVED)
"""Without which a switch takes calls, and something that callserver offers does not work on it."""
KEYS_PREFIX: Final = "callserver-keys-"
"""+ queue name: where a caller lands who presses a key while waiting."""

# Variables.
QUEUE_STATUS_VARIABLE: Final = "QUEUESTATUS"
"""Set by app_queue when a caller leaves without an agent: TIMEOUT, FULL, JOINEMPTY, LEAVEEMPTY, JOINUNAVAIL,
LEAVEUNAVAIL, CONTINUE, WITHDRAW. The only variable whose VarSet passes the event filter."""

QUEUE_VARIABLE: Final = "CALLSERVER_QUEUE"
"""The extension of the queue in which a caller is or was last."""
PHONE_VARIABLE: Final = "CALLSERVER_PHONE"
"""Set on every channel of an agent's phone, and on no other."""
PROMISE_VARIABLE: Final = "CALLSERVER_PROMISE"
"""The promise for which this call is made."""
TO_VARIABLE: Final = "CALLSERVER_TO"
"""The extension of the queue where a called customer finds agents."""
AGENT_VARIABLE: Final = "CALLSERVER_AGENT"
"""The interface that is kept free for a called customer."""
PROMPT_VARIABLE: Final = "CALLSERVER_PROMPT"
"""The name of the recording that a called customer hears."""
KEYS_VARIABLE: Final = "CALLSERVER_KEYS"
"""The keys that answer it, such as 12345; empty: it is only heard."""
ALERT_VARIABLE: Final = "CALLSERVER_ALERT"
"""What a recording says of an alert, in words with `-` in between: how grave, what about, whether there are more."""
AMD_VARIABLE: Final = "CALLSERVER_AMD"
"""1: find out first whether a machine answered."""
SHOWN_VARIABLE: Final = "CALLSERVER_SHOWN"
"""The number that the network shows for a call that an agent makes to keep a promise."""
SPIED_VARIABLE: Final = "CALLSERVER_SPIED"
"""The uniqueid of the agent's channel that a supervisor listens to."""
TAKEN_VARIABLE: Final = "CALLSERVER_TAKEN"
"""The name of the customer's channel that a supervisor takes over."""
MOVED_VARIABLE: Final = "CALLSERVER_MOVED"
"""The extension of the queue to which a supervisor moves a waiting caller."""
PROMPTS_VARIABLE: Final = "CALLSERVER_PROMPTS"
"""The folder of the recordings; those of a language are in a folder of its name inside."""
PROMPTS: Final = "/var/lib/asterisk/sounds/callserver"
"""That folder, where nothing else is said."""

# What the dialplan tells by UserEvent, and by QueueLog where the caller must not be forgotten.
KEY_EVENT: Final = "CallserverKey"
"""Promise, Menu (the recording's name, WARN_MENU about an alert), Key."""
WARN_MENU: Final = "alert"
WARN_KEY: Final = "1"
HEARD_EVENT: Final = "CallserverHeard"
"""Promise, Kind: human, machine, silent (nobody pressed a key that was asked for) or played (heard to its end)."""
CALLBACK_EVENT: Final = "CallserverCallback"
"""Queue, Number, Joined: seconds since the epoch at which the caller began to wait."""
CALLBACK_LOG: Final = "CALLSERVERCALLBACK"
"""The same as an event of queue_log: number|joined."""
LISTEN_EVENT: Final = "CallserverListens"
"""Mode: what follows, one of SPY_MODES."""
USER_EVENTS: Final = "Callserver"
"""How the names of all of them begin."""

# Queues.
PROMISE_PRIORITY: Final = 20
"""QUEUE_PRIO of a customer whom we called: they did not choose this moment, so nobody is before them."""
OFFER_S: Final = 30
"""How often a waiting caller hears that they can be called back."""
WAITED_PRIORITY: Final = 5
"""QUEUE_PRIO of a caller who thought of being called back and waits on."""
BACK_PRIORITY: Final = 10
"""QUEUE_PRIO of a caller who was passed on and whom nobody took; others have 0."""
WRAP_UP_S: Final = 2
"""`wrapuptime`: how long the switch itself keeps calls from an agent whose call has ended, until callserver's pause is
there; that takes some milliseconds, and longer while a database is slow."""

# Journals, relative to astlogdir.
QUEUE_LOG_FILE: Final = "queue_log"
CEL_FILE: Final = "cel-custom/callserver.csv"
CEL_FIELDS: Final = (
    "eventtype",
    "eventtime",
    "cid_name",
    "cid_num",
    "cid_ani",
    "cid_rdnis",
    "cid_dnid",
    "exten",
    "context",
    "channame",
    "appname",
    "appdata",
    "amaflags",
    "accountcode",
    "uniqueid",
    "linkedid",
    "peer",
    "userfield",
    "userdeftype",
    "eventextra",
)
"""Columns of the CEL file, all quoted as CSV. `eventtime` is `seconds.microseconds` since the epoch."""

# Manager account.
READ_CLASSES: Final = ("agent", "call", "dialplan", "system", "user")
"""Classes of events: `dialplan` only for VarSet of QUEUESTATUS, `system` for ContactStatus, PeerStatus, Reload,
Shutdown and FullyBooted, `user` for what the dialplan tells (USER_EVENTS)."""
WRITE_CLASSES: Final = ("agent", "call", "originate", "reporting")
"""Classes of actions; see ACTIONS for the reason of each. `system`, `command`, `config` are never needed."""

ACTIONS: Final[Mapping[str, str | None]] = {
    "Atxfer": "call",
    "BlindTransfer": "call",
    "BridgeInfo": None,
    "BridgeList": None,
    "CancelAtxfer": "call",
    "CoreSettings": "reporting",
    "CoreShowChannels": "reporting",
    "CoreStatus": "reporting",
    "Getvar": "call",
    "Hangup": "call",
    "Login": None,
    "Logoff": None,
    "Originate": "originate",
    "Ping": None,
    "QueueAdd": "agent",
    "QueueChangePriorityCaller": None,
    "QueuePause": "agent",
    "QueueRemove": "agent",
    "QueueStatus": None,
    "QueueSummary": None,
    "QueueWithdrawCaller": None,
    "Redirect": "call",
    "Setvar": "call",
    "ShowDialPlan": "reporting",
}
"""Every action that callserver sends, with the write class it needs on the switch (None: any account may)."""

CHANNEL_EVENTS: Final = (
    "Newchannel",
    "Newstate",
    "NewCallerid",
    "NewConnectedLine",
    "Rename",
    "Hangup",
    "HangupRequest",
    "SoftHangupRequest",
    "Hold",
    "Unhold",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "Pickup",
    "ChanSpyStart",
    "ChanSpyStop",
    "OriginateResponse",
)
DIAL_EVENTS: Final = ("DialBegin", "DialState", "DialEnd")
BRIDGE_EVENTS: Final = (
    "BridgeCreate",
    "BridgeDestroy",
    "BridgeEnter",
    "BridgeLeave",
    "BridgeMerge",
    "LocalBridge",
    "LocalOptimizationBegin",
    "LocalOptimizationEnd",
)
TRANSFER_EVENTS: Final = (
    "BlindTransfer",
    "AttendedTransfer",
    "ParkedCall",
    "ParkedCallGiveUp",
    "ParkedCallSwap",
    "ParkedCallTimeOut",
    "UnParkedCall",
)
QUEUE_EVENTS: Final = (
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
    "QueueMemberStatus",
    "QueueMemberAdded",
    "QueueMemberRemoved",
    "QueueMemberPause",
    "QueueMemberPenalty",
    "QueueMemberRinginuse",
    "AgentCalled",
    "AgentConnect",
    "AgentComplete",
    "AgentRingNoAnswer",
    "AgentDump",
)
SWITCH_EVENTS: Final = (
    "FullyBooted",
    "Shutdown",
    "Reload",
    "DeviceStateChange",
    "ContactStatus",
    "PeerStatus",
)
EVENTS: Final = CHANNEL_EVENTS + DIAL_EVENTS + BRIDGE_EVENTS + TRANSFER_EVENTS + QUEUE_EVENTS + SWITCH_EVENTS
"""Every event that callserver reads, VarSet of QUEUE_STATUS_VARIABLE apart; the switch filters out the rest."""


def has_advanced_event_filters(version: tuple[int, ...]) -> bool:
    """Whether `eventfilter(action(include),name(X)) =` is understood (src: 18.26, 20.11, 21.6, 22.1 and later)."""
    first_with_it = {18: 26, 20: 11, 21: 6, 22: 1}
    major, minor = version[0], version[1] if len(version) > 1 else 0
    return major > 22 or minor >= first_with_it.get(major, 1_000_000)


def keys_context(queue: str) -> str:
    """The context where a caller of `queue` lands after pressing a key."""
    return KEYS_PREFIX + queue

r"""Messages that a caller tore: a number may hold line breaks, and Asterisk writes them into AMI as they are.

In: raw messages. Out: whether one is torn, and the same with its number on one line again. Must not know:
what they mean.

`From: <sip:1%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%201795298281.0@host>` ends Asterisk's Newchannel
in the middle, and what follows reads like the end of somebody else's call
(tests/traces/*/hostile-numbers.ami; 16 and 22; names are escaped, numbers and extensions are not, at most 79
bytes of them). Known by the one thing that a caller cannot change: a channel's headers come in one fixed
order, and the true ones behind the number come last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_BEHIND = (
    b"CallerIDName",
    b"ConnectedLineNum",
    b"ConnectedLineName",
    b"Language",
    b"AccountCode",
    b"Context",
    b"Exten",
    b"Priority",
    b"Uniqueid",
    b"Linkedid",
)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]+")
_REPLACED = "\N{REPLACEMENT CHARACTER}".encode()
# A forger's 79 bytes are too few for a whole time; Asterisk says it in the third line of every event that has one.
_TIMED = re.compile(rb"Event: \w+\r\nPrivilege: [^\r]*\r\nTimestamp: \d{9,}\.\d")


def torn(message: bytes) -> bool:
    """Whether the headers of a channel in this message are not as Asterisk writes them."""
    at = message.find(b"CallerIDNum: ")
    while at >= 0:
        line = message.rfind(b"\n", 0, at) + 1
        order, uniqueid = _channel(message[line:at])
        whole = order(message, line)
        if whole is None:
            return not message.startswith(b"Event: OriginateResponse\r\n")  # has no more than number and name
        end = whole.end()
        if message.find(uniqueid, end) >= 0:
            return True
        at = message.find(b"CallerIDNum: ", end)
    return False


@lru_cache(64)
def _channel(prefix: bytes) -> tuple[Callable[[bytes, int], re.Match[bytes] | None], bytes]:
    """The lines of one channel from its number on, and what may not come once more behind them."""
    block = b"".join(b"[^\r]*\r\n%s%s: " % (re.escape(prefix), name) for name in _BEHIND)
    # A caller in a list of a queue has its uniqueid before its number.
    entry = (
        rb"[^\r]*\r\nCallerIDName: [^\r]*\r\nConnectedLineNum: [^\r]*\r\nConnectedLineName: [^\r]*\r\nWait: "
    )
    order = re.compile(b"%sCallerIDNum: (?:%s|%s)" % (re.escape(prefix), block, entry))
    return order.match, b"\r\n%sUniqueid: " % prefix


def unfinished(message: bytes) -> bool:
    """Whether a channel's last header is missing: the blank line that ended this message was a caller's."""
    if message.startswith(b"Event: QueueEntry\r\n"):
        return b"\r\nActionID: " not in message
    return message.count(b"ChannelState: ") > message.count(b"Linkedid: ")


def cut(message: bytes) -> bool:
    """Whether a caller ended this message, so that what follows may be theirs."""
    return unfinished(message) or (b"ChannelState: " in message and torn(message))


def genuine(message: bytes) -> bool:
    """Whether this is surely the beginning of a message of Asterisk's own, and no going on of a torn one."""
    return message.startswith((b"Response: ", b"Asterisk Call Manager/")) or _TIMED.match(message) is not None


def mended(message: bytes) -> bytes:
    """The same with each number and extension on one line; as it was where its order is one that is not
    known.
    """
    # The last channel first: what is on one line again cannot be taken for the end of a number before it.
    for prefix in reversed(dict.fromkeys(re.findall(rb"\r\n(\w*)CallerIDNum: ", message))):
        message = _sewn(
            message, prefix, "CallerIDNum", rb"%(p)sCallerIDName: [^\r]*\r\n%(p)sConnectedLineNum: "
        )
        message = _sewn(
            message,
            prefix,
            "ConnectedLineNum",
            rb"%(p)sConnectedLineName: [^\r]*\r\n(?:%(p)sLanguage|Wait): ",
        )
        message = _sewn(message, prefix, "Exten", rb"%(p)sPriority: [^\r]*\r\n%(p)sUniqueid: ")
    return message


def _sewn(message: bytes, prefix: bytes, header: str, behind: bytes) -> bytes:
    """The value of `header` goes up to the last place where the next two headers follow as they must."""
    begin = message.find(b"\r\n%s%s: " % (prefix, header.encode()))
    if begin < 0:
        return message
    begin += len(prefix) + len(header) + 4
    ends = [
        found.start() for found in re.finditer(rb"\r\n" + behind % {b"p": re.escape(prefix)}, message[begin:])
    ]
    if not ends:
        return message
    end = begin + ends[-1]
    return message[:begin] + _CONTROL.sub(_REPLACED, message[begin:end]) + message[end:]

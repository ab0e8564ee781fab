"""A recorded trace -> the same trace about other people, to be shown to others.

In: AMI bytes. Out: AMI bytes with the same events, ids, times, queues and outcomes, in which telephone
numbers, names, addresses and free text are fakes of the same shape. Must not know: what the events mean for
calls.

The same number is always the same fake, with or without its prefix, and two numbers never become one; so is a
name. What is left as it is, is listed (`_VERBATIM`, `_PLACES`): a header that nobody here knows is made
unreadable as a whole. Numbers of up to four digits (extensions, queues) and the names of endpoints, contexts
and queues stay: they are the switch's configuration, and a trace without them tells nothing. Whoever knows
the seed can undo the numbers: throw it away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, shake_128

from asterisk_conf.contract import USER_EVENTS
from callserver.ami.events import WITHHELD
from callserver.ami.splitter import Splitter

_ABSENT = WITHHELD | {"", "<unknown>"}
_BANNER = re.compile(rb"\s*(Asterisk Call Manager/[0-9.]+)\r?\n")

# Channels appear with one of these before a header's name (DestUniqueid); bridges with From, To, Orig, Second.
_PREFIX = (
    r"(?:Dest|DestTransferer|Source|Transferer|Transferee|OrigTransferer|SecondTransferer|TransferTarget|LocalOne|LocalTwo"
    r"|Target|From|To|Orig|Second|Spyer|Spyee)?"
)
_VERBATIM = re.compile(
    _PREFIX
    + r"(?:Uniqueid|UniqueId|Linkedid|BridgeUniqueid|BridgeType|BridgeTechnology|BridgeCreator|BridgeNumChannels"
    r"|BridgeVideoSourceMode|BridgeId|ChannelState|ChannelStateDesc|Language|Priority|SwapUniqueid)"
    r"|Event|Response|Privilege|ActionID|Timestamp|Queue|Position|OriginalPosition|Count|Cause|Cause-txt|TechCause"
    r"|DialStatus|DestType|Result|Reason|IsExternal|HoldTime|TalkTime|RingTime|Wait|Membership|Penalty|CallsTaken"
    r"|LastCall|LastPause|LoginTime|InCall|Status|Paused|Ringinuse|Wrapuptime|Max|Strategy|Calls|Holdtime|Completed"
    r"|Abandoned|ServiceLevel|ServicelevelPerf2?|Weight|Uptime|LastReload|Restart|Shutdown|EventList|ListItems|Ping"
    r"|Variable|Duration|State|PeerStatus|ContactStatus|ChannelType|RoundtripUsec|Class|CoreStartup(?:Date|Time)"
    r"|CoreReload(?:Date|Time)|Core(?:Current|Processed)Calls|Application|Feature|LocalOptimization|Hint|StatusText"
)
_PLACES = re.compile(
    _PREFIX
    + r"(?:Channel|Context|Exten|Extension|BridgeName)|Interface|StateInterface|Location|DialString|Dialled|Device"
    r"|Newname|Oldname|EndpointName|AOR|Peer|Message|ApplicationData"
)
_NAME = re.compile(_PREFIX + r"(?:CallerIDName|ConnectedLineName)|MemberName|Name")
_NUMBER = re.compile(_PREFIX + r"(?:CallerIDNum|ConnectedLineNum)|Number")
_VALUE = frozenset({"Value"})
_OUR_EVENT = f"UserEvent: {USER_EVENTS}"
_SAID = frozenset({"UserEvent", "Promise", "Menu", "Key", "Kind", "Joined", "Mode"})
"""What our own dialplan tells, its number apart; in other dialplans' events these may be anything."""

_PERSONAL = re.compile(
    r"(?P<keep>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a bridge
    r"|(?<!\d)\d{9,11}\.\d{1,9}(?![\d.])"  # a channel's uniqueid
    r"|-[0-9a-f]{8}(?=$|;[12]$))"  # a channel's last part
    r"|(?P<ip>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
    r"|(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?<![0-9A-Fa-f:])[0-9A-Fa-f:]*::[0-9A-Fa-f:]*)"
    r"|(?P<host>(?<=@)(?:[\w-]+\.)+[A-Za-z]{2,})"
    r"|(?P<number>\d{5,})"
)

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"


class Scrubber:
    """Replaces what is personal in one message after the other; the same seed gives the same fakes."""

    def __init__(self, seed: str) -> None:
        self._key = sha256(seed.encode("utf-8", "surrogatepass")).digest()
        self._names: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._taken: set[str] = set()

    def message(self, raw: bytes) -> bytes:
        """One message without its blank line; line ends are CRLF."""
        lines = raw.decode("utf-8", "replace").split("\r\n")
        ours = any(line.startswith(_OUR_EVENT) for line in lines)
        keep = _SAID if ours else _VALUE if "Variable: QUEUESTATUS" in lines else frozenset()
        return "\r\n".join(self._line(line, keep) for line in lines).encode()

    def _line(self, line: str, keep: frozenset[str]) -> str:
        header, colon, value = line.partition(": ")
        if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", header):
            return self.text(line)
        if header in keep or _VERBATIM.fullmatch(header):
            return line
        return f"{header}: {self._value(header)(value)}"

    def _value(self, header: str) -> Callable[[str], str]:
        if _NAME.fullmatch(header) or _NUMBER.fullmatch(header):
            return self.name
        return self.place if _PLACES.fullmatch(header) else self.text

    def place(self, value: str) -> str:
        """A channel, an extension, an address: its structure and short numbers stay."""
        return _PERSONAL.sub(self._personal, value)

    def _personal(self, found: re.Match[str]) -> str:
        if found["number"]:
            return self.number(found["number"])
        if found["ip"]:
            return self._address(found["ip"])
        return self.text(found["host"]) if found["host"] else found["keep"]

    def number(self, digits: str) -> str:
        """Another number of the same length: the last eight digits change, so that `0` or `+86` before them
        does not.
        """
        head, tail = digits[:-8], digits[-8:]
        if tail not in self._numbers:
            self._numbers[tail] = self._new_number(tail)
        return head + self._numbers[tail]

    def _new_number(self, digits: str) -> str:
        fake = self._permuted(digits)
        while (fake[0] == "0") != (digits[0] == "0"):  # walk on: a first 0 means something
            fake = self._permuted(fake)
        return fake

    def _permuted(self, digits: str) -> str:
        """A permutation of all numbers of this length (a Feistel network), so that two never become one."""
        half = len(digits) // 2
        left, right = digits[:half], digits[half:]
        for turn in range(0, 8, 2):
            left = self._shifted(left, f"{turn} {len(digits)} {right}")
            right = self._shifted(right, f"{turn + 1} {len(digits)} {left}")
        return left + right

    def _shifted(self, digits: str, by: str) -> str:
        size = len(digits)
        return f"{(int(digits) + int.from_bytes(self._noise(by, 8))) % 10**size:0{size}d}"

    def name(self, value: str) -> str:
        """Another name in the same script; a number given as a name stays that number's fake."""
        if value.lower() in _ABSENT or (value.isascii() and value.isdigit() and len(value) < 5):
            return value
        if re.fullmatch(r"\+?\d{5,}", value):
            return self.place(value)
        if value not in self._names:
            self._names[value] = self._new_name(value)
        return self._names[value]

    def _new_name(self, value: str) -> str:
        for attempt in range(100):  # a name of one letter runs out of others
            fake = self._shaped(value, f"{attempt} {value}")
            if fake not in self._taken:
                break
        self._taken.add(fake)
        return fake

    def text(self, value: str) -> str:
        """Every letter and digit another one of its kind."""
        return value if value in ("", "<unknown>") else self._shaped(value, value)

    def _shaped(self, value: str, key: str) -> str:
        pieces = re.findall(r"\\.|\d{5,}|.", value, re.DOTALL)
        noise = self._noise(key, 2 * len(pieces))
        return "".join(
            self._piece(piece, int.from_bytes(noise[2 * place : 2 * place + 2]), first=place == 0)
            for place, piece in enumerate(pieces)
        )

    def _piece(self, piece: str, chance: int, *, first: bool) -> str:
        if len(piece) == 1:
            return _other(piece, chance, first=first)
        return piece if piece.startswith("\\") else self.number(piece)  # an escape, or a number among words

    def _address(self, address: str) -> str:
        if address in ("127.0.0.1", "0.0.0.0", "::", "::1"):
            return address
        one, two, three = self._noise(address, 3)
        if ":" in address:
            return f"2001:db8::{one:x}:{two << 8 | three:x}"
        return f"10.{one}.{two}.{three}"

    def _noise(self, what: str, size: int) -> bytes:
        return shake_128(self._key + what.encode("utf-8", "surrogatepass")).digest(size)


def _other(letter: str, chance: int, *, first: bool) -> str:
    if "\u4e00" <= letter <= "\u9fff":
        names = _SURNAMES if first else _GIVEN
        return names[chance % len(names)]
    if letter.isdecimal():
        return str(chance % 10)
    if not letter.isalpha():
        return letter
    alike = _alike(letter)
    return alike[chance % len(alike)]


@lru_cache(4096)
def _alike(letter: str) -> str:
    block = map(chr, range(ord(letter) & ~31, (ord(letter) & ~31) + 32))
    return "".join(one for one in block if one.isalpha() and one.isupper() == letter.isupper())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What was done: messages written, and those left out because they had no end."""

    messages: int
    left_out: int


def scrub(chunks: Iterable[bytes], write: Callable[[bytes], object], *, seed: str) -> Scrubbed:
    """Read a trace in chunks and write it with other people in it. A half message at the end is left out."""
    splitter, scrubber = Splitter(), Scrubber(seed)
    messages = 0
    for chunk in chunks:
        for raw in splitter.feed(chunk):
            write(b"".join(_scrubbed(raw, scrubber)))
            messages += 1
    return Scrubbed(messages=messages, left_out=splitter.oversize + bool(splitter.unfinished))


def _scrubbed(raw: bytes, scrubber: Scrubber) -> Iterator[bytes]:
    banner = _BANNER.match(raw)
    if banner:
        yield banner[1] + b"\r\n"
        raw = raw[banner.end() :]
    yield scrubber.message(raw) + b"\r\n\r\n"

"""What one Asterisk shall be: phones, queues, numbers, trunks, accounts. Nothing unsafe gets past these classes.

Flows in: values from settings, from the demo or from the rig. Flows out: `Plan`, checked.
Must not know: templates and files. A configuration file is lines, so a value with a line break, a comment sign or a
section bracket could add lines of its own: every value is matched against what its place may hold, and refused else.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from asterisk_conf import contract
from asterisk_conf.tones import COUNTRIES

Strategy = Literal[
    "ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"
]
STRATEGIES: Final = (
    "ringall",
    "leastrecent",
    "fewestcalls",
    "random",
    "rrmemory",
    "rrordered",
    "linear",
    "wrandom",
)
OLDEST: Final = (16,)
NEWEST: Final = (22,)

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_DIGIT = re.compile(r"[0-9*]")
_NUMBER = re.compile(r"[0-9*#+]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_.:!@%^*+=?~/-]{1,128}")
_CONDITIONS = re.compile(r"[a-z]{1,20}(,[a-z]{1,20}){0,9}")
_PATH = re.compile(r"[A-Za-z0-9_./+~-]{1,512}")
_UNSAFE_IN_TITLES = re.compile(r'[\x00-\x1f\x7f\u0085\u2028\u2029;\[\]<>"\\|{}$&,=#]')


class PlanError(ValueError):
    """A value that the configuration of a switch cannot hold. The message names the value and says why."""


def _must_match(pattern: re.Pattern[str], what: str, value: str) -> None:
    if not pattern.fullmatch(value):
        raise PlanError(f"{what} {value!r}: only {pattern.pattern} fits here")


def _check_title(what: str, value: str) -> None:
    found = _UNSAFE_IN_TITLES.search(value)
    if found:
        raise PlanError(f"{what} {value!r}: {found.group()!r} would be read as configuration, not as a name")
    if not value.strip() or len(value) > 79:
        raise PlanError(f"{what} {value!r}: 1 to 79 characters, not blank")


def _check_port(what: str, value: int) -> None:
    if not 1 <= value <= 65_535:
        raise PlanError(f"{what} {value}: ports go from 1 to 65535")


def _check_address(what: str, value: str) -> None:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise PlanError(f"{what} {value!r}: not an IP address or network") from error


def _check_seconds(what: str, value: int) -> None:
    if not 0 <= value <= 86_400:
        raise PlanError(f"{what} {value}: 0 to 86400 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """An agent's phone. `endpoint` is also its number and its user name; `name` what colleagues see."""

    endpoint: str
    secret: str
    name: str

    def __post_init__(self) -> None:
        _must_match(_IDENTIFIER, "phone", self.endpoint)
        _must_match(_SECRET, f"secret of phone {self.endpoint}", self.secret)
        _check_title(f"name of phone {self.endpoint}", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A phone's place in a queue. `through_local` puts a Local channel before it, as many sites do.

    `optimized` lets Asterisk take that Local channel away once both sides talk.
    """

    phone: str
    penalty: int = 0
    through_local: bool = False
    optimized: bool = False

    def __post_init__(self) -> None:
        _must_match(_IDENTIFIER, "member", self.phone)
        if not 0 <= self.penalty <= 1_000_000:
            raise PlanError(f"penalty {self.penalty} of member {self.phone}: must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that a waiting caller may press, and the extension where it leads."""

    digit: str
    extension: str

    def __post_init__(self) -> None:
        _must_match(_DIGIT, "key", self.digit)
        _must_match(_NUMBER, "extension behind a key", self.extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue. Seconds throughout; `max_wait_s` 0 and `max_waiting` 0 mean without limit.

    `answer_first`: the caller hears music and pays; without it the caller hears ringing until an agent answers.
    `callback_key`: who presses it while waiting is called back and keeps the place; None: nobody can.
    """

    name: str
    title: str
    extension: str
    strategy: Strategy = "rrmemory"
    ring_s: int = 15
    retry_s: int = 1
    wrapup_s: int = 0
    max_waiting: int = 0
    max_wait_s: int = 0
    join_empty: str = "yes"
    leave_when_empty: str = "no"
    overflow_to: str | None = None
    answer_first: bool = True
    keys: tuple[Key, ...] = ()
    callback_key: str | None = None
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        _must_match(_IDENTIFIER, "queue", self.name)
        _check_title(f"title of queue {self.name}", self.title)
        _must_match(_NUMBER, f"extension of queue {self.name}", self.extension)
        _must_match(_CONDITIONS, f"join_empty of queue {self.name}", self.join_empty)
        _must_match(_CONDITIONS, f"leave_when_empty of queue {self.name}", self.leave_when_empty)
        if self.callback_key is not None:
            _must_match(_DIGIT, f"callback_key of queue {self.name}", self.callback_key)
            if self.callback_key in {key.digit for key in self.keys}:
                raise PlanError(f"queue {self.name}: key {self.callback_key} is given twice")
        if self.strategy not in STRATEGIES:
            raise PlanError(
                f"strategy {self.strategy!r} of queue {self.name}: one of {', '.join(STRATEGIES)}"
            )
        for what in ("ring_s", "retry_s", "wrapup_s", "max_wait_s", "max_waiting"):
            _check_seconds(f"{what} of queue {self.name}", getattr(self, what))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    """A number that customers dial, the queue behind it, and the sound that greets them (or None)."""

    number: str
    queue: str
    welcome: str | None = None

    def __post_init__(self) -> None:
        _must_match(_NUMBER, "hotline", self.number)
        _must_match(_IDENTIFIER, f"queue of hotline {self.number}", self.queue)
        if self.welcome is not None:
            _must_match(_PATH, f"welcome of hotline {self.number}", self.welcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A line to the outside: its far end's address. Everything from that address counts as a customer."""

    name: str
    host: str
    port: int = 5060

    def __post_init__(self) -> None:
        _must_match(_IDENTIFIER, "trunk", self.name)
        _check_address(f"host of trunk {self.name}", self.host)
        _check_port(f"port of trunk {self.name}", self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """An AMI account. `unrestricted` gives it every event and every right: for tests only."""

    user: str
    secret: str
    permit: tuple[str, ...] = ("127.0.0.1/32",)
    unrestricted: bool = False

    def __post_init__(self) -> None:
        _must_match(_IDENTIFIER, "manager account", self.user)
        _must_match(_SECRET, f"secret of manager account {self.user}", self.secret)
        if self.user == "general":
            raise PlanError("manager account 'general': that is the name of a section")
        for network in self.permit:
            _check_address(f"permit of manager account {self.user}", network)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directories:
    """Where one Asterisk keeps its things, for an instance that shares its machine with others."""

    etc: Path
    modules: Path
    varlib: Path
    data: Path
    db: Path
    spool: Path
    run: Path
    log: Path

    def __post_init__(self) -> None:
        for what in ("etc", "modules", "varlib", "data", "db", "spool", "run", "log"):
            _must_match(_PATH, f"directory {what}", str(getattr(self, what)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One Asterisk. `back_s`: how long the phone of who passed a caller on rings when nobody took the caller.

    `prompts`: the folder of the recordings on the switch, one folder a language inside;
    `key_s`: how long one waits for a key after its end.
    `listed_modules` loads only what is needed (rig, demo); without it Asterisk loads all it has.
    """

    version: tuple[int, ...]
    managers: tuple[Manager, ...]
    phones: tuple[Phone, ...] = ()
    queues: tuple[Queue, ...] = ()
    hotlines: tuple[Hotline, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    country: str = "cn"
    language: str = "en"
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    ring_s: int = 30
    back_s: int = 20
    manager_bind: str = "127.0.0.1"
    manager_port: int = 5038
    timestamp_events: bool = True
    sip_bind: str = "0.0.0.0"
    sip_port: int = 5060
    rtp_first: int = 10_000
    rtp_last: int = 20_000
    directories: Directories | None = None
    listed_modules: bool = False
    system_name: str | None = None
    prompts: str = contract.PROMPTS
    key_s: int = 6

    def __post_init__(self) -> None:
        self._check_values()
        self._check_references()

    def _check_values(self) -> None:
        if not self.version or not OLDEST[0] <= self.version[0] <= NEWEST[0]:
            raise PlanError(f"version {self.version}: Asterisk 16 to 22")
        if self.country not in COUNTRIES:
            raise PlanError(f"country {self.country!r}: tones are known for {', '.join(sorted(COUNTRIES))}")
        if not self.managers:
            raise PlanError("a plan without a manager account: callserver could not log in")
        _must_match(_IDENTIFIER, "language", self.language)
        _must_match(_PATH, "folder of the prompts", self.prompts)
        for codec in self.codecs:
            _must_match(_IDENTIFIER, "codec", codec)
        if self.system_name is not None:
            _must_match(_IDENTIFIER, "system name", self.system_name)
        _check_address("manager_bind", self.manager_bind)
        _check_address("sip_bind", self.sip_bind)
        _check_seconds("ring_s", self.ring_s)
        _check_seconds("back_s", self.back_s)
        _check_seconds("key_s", self.key_s)
        for what in ("manager_port", "sip_port", "rtp_first", "rtp_last"):
            _check_port(what, getattr(self, what))

    def _check_references(self) -> None:
        queues = {queue.name for queue in self.queues}
        phones = {phone.endpoint for phone in self.phones}
        wanted_queues = [(f"hotline {hotline.number}", hotline.queue) for hotline in self.hotlines]
        wanted_queues += [(f"overflow of {q.name}", q.overflow_to) for q in self.queues if q.overflow_to]
        for who, name in wanted_queues:
            if name not in queues:
                raise PlanError(f"{who}: there is no queue {name!r}")
        for queue in self.queues:
            for member in queue.members:
                if member.phone not in phones:
                    raise PlanError(f"queue {queue.name}: there is no phone {member.phone!r}")
        self._check_unique("phone", [phone.endpoint for phone in self.phones] + [t.name for t in self.trunks])
        self._check_unique("queue", [queue.name for queue in self.queues])
        extensions = [queue.extension for queue in self.queues] + [phone.endpoint for phone in self.phones]
        self._check_unique("extension", extensions)
        self._check_unique("hotline", [hotline.number for hotline in self.hotlines])
        self._check_unique("manager account", [manager.user for manager in self.managers])

    @staticmethod
    def _check_unique(what: str, names: list[str]) -> None:
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise PlanError(f"{what} {', '.join(sorted(twice))}: said more than once")

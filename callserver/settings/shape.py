"""Every setting: its name, type, default, meaning and an example. The only list of settings there is.

In: nothing. Out: frozen dataclasses; the reader, the example file, the operators' table and `config show`
are all made from the annotations here. Must not know: TOML, the environment, any room that uses a setting.
A secret has no default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from callserver.settings.countries import COUNTRIES
from callserver.settings.secrets import DatabaseUrl, Secret

if TYPE_CHECKING:
    from callserver.numbers import Plan


@dataclass(frozen=True, slots=True)
class Key:
    """What a person needs to know of one setting.

    `example` is TOML; `wrong` says what is wrong with a value.
    """

    doc: str
    example: str
    wrong: Callable[[Any], str | None] | None = None


def _port(value: int) -> str | None:
    return None if 0 <= value <= 65535 else "a port is a number from 0 to 65535 (0: any free one)"


def _switch_port(value: int) -> str | None:
    return None if 1 <= value <= 65535 else "a port is a number from 1 to 65535"


def _slug(value: str) -> str | None:
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", value):
        return None
    return "use small letters, digits, '-' and '_' (it becomes part of every call's id)"


def _host(value: str) -> str | None:
    return (
        None if value and not re.search(r"[\s/\x00]", value) else "a host name or an IP address, nothing else"
    )


def _context(value: str) -> str | None:
    right = re.fullmatch(r"[A-Za-z0-9_.-]{1,79}", value)
    return None if right else "a context of the dialplan: letters, digits, '-', '_' and '.'"


def _one_line(value: str) -> str | None:
    if not value:
        return "must not be empty"
    return None if value.isprintable() else "must be printable text on one line"


def _positive(value: float) -> str | None:
    return None if 0 < value < float("inf") else "must be more than 0"


def _seconds(value: int) -> str | None:
    return None if 1 <= value <= 120 else "seconds are a number from 1 to 120"


def _days(value: int) -> str | None:
    return None if 0 <= value <= 36_500 else "days are a number from 0 (for ever) to 36500"


def _timezone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return "is no IANA time zone"
    except KeyError:
        return "is no IANA time zone known on this machine (Debian: package tzdata)"
    return None


def _country(value: str) -> str | None:
    if value in COUNTRIES:
        return None
    return "a country is two small letters (ISO 3166)" + (
        "; the United Kingdom is gb" if value == "uk" else ""
    )


def _area_code(value: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{0,6}", value) else "an area code is up to 6 digits, such as 0532"


def _web_address(value: str) -> str | None:
    found = re.fullmatch(r"https?://[^\s/?#@\x00]+/?", value)
    return None if found else "an address such as https://hotline.example.com, without a path"


def _networks(value: tuple[str, ...]) -> str | None:
    for one in value:
        try:
            ip_network(one)
        except ValueError:
            return f"{one!r} is no address and no network"
    return None


def _trunk_prefixes(value: tuple[str, ...]) -> str | None:
    right = all(re.fullmatch(r"[0-9]{1,6}", prefix) for prefix in value)
    return (
        None
        if right
        else "a trunk prefix is 1 to 6 digits (spaces, commas and * before a number are dropped anyway)"
    )


def _extension_digits(value: str) -> str | None:
    span = re.fullmatch(r"([1-9])-([1-9])", value)
    return None if span and span[1] <= span[2] else "say from how many to how many digits, such as 3-4"


def _database(value: DatabaseUrl) -> str | None:
    if value.scheme not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        return "only sqlite:// and postgresql:// are supported"
    if value.sqlite_path in ("", ":memory:"):
        return "name a file: what is only in memory would be lost at the next restart"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings:
    """One Asterisk. A second one is a second `[[asterisk]]` block."""

    id: Annotated[
        str, Key("Its name here; part of every call's id, so do not change it later.", '"main"', _slug)
    ]
    host: Annotated[str, Key("Where its manager interface (AMI) listens.", '"127.0.0.1"', _host)] = (
        "127.0.0.1"
    )
    port: Annotated[int, Key("The AMI port.", "5038", _switch_port)] = 5038
    user: Annotated[str, Key("The manager user (manager.conf).", '"callserver"', _one_line)] = "callserver"
    secret: Annotated[Secret, Key("That user's secret; better: `secret_file`.", '"(the secret)"')]
    queue_log: Annotated[
        Path | None,
        Key("Asterisk's queue_log, to check that no call was missed.", '"/var/log/asterisk/queue_log"'),
    ] = None
    cel: Annotated[
        Path | None,
        Key("Asterisk's CEL file, same purpose.", '"/var/log/asterisk/cel-custom/callserver.csv"'),
    ] = None
    cel_fields: Annotated[
        tuple[str, ...],
        Key(
            "Columns of the CEL file; empty: as `callserver asterisk render` writes it.",
            '["eventtype", "eventtime"]',
        ),
    ] = ()
    config_dir: Annotated[
        Path | None,
        Key(
            "Its configuration, where this machine can read it; only for `asterisk check`.", '"/etc/asterisk"'
        ),
    ] = None
    phones: Annotated[
        tuple[str, ...],
        Key(
            "Agents' phones that are members of no queue; members are known as phones anyway.",
            '["PJSIP/1001"]',
        ),
    ] = ()
    queue_status: Annotated[
        bool,
        Key(
            "The manager user hears the variable QUEUESTATUS; false where its filter or rights hide it.",
            "true",
        ),
    ] = True
    trunks: Annotated[
        tuple[str, ...],
        Key("Channels whose name begins so are lines to the outside world.", '["PJSIP/trunk"]'),
    ] = ()
    dial_context: Annotated[
        str,
        Key(
            "The context that agents' phones dial from; calls and transfers that a screen asks for go through it.",
            '"callserver-phones"',
            _context,
        ),
    ] = "callserver-phones"
    heartbeat_s: Annotated[float, Key("Seconds between two pings of the switch.", "5", _positive)] = 5.0
    deadline_s: Annotated[
        float, Key("A switch silent for so many seconds is taken as gone.", "10", _positive)
    ] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where everything is written down."""

    url: Annotated[
        DatabaseUrl,
        Key(
            "SQLite file or PostgreSQL; a relative file is relative to this settings file.",
            '"sqlite:///callserver.db"',
            _database,
        ),
    ] = field(default_factory=lambda: DatabaseUrl("sqlite:///callserver.db"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The HTTP port: health, metrics, status page, API."""

    host: Annotated[str, Key("Address to listen on; loopback unless you mean it.", '"127.0.0.1"', _host)] = (
        "127.0.0.1"
    )
    port: Annotated[int, Key("Port to listen on.", "8088", _port)] = 8088
    token: Annotated[
        Secret | None,
        Key(
            "A token of the API that may do everything, for the operator; others: `callserver token create`.",
            '"(a long random text)"',
        ),
    ] = None
    url: Annotated[
        str | None,
        Key(
            "The address that people type into their browsers, where a proxy stands before this server; with https "
            "cookies are for TLS only.",
            '"https://hotline.example.com"',
            _web_address,
        ),
    ] = None
    proxies: Annotated[
        tuple[str, ...],
        Key(
            "Proxies (addresses or networks) whose X-Forwarded-For is believed.",
            '["127.0.0.1", "10.0.0.0/8"]',
            _networks,
        ),
    ] = ()
    idle_hours: Annotated[
        float, Key("Who asked for nothing for so many hours has to sign in again.", "12", _positive)
    ] = 12.0
    session_hours: Annotated[
        float, Key("After so many hours everybody has to sign in again.", "24", _positive)
    ] = 24.0
    requests_per_minute: Annotated[
        int, Key("So often each token may ask the API within a minute.", "3000", _positive)
    ] = 3000
    strangers_per_minute: Annotated[
        int, Key("So often an address may ask the API without a good token.", "120", _positive)
    ] = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSettings:
    """A raw recording of what each Asterisk says, for finding out later what happened."""

    on: Annotated[bool, Key("Record.", "true")] = False
    dir: Annotated[Path, Key("Folder of the recordings.", '"/var/lib/callserver/traces"')] = Path("traces")
    max_mb: Annotated[
        int, Key("A recording this big (MB) is closed and a new one begun.", "64", _positive)
    ] = 64
    keep: Annotated[int, Key("So many recordings of one Asterisk are kept.", "8", _positive)] = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What the service says about itself, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Key("The least important line that is written.", '"info"'),
    ] = "info"
    json: Annotated[bool, Key("One JSON object a line instead of text for people.", "true")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The place: decides where a day begins and how a telephone number is read."""

    country: Annotated[str, Key("Country, two letters.", '"cn"', _country)] = "cn"
    timezone: Annotated[str, Key("Time zone of the site.", '"Asia/Shanghai"', _timezone)] = "UTC"
    area_code: Annotated[
        str, Key("Its area code; it completes numbers that come without one.", '"0532"', _area_code)
    ] = ""
    trunk_prefixes: Annotated[
        tuple[str, ...],
        Key("Digits that trunk or switch put in front of a caller's number.", '["0", "9"]', _trunk_prefixes),
    ] = ("0", "9")
    extension_digits: Annotated[
        str, Key("How many digits its own telephones have, from-to.", '"3-4"', _extension_digits)
    ] = "2-6"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How many days things are kept; 0: for ever. What is older goes every night."""

    facts_days: Annotated[
        int, Key("What a switch told, event by event; calls keep their records.", "90", _days)
    ] = 180
    calls_days: Annotated[int, Key("Calls, since they began.", "1095", _days)] = 1095
    texts_days: Annotated[
        int,
        Key("Subjects, notes, messages and files of closed tickets, since the last touch.", "1095", _days),
    ] = 1095
    tickets_days: Annotated[
        int, Key("Closed tickets with their timelines, since the last touch.", "3650", _days)
    ] = 3650
    audit_days: Annotated[int, Key("Who read or changed what.", "1095", _days)] = 1095
    outbox_days: Annotated[int, Key("What was told to others, since they have it.", "14", _days)] = 14
    dead_days: Annotated[int, Key("What others refused for good, and jobs given up.", "180", _days)] = 180
    jobs_days: Annotated[int, Key("Work that is done.", "30", _days)] = 30
    answers_days: Annotated[int, Key("Answers kept for an Idempotency-Key.", "1", _days)] = 1
    imports_days: Annotated[int, Key("How far imports came, since they ended.", "90", _days)] = 90
    drafts_days: Annotated[int, Key("Notes that somebody typed and never recorded.", "30", _days)] = 30
    counts_days: Annotated[
        int, Key("Calls as reports count them one by one; the sums of days stay.", "1095", _days)
    ] = 1095
    spans_days: Annotated[int, Key("Who was in which state when; the sums of days stay.", "1095", _days)] = (
        1095
    )
    alerts_days: Annotated[int, Key("Alerts, since they are over.", "365", _days)] = 365
    messages_days: Annotated[int, Key("Words of supervisors on screens.", "90", _days)] = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How others are told what happens; who they are is said with `callserver webhooks`."""

    source: Annotated[
        str, Key("What every event says that it comes from; another one for each installation.",
                 '"/callserver/north"', _one_line)
    ] = "/callserver"  # fmt: skip
    private: Annotated[
        bool,
        Key("They may be on this machine and in private networks; false: only public addresses.", "true"),
    ] = True
    ca_file: Annotated[
        Path | None,
        Key(
            "Certificates (PEM) that are trusted as well, for https in your own network.",
            '"/etc/ssl/own.pem"',
        ),
    ] = None
    give_up_days: Annotated[
        float, Key("What could not be delivered for so many days is laid aside as dead.", "3", _positive)
    ] = 3.0


def _address(value: str) -> str | None:
    right = re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}", value)
    return None if right else "an e-mail address such as hotline@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server that takes e-mails about alerts; who gets them is said in the rules of alerts."""

    host: Annotated[
        str | None, Key("Its name or address; without it no e-mail is sent.", '"mail.example.com"', _host)
    ] = None
    port: Annotated[int, Key("Its port.", "587", _switch_port)] = 587
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Key("starttls (usually port 587), tls from the first byte (465), or none (25, only in your own network).",
            '"starttls"'),
    ] = "starttls"  # fmt: skip
    user: Annotated[str | None, Key("Who we say we are there.", '"hotline"', _one_line)] = None
    password: Annotated[
        Secret | None, Key("That user's password; better: `password_file`.", '"(the password)"')
    ] = None
    sender: Annotated[
        str, Key("The address that the e-mails come from.", '"hotline@example.com"', _address)
    ] = "callserver@localhost"
    ca_file: Annotated[
        Path | None,
        Key("Certificates (PEM) that are trusted as well, for a server of your own.", '"/etc/ssl/own.pem"'),
    ] = None
    language: Annotated[Literal["en", "zh-CN"], Key("The language of the e-mails.", '"zh-CN"')] = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """This process among others on the same database."""

    name: Annotated[
        str | None, Key("Its name in logs and leases; default: the machine's name.", '"hotline-1"', _one_line)
    ] = None
    lease_s: Annotated[
        float, Key("After so many seconds of silence another node takes an Asterisk over.", "10", _positive)
    ] = 10.0
    stop_s: Annotated[float, Key("Seconds each stage of a stop may take.", "5", _positive)] = 5.0
    back_office: Annotated[
        bool,
        Key(
            "Facts are written, calls put on tickets and reports counted in a second process, so that no caller's "
            "screen waits for it; false: in the first one, which takes less memory.",
            "true",
        ),
    ] = True


def _dialled(value: tuple[str, ...]) -> str | None:
    right = all(re.fullmatch(r"[0-9*#+]{1,20}", one) for one in value)
    return None if right else "numbers as a telephone dials them: digits, *, # and +"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneSettings:
    """What may be dialled from a screen. A telephone itself dials what the switch lets it."""

    abroad: Annotated[bool, Key("Numbers of other countries may be called.", "true")] = False
    services: Annotated[
        tuple[str, ...],
        Key(
            "Emergency, premium and other service numbers that may be called, as they are dialled; else none is.",
            '["10000"]',
            _dialled,
        ),
    ] = ()
    refused: Annotated[
        tuple[str, ...],
        Key("Numbers that begin so are not called; + and country code first.", '["+86170"]', _dialled),
    ] = ()
    ring_s: Annotated[
        int, Key("Seconds that the agent's own phone may ring, before the number is dialled.", "30", _seconds)
    ] = 30


def _not_negative(value: float) -> str | None:
    return None if 0 <= value < 86_400 else "seconds, from 0 to a day"


def _called(value: tuple[str, ...]) -> str | None:
    right = all(re.fullmatch(r"\+?[0-9]{2,20}", one) for one in value) and len(value) <= 20
    return None if right else "at most 20 numbers, of digits, with or without a + in front"


def _rounds(value: int) -> str | None:
    return None if 1 <= value <= 10 else "from 1 to 10"


def _shown_number(value: str) -> str | None:
    return None if re.fullmatch(r"\+?[0-9]{2,20}|", value) else "a number, of digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Telephone calls about alerts: to whom, where a rule asks for them. A recording speaks, 1 acknowledges."""

    call_to: Annotated[
        tuple[str, ...],
        Key("Who is called, one after the other until somebody acknowledges; none: nobody.",
            '["13800138000", "+862012345678"]', _called),
    ] = ()  # fmt: skip
    call_by: Annotated[
        str | None,
        Key("The id of the Asterisk that calls, if it is seen; else any that is.", '"main"', _slug),
    ] = None
    caller_id: Annotated[
        str, Key("The number that the network shows them.", '"4008001234"', _shown_number)
    ] = ""
    ring_s: Annotated[int, Key("Seconds until the next one is tried.", "30", _seconds)] = 30
    rounds: Annotated[int, Key("How often all of them are called.", "3", _rounds)] = 3
    pause_s: Annotated[float, Key("Seconds between two calls.", "30", _not_negative)] = 30.0
    language: Annotated[Literal["en", "zh-CN"], Key("The language of the recordings.", '"zh-CN"')] = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSettings:
    """Agents at work."""

    wrap_up_s: Annotated[
        float,
        Key(
            "Seconds after a call for finishing its record, while no call comes; 0: none.",
            "45",
            _not_negative,
        ),
    ] = 60.0
    absent_s: Annotated[
        float,
        Key("Whoever has had no screen open for so many seconds is paused, `absent`.", "120", _positive),
    ] = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """One queue, by the name Asterisk knows it by. Queues without a block are followed all the same."""

    title: Annotated[str | None, Key("What people call it.", '"维修热线"', _one_line)] = None
    target_s: Annotated[
        float | None, Key("A call answered within so many seconds counts as in time.", "20", _positive)
    ] = None
    kind: Annotated[str, Key("What it is for: service, sales, complaint ...", '"service"', _slug)] = "service"
    short_s: Annotated[
        float,
        Key("Whoever hangs up within so many seconds is counted apart, as a short call.", "5", _not_negative),
    ] = 5.0
    warn_wait_s: Annotated[
        float | None,
        Key("The wall warns when somebody has waited so many seconds; default: the target.", "60", _positive),
    ] = None
    warn_waiting: Annotated[int | None, Key("The wall warns when so many wait.", "5", _positive)] = None
    formerly: Annotated[
        tuple[str, ...],
        Key("Names that Asterisk knew it by before; their calls count as this queue's.", '["repairs"]'),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, validated once. `origin`: the file they came from; None: the environment alone."""

    asterisk: tuple[AsteriskSettings, ...]
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    web: WebSettings = field(default_factory=WebSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    log: LogSettings = field(default_factory=LogSettings)
    site: SiteSettings = field(default_factory=SiteSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    node: NodeSettings = field(default_factory=NodeSettings)
    telephone: TelephoneSettings = field(default_factory=TelephoneSettings)
    work: WorkSettings = field(default_factory=WorkSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    queues: dict[str, QueueSettings] = field(default_factory=dict)
    origin: Path | None = None
    warnings: tuple[str, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.timezone)

    @property
    def number_plan(self) -> Plan:
        """How a number is read at this site."""
        from callserver.numbers import Plan

        fewest, most = self.site.extension_digits.split("-")
        return Plan(
            country=self.site.country,
            area_code=self.site.area_code,
            trunk_prefixes=self.site.trunk_prefixes,
            extension_digits=(int(fewest), int(most)),
        )

    def switch(self, pbx: str) -> AsteriskSettings | None:
        """The settings of one Asterisk by its id, None where there is none."""
        return next((one for one in self.asterisk if one.id == pbx), None)

"""What is wrong with a switch, judged by its configuration files.

In: `Answers` with files read from a folder. Out: `Finding`s with the exact line. Must not know: how the files
were read. Only files that are there are judged: a switch may keep its queues or its dialplan in a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asterisk_conf import contract
from callserver.ami.answers import Answers, Finding
from callserver.ami.conf import Conf, Section, truth

FILES = (
    "manager.conf",
    "queues.conf",
    "extensions.conf",
    "indications.conf",
    "features.conf",
    "cel.conf",
    "cel_custom.conf",
    "logger.conf",
)
_QUEUE = re.compile(r"\bQueue\(([^)]*)\)", re.IGNORECASE)
_SLOW_READER_MS = 1000


def findings(answers: Answers) -> Iterator[Finding]:
    """Every file that could be read; one note where none was."""
    if answers.config_dir is None:
        yield Finding(
            severity="note",
            what="the switch's configuration was not read",
            why="indications, features, read classes, event filters and dialplan options can only be seen there",
            fix='callserver.toml [[asterisk]]: config_dir = "/etc/asterisk", where it is on this machine',
        )
        return
    for name, judge in _JUDGES.items():
        conf = answers.config.get(name)
        if conf is None or conf.trouble:
            yield Finding(
                severity="note",
                what=f"{name} was not read: {conf.trouble if conf else 'not there'}",
                why="it could not be checked",
                fix=f"let callserver's user read {answers.config_dir}",
            )
            continue
        found = list(judge(answers, conf))
        yield from found or [Finding(severity="ok", what=f"{name} is as it should be")]


def lets_transfer(application_data: str) -> bool:
    """Whether `hotline,tT,,,300` lets the agent transfer; also True where a variable stands, which nobody can
    know.
    """
    options = [*application_data.split(","), ""][1]
    return "t" in re.sub(r"\([^)]*\)", "", options) or "${" in options


def with_transfer(application_data: str) -> str:
    """The same with the agent's option."""
    name, options, *rest = (
        [*application_data.split(","), ""] if "," not in application_data else application_data.split(",")
    )
    return ",".join([name, options + "t", *rest])


def _line(section: str, key: str, value: str, file: str) -> str:
    return f"{file} [{section}]: {key} = {value}"


def _manager(answers: Answers, conf: Conf) -> Iterator[Finding]:
    general = conf.section("general")
    if not truth(general.get("timestampevents")):
        yield Finding(
            severity="warning",
            what="manager.conf: timestampevents is not on",
            why="times are those of arrival: late where the line or this machine is",
            fix=_line("general", "timestampevents", "yes", "manager.conf"),
        )
    if general.get("bindaddr", "0.0.0.0") in ("0.0.0.0", "::") and not truth(general.get("tlsenable")):
        yield Finding(
            severity="warning",
            what="manager.conf: AMI listens on every address, without TLS",
            why="the secret crosses the network in the clear, and anybody may try it",
            fix=_line("general", "bindaddr", "127.0.0.1", "manager.conf")
            + " (or the address of callserver's network)",
        )
    if not conf.has(answers.user):
        yield Finding(
            severity="error",
            what=f"manager.conf: no account [{answers.user}]",
            why="callserver cannot log in",
            fix=f"manager.conf: [{answers.user}] as `callserver asterisk render DIR` writes it",
        )
        return
    yield from _account(answers, conf.section(answers.user))


def _account(answers: Answers, account: Section) -> Iterator[Finding]:
    for key, needed in (("read", contract.READ_CLASSES), ("write", contract.WRITE_CLASSES)):
        given = {one.strip() for one in account.get(key).split(",")}
        missing = [] if "all" in given else [one for one in needed if one not in given]
        if missing:
            yield Finding(
                severity="error",
                what=f"manager.conf [{answers.user}]: {key} lacks {', '.join(missing)}",
                why="events of these classes never come"
                if key == "read"
                else "actions of these classes are refused",
                fix=_line(answers.user, key, ",".join(needed), "manager.conf"),
            )
    if not any(key.startswith("eventfilter") for key in account.keys()):  # noqa: SIM118 - Section is no mapping
        yield Finding(
            severity="warning",
            what=f"manager.conf [{answers.user}]: no event filter",
            why="a call makes 140 messages, of which callserver reads 30; Asterisk cuts a reader who falls behind",
            fix="manager.conf: the eventfilter lines that `callserver asterisk render DIR` writes for this version",
        )
    elif not any(
        one.key.startswith("eventfilter") and "UserEvent" in one.key + one.value for one in account.entries
    ):
        yield Finding(
            severity="warning",
            what=f"manager.conf [{answers.user}]: the event filter keeps UserEvent back",
            why="keys that customers press, machines that answer and callers who want to be called back are not seen",
            fix="manager.conf: the eventfilter lines that `callserver asterisk render DIR` writes for this version",
        )
    timeout = account.get("writetimeout", "100")
    if timeout.isdigit() and int(timeout) < _SLOW_READER_MS:
        yield Finding(
            severity="warning",
            what=f"manager.conf [{answers.user}]: a reader slower than {timeout} ms is cut off",
            why="a short pause of this machine becomes a gap in what callserver saw",
            fix=_line(answers.user, "writetimeout", "5000", "manager.conf"),
        )
    if not account.all("permit") and not account.all("acl"):
        yield Finding(
            severity="warning",
            what=f"manager.conf [{answers.user}]: no permit",
            why="whoever knows the secret may log in from anywhere",
            fix=_line(answers.user, "permit", "127.0.0.1/32", "manager.conf")
            + " behind deny = 0.0.0.0/0.0.0.0",
        )


def _queues(answers: Answers, conf: Conf) -> Iterator[Finding]:
    if not truth(conf.section("general").get("shared_lastcall")):
        yield Finding(
            severity="warning",
            what="queues.conf: shared_lastcall is not on",
            why="an agent of two queues is rung by the other one in the moment in which a call has ended",
            fix=_line("general", "shared_lastcall", "yes", "queues.conf"),
        )
    for queue in conf.sections:
        if queue.name == "general":
            continue
        yield from _wrap_up(queue)
        if truth(queue.get("ringinuse", "yes")):
            yield Finding(
                severity="warning",
                what=f"queues.conf [{queue.name}]: ringinuse is on",
                why="an agent who is on a call is rung again",
                fix=_line(queue.name, "ringinuse", "no", "queues.conf"),
            )
        for member in queue.all("member"):
            interface, *more = (part.strip() for part in member.split(","))
            if interface.startswith("Local/") and len(more) < 3:
                extension = interface.partition("/")[2].partition("@")[0]
                yield Finding(
                    severity="warning",
                    what=f"queues.conf [{queue.name}]: {interface} has no state interface",
                    why="the queue takes it for free while the phone is on a call",
                    fix=f"queues.conf [{queue.name}]: member => {interface},{more[0] if more else 0},"
                    f"{more[1] if len(more) > 1 else extension},hint:{extension}@{contract.PHONES}",
                )


def _wrap_up(queue: Section) -> Iterator[Finding]:
    """callserver pauses an agent whose call has ended; until it has, only this keeps the next call away."""
    said = queue.get("wrapuptime", "0")
    if said.isdigit() and int(said) < contract.WRAP_UP_S:
        yield Finding(
            severity="warning",
            what=f"queues.conf [{queue.name}]: wrapuptime is {said} s",
            why="the next caller rings in the moment before callserver's own wrap-up begins",
            fix=_line(queue.name, "wrapuptime", str(contract.WRAP_UP_S), "queues.conf"),
        )


def _extensions(answers: Answers, conf: Conf) -> Iterator[Finding]:
    for context in conf.sections:
        for entry in context.entries:
            for data in _QUEUE.findall(entry.value):
                if not lets_transfer(data):
                    yield Finding(
                        severity="warning",
                        what=f"extensions.conf [{context.name}]: Queue({data}) lets no agent transfer",
                        why="an agent's attended transfer fails in silence",
                        fix=f"extensions.conf [{context.name}]: Queue({with_transfer(data)})",
                    )
    values = [entry.value for context in conf.sections for entry in context.entries]
    if any(map(_QUEUE.search, values)) and not any("BLINDTRANSFER" in value for value in values):
        yield Finding(
            severity="warning",
            what="extensions.conf: nobody looks after a caller who was passed on and whom nobody took",
            why="Asterisk ends such a call: a blind transfer to a phone that does not answer loses the caller",
            fix=f"extensions.conf [{contract.BACK}] behind every Dial, as `callserver asterisk render DIR` writes it",
        )


def _indications(answers: Answers, conf: Conf) -> Iterator[Finding]:
    country = conf.section("general").get("country")
    if not country or not conf.has(country):
        yield Finding(
            severity="warning",
            what="indications.conf: no country, or not the tones of it",
            why="only the first digit of an attended transfer is read, and it fails in silence",
            fix=_line("general", "country", country or "cn", "indications.conf")
            + f" and a section [{country or 'cn'}]",
        )


def _features(answers: Answers, conf: Conf) -> Iterator[Finding]:
    if not conf.section("featuremap").get("atxfer"):
        yield Finding(
            severity="warning",
            what="features.conf: no code for attended transfers",
            why="AMI plays that code into the agent's channel: without one an attended transfer cannot be asked for",
            fix=_line("featuremap", "atxfer", "*2", "features.conf"),
        )


def _cel(answers: Answers, conf: Conf) -> Iterator[Finding]:
    general = conf.section("general")
    if not truth(general.get("enable")) or general.get("events").upper() != "ALL":
        yield Finding(
            severity="warning",
            what="cel.conf: CEL is off, or not for all events",
            why="calls outside queues that came while callserver was blind cannot be found again",
            fix="cel.conf [general]: enable = yes, apps = dial,queue,park, events = ALL",
        )


def _cel_custom(answers: Answers, conf: Conf) -> Iterator[Finding]:
    if not conf.section("mappings").entries:
        yield Finding(
            severity="warning",
            what="cel_custom.conf: no file is mapped",
            why="CEL is not written where callserver can read it",
            fix="cel_custom.conf [mappings]: as `callserver asterisk render DIR` writes it",
        )


def _logger(answers: Answers, conf: Conf) -> Iterator[Finding]:
    if not truth(conf.section("general").get("queue_log", "yes")):
        yield Finding(
            severity="warning",
            what="logger.conf: queue_log is off",
            why="calls that came while callserver was blind cannot be found again",
            fix=_line("general", "queue_log", "yes", "logger.conf"),
        )


_JUDGES = {
    "manager.conf": _manager,
    "queues.conf": _queues,
    "extensions.conf": _extensions,
    "indications.conf": _indications,
    "features.conf": _features,
    "cel.conf": _cel,
    "cel_custom.conf": _cel_custom,
    "logger.conf": _logger,
}

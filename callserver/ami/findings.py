"""What is wrong with a switch, judged by what it says over AMI and by its journals.

In: `Answers`. Out: `Finding`s, each with why it matters and the exact line to change. Must not know: how the
answers were got. What cannot be seen is said to be unseen, never to be well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from asterisk_conf import contract
from callserver.ami import configured
from callserver.ami.answers import Answers, Finding, Journal, numbers
from callserver.ami.events import WANTED, QueueMember

OLDEST, NEWEST = 16, 22
CLOCK_S = 2.0  # a difference that people would notice
_TOO_MUCH = frozenset(
    {"Command", "UpdateConfig", "CreateConfig", "Filter", "GetConfig", "DBPut", "ModuleLoad"}
)
_CLASS_OF = {"Command": "command", "UpdateConfig": "config", "CreateConfig": "config", "GetConfig": "config"}
_READING = ("CoreShowChannels", "QueueStatus", "CoreStatus", "BridgeList", "CoreSettings")
_QUEUE_APP = ("Queue", "AppQueue")
_WITHOUT = {
    contract.WARN: "nobody on duty is called about an alert; screens, e-mails and webhooks still tell of it",
    contract.CALLBACK: "nobody who waits can press a key and be called back instead",
    contract.SPY: "supervisors cannot listen, whisper, barge in or take over",
    contract.MOVED: "supervisors cannot move somebody who waits to another queue or to the front",
}
_RENDERED = (
    "extensions.conf: what is missing as `callserver asterisk render DIR` writes it, and DIR/prompts copied to "
    f"{contract.PROMPTS}"
)


def findings(answers: Answers) -> list[Finding]:
    """Everything that was looked at, in the order in which it is best mended."""
    steps: tuple[Callable[[Answers], Iterator[Finding]], ...]
    inside = (_version, _rights, _events, _timestamps, _clock, _members, _transfers, _promises, _offers)
    steps = (_login, *(inside if answers.inside else ()), _journals, configured.findings)
    return [finding for step in steps for finding in step(answers)]


def _login(answers: Answers) -> Iterator[Finding]:
    if answers.unreachable:
        yield Finding(
            severity="error",
            what=f"{answers.address} cannot be reached: {answers.unreachable}",
            why="callserver sees nothing at all",
            fix="manager.conf [general]: enabled = yes, port and bindaddr as set here; `manager reload`; the firewall",
        )
    elif answers.login:
        yield Finding(
            severity="error",
            what=f"login refused: {answers.login}",
            why="callserver sees nothing at all; it tries again every minute",
            fix=f"manager.conf [{answers.user}]: secret = (the one set here), permit = (this machine's address)/32",
        )
    else:
        yield Finding(severity="ok", what=f"login as {answers.user} at {answers.address}")


def _version(answers: Answers) -> Iterator[Finding]:
    found = numbers(answers.version)
    if found is None:
        yield Finding(
            severity="note",
            what=f"the version is not known ({answers.version or 'CoreSettings is not allowed'})",
            why=f"callserver is tried on Asterisk {OLDEST} to {NEWEST}",
            fix=_write_line(answers, "reporting"),
        )
    elif OLDEST <= found[0] <= NEWEST:
        yield Finding(severity="ok", what=f"Asterisk {answers.version}")
    else:
        yield Finding(
            severity="warning",
            what=f"Asterisk {answers.version}",
            why=f"callserver is tried on {OLDEST} to {NEWEST}; events of another one may read differently",
            fix=f"install Asterisk {NEWEST} (LTS)",
        )


def _rights(answers: Answers) -> Iterator[Finding]:
    missing = {
        action: needed
        for action, needed in contract.ACTIONS.items()
        if action in answers.refused
        or (answers.allowed is not None and needed and action not in answers.allowed)
    }
    for needed in sorted({needed or "" for needed in missing.values()}):
        actions = ", ".join(sorted(action for action, group in missing.items() if (group or "") == needed))
        yield Finding(
            severity="error" if "CoreShowChannels" in actions or "QueueStatus" in actions else "warning",
            what=f"not allowed: {actions}",
            why=_reason(actions),
            fix=_write_line(answers, needed) if needed else "modules.conf: load = app_queue.so",
        )
    too_much = sorted(_TOO_MUCH & (answers.allowed or frozenset()))
    if too_much:
        yield Finding(
            severity="warning",
            what=f"the account may do more than callserver needs: {', '.join(too_much)}",
            why="whoever gets hold of its secret can change the switch, or run programs on it",
            fix=_write_line(answers),
        )
    if not missing and not too_much:
        yield Finding(severity="ok", what="the account's rights are what is needed")


def _reason(actions: str) -> str:
    if "CoreShowChannels" in actions or "QueueStatus" in actions:
        return "after a (re)connect callserver could not see which calls go on, and does not begin"
    return "callserver could not carry out what agents and managers ask for"


def _write_line(answers: Answers, needed: str = "") -> str:
    hint = f" (missing: {needed})" if needed else ""
    return f"manager.conf [{answers.user}]: write = {','.join(contract.WRITE_CLASSES)}{hint}"


def _events(answers: Answers) -> Iterator[Finding]:
    if not answers.heard:
        yield Finding(
            severity="note",
            what=f"no event came in {answers.listened_s:g} s: filters and read rights could not be seen",
            why="a filter that keeps a needed event back makes calls invisible",
            fix="make a call while the check runs; "
            f"manager.conf [{answers.user}]: read = {','.join(contract.READ_CLASSES)}",
        )
        return
    unwanted = {
        name: count
        for name, count in answers.heard.items()
        if name not in WANTED and name not in contract.EVENTS
    }
    if not unwanted:
        yield Finding(severity="ok", what="the switch sends only what is needed")
        return
    share = sum(unwanted.values()) * 100 // max(1, sum(answers.heard.values()))
    most = ", ".join(sorted(unwanted, key=lambda name: -unwanted[name])[:5])
    yield Finding(
        severity="warning",
        what=f"{share} % of what the switch sends is not needed ({most})",
        why="it costs both sides time, and Asterisk cuts a reader who falls behind",
        fix=f"manager.conf [{answers.user}]: {filter_line(answers.version)} ... "
        "(all of them: `callserver asterisk render DIR` writes them for this version)",
    )


def filter_line(version: str) -> str:
    """The first of the filter lines that this version understands."""
    if contract.has_advanced_event_filters(numbers(version) or (OLDEST, 0)):
        return f"eventfilter(action(include),name({contract.EVENTS[0]})) ="
    return f"eventfilter = ^Event: ({'|'.join(contract.CHANNEL_EVENTS[:3])}|...)[[:cntrl:]]"


def _timestamps(answers: Answers) -> Iterator[Finding]:
    if answers.timestamps:
        yield Finding(severity="ok", what="events carry their time")
    elif answers.timestamps is None:
        yield Finding(
            severity="note",
            what="whether events carry their time could not be seen: none came",
            why="without it times are those of arrival, and late where the line or this machine is",
            fix="manager.conf [general]: timestampevents = yes",
        )
    else:
        yield Finding(
            severity="warning",
            what="events carry no time",
            why="times are those of arrival: late where the line or this machine is, and guessed after a gap",
            fix="manager.conf [general]: timestampevents = yes",
        )


def _clock(answers: Answers) -> Iterator[Finding]:
    ahead = answers.clock_ahead_s
    if ahead is None:
        return
    if abs(ahead) <= CLOCK_S:
        yield Finding(severity="ok", what=f"the switch's clock is {ahead:+.1f} s from this machine's")
        return
    yield Finding(
        severity="error" if abs(ahead) > 60 else "warning",
        what=f"the switch's clock is {ahead:+.1f} s from this machine's",
        why="calls are written down in the switch's time: days, shifts and promises would be off by as much",
        fix="on both machines: `timedatectl set-ntp true`, or `apt install chrony`",
    )


def _members(answers: Answers) -> Iterator[Finding]:
    if answers.snapshot is None:
        return
    members = answers.snapshot.members
    blind = [member for member in members if _hides_its_phone(member)]
    for member in blind:
        extension = member.interface.partition("/")[2].partition("@")[0] or "1001"
        yield Finding(
            severity="warning",
            what=f"queue {member.queue}: {member.interface} has no state interface",
            why="the queue takes it for free while the phone is on a call: callers ring at a busy agent",
            fix=f"queues.conf [{member.queue}]: member => {member.interface},{member.penalty},"
            f"{member.member or extension},hint:{extension}@{contract.PHONES} "
            "(AddQueueMember and QueueAdd take it as StateInterface)",
        )
    unknown = [member for member in members if member.status in (0, 4) and member not in blind]
    for member in unknown:
        state = "invalid" if member.status == 4 else "unknown"
        yield Finding(
            severity="warning",
            what=f"queue {member.queue}: the state of {member.interface} is {state}",
            why="an unknown device counts as free, an invalid one is never rung",
            fix=f"queues.conf [{member.queue}]: member => (an endpoint that exists), or pjsip.conf: define it",
        )
    if not blind and not unknown:
        yield Finding(severity="ok", what=f"{len(members)} queue members, the state of each is known")


def _hides_its_phone(member: QueueMember) -> bool:
    return member.interface.startswith("Local/") and member.state_interface in (None, "", member.interface)


def _transfers(answers: Answers) -> Iterator[Finding]:
    live = answers.snapshot.channels if answers.snapshot else ()
    waiting = [one.application_data for one in live if one.application in _QUEUE_APP]
    without = sorted({data for data in waiting if not configured.lets_transfer(data)})
    for data in without:
        yield Finding(
            severity="warning",
            what=f"Queue({data}) lets nobody transfer",
            why="an agent's attended transfer fails in silence",
            fix=f"extensions.conf: Queue({configured.with_transfer(data)})",
        )
    if not waiting and "extensions.conf" not in answers.config:
        yield Finding(
            severity="note",
            what="whether agents may transfer could not be seen: nobody waits in a queue now",
            why="without the option t an agent's attended transfer fails in silence",
            fix="extensions.conf: Queue(NAME,t,...); with `config_dir` set the check reads it there",
        )


def _promises(answers: Answers) -> Iterator[Finding]:
    """What calls that callserver makes by itself need in the dialplan."""
    missing = [one for one in answers.no_contexts if one in contract.PROMISE_CONTEXTS]
    if missing:
        yield Finding(
            severity="warning",
            what=f"the dialplan has no context {', '.join(missing)}",
            why="callserver calls no customer by itself: calls that are owed wait for an agent to begin them",
            fix=_RENDERED,
        )
    else:
        yield Finding(severity="ok", what="the dialplan has what calls for promises need")


def _offers(answers: Answers) -> Iterator[Finding]:
    """What else callserver offers that needs a context of its own."""
    for context, without in _WITHOUT.items():
        if context in answers.no_contexts:
            what = f"the dialplan has no context {context}"
            yield Finding(severity="warning", what=what, why=without, fix=_RENDERED)


def _journals(answers: Answers) -> Iterator[Finding]:
    for kind in ("queue_log", "cel"):
        if kind not in answers.journal_settings:
            yield Finding(
                severity="warning",
                what=f"{kind} is not set",
                why="calls that came while callserver was blind cannot be found again",
                fix=f"callserver.toml [[asterisk]]: {kind} = {_usual(kind)}",
            )
    for journal in answers.journals:
        yield _journal(answers, journal)


def _usual(kind: str) -> str:
    file = contract.QUEUE_LOG_FILE if kind == "queue_log" else contract.CEL_FILE
    return f'"/var/log/asterisk/{file}"'


def _journal(answers: Answers, journal: Journal) -> Finding:
    booted = answers.snapshot.booted_at if answers.snapshot else None
    if journal.missing and journal.kind == "cel" and not answers.calls_processed:
        return Finding(
            severity="note",
            what=f"cel {journal.path}: there is no such file yet",
            why="Asterisk makes it with the first call; there has been none since the switch began",
            fix="make a call, then check again; " + _switch_on("cel"),
        )
    if journal.trouble:
        return Finding(
            severity="error",
            what=f"{journal.kind} {journal.path}: {journal.trouble}",
            why="calls that came while callserver was blind cannot be found again",
            fix=f"let callserver's user read it: `usermod -aG asterisk callserver`; and {_switch_on(journal.kind)}",
        )
    # Every start writes QUEUESTART into queue_log; CEL has a line only once there was a call.
    due = journal.kind == "queue_log" or bool(answers.calls_processed)
    if due and booted is not None and journal.modified_at is not None and journal.modified_at < booted - 2000:
        return Finding(
            severity="error",
            what=f"{journal.kind} {journal.path}: nothing was written since the switch began",
            why="it is another file than the one that this switch writes: reconciliation would find nothing",
            fix=f"callserver.toml [[asterisk]]: {journal.kind} = (the right one); and {_switch_on(journal.kind)}",
        )
    columns = journal.last_line.count('","') + 1
    if journal.kind == "cel" and journal.last_line and columns != answers.cel_columns:
        return Finding(
            severity="error",
            what=f"cel {journal.path}: {columns} columns, {answers.cel_columns} are expected",
            why="its lines would be read wrongly, or not at all",
            fix="cel_custom.conf [mappings]: as `callserver asterisk render DIR` writes it; "
            "or callserver.toml [[asterisk]]: cel_fields = [...]",
        )
    return Finding(severity="ok", what=f"{journal.kind} {journal.path} is readable")


def _switch_on(kind: str) -> str:
    if kind == "queue_log":
        return "logger.conf [general]: queue_log = yes, queue_log_to_file = yes"
    return "cel.conf [general]: enable = yes, apps = dial,queue,park, events = ALL"

"""`callserver asterisk`: the switch's side: configuration that we recommend, and what is wrong with one that is there.

In: options, settings. Out: configuration files; findings. Must not know: Asterisk's dialect.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.common import AsJson, Config, Pbx, chosen, json_line, settings
from callserver.cli.ending import Commands, Ending
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.ami.answers import Answers, Finding

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="The Asterisk's side: its configuration, and a check of it."
)

SECRET_FILE = "callserver-ami.secret"


@app.command()
def render(
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; files of the same name are replaced.")
    ],
    version: Annotated[str, typer.Option(metavar="N.N", help="The Asterisk it is for, 16 to 22.")] = "22",
    country: Annotated[str, typer.Option(metavar="CC", help="Whose tones are played, two letters.")] = "cn",
    user: Annotated[
        str, typer.Option(metavar="NAME", help="The manager user for callserver.")
    ] = "callserver",
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"That user's secret; made if it is not there. Default: DIR/{SECRET_FILE}",
            show_default=False,
        ),
    ] = None,
    permit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NET", help="From where callserver may log in; default 127.0.0.1/32.", show_default=False
        ),
    ] = None,
    bind: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Where its manager interface listens, e.g. 0.0.0.0 with --permit."
        ),
    ] = "127.0.0.1",
    phone: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER=NAME", help="An agent's phone; may be given again.", show_default=False),
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=EXTENSION", help="A queue; all phones are its members.", show_default=False
        ),
    ] = None,
    hotline: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER=QUEUE", help="A number that customers dial.", show_default=False),
    ] = None,
    trunk: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=HOST[:PORT]", help="A line to the outside.", show_default=False),
    ] = None,
    callback_key: Annotated[
        str,
        typer.Option(metavar="KEY", help="Who presses it while waiting is called back; empty: nobody is."),
    ] = "1",
) -> None:
    """Write the configuration that we recommend: manager user with the least rights, event filters,
    timestamps, hotline dialplan, queues, CEL, queue_log, phones; as the named version reads it.

    Without --phone, --queue and --hotline an example is written: phones 1001 to 1003, queue hotline, number
    4008. Rendering again keeps all passwords: they are made from the secret in the secret file.

    Examples: `callserver asterisk render ./etc --version 22.5 --phone "1001=Li Na" --queue repair=600`
    """
    from asterisk_conf.contract import PROMPTS
    from asterisk_conf.plan import PlanError
    from asterisk_conf.render import prompts
    from asterisk_conf.render import render as write

    place = secret_file or target / SECRET_FILE
    secret = _secret(place)
    try:
        plan = _plan(
            version=_version(version),
            country=country,
            bind=bind,
            managers=[(user, secret, tuple(permit or ["127.0.0.1/32"]))],
            phones=_pairs("--phone", phone or ["1001=Agent 1001", "1002=Agent 1002", "1003=Agent 1003"]),
            queues=_pairs("--queue", queue or ["hotline=600"]),
            hotlines=_pairs("--hotline", hotline or _first_hotline(queue)),
            trunks=_pairs("--trunk", trunk or []),
            callback_key=callback_key or None,
        )
        written = write(target, plan)
        spoken = prompts(target / "prompts")
    except PlanError as error:
        raise typer.BadParameter(str(error)) from None
    print(
        f"{len(written)} files in {target}, for Asterisk {version}; {len(spoken)} recordings in {target / 'prompts'}."
    )
    print(f"Recordings that called customers hear: copy {target / 'prompts'}/* to {PROMPTS}/ on the switch.")
    print(
        "Copy them to the switch, run `asterisk -rx 'core restart when convenient'`, and put into the settings:\n"
    )
    print(
        f'[[asterisk]]\nid = "main"\nhost = "127.0.0.1"\nuser = "{user}"\nsecret_file = "{place.absolute()}"'
    )
    print('queue_log = "/var/log/asterisk/queue_log"\ncel = "/var/log/asterisk/cel-custom/callserver.csv"')


@app.command()
def check(
    config: Config = None,
    pbx: Pbx = None,
    listen: Annotated[float, typer.Option(metavar="SECONDS", help="How long to listen to its events.")] = 3.0,
    as_json: AsJson = False,
) -> None:
    """Look at each Asterisk of the settings and say what is wrong, why it matters, and the line to change.

    Only reads. Looks at login and rights, version, event filters, timestamps, clock, journals, queue
    members, transfers; with `config_dir` in the settings at its configuration files too.

    Exit code 1 where something is wrong, 4 where an Asterisk cannot be reached or refuses the login.

    Example: `callserver asterisk check --pbx main`
    """
    from callserver.node.checking import look_over

    endings = [
        _shown(one.id, asyncio.run(look_over(one, listen)), as_json) for one in chosen(settings(config), pbx)
    ]
    if worst := max(endings, default=Ending.OK):
        raise typer.Exit(worst)


def _shown(pbx: str, answers: Answers, as_json: bool) -> Ending:
    from callserver.ami.check import findings

    found = findings(answers)
    for one in found:
        if as_json:
            json_line(
                {"pbx": pbx, "severity": one.severity, "what": one.what, "why": one.why, "fix": one.fix}
            )
        else:
            print("\n".join(lines(one, colours=sys.stdout.isatty())))
    if answers.unreachable or answers.login:
        return Ending.SWITCH
    wrong = any(one.severity in ("error", "warning") for one in found)
    return Ending.FINDINGS if wrong else Ending.OK


_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan", "ok": "green"}


def lines(finding: Finding, *, colours: bool = False) -> list[str]:
    """One finding: what, and below it why it matters and what to change."""
    word = f"{finding.severity:8}"
    head = typer.style(word, fg=_COLOURS[finding.severity], bold=True) if colours else word
    said = [f"{head} {printable(finding.what)}"]
    said += [f"         why: {printable(finding.why)}"] if finding.why else []
    return said + ([f"         fix: {printable(finding.fix)}"] if finding.fix else [])


def _first_hotline(queues: list[str] | None) -> list[str]:
    return [f"4008={queues[0].partition('=')[0] if queues else 'hotline'}"]


def _secret(place: Path) -> str:
    """The secret in the file; a new one where there is no file."""
    if place.exists():
        found = place.read_text("utf-8").strip()
        if not found:
            raise typer.BadParameter(f"{place} is empty")
        return found
    place.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(24)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made + "\n")
    return made


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
        raise typer.BadParameter(f"--version {text!r}: write 22 or 22.5")
    return tuple(int(part) for part in parts)


def _pairs(option: str, given: list[str]) -> list[tuple[str, str]]:
    pairs = [(left.strip(), right.strip()) for left, _, right in (text.partition("=") for text in given)]
    for text, (left, right) in zip(given, pairs, strict=True):
        if not left or not right:
            raise typer.BadParameter(f"{option} {text!r}: write two values with '=' between them")
    return pairs


def _plan(
    *,
    version: tuple[int, ...],
    country: str,
    bind: str,
    managers: list[tuple[str, str, tuple[str, ...]]],
    phones: list[tuple[str, str]],
    queues: list[tuple[str, str]],
    hotlines: list[tuple[str, str]],
    trunks: list[tuple[str, str]],
    callback_key: str | None,
) -> Any:
    from asterisk_conf import plan

    key = managers[0][1]
    members = tuple(plan.Member(phone=number) for number, _ in phones)
    return plan.Plan(
        version=version,
        country=country,
        manager_bind=bind,
        managers=tuple(
            plan.Manager(user=user, secret=secret, permit=permit) for user, secret, permit in managers
        ),
        phones=tuple(
            plan.Phone(endpoint=number, secret=_phone_secret(key, number), name=name)
            for number, name in phones
        ),
        queues=tuple(
            plan.Queue(name=name, title=name, extension=extension, members=members, callback_key=callback_key)
            for name, extension in queues
        ),
        hotlines=tuple(plan.Hotline(number=number, queue=queue) for number, queue in hotlines),
        trunks=tuple(_trunk(name, place) for name, place in trunks),
    )


def _trunk(name: str, place: str) -> Any:
    from asterisk_conf import plan

    host, colon, port = place.rpartition(":")
    if not colon:
        return plan.Trunk(name=name, host=place)
    if not (port.isascii() and port.isdigit()):
        raise typer.BadParameter(f"--trunk {place!r}: write NAME=HOST or NAME=HOST:PORT")
    return plan.Trunk(name=name, host=host, port=int(port))


def _phone_secret(key: str, number: str) -> str:
    """The same at every rendering with the same secret file, and of no use for finding that out."""
    return hmac.new(key.encode(), f"phone {number}".encode(), hashlib.sha256).hexdigest()[:24]

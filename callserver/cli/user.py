"""`callserver user` and `callserver team`: who may sign in, as what, on which queues.

In: settings, logins, roles, passwords typed or piped in (never arguments: every process list shows those). Out: users
and teams. Must not know: how they are kept.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.archive import actor, milliseconds, written
from callserver.cli.common import AsJson, Config, chunks, json_line
from callserver.cli.ending import Commands
from callserver.errors import BadValue
from callserver.facts import iso
from callserver.people.person import LANGUAGES, ROLES, Language, Place, Profile, Role

if TYPE_CHECKING:
    from callserver.store.engine import Connection
    from callserver.store.teams import Team
    from callserver.store.users import User

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Users: who may sign in, and as what.")
team_app = typer.Typer(cls=Commands, no_args_is_help=True, help="Teams: who works on which queues.")

_LONGEST = 10_000  # bytes of a password
Login = Annotated[str, typer.Argument(help="What they sign in with, such as li.na.")]
RoleOption = Annotated[str, typer.Option("--role", "-r", help=f"One of {', '.join(ROLES)}.")]


@app.command()
def add(
    login: Login,
    role: RoleOption = "agent",
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="What people call them; default: the login.")
    ] = None,
    team: Annotated[list[str] | None, typer.Option("--team", "-t", help="A team; once for each.")] = None,
    language: Annotated[str, typer.Option("--language", help=f"One of {', '.join(LANGUAGES)}.")] = "en",
    seat: Annotated[
        str | None,
        typer.Option("--seat", help="Their usual phone: SWITCH/INTERFACE, such as main/PJSIP/1001."),
    ] = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="They cannot sign in yet.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a user. The password is asked for, or read from standard input where that is no terminal.

    Example: `callserver user add li.na --role agent --name 'Li Na' --team repair`
    """
    from callserver.store import users

    wanted = users.Wanted(
        login=login,
        name=name or login,
        role=_role(role),
        language=_language(language),
        teams=team or (),
        seat=_seat(seat),
        password=None if no_password else _hashed(login, name or login),
    )

    def work(connection: Connection) -> User:
        return users.add(connection, wanted, actor(), milliseconds())

    _tell_user(written(config, work), as_json, "made")


def _seat(text: str | None) -> Place | None:
    if text is None:
        return None
    pbx, _, interface = text.partition("/")
    if not interface:
        raise typer.BadParameter("say SWITCH/INTERFACE, such as main/PJSIP/1001", param_hint="--seat")
    return Place(pbx=pbx, interface=interface)


@app.command(name="list")
def every(config: Config = None, as_json: AsJson = False) -> None:
    """All users: role, teams, whether they may sign in.

    Example: `callserver user list --json`
    """
    from callserver.store import users

    found = written(config, users.every)
    if as_json:
        json_line({"users": [_user(one) for one in found]})
        return
    for one in found:
        print(_line(one))
    if not found:
        print("no users; make one with `callserver user add LOGIN --role administrator`")


@app.command()
def show(login: Login, config: Config = None, as_json: AsJson = False) -> None:
    """One user, with their queues and where they are signed in.

    Example: `callserver user show li.na`
    """
    from callserver.store import sessions, users

    def work(connection: Connection) -> tuple[User, list[dict[str, Any]]]:
        user = users.by_login(connection, login)
        open_ = sessions.of(connection, user.person.id)
        return user, [{"since": iso(one.created_at), "address": one.address} for one in open_]

    user, open_ = written(config, work)
    if as_json:
        json_line({**_user(user), "sessions": open_})
        return
    print(_line(user))
    queues = ", ".join(f"{one.queue} (penalty {one.penalty})" for one in user.person.queues)
    print(f"  queues: {queues or 'none'}")
    for one in open_:
        print(f"  signed in since {one['since']} from {one['address']}")


@app.command()
def disable(login: Login, config: Config = None, as_json: AsJson = False) -> None:
    """They are signed out everywhere within two seconds and cannot sign in; their tokens end. Nothing is deleted.

    Example: `callserver user disable li.na`
    """
    _change(config, login, as_json, "disabled", disabled=True)


@app.command()
def enable(login: Login, config: Config = None, as_json: AsJson = False) -> None:
    """They may sign in again.

    Example: `callserver user enable li.na`
    """
    _change(config, login, as_json, "enabled", disabled=False)


@app.command()
def role(
    login: Login,
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(ROLES)}.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give them another role; they have to sign in again.

    Example: `callserver user role li.na supervisor`
    """
    _change(config, login, as_json, "changed", role=_role(role))


@app.command()
def teams(
    login: Login,
    team: Annotated[list[str] | None, typer.Argument(help="Their teams; none: take them out of all.")] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", "-q", help="Own queues in place of the teams': NAME or NAME:PENALTY."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put them into these teams and no others; without --queue they answer the teams' queues.

    Example: `callserver user teams li.na repair complaints`
    """
    own = None if queue is None else [_profile(one) for one in queue]
    _change(config, login, as_json, "changed", teams=team or [], own_queues=own)


@app.command()
def passwd(login: Login, config: Config = None, as_json: AsJson = False) -> None:
    """Give them another password, asked for or read from standard input; they are signed out everywhere.

    Example: `callserver user passwd li.na`
    """
    from callserver.store import users

    before = written(config, lambda connection: users.by_login(connection, login))
    password = _hashed(before.person.login, before.person.name)

    def work(connection: Connection) -> User:
        return users.set_password(connection, before.person.id, password, actor(), milliseconds())

    _tell_user(written(config, work), as_json, "has a new password")


# --- teams -----------------------------------------------------------------------------------------------------------

TeamName = Annotated[str, typer.Argument(help="The team's name.")]


@team_app.command(name="add")
def add_team(
    name: TeamName,
    queue: Annotated[list[str] | None, typer.Option("--queue", "-q", help="A queue; once for each.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a team.

    Example: `callserver team add repair --queue repair --queue complaints`
    """
    from callserver.store import teams

    made = written(
        config, lambda connection: teams.add(connection, name, queue or [], actor(), milliseconds())
    )
    _tell_team(made, as_json)


@team_app.command(name="list")
def every_team(config: Config = None, as_json: AsJson = False) -> None:
    """All teams, with their queues and how many people are in them.

    Example: `callserver team list`
    """
    from callserver.store import teams

    found = written(config, teams.every)
    if as_json:
        json_line({"teams": [_team(one) for one in found]})
        return
    for one in found:
        _tell_team(one, as_json=False)
    if not found:
        print("no teams; make one with `callserver team add NAME --queue QUEUE`")


@team_app.command()
def queues(
    name: TeamName,
    queue: Annotated[list[str] | None, typer.Argument(help="The queues that they answer.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give a team these queues and no others.

    Example: `callserver team queues repair repair complaints`
    """
    from callserver.store import teams

    def work(connection: Connection) -> Team:
        team = teams.by_name(connection, name)
        return teams.change(connection, team.id, actor(), milliseconds(), queues=queue or [])

    _tell_team(written(config, work), as_json)


# --- what is said ----------------------------------------------------------------------------------------------------


def _tell_user(user: User, as_json: bool, done: str) -> None:
    if as_json:
        json_line(_user(user))
        return
    print(f"user {user.person.login} ({user.person.name}, {user.person.role}): {done}")


def _line(user: User) -> str:
    state = "" if user.enabled else f"  disabled {iso(user.disabled_at)}"
    state += "" if user.has_password else "  no password"
    teams = ", ".join(user.person.teams) or "no team"
    return f"{user.person.id:>4}  {user.person.login}  {user.person.name}  {user.person.role}  {teams}{state}"


def _user(user: User) -> dict[str, Any]:
    person = user.person
    return {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "role": person.role,
        "language": person.language,
        "teams": list(person.teams),
        "queues": [{"queue": one.queue, "penalty": one.penalty} for one in person.queues],
        "has_password": user.has_password,
        "disabled_at": iso(user.disabled_at),
        "created_at": iso(user.created_at),
    }


def _team(team: Team) -> dict[str, Any]:
    return {"id": team.id, "name": team.name, "queues": list(team.queues), "members": list(team.members)}


def _tell_team(team: Team, as_json: bool) -> None:
    if as_json:
        json_line(_team(team))
        return
    print(f"{team.id:>4}  {team.name}  {', '.join(team.queues) or 'no queue'}  {len(team.members)} people")


# --- what is given ---------------------------------------------------------------------------------------------------


def _role(text: str) -> Role:
    for one in ROLES:
        if one == text:
            return one
    raise BadValue("--role", f"there is no role {text!r}; there are {', '.join(ROLES)}")


def _language(text: str) -> Language:
    for one in LANGUAGES:
        if one.lower() == text.lower():
            return one
    raise BadValue("--language", f"one of {', '.join(LANGUAGES)}")


def _profile(text: str) -> Profile:
    queue, colon, penalty = text.rpartition(":")
    if not colon:
        return Profile(queue=text)
    if not (penalty.isascii() and penalty.isdigit() and len(penalty) < 6):
        raise BadValue("--queue", "write NAME or NAME:PENALTY")
    return Profile(queue=queue, penalty=int(penalty))


def _hashed(login: str, name: str) -> str:
    """What is kept of the password that is typed twice, or piped in as one line. Raises BadValue."""
    from callserver.people.passwords import checked
    from callserver.web.passwords import Passwords

    typed = checked(_typed(), login, name)

    async def hash() -> str:
        passwords = Passwords()
        try:
            return await passwords.hashed(typed)
        finally:
            passwords.close()

    return asyncio.run(hash())


def _typed() -> str:
    if not os.isatty(0):
        return _first_line().decode("utf-8", "replace").rstrip("\r")
    first = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != first:
        raise BadValue("password", "the two are not the same")
    return first


def _first_line() -> bytes:
    """Of standard input, and not more of it than any password has."""
    got = b""
    for chunk in chunks(Path("-")):
        got += chunk
        if b"\n" in got or len(got) > _LONGEST:
            break
    return got.partition(b"\n")[0][:_LONGEST]


def _change(config: Any, login: str, as_json: bool, done: str, **wanted: Any) -> None:
    from callserver.store import users

    def work(connection: Connection) -> User:
        user = users.by_login(connection, login).person.id
        return users.change(connection, user, users.Changes(**wanted), actor(), milliseconds())

    _tell_user(written(config, work), as_json, done)

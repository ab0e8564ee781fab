"""`callserver token`: who may use the API, for what and how long.

In: settings, names, rights, ends. Out: tokens; the text of a new one, once. Must not know: how tokens are kept.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.archive import written
from callserver.cli.common import AsJson, Config, json_line
from callserver.cli.ending import Commands
from callserver.errors import BadValue
from callserver.facts import Actor, Instant, iso

if TYPE_CHECKING:
    from callserver.store.engine import Connection
    from callserver.store.tokens import Token

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Tokens of the API.")

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, such as crm.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", "-s", help="A right, such as customers:read; give it once for each."),
    ] = None,
    every_scope: Annotated[bool, typer.Option("--all", help="All rights.")] = False,
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="It ends after so long: 12h, 90d, 52w.", show_default=False),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it. It is printed now and never again.

    Example: `callserver token create crm --scope customers:read --scope tickets:write --expires 90d`
    """
    from callserver.store import audit, tokens
    from callserver.store.audit_changes import NOTHING, changed

    wanted = list(tokens.SCOPES) if every_scope else scope or []
    if not wanted:
        raise BadValue("--scope", f"name at least one right, or --all: {', '.join(tokens.SCOPES)}")
    now = _now()
    ends = None if expires is None else now + milliseconds(expires)
    actor = Actor(name="operator", through="cli")

    def work(connection: Connection) -> tuple[Token, str]:
        made, text = tokens.create(connection, name, wanted, actor, now, expires_at=ends)
        detail = changed(NOTHING, tokens.told(made))
        audit.note(connection, actor, "token.created", f"token:{made.id}", detail, now)
        return made, text

    made, text = written(config, work)
    if as_json:
        json_line({**_told(made), "token": text})
        return
    print(text)
    typer.echo(f"token {made.id} ({made.name}): keep it, it cannot be shown again", err=True)


@app.command(name="list")
def every(config: Config = None, as_json: AsJson = False) -> None:
    """All tokens: whose, what for, how long, when last used; not their texts, which nobody knows.

    Example: `callserver token list --json`
    """
    from callserver.store import tokens

    found = written(config, tokens.every)
    if as_json:
        json_line({"tokens": [_told(one) for one in found]})
        return
    now = _now()
    for one in found:
        used = iso(one.last_used_at) or "never used"
        print(f"{one.id:>4}  {one.name}  {_state(one, now)}  {used}  {' '.join(sorted(one.scopes))}")
    if not found:
        print("no tokens; make one with `callserver token create`")


@app.command()
def revoke(
    id: Annotated[int, typer.Argument(help="Its number, from `callserver token list`.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """It opens nothing any more: within two seconds on every running server.

    Example: `callserver token revoke 3`
    """
    from callserver.store import audit, tokens
    from callserver.store.audit_changes import NOTHING, changed

    now = _now()
    actor = Actor(name="operator", through="cli")

    def work(connection: Connection) -> Token:
        revoked = tokens.revoke(connection, id, now)
        if revoked.revoked_at == now:
            detail = changed(tokens.told(revoked), NOTHING)
            audit.note(connection, actor, "token.revoked", f"token:{id}", detail, now)
        return revoked

    revoked = written(config, work)
    if as_json:
        json_line(_told(revoked))
        return
    print(f"token {revoked.id} ({revoked.name}): revoked since {iso(revoked.revoked_at)}")


def milliseconds(text: str) -> int:
    """A span of time such as `90d`, in milliseconds. Raises BadValue."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text.strip(), re.ASCII)
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if span is None or span > _LONGEST:
        raise BadValue("--expires", "write a number and m, h, d or w, such as 90d")
    return round(span.total_seconds() * 1000)


def _state(one: Token, now: Instant) -> str:
    if one.revoked_at is not None:
        return f"revoked {iso(one.revoked_at)}"
    if one.expires_at is None:
        return "good for ever"
    return f"{'good until' if one.good(now) else 'ended'} {iso(one.expires_at)}"


def _told(one: Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "created_by": one.created_by,
        **{
            name: iso(getattr(one, name))
            for name in ("created_at", "expires_at", "last_used_at", "revoked_at")
        },
    }


def _now() -> Instant:
    return time.time_ns() // 1_000_000

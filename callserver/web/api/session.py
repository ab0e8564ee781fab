"""The API of signing in and out, for the server's own pages.

In: what somebody typed. Out: cookies, who they are. Must not know: how passwords and sessions are kept (`door`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict
from callserver.people import Language, naming, passwords
from callserver.store import sessions
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.door import Door

api = Operations("session", "Signing in and out: for the server's own pages, with cookies.")

Login = Annotated[str, Meta(min_length=1, max_length=4 * naming.LOGIN_LENGTH, examples=["li.na"])]
Password = Annotated[
    str,
    Meta(
        max_length=passwords.MOST,
        description=f"At least {passwords.FEWEST} characters, and nothing that anybody would guess.",
    ),
]


class SignIn(Struct, frozen=True, kw_only=True):
    """What somebody typed."""

    login: Login
    password: Annotated[str, Meta(max_length=passwords.MOST)]


class FirstRun(Struct, frozen=True, kw_only=True):
    """The first administrator. `key` comes from the set-up link in the server's log."""

    key: Annotated[str, Meta(min_length=1, max_length=100)]
    login: Login
    name: Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH)]
    password: Password
    language: Language = "en"


class ChosenPassword(Struct, frozen=True, kw_only=True):
    """`key` comes from the link that an administrator gave."""

    key: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Password


@api("POST", "/session", scope=None, status=204, secret=True, open=True)
async def sign_in(asked: Asked, body: SignIn) -> Done[None]:
    """Sign in: the answer sets the cookies of this browser.

    401 says that login or password is wrong, not which; 429 that there were too many wrong tries from there.
    """
    entered = await door(asked).sign_in(body.login, body.password, asked.visit)
    return Done(None, cookies=entered.cookies)


@api("DELETE", "/session", scope=None, status=204, guarded=False, errors=(409,))
async def sign_out(asked: Asked) -> Done[None]:
    """Sign out: this session ends, others of the same person go on."""
    person, session = asked.person, asked.visit.session
    if person is None or session is None:
        raise Conflict("this is a token, which signs nobody in")
    await door(asked).changed(lambda c: sessions.end(c, person.id, session, asked.actor, asked.now))
    return Done(None, cookies=(door(asked).front.end_session(),))


@api("POST", "/first-run", scope=None, status=204, secret=True, open=True, errors=(409,))
async def make_first_administrator(asked: Asked, body: FirstRun) -> Done[None]:
    """Make the first administrator, with the key of a set-up link; they are signed in at once."""
    if not body.name.strip():
        raise BadValue("name", "must not be empty")
    entered = await door(asked).first_run(
        body.key, body.login, body.name, body.password, body.language, asked.visit
    )
    return Done(None, cookies=entered.cookies)


@api("POST", "/new-password", scope=None, status=204, secret=True, open=True)
async def choose_password(asked: Asked, body: ChosenPassword) -> Done[None]:
    """Choose one's password, with the key of a link; whoever does is signed in at once, and nowhere else any more."""
    entered = await door(asked).chosen_password(body.key, body.password, asked.visit)
    return Done(None, cookies=entered.cookies)


def door(asked: Asked) -> Door:
    """Where people come in; every running server has one."""
    assert asked.site.door is not None
    return asked.site.door

"""How people come in: with login and password, or with the set-up link where there is nobody yet.

In: what somebody typed, and from where. Out: who they are, and the cookies of their browser; Refused where they may
not. Must not know: HTTP's bytes, pages.

Whether a login exists shows nowhere: the same answer, after the same work, and what is counted is counted alike.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from callserver.errors import BadValue, Conflict
from callserver.facts import Actor, Instant
from callserver.people import Language, Person, lockout, naming
from callserver.people.passwords import checked, normal
from callserver.store import password_links, set_up, users
from callserver.store import sessions as store_sessions
from callserver.store.engine import Connection, Store
from callserver.store.sessions import hashed
from callserver.store.users import Credentials, Wanted
from callserver.web.api.problems import Refused
from callserver.web.cookies import Front, Visit
from callserver.web.passwords import Crowded, Passwords
from callserver.web.sessions import Sessions

log = structlog.get_logger(__name__)

T = TypeVar("T")
WRONG = "login or password is wrong"
CROWDED_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody is in. `cookies`: Set-Cookie headers for their browser."""

    person: Person
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """Where people come in. `seconds`: a clock that only goes forward, for delays."""

    store: Store
    sessions: Sessions
    passwords: Passwords
    front: Front
    clock: Callable[[], Instant]
    seconds: Callable[[], float] = time.monotonic
    failures: lockout.Failures = field(default_factory=lockout.Failures)

    # --- signing in --------------------------------------------------------------------------------------

    async def sign_in(self, login: str, password: str, visit: Visit) -> Entered:
        """A new session. Raises Refused: 401 for a wrong login or password, 429 where there were too many wrong
        ones."""
        typed, name = normal(password), naming.folded(login)
        kept, browser = await self.store.read(lambda c: _looked_up(c, name, visit, self.clock()))
        right = await self._tried(name, kept, typed, visit, browser)
        if not right or kept is None:
            log.info("sign-in refused", login=name, address=visit.address)
            raise Refused(401, WRONG, WWW_Authenticate='Session realm="callserver"')
        return await self._let_in(kept, visit)

    async def _tried(
        self, login: str, kept: Credentials | None, typed: str, visit: Visit, browser: str | None
    ) -> bool:
        """Whether the password is right; a wrong one counts. Raises Refused 429, 503."""
        who = lockout.counted(login, visit.address, browser)
        wait = self.failures.begin(who, self.seconds())
        if wait > 0:
            said = math.ceil(wait)
            raise Refused(429, f"too many wrong tries: try again in {said} s", Retry_After=str(said))
        secret = kept.password if kept is not None and kept.enabled else None
        try:
            verdict = await self.passwords.fits(secret, typed, known=browser is not None)
            if verdict.outdated and kept is not None and kept.password is not None:
                await self._rehash(kept, kept.password, typed)
        except Crowded:
            self.failures.not_made(who, self.seconds())
            raise _crowded() from None
        if verdict.right:
            self.failures.was_right(who, self.seconds())
        return verdict.right

    async def _rehash(self, kept: Credentials, before: str, typed: str) -> None:
        after = await self.passwords.hashed(typed)
        await self.store.write(lambda connection: users.rehash(connection, kept.user, before, after))

    async def _let_in(self, kept: Credentials, visit: Visit) -> Entered:
        now = self.clock()

        def enter(connection: Connection) -> tuple[Person, str, str]:
            user = users.one(connection, kept.user)
            if not user.enabled:  # switched off while the password was looked at
                raise Refused(401, WRONG)
            return user.person, *self._begun(connection, user.person, visit, now)

        person, text, device = await self.store.write(enter)
        return self._entered(person, text, device)

    def _begun(self, connection: Connection, person: Person, visit: Visit, now: Instant) -> tuple[str, str]:
        """A session and a known browser, both with texts that nobody had before."""
        _, text = store_sessions.begin(
            connection,
            person.id,
            actor_of(person),
            now,
            life=self.sessions.life,
            address=visit.address,
            browser=visit.browser,
            instead_of=visit.session_text,
        )
        return text, store_sessions.remember(connection, person.id, visit.device_text, now)

    def _entered(self, person: Person, text: str, device: str) -> Entered:
        self.sessions.look_again()
        return Entered(person=person, cookies=(self.front.set_session(text), self.front.set_device(device)))

    async def changed(self, work: Callable[[Connection], T]) -> T:
        """Change people or sessions, and see it at once here; other nodes see it within two seconds."""
        done = await self.store.write(work)
        self.sessions.look_again()
        return done

    # --- passwords ---------------------------------------------------------------------------------------

    async def new_password(self, password: str, *known: str, field: str = "password") -> str:
        """What is kept of a new password. `known`: its owner's login and name. Raises BadValue, Refused 503."""
        try:
            return await self.passwords.hashed(checked(password, *known))
        except BadValue as error:
            raise BadValue(field, error.why) from None
        except Crowded:
            raise _crowded() from None

    async def change_password(self, person: Person, old: str, new: str, visit: Visit) -> Entered:
        """Their own: the old one is asked for, every session ends, and this browser gets a new one. Raises Refused 429,
        BadValue for a wrong old one or a new one that cannot be."""
        kept = await self.store.read(lambda connection: users.credentials(connection, person.login))
        # Counted as if the session were a browser of its own: whoever took it cannot guess on and on, nor keep others
        # out.
        if not await self._tried(person.login, kept, normal(old), visit, f"session {visit.session}"):
            raise BadValue("old", "is not the present password")
        secret = await self.new_password(new, person.login, person.name, field="new")
        now = self.clock()

        def change(connection: Connection) -> tuple[Person, str, str]:
            changed = users.set_password(connection, person.id, secret, actor_of(person), now)
            return changed.person, *self._begun(connection, changed.person, visit, now)

        return self._entered(*await self.store.write(change))

    async def chosen_password(self, key: str, password: str, visit: Visit) -> Entered:
        """Whoever was given a link chooses their password and is let in; every other session of theirs ends. Raises
        Refused 429, Forbidden where the link is used up, BadValue."""
        who = lockout.counted("password link", visit.address, None)
        if wait := self.failures.begin(who, self.seconds()):
            raise Refused(429, "too many wrong tries", Retry_After=str(math.ceil(wait)))
        user = await self.store.read(lambda connection: password_links.whose(connection, key, self.clock()))
        self.failures.was_right(who, self.seconds())
        secret = await self.new_password(password, user.person.login, user.person.name)
        now = self.clock()

        def choose(connection: Connection) -> tuple[Person, str, str]:
            person = password_links.use(connection, key, now).person
            users.set_password(connection, person.id, secret, actor_of(person), now)
            return person, *self._begun(connection, person, visit, now)

        return self._entered(*await self.store.write(choose))

    # --- the first one -----------------------------------------------------------------------------------

    async def first_run(
        self, key: str, login: str, name: str, password: str, language: Language, visit: Visit
    ) -> Entered:
        """Make the first administrator and let them in. Raises Refused 403 for a link that is used up, Conflict where
        there is an administrator, BadValue."""
        who = lockout.counted("first run", visit.address, None)
        if wait := self.failures.begin(who, self.seconds()):
            raise Refused(429, "too many wrong tries", Retry_After=str(math.ceil(wait)))
        if not await self.store.read(lambda connection: set_up.opens(connection, key, self.clock())):
            raise Refused(403, "this link is used up: restart the server for a new one")
        self.failures.was_right(who, self.seconds())
        wanted = Wanted(
            login=login,
            name=name,
            role="administrator",
            language=language,
            password=await self.new_password(password, login, name),
        )
        now = self.clock()

        def make(connection: Connection) -> tuple[Person, str, str]:
            set_up.use(connection, key, now)
            if users.has_administrator(connection):
                raise Conflict("there is an administrator already")
            made = users.add(connection, wanted, Actor(name="set-up link", through="screen"), now)
            return made.person, *self._begun(connection, made.person, visit, now)

        return self._entered(*await self.store.write(make))


def actor_of(person: Person) -> Actor:
    """As whom they do things."""
    return Actor(name=person.name, through="screen")


def _looked_up(
    connection: Connection, login: str, visit: Visit, now: Instant
) -> tuple[Credentials | None, str | None]:
    """What is kept of this login, and the browser where it was signed in before."""
    kept = users.credentials(connection, login)
    if kept is None or visit.device_text is None:
        return kept, None
    known = store_sessions.knows(connection, kept.user, visit.device_text, now)
    return kept, hashed(visit.device_text) if known else None


def _crowded() -> Refused:
    return Refused(
        503, "too many sign in at this moment: try again in some seconds", Retry_After=str(CROWDED_S)
    )

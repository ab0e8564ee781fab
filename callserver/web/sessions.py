"""Who is signed in: answered from memory, as the store said it a moment ago.

In: the texts of cookies. Out: bearers; word of sessions that ended. Must not know: HTTP, passwords. All sessions are in
memory. Every change of who may do what counts up a number in the store; that number is read again when it is older
than `FRESH_S`, and only the sessions of those whom a change was about are read anew. So a request costs no look-up, and
a disabled user's session is over within `FRESH_S` on every node: for requests because they ask, for open streams
because a task of this one looks every second and calls whoever wants to hear of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import structlog

from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.people import Person, UserId, scopes_of
from callserver.store import changes, users
from callserver.store import sessions as store_sessions
from callserver.store.engine import Connection, Store
from callserver.store.sessions import Life, Session, SessionId, genuine, hashed
from callserver.web.api.keyring import Bearer

log = structlog.get_logger(__name__)

FRESH_S = 1.5
LOOK_S = 1.0
USED_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNews:
    """What became of a session. "ended": it opens nothing any more. "changed": the person may do other things now, or
    is called something else; `person` is how they are now."""

    session: SessionId
    user: UserId
    what: Literal["ended", "changed"]
    person: Person | None


Hear = Callable[[SessionNews], None]
_Read = tuple[int, dict[str, Session], dict[UserId, users.User]]


class Sessions:
    """All sessions that open something."""

    def __init__(self, store: Store, life: Life, clock: Callable[[], Instant]) -> None:
        self.life = life
        self._store = store
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._people: dict[UserId, Person] = {}
        self._number = -1  # of the last change that is in memory
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        self._used: dict[SessionId, Instant] = {}  # here
        self._written: dict[SessionId, Instant] = {}  # what the store was told of it
        self._hearing: list[Hear] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    # --- asked -------------------------------------------------------------------------------------------

    async def bearer(self, text: str, *, anew: bool = False) -> Bearer | None:
        """Whose session this is. Raises StoreError where the store cannot be asked.

        anew: the store is asked now, because the session may have begun a moment ago on another node.
        """
        if not genuine(text):
            return None
        await self._refresh(0.0 if anew else FRESH_S)
        found = self._sessions.get(hashed(text))
        if found is None:
            return None
        now = self._clock()
        if not self._seen(found).good(self.life, now):
            # Perhaps it was used on another node, which says so in the store.
            await self._read({found.user})
            found = self._sessions.get(hashed(text))
        person = None if found is None else self._people.get(found.user)
        if found is None or person is None or not self._seen(found).good(self.life, now):
            return None
        self._note_use(found.id, now)
        return bearer_of(person, found.id)

    def person(self, user: UserId) -> Person | None:
        """Who that is, as it was a moment ago; None where they are not signed in."""
        return self._people.get(user)

    def is_open(self, session: SessionId) -> bool:
        """Whether this one was good a moment ago."""
        return any(one.id == session for one in self._sessions.values())

    def on_ended(self, hear: Hear) -> Callable[[], None]:
        """Be called for every session that ends or changes, within two seconds, on every node; gives back how to stop
        that. It must not wait, nor raise."""
        self._hearing.append(hear)
        return lambda: self._hearing.remove(hear)

    def look_again(self) -> None:
        """Something was changed here just now: the next one who asks makes us look, and the task does at once."""
        self._read_at = None

    # --- running -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look every second, for those who listen."""
        self._looking = asyncio.create_task(self._look(), name="ended sessions")

    async def close(self) -> None:
        """Let what is being written come to its end."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._refresh(LOOK_S)
                await self._end_the_idle()
            except StoreError as error:
                log.warning("sessions cannot be read", error=str(error))
            except Exception:
                log.exception("sessions cannot be read")

    async def _end_the_idle(self) -> None:
        now = self._clock()
        over = {one.user for one in self._sessions.values() if not self._seen(one).good(self.life, now)}
        if over:
            await self._read(over)

    # --- reading -----------------------------------------------------------------------------------------

    async def _refresh(self, age_s: float) -> None:
        oldest = asyncio.get_running_loop().time() - age_s
        if self._read_since(oldest):
            return
        async with self._reading:
            if self._read_since(oldest):  # somebody else has read while we waited
                return
            begun = asyncio.get_running_loop().time()
            number = self._number
            news = await self._store.read(lambda connection: _news(connection, number))
            if news is not None:
                self._take(news, everybody=number < 0)
            self._read_at = begun

    def _read_since(self, moment: float) -> bool:
        return self._read_at is not None and self._read_at >= moment

    async def _read(self, people: set[UserId]) -> None:
        """These people's sessions anew, whatever the number says."""
        async with self._reading:
            number = self._number
            self._take(
                await self._store.read(lambda connection: _of(connection, number, people)), people=people
            )

    def _take(self, read: _Read, *, everybody: bool = False, people: Iterable[UserId] | None = None) -> None:
        number, found, who = read
        about = set(self._people) | set(who) if everybody else set(people if people is not None else who)
        self._number = number
        now = self._clock()
        kept = {
            hash: one
            for hash, one in found.items()
            if who[one.user].enabled and self._seen(one).good(self.life, now)
        }
        before = {hash: one for hash, one in self._sessions.items() if one.user in about}
        old_people = {user: self._people.get(user) for user in about}
        for hash in before:
            del self._sessions[hash]
        self._sessions |= kept
        signed_in = {one.user for one in kept.values()}
        for user in about:
            if user in signed_in:
                self._people[user] = who[user].person
            else:
                self._people.pop(user, None)
        for hash, one in before.items():
            if hash not in kept:
                self._used.pop(one.id, None)
                self._written.pop(one.id, None)
                self._tell(SessionNews(session=one.id, user=one.user, what="ended", person=None))
            elif (person := self._people[one.user]) != old_people[one.user]:
                self._tell(SessionNews(session=one.id, user=one.user, what="changed", person=person))

    def _tell(self, news: SessionNews) -> None:
        for hear in tuple(self._hearing):
            try:
                hear(news)
            except Exception:
                log.exception("somebody who heard of a session's end failed")

    # --- use ---------------------------------------------------------------------------------------------

    def _seen(self, session: Session) -> Session:
        """With what is known here of its last use."""
        used = self._used.get(session.id, session.seen_at)
        if used <= session.seen_at:
            return session
        return Session(
            id=session.id,
            user=session.user,
            created_at=session.created_at,
            seen_at=used,
            address=session.address,
            browser=session.browser,
        )

    def _note_use(self, id: SessionId, now: Instant) -> None:
        self._used[id] = now
        if now - self._written.get(id, now - USED_EVERY_MS) < USED_EVERY_MS:
            return
        self._written[id] = now
        task = asyncio.create_task(self._write_use(id, now), name=f"last use of session {id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_use(self, id: SessionId, now: Instant) -> None:
        with contextlib.suppress(StoreError):  # the next use says it again
            await self._store.write(lambda connection: store_sessions.used(connection, [id], now))


def bearer_of(person: Person, session: SessionId) -> Bearer:
    """A person who asks through a screen."""
    return Bearer(
        id=f"user:{person.id}",
        name=person.name,
        scopes=scopes_of(person.role),
        person=person,
        owner=person.id,
        session=session,
        through="screen",
    )


def _news(connection: Connection, number: int) -> _Read | None:
    """What is new since that number; None: nothing. The number is read first: what comes meanwhile is read twice."""
    latest = changes.latest(connection)
    if latest == number:
        return None
    return _of(connection, latest, None if number < 0 else changes.since(connection, number))


def _of(connection: Connection, number: int, people: set[UserId] | None) -> _Read:
    found = store_sessions.by_hash(connection, people)
    wanted = {one.user for one in found.values()} | (people or set())
    return number, found, users.some(connection, wanted)

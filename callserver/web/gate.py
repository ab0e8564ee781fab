"""Who asks: by the token that a request carries, or by the cookie of somebody who is signed in.

In: requests. Out: bearers, and whether one may go on asking. Must not know: what a right allows, how a session begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from callserver.store import users
from callserver.store.engine import Store
from callserver.web.api.keyring import Bearer, Keyring
from callserver.web.api.problems import Refused
from callserver.web.cookies import Front
from callserver.web.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Gate:
    """Where everybody passes who asks."""

    store: Store
    keyring: Keyring
    sessions: Sessions
    front: Front

    async def bearer(self, request: web.Request, *, anew: bool = False) -> Bearer | None:
        """Who asks; None: nobody that is known. A request with a token is the token's, whatever its cookies say.

        anew: the store is asked now. Raises StoreError.
        """
        if "Authorization" in request.headers:
            text = token(request)
            return None if text is None else await self.keyring.bearer(text, anew=anew)
        session = self.front.session(request)
        return None if session is None else await self.sessions.bearer(session, anew=anew)

    def must_be_ours(self, request: web.Request, bearer: Bearer) -> None:
        """What comes with a cookie comes from a page of ours, where it changes something or opens a stream. Raises
        Refused 403."""
        if bearer.session is None:
            return
        self.front.must_be_ours(request)
        if "Upgrade" in request.headers and not self.front.is_ours(request):
            raise Refused(403, "this request comes from a page of another origin")

    async def current(self, bearer: Bearer) -> Bearer | None:
        """Somebody who was let in with a token, with the rights that it has now; None where they may not stay. For
        streams: right to two seconds. Raises StoreError."""
        return await self.keyring.current(bearer.id)

    async def has_people(self) -> bool:
        """Whether anybody could sign in."""
        return await self.store.read(users.has_administrator)


def token(request: web.Request) -> str | None:
    """The token that the request carries, None where there is none; two headers are none."""
    given = request.headers.getall("Authorization", [])
    scheme, _, text = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return text.strip() if scheme.lower() == "bearer" and text.strip() else None

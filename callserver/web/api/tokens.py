"""The API of tokens: who may use the API, and for what.

In: names, rights, ends. Out: tokens; the text of a new one, once. Must not know: how tokens are kept. Nobody can give a
right that they do not have themselves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.errors import Forbidden
from callserver.store import audit, tokens
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.engine import Connection
from callserver.store.tokens import NAME_LENGTH, Scope, Token
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import Moment, at, moment

api = Operations("tokens", "Who may use this API, for what and how long.")


class NewToken(Struct, frozen=True, kw_only=True):
    """What a token is to be."""

    name: Annotated[
        str, Meta(min_length=1, max_length=NAME_LENGTH, description="Whose it is.", examples=["crm"])
    ]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=50, description="Its rights.")]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class TokenShown(Struct, frozen=True, kw_only=True):
    """What is known of a token. `last_used_at` is right to about a minute; `user`, `parent`: the person and the token
    with whom it ends, because they made it.
    """

    id: int
    name: str
    scopes: list[str]
    created_at: Moment | None
    created_by: str
    expires_at: Moment | None
    last_used_at: Moment | None
    revoked_at: Moment | None
    user: int | None
    parent: int | None


class TokenGiven(TokenShown, frozen=True, kw_only=True):
    """A new token. `token` is its text: it is told now and never again."""

    token: str


class Tokens(Struct, frozen=True, kw_only=True):
    """All tokens."""

    tokens: list[TokenShown]


@api("GET", "/tokens", scope="tokens:manage")
def list_tokens(connection: Connection, asked: Asked) -> Done[Tokens]:
    """All tokens, the revoked and expired ones too."""
    return Done(Tokens(tokens=[shown(one) for one in tokens.every(connection)]))


@api("POST", "/tokens", scope="tokens:manage", status=201, secret=True)
def create_token(connection: Connection, asked: Asked, body: NewToken) -> Done[TokenGiven]:
    """Make a token. Its text is in the answer and can never be read again.

    One that a user makes opens nothing while that user is disabled, and may never do more than they may. One that a
    token makes ends with that token.
    """
    if missing := sorted(set(body.scopes) - asked.scopes):
        raise Forbidden(f"nobody can give a right that they do not have: {', '.join(missing)}")
    made, text = tokens.create(
        connection,
        body.name,
        body.scopes,
        asked.actor,
        asked.now,
        expires_at=at(body.expires_at),
        user=asked.owner,
        parent=_token_of(asked),
    )
    detail = changed(NOTHING, tokens.told(made))
    audit.note(connection, asked.actor, "token.created", f"token:{made.id}", detail, asked.now)
    return Done(TokenGiven(**_known(made), token=text), location=f"/tokens/{made.id}")


@api("GET", "/tokens/{id}", scope="tokens:manage")
def read_token(connection: Connection, asked: Asked, id: Id) -> Done[TokenShown]:
    """One token by its id."""
    return Done(shown(tokens.one(connection, id)))


@api("DELETE", "/tokens/{id}", scope="tokens:manage", guarded=False)
def revoke_token(connection: Connection, asked: Asked, id: Id) -> Done[TokenShown]:
    """Revoke a token: within seconds it opens nothing any more, on every node. It stays in the list."""
    before = tokens.one(connection, id)
    if before.revoked_at is None:
        detail = changed(tokens.told(before), NOTHING)
        audit.note(connection, asked.actor, "token.revoked", f"token:{id}", detail, asked.now)
    return Done(shown(tokens.revoke(connection, id, asked.now)))


def _token_of(asked: Asked) -> int | None:
    kind, _, id = asked.token.partition(":")
    return int(id) if kind == "token" else None


def shown(token: Token) -> TokenShown:
    """As the API tells it."""
    return TokenShown(**_known(token))


def _known(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_by": token.created_by,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "last_used_at": moment(token.last_used_at),
        "revoked_at": moment(token.revoked_at),
        "user": token.user_id,
        "parent": token.parent_id,
    }

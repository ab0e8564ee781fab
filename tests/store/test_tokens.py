"""Tokens in the store: recognised, kept as a hash, revoked."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor
from callserver.store import tokens
from callserver.store.desk import tokens as table
from callserver.store.engine import Store

NOW = 1_795_000_000_000
LI = Actor(name="Li Na", through="cli")


def test_a_token_is_recognised_by_sight_and_what_was_made_up_is_not() -> None:
    text = tokens.new_text()
    assert len(text) == 3 + 43 + 6
    assert tokens.genuine(text)
    for wrong in (text[:-1], text + "0", "CS_" + text[3:], text[:3] + "0" * 43 + text[-6:], "", "cs_"):
        assert not tokens.genuine(wrong), wrong


def test_every_mistyped_letter_is_noticed() -> None:
    text = tokens.new_text()
    for place in range(3, len(text)):
        other = "0" if text[place] != "0" else "1"
        assert not tokens.genuine(text[:place] + other + text[place + 1 :]), place


def test_no_two_tokens_are_the_same() -> None:
    assert len({tokens.new_text() for _ in range(1000)}) == 1000


async def test_the_store_does_not_know_the_token_itself(store: Store) -> None:
    made, text = await store.write(lambda c: tokens.create(c, "crm", ["calls:read"], LI, NOW))

    def rows(connection: Connection) -> str:
        return str(connection.execute(select(table)).all())

    kept = await store.read(rows)
    assert text not in kept
    assert tokens.hashed(text) in kept
    assert (await store.read(lambda c: tokens.usable(c, NOW)))[tokens.hashed(text)] == made


async def test_revoked_and_expired_ones_open_nothing(store: Store) -> None:
    one, _ = await store.write(lambda c: tokens.create(c, "one", ["calls:read"], LI, NOW))
    await store.write(lambda c: tokens.create(c, "two", ["calls:read"], LI, NOW, expires_at=NOW + 10))
    assert len(await store.read(lambda c: tokens.usable(c, NOW))) == 2
    assert len(await store.read(lambda c: tokens.usable(c, NOW + 10))) == 1
    assert (await store.write(lambda c: tokens.revoke(c, one.id, NOW + 5))).revoked_at == NOW + 5
    assert (await store.write(lambda c: tokens.revoke(c, one.id, NOW + 9))).revoked_at == NOW + 5
    assert await store.read(lambda c: tokens.usable(c, NOW + 10)) == {}
    assert [token.name for token in await store.read(tokens.every)] == ["one", "two"]


async def test_what_cannot_be_is_refused(store: Store) -> None:
    for name, scopes, expires_at, field in (
        ("", ["calls:read"], None, "name"),
        ("a\0", ["calls:read"], None, "name"),
        ("a", ["everything"], None, "scopes"),
        ("a", ["calls:read"], NOW, "expires_at"),
    ):
        with pytest.raises(BadValue) as refused:
            await store.write(
                lambda c, n=name, s=scopes, e=expires_at: tokens.create(c, n, s, LI, NOW, expires_at=e)  # type: ignore[misc]
            )
        assert refused.value.field == field
    with pytest.raises(NotFound):
        await store.write(lambda c: tokens.revoke(c, 7, NOW))

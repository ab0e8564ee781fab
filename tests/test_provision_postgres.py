"""tests/rig/postgres.py: a server that answers, and that is gone afterwards."""

import socket

import asyncpg
import pytest

from tests.conftest import needed
from tests.rig import postgres, provision

pytestmark = pytest.mark.pg


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_the_server_speaks_utf8_and_tells_time_without_a_zone_of_its_own(postgres_url):
    assert await ask(postgres_url, "select length('海尔客服')") == 4
    assert await ask(postgres_url, "select to_timestamp(0)::text") == "1970-01-01 00:00:00+00"


async def test_databases_can_be_made_and_dropped(postgres_url):
    await ask(postgres_url, "create database passing")
    await ask(postgres_url, "drop database passing")


def test_a_stopped_server_leaves_neither_its_port_nor_its_folder():
    needed(provision.postgres)
    with postgres.running() as server:
        assert server.folder.is_dir()
    assert server.process.returncode == 0
    assert not server.folder.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0

"""One try at telling one receiver: every way in which the other side can behave, and what we make of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from callserver.work import posting
from callserver.work.posting import Delivered, Down, Gone, Post, Refused, why
from tests.work.receivers import Heard, receiver, tls, unmannered

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest_asyncio.fixture
async def post() -> AsyncIterator[Post]:
    made = Post()
    yield made
    await made.close()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_delivered(post, status):
    async with receiver(status=status, text="thanks") as there:
        answer = await post.send(there.url, b"{}", {"X-A": "b"}, 60)
    assert isinstance(answer, Delivered)
    assert answer.status == status
    assert there.heard[0].body == b"{}"
    assert there.heard[0].headers["X-A"] == "b"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 451])
async def test_4xx_is_a_refusal_with_what_was_said(post, status):
    async with receiver(status=status, text="no\n<such> ticket") as there:
        answer = await post.send(there.url, b"{}", {}, 60)
    assert isinstance(answer, Refused)
    assert "no <such> ticket" in why(answer)
    assert why(answer).startswith(str(status))


async def test_410_is_goodbye(post):
    async with receiver(status=410, text="moved out") as there:
        assert isinstance(await post.send(there.url, b"{}", {}, 60), Gone)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_will_pass_is_down(post, status):
    async with receiver(status=status) as there:
        answer = await post.send(there.url, b"{}", {}, 60)
    assert isinstance(answer, Down)
    assert (answer.status, answer.wait_s) == (status, None)


async def test_retry_after_is_heard(post):
    async with receiver(status=429, headers={"Retry-After": "120"}) as there:
        answer = await post.send(there.url, b"{}", {}, 60)
    assert isinstance(answer, Down)
    assert answer.wait_s == 120


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(post, status):
    async with receiver() as elsewhere, receiver(status=status, headers={"Location": elsewhere.url}) as there:
        answer = await post.send(there.url, b"{}", {}, 60)
    assert isinstance(answer, Down)
    assert answer.status == status
    assert elsewhere.heard == []


async def test_a_receiver_that_stalls_is_left_after_the_time_out(post):
    async def stall(heard: Heard) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with receiver(behave=stall) as there:
        answer = await post.send(there.url, b"{}", {}, 0.2)
    assert isinstance(answer, Down)
    assert "no answer within 0.2 s" in why(answer)
    assert answer.took_s < 15


async def test_headers_that_trickle_in_do_not_stretch_the_time_out(post):
    async with unmannered(*(b"HTTP/1.1 200 OK\r\nX: ", *[b"a"] * 600), pause_s=0.05) as url:
        answer = await post.send(url, b"{}", {}, 0.3)
    assert isinstance(answer, Down)
    assert answer.took_s < 15


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\x00\xff\xfe rubbish \x00" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000,
        b"HTTP/1.1 999999999999 Big\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
    ids=[
        "hangs up",
        "noise",
        "ssh",
        "version",
        "negative",
        "two lengths",
        "endless header",
        "status",
        "100",
        "101",
    ],
)
async def test_rubbish_is_trouble_never_a_delivery(post, rubbish):
    async with unmannered(rubbish) as url:
        answer = await post.send(url, b"{}", {}, 2)
    assert isinstance(answer, Down)
    assert why(answer)


async def test_a_2xx_counts_though_the_connection_breaks_in_its_body(post):
    async with unmannered(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf") as url:
        assert isinstance(await post.send(url, b"{}", {}, 60), Delivered)


async def test_a_body_that_never_ends_costs_a_second_and_four_lines(post):
    async with unmannered(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100, stay=True) as url:
        answer = await post.send(url, b"{}", {}, 60)
    assert isinstance(answer, Delivered)
    assert answer.took_s < 30


async def test_of_megabytes_500_characters_are_kept(post):
    async with receiver(status=500, text="é" * 20_000_000) as there:
        answer = await post.send(there.url, b"{}", {}, 100)
    assert isinstance(answer, Down)
    assert len(answer.said) == posting.SAID


async def test_a_zipped_bomb_is_not_unpacked(post):
    async with unmannered(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8bnot really") as url:
        assert isinstance(await post.send(url, b"{}", {}, 60), Delivered)


async def test_a_second_answer_is_not_taken_for_the_answer_to_the_next_event(post):
    """The first event is answered twice, the second copy a moment later; the receiver never takes the second event."""
    async with unmannered(OK, OK, pause_s=0.1, stay=True, once=True) as url:
        assert isinstance(await post.send(url, b'{"n":1}', {}, 60), Delivered)
        await asyncio.sleep(0.3)
        assert isinstance(await post.send(url, b'{"n":2}', {}, 60), Down)


async def test_nobody_there_is_said_in_words(post):
    async with unmannered() as url:
        pass
    answer = await post.send(url, b"{}", {}, 60)
    assert isinstance(answer, Down)
    assert "Cannot connect" in why(answer)


async def test_a_name_that_does_not_exist_is_trouble(post):
    assert isinstance(await post.send("http://no-such-host.invalid/", b"{}", {}, 60), Down)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]", "224.0.0.1"]
)
async def test_addresses_that_are_nobodys_server_are_never_connected_to(post, host):
    answer = await post.send(f"http://{host}:9/", b"{}", {}, 60)
    assert isinstance(answer, Down)
    assert "nothing is sent there" in why(answer)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
async def test_our_own_network_is_closed_where_the_operator_says_so_however_it_is_written(host):
    closed = Post(private=False)
    async with receiver() as there:
        answer = await closed.send(there.url.replace("127.0.0.1", host), b"{}", {}, 60)
    await closed.close()
    assert isinstance(answer, Down)
    assert there.heard == []


async def test_a_certificate_that_nobody_vouches_for_is_trouble(post, tmp_path):
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusting = Post(ca_file=tmp_path / "ca.pem")
    async with tls(context) as url:
        assert "certificate" in why(await post.send(url, b"{}", {}, 60))
        assert isinstance(await trusting.send(url, b"{}", {}, 60), Delivered)
    await trusting.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        ("99999999", 3_600),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 5_000, None),
        ("Sun, 15 Nov 2026 00:00:00 GMT", 0),
        ("Wed, 18 Nov 2026 11:35:00 GMT", 1_700),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_never_more_than_an_hour(header, seconds):
    assert posting.asked_to_wait(header, 1_795_000_000_000) == seconds

"""How the port hears: what is no HTTP is answered as everything else is, and who says nothing is not waited for.

In: an application. Out: a runner of it. Must not know: routes. aiohttp answers what it cannot read (a line that is too
long, two lengths) before any middleware of ours; without this such an answer would name the library, and have none of
the headers that every answer has.
"""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from callserver.web import guard
from callserver.web.api import problems

IDLE_S: Final = 75.0
"""For a request's line and headers, and between two requests of one connection; proxies close after 60 s."""


class NotHttp(logging.Filter):
    """What is not HTTP at all is one line of the log: anybody can send it, often, and with anything in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.msg, record.exc_info = f"{record.msg}: {type(record.exc_info[1]).__name__}", None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


class Runner(web.AppRunner):
    """Runs an application whose every answer is ours."""

    def __init__(self, app: web.Application, *, idle_s: float = IDLE_S, shutdown_s: float) -> None:
        super().__init__(app, access_log=None, shutdown_timeout=shutdown_s, keepalive_timeout=idle_s)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Listening(made.request_handler, request_factory=made.request_factory, **made._kwargs)


class _Listening(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The library logs it and says what it found wrong; that is a stranger's own bytes, and not repeated."""
        super().handle_error(request, status, exc, message)
        answer = problems.response(status, "this is no HTTP that can be read")
        answer.headers.update(guard.HEADERS)
        answer.force_close()
        return answer

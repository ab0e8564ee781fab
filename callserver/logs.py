"""What the service says about itself: one line a thing that matters, on standard error.

In: log calls (structlog's, and those of libraries). Out: text for people (colours only on a terminal) or
one JSON object a line. Must not know: what is said. Values come from telephone networks: control characters
never reach a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUIET = ("aiohttp.access", "aiosqlite", "asyncio", "panoramisk", "alembic", "sqlalchemy")


def printable(text: str) -> str:
    """The text with everything that a terminal might obey (or a line reader might split at) spelled out."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def _tamed(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return [_tamed(piece) for piece in value]
    if isinstance(value, dict):
        return {_tamed(key): _tamed(piece) for key, piece in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else printable(str(value))


def _tame(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # exc_info and what begins with "_" is structlog's own and is rendered further down.
    return {key: value if key.startswith(("_", "exc")) else _tamed(value) for key, value in event.items()}


def set_up(level: str = "info", as_json: bool = False, stream: TextIO | None = None) -> None:
    """Route structlog and the standard library's logging to `stream` (default: standard error)."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tame,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:-1], structlog.stdlib.add_logger_name, _tame],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(
            max(logging.WARNING, root.level) if level != "debug" else logging.INFO
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderers(as_json: bool, stream: TextIO) -> list[Processor]:
    if as_json:
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False, default=str),
        ]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain, pad_event_to=24)]

"""Numbers that nobody has, asked for by who sees numbers masked: of 138****8000 they could try all 10,000.

In: who asks, and whether anybody was found. Out: Refused 429 for who missed too often: a hundred times, and then once a
minute, so that ten thousand tries are a week, and in the log. Must not know: what is looked for. Whoever sees numbers
whole is not limited: every stranger who calls is a miss.
"""

from __future__ import annotations

import structlog

from callserver.web.api.operation import Asked
from callserver.web.api.problems import Refused
from callserver.web.api.showing import sight

log = structlog.get_logger(__name__)


def must_be_few(asked: Asked) -> None:
    """Before something is looked up. Raises Refused 429."""
    if sight(asked) == "whole":
        return
    verdict = asked.site.misses.look(asked.token, asked.now / 1000)
    if not verdict.allowed:
        log.warning("numbers are tried", asker=asked.token, name=asked.actor.name)
        again_s = verdict.retry_s
        raise Refused(
            429,
            f"too much of what you asked for was not found: try again in {again_s} s",
            Retry_After=str(again_s),
        )


def missed(asked: Asked) -> None:
    """Nobody was found."""
    if sight(asked) != "whole":
        asked.site.misses.take(asked.token, asked.now / 1000)

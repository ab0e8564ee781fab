"""What one attempt at a promised call came to, in a word.

In: nothing. Out: the words, and which of them mean what. Must not know: how they are found out (`judging`), what
follows (`trying`).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

AttemptOutcome = Literal[
    "talked",  # customer and agent talked
    "played",  # automatic: to the prompt's end, or the customer pressed a key
    "busy",
    "no_answer",
    "rejected",  # the customer refused the call
    "failed",  # the number does not exist, the trunk would not take it
    "machine",  # an answering machine
    "silent",  # answered, and nobody spoke or pressed a key
    "no_agent",  # the customer answered, and no agent came
    "agent_no_answer",  # the agent's phone was not answered: the customer was never rung
    "not_sent",  # refused or expired before a byte of it left
    "unknown",  # not learned
]
OUTCOMES: tuple[AttemptOutcome, ...] = get_args(AttemptOutcome)

REACHED: Final[frozenset[str]] = frozenset({"talked", "played"})
"""The promise is kept by it."""
NEVER_RANG: Final[frozenset[str]] = frozenset({"agent_no_answer", "not_sent"})
"""Surely not noticed by the customer: such an attempt counts for nothing."""
RETRIED: tuple[AttemptOutcome, ...] = tuple(
    one for one in OUTCOMES if one not in REACHED and one != "unknown"
)
"""What a policy has retries for; after `unknown` no machine dials."""

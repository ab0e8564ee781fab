"""The policies as they are shipped. An administrator's own go before them (`store/policies.py`).

In: nothing. Out: DEFAULTS, one policy a kind. Must not know: who edits them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from callserver.promises.hours import ALWAYS, Hours, Span, every_day
from callserver.promises.outcomes import AttemptOutcome
from callserver.promises.policy import Policy, Retry
from callserver.tickets.promise import PromiseKind

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

DAYTIME: Final = Hours(
    weekly=(
        *every_day(Span(begin=9 * 60, end=20 * 60))[:5],
        (Span(begin=10 * 60, end=19 * 60),),
        (Span(begin=10 * 60, end=19 * 60),),
    ),
    holidays="as_sunday",
    country="CN",
)
"""When people who did not ask for a call are called."""

_NEVER_RANG: Final[Mapping[AttemptOutcome, Retry]] = {
    "agent_no_answer": Retry(delay_ms=_MINUTE, times=None),
    "not_sent": Retry(delay_ms=15 * _SECOND, times=None),
}
SOON: Final[Mapping[AttemptOutcome, Retry]] = {
    **_NEVER_RANG,
    "busy": Retry(delay_ms=3 * _MINUTE, times=4),
    "no_answer": Retry(delay_ms=5 * _MINUTE, times=3),
    "rejected": Retry(delay_ms=10 * _MINUTE, times=1),
    "failed": Retry(delay_ms=2 * _MINUTE, times=2),
    "machine": Retry(delay_ms=10 * _MINUTE, times=2),
    "silent": Retry(delay_ms=5 * _MINUTE, times=2),
    "no_agent": Retry(delay_ms=2 * _MINUTE, times=2),
}
"""For calls that are owed within the hour."""
PATIENT: Final[Mapping[AttemptOutcome, Retry]] = {
    **_NEVER_RANG,
    "busy": Retry(delay_ms=10 * _MINUTE, times=4),
    "no_answer": Retry(delay_ms=2 * _HOUR, times=4),
    "rejected": Retry(delay_ms=6 * _HOUR, times=1),
    "failed": Retry(delay_ms=30 * _MINUTE, times=3),
    "machine": Retry(delay_ms=4 * _HOUR, times=3),
    "silent": Retry(delay_ms=_HOUR, times=2),
    "no_agent": Retry(delay_ms=10 * _MINUTE, times=3),
}
"""For calls that have a day or more."""
UNASKED: Final[Mapping[AttemptOutcome, Retry]] = {
    **PATIENT,
    "busy": Retry(delay_ms=30 * _MINUTE, times=2),
    "no_answer": Retry(delay_ms=_DAY, times=2),
    "rejected": Retry(delay_ms=_DAY, times=0),
    "machine": Retry(delay_ms=_DAY, times=1),
    "silent": Retry(delay_ms=_DAY, times=1),
}
"""For calls that nobody asked for: who does not want them is left alone."""

_CALLBACK: Final = Policy(
    kind="callback",
    mode="agent_first",
    due_ms=5 * _MINUTE,
    deadline_ms=2 * _HOUR,
    hours=ALWAYS,  # they called us a moment ago
    retries=SOON,
    script={
        "en": "You called our hotline and nobody could answer in time. How can we help?",
        "zh": "您刚才拨打了我们的热线，未能及时接听，非常抱歉。请问有什么可以帮您？",
    },
)
_WATCH: Final = Policy(
    kind="watch",
    mode="agent_first",
    due_ms=30 * _MINUTE,
    earliest_ms=30 * _MINUTE,
    deadline_ms=60 * _MINUTE,
    hours=ALWAYS,  # they were told this moment on the phone
    first="owner",
    pass_on_ms=5 * _MINUTE,
    retries=SOON,
    script={
        "en": "We spoke half an hour ago. How does the product do now?",
        "zh": "半小时前我们通过电话，现在产品使用情况如何？",
    },
)
_RETURN_VISIT: Final = Policy(
    kind="return_visit",
    mode="agent_first",
    due_ms=24 * _HOUR,
    earliest_ms=24 * _HOUR,
    deadline_ms=72 * _HOUR,
    hard=True,
    hours=DAYTIME,
    retries=PATIENT,
    prompt="return_visit",
    script={
        "en": "Our engineer was with you. Is the problem solved? How satisfied are you, from 1 to 5?",
        "zh": "工程师已为您上门服务，问题解决了吗？请您用 1 到 5 分评价本次服务。",
    },
)
_REQUESTED: Final = Policy(
    kind="requested",
    mode="agent_first",
    due_ms=0,
    deadline_ms=15 * _MINUTE,
    hours=ALWAYS,  # they chose the time
    first="owner",
    pass_on_ms=5 * _MINUTE,
    retries={
        **SOON,
        "busy": Retry(delay_ms=2 * _MINUTE, times=5),
        "no_answer": Retry(delay_ms=4 * _MINUTE, times=3),
    },
    script={
        "en": "You asked us to call at this time.",
        "zh": "您约定了这个时间，请我们回电。",
    },
)
_APPOINTMENT: Final = Policy(
    kind="appointment",
    mode="automatic",
    due_ms=-2 * _HOUR,
    earliest_ms=-3 * _HOUR,
    deadline_ms=0,
    evening=18 * 60,
    hours=Hours(weekly=every_day(Span(begin=7 * 60, end=21 * 60))),  # of a visit that they expect
    retries=SOON,
    most_tries=3,
    after_broken=False,
    prompt="appointment",
)
_REMINDER: Final = Policy(
    kind="reminder",
    mode="automatic",
    due_ms=_DAY,
    earliest_ms=_DAY,
    deadline_ms=14 * _DAY,
    hours=DAYTIME,
    retries=UNASKED,
    most_tries=3,
    after_broken=False,
    prompt="reminder",
    at_once=20,
)
_SURVEY: Final = Policy(
    kind="survey",
    mode="automatic",
    due_ms=_DAY,
    earliest_ms=_DAY,
    deadline_ms=14 * _DAY,
    hours=DAYTIME,
    retries=UNASKED,
    most_tries=3,
    after_broken=False,
    prompt="survey",
    at_once=20,
)
_SALE: Final = Policy(
    kind="sale",
    mode="agent_first",
    due_ms=_DAY,
    earliest_ms=0,
    deadline_ms=7 * _DAY,
    hours=replace(DAYTIME, holidays="closed"),
    first="owner",
    pass_on_ms=_DAY,
    retries=UNASKED,
    most_tries=3,
    after_broken=False,
    offer="show",
    script={
        "en": "You were interested in one of our products. May we tell you more?",
        "zh": "您曾咨询过我们的产品，需要进一步了解吗？",
    },
)

DEFAULTS: Final[Mapping[PromiseKind, Policy]] = {
    policy.kind: policy
    for policy in (
        _CALLBACK,
        _WATCH,
        _RETURN_VISIT,
        _REQUESTED,
        _APPOINTMENT,
        _REMINDER,
        _SURVEY,
        _SALE,
    )
}

"""The rules that are shipped: what goes wrong at every hotline.

In: nothing. Out: `DEFAULTS`. Must not know: who changed which. They are told on screens and to webhooks; addresses
are for whoever runs the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callserver.alerts.rule import Rule, RuleId

_ALL: Final = (
    Rule(
        id=RuleId("link_lost"),
        metric="link_down_s",
        title={"en": "The switch is not seen", "zh": "与交换机失联"},
        threshold=10,
        clear=0,
        severity="critical",
    ),
    Rule(
        id=RuleId("nobody_ready"),
        metric="nobody_ready_with_callers",
        title={"en": "Callers wait and nobody is ready", "zh": "有人排队但无空闲坐席"},
        threshold=0,
        clear=0,
        for_s=20,
        severity="critical",
    ),
    Rule(
        id=RuleId("long_wait"),
        metric="longest_wait",
        title={"en": "A caller waits too long", "zh": "来电等待过久"},
        threshold=60,
        clear=30,
        for_s=30,
    ),
    Rule(
        id=RuleId("many_waiting"),
        metric="waiting",
        title={"en": "Many callers wait", "zh": "排队人数过多"},
        threshold=10,
        clear=5,
        for_s=30,
    ),
    Rule(
        id=RuleId("trunk_failing"),
        metric="trunk_failures",
        title={"en": "A trunk does not take calls", "zh": "中继呼叫失败"},
        threshold=4,
        clear=1,
        clear_for_s=60,
        severity="critical",
    ),
    Rule(
        id=RuleId("promises_late"),
        metric="promises_late",
        title={"en": "Promised calls are late", "zh": "承诺回电逾期"},
        threshold=10,
        clear=5,
        for_s=300,
        clear_for_s=60,
    ),
    Rule(
        id=RuleId("omission"),
        metric="omission_ppm",
        title={"en": "Calls were omitted", "zh": "存在漏记通话"},
        threshold=0,
        clear=0,
        clear_for_s=0,
        severity="critical",
    ),
    Rule(
        id=RuleId("disk_filling"),
        metric="disk_free_ratio",
        title={"en": "The disk is filling up", "zh": "磁盘空间不足"},
        side="below",
        threshold=0.1,
        clear=0.12,
        for_s=60,
        clear_for_s=60,
        severity="critical",
    ),
    Rule(
        id=RuleId("jobs_late"),
        metric="jobs_late",
        title={"en": "Work in the background is late", "zh": "后台任务积压"},
        threshold=20,
        clear=0,
        for_s=60,
        clear_for_s=30,
    ),
    Rule(
        id=RuleId("landing_late"),
        metric="landings_oldest_s",
        title={"en": "A call has no ticket yet", "zh": "通话迟迟未落单"},
        threshold=300,
        clear=60,
        clear_for_s=30,
    ),
)
DEFAULTS: Final[Mapping[RuleId, Rule]] = {rule.id: rule for rule in _ALL}

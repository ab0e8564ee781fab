"""What every number is called and what it means: one place for the wall, the reports, the API and the documents.

In: nothing. Out: the definitions, by key. Must not know: how anything is counted (`sums` for what can be added up,
`live` for what is so at this moment). docs/metrics.md is written from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["count", "ratio", "seconds", "ppm", "score"]
"""ratio: 0 to 1; score: as the customer pressed, 1 to 5; the others as they are called."""
Better: TypeAlias = Literal["up", "down", "none"]

VERSION: Final = 1
"""Of how the numbers are made: a change recomputes what was counted before."""


@dataclass(frozen=True, slots=True)
class Words:
    """The same in every language of the screens."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One metric. `better`: which direction is good news. `live`: shown at this moment; `reported`: of spans."""

    key: str
    title: Words
    meaning: Words
    formula: Words
    unit: Unit
    better: Better
    live: bool
    reported: bool


_BOTH, _LIVE, _REPORTED = (True, True), (True, False), (False, True)


def _define(
    key: str,
    unit: Unit,
    better: Better,
    where: tuple[bool, bool],
    title: tuple[str, str],
    meaning: tuple[str, str],
    formula: tuple[str, str],
) -> Definition:
    return Definition(
        key=key,
        unit=unit,
        better=better,
        live=where[0],
        reported=where[1],
        title=Words(*title),
        meaning=Words(*meaning),
        formula=Words(*formula),
    )


_ALL: Final = (
    # --- how visits to queues went ---
    _define(
        *("offered", "count", "none", _BOTH),
        ("Offered", "呼入排队"),
        ("Visits to a queue that began in the interval.", "在该时段内开始的排队次数。"),
        ("number of queue visits by their beginning", "按进入队列时刻计数"),
    ),
    _define(
        *("answered", "count", "up", _BOTH),
        ("Answered", "已接听"),
        ("Visits that ended with an agent.", "由坐席接听而结束的排队。"),
        ("visits with the end `answered`", "结果为“接听”的排队次数"),
    ),
    _define(
        *("answered_in_target", "count", "up", _BOTH),
        ("Answered in time", "达标接听"),
        ("Answered after no more than the queue's target.", "等待不超过该队列目标时间的接听。"),
        ("answered with wait <= T", "等待 ≤ T 的接听次数"),
    ),
    _define(
        *("abandoned", "count", "down", _BOTH),
        ("Abandoned", "放弃"),
        ("The caller hung up while waiting, short ones included.", "来电者在等待中挂断，含短时放弃。"),
        ("visits with the end `abandoned`", "结果为“放弃”的排队次数"),
    ),
    _define(
        *("short", "count", "none", _BOTH),
        ("Short", "短时放弃"),
        (
            "Abandoned before the short-abandon threshold (usually 5 s): nobody could have answered.",
            "在短时门限（通常 5 秒）之前放弃：无人来得及接听。",
        ),
        ("abandoned with wait < threshold", "等待小于门限的放弃次数"),
    ),
    _define(
        *("timed_out", "count", "down", _BOTH),
        ("Timed out", "排队超时"),
        ("The queue's own limit ended the waiting.", "达到队列等待上限而离开。"),
        ("visits with the end `timed_out`", "结果为“超时”的排队次数"),
    ),
    _define(
        *("left_by_key", "count", "none", _BOTH),
        ("Left by key", "按键离开"),
        ("The caller pressed a key to go elsewhere.", "来电者按键转往别处。"),
        ("visits with the end `left_by_key`", "结果为“按键离开”的排队次数"),
    ),
    _define(
        *("queue_empty", "count", "down", _BOTH),
        ("Nobody there", "无人值守"),
        (
            "The queue sent the caller away because nobody was there to answer.",
            "队列无人值守，来电者被送出。",
        ),
        ("visits with the end `queue_empty`", "结果为“无人值守”的排队次数"),
    ),
    _define(
        *("withdrawn", "count", "none", _BOTH),
        ("Withdrawn", "被转出"),
        (
            "Taken out of the queue by somebody else: picked up, redirected, or the switch stopped.",
            "被他人取出：代接、改派，或交换机停止。",
        ),
        ("visits with the end `withdrawn`", "结果为“被转出”的排队次数"),
    ),
    _define(
        *("callback_taken", "count", "none", _BOTH),
        ("Callback taken", "选择回拨"),
        (
            "The caller asked to be called back and kept the place: not abandoned.",
            "来电者选择回拨并保留位置：不算放弃。",
        ),
        ("visits with the end `callback`", "结果为“回拨”的排队次数"),
    ),
    _define(
        *("unknown", "count", "down", _BOTH),
        ("End not seen", "结局不明"),
        (
            "Nobody saw how it ended, and the switch's journals do not tell.",
            "结局未被看见，交换机日志亦无记载。",
        ),
        ("visits of ended calls without an end", "通话已结束但无结局的排队次数"),
    ),
    _define(
        *("sl_offered", "ratio", "up", _BOTH),
        ("Service level", "服务水平"),
        (
            "Of all who wanted to be answered, those who were in time. The headline.",
            "所有希望被接听者中按时接听的比例，为首要指标。",
        ),
        (
            "answered with wait <= T / (offered - short); who still waits is in neither",
            "等待 ≤ T 的接听 ÷（排队 − 短时放弃）；仍在等待者不计",
        ),
    ),
    _define(
        *("sl_answered", "ratio", "up", _BOTH),
        ("Service level of answered", "服务水平（按接听）"),
        (
            "Of those answered, who was in time. Asterisk's ServicelevelPerf; shown beside the headline, never alone.",
            "已接听者中按时接听的比例，即 Asterisk 的 ServicelevelPerf；只与首要指标并列显示。",
        ),
        ("answered with wait <= T / answered", "等待 ≤ T 的接听 ÷ 接听"),
    ),
    _define(
        *("abandon_rate", "ratio", "down", _BOTH),
        ("Abandonment", "放弃率"),
        ("Who gave up, short ones left out.", "放弃的比例，不含短时放弃。"),
        ("(abandoned - short) / (offered - short)", "（放弃 − 短时放弃）÷（排队 − 短时放弃）"),
    ),
    _define(
        *("asa", "seconds", "down", _BOTH),
        ("Average speed of answer", "平均应答速度"),
        ("Mean wait of answered visits.", "已接听者的平均等待时间。"),
        ("sum of waits of answered / answered", "接听者等待时间之和 ÷ 接听"),
    ),
    _define(
        *("wait_median", "seconds", "down", _BOTH),
        ("Median wait", "等待中位数"),
        ("Half of the answered waited no longer.", "一半已接听者的等待不超过此值。"),
        ("nearest rank of whole seconds, 50 %", "整秒最近序位，50 %"),
    ),
    _define(
        *("wait_p95", "seconds", "down", _BOTH),
        ("Wait, 95th percentile", "等待 95 分位"),
        ("95 of 100 answered waited no longer.", "95 % 已接听者的等待不超过此值。"),
        ("nearest rank of whole seconds, 95 %", "整秒最近序位，95 %"),
    ),
    _define(
        *("wait_max", "seconds", "down", _BOTH),
        ("Longest wait of all", "最长等待（全部）"),
        ("The longest wait that ended, whatever ended it.", "已结束等待中的最长者，不论如何结束。"),
        ("largest wait", "等待时间最大值"),
    ),
    _define(
        *("wait_abandoned", "seconds", "none", _REPORTED),
        ("Patience", "放弃前等待"),
        ("Mean wait of those who gave up.", "放弃者的平均等待时间。"),
        ("sum of waits of abandoned / abandoned", "放弃者等待时间之和 ÷ 放弃"),
    ),
    # --- how calls were handled ---
    _define(
        *("handled", "count", "none", _BOTH),
        ("Handled", "处理量"),
        (
            "An agent's part in a call, wrap-up over; booked where wrap-up ends.",
            "坐席处理并完成话后处理的通话，计入话后结束的时段。",
        ),
        ("handlings by their end", "按话后结束时刻计数"),
    ),
    _define(
        *("aht", "seconds", "none", _BOTH),
        ("Average handling time", "平均处理时长"),
        ("Talk, hold and wrap-up together.", "通话、保持与话后处理之和。"),
        ("(talk + hold + wrap-up) / handled", "（通话 + 保持 + 话后）÷ 处理量"),
    ),
    _define(
        *("talk_mean", "seconds", "none", _REPORTED),
        ("Mean talk", "平均通话"),
        ("Mean time of talking, hold left out.", "平均通话时间，不含保持。"),
        ("talk / handled", "通话时间 ÷ 处理量"),
    ),
    _define(
        *("hold_mean", "seconds", "down", _REPORTED),
        ("Mean hold", "平均保持"),
        ("Mean time on hold.", "平均保持时间。"),
        ("hold / handled", "保持时间 ÷ 处理量"),
    ),
    _define(
        *("wrap_mean", "seconds", "down", _REPORTED),
        ("Mean wrap-up", "平均话后处理"),
        ("Mean time in which the record was finished.", "平均话后处理时间。"),
        ("wrap-up / handled", "话后时间 ÷ 处理量"),
    ),
    _define(
        *("transfers", "count", "none", _BOTH),
        ("Transfers", "转接"),
        ("Handlings that ended with handing the caller on.", "以转给他人而结束的处理。"),
        ("handlings ended by transfer", "以转接结束的处理量"),
    ),
    _define(
        *("transfer_rate", "ratio", "down", _REPORTED),
        ("Transferred", "转接率"),
        ("How much of what was handled was handed on.", "处理量中被转出的比例。"),
        ("transfers / handled", "转接 ÷ 处理量"),
    ),
    _define(
        *("occupancy", "ratio", "none", _BOTH),
        ("Occupancy", "占用率"),
        (
            "Of the time in which an agent could have a call, the part in which they had one. Pauses are left out.",
            "坐席可接话时间中实际处理通话的比例，不含暂停。",
        ),
        ("handling time / (handling + ready time)", "处理时间 ÷（处理 + 就绪时间）"),
    ),
    # --- calls, promises, tickets ---
    _define(
        *("calls", "count", "none", _REPORTED),
        ("Calls", "通话"),
        ("Calls that began in the interval, of every direction.", "该时段内开始的通话，含各方向。"),
        ("number of calls by their beginning", "按开始时刻计数"),
    ),
    _define(
        *("fcr", "ratio", "up", _REPORTED),
        ("Solved at first contact", "一次解决率"),
        (
            "Calls after which the same customer did not call again about the same ticket or product within 7 days.",
            "7 天内同一客户未就同一工单或产品再次来电的通话比例。",
        ),
        (
            "calls without another within 7 days / calls whose customer and matter are known; the last 7 days can "
            "still fall",
            "7 天内无再次来电的通话 ÷ 客户与事由已知的通话；最近 7 天的数值仍可能下降",
        ),
    ),
    _define(
        *("promises_due", "count", "none", _BOTH),
        ("Promises due", "到期回访"),
        ("Calls owed to customers whose deadline is in the interval.", "截止时刻在该时段内的应拨回访。"),
        ("promises by their deadline, withdrawn ones left out", "按截止时刻计数，不含已撤销"),
    ),
    _define(
        *("promises_kept", "count", "up", _REPORTED),
        ("Promises kept", "已履约"),
        ("The customer was reached before the deadline.", "在截止前联系到客户。"),
        ("promises due that were kept", "到期回访中已履约的数量"),
    ),
    _define(
        *("promise_kept", "ratio", "up", _REPORTED),
        ("Kept", "履约率"),
        ("Of the promises due, those kept; by kind.", "到期回访中已履约的比例，可按类型查看。"),
        ("customer reached before the deadline / promises due", "截止前联系到客户 ÷ 到期回访"),
    ),
    _define(
        *("promise_lateness_median", "seconds", "down", _REPORTED),
        ("Lateness, median", "迟到中位数"),
        ("First attempt's start minus due time.", "首次拨打时刻减去应拨时刻。"),
        ("nearest rank of whole seconds, 50 %", "整秒最近序位，50 %"),
    ),
    _define(
        *("promise_lateness_p95", "seconds", "down", _REPORTED),
        ("Lateness, 95th percentile", "迟到 95 分位"),
        ("First attempt's start minus due time.", "首次拨打时刻减去应拨时刻。"),
        ("nearest rank of whole seconds, 95 %", "整秒最近序位，95 %"),
    ),
    _define(
        *("promise_lateness_max", "seconds", "down", _REPORTED),
        ("Lateness, largest", "最大迟到"),
        ("First attempt's start minus due time.", "首次拨打时刻减去应拨时刻。"),
        ("largest of all", "最大值"),
    ),
    _define(
        *("ratings", "count", "none", _REPORTED),
        ("Ratings", "评价数"),
        ("Customers who rated by key press.", "按键评价的客户数。"),
        ("number of ratings", "评价次数"),
    ),
    _define(
        *("csat", "score", "up", _REPORTED),
        ("Satisfaction", "满意度"),
        ("Mean of key-press ratings; look at their number, too.", "按键评价的平均分；请同时看评价数。"),
        ("sum of ratings / ratings", "评分之和 ÷ 评价数"),
    ),
    _define(
        *("dissatisfied_ppm", "ppm", "down", _REPORTED),
        ("Dissatisfied", "不满意率"),
        ("Customers who were not content, per million who rated.", "每百万评价中的不满意数。"),
        ("dissatisfied / ratings x 1,000,000", "不满意 ÷ 评价数 × 1,000,000"),
    ),
    _define(
        *("first_visit_fix", "ratio", "up", _REPORTED),
        ("Fixed at first visit", "一次上门修复率"),
        (
            "Of the tickets closed with a visit, those that needed one only.",
            "上门后关闭的工单中只上门一次的比例。",
        ),
        ("tickets closed with one visit / tickets closed with visits", "只上门一次的工单 ÷ 上门后关闭的工单"),
    ),
    _define(
        *("repeat_repair", "ratio", "down", _REPORTED),
        ("Repeated repair", "返修率"),
        (
            "Tickets after which somebody visited the same product again within 30 days.",
            "30 天内同一产品再次上门的工单比例。",
        ),
        (
            "tickets with a second visit on the same product within 30 days / tickets closed with visits",
            "30 天内同一产品再次上门的工单 ÷ 上门后关闭的工单",
        ),
    ),
    _define(
        *("ticket_age_median", "seconds", "down", _REPORTED),
        ("Age at closing, median", "关闭时龄中位数"),
        ("From opening to closing, of tickets closed in the interval.", "该时段内关闭的工单，从建单到关闭。"),
        ("nearest rank of whole hours, 50 %", "整小时最近序位，50 %"),
    ),
    _define(
        *("ticket_age_p95", "seconds", "down", _REPORTED),
        ("Age at closing, 95th percentile", "关闭时龄 95 分位"),
        ("From opening to closing, of tickets closed in the interval.", "该时段内关闭的工单，从建单到关闭。"),
        ("nearest rank of whole hours, 95 %", "整小时最近序位，95 %"),
    ),
    _define(
        *("omission_ppm", "ppm", "down", _BOTH),
        ("Omission", "漏记率"),
        (
            "Calls that the switch wrote down and we did not, per million.",
            "交换机有记录而我方没有的通话，每百万。",
        ),
        ("omitted / the switch's calls x 1,000,000", "漏记 ÷ 交换机通话 × 1,000,000"),
    ),
    # --- at this moment ---
    _define(
        *("waiting", "count", "down", _LIVE),
        ("Waiting", "排队中"),
        ("Callers who wait at this moment.", "此刻正在等待的来电者。"),
        ("visits that have not ended", "尚未结束的排队"),
    ),
    _define(
        *("longest_wait", "seconds", "down", _LIVE),
        ("Longest wait", "最长等待"),
        (
            "Since when the one who waits longest does; not there when nobody waits.",
            "等待最久者已等时间；无人等待时为空。",
        ),
        ("now - earliest beginning", "当前时刻 − 最早进入时刻"),
    ),
    _define(
        *("talking", "count", "none", _LIVE),
        ("In talk", "通话中"),
        ("Callers of the queue who talk with an agent.", "该队列正与坐席通话的来电者。"),
        ("answered visits whose talk goes on", "已接听且通话未结束的排队"),
    ),
    _define(
        *("agents_ready", "count", "up", _LIVE),
        ("Ready", "就绪"),
        ("Agents who could take a call now.", "此刻可接听的坐席。"),
        ("signed in, not paused, phone free", "已签入、未暂停、话机空闲"),
    ),
    _define(
        *("agents_ringing", "count", "none", _LIVE),
        ("Ringing", "振铃"),
        ("Agents whose phone rings.", "话机正在振铃的坐席。"),
        ("agents offered a call", "正被呼叫的坐席"),
    ),
    _define(
        *("agents_talking", "count", "none", _LIVE),
        ("Talking", "坐席通话中"),
        ("Agents with a call, hold included.", "正在通话的坐席，含保持。"),
        ("agents in a call", "通话中的坐席"),
    ),
    _define(
        *("agents_wrap_up", "count", "none", _LIVE),
        ("Wrap-up", "话后处理"),
        ("Agents who finish the record of a call.", "正在完成话后处理的坐席。"),
        ("agents in wrap-up", "话后处理中的坐席"),
    ),
    _define(
        *("agents_paused", "count", "none", _LIVE),
        ("Paused", "暂停"),
        (
            "Agents in a pause, wrap-up left out; supervisors who listen.",
            "暂停中的坐席，不含话后处理；含正在监听的班长。",
        ),
        ("agents paused for another reason, or listening", "因其他原因暂停或正在监听的坐席"),
    ),
    _define(
        *("agents_gone", "count", "down", _LIVE),
        ("Gone", "离席"),
        ("Agents on shift whose phone or screen is away.", "在班但话机或屏幕离线的坐席。"),
        ("on shift, not reachable", "在班但无法联系"),
    ),
    _define(
        *("sl_offered_30m", "ratio", "up", _LIVE),
        ("Service level, 30 min", "服务水平（30 分钟）"),
        ("As the service level, of the last thirty minutes.", "同服务水平，最近三十分钟。"),
        ("`sl_offered` of visits that began in the last 30 minutes", "最近 30 分钟开始的排队的 `sl_offered`"),
    ),
    _define(
        *("sl_answered_30m", "ratio", "up", _LIVE),
        ("Service level of answered, 30 min", "服务水平（按接听，30 分钟）"),
        (
            "As the service level of answered, of the last thirty minutes.",
            "同服务水平（按接听），最近三十分钟。",
        ),
        (
            "`sl_answered` of visits that began in the last 30 minutes",
            "最近 30 分钟开始的排队的 `sl_answered`",
        ),
    ),
    _define(
        *("nobody_ready_with_callers", "count", "down", _LIVE),
        ("Waiting and nobody ready", "有人等待而无人就绪"),
        ("Callers wait and no agent of the queue is ready.", "有来电者等待而该队列无就绪坐席。"),
        ("`waiting` where `agents_ready` is 0, otherwise 0", "`agents_ready` 为 0 时的 `waiting`，否则为 0"),
    ),
    _define(
        *("promises_owed", "count", "none", _LIVE),
        ("Promises still owed today", "今日待办回访"),
        (
            "Calls still owed and due before the day is over, those that are late included.",
            "当天结束前到期且尚未完成的应拨回访，含已逾期。",
        ),
        ("open promises with due time < midnight", "应拨时刻早于午夜的未完成回访"),
    ),
    _define(
        *("promises_late", "count", "down", _LIVE),
        ("Promises late", "逾期回访"),
        ("Calls that are owed and past their deadline.", "已过截止时刻仍未完成的应拨回访。"),
        ("open promises with deadline < now", "截止时刻早于当前的未完成回访"),
    ),
    _define(
        *("link_down_s", "seconds", "down", _LIVE),
        ("Blind", "盲区时长"),
        (
            "How long the server has not seen a switch; 0 when it sees.",
            "服务器看不到交换机的时长；可见时为 0。",
        ),
        ("now - loss of the link", "当前时刻 − 失联时刻"),
    ),
    _define(
        *("trunk_failures", "count", "down", _LIVE),
        ("Failed calls out", "外呼失败"),
        ("Calls out that no line carried, in the last ten minutes.", "最近十分钟内线路未能接通的外呼。"),
        ("dials with the result `failed`", "结果为“失败”的拨打"),
    ),
    _define(
        *("disk_free_ratio", "ratio", "up", _LIVE),
        ("Disk free", "磁盘剩余"),
        ("Free part of the disk on which the database lies.", "数据库所在磁盘的剩余比例。"),
        ("free / size", "剩余 ÷ 总量"),
    ),
    _define(
        *("jobs_late", "count", "down", _LIVE),
        ("Jobs late", "滞后任务"),
        ("Work in the background that should have been done a minute ago.", "应于一分钟前完成的后台任务。"),
        ("waiting jobs due more than 60 s ago", "逾期超过 60 秒的待办任务"),
    ),
    _define(
        *("landings_waiting", "count", "down", _LIVE),
        ("Calls without a ticket", "未落单通话"),
        ("Calls that are over and not yet on their ticket.", "已结束但尚未落到工单的通话。"),
        ("ended calls without a ticket whose landing is due", "落单已到期而尚无工单的已结束通话"),
    ),
    _define(
        *("landings_oldest_s", "seconds", "down", _LIVE),
        ("Longest without a ticket", "最久未落单"),
        (
            "How long the oldest of them has been over; 0 when there is none.",
            "其中最早结束者距今的时长；没有时为 0。",
        ),
        ("now - earliest end of `landings_waiting`", "当前时刻 − `landings_waiting` 中最早的结束时刻"),
    ),
    _define(
        *("pop_latency_p50", "seconds", "down", _LIVE),
        ("Pop, median", "弹屏延迟中位数"),
        ("The browser's acknowledgement minus the switch's event.", "浏览器确认时刻减去交换机事件到达时刻。"),
        ("nearest rank, 50 %", "最近序位，50 %"),
    ),
    _define(
        *("pop_latency_p95", "seconds", "down", _LIVE),
        ("Pop, 95th percentile", "弹屏延迟 95 分位"),
        ("The browser's acknowledgement minus the switch's event.", "浏览器确认时刻减去交换机事件到达时刻。"),
        ("nearest rank, 95 %", "最近序位，95 %"),
    ),
    _define(
        *("pop_latency_p99", "seconds", "down", _LIVE),
        ("Pop, 99th percentile", "弹屏延迟 99 分位"),
        ("The browser's acknowledgement minus the switch's event.", "浏览器确认时刻减去交换机事件到达时刻。"),
        ("nearest rank, 99 %", "最近序位，99 %"),
    ),
)

DEFINITIONS: Final[Mapping[str, Definition]] = {one.key: one for one in _ALL}
"""Every metric that is shown anywhere, in the order in which people read them."""
assert len(DEFINITIONS) == len(_ALL), "a key is defined twice"

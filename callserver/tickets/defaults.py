"""The kinds of ticket that are shipped: what a hotline of an appliance maker needs on its first day.

In: nothing. Out: `DEFAULTS`, by name and in the order that people see. Must not know: who changes them, or where.

The deadlines are the customer promises of the trade: any message is answered within 24 hours, a complaint too and
first; a missed caller within two hours. Very little is required, and nothing for opening a ticket: a caller who hangs
up early must not be lost to a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from callserver.tickets.appliances import FAULTS, SYMPTOMS, chosen
from callserver.tickets.kinds import Choice, Field, FieldType, Kind
from callserver.tickets.record import Status

_HOUR = 3_600
_DAY = 24 * _HOUR
_ON_SITE: tuple[Status, ...] = (
    "open",
    "watching",
    "dispatched",
    "appointed",
    "in_service",
    "serviced",
    "owed_visit",
)


def _field(name: str, titles: str, type_: FieldType, help_: str = "", **more: Any) -> Field:
    """Titles and help as `English | 中文`."""
    return Field(name=name, title=_titles(titles), type=type_, help=_titles(help_) if help_ else {}, **more)


def _titles(both: str) -> dict[str, str]:
    english, chinese = both.split("|")
    return {"en": english.strip(), "zh": chinese.strip()}


def _one(name: str, titles: str, choices: tuple[Choice, ...], **more: Any) -> Field:
    return _field(name, titles, "choice", choices=choices, **more)


# --- fields that several kinds have ----------------------------------------------------------------------------------

_PRODUCT = _field("product_model", "Model | 型号", "text", max_length=100)
_CONTACT = _field(
    "contact",
    "Contact at the place | 现场联系人",
    "person",
    "Whom to ask for, if not the customer | 若非客户本人，找谁",
)
_PLACE = _field(
    "place",
    "Where | 服务地址",
    "address",
    "Where the service is done; needed before an outlet gets it | 服务地点；派工前必须填写",
    required_when=("dispatched",),
)
_APPOINTMENT = _field(
    "appointment",
    "Appointment | 预约时间",
    "window",
    "The time agreed with the customer | 与客户约定的时间",
    required_when=("appointed",),
)
_OUTCOME = _one(
    "outcome",
    "Outcome | 处理结果",
    chosen(
        "solved | Solved | 已解决",
        "solved_by_phone | Solved by phone | 电话解决",
        "part_needed | A part is needed | 需要配件",
        "replaced | Exchanged | 已换机",
        "returned | Taken back | 已退货",
        "declined | Customer declined | 客户放弃",
        "not_possible | Not possible | 无法处理",
    ),
    required_when=("serviced",),
)
_REMARKS = _field("remarks", "Remarks | 备注", "long", max_length=4_000)
_SATISFACTION = _one(
    "satisfaction",
    "Satisfaction | 满意度",
    chosen(
        "very_good | Very satisfied | 非常满意",
        "good | Satisfied | 满意",
        "fair | Neither | 一般",
        "bad | Dissatisfied | 不满意",
        "very_bad | Very dissatisfied | 非常不满意",
        "not_reached | Not reached | 未接通",
    ),
)
_DISPOSITION = _one(
    "disposition",
    "Result of the call | 通话小结",
    chosen(
        "answered | Question answered | 已答复",
        "interested | Interested | 有意向",
        "bought | Bought | 已购买",
        "later | Call again later | 稍后再联系",
        "not_interested | Not interested | 无意向",
        "passed_on | Passed on | 已转交",
        "wrong_number | Wrong number | 打错电话",
        "no_answer | Nobody answered | 无人接听",
        "do_not_call | Wants no calls | 请勿再拨打",
    ),
)
_FAULT = _one("fault", "Fault category | 故障类别", FAULTS, required_when=("dispatched", "serviced"))
_SYMPTOMS = _field("symptoms", "Symptoms | 故障现象", "choices", choices=SYMPTOMS)
_ERROR_CODE = _field("error_code", "Error code | 故障代码", "text", max_length=20)
_SITUATION = _field("situation", "In the customer's words | 客户描述", "long", max_length=4_000)
_WARRANTY = _one(
    "warranty",
    "Warranty | 保修",
    chosen(
        "inside | In warranty | 保修期内",
        "outside | Out of warranty | 保修期外",
        "goodwill | Goodwill | 特批保修",
        "unknown | Not known | 未知",
    ),
)
_FEE = _field("fee", "Fee said to the customer | 已告知费用", "number")
_OUTLET = _field("outlet", "Outlet | 服务网点", "text", max_length=100)
_VISIT = (_PLACE, _CONTACT, _APPOINTMENT, _OUTLET)
_TOPIC = _one(
    "topic",
    "About | 咨询内容",
    chosen(
        "product | Products and functions | 产品与功能",
        "price | Prices and offers | 价格与活动",
        "shop | Where to buy | 购买地点",
        "service | Service and fees | 服务与收费",
        "warranty | Warranty and invoice | 保修与发票",
        "progress | Progress of a request | 进度查询",
        "company | The company | 企业信息",
        "other | Something else | 其他",
    ),
)


def _service(name: str, titles: str, *fields: Field, **more: Any) -> Kind:
    """Something that is done at the customer's, and asked about afterwards."""
    return Kind(
        name=name,
        title=_titles(titles),
        fields=(_PRODUCT, *fields, *_VISIT, _WARRANTY, _FEE, _OUTCOME, _REMARKS),
        statuses=_ON_SITE,
        due_in_s=more.pop("due_in_s", _DAY),
        **more,
    )


def _talk(name: str, titles: str, *fields: Field, **more: Any) -> Kind:
    """Something that is done by talking."""
    return Kind(
        name=name,
        title=_titles(titles),
        fields=(*fields, _REMARKS),
        statuses=more.pop("statuses", ("open",)),
        return_visit=False,
        due_in_s=more.pop("due_in_s", _DAY),
        **more,
    )


_KINDS = (
    _talk(
        "information",
        "Information | 信息咨询",
        _TOPIC,
        _field("question", "Question | 问题", "long", max_length=4_000),
    ),
    _talk(
        "guidance",
        "Guidance | 使用指导",
        _PRODUCT,
        replace(_FAULT, required_when=()),
        _SYMPTOMS,
        _ERROR_CODE,
        _field(
            "advice", "What was advised | 指导内容", "long", max_length=4_000, required_when=("watching",)
        ),
        _one(
            "state",
            "How it does now | 目前状况",
            chosen("good | Works | 正常", "watch | To be seen | 待观察", "bad | Does not work | 未解决"),
        ),
        statuses=("open", "watching"),
    ),
    _service(
        "design",
        "Design | 设计",
        _field("room", "Room and size | 房间与尺寸", "text"),
        _field("wish", "Wish | 需求", "long", max_length=4_000),
        due_in_s=3 * _DAY,
    ),
    _service(
        "install",
        "Installation | 安装",
        _field("bought_on", "Bought on | 购买日期", "date"),
        _field("delivered", "Is it there? | 是否已到货", "boolean"),
        _field(
            "conditions",
            "Conditions at the place | 现场条件",
            "choices",
            choices=chosen(
                "gas | Gas is connected | 燃气已通",
                "water | Water is connected | 已通水",
                "power | Power is there | 已通电",
                "flue | Flue is there | 烟道已具备",
                "height | Work at height | 高空作业",
            ),
        ),
        _field("materials", "Materials | 安装材料", "text"),
    ),
    _service("debug", "Adjustment | 调试", _SITUATION, _SYMPTOMS, _ERROR_CODE),
    _service("repair", "Repair | 维修", _FAULT, _SYMPTOMS, _ERROR_CODE, _SITUATION),
    _service(
        "maintenance",
        "Maintenance | 保养",
        _field(
            "work",
            "Work | 保养项目",
            "choices",
            choices=chosen(
                "cleaning | Cleaning | 清洗",
                "check | Safety check | 安全检查",
                "parts | Wear parts | 易损件更换",
                "gas | Gas check | 燃气检测",
            ),
        ),
        due_in_s=3 * _DAY,
    ),
    Kind(
        name="order",
        title=_titles("Order | 电话订购"),
        fields=(
            _field("product", "Product | 产品", "text", required_when=("dispatched",)),
            _field("quantity", "Quantity | 数量", "number", required_when=("dispatched",)),
            _field("shop", "Shop | 商场", "text"),
            _field("price", "Price said | 已告知价格", "number"),
            _field("receiver", "Receiver | 收货人", "person"),
            _field("delivery", "Delivery address | 送货地址", "address", required_when=("dispatched",)),
            _field("appointment", "Delivery time | 送货时间", "window", required_when=("appointed",)),
            _REMARKS,
        ),
        statuses=("open", "dispatched", "appointed", "serviced", "owed_visit"),
        due_in_s=_DAY,
    ),
    _talk(
        "sale",
        "Selling | 电话销售",
        _field("interest", "Interested in | 意向产品", "text"),
        _one(
            "reason",
            "Why we call | 联系原因",
            chosen(
                "asked | Asked earlier | 曾咨询",
                "replacement | Due for replacement | 到更新期",
                "offer | Offer | 促销活动",
            ),
        ),
        _field("call_again", "Call again | 再次联系", "moment"),
        _DISPOSITION,
        due_in_s=7 * _DAY,
    ),
    _talk(
        "return_visit",
        "Return visit | 电话回访",
        _field("about", "About ticket | 相关工单", "text", max_length=20),
        _one(
            "state",
            "The product now | 产品状况",
            chosen(
                "good | Works | 正常",
                "again | The same fault again | 故障重现",
                "new | Another fault | 其他故障",
            ),
        ),
        _SATISFACTION,
        _field("in_time", "Came at the time agreed | 按约上门", "boolean"),
        _field("fee_right", "Fee as said | 收费相符", "boolean"),
        _field("said", "What the customer says | 客户意见", "long", max_length=4_000),
        due_in_s=3 * _DAY,
    ),
    _talk(
        "reminder",
        "Reminder | 电话提醒",
        _one(
            "occasion",
            "Occasion | 提醒事由",
            chosen(
                "bought | After a purchase | 购机后",
                "season | Before the season | 换季前",
                "check | Check due | 检查到期",
                "warranty | Warranty ends | 保修到期",
            ),
        ),
        _DISPOSITION,
        due_in_s=14 * _DAY,
    ),
    _talk(
        "survey",
        "Survey | 用户调查",
        _field("survey", "Survey | 调查名称", "text"),
        _SATISFACTION,
        _field("answers", "Answers | 调查结果", "long"),
        _DISPOSITION,
        due_in_s=14 * _DAY,
    ),
    Kind(
        name="complaint",
        title=_titles("Complaint | 投诉"),
        fields=(
            _PRODUCT,
            _one(
                "about",
                "About | 投诉对象",
                chosen(
                    "quality | The product | 产品质量",
                    "service | The service | 服务态度",
                    "late | Late or not come | 超时或爽约",
                    "fee | The fee | 收费",
                    "again | The same fault again | 重复维修",
                    "sale | Selling | 销售",
                    "hotline | The hotline | 热线",
                    "other | Something else | 其他",
                ),
                required_when=("dispatched", "serviced"),
            ),
            _SITUATION,
            _field("wish", "What the customer wants | 客户诉求", "long", max_length=4_000),
            _field(
                "finding", "What we found | 调查结果", "long", max_length=4_000, required_when=("serviced",)
            ),
            _one(
                "justified",
                "Justified | 是否属实",
                chosen("yes | Yes | 属实", "partly | Partly | 部分属实", "no | No | 不属实"),
            ),
            _field(
                "remedy", "What is done | 处理方案", "long", max_length=4_000, required_when=("serviced",)
            ),
            _REMARKS,
        ),
        statuses=("open", "dispatched", "appointed", "in_service", "serviced", "owed_visit"),
        priority="high",
        due_in_s=_DAY,
    ),
    _talk("missed_call", "Missed call | 未接来电", _DISPOSITION, priority="high", due_in_s=2 * _HOUR),
)
DEFAULTS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}

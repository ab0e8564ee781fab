"""What the columns of a customer list mean: headings, as people write them in English and Chinese, and ours.

In: the headings of a table, what the user says about some of them. Out: a Mapping, which turns a row's cells into the
values that customers.checking takes. Raises BadValue naming the heading. Must not know: files, SQL.

A heading is a word for a field, and perhaps a number: `phone`, `phone 2`, `电话2`, `phone_kind_2`. Spaces, signs and
case do not matter. Columns of numbers under several words (`电话`, `手机`) are several numbers, in their order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from callserver.errors import BadValue
from callserver.work.wordings import day, flag, number_kind, several_numbers

Cells: TypeAlias = Sequence[str]
Group = Literal["", "numbers", "addresses", "products"]

IGNORED = "-"  # as a field: this column is to be left out
MOST = 20  # of a group in one row


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that a column can be: its name for people, and where its value goes."""

    name: str
    group: Group = ""
    part: str
    kind: str = ""  # of numbers: what such a column says about them
    read: Callable[[str], Any] = str


FIELDS: tuple[Field, ...] = (
    Field(name="external_id", part="external_id"),
    Field(name="name", part="name"),
    Field(name="phone", group="numbers", part="received"),
    Field(name="mobile", group="numbers", part="received", kind="mobile"),
    Field(name="home_phone", group="numbers", part="received", kind="home"),
    Field(name="work_phone", group="numbers", part="received", kind="work"),
    Field(name="fax", group="numbers", part="received", kind="fax"),
    Field(name="phone_kind", group="numbers", part="kind", read=number_kind),
    Field(name="phone_note", group="numbers", part="note"),
    Field(name="phone_do_not_call", group="numbers", part="do_not_call", read=flag),
    Field(name="address", group="addresses", part="line"),
    Field(name="area", group="addresses", part="area"),
    Field(name="city", group="addresses", part="city"),
    Field(name="postcode", group="addresses", part="postcode"),
    Field(name="country", group="addresses", part="country"),
    Field(name="address_note", group="addresses", part="note"),
    Field(name="category", group="products", part="category"),
    Field(name="model", group="products", part="model"),
    Field(name="serial", group="products", part="serial"),
    Field(name="bought_on", group="products", part="bought_on", read=day),
    Field(name="seller", group="products", part="seller"),
    Field(name="warranty_until", group="products", part="warranty_until", read=day),
    Field(name="product_notes", group="products", part="notes"),
    Field(name="language", part="language"),
    Field(name="zone", part="zone"),
    Field(name="vip", part="vip", read=flag),
    Field(name="caution", part="caution"),
    Field(name="do_not_call", part="do_not_call", read=flag),
    Field(name="notes", part="notes"),
)  # fmt: skip
# What else people write above such a column.
_ALSO = {
    "external_id": "id customerid customerno clientid 编号 客户编号 客户号 用户编号 用户号 会员号 档案号 "
    "外部编号",
    "name": "customer customername fullname client contact 姓名 客户姓名 客户名称 用户姓名 "
    "用户名称 名称 联系人 客户 用户 顾客姓名",
    "phone": "number tel telephone phonenumber telephonenumber 电话 电话号码 联系电话 客户电话 "
    "用户电话 号码 来电号码 联系方式",
    "mobile": "cell cellphone mobilephone handy mobil 手机 手机号 手机号码 移动电话",
    "home_phone": "home homephone 家庭电话 住宅电话 宅电 固话 座机 固定电话",
    "work_phone": "work workphone office officephone 单位电话 办公电话 公司电话",
    "fax": "faxnumber 传真 传真号码",
    "phone_kind": "phonetype numberkind 电话类型 号码类型",
    "phone_note": "numbernote 电话备注 号码备注",
    "phone_do_not_call": "numberdonotcall 号码免打扰 此号勿拨",
    "address": "street streetaddress addr 地址 详细地址 客户地址 用户地址 联系地址 家庭地址 住址 安装地址",
    "area": "district county region 区 区县 县区 区域 县 片区",
    "city": "town 城市 市 所在城市",
    "postcode": "zip zipcode postalcode plz 邮编 邮政编码",
    "country": "国家",
    "address_note": "地址备注",
    "category": "product productcategory producttype appliance 产品 产品类别 产品类型 品类 类别 "
    "家电类型 产品名称",
    "model": "productmodel modelno modelnumber 型号 产品型号 机型 规格型号",
    "serial": "serialno serialnumber sn 序列号 机号 产品序列号 机身号 条码 机器编号 出厂编号",
    "bought_on": "bought purchased purchasedate purchasedon dateofpurchase 购买日期 购机日期 购买时间 "
    "销售日期",
    "seller": "dealer shop store 经销商 销售商 购买商场 商场 销售单位 购买地点",
    "warranty_until": "warranty warrantyend 保修期至 保修到期 保修截止 保修截止日期",
    "product_notes": "productnote 产品备注",
    "language": "lang 语言",
    "zone": "timezone 时区",
    "vip": "贵宾 是否vip vip客户 重要客户",
    "caution": "warning 注意 注意事项 警示",
    "do_not_call": "donotphone dnc 勿扰 免打扰 请勿致电",
    "notes": "note remark remarks comment comments 备注 说明 附注",
}
BY_NAME = {one.name: one for one in FIELDS}
# What a reject file puts before the columns of the file it came from.
REJECT_HEADINGS = ("rejected_line", "rejected_field", "rejected_reason")

_SIGNS = re.compile(r"[\s_\-.:：*()（）\[\]【】#/\\]+")
_NUMBERED = re.compile(r"(\D*?)0*(\d{0,3})")


def simple(heading: str) -> str:
    """A heading without what does not matter."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", heading).casefold())


_WORDS = {simple(word): one for one in FIELDS for word in [one.name, *_ALSO[one.name].split()]}


def known(heading: str) -> tuple[Field, int] | None:
    """The field that a heading stands for, and which of several, from 1; None for a heading that nobody knows."""
    found = _NUMBERED.fullmatch(simple(heading))
    if found is None or found[1] not in _WORDS:
        return None
    return _WORDS[found[1]], int(found[2] or 1)


def heading_of(name: str, place: int) -> str:
    """Our own heading for a field, `place` from 0: `phone`, `phone_2`."""
    return name if place == 0 else f"{name}_{place + 1}"


# --- the columns of one table ----------------------------------------------------------------------------------------

Part: TypeAlias = tuple[
    str, int, Callable[[str], Any]
]  # of a value: its name, its column, how a cell is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One number, address or product of each row: its parts, and what its column's heading says of a number."""

    parts: tuple[Part, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How the rows of one table are read. `category`: of products for which the row names none.

    `said`: each heading with the field it was taken for. `unknown`: headings that were left out.
    """

    headings: tuple[str, ...]
    plain: tuple[Part, ...]
    numbers: tuple[Slot, ...]
    addresses: tuple[Slot, ...]
    products: tuple[Slot, ...]
    category: str = ""
    said: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    def customer(self, cells: Cells) -> dict[str, Any]:
        """What the row says about the customer; `cells` has as many as there are headings."""
        values = {part: read(text) for part, column, read in self.plain if (text := cells[column])}
        numbers = [one for slot in self.numbers for one in _numbers(slot, cells)]
        if numbers:
            values["numbers"] = numbers
        addresses = [one for slot in self.addresses if (one := _parts(slot, cells))]
        if addresses:
            values["addresses"] = addresses
        return values

    def owned(self, cells: Cells) -> list[dict[str, Any]]:
        """What the row says about products."""
        found = [one for slot in self.products if (one := _parts(slot, cells))]
        for one in found:
            one.setdefault("category", self.category)
        return found

    def heading(self, path: str, cells: Cells) -> str:
        """The heading of the column in which a problem lies: `numbers[1].received` -> `手机`; the path for none."""
        where = re.fullmatch(r"(\w+)\[(\d+)\](?:\.(\w+))?", path)
        if where is None:
            found = [column for part, column, _ in self.plain if part == path]
            return self.headings[found[0]] if found else path
        groups: dict[str, tuple[Slot, ...]]
        groups = {"numbers": self.numbers, "addresses": self.addresses, "products": self.products}
        slots = [slot for slot in groups.get(where[1], ()) for _ in self._entries(where[1], slot, cells)]
        if int(where[2]) >= len(slots):
            return path
        parts = slots[int(where[2])].parts
        wanted = [column for part, column, _ in parts if part == where[3]] or [parts[0][1]]
        return self.headings[wanted[0]]

    def _entries(self, group: str, slot: Slot, cells: Cells) -> list[dict[str, Any]]:
        if group == "numbers":
            return _numbers(slot, cells)
        return [one] if (one := _parts(slot, cells)) else []


def _parts(slot: Slot, cells: Cells) -> dict[str, Any]:
    return {part: read(text) for part, column, read in slot.parts if (text := cells[column])}


def _numbers(slot: Slot, cells: Cells) -> list[dict[str, Any]]:
    found = _parts(slot, cells)
    if not found:
        return []
    if slot.kind:
        found.setdefault("kind", slot.kind)
    return [{**found, "received": one} for one in several_numbers(found.get("received", ""))]


def columns(
    headings: Sequence[str],
    *,
    given: Mapping[str, str] | None = None,
    ignore_unknown: bool = False,
    category: str = "",
) -> Columns:
    """What the columns are. `given`: heading -> field (`phone_2`), or IGNORED.

    Raises BadValue for headings that are unknown (unless they shall be ignored), for one field in two columns, for a
    field that does not exist, and for a list without names and numbers or with products of no category.
    """
    placed: dict[tuple[str, int, str], int] = {}
    order: dict[tuple[str, str, int], dict[str, Part]] = {}
    said, unknown = [], []
    for column, heading in enumerate(headings):
        meant = _meant(heading, given or {})
        if meant is None:
            if heading and simple(heading) not in _REJECTED:
                unknown.append(heading)
            continue
        if meant is not _LEFT_OUT:
            _place(order, placed, meant, column, headings)
            said.append((heading, heading_of(meant[0].name, meant[1] - 1)))
    if unknown and not ignore_unknown:
        raise BadValue("headings", _question(unknown))
    found = Columns(
        headings=tuple(headings),
        plain=tuple(part for (group, _, _), parts in order.items() if not group for part in parts.values()),
        numbers=_slots(order, "numbers"),
        addresses=_slots(order, "addresses"),
        products=_slots(order, "products"),
        category=category,
        said=tuple(said),
        unknown=tuple(unknown),
    )
    _refuse_useless(found)
    return found


_REJECTED = frozenset(map(simple, REJECT_HEADINGS))
_LEFT_OUT = (FIELDS[0], 0)


def _meant(heading: str, given: Mapping[str, str]) -> tuple[Field, int] | None:
    wanted = given.get(heading) or given.get(simple(heading))
    if wanted is None:
        return known(heading)
    if wanted == IGNORED:
        return _LEFT_OUT
    found = _NUMBERED.fullmatch(wanted.replace("-", "_"))
    name = found[1].rstrip("_") if found else ""
    if found is None or name not in BY_NAME:
        near = get_close_matches(wanted, BY_NAME, 1)
        raise BadValue(heading, f"there is no field {wanted!r}" + (f"; {near[0]!r}?" if near else ""))
    return BY_NAME[name], int(found[2] or 1)


def _place(
    order: dict[tuple[str, str, int], dict[str, Part]],
    placed: dict[tuple[str, int, str], int],
    meant: tuple[Field, int],
    column: int,
    headings: Sequence[str],
) -> None:
    """Give the column its place among the others."""
    one, number = meant
    if number > MOST or (number > 1 and not one.group):
        raise BadValue(headings[column], f"there is no {one.name} number {number}")
    kind = one.kind if one.part == "received" else ""
    before = placed.setdefault((one.name, number, kind), column)
    if before != column:
        raise BadValue(headings[column], f"column {headings[before]!r} is {one.name}, too: map one of them")
    slot = (one.group, kind if one.group == "numbers" else "" if one.group else one.part, number)
    order.setdefault(slot, {})[one.part] = (one.part, column, one.read)


def _slots(order: Mapping[tuple[str, str, int], Mapping[str, Part]], group: Group) -> tuple[Slot, ...]:
    found = []
    for (of, kind, number), parts in order.items():
        if of == group:
            if group == "numbers" and "received" not in parts:
                names = f"phone_{number} and its {', '.join(parts)}"
                raise BadValue("headings", f"there is no column for the number of {names}")
            found.append(Slot(parts=tuple(parts.values()), kind=kind))
    return tuple(found)


def _refuse_useless(found: Columns) -> None:
    if not found.numbers and not any(part == "name" for part, _, _ in found.plain):
        names = ", ".join(repr(heading) for heading in found.headings[:10])
        raise BadValue("headings", f"no column is a name or a number; the first row has {names}")
    if not found.category and any(
        not any(part == "category" for part, _, _ in slot.parts) for slot in found.products
    ):
        raise BadValue(
            "headings", "products without a column for their category: say --category, such as washer"
        )


def _question(unknown: Iterable[str]) -> str:
    lines = []
    for heading in unknown:
        near = get_close_matches(simple(heading), _WORDS, 1, cutoff=0.75)
        lines.append(repr(heading) + (f" ({_WORDS[near[0]].name}?)" if near else ""))
    named = ", ".join(lines)
    return f"unknown: {named}; map each (--map HEADING=FIELD, FIELD being - to leave it out), or --ignore-unknown"

"""What can be wrong with an appliance: fault categories and symptom codes, as choices of a field.

In: nothing. Out: choices. Must not know: kinds of ticket. A code's first letter is its category's, so that an outlet
reads from "W2" that water comes out where it should not.
"""

from __future__ import annotations

from typing import Final

from callserver.tickets.kinds import Choice


def chosen(*rows: str) -> tuple[Choice, ...]:
    """Choices from lines of `value | English | 中文`."""
    return tuple(
        Choice(value=value, title={"en": english, "zh": chinese})
        for value, english, chinese in (tuple(part.strip() for part in row.split("|")) for row in rows)
    )


FAULTS: Final = chosen(
    "ignition | Ignition and flame | 点火与火焰",
    "gas | Gas smell or leak | 燃气异味或泄漏",
    "water | Water and drainage | 进水与排水",
    "heating | Heating | 加热",
    "cooling | Cooling and freezing | 制冷与冷冻",
    "air | Air flow and suction | 风量与吸力",
    "power | Power and electrics | 电源与电气",
    "control | Control, display, network | 控制、显示与联网",
    "noise | Noise and vibration | 噪音与振动",
    "body | Housing, glass, door, accessories | 外壳、玻璃、门体与附件",
    "mounting | Installation and place | 安装与位置",
    "usage | Use, no fault | 使用问题，非故障",
    "other | Something else | 其他",
)

SYMPTOMS: Final = chosen(
    "I1 | Does not ignite | 打不着火",
    "I2 | Flame goes out | 中途熄火",
    "I3 | Flame yellow, red or sooty | 火焰发黄、发红或积碳",
    "I4 | Flame too small or uneven | 火小或火力不均",
    "I5 | Backfire or late ignition | 回火或爆燃",
    "G1 | Smell of gas, valve closed | 有燃气味，阀门已关",
    "G2 | Smell of gas, valve open | 有燃气味，阀门未关",
    "G3 | Hose old or loose | 软管老化或松动",
    "W1 | No water comes in | 不进水",
    "W2 | Leaks water | 漏水",
    "W3 | Does not drain | 不排水",
    "W4 | Overflows | 溢水",
    "W5 | Water pressure too low | 水压低",
    "H1 | Does not heat | 不加热",
    "H2 | Not hot enough | 温度不够",
    "H3 | Too hot, or temperature changes | 过热或忽冷忽热",
    "H4 | Heats too slowly | 加热慢",
    "C1 | Does not cool | 不制冷",
    "C2 | Cools too little | 制冷效果差",
    "C3 | Frost or ice | 结霜或结冰",
    "C4 | Compressor never stops | 压缩机不停机",
    "A1 | No suction or air flow | 不吸烟或无风",
    "A2 | Weak suction or air flow | 吸力或风量小",
    "A3 | Smoke or smell comes back | 倒烟或串味",
    "A4 | Oil drips | 滴油",
    "P1 | Dead, no power | 不通电",
    "P2 | Trips the breaker | 跳闸",
    "P3 | Electric shock, housing live | 漏电、外壳带电",
    "P4 | Smells burnt, smokes | 有焦味或冒烟",
    "P5 | Switches off by itself | 自动关机",
    "K1 | Buttons or panel do not react | 按键或面板失灵",
    "K2 | Shows an error code | 显示故障代码",
    "K3 | Display dark or wrong | 不显示或显示错误",
    "K4 | Remote control does not work | 遥控失灵",
    "K5 | No network, app cannot connect | 无法联网或连接应用",
    "N1 | Loud noise | 噪音大",
    "N2 | Unusual noise | 异响",
    "N3 | Shakes or moves | 抖动或移位",
    "B1 | Glass broken | 玻璃破裂",
    "B2 | Door does not close or open | 门关不上或打不开",
    "B3 | Rust, paint, scratches | 生锈、掉漆、划痕",
    "B4 | Part missing or broken | 缺件或零件损坏",
    "M1 | Wrongly installed | 安装不当",
    "M2 | Place does not fit | 位置或尺寸不合适",
    "M3 | Flue or pipe wrong | 烟管或管路问题",
    "U1 | Does not know how to use it | 不会使用",
    "U2 | Works as it should | 正常现象",
    "Z9 | Something else | 其他",
)

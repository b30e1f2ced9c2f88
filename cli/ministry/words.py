"""The words of a ministry that does not exist, and dice that fall the same way for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")

AGENCY = "示范部国际研修中心"
NUMERALS = "一二三四五六七八九十"

GROUPS = (
    "发展中国家", "非洲英语国家", "非洲法语国家", "葡语国家", "俄语国家", "太平洋岛国",
    "加勒比国家", "东南亚国家", "中亚国家",
)  # fmt: skip
SUBJECTS = (
    "港口管理", "卫星导航应用", "区块链与贸易便利化", "城市规划", "公共卫生", "水利工程", "数字档案",
    "职业教育", "农业技术推广", "气象预报", "标准化管理", "铁路运营", "新媒体传播", "税收征管",
)  # fmt: skip
FORMS = ("研修班", "官员研修班", "线上研修班", "研讨班")
HOSTS = ("示范大学公共管理学院", "模拟海洋学院", "示范铁道学院", "模拟农业科学院", "示范档案学校")
LANGUAGES = ("英语", "法语", "葡萄牙语", "俄语", "西班牙语")
LECTURES = ("制度沿革", "典型案例", "技术标准", "人才培养", "经费管理", "信息公开", "风险防范")
SIGNERS = ("朱镕", "陈喆", "王小明", "李堃")
"""Two of these names have characters of GBK that GB2312 lacks, as real ones do."""


class Dice:
    """Choices that follow from their labels alone, on every machine and release of Python."""

    __slots__ = ("_rest",)

    def __init__(self, *labels: object) -> None:
        self._rest = int.from_bytes(filler(64, *labels))

    def below(self, limit: int) -> int:
        self._rest, value = divmod(self._rest, limit)
        return value

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]


def filler(size: int, *labels: object) -> bytes:
    """`size` bytes that look random and follow from the labels alone."""
    return hashlib.shake_256("/".join(map(str, labels)).encode()).digest(size)


def title(dice: Dice, section: str, year: int) -> tuple[str, str]:
    """The title of a posting, and its subject."""
    group, subject, form = dice.pick(GROUPS), dice.pick(SUBJECTS), dice.pick(FORMS)
    programme = f"{year}年{group}{subject}{form}"
    titles = {
        "tzgg": f"关于举办{programme}的通知",
        "yxb": f"{programme}项目简介",
        "zcfb": f"关于印发《{group}{subject}研修项目管理办法》的通知",
    }
    return titles[section], subject


def clauses(dice: Dice, subject: str, written: date) -> tuple[str, ...]:
    """The numbered clauses of a notice, seven of them."""
    first = written + timedelta(days=60 + dice.below(40))
    days = 7 + dice.below(14)
    last = first + timedelta(days=days - 1)
    a = dice.below(len(LECTURES))
    lectures = [LECTURES[(a + step) % len(LECTURES)] for step in (0, 2, 5)]
    texts = (
        f"时间与方式。{_day(first)}至{_day(last)}举办，为期{days}天，工作语言为{dice.pick(LANGUAGES)}。",
        f"参加人数。计划招收{15 + dice.below(46)}人，同一单位不超过{2 + dice.below(3)}人。",
        f"承办单位。由{dice.pick(HOSTS)}承办，联系人{dice.pick(SIGNERS)}。",
        f"研修内容。围绕{subject}，讲授{'、'.join(lectures)}，安排讲座{6 + dice.below(9)}次、座谈{2 + dice.below(4)}次。",
        f"参加条件。从事{subject}工作满{2 + dice.below(6)}年，年龄不超过{40 + dice.below(16)}岁，身体健康。",
        f"提交报告。参加人员须提交一份报告，介绍本国{subject}情况及此前同其他国家的交流。",
        f"报名办法。请于{_day(first - timedelta(days=21))}前将报名表报送本中心，逾期不予受理。",
    )
    return tuple(f"{NUMERALS[place]}、{text}" for place, text in enumerate(texts))


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

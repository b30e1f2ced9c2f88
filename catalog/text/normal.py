"""A text without what changes by itself, so that a click counter makes no new version.

The recipe is a table: each rule has a name, and says why what it takes out is no content. Whatever no
rule names counts as content, a date in a notice above all.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import NamedTuple

RECIPE = "normal/1"
_DATE = r"(?:19|20)\d\d\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?"
_CLOCK = r"(?:\s*\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}秒?)?)?"
_WEEKDAY = r"(?:\s*(?:星期|周|礼拜)[一二三四五六日天])?"


class Rule(NamedTuple):
    """What is taken out, what stands for it, and why."""

    name: str
    words: tuple[str, ...]
    """In lower case; where none of them is in a text, nor is anything that the pattern fits."""
    pattern: re.Pattern[str]
    instead: str
    why: str


def _rule(name: str, words: str, pattern: str, instead: str, why: str) -> Rule:
    within_a_line = pattern.replace(r"\s", r"[^\S\n]")
    return Rule(
        name,
        tuple(words.split()),
        re.compile(within_a_line, re.IGNORECASE | re.MULTILINE),
        instead,
        why,
    )


RULES = (
    _rule(
        "counter", "点击 浏览 阅读 访问 查看 下载 关注 人气",
        r"((?:点击|浏览|阅读|访问|查看|下载|关注|人气)(?:数|次数|量|人数|率)?\s*[:：]?\s*[\[(【]?\s*)\d[\d,，]*(?:\.\d+)?万?",
        r"\1#",
        "a site counts its readers, and shows another number to each",
    ),
    _rule(
        "counted", "次",
        r"(已?(?:被)?(?:下载|阅读|浏览|点击|访问)\s*)\d[\d,，]*(\s*次)",
        r"\1#\2",
        "as above, in other words",
    ),
    _rule(
        "visitor", "访客 访问者 浏览者 读者",
        r"(您?是?本?[站页]?第\s*)\d[\d,，]*(\s*(?:位|个)\s*(?:访客|访问者|浏览者|读者))",
        r"\1#\2",
        "as above, in other words",
    ),
    _rule(
        "hits", "hits views visits visitors downloads",
        r"\b((?:hits|views|visits|visitors|downloads)\s*[:：]\s*|number of (?:hits|views|visits|downloads)\s*\(?)\d[\d,]*",
        r"\1#",
        "as above",
    ),
    _rule(
        "today", "今天 今日 现在是 当前时间 系统时间 北京时间",
        rf"(今天是|今日是?|现在是|当前时间|系统时间|北京时间)\s*[:：]?\s*{_DATE}{_CLOCK}{_WEEKDAY}",
        r"\1#",
        "the page tells its reader what day it is",
    ),
    _rule(
        "day of the week", "星期 周 礼拜",
        rf"^\s*{_DATE}\s*(?:星期|周|礼拜)[一二三四五六日天]{_CLOCK}\s*$",
        "#",
        "as above: a line of its own with the day of the week",
    ),
    _rule(
        "day of the week in English", "day,",
        r"^\s*(?:mon|tues|wednes|thurs|fri|satur|sun)day,\s*(?:\d{1,2}\s+)?[a-z]{3,9}\.?\s*(?:\d{1,2}\s*,)?\s*(?:19|20)\d\d\s*$",
        "#",
        "as above",
    ),
    _rule(
        "made in", "时间 耗时 processed",
        r"((?:页面|本页)?(?:执行|生成|处理)(?:时间|耗时)|processed in|耗时)\s*[:：]?\s*\d+(?:\.\d+)?\s*(?:秒|ms|毫秒|seconds?|s\b)",
        r"\1#",
        "how long the server took",
    ),
    _rule(
        "printed at", "打印 生成 导出",
        rf"((?:打印|生成|导出)(?:时间|日期))\s*[:：]?\s*{_DATE}{_CLOCK}",
        r"\1#",
        "when the page was made for this reader",
    ),
    _rule(
        "copyright", "© (c) copyright 版权所有",
        r"((?:©|\(c\)|copyright|版权所有)[^\d\n]{0,20})(?:19|20)\d\d(?:\s*[-–—~至]\s*(?:19|20)\d\d)?",
        r"\1#",
        "the year at the foot of every page is counted up at New Year",
    ),
)  # fmt: skip
_SPACES = re.compile(r"[^\S\n]+")


def normal(text: str) -> str:
    """The text by the recipe: NFKC, without white space, without what the rules take out."""
    plain = unicodedata.normalize("NFKC", text)
    lower = plain.lower()
    for rule in RULES:
        if any(word in lower for word in rule.words):
            plain = rule.pattern.sub(rule.instead, plain)
    return "\n".join(filter(None, _SPACES.sub("", plain).split("\n")))


def digest(normalised: str) -> bytes:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(normalised.encode()).digest()

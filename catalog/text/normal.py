"""A text without what changes by itself, so that a click counter makes no new version.

The recipe is a table: each rule has a name, and says why what it takes out is no content. Whatever no
rule names counts as content. A rule that takes out too much hides an edit, one that takes out too
little shows a version too many; so each asks for the words of the page's own machinery around a
number: "访问量：12" is a counter, "访问12个国家" is what a notice says.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from typing import NamedTuple

RECIPE = "normal/1"
_DATE = r"(?:19|20)\d\d\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?"
_CLOCK = r"(?:\s*\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}秒?)?)?"
_WEEKDAY = r"(?:星期|周|礼拜)[一二三四五六日天]"
_NUMBER = r"\d[\d,]*(?:\.\d+)?万?"
_ENDS = r"(?=\s*(?:人?次|[\])】|/]|$)|\s)"
"""What follows a counter; after anything else, as 年 or 个, the number belongs to a sentence."""


class Rule(NamedTuple):
    """What is taken out, what stands for it, and why."""

    name: str
    words: tuple[str, ...]
    """One of them stands, in lower case, in every text that the rule changes."""
    pattern: re.Pattern[str]
    instead: str
    alone: bool
    """Whether it holds only where the text has one such place: an agenda has several days, a page
    one clock."""
    why: str


def _rule(
    name: str, words: str, pattern: str, instead: str, why: str, *, alone: bool = False
) -> Rule:
    # White space within a line: what stands in the next one is another cell, or another sentence.
    compiled = re.compile(pattern.replace(r"\s", r"[^\S\n]"), re.IGNORECASE | re.MULTILINE)
    return Rule(name, tuple(words.split()), compiled, instead, alone, why)


RULES = (
    _rule(
        "counter",
        "点击 浏览 阅读 访问 查看 下载",
        rf"((?:点击|浏览|阅读|访问|查看|下载)(?:次数|数量|数|量)\s*[:\[(【]*\s*){_NUMBER}{_ENDS}",
        r"\1#",
        "a site counts its readers, and shows another number to each",
    ),
    _rule(
        "counter by name",
        "点击 浏览 阅读 访问 人气",
        rf"((?:点击|浏览|阅读|访问|人气)\s*[:\[(【]+\s*){_NUMBER}{_ENDS}",
        r"\1#",
        "as above; a name of what is counted, marked off from the number",
    ),
    _rule(
        "counter on a line of its own",
        "点击 浏览 阅读",
        rf"^(\s*(?:点击|浏览|阅读)\s*){_NUMBER}(\s*次?\s*)$",
        r"\1#\2",
        "as above",
    ),
    _rule(
        "counted",
        "次",
        rf"((?:已被?|被)(?:下载|阅读|浏览|点击)\s*){_NUMBER}(\s*次)",
        r"\1#\2",
        "as above: 附件【…】已下载12次",
    ),
    _rule(
        "visitor",
        "您",
        rf"(您是(?:本[站页]的?)?第\s*){_NUMBER}(\s*[位个]\s*(?:访客|访问者|浏览者|读者|网友))",
        r"\1#\2",
        "as above, said to the reader",
    ),
    _rule(
        "hits",
        "hits views downloads",
        rf"\b((?:hits|(?:page\s*)?views|downloads)\s*:\s*|number of (?:hits|views|downloads)\s*[:(]\s*){_NUMBER}{_ENDS}",
        r"\1#",
        "as above",
    ),
    _rule(
        "today",
        "今天是 今日是",
        rf"((?:今天|今日)是\s*:?\s*){_DATE}{_CLOCK}(?:\s*{_WEEKDAY})?{_CLOCK}",
        r"\1#",
        "the page tells its reader what day it is",
    ),
    _rule(
        "now",
        "今日 现在 当前时间 系统时间 北京时间",
        rf"^(\s*(?:今日|现在是|现在时间|当前时间|系统时间|北京时间)\s*:?\s*){_DATE}{_CLOCK}(?:\s*{_WEEKDAY})?{_CLOCK}\s*$",
        r"\1#",
        "as above, on a line of its own: in a sentence 北京时间 may be a closing date",
    ),
    _rule(
        "day of the week",
        "星期 周 礼拜",
        rf"^\s*{_DATE}\s*{_WEEKDAY}{_CLOCK}\s*$",
        "#",
        "as above: one line of its own with the day of the week",
        alone=True,
    ),
    _rule(
        "day of the week in English",
        "day,",
        r"^\s*(?:mon|tues|wednes|thurs|fri|satur|sun)day,\s*(?:\d{1,2}\s+)?[a-z]{3,9}\.?\s*(?:\d{1,2}\s*,)?\s*(?:19|20)\d\d\s*$",
        "#",
        "as above",
        alone=True,
    ),
    _rule(
        "made in",
        "页面执行 页面生成 页面处理 processed",
        r"(页面(?:执行|生成|处理)(?:时间|耗时)\s*:?\s*|processed in\s*)\d+(?:\.\d+)?(\s*(?:秒|毫秒|ms|s\b|seconds?))",
        r"\1#\2",
        "how long the server took",
    ),
    _rule(
        "printed at",
        "打印",
        rf"(打印(?:时间|日期)\s*:?\s*){_DATE}{_CLOCK}",
        r"\1#",
        "when the page was made for this reader; 生成日期 is the date of a document, and stays",
    ),
    _rule(
        "copyright",
        "© (c) copyright 版权所有",
        r"((?:©|\(c\)|copyright|版权所有)[^\d\n]{0,20})(?:19|20)\d\d(?:\s*[-–—~至]\s*(?:19|20)\d\d)?",
        r"\1#",
        "the year at the foot of every page is counted up at New Year",
    ),
    _rule(
        "session",
        "sessionid sessid",
        r"((?:jsessionid|phpsessid|aspsessionid[a-z]{8}|asp\.net_sessionid)=)[\w.!-]{16,}",
        r"\1#",
        "a server names each of its readers otherwise",
    ),
    _rule(
        "request",
        "id: id=",
        r"\b((?:request|trace|event|ray|incident)[ _-]?id\s*[:=]\s*)[0-9a-f-]{12,}",
        r"\1#",
        "a server names each request otherwise",
    ),
    _rule(
        "reader's address",
        "ip",
        r"((?:您|你|your)的?\s*ip(?:地址| address)?\s*(?:是|为|is)?\s*:?\s*)\d{1,3}(?:\.\d{1,3}){3}",
        r"\1#",
        "the page tells its reader where he is",
    ),
)  # fmt: skip
MOST_FOLDED = 200
"""Distinct characters that are folded one by one; a text with more is folded as a whole."""


def normal(text: str) -> str:
    """The text by the recipe: NFKC, without white space, without what the rules take out."""
    text = nfkc(text)
    lower = text.lower()
    for rule in RULES:
        if any(word in lower for word in rule.words) and _holds(rule, text):
            text = rule.pattern.sub(rule.instead, text)
    lines = ("".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))


def digest(normalised: str) -> bytes:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(normalised.encode()).digest()


def _holds(rule: Rule, text: str) -> bool:
    if not rule.alone:
        return True
    places = rule.pattern.finditer(text)
    return next(places, None) is not None and next(places, None) is None


def nfkc(text: str) -> str:
    """NFKC of a text, several times as fast for Chinese: its few full-width signs are replaced first.

    A character and its own NFKC are equivalent wherever they stand, so this changes no result; and
    what is normal then already, the last step gives back as it is.
    """
    if unicodedata.is_normalized("NFKC", text):
        return text
    folded = set(_not_normal().findall(text))
    if len(folded) <= MOST_FOLDED:
        for character in folded:
            text = text.replace(character, unicodedata.normalize("NFKC", character))
    return unicodedata.normalize("NFKC", text)


@cache
def _not_normal() -> re.Pattern[str]:
    """Characters of the first plane that are not their own NFKC."""
    points = (chr(point) for point in range(0x80, 0x10000) if point not in range(0xD800, 0xE000))
    others = (c for c in points if not unicodedata.is_normalized("NFKC", c))
    return re.compile(f"[{re.escape(''.join(others))}]")

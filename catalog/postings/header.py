"""Labelled values in the text: the header block of information disclosure (索引号 …), and the line
under a title (发布时间：… 来源：…).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catalog.postings.dates import date_of
from catalog.postings.numbers import number_in
from catalog.postings.values import Value
from catalog.text.extraction import Passage

BLOCK = {
    "索引号": "index_number",
    "信息索引": "index_number",
    "发文机关": "agency",
    "发文单位": "agency",
    "发布机构": "agency",
    "发布机关": "agency",
    "制发机关": "agency",
    "公开责任部门": "agency",
    "标题": "title",
    "名称": "title",
    "文件名称": "title",
    "信息名称": "title",
    "发文字号": "number",
    "发文文号": "number",
    "文号": "number",
    "文件编号": "number",
    "成文日期": "written",
    "成文时间": "written",
    "发文日期": "written",
    "发文时间": "written",
    "生成日期": "written",
    "印发日期": "written",
    "发布日期": "posted",
    "公开日期": "posted",
}
LINE = {
    "发布时间": "posted",
    "发稿时间": "posted",
    "时间": "posted",
    "日期": "posted",
    "来源": "source",
    "信息来源": "source",
    "文章来源": "source",
    "稿件来源": "source",
}
_LABELS = {**BLOCK, **LINE}
_GAP = r"[ \t\u3000\u00a0]*"
_COLON = re.compile(r"[:：]")
_WIDEST = 24
"""Characters before a colon that a label takes, spaces between its characters included."""
_LABEL = re.compile(
    r"(?<![\u4e00-\u9fff])(?:【|\[)?(?P<label>"
    + "|".join(_GAP.join(label) for label in sorted(_LABELS, key=len, reverse=True))
    + rf"){_GAP}(?:】|\])?{_GAP}$"
)
_SPACES = re.compile(r"\s+")
_BEHIND = re.compile(r"\s|[【\[(（]?(?:作者|编辑|责任编辑|责编|撰稿|记者|字体|打印|点击|浏览)")
"""What follows a source on its line."""
LONGEST = 300
"""Characters of a value; what is longer is running text."""
MOST = 3
"""Values of one label that are kept: the first is in the header, others in lists and footers."""


def from_text(passages: Sequence[Passage]) -> Iterator[Value]:
    """The labelled values of a text, in its order."""
    seen: dict[str, int] = {}
    for index, passage in enumerate(passages):
        found = list(_labels(passage.text))
        for place, (label, _, begin) in enumerate(found):
            end = found[place + 1][1] if place + 1 < len(found) else len(passage.text)
            raw = passage.text[begin:end].strip()
            if not raw and place + 1 == len(found):
                raw = _next_cell(passages, index)
            value = _value(_LABELS[label], raw)
            if value and seen.get(label, 0) < MOST:
                seen[label] = seen.get(label, 0) + 1
                where = "header block" if label in BLOCK else "line"
                yield Value(_LABELS[label], value, raw, where, f"{label}, {passage.at}")


def _labels(text: str) -> Iterator[tuple[str, int, int]]:
    """The labels of a text, each with where it begins and where its value does."""
    for colon in _COLON.finditer(text):
        start = max(colon.start() - _WIDEST, 0)
        match = _LABEL.search(text[start : colon.start()])
        if match:
            yield _SPACES.sub("", match["label"]), start + match.start(), colon.end()


def _next_cell(passages: Sequence[Passage], index: int) -> str:
    """What stands after a label that has a passage of its own, unless that is a label again."""
    if index + 1 == len(passages):
        return ""
    following = passages[index + 1].text.strip()
    return "" if next(_labels(following), None) else following


def _value(field: str, raw: str) -> str | None:
    text = _SPACES.sub(" ", raw).strip(" \u3000|｜;；,，")
    if not text or len(text) > LONGEST:
        return None
    if field in {"written", "posted"}:
        return date_of(text)
    if field == "number":
        return number_in(text) or text
    if field == "source":
        return _BEHIND.split(text)[0].strip() or None
    return text

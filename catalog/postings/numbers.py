"""Document numbers (发文字号): 商援函〔2021〕12号, 商务部公告2021年第12号, 国务院令第712号."""

from __future__ import annotations

import re

_LETTER = re.compile(
    r"(?P<word>[\u4e00-\u9fffA-Za-z]{1,16})\s*[〔\[［【(（﹝]\s*(?P<year>(?:19|20)\d\d)\s*[〕\]］】)）﹞]\s*"
    r"(?:第\s*)?(?P<number>[0-9０-９]{1,6})\s*号"
)
_NOTICE = re.compile(
    r"(?P<word>[\u4e00-\u9fff、\s]{0,40}(?:公告|通告|令|通报))\s*[〔\[（(]?\s*(?:(?P<year>(?:19|20)\d\d)\s*年?)?\s*[〕\]）)]?\s*"
    r"第\s*(?P<number>[0-9０-９]{1,6})\s*号"
)
_AROUND = " \t\u3000()（）[]【】"


def number_in(text: str) -> str | None:
    """The first number that a text holds, written in one form; `None` where there is none."""
    letter = _LETTER.search(text)
    if letter:
        return f"{letter['word']}〔{letter['year']}〕{int(letter['number'])}号"
    notice = _NOTICE.search(text)
    if notice:
        word = "".join(notice["word"].split())
        year = f"{notice['year']}年" if notice["year"] else ""
        return f"{word}{year}第{int(notice['number'])}号"
    return None


def number_alone(text: str) -> str | None:
    """The number that a line consists of. One within a sentence is of another document, mostly."""
    line = text.strip(_AROUND)
    for form in (_LETTER, _NOTICE):
        match = form.fullmatch(line)
        if match:
            return number_in(line)
    return None

"""The encoding of text that declares none, by which reading of it makes words."""

from __future__ import annotations

import re

FREQUENT = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后"
    "小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知"
    "这個說們為會過學對裡後還沒發時當無開見經頭麼樣實現電話機關業務區縣務總經產員與報準據"
    "通告函办部关业管理法规定第二四五六七八九号月年实施各省市区县政府院局委员务培训名单项目商政策信息工"
)
"""Characters that fill a third of any Chinese text, of both scripts, and of notices above all."""
KANA = re.compile("[\u3041-\u309f\u30a1-\u30fc]")
SYLLABLES = frozenset("이다는을의에가로고하지도한서기사자부은를인시정일어과대나리수있해들그스아전")
"""As frequent in Korean."""

EAST_ASIAN = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "johab")
SAMPLE = 1 << 16
ENOUGH = 0.12
"""Of the characters beyond ASCII, the share that must be frequent: text read in a wrong encoding has
hundredths, true text a third and lists of names a fifth."""

NOT_LATIN = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874")
"""Cyrillic, Greek, Hebrew, Arabic and Thai."""
LETTERS = re.compile(rb"[A-Za-z]+")
WORD = re.compile(rb"[\x80-\xff][\x80-\xff .,]*")
LEAST = 32
"""Bytes beyond ASCII below which statistics tell nothing."""


def utf16(content: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` where the bytes are UTF-16 without a mark; else `None`.

    No other text has a NUL; and whatever its script, UTF-16 has line ends and digits.
    """
    sample = content[:SAMPLE]
    if 0 not in sample:
        return None
    usual = {
        encoding: _usual(sample.decode(encoding, "replace"))
        for encoding in ("utf-16-le", "utf-16-be")
    }
    best = max(usual, key=usual.__getitem__)
    return best if usual[best] > 0.25 else None


def _usual(text: str) -> float:
    known = sum(" " <= each <= "~" or each in "\r\n\t" or each in FREQUENT for each in text)
    return known / len(text)


def east_asian(content: bytes) -> str | None:
    """The encoding in which the bytes are Chinese, Japanese or Korean; `None` where in none."""
    sample = content[:SAMPLE]
    scores = {each: words(sample.decode(each, "replace"), each) for each in EAST_ASIAN}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] > ENOUGH else None


def words(text: str, encoding: str) -> float:
    """How much of what is not ASCII is frequent where people write in that encoding."""
    foreign = [character for character in text[:SAMPLE] if character > "\x7f"]
    if not foreign or foreign.count("\ufffd") * 50 > len(foreign):
        return 0.0
    if encoding in {"gb18030", "big5hkscs"}:
        known = sum(character in FREQUENT for character in foreign)
    elif encoding in {"cp949", "johab"}:
        known = sum(character in SYLLABLES for character in foreign)
    else:
        known = len(KANA.findall(text[:SAMPLE]))
    return known / len(foreign)


def not_latin(content: bytes) -> str | None:
    """What charset-normalizer takes text for that is written in letters beyond ASCII.

    `None` where ASCII letters prevail: statistics cannot tell é from ę, and browsers take such a
    page for Western; or where there is too little to go by.
    """
    sample = content[:SAMPLE]
    foreign = sum(byte > 0x7F for byte in sample)
    if foreign < LEAST or foreign < sum(map(len, LETTERS.findall(sample))):
        return None
    from charset_normalizer import from_bytes  # noqa: PLC0415 -- few pages come this far

    text = b" ".join(WORD.findall(sample))
    best = from_bytes(text, cp_isolation=list(NOT_LATIN)).best()
    return best.encoding if best else None

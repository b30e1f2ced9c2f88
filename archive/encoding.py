"""Which encoding a page is really in, whatever it declares, and which rule decided.

Order: byte order mark, HTTP header, `<meta>` in the first 1,024 bytes, XML declaration, the bytes
themselves. A declaration that the bytes contradict is overruled: Chinese sites declare UTF-8 over
GBK and the reverse, and a link read in the wrong one leads nowhere.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass

from archive.encoding_guess import EAST_ASIAN, ENOUGH, east_asian, not_latin, utf16, words

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CHINESE = "gb18030"
LATIN = frozenset({"cp1252", "windows-1252", "iso8859-15"})
LABELS = {
    **dict.fromkeys(
        ("gb2312", "gbk", "x-gbk", "gb_2312-80", "csgb2312", "chinese", "iso-ir-58", "gb18030"),
        CHINESE,
    ),
    **dict.fromkeys(("iso-8859-1", "latin1", "ascii", "us-ascii"), "windows-1252"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8"), "utf-8"),
}
"""Labels that browsers read as another encoding (encoding.spec.whatwg.org, 4.2)."""

NOT_OF_THE_WEB = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
"""Codecs of Python that no page is in."""

CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
META = re.compile(rb"<meta\b[^>]{0,512}", re.IGNORECASE)
XML = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.IGNORECASE)
NOT_ASCII = re.compile(rb"[\x80-\xff]+")
UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
UTF8_EAST_ASIAN = re.compile(rb"[\xe3-\xef][\x80-\xbf]{2}")
GB2312_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")

FEW = 400
"""Bytes beyond ASCII that may be Chinese without a single frequent character: names, a title."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text."""

    text: str
    encoding: str
    rule: str
    """`bom header meta xml`, or `overruled-header` and the like, `utf-8` or `guess` from the bytes."""
    declared: str | None
    """The label as the page or server gave it."""
    replaced: int
    """Characters that could not be read."""

    @property
    def query_encoding(self) -> str:
        """The encoding in which a browser sends queries from this page."""
        return query_encoding(self.encoding)


def query_encoding(encoding: str) -> str:
    """The encoding in which a browser sends queries from a page in this one."""
    if encoding.startswith("utf-16"):
        return "utf-8"
    return "gbk" if encoding == CHINESE else encoding


def decode(content: bytes, content_type: str | None) -> Decoded:
    """Read a page; never fails: what cannot be read becomes U+FFFD and is counted."""
    for mark, marked in MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], marked, "bom", None)
    if (unmarked := utf16(content)) is not None:
        return _decoded(content, unmarked, "guess", None)
    declared, rule = _declared(content, content_type)
    encoding = _codec(declared) if declared else None
    if content.isascii():
        ascii_codec = encoding if encoding and not encoding.startswith("utf-16") else "utf-8"
        text = content.decode("ascii")
        return Decoded(text, ascii_codec, rule if encoding else "utf-8", declared, 0)
    if encoding is None:
        return _decoded(content, *_from_bytes(content), declared)
    if encoding == "utf-8":
        return _as_utf8(content, rule, declared)
    return _as_declared(content, encoding, rule, declared)


def _as_declared(content: bytes, encoding: str, rule: str, declared: str | None) -> Decoded:
    """A page that declares an older encoding: believed, unless it makes words in another alone."""
    if _is_utf8(content) and (encoding in LATIN or _is_east_asian(content)):
        return _decoded(content, "utf-8", f"overruled-{rule}", declared)
    decoded = _decoded(content, encoding, rule, declared)
    if encoding in LATIN or (encoding in EAST_ASIAN and words(decoded.text, encoding) < ENOUGH / 2):
        other = east_asian(content)
        if other not in {None, encoding}:
            return _decoded(content, other, f"overruled-{rule}", declared)
    return decoded


def _as_utf8(content: bytes, rule: str, declared: str | None) -> Decoded:
    """A page that declares UTF-8: believed, unless it is plainly Chinese of the older kind."""
    with suppress(UnicodeDecodeError):
        return Decoded(content.decode(), "utf-8", rule, declared, 0)
    if not _is_utf8(content) and _share(UTF8_SEQUENCE, content) <= 0.5:
        other = east_asian(content) or (CHINESE if _is_chinese(content) else None)
        if other is not None:
            return _decoded(content, other, f"overruled-{rule}", declared)
    return _decoded(content, "utf-8", rule, declared)


def _declared(content: bytes, content_type: str | None) -> tuple[str | None, str]:
    header = CHARSET.search((content_type or "").encode("latin-1", "replace"))
    if header:
        return header[1].decode("ascii", "replace"), "header"
    head = content[:1024]
    for meta in META.findall(head):
        label = CHARSET.search(meta)
        if label:
            return label[1].decode("ascii", "replace"), "meta"
    xml = XML.match(head)
    return (xml[1].decode("ascii", "replace"), "xml") if xml else (None, "utf-8")


def _codec(label: str) -> str | None:
    name = label.strip().lower()
    name = LABELS.get(name, name)
    if name.startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return "utf-8"  # a page that says so in single bytes is not in it
    try:
        "".encode(name)  # refuses codecs that are none of text
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError):
        return None
    return None if found in NOT_OF_THE_WEB else found


def _from_bytes(content: bytes) -> tuple[str, str]:
    if _is_utf8(content):
        return "utf-8", "utf-8"
    guessed = east_asian(content)
    if guessed is None and _foreign(content) < FEW and _is_in_pairs(content):
        guessed = CHINESE
    return guessed or not_latin(content) or "windows-1252", "guess"


def _is_utf8(content: bytes) -> bool:
    """Whether UTF-8 reads all of it; a character cut at the end does not count."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > 0
    return True


def _is_east_asian(content: bytes) -> bool:
    """Two-byte UTF-8 alone proves nothing: the GBK of 通知 or 联通 is valid UTF-8 too."""
    return _share(UTF8_EAST_ASIAN, content) > 0.5


def _is_chinese(content: bytes) -> bool:
    """Whether GB 18030 reads what UTF-8 mostly cannot."""
    if _is_utf8(content) or _share(UTF8_SEQUENCE, content) > 0.5:
        return False
    unread = content.decode(CHINESE, "replace").count("\ufffd")
    return unread * 20 <= _foreign(content)


def _is_in_pairs(content: bytes) -> bool:
    """Whether it may be GB 2312 by its form alone: a word of another script has any length."""
    runs = NOT_ASCII.findall(content)
    even = sum(len(run) % 2 == 0 for run in runs)
    return even * 5 >= len(runs) * 4 and _share(GB2312_PAIR, content) > 0.5 and _is_chinese(content)


def _share(pattern: re.Pattern[bytes], content: bytes) -> float:
    """How much of the bytes beyond ASCII a pattern covers."""
    return sum(map(len, pattern.findall(content))) / _foreign(content)


def _foreign(content: bytes) -> int:
    return sum(map(len, NOT_ASCII.findall(content)))


def _decoded(content: bytes, encoding: str, rule: str, declared: str | None) -> Decoded:
    text = content.decode(encoding, "replace")
    return Decoded(text, encoding, rule, declared, text.count("\ufffd"))

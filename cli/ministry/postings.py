"""Postings and their attachments, each made on request from the seed and its number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from cli.ministry import files, words
from cli.ministry.words import Dice

SECTIONS = {"tzgg": "通知公告", "yxb": "研修项目", "zcfb": "政策发布"}
"""Folder and name of each listing; posting n stands in listing n modulo 3."""
FIRST_DAY = date(2021, 1, 4)
DAYS = 700
"""The first postings of a world are spread over so many days."""
FIRST_ID = 10_000_000
ATTACHMENTS = (1, 2, 0, 1)
"""How many attachments posting n has, by n modulo 4."""
SLOTS = 4
"""Numbers of attachments are posting times this plus index."""
KINDS = tuple(files.MEDIA_TYPES)
LABELS = ("项目简介", "报名表", "课程安排")


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a page is written in, and what its header and its markup say of it."""

    real: str
    header: str | None
    meta: str

    @property
    def lies(self) -> bool:
        """Whether a reader who believes the page's markup misreads it."""
        chinese = self.real.startswith("gb")
        return self.header is None and self.meta.startswith("gb") is not chinese


UTF8 = Encoding("utf-8", "utf-8", "utf-8")
PLAIN = Encoding("utf-8", None, "utf-8")
GBK = Encoding("gbk", None, "gb2312")
ENCODINGS = (
    UTF8, GBK, PLAIN, Encoding("gbk", "GBK", "gbk"), UTF8, Encoding("gbk", None, "utf-8"),
    PLAIN, Encoding("utf-8", None, "gb2312"), UTF8, Encoding("gbk", "GBK", "utf-8"),
)  # fmt: skip
"""How posting n is encoded, by n modulo 10: at 5 and 7 the declaration lies."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a posting links."""

    posting: int
    index: int
    name: str
    kind: str
    path: str
    """Its URL on the site, percent-encoded."""
    href: str
    """The link as written in the posting's page."""
    size: int
    named_in_header: bool
    """Its name comes in Content-Disposition, as raw GBK."""

    def content(self, seed: int, edition: int) -> bytes:
        """The file's bytes; an edition later than 0 has other bytes under the same URL."""
        text = self.name if edition == 0 else f"{self.name}（第{edition + 1}版）"
        return files.make(self.kind, f"{text} {seed}-{self.posting}-{self.index}", self.size)


@dataclass(frozen=True, slots=True)
class Posting:
    """One notice as the ministry has it now."""

    number: int
    section: str
    title: str
    symbol: str
    """发文字号, the number that the office gave it."""
    written: date
    """成文日期."""
    posted: date
    """发布日期."""
    clauses: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    path: str
    encoding: Encoding


def make(seed: int, number: int, size: int, bytes_: tuple[int, int]) -> Posting:
    """Posting `number` of a world of `size` postings, its attachments of `bytes_` from–to."""
    dice = Dice(seed, "posting", number)
    section = tuple(SECTIONS)[number % len(SECTIONS)]
    posted = FIRST_DAY + timedelta(days=number * DAYS // size)
    written = posted - timedelta(days=1 + dice.below(9))
    title, subject = words.title(dice, section, posted.year)
    folder = f"/{section}/{posted:%Y%m}/"
    return Posting(
        number=number,
        section=section,
        title=title,
        symbol=f"示培函〔{written.year}〕{1 + number}号",
        written=written,
        posted=posted,
        clauses=words.clauses(dice, subject, written),
        attachments=tuple(
            _attachment(Dice(seed, "attachment", number, index), number, index, folder, bytes_)
            for index in range(ATTACHMENTS[number % len(ATTACHMENTS)])
        ),
        path=f"{folder}t{posted:%Y%m%d}_{FIRST_ID + number}.html",
        encoding=ENCODINGS[number % len(ENCODINGS)],
    )


def _attachment(
    dice: Dice, number: int, index: int, folder: str, bytes_: tuple[int, int]
) -> Attachment:
    """The three ways in which such sites link files: by a number, by a name, through a script."""
    kind = KINDS[(number // 2 + index) % len(KINDS)]
    name = f"附件{index + 1}：{LABELS[(number + index) % len(LABELS)]}.{kind}"
    style = (number + index) % 3
    if style == 0:
        file = f"P0{FIRST_ID + number}{index}.{kind}"
        path, href = folder + file, f"./{file}"
    elif style == 1:
        path = folder + quote(f"{FIRST_ID + number}/{name}")
        # Half of the sites that name files in Chinese do not encode the link at all.
        href = f"./{FIRST_ID + number}/{name}" if number % 2 else path
    else:
        path = href = f"/system/download.jsp?wbfileid={number * SLOTS + index}"
    low, high = bytes_
    size = min(high, (low << dice.below((high // low).bit_length())) + dice.below(low))
    return Attachment(number, index, name, kind, path, href, size, style == 2)

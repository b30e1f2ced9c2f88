"""What is known of a posting that is cited: what it says of itself, and where its copy lies.

A form of citation is a function of these alone, so that what is cited today reads the same tomorrow.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlsplit

from catalog.citations.dates import Day
from catalog.citations.names import Author
from catalog.citations.titles import Title

CHINA = timezone(timedelta(hours=8))
ZONES = {"cn": CHINA, "hk": CHINA, "mo": CHINA, "tw": CHINA}
"""The legal time of the countries whose postings we watch, by the last label of the host."""
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of all that follows (UAX #9, 2.1, 2.2, 2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The archived copy: where a reader finds it, and what its bytes are known by."""

    archive: str
    """The archive's name."""
    capture: str
    version: str | None
    document: str | None
    """Ids as they are printed, with their check characters."""
    sha256: str
    blake3: str
    """Of the content, in hex."""
    length: int
    """Bytes of the content."""
    media_type: str | None = None
    base: str | None = None
    """The archive's `public_url`."""

    @property
    def url(self) -> str | None:
        """The permanent address of the capture; `None` where the archive has no public address."""
        return f"{self.base.rstrip('/')}/c/{self.capture}" if self.base else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The exact words cited, and what came of looking for them in the copy."""

    text: str
    verdict: str
    """In the words of `muniment quote`: `verified`, `verified with declared omissions` …"""
    place: str
    """Where it stands, for a reader: `page 3`, `sheet1!B3`, `paragraph 12`."""
    pages: tuple[int, int] | None = None
    """First and last page, where the file has pages."""

    @property
    def pin(self) -> str | None:
        """The pages as styles cite them: `3`, `3–4`."""
        if self.pages is None:
            return None
        first, last = self.pages
        return str(first) if first == last else f"{first}–{last}"

    @property
    def labelled(self) -> str | None:
        """`p. 3`, `pp. 3–4`."""
        if self.pin is None:
            return None
        return f"pp. {self.pin}" if "–" in self.pin else f"p. {self.pin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a form of citation may say."""

    title: Title
    url: str
    captured: datetime
    """When the copy was made, or as its giver asserts."""
    copy: Copy
    authors: tuple[Author, ...] = ()
    """As the person who cites names them; else the agency is the author."""
    agency: str | None = None
    number: str | None = None
    """发文字号."""
    written: str | None = None
    posted: str | None = None
    """As `catalog.texts.Posting` has them."""
    language: str | None = None
    origin: str | None = None
    """Of a copy that somebody handed over: from whom, when, asserted and not observed."""
    quote: Quoted | None = None
    is_read: bool = True
    """Whether the text was read: else what the document says of itself is missing here."""
    notes: tuple[str, ...] = field(default=())
    """What a reader should be told besides."""

    @property
    def responsible(self) -> tuple[Author, ...]:
        return self.authors or ((Author(self.agency),) if self.agency else ())

    @property
    def publisher(self) -> str | None:
        """The agency, where somebody else is named as the author."""
        return self.agency if self.authors else None

    @property
    def issued(self) -> Day | None:
        """The day it was posted; where that is not known, that it was written."""
        value = self.posted or self.written
        return Day.of_text(value) if value else None

    @property
    def accessed(self) -> Day:
        return Day.of(self.captured)

    @property
    def key(self) -> str:
        """A key for bibliographies: the host and the capture's id, so that it never changes."""
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in host)
        return f"{plain or 'file'}-{self.copy.capture}"

    @property
    def local(self) -> datetime | None:
        """The time of the capture where the source is, by the country of its host."""
        zone = ZONES.get((urlsplit(self.url).hostname or "").rpartition(".")[2])
        return self.captured.astimezone(zone) if zone else None

    @property
    def pwid(self) -> str | None:
        """The copy's Persistent Web Identifier (URN namespace `pwid`), where the archive is public."""
        archive = urlsplit(self.copy.base).hostname if self.copy.base else None
        if archive is None:
            return None
        time = self.captured.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"urn:pwid:{archive}:{time}:part:{self.url}"


def clean(text: str) -> str:
    """A text from outside as one line: runs of spaces and line ends become one space. Left out are
    control characters, halves of characters, and what would turn round the rest of the line, such as
    the address of the copy.
    """
    return " ".join("".join(c for c in text if c.isspace() or _is_kept(c)).split())


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in TURNING

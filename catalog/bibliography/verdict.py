"""The verdict on an entry: one of a closed list, by a table of rules over what the archive holds.

Several rules may hold of one entry; the first in `RULES` is the verdict, the others stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from catalog.bibliography.entry import Entry
from catalog.quoting.verdict import HOLDS, QuoteVerdict


class EntryVerdict(StrEnum):
    """The closed list."""

    UNREADABLE = "unreadable"
    NOT_ARCHIVED = "not archived"
    ERROR_PAGE = "error page archived"
    AMBIGUOUS = "ambiguous"
    QUOTE_ALTERED = "quote altered"
    QUOTE_NOT_FOUND = "quote not found"
    LATER = "archived later than claimed"
    MISSING = "missing from source"
    CHANGED = "changed since"
    EXACT = "verified exact"
    QUOTE_VERIFIED = "quote verified"
    NEAR = "near date"


FAILS = frozenset(
    {
        EntryVerdict.NOT_ARCHIVED,
        EntryVerdict.ERROR_PAGE,
        EntryVerdict.QUOTE_ALTERED,
        EntryVerdict.QUOTE_NOT_FOUND,
        EntryVerdict.LATER,
    }
)
"""Verdicts for which a check fails, unless told otherwise: what is cited cannot be shown as cited."""
UNCHECKED = frozenset({EntryVerdict.UNREADABLE, EntryVerdict.AMBIGUOUS})


@dataclass(frozen=True, slots=True)
class Held:
    """One capture of what an entry points to."""

    capture: str
    """Its id."""
    url: str
    time: datetime
    outcome: str
    """What the content is, read rather than by its status, where it was read."""
    document: str | None = None
    version: str | None = None
    normal: bytes | None = None
    sha256: bytes | None = None

    @property
    def is_content(self) -> bool:
        return self.version is not None and self.outcome == "content"

    @property
    def is_gone(self) -> bool:
        return self.outcome in {"not-found", "soft-404"}

    def same_text(self, other: Held) -> bool:
        return self.version == other.version or (
            self.normal is not None and self.normal == other.normal
        )


@dataclass(frozen=True, slots=True)
class QuoteFound:
    """What the check of one of the entry's quotations came to."""

    quote: str
    verdict: QuoteVerdict
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """What the archive holds of an entry."""

    entry: Entry
    held: tuple[Held, ...] = ()
    """Every capture, the earliest first."""
    named: Held | None = None
    """The capture whose digest or id the entry names."""
    quotes: tuple[QuoteFound, ...] = ()
    days: int = 7
    """Within how many days a date is near."""

    @property
    def content(self) -> list[Held]:
        return [held for held in self.held if held.is_content]

    @property
    def cited(self) -> Held | None:
        """The content that the entry means: the one that it names, or nearest to its date, or last."""
        if self.named is not None:
            return self.named
        found, claim = self.content, self.claim
        if not found:
            return None
        if claim is None:
            return found[-1]
        return min(found, key=lambda held: (self._distance(held, claim), held.time))

    @property
    def claim(self) -> tuple[datetime, datetime] | None:
        """From when to when the work says to have seen the source."""
        return _span(self.entry.seen) if self.entry.seen else None

    @property
    def distance(self) -> timedelta | None:
        """How far the cited content is from the claimed date."""
        claim, cited = self.claim, self.cited
        return self._distance(cited, claim) if claim and cited else None

    @staticmethod
    def _distance(held: Held, claim: tuple[datetime, datetime]) -> timedelta:
        begin, end = claim
        return max(begin - held.time, held.time - end, timedelta(0))


@dataclass(frozen=True)
class Judged:
    """The verdict on an entry, with its reason and whatever else holds of it."""

    facts: Facts
    verdict: EntryVerdict
    reason: str
    also: tuple[tuple[EntryVerdict, str], ...] = field(default=())

    @property
    def entry(self) -> Entry:
        return self.facts.entry


Rule = Callable[[Facts], str | None]
"""Why a verdict holds of an entry; `None` where it does not."""


def judge(facts: Facts) -> Judged:
    """The verdict on an entry. Pure: the same facts give the same verdict."""
    found = [(verdict, reason) for verdict, rule in RULES if (reason := rule(facts)) is not None]
    (verdict, reason), *also = found
    return Judged(facts, verdict, reason, tuple(also))


def _unreadable(facts: Facts) -> str | None:
    entry = facts.entry
    if entry.problem and not entry.urls:
        return entry.problem
    return None if entry.urls or entry.sha256 or entry.id else "it names no address, digest or id"


def _not_archived(facts: Facts) -> str | None:
    if facts.held or facts.named or _unreadable(facts):
        return None
    if not facts.entry.urls:
        return "nothing here has this digest or id"
    return "no capture of " + ", ".join(facts.entry.urls)


def _error_page(facts: Facts) -> str | None:
    if not facts.held or facts.content or facts.named:
        return None
    last = facts.held[-1]
    return f"only {last.outcome} was captured, last on {last.time:%Y-%m-%d}"


def _ambiguous(facts: Facts) -> str | None:
    documents = {held.document for held in facts.content}
    if facts.named or len(documents) < 2 or any(q.verdict in HOLDS for q in facts.quotes):
        return None
    return f"its addresses lead to {len(documents)} documents, and nothing says which is meant"


def _altered(facts: Facts) -> str | None:
    found = [quote for quote in facts.quotes if quote.verdict is QuoteVerdict.ALTERED]
    return f"“{found[0].quote}”: {found[0].reason}" if found else None


def _not_found(facts: Facts) -> str | None:
    found = [quote for quote in facts.quotes if quote.verdict is QuoteVerdict.NOT_FOUND]
    return f"“{found[0].quote}”: {found[0].reason}" if found else None


def _later(facts: Facts) -> str | None:
    claim, content = facts.claim, facts.content
    if claim is None or not content or facts.named:
        return None
    first = content[0].time
    if first <= claim[1] + timedelta(days=facts.days):
        return None
    return f"seen {facts.entry.seen} by the work, first captured on {first:%Y-%m-%d}"


def _missing(facts: Facts) -> str | None:
    cited = facts.cited
    later = [held for held in facts.held if cited and held.time > cited.time]
    if not later or not later[-1].is_gone:
        return None
    return (
        f"held of {cited.time:%Y-%m-%d}; gone at the source on {later[-1].time:%Y-%m-%d}"
        if cited
        else None
    )


def _changed(facts: Facts) -> str | None:
    cited = facts.cited
    if cited is None:
        return None
    other = [
        held
        for held in facts.content
        if held.time > cited.time and held.document == cited.document and not held.same_text(cited)
    ]
    if not other:
        return None
    return f"held of {cited.time:%Y-%m-%d}; another text at the source on {other[0].time:%Y-%m-%d}"


def _exact(facts: Facts) -> str | None:
    if facts.named is not None:
        what = "the digest" if facts.entry.sha256 else "the id"
        return f"{what} that it names is held"
    if facts.distance == timedelta(0):
        return f"captured on the day that it names, {facts.entry.seen}"
    return None


def _quote_verified(facts: Facts) -> str | None:
    if facts.quotes and all(quote.verdict in HOLDS for quote in facts.quotes):
        count = len(facts.quotes)
        return (
            "its quotation stands in the text"
            if count == 1
            else f"its {count} quotations stand in the text"
        )
    return None


def _near(facts: Facts) -> str | None:
    cited = facts.cited
    if cited is None:
        return None
    if facts.claim is None:
        return f"it names no date; held of {cited.time:%Y-%m-%d}"
    days = (facts.distance or timedelta(0)).days
    within = "" if days <= facts.days else f", more than {facts.days} days"
    told = f"{days} days" if days else "less than a day"
    return f"captured {told} from the date that it names{within}"


RULES: tuple[tuple[EntryVerdict, Rule], ...] = (
    (EntryVerdict.UNREADABLE, _unreadable),
    (EntryVerdict.NOT_ARCHIVED, _not_archived),
    (EntryVerdict.ERROR_PAGE, _error_page),
    (EntryVerdict.AMBIGUOUS, _ambiguous),
    (EntryVerdict.QUOTE_ALTERED, _altered),
    (EntryVerdict.QUOTE_NOT_FOUND, _not_found),
    (EntryVerdict.LATER, _later),
    (EntryVerdict.MISSING, _missing),
    (EntryVerdict.CHANGED, _changed),
    (EntryVerdict.EXACT, _exact),
    (EntryVerdict.QUOTE_VERIFIED, _quote_verified),
    (EntryVerdict.NEAR, _near),
)
"""In the order of precedence."""


def _span(told: str) -> tuple[datetime, datetime] | None:
    """The first and the last instant of a date as exact as it is given, in UTC with half a day's room
    for the zone that nobody told.
    """
    parts = [int(part) for part in told[:10].split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    try:
        begin = datetime(year, month, day, tzinfo=UTC)
        if len(parts) == 3:
            end = begin + timedelta(days=1)
        elif len(parts) == 2:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    room = timedelta(hours=12)
    return begin - room, end + room

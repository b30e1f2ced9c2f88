"""The verdict on an entry: one of a closed list, by a table of rules over what the archive holds.

Several rules may hold of one entry; the first in `RULES` is the verdict, the others stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from archive.verdict import Verdict
from catalog.bibliography.claim import told
from catalog.bibliography.entry import Entry
from catalog.bibliography.held import Facts, QuoteFound
from catalog.quoting.verdict import QuoteVerdict


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
MOVED_ON = frozenset({EntryVerdict.MISSING, EntryVerdict.CHANGED})
"""Verdicts that hold of the copy and no longer of the source."""
UNCHECKED = frozenset({EntryVerdict.UNREADABLE, EntryVerdict.AMBIGUOUS})


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

    @property
    def since(self) -> datetime | None:
        """When what the verdict tells of was first seen at the source."""
        if self.verdict is EntryVerdict.MISSING:
            return self.facts.gone_since
        if self.verdict is EntryVerdict.CHANGED and self.facts.changed:
            return self.facts.changed.time
        return None


def answer_of(verdict: str, fails: Collection[str] = FAILS) -> Verdict:
    """A verdict as one of the three answers; `fails` says which ones do not hold."""
    if verdict in fails:
        return Verdict.FAILED
    return Verdict.NOT_CHECKED if verdict in UNCHECKED else Verdict.PASSED


def judge(facts: Facts) -> Judged:
    """The verdict on an entry. Pure: the same facts give the same verdict."""
    found = [(verdict, reason) for verdict, rule in RULES if (reason := rule(facts)) is not None]
    (verdict, reason), *also = found
    if facts.entry.problem and facts.entry.problem not in reason:
        reason += f"; read with a fault: {facts.entry.problem}"
    return Judged(facts, verdict, reason + _unchecked_quotes(facts), tuple(also))


def _unreadable(facts: Facts) -> str | None:
    entry = facts.entry
    if entry.urls or entry.sha256 or entry.id:
        return None
    if not entry.problem and entry.copies:
        return "it names copies in other archives alone, which do not tell their original"
    return entry.problem or "it names no address, digest or id"


def _not_archived(facts: Facts) -> str | None:
    if facts.named or _unreadable(facts):
        return None
    if facts.conflict:
        held = facts.content
        other = (
            f"; of its address other contents are held, last of {_day(held[-1].time)}"
            if held
            else ""
        )
        return facts.conflict + other
    if any(held.answered for held in facts.held):
        return None
    tried = facts.held[-1] if facts.held else None
    if tried is not None:
        return f"nothing came back, last on {_day(tried.time)}: {tried.code or tried.outcome}"
    return "no capture of " + ", ".join(facts.entry.urls)


def _error_page(facts: Facts) -> str | None:
    answers = [held for held in facts.held if held.answered]
    if not answers or facts.content or facts.named:
        return None
    last = answers[-1]
    return f"only {last.outcome} was captured, last on {_day(last.time)}"


def _ambiguous(facts: Facts) -> str | None:
    if facts.named or _all_quotes_hold(facts) or facts.cited is None:
        return None
    lasts = {held.document: held for held in facts.content}
    others = [held for held in lasts.values() if not held.same_text(facts.cited)]
    if len(lasts) > 1 and any(held.document != facts.cited.document for held in others):
        return f"its addresses lead to {len(lasts)} documents, and nothing says which is meant"
    if facts.distance is None or facts.is_near or facts.enclosing or _later(facts):
        return None
    return f"captured {told(facts.distance)} the date that it names and no nearer: what stood there then is not known"


def _altered(facts: Facts) -> str | None:
    return _quote(facts, QuoteVerdict.ALTERED)


def _not_found(facts: Facts) -> str | None:
    return _quote(facts, QuoteVerdict.NOT_FOUND)


def _later(facts: Facts) -> str | None:
    claim, content = facts.claim, facts.content
    if claim is None or not content or facts.named:
        return None
    first = content[0].time
    if first <= claim.end + timedelta(days=facts.days):
        return None
    return f"the work saw it {facts.entry.seen}, first captured on {_day(first)}"


def _missing(facts: Facts) -> str | None:
    if facts.cited is None or facts.gone_since is None:
        return None
    return f"held of {_day(facts.cited.time)}; gone at the source on {_day(facts.gone_since)}"


def _changed(facts: Facts) -> str | None:
    if facts.cited is None or facts.changed is None:
        return None
    return f"held of {_day(facts.cited.time)}; another text at the source on {_day(facts.changed.time)}"


def _exact(facts: Facts) -> str | None:
    if facts.named is not None:
        what = "digest" if facts.entry.sha256 else "id"
        held = facts.entry.urls and not any(h.version == facts.named.version for h in facts.held)
        return f"the {what} that it names is held" + (f", of {facts.named.url}" if held else "")
    if facts.claim and facts.claim.is_exact and facts.distance == timedelta(0):
        return f"captured just then: {facts.entry.seen}"
    return None


def _quote_verified(facts: Facts) -> str | None:
    if not _all_quotes_hold(facts):
        return None
    count = len(facts.quotes)
    return "its quotation stands there" if count == 1 else f"its {count} quotations stand there"


def _near(facts: Facts) -> str | None:
    cited = facts.cited
    if cited is None:
        return None
    if facts.distance is None:
        return f"it names no date; held of {_day(cited.time)}"
    if facts.is_near:
        if not facts.distance:
            return f"captured within {facts.entry.seen}"
        return f"captured {told(facts.distance)} the date that it names"
    if facts.enclosing is None:
        return None
    before, after = facts.enclosing
    return f"the same text on {_day(before.time)} and {_day(after.time)}, before and after the date that it names"


RULES: tuple[tuple[EntryVerdict, Callable[[Facts], str | None]], ...] = (
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
"""Why each verdict holds of an entry, `None` where it does not; in the order of precedence: first what
keeps an entry from being checked, then what does not hold, then what somebody should know, then what
holds, the strongest first."""


def _all_quotes_hold(facts: Facts) -> bool:
    return bool(facts.quotes) and all(quote.holds for quote in facts.quotes)


def _unchecked_quotes(facts: Facts) -> str:
    """What a verdict on the source leaves open of the words."""
    failed = {QuoteVerdict.ALTERED, QuoteVerdict.NOT_FOUND}
    left = [q for q in facts.quotes if not q.holds and q.checked.verdict not in failed]
    if not left:
        return ""
    return f"; “{left[0].quote}” could not be checked: {left[0].reason}"


def _quote(facts: Facts, verdict: QuoteVerdict) -> str | None:
    found: QuoteFound | None = next((q for q in facts.quotes if q.checked.verdict is verdict), None)
    return f"“{found.quote}”: {found.reason}" if found else None


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"

"""What is held of an entry: the facts that verdicts follow from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from catalog.bibliography.claim import Claim, claim_of
from catalog.bibliography.entry import Entry
from catalog.diffing import marked
from catalog.quoting.verdict import HOLDS, Checked

GONE = frozenset({"not-found", "soft-404"})
"""Outcomes that say: there is nothing at this address any more."""


@dataclass(frozen=True, slots=True)
class Held:
    """One capture of what an entry points to."""

    capture: str
    """Its id."""
    url: str
    time: datetime
    outcome: str
    """What the content is, read rather than by its status, where it was read."""
    code: str | None = None
    answered: bool = True
    """Whether anything came back."""
    document: str | None = None
    """The document that was asked for, wherever its address led."""
    version: str | None = None
    normal: bytes | None = None
    sha256: bytes | None = None

    @property
    def is_content(self) -> bool:
        return self.version is not None and self.outcome == "content"

    @property
    def is_gone(self) -> bool:
        return self.outcome in GONE

    def same_text(self, other: Held) -> bool:
        """Whether a reader sees the same: the bytes, or the text without what changes by itself."""
        return self.version == other.version or (
            self.normal is not None and self.normal == other.normal
        )


@dataclass(frozen=True, slots=True)
class QuoteFound:
    """What the check of one of the entry's quotations came to, and in which content."""

    quote: str
    checked: Checked
    version: str

    @property
    def holds(self) -> bool:
        return self.checked.verdict in HOLDS

    @property
    def reason(self) -> str:
        """Why; of an altered one the nearest passage, with the words `[-there-]` and `{+quoted+}`."""
        near = self.checked.nearest
        return self.checked.reason if near is None else marked(near.runs)


@dataclass(frozen=True)
class Facts:
    """What the archive holds of an entry."""

    entry: Entry
    held: tuple[Held, ...] = ()
    """Every capture, the earliest first."""
    named: Held | None = None
    """The capture whose digest or id the entry names."""
    conflict: str | None = None
    """Why what the entry names is not held, where it names something."""
    quotes: tuple[QuoteFound, ...] = ()
    days: int = 7
    """Within how many days a date is near."""

    @cached_property
    def content(self) -> list[Held]:
        return [held for held in self.held if held.is_content]

    @cached_property
    def claim(self) -> Claim | None:
        """When the work says to have seen the source."""
        return claim_of(self.entry.seen)

    @cached_property
    def cited(self) -> Held | None:
        """The content that the entry means: the one that it names, or nearest to its date, or last."""
        if self.named is not None:
            return self.named
        found, claim = self.content, self.claim
        if not found or claim is None:
            return found[-1] if found else None
        return min(found, key=lambda held: (abs(claim.distance(held.time)), held.time))

    @cached_property
    def distance(self) -> timedelta | None:
        """How far the cited content is from the claimed date, negative before it."""
        return self.claim.distance(self.cited.time) if self.claim and self.cited else None

    @cached_property
    def is_near(self) -> bool:
        return self.distance is not None and abs(self.distance) <= timedelta(days=self.days)

    @cached_property
    def enclosing(self) -> tuple[Held, Held] | None:
        """The cited text before and after the claimed date: it stood there in between."""
        cited, claim = self.cited, self.claim
        if cited is None or claim is None:
            return None
        same = [held for held in self.content if held.same_text(cited)]
        before = [held for held in same if held.time < claim.end]
        after = [held for held in same if held.time >= claim.begin]
        if not before or not after:
            return None
        others = [
            held
            for held in self.held
            if before[-1].time < held.time < after[0].time
            and (held.is_gone or (held.is_content and not held.same_text(cited)))
        ]
        return None if others else (before[-1], after[0])

    @cached_property
    def later(self) -> list[Held]:
        """What was seen at the cited address after the cited content."""
        cited = self.cited
        if cited is None:
            return []
        here = {held.document for held in self.held if held.version == cited.version}
        here.add(cited.document)
        return [held for held in self.held if held.time > cited.time and held.document in here]

    @cached_property
    def gone_since(self) -> datetime | None:
        """When the source was first seen gone, where it was gone when last seen."""
        told = [held for held in self.later if held.is_content or held.is_gone]
        if not told or not told[-1].is_gone:
            return None
        first = len(told)
        while first and told[first - 1].is_gone:
            first -= 1
        return told[first].time

    @cached_property
    def changed(self) -> Held | None:
        """The first later content with another text."""
        cited = self.cited
        return next(
            (
                held
                for held in self.later
                if cited and held.is_content and not held.same_text(cited)
            ),
            None,
        )

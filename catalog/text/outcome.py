"""What a content is, read in it rather than off its status: what was asked for, or a page in its place.

Sites answer 200 with a test for browsers, a refusal, a login, "no such page". Such a content is kept
like any other, but is no document. The rules lean to `content`: a rule must find its mark in a page
that says little else, and a notice that talks of verification, or of maintenance, is a notice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from catalog.text import media_types as types
from catalog.text.extraction import Extraction
from catalog.text.kind import Kind
from catalog.text.outcome_rules import IN_PLACE_OF, RULES, VERSION, Rule

HEAD = 1 << 18
"""Bytes of a page that marks are looked for in."""

CONTENT = "content"
AROUND = frozenset({"nav", "footer", "hidden"})
FILES = frozenset(
    {types.PDF, types.OFD, types.ZIP, types.RAR, types.SEVEN_ZIP, types.DOCX, types.XLSX}
)
"""Formats in whose place a page is always another thing. An old `.doc` or `.xls` may be one."""
SHORT = 1_500
"""Characters of a page in a file's place; a longer one may be what the site has to show."""

NOTICE = re.compile(r"(?:通知|公告|通告|公示|公报|函|令|意见|办法|决定)")
DATE = re.compile(r"(?:19|20)\d\d\s*[年./-]\s*\d{1,2}")
SEPARATORS = re.compile(r"\s*(?:[|_–—·]|-{1,3}|::|»)\s*")


class Judged(NamedTuple):
    """An outcome, and why, with the version of the rules: `None` for `content`."""

    outcome: str
    reason: str | None


@dataclass(frozen=True)
class Page:
    """What rules look at."""

    head: str
    """The first bytes, a character each: marks are of ASCII."""
    extraction: Extraction

    @cached_property
    def title(self) -> str:
        return next((value for name, value in self.extraction.properties if name == "title"), "")

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The title whole, and what stands before and after the name of the site."""
        parts = [part for part in SEPARATORS.split(self.title) if part]
        return (self.title.strip(), *parts[:1], *parts[-1:])

    @cached_property
    def own(self) -> str:
        """The words of the page itself, without what leads around it."""
        passages = self.extraction.passages
        return "\n".join(each.text for each in passages if each.at.part not in AROUND)

    @cached_property
    def is_notice(self) -> bool:
        words = f"{self.title}\n{self.own}"
        return bool(NOTICE.search(words) and DATE.search(words))


def judge(head: bytes, kind: Kind, extraction: Extraction) -> Judged:
    """What a content is, whose first bytes, kind and text these are."""
    if kind.real not in {types.HTML, types.XHTML, types.PLAIN}:
        return Judged(CONTENT, None)
    page = Page(head[:HEAD].decode("latin-1"), extraction)
    for rule in RULES:
        if (mark := _mark(rule, page)) is not None:
            return Judged(rule.outcome, f"{rule.name}: {mark} ({VERSION})")
    if kind.real != types.PLAIN and kind.declared in FILES:
        for name, pattern in IN_PLACE_OF:
            if pattern.search(page.head):
                return Judged("viewer-stub", f"{name} in place of {kind.declared} ({VERSION})")
        if len(page.own) <= SHORT:
            return Judged("viewer-stub", f"a page in place of {kind.declared} ({VERSION})")
    return Judged(CONTENT, None)


def _mark(rule: Rule, page: Page) -> str | None:
    """What in the page makes a rule hold; `None` where it does not."""
    if len(page.own) > rule.most or (rule.most > 0 and page.is_notice and not rule.also_notices):
        return None
    if rule.where == "title":
        found = next(filter(None, map(rule.pattern.fullmatch, page.titles)), None)
        if found is None:  # before the whole source is searched: few pages have such a title
            return None
    if rule.needs is not None and rule.needs.search(page.head) is None:
        return None
    if rule.where != "title":
        found = rule.pattern.search(page.head if rule.where == "script" else page.own)
    return None if found is None else f"{rule.where} “{found[0][:80].strip()}”"

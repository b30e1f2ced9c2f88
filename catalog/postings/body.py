"""What the running text states without a label: the number under a title, who signed and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catalog.postings.dates import dates_in
from catalog.postings.numbers import number_alone
from catalog.postings.values import Value
from catalog.text.extraction import Passage

TOP = 40
"""Passages among which a title and a number are looked for."""
BOTTOM = 200
"""Passages among which a signature is looked for: attachments and footers may follow it."""
_AGENCY = re.compile(
    r"(?:部|委|委员会|局|厅|院|会|司|署|政府|办公室|总公司|公司|大学|学院|中心|馆|处|组|法院|检察院)$"
)
LONGEST_DATE = 30
SHORTEST, LONGEST = 6, 120
"""Characters of a line that is taken for a title."""
SEPARATORS = "_-|—–·»>,，(（"
"""What stands between a page's title and the name of its site."""
_SPACES = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NO_TITLE = re.compile(r"^(?:附件|附：|第?\s*\d+\s*[页号]?$|[-—]+)")
_STOPS = re.compile(r"[。；;]$")


def from_body(passages: Sequence[Passage], page_title: str | None) -> Iterator[Value]:
    """The values of the running text. `page_title` is what the head of a page says it is called."""
    for passage in passages[:TOP]:
        number = number_alone(passage.text)
        if number:
            yield Value("number", number, passage.text.strip(), "body", f"text, {passage.at}")
    where = "heading" if page_title else "body"
    title = _heading(passages, page_title) if page_title else _first_line(passages)
    if title:
        yield Value("title", " ".join(title.text.split()), title.text, where, f"text, {title.at}")
    yield from _signature(passages)


def _heading(passages: Sequence[Passage], page_title: str) -> Passage | None:
    """The line that the page's title begins with; behind it follow names of columns and of the site."""
    title = _SPACES.sub("", page_title)
    for passage in passages:
        line = _SPACES.sub("", passage.text)
        rest = title[len(line) :]
        if len(line) >= SHORTEST and title.startswith(line) and (not rest or rest[0] in SEPARATORS):
            return passage
    return None


def _first_line(passages: Sequence[Passage]) -> Passage | None:
    """The first line that reads like a title."""
    for passage in passages[:TOP]:
        text = passage.text.strip()
        wide = len(_HAN.findall(text))
        if _NO_TITLE.match(text) or number_alone(text) or _STOPS.search(text):
            continue
        if (wide >= SHORTEST or len(text.split()) >= 3) and len(text) <= LONGEST:
            return passage
    return None


def _signature(passages: Sequence[Passage]) -> Iterator[Value]:
    """A date that has the last lines for itself, and the agency above it (落款)."""
    for index in range(len(passages) - 1, max(len(passages) - BOTTOM, 0), -1):
        passage = passages[index]
        text = passage.text.strip()
        found = next(dates_in(text), None) if len(text) <= LONGEST_DATE else None
        if (
            found is None
            or found.raw != text.strip("()（） ")
            or len(found.value) < len("2021-06-01")
        ):
            continue
        signer = passages[index - 1]
        name = "".join(signer.text.split())
        if not (_AGENCY.search(name) and 3 <= len(name) <= 40):
            continue
        yield Value("written", found.value[:10], text, "signature", f"signature, {passage.at}")
        yield Value("agency", name, signer.text.strip(), "signature", f"signature, {signer.at}")
        return

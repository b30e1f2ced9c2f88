"""Reading one content: its kind, its text, and what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.text.extraction import JOINT, Extraction, Passage
from catalog.text.formats import (
    Content,
    EncryptedError,
    OverLimitError,
    UnsupportedError,
    extractor,
)
from catalog.text.kind import Kind, kind_of
from catalog.text.media_types import ENCRYPTED

CHARACTERS = 20_000_000
"""Characters of a text that are kept; a book of a thousand pages has two million."""

PASSAGES = 1_000_000
"""Passages that are kept: as many as a sheet of the largest size has rows."""

PAIRS = 100_000
"""Links, and properties, that are kept."""

DETAIL = 500
"""Characters of what a library says of a file that it cannot read."""

LOCKED = "it opens with a password only"

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What no database takes as text. It becomes U+FFFD here, so that positions hold everywhere."""


@dataclass(frozen=True)
class Reading:
    """What came of a content."""

    kind: Kind
    extraction: Extraction
    outcome: str = "content"
    outcome_reason: str | None = None


def read(
    path: Path,
    content_type: str | None,
    name: str | None,
    tell: Callable[[Kind], None] = lambda _kind: None,
) -> Reading:
    """Read the file at `path`; what keeps it from being read is in the reading.

    `tell` hears of the kind before the text is looked for. Any library may crash, hang or eat the
    memory on a file made for it: from outside call this through `catalog.text.worker`.
    """
    from catalog.text.outcome import HEAD, judge  # noqa: PLC0415 -- only where files are read

    kind = kind_of(path, content_type, name)
    tell(kind)
    content = Content(path=path, real_type=kind.real, content_type=content_type, name=name)
    extraction = bounded(_extraction(content))
    with path.open("rb") as file:
        judged = judge(file.read(HEAD), kind, extraction)
    return Reading(kind, extraction, judged.outcome, judged.reason)


def read_scan(
    path: Path,
    content_type: str | None,
    name: str | None,
    tell: Callable[[Kind], None] = lambda _kind: None,
) -> Reading:
    """What a machine makes out on the images of the file at `path` (catalog.text.ocr); as `read`."""
    from catalog.text import ocr  # noqa: PLC0415 -- few files are read so

    kind = kind_of(path, content_type, name)
    tell(kind)
    content = Content(path=path, real_type=kind.real, content_type=content_type, name=name)
    try:
        extraction = ocr.extract(content)
    except Exception as error:  # noqa: BLE001 -- a library's errors are as many as its versions
        extraction = replace(nothing(*reason(content, error)), ocr=True)
    return Reading(kind, bounded(extraction))


def _extraction(content: Content) -> Extraction:
    if content.real_type == ENCRYPTED:
        return nothing("encrypted", LOCKED)
    extract = extractor(content.real_type)
    if extract is None:
        return nothing("unsupported", f"no text is read out of {content.real_type}")
    try:
        return extract(content)
    except Exception as error:  # noqa: BLE001 -- a library's errors are as many as its versions
        return nothing(*reason(content, error))


def reason(content: Content, error: Exception) -> tuple[str, str]:
    """The code and the sentence for what an extractor raised."""
    if isinstance(error, EncryptedError):
        return "encrypted", LOCKED
    if isinstance(error, UnsupportedError):
        return "unsupported", str(error)
    if isinstance(error, OverLimitError):
        return "over-limit", str(error)
    if isinstance(error, MemoryError | RecursionError):
        return "over-limit", f"reading it took too much memory ({_said(error)})"
    return "damaged", f"it cannot be read as {content.real_type}: {_said(error)}"


def nothing(code: str, detail: str) -> Extraction:
    """No text, and why."""
    return Extraction(tool="muniment", recipe="none/1", code=code, detail=detail)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:DETAIL] if str(error) else type(error).__name__


def bounded(extraction: Extraction) -> Extraction:
    """The extraction within the limits, of characters that a database can hold.

    What was cut has the code `over-limit`, whatever else was wrong with it.
    """
    passages = tuple(_within(extraction.passages))
    cut = len(passages) < len(extraction.passages) or (
        bool(passages) and len(passages[-1].text) < len(extraction.passages[-1].text)
    )
    detail = extraction.detail
    if cut:
        detail = f"only the first {CHARACTERS:,} characters or {PASSAGES:,} passages are kept"
    return replace(
        extraction,
        passages=passages,
        code="over-limit" if cut else extraction.code,
        detail=None if detail is None else storable(detail),
        properties=_storable_pairs(extraction.properties),
        links=_storable_pairs(extraction.links),
    )


def _within(passages: Iterable[Passage]) -> Iterator[Passage]:
    left = CHARACTERS
    for number, passage in enumerate(passages):
        if number == PASSAGES or left <= 0:
            return
        yield Passage(storable(passage.text[:left]), passage.at)
        left -= len(passage.text) + len(JOINT)


def storable(text: str) -> str:
    """The text with U+FFFD for what no database can hold; as long as before."""
    return UNSTORABLE.sub("\ufffd", text)


def _storable_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((storable(one), storable(other)) for one, other in list(pairs)[:PAIRS])

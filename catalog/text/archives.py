"""Archives: each member by what it really is, to a depth and a total; none is written under its name.

What keeps a member from being read stands in `detail`, and the rest is read on.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from catalog.text.archive_members import READERS, Member
from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content, OverLimitError, extractor
from catalog.text.kind import kind_of
from catalog.text.media_types import ENCRYPTED
from catalog.text.reading import LOCKED, reason

TOOL = f"Python {platform.python_version()}"
RECIPE = "archive/1"
DEPTH = 3
MEMBERS = 2_000
TOTAL = 512 << 20
"""Bytes of all members together, unpacked."""
CHARACTERS = 20_000_000
"""Characters of all members, after which no further one is read."""
SAID = 50
"""Members of which `detail` says why they have no text; of more it gives the number."""
_CHUNK = 1 << 20


@dataclass
class _Budget:
    """What may still be unpacked, and what was not read, with code and sentence."""

    bytes: int
    members: int
    characters: int
    reasons: list[tuple[str, str]] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    read: int = 0

    def spend(self, count: int) -> None:
        """Take bytes out of the budget. Raises `OverLimitError` when it has no more."""
        self.bytes -= count
        if self.bytes < 0:
            raise OverLimitError(f"more than {TOTAL >> 20} MiB together")


def extract(content: Content) -> Extraction:
    """Read an archive. Raises what its library raises where it is none, or is cut at its beginning."""
    budget = _Budget(TOTAL, MEMBERS, CHARACTERS)
    with tempfile.TemporaryDirectory() as folder:
        passages = tuple(_members(content, "", Path(folder), budget, 1))
    code, detail = _shortfall(budget, passages)
    return Extraction(
        tool="; ".join([TOOL, *dict.fromkeys(budget.tools)]),
        recipe=RECIPE,
        passages=passages,
        code=code,
        detail=detail,
        properties=(("members read", str(budget.read)),),
        links=tuple(budget.links),
    )


def _shortfall(budget: _Budget, passages: tuple[Passage, ...]) -> tuple[str | None, str | None]:
    codes = {code for code, _ in budget.reasons}
    told = [said for _, said in budget.reasons[:SAID]]
    if len(budget.reasons) > SAID:
        told.append(f"and {len(budget.reasons) - SAID:,} more without text")
    if "over-limit" in codes:
        return "over-limit", "; ".join(told)
    if passages:
        return None, "; ".join(told) or None
    code = codes.pop() if len(codes) == 1 else "no-text"
    return code, "; ".join(told) or "no member has text"


def _members(
    content: Content, inside: str, folder: Path, budget: _Budget, depth: int
) -> Iterator[Passage]:
    """The passages of the members; what ends the archive early is a reason, unless it has no member."""
    found = iter(READERS[content.real_type](content, budget.tools))
    while True:
        try:
            one = next(found, None)
        except Exception as error:
            if not budget.read and not budget.reasons:
                raise
            _say(budget, inside or "the archive", content, error)
            return
        if one is None:
            return
        budget.members -= 1
        if budget.members < 0 or budget.characters < 0:
            limit = f"{MEMBERS:,} members" if budget.members < 0 else f"{CHARACTERS:,} characters"
            budget.reasons.append(("over-limit", f"more than {limit}: the rest is not read"))
            return
        name = f"{inside}{one.name}"
        try:
            yield from _member(one, name, folder, budget, depth)
        except Exception as error:  # noqa: BLE001 - a member may be broken in any way; the rest goes on
            _say(budget, name, content, error)
            if budget.bytes < 0:
                return


def _say(budget: _Budget, name: str, content: Content, error: Exception) -> None:
    code, said = reason(content, error)
    budget.reasons.append((code, f"{name}: {code}, {said}"))


def _member(one: Member, name: str, folder: Path, budget: _Budget, depth: int) -> Iterator[Passage]:
    file = folder / str(budget.members)
    with one.open() as source, file.open("wb") as target:
        while chunk := source.read(_CHUNK):
            budget.spend(len(chunk))
            target.write(chunk)
    try:
        kind = kind_of(file, None, name).real
        content = Content(path=file, real_type=kind, name=name.rpartition("/")[2])
        if kind in READERS and depth < DEPTH:
            yield from _members(content, f"{name}/", folder, budget, depth + 1)
        elif kind in READERS:
            said = f"{name}: archives within archives, deeper than {DEPTH}"
            budget.reasons.append(("over-limit", said))
        else:
            yield from _read(content, name, budget)
    finally:
        file.unlink(missing_ok=True)


def _read(content: Content, name: str, budget: _Budget) -> Iterator[Passage]:
    extract_member = extractor(content.real_type)
    if extract_member is None:
        code, said = "unsupported", f"no text is read out of {content.real_type}"
        if content.real_type == ENCRYPTED:
            code, said = "encrypted", LOCKED
        budget.reasons.append((code, f"{name}: {code}, {said}"))
        return
    try:
        found = extract_member(content)
    except Exception as error:  # noqa: BLE001 - a library's errors are as many as its versions
        _say(budget, name, content, error)
        return
    budget.read += 1
    budget.tools.append(found.tool)
    budget.links += found.links
    budget.characters -= sum(len(passage.text) + 1 for passage in found.passages)
    if found.code:
        budget.reasons.append((found.code, f"{name}: {found.code}, {found.detail or 'no text'}"))
    for passage in found.passages:
        yield Passage(passage.text, passage.at._replace(member=name))

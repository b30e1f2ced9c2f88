"""ZIP archives: each member by what it really is, to a depth and a total; none is written under its
own name.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content, EncryptedError, OverLimitError, extractor
from catalog.text.kind import kind_of
from catalog.text.package import member, opened

TOOL = "muniment zip"
RECIPE = "zip/1"
DEPTH = 3
MEMBERS = 2_000
TOTAL = 512 << 20
"""Bytes of all members together, unpacked."""
_UTF8 = 0x800
_CHUNK = 1 << 20


@dataclass
class _Budget:
    """What may still be unpacked, and what was not read, with the reason."""

    bytes: int = TOTAL
    members: int = MEMBERS
    depth: int = 0
    reasons: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)


def extract(content: Content) -> Extraction:
    """Read an archive. Raises `zipfile.BadZipFile` where it is none."""
    budget = _Budget()
    with tempfile.TemporaryDirectory() as folder:
        passages = tuple(_members(content.path, "", Path(folder), budget))
    return Extraction(
        tool="; ".join([TOOL, *dict.fromkeys(budget.tools)]),
        recipe=RECIPE,
        passages=passages,
        code=None if passages else "no-text",
        detail="; ".join(budget.reasons) or (None if passages else "no member has text"),
        properties=tuple(budget.properties),
    )


def _members(path: Path, inside: str, folder: Path, budget: _Budget) -> Iterator[Passage]:
    with opened(path) as package:
        for info in package.infolist():
            if info.is_dir():
                continue
            name = f"{inside}{_name(info)}"
            budget.members -= 1
            if budget.members < 0:
                budget.reasons.append(f"more than {MEMBERS:,} members: the rest is not read")
                return
            try:
                yield from _member(package, info, name, folder, budget)
            except Exception as error:  # noqa: BLE001 - a member may be broken in any way; the rest goes on
                budget.reasons.append(f"{name}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, EncryptedError):
        return "locked by a password"
    if isinstance(error, OverLimitError):
        return f"over-limit, {error}"
    return f"damaged, {type(error).__name__}: {error}"


def _member(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, folder: Path, budget: _Budget
) -> Iterator[Passage]:
    file = folder / str(budget.members)
    _unpack(package, info, file, budget)
    kind = kind_of(file, None, name)
    try:
        if kind.real == "application/zip":
            yield from _nested(file, name, folder, budget)
            return
        extract_member = extractor(kind.real)
        if extract_member is None:
            budget.reasons.append(f"{name}: nothing reads {kind.real}")
            return
        found = extract_member(Content(path=file, real_type=kind.real, name=name))
        budget.tools.append(found.tool)
        if found.code:
            budget.reasons.append(f"{name}: {found.code}, {found.detail}")
        for passage in found.passages:
            yield Passage(passage.text, replace(passage.at, member=name))
    finally:
        file.unlink(missing_ok=True)


def _nested(file: Path, name: str, folder: Path, budget: _Budget) -> Iterator[Passage]:
    if budget.depth == DEPTH:
        budget.reasons.append(f"{name}: archives within archives deeper than {DEPTH}")
        return
    budget.depth += 1
    yield from _members(file, f"{name}/", folder, budget)
    budget.depth -= 1


def _unpack(package: zipfile.ZipFile, info: zipfile.ZipInfo, file: Path, budget: _Budget) -> None:
    with member(package, info) as source, file.open("wb") as target:
        while chunk := source.read(_CHUNK):
            budget.bytes -= len(chunk)
            if budget.bytes < 0:
                raise OverLimitError(f"more than {TOTAL >> 20} MiB together")
            target.write(chunk)


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name: of one without the UTF-8 mark the bytes are GBK in China, not cp437."""
    if info.flag_bits & _UTF8:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename

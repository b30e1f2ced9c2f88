"""Giving a bibliography back with durable citations: something is added, and nothing taken away.

`tails` has for the number of an entry (from 0, as `read_entries` gave them) the sentence that names its
archived copy.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from archive.encoding import decode
from archive.errors import UsageError, Where
from catalog.bibliography.entry import Entry
from catalog.text.package import Element, part, part_xml, xml

Tails = Mapping[int, str]
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_FIELDS = ("addendum", "note", "annote")
"""Fields of BibTeX for what comes last in a reference; the first that an entry has not is added."""
_SPECIAL = re.compile(r"([%&#$_{}])")
_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")


def write(path: Path, entries: Sequence[Entry], tails: Tails) -> bytes:
    """The file at `path` with the tails put in. Raises `UsageError` for a format that is only read."""
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(
            f"{path.suffix} is read, and not written back",
            where=Where(path),
            advice=f"--write goes with {' '.join(sorted(_WRITERS))}",
        )
    return writer(path, entries, tails)


def _bib(path: Path, entries: Sequence[Entry], tails: Tails) -> bytes:
    read = decode(path.read_bytes(), None)
    text = read.text
    at = 0
    for number, entry in enumerate(entries):
        start = text.find(entry.raw, at) if entry.raw else -1
        if start < 0:
            continue
        end = start + len(entry.raw)
        if number in tails:
            changed = _with_field(entry.raw, tails[number])
            text = text[:start] + changed + text[end:]
            end = start + len(changed)
        at = end
    return text.encode(read.encoding, "xmlcharrefreplace")


def _with_field(raw: str, tail: str) -> str:
    body = raw.rstrip()
    closing = body[-1:]
    if closing not in {"}", ")"}:
        return raw
    inner = body[:-1].rstrip()
    taken = {name.lower() for name in re.findall(r"(\w+)\s*=", inner)}
    field = next((name for name in _FIELDS if name not in taken), "archived")
    comma = "" if inner.endswith(",") else ","
    escaped = _SPECIAL.sub(r"\\\1", tail)
    return f"{inner}{comma}\n  {field} = {{{escaped}}}\n{closing}{raw[len(body) :]}"


def _ris(path: Path, _: Sequence[Entry], tails: Tails) -> bytes:
    read = decode(path.read_bytes(), None)
    text = read.text
    newline = "\r\n" if "\r\n" in text else "\n"
    blocks = re.split(r"(?m)^(?=TY\s{0,2}- ?)", text)
    head, records = blocks[0], blocks[1:]
    for number, record in enumerate(records):
        if number in tails:
            line = f"N1  - {tails[number]}{newline}"
            end = re.search(r"(?m)^ER\s{0,2}-", record)
            place = end.start() if end else len(record)
            records[number] = record[:place] + line + record[place:]
    return (head + "".join(records)).encode(read.encoding, "replace")


def _csl(path: Path, _: Sequence[Entry], tails: Tails) -> bytes:
    told = json.loads(decode(path.read_bytes(), None).text)
    items: list[Any] = told.get("items", [told]) if isinstance(told, dict) else told
    for number, tail in tails.items():
        item = items[number]
        item["note"] = f"{item['note']}\n{tail}" if item.get("note") else tail
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _markdown(path: Path, entries: Sequence[Entry], tails: Tails) -> bytes:
    read = decode(path.read_bytes(), None)
    lines = read.text.splitlines(keepends=True)
    for number in sorted(tails, reverse=True):
        entry = entries[number]
        index = int(entry.place.removeprefix("line ").split(" ")[0]) - 1
        url = next((one for one in (*entry.copies, *entry.urls) if one in lines[index]), None)
        if url is not None:
            lines[index] = _after_link(lines[index], url, f" ({tails[number]})")
    return "".join(lines).encode(read.encoding, "xmlcharrefreplace")


def _after_link(line: str, url: str, tail: str) -> str:
    """The tail behind the link or address that holds `url`, and behind the braces of a shortcode."""
    end = line.index(url) + len(url)
    closing = re.match(
        r">?(?:\s+[\"'][^\"']*[\"'])?\s*\)|>|[^{}\n]*\}\}|[^<>\n]*>[^<>\n]*</a>", line[end:]
    )
    end += closing.end() if closing else 0
    return line[:end] + tail + line[end:]


def _docx(path: Path, entries: Sequence[Entry], tails: Tails) -> bytes:
    """The package with every part as it was, but those that hold what is added."""
    by_url = {
        url: tails[number]
        for number in tails
        for url in entries[number].urls + entries[number].copies
    }
    with zipfile.ZipFile(path) as package:
        links = _targets(package)
        changed = {
            name: _annotated(part(package, name), by_url, links)
            for name in _PARTS
            if name in package.namelist()
        }
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as written:
            for info in package.infolist():
                data = changed.get(info.filename) or package.read(info)
                written.writestr(info, data)
    return out.getvalue()


def _targets(package: zipfile.ZipFile) -> dict[str, str]:
    """Addresses of hyperlinks by the id of their relationship."""
    relations: Element | None = part_xml(package, "word/_rels/document.xml.rels")
    return {} if relations is None else {one.get("Id"): one.get("Target") for one in relations}


def _annotated(data: bytes, by_url: Mapping[str, str], links: Mapping[str, str]) -> bytes:
    root = xml(data)
    told: set[str] = set()
    for paragraph in root.iter(f"{_W}p"):
        text = "".join(run.text or "" for run in paragraph.iter(f"{_W}t"))
        named = [
            links.get(link.get(f"{_R}id") or "", "") for link in paragraph.iter(f"{_W}hyperlink")
        ]
        for url, tail in by_url.items():
            if (url in text or url in named) and tail not in told:
                told.add(tail)
                run = etree.SubElement(paragraph, f"{_W}r")
                words = etree.SubElement(run, f"{_W}t")
                words.set(_SPACE, "preserve")
                words.text = f" [{tail}]"
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


_WRITERS: dict[str, Callable[[Path, Sequence[Entry], Tails], bytes]] = {
    ".bib": _bib,
    ".bibtex": _bib,
    ".ris": _ris,
    ".json": _csl,
    ".md": _markdown,
    ".markdown": _markdown,
    ".docx": _docx,
}

"""Reports on a bibliography: a page to read and print, a table, and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from archive.durable import write_new
from archive.times import to_text
from catalog.bibliography.verdict import FAILS, UNCHECKED, EntryVerdict, Judged
from cli.bibliography_rows import judged_json
from cli.config import archive_name
from cli.context import Archive
from cli.output import plain

COLUMNS = (
    "key",
    "place",
    "verdict",
    "reason",
    "title",
    "urls",
    "capture",
    "time",
    "sha256",
    "copy",
    "also",
)
STYLE = """
body { font: 15px/1.5 "Noto Sans", "Noto Sans CJK SC", "Droid Sans Fallback", system-ui, sans-serif;
  max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: 0; } .about { color: #555; margin-top: .2rem; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; list-style: none; }
.counts li { border: 1px solid #ccc; border-radius: .3rem; padding: .1rem .6rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; border-bottom: 2px solid #333; }
td { vertical-align: top; border-bottom: 1px solid #ddd; padding: .45rem .6rem .45rem 0; }
td.where { white-space: nowrap; color: #555; } .verdict { white-space: nowrap; font-weight: 600; }
.holds { color: #1b6e35; } .fails { color: #a3151e; } .unchecked { color: #6b5900; } .warns { color: #8a4b00; }
a, code { overflow-wrap: anywhere; } .also, .digest { color: #555; font-size: .87em; }
@media print { body { margin: 0; max-width: none; font-size: 10.5px; } tr { break-inside: avoid; } }
"""
WARNS = frozenset({EntryVerdict.CHANGED, EntryVerdict.MISSING})


def write_report(
    archive: Archive, path: Path, judged: Sequence[Judged], files: Sequence[Path]
) -> None:
    """Write the report that the name of the file asks for."""
    kind = path.suffix.lower()
    if kind == ".html":
        text = "".join(_html(archive, judged, files))
    elif kind == ".csv":
        text = _csv(archive, judged)
    else:
        rows = [judged_json(archive, each) for each in judged]
        text = json.dumps(rows, ensure_ascii=False, indent=1, default=plain) + "\n"
    write_new(path, [text.encode("utf-8", "backslashreplace")])


def _csv(archive: Archive, judged: Sequence[Judged]) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for each in judged:
        row = judged_json(archive, each)
        table.writerow(
            {
                **{name: _guarded(row[name]) for name in COLUMNS},
                "urls": " ".join(row["urls"]),
                "also": "; ".join(verdict for verdict, _ in row["also"]),
                "time": to_text(row["time"]) if row["time"] else "",
                "sha256": row["sha256"].hex() if row["sha256"] else "",
            }
        )
    return "\ufeff" + out.getvalue()


def _guarded(value: object) -> object:
    """Text that a spreadsheet would take for a formula, marked as text."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")):
        return f"'{value}"
    return value


def _html(archive: Archive, judged: Sequence[Judged], files: Sequence[Path]) -> Iterator[str]:
    """A page by itself: no script, nothing fetched."""
    names = ", ".join(path.name for path in files[:5]) + (" …" if len(files) > 5 else "")
    made = archive.clock().strftime("%Y-%m-%d %H:%M UTC")
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>Sources of {escape(names)}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>Sources of {escape(names)}</h1>"
    yield f'<p class="about">{len(judged):,} entries checked against {escape(archive_name(archive.config))} on {made}</p>'
    yield "<ul class=counts>"
    counts = Counter(each.verdict for each in judged)
    for verdict in EntryVerdict:
        if counts[verdict]:
            yield f'<li class="{_class(verdict)}">{verdict.value} <b>{counts[verdict]:,}</b></li>'
    yield "</ul><table><thead><tr><th>Where</th><th>Verdict</th><th>Source</th></tr></thead><tbody>"
    for each in judged:
        yield from _row(archive, each)
    yield "</tbody></table></body></html>\n"


def _row(archive: Archive, judged: Judged) -> Iterator[str]:
    row = judged_json(archive, judged)
    entry = judged.entry
    where = entry.key if entry.key == entry.place else f"{entry.key}, {entry.place}"
    yield f'<tr><td class="where">{escape(where)}</td>'
    yield f'<td><span class="verdict {_class(judged.verdict)}">{judged.verdict.value}</span>'
    yield f"<br>{escape(judged.reason)}"
    for verdict, reason in judged.also:
        yield f'<br><span class="also">also {verdict.value}: {escape(reason)}</span>'
    yield "</td><td>"
    if entry.title:
        yield f"{escape(entry.title)}<br>"
    yield "<br>".join(
        f'<a href="{escape(url)}" rel="noreferrer">{escape(url)}</a>' for url in entry.urls
    )
    if row["copy"]:
        yield f'<br>archived at <a href="{escape(row["copy"])}">{escape(row["copy"])}</a>'
    elif row["capture"]:
        yield f"<br>archived as capture <code>{row['capture']}</code>"
    if row["sha256"]:
        yield f'<br><span class="digest">SHA-256 <code>{row["sha256"].hex()}</code></span>'
    yield "</td></tr>\n"


def _class(verdict: EntryVerdict) -> str:
    if verdict in FAILS:
        return "fails"
    if verdict in UNCHECKED:
        return "unchecked"
    return "warns" if verdict in WARNS else "holds"

"""The report as a page that stands alone: no script, nothing loaded, fit for printing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from archive.verdict import Verdict
from catalog.bibliography.report import Report
from catalog.bibliography.verdict import MOVED_ON, EntryVerdict, answer_of

MEANINGS = {
    EntryVerdict.UNREADABLE: "the entry could not be read, or points to nothing",
    EntryVerdict.NOT_ARCHIVED: "this archive holds no copy",
    EntryVerdict.ERROR_PAGE: "all that was captured is a refusal, a challenge or an error",
    EntryVerdict.AMBIGUOUS: "what is held does not tell what the work saw",
    EntryVerdict.QUOTE_ALTERED: "the words stand there otherwise",
    EntryVerdict.QUOTE_NOT_FOUND: "the words do not stand there",
    EntryVerdict.LATER: "the copy was made after the work says to have seen it",
    EntryVerdict.MISSING: "held as cited; the source has removed it since",
    EntryVerdict.CHANGED: "held as cited; the source shows another text since",
    EntryVerdict.EXACT: "held: the digest, the id or the day that it names",
    EntryVerdict.QUOTE_VERIFIED: "held: the words stand there exactly",
    EntryVerdict.NEAR: "held, of about the date that it names",
}
_CLASSES = {Verdict.PASSED: "holds", Verdict.FAILED: "fails", Verdict.NOT_CHECKED: "unchecked"}
_HEADINGS = {
    "fails": "What does not hold",
    "unchecked": "What could not be checked",
    "moved": "What holds, though the source has changed or gone",
    "holds": "What holds",
}
_WORDS = {"passed": "hold", "failed": "do not hold", "not checked": "could not be checked"}
_STYLE = """
:root { --holds:#1c6b48; --fails:#a3262a; --unchecked:#8a5a00; --moved:#2c5c8f; --ink:#1d2228; --soft:#5b6672; --line:#d8dde3; --wash:#f5f7f9 }
* { box-sizing:border-box }
body { margin:0 auto; max-width:76rem; padding:2.5rem 2rem 4rem; color:var(--ink); background:#fff;
  font:15px/1.5 "Source Sans 3","Noto Sans","Segoe UI","Helvetica Neue",Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC","Droid Sans Fallback",sans-serif }
h1 { font-size:1.7rem; line-height:1.2; margin:0 0 .3rem } h2 { font-size:1.15em; margin:2.4rem 0 .6rem }
.sum { color:var(--soft); margin:0 0 1.4rem }
.bar { display:flex; height:.7rem; border-radius:.35rem; overflow:hidden; background:var(--line); margin:0 0 1rem }
.bar i { display:block } .bar .holds { background:var(--holds) } .bar .fails { background:var(--fails) } .bar .unchecked { background:var(--unchecked) }
dl.about { display:grid; grid-template-columns:max-content 1fr; gap:.15rem 1.2rem; margin:0; font-size:.9em } dl.about dt { color:var(--soft) } dl.about dd { margin:0; overflow-wrap:anywhere }
table { border-collapse:collapse; width:100%; table-layout:fixed } th { text-align:left; font-weight:600; color:var(--soft); font-size:.85em }
th,td { padding:.5rem .7rem .5rem 0; border-bottom:1px solid var(--line); vertical-align:top; overflow-wrap:anywhere } thead { display:table-header-group }
table.counts { width:auto; table-layout:auto } table.counts td { padding:.25rem 1.4rem .25rem 0 } .n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap }
.v { font-weight:600; white-space:nowrap } .holds .v { color:var(--holds) } .fails .v { color:var(--fails) } .unchecked .v { color:var(--unchecked) } .moved .v { color:var(--moved) }
td .v { white-space:normal }
.soft { color:var(--soft); font-size:.9em } .t { font-weight:600 } td p { margin:.1rem 0 } a { color:#1b4f8f; text-decoration-thickness:.06em; text-underline-offset:.15em }
code { font:.88em/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace } ins { background:#fde7e7; text-decoration:none; border-bottom:2px solid var(--fails) } del { color:var(--soft) }
tr { break-inside:avoid }
@media print { body { padding:0; max-width:none; font-size:9.5pt } @page { margin:16mm 14mm; size:A4 landscape } a { color:inherit } .bar,.bar i { print-color-adjust:exact; -webkit-print-color-adjust:exact } h2 { break-after:avoid } }
"""


def as_html(report: Report) -> str:
    """The report as a page in HTML."""
    return "".join(_page(report))


def _page(report: Report) -> Iterator[str]:
    title = report.publication or ", ".join(file.name for file in report.files[:3])
    if not report.publication and len(report.files) > 3:
        title += f" and {len(report.files) - 3:,} more"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>Bibliography check: {escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
    yield f'<h1 dir="auto">Bibliography check: {escape(title)}</h1>\n'
    yield from _summary(report)
    yield from _counts(report)
    yield from _about(report)
    rows = [report.row(file, judged) for file, judged in report.judged]
    several = len(report.files) > 1
    for kind, heading in _HEADINGS.items():
        listed = [row for row in rows if _kind(report, row["verdict"]) == kind]
        if listed:
            yield f"<h2>{heading}</h2>\n"
            yield from _table(listed, kind, several=several)
    yield "</body></html>\n"


def _kind(report: Report, verdict: str) -> str:
    answer = answer_of(verdict, report.fails)
    return "moved" if answer is Verdict.PASSED and verdict in MOVED_ON else _CLASSES[answer]


def _summary(report: Report) -> Iterator[str]:
    total = len(report.judged)
    told = [f"{count:,} {_WORDS[name]}" for name, count in report.answers.items() if count]
    entries = f"{total:,} {'entry' if total == 1 else 'entries'}"
    yield f'<p class="sum">{entries}: {"; ".join(told) or "nothing to check"}.</p>\n'
    yield '<div class="bar" aria-hidden="true">'
    for answer in Verdict:
        count = report.answers[answer.value]
        if count:
            yield f'<i class="{_CLASSES[answer]}" style="flex:{count}"></i>'
    yield "</div>\n"


def _counts(report: Report) -> Iterator[str]:
    yield '<table class="counts"><tbody>\n'
    for verdict, count in report.counts.items():
        kind = _kind(report, verdict)
        meaning = MEANINGS[EntryVerdict(verdict)]
        yield (
            f'<tr class="{kind}"><td class="n">{count:,}</td><td class="v">{escape(verdict)}</td>'
            f'<td class="soft">{meaning}</td></tr>\n'
        )
    yield "</tbody></table>\n"


def _about(report: Report) -> Iterator[str]:
    yield '<h2>What was checked</h2>\n<dl class="about">\n'
    shown = report.files[:20]
    for file in shown:
        yield _fact("file", f"{file.name} ({len(file.judged):,} entries), SHA-256 {file.sha256}")
    if len(report.files) > len(shown):
        yield _fact("files", f"{len(report.files) - len(shown):,} more")
    yield _fact("against", report.archive + (f", {report.base}" if report.base else ""))
    if report.collection:
        yield _fact("collection", report.collection)
    yield _fact("on", f"{report.made:%Y-%m-%d %H:%M:%S}Z, by {report.software}")
    yield _fact("near a date", f"within {report.days} days of it; days are days in UTC")
    yield "</dl>\n"


def _fact(name: str, value: str) -> str:
    return f'<dt>{name}</dt><dd dir="auto">{escape(value)}</dd>\n'


def _table(rows: list[dict[str, Any]], kind: str, *, several: bool) -> Iterator[str]:
    yield (
        '<table><colgroup><col style="width:15%"><col style="width:45%"><col style="width:40%">'
        "</colgroup><thead><tr><th>Where</th><th>Source</th><th>Verdict</th></tr></thead><tbody>\n"
    )
    for row in rows:
        place = "" if row["place"] == row["key"] else f"<p>{escape(row['place'])}</p>"
        file = f"<p>{escape(row['file'])}</p>" if several else ""
        yield (
            f'<tr class="{kind}"><td><p dir="auto">{escape(row["key"])}</p>'
            f'<div class="soft">{place}{file}</div></td>'
            f"<td>{''.join(_source(row))}</td><td>{''.join(_verdict(row))}</td></tr>\n"
        )
    yield "</tbody></table>\n"


def _source(row: dict[str, Any]) -> Iterator[str]:
    if row["title"]:
        yield f'<p class="t" dir="auto">{escape(row["title"])}</p>'
    if row["author"]:
        yield f'<p dir="auto">{escape(row["author"])}</p>'
    for url in row["urls"]:
        yield f"<p>{_link(url)}</p>"
    dates = [
        f"{name} {row[key]}"
        for name, key in (("published", "published"), ("seen", "claimed"))
        if row[key]
    ]
    if dates:
        yield f'<p class="soft">{escape(", ".join(dates))}</p>'
    for url in row["copies"]:
        yield f'<p class="soft">names the copy {_link(url)}</p>'


def _verdict(row: dict[str, Any]) -> Iterator[str]:
    yield f'<p class="v">{escape(row["verdict"])}</p><p dir="auto">{_marked(row["reason"])}</p>'
    for also in row["also"]:
        yield f'<p class="soft" dir="auto">also {escape(also["verdict"])}: {_marked(also["reason"])}</p>'
    for quote in row["quotes"]:
        if quote["text"] in row["reason"]:
            continue
        yield (
            f'<p class="soft" dir="auto">“{escape(quote["text"])}”: {escape(quote["verdict"])}</p>'
        )
    if row["capture"]:
        copy = _link(row["copy"]) if row["copy"] else f"<code>{row['capture']}</code>"
        yield f'<p class="soft">capture {copy} of {row["time"][:19]}Z</p>'
    if row["sha256"]:
        yield f'<p class="soft">SHA-256 <code>{row["sha256"]}</code></p>'


def _link(url: str) -> str:
    """A link; an address that a browser would run or not understand stays text."""
    if url.startswith(("http://", "https://")):
        return f'<a href="{escape(url)}" rel="noreferrer nofollow">{escape(url)}</a>'
    return escape(url)


def _marked(text: str) -> str:
    """A reason, the words that differ marked up."""
    shown = escape(text)
    for opening, closing, tag in (("[-", "-]", "del"), ("{+", "+}", "ins")):
        if shown.count(opening) == shown.count(closing):
            shown = shown.replace(opening, f"<{tag}>").replace(closing, f"</{tag}>")
    return shown

"""What a check of bibliographies came to, as rows: one for each entry, in the order of the files."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.ident import printed
from archive.times import to_text
from archive.verdict import Verdict
from catalog.bibliography.verdict import EntryVerdict, Judged, answer_of

FORMAT = "muniment bibliography check 1"
COLUMNS = (
    *("file", "key", "place", "verdict", "answer", "reason", "also", "urls", "title", "author"),
    *(
        "published",
        "claimed",
        "capture",
        "version",
        "time",
        "sha256",
        "copy",
        "quotes",
        "copies",
    ),
)
"""Of the CSV report; in `rows` each is a key."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


@dataclass(frozen=True)
class Checked:
    """One file that was checked."""

    name: str
    format: str
    sha256: str
    """Of the file, in hex."""
    length: int
    judged: tuple[Judged, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A check: what was checked, when, against what, and what came of it."""

    files: tuple[Checked, ...]
    made: datetime
    archive: str
    """The archive's name."""
    software: str
    days: int
    fails: frozenset[str]
    """The verdicts that do not hold."""
    base: str | None = None
    """The archive's public address."""
    collection: str | None = None
    publication: str | None = None

    @property
    def judged(self) -> list[tuple[Checked, Judged]]:
        return [(file, judged) for file in self.files for judged in file.judged]

    @property
    def counts(self) -> dict[str, int]:
        """Entries by verdict, in the order of the list; those that none has are left out."""
        found = Counter(judged.verdict for _, judged in self.judged)
        return {verdict.value: found[verdict] for verdict in EntryVerdict if found[verdict]}

    @property
    def answers(self) -> dict[str, int]:
        """Entries by the three answers."""
        found = Counter(self.answer(judged) for _, judged in self.judged)
        return {answer.value: found[answer] for answer in Verdict}

    def answer(self, judged: Judged) -> Verdict:
        """Which of the three answers the verdict on an entry is."""
        return answer_of(judged.verdict, self.fails)

    @property
    def outcome(self) -> Verdict:
        """Failed where an entry does, else not checked where one could not be."""
        found = {self.answer(judged) for _, judged in self.judged}
        order = (Verdict.FAILED, Verdict.NOT_CHECKED)
        return next((answer for answer in order if answer in found), Verdict.PASSED)

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each entry, with `COLUMNS` as its keys."""
        for file, judged in self.judged:
            yield self.row(file, judged)

    def row(self, file: Checked, judged: Judged) -> dict[str, Any]:
        entry, cited = judged.entry, judged.facts.cited
        return {
            "file": file.name,
            "key": entry.key,
            "place": entry.place,
            "verdict": judged.verdict.value,
            "answer": self.answer(judged).value,
            "reason": judged.reason,
            "also": [{"verdict": verdict.value, "reason": why} for verdict, why in judged.also],
            "urls": list(entry.urls),
            "title": entry.title,
            "author": entry.author,
            "published": entry.published,
            "claimed": entry.seen,
            "capture": printed(cited.capture) if cited else None,
            "version": printed(cited.version) if cited and cited.version else None,
            "time": to_text(cited.time) if cited else None,
            "sha256": cited.sha256.hex() if cited and cited.sha256 else None,
            "copy": copy_of(self.base, judged),
            "quotes": [
                {
                    "text": quote.quote,
                    "verdict": quote.checked.verdict.value,
                    "reason": quote.reason,
                }
                for quote in judged.facts.quotes
            ],
            "copies": list(entry.copies),
        }

    def head(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "made": to_text(self.made),
            "archive": self.archive,
            "software": self.software,
            "publication": self.publication,
            "collection": self.collection,
            "days": self.days,
            "fail_on": sorted(self.fails),
            "files": [
                {"name": f.name, "format": f.format, "sha256": f.sha256, "length": f.length}
                for f in self.files
            ],
            "counts": self.counts,
            "outcome": self.outcome.value,
        }


def copy_of(base: str | None, judged: Judged) -> str | None:
    """The public address of the copy that an entry means."""
    cited = judged.facts.cited
    return f"{base.rstrip('/')}/c/{printed(cited.capture)}" if base and cited else None


def as_json(report: Report) -> str:
    """The whole report: what was checked, and all entries with the text around them."""
    entries = [
        {**report.row(file, judged), "raw": judged.entry.raw} for file, judged in report.judged
    ]
    told = {**report.head(), "entries": entries}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_csv(report: Report) -> str:
    """The rows as a table for spreadsheets, with a byte order mark, by which they know the encoding."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in report.rows():
        table.writerow([_cell(row[column]) for column in COLUMNS])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = "\n".join(_line(each) for each in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    parts: Iterable[str] = filter(None, (value.get("text"), value["verdict"], value["reason"]))
    return ": ".join(parts)

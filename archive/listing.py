"""Lists that people keep beside the files they saved: one CSV row for each, in whatever words."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archive.errors import UsageError, Where

COLUMNS = {
    "path": "path file filename file_name local_path raw_file",
    "url": "url uri source_url source link address",
    "time": "time obtained_on obtained date fetched fetched_at fetch_timestamp timestamp captured "
    "captured_at retrieved retrieved_at accessed",
    "sha256": "sha256 sha_256 hash content_hash checksum digest",
    "status": "status http_status status_code code",
    "media_type": "media_type mediatype mime mime_type mimetype content_type",
}
"""Names under which a column is recognised, in any case, blanks and dashes read as underlines."""
_MEANING = {name: column for column, names in COLUMNS.items() for name in names.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a list says of one file. Empty where it says nothing; `other` holds its further columns."""

    line: int
    path: str
    url: str = ""
    time: str = ""
    sha256: str = ""
    status: str = ""
    media_type: str = ""
    other: dict[str, str] = field(default_factory=dict)


def read_list(path: Path) -> Iterator[Row]:
    """The rows of a CSV with a header line, in UTF-8 or GB 18030, comma, semicolon or tab between.

    Raises `UsageError` with the file and line where it has no column of paths, or is no such text.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "backslashreplace")
    lines = text.splitlines(keepends=True)
    first = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = next(reader, [])
        columns = [_MEANING.get(_plain(name), name) for name in header]
        if "path" not in columns:
            raise UsageError(
                "the list has no column of paths",
                where=Where(path),
                advice=f"name one of its columns {', '.join(COLUMNS['path'].split())}",
            )
        for values in reader:
            if any(value.strip() for value in values):
                yield _row(reader.line_num, columns, values)
    except csv.Error as error:
        raise UsageError(
            f"line {reader.line_num} is not CSV: {error}", where=Where(path)
        ) from error


def _row(line: int, columns: list[str], values: list[str]) -> Row:
    """The first column of a meaning counts; those without one, and later ones, are kept as others."""
    known: dict[str, str] = {}
    other: dict[str, str] = {}
    for name, value in zip(columns, values, strict=False):
        place = known if name in COLUMNS and name not in known else other
        place[name] = value.strip()
    return Row(line=line, other=other, **{"path": "", **known})


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def stated_time(text: str) -> datetime | None:
    """The instant that a list states, UTC where it names no zone; `None` where it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
        zoned = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

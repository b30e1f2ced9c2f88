"""Entries of a bibliography with what was said of them: for JSON, for events, for durable citations."""

from __future__ import annotations

from typing import Any

from archive.ident import printed
from catalog.bibliography.verdict import Judged
from catalog.citations.gather import gather
from catalog.citations.tail import note
from catalog.queries import capture_by_id
from cli.config import archive_name
from cli.context import Archive
from cli.find import origins


def judged_json(archive: Archive, judged: Judged) -> dict[str, Any]:
    """With the keys of the reference."""
    entry, cited = judged.entry, judged.facts.cited
    return {
        "key": entry.key,
        "place": entry.place,
        "urls": list(entry.urls),
        "title": entry.title,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "also": [[verdict.value, reason] for verdict, reason in judged.also],
        "capture": printed(cited.capture) if cited else None,
        "time": cited.time if cited else None,
        "sha256": cited.sha256 if cited else None,
        "copy": copy_url(archive, judged),
    }


def kept(judged: Judged) -> dict[str, Any]:
    """What an event keeps of an entry."""
    cited = judged.facts.cited
    return {
        "entry": judged.entry.to_json(),
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "also": [verdict.value for verdict, _ in judged.also],
        "capture": cited.capture if cited else None,
        "version": cited.version if cited else None,
        "quotes": [
            {"quote": quote.quote, "verdict": quote.verdict.value} for quote in judged.facts.quotes
        ],
    }


def copy_url(archive: Archive, judged: Judged) -> str | None:
    """The public address of the archived copy, where the archive has one."""
    base, cited = archive.config.public_url, judged.facts.cited
    return f"{base.rstrip('/')}/c/{printed(cited.capture)}" if base and cited else None


def tails(archive: Archive, judged: list[Judged]) -> dict[int, str]:
    """For each entry whose source is held, the sentence that names its copy and digest."""
    origin = origins(archive)
    found: dict[int, str] = {}
    for number, each in enumerate(judged):
        cited = each.facts.cited
        if cited is None or not cited.is_content:
            continue
        capture = capture_by_id(archive.engine, cited.capture)
        facts = gather(
            archive.engine,
            capture,
            archive=archive_name(archive.config),
            base=archive.config.public_url,
            origin=origin(capture.import_id),
        )
        found[number] = note(facts)
    return found

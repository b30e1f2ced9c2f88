"""What a package tells people of its exhibits: exhibits.json, exhibits.txt."""

from __future__ import annotations

from typing import Any

from archive.evidence.leaf import canonical
from archive.ident import printed
from archive.package.facts import Exhibit, PackageFacts
from archive.statement import RefersTo
from archive.times import to_text

FORMAT = 1
ASSERTED = "asserted by its giver, not observed by this system"


def exhibits_txt(facts: PackageFacts) -> str:
    """A line `ID CONTENT-PATH` for each exhibit, `-` where it has no content."""
    return "".join(f"{exhibit.id} {exhibit.file or '-'}\n" for exhibit in facts.exhibits)


def exhibits_json(facts: PackageFacts) -> bytes:
    """The facts of each exhibit out of its leaf, and what was added to them: names and places."""
    told = {
        "kind": "exhibits",
        "format": FORMAT,
        "made": to_text(facts.made),
        "software": facts.software,
        "operator": facts.operator,
        "recipient": facts.recipient,
        "purpose": facts.purpose,
        "exhibits": [_exhibit(number, exhibit) for number, exhibit in enumerate(facts.exhibits, 1)],
        "supporting": [
            {"id": at.group.id, "url": at.capture.url, "time": to_text(at.capture.time)}
            for at in facts.supporting
        ],
    }
    written, _ = canonical(told)
    return written


def _exhibit(number: int, exhibit: Exhibit) -> dict[str, Any]:
    capture, logged = exhibit.capture, exhibit.logged
    return {
        "number": number,
        "id": exhibit.id,
        "printed_id": printed(exhibit.id),
        "url": capture.url,
        "time": to_text(capture.time),
        "origin": ASSERTED if capture.fidelity == "asserted" else None,
        "fidelity": capture.fidelity,
        "outcome": capture.outcome,
        "code": capture.code,
        "status": capture.status,
        "media_type": capture.media_type,
        "original_name": exhibit.original_name or None,
        "content": exhibit.file,
        "digests": logged.at.group.raw.get("digests"),
        "revisit": _revisit(exhibit, capture.revisit) if capture.revisit else None,
        "asserted": capture.asserted,
        "warc": {"file": logged.at.group.file, "offset": logged.at.group.offset},
        "crawl": capture.crawl,
        "plan": exhibit.plan.id if exhibit.plan else None,
        "entry": {"index": logged.proof.index, "hash": logged.at.group.entry.hex()},
        "surroundings": [at.group.id for at in exhibit.circumstances],
    }


def _revisit(exhibit: Exhibit, refers: RefersTo) -> dict[str, Any]:
    """The answer was the same as an earlier one: which, and whether its bytes are in the package."""
    return {
        "record": refers.record,
        "url": refers.url,
        "time": to_text(refers.time),
        "capture": exhibit.referred.group.id if exhibit.referred else None,
    }

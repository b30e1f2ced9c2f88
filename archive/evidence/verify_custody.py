"""Step 9: what happened to the exhibits since is in the log too, and they were computed afresh."""

from __future__ import annotations

from collections.abc import Iterator

from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles
from archive.evidence.verify_leaves import Leaf, check_leaves, exhibits, leaves
from archive.evidence.verify_log import check_logged, check_signed

EVENTS = "custody/events.jsonl"
REHASH = "fixity check"
"""The type of the event that says that the exhibits were computed afresh; they are its objects."""


def check_custody(files: PackageFiles) -> Found:
    """Step 9: every event is logged, and one says that all exhibits are what they were."""
    try:
        ids = {exhibit.id for exhibit in exhibits(files)}
        events = [leaf for leaf in leaves(files) if leaf.kind == "event"]
    except PackageError:
        return Found("", unchecked="the exhibits cannot be told")
    broken = [
        failure.file
        for check in (check_leaves, check_logged, check_signed)
        for failure in check(files).failures
    ]
    failures: list[Failure] = []
    moment = ""
    for event in events:
        if event.proof in broken or any(name.startswith(event.folder) for name in broken):
            failures.append(Failure(event.folder, "an event that is not logged"))
        outcome = _rehashed(event, ids)
        if outcome == "passed":
            moment = max(moment, event.text("time") or "")
        elif outcome is not None:
            what = "the exhibits were computed afresh, and not all were what they must be"
            failures.append(Failure(event.name, what))
    failures += _check_told(files, events)
    why = None if moment else "no event says that the exhibits were computed afresh"
    if broken:
        why = why or "the log does not hold"
    return Found(f"{len(events)} events, exhibits computed afresh {moment}", failures, why)


def _rehashed(event: Leaf, ids: set[str]) -> str | None:
    """How it ended, where the event is of a fresh computation of these exhibits."""
    try:
        told = event.value
    except PackageError:
        return None
    objects = told.get("objects")
    covers = isinstance(objects, list) and all(id_ in objects for id_ in ids)
    return str(told.get("outcome")) if covers and told.get("type") == REHASH else None


def _check_told(files: PackageFiles, events: list[Leaf]) -> Iterator[Failure]:
    """What events.jsonl tells people is what the leaves say, each once."""
    try:
        told = files.read(EVENTS)
        leaves_ = sorted(event.data for event in events)
    except PackageError as error:
        yield Failure(EVENTS, error.what)
        return
    if sorted(told.splitlines()) != leaves_:
        yield Failure(EVENTS, "not the leaves in custody/events, one a line")

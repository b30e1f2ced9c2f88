"""`verify` of a picture that `excerpt` made: from its pixels to file, page and box, and back."""

from __future__ import annotations

from pathlib import Path

from archive.errors import Error, NotFoundError, UsageError
from archive.evidence.pdf import system_fonts
from archive.fixity import Depth
from archive.ident import printed
from archive.verdict import Check, Verdict
from catalog.custody import EXPORT, events_about
from catalog.excerpts.excerpt import Tools, make
from catalog.excerpts.picture import difference
from catalog.excerpts.png import ReadPicture, read_png
from catalog.excerpts.selection import Selection
from catalog.premis import Event
from catalog.queries import capture_by_id
from cli.checks import Checked
from cli.context import Archive
from cli.excerpt_making import OUTCOME, PIXELS, subject_of
from cli.verify_held import check_capture

PASSED, FAILED, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_CHECKED
GIVEN_OUT, OF_ITSELF, DRAWN_AGAIN = "given out", "what it says of itself", "drawn again"


def check_excerpt(archive: Archive, path: Path, depth: Depth) -> Checked | None:
    """What there is to say of a PNG as an excerpt; `None` where it calls itself none and this archive
    gave out no such picture.
    """
    read = read_png(path)
    if read is None:
        return None
    exported = next((e.detail for e in _exports(archive, f"{PIXELS}{read.pixels}")), None)
    told = exported or read.claimed
    if told is None:
        return None
    try:
        selection, drawn_by = Selection.from_json(told["selection"]), Tools.from_json(told["tools"])
        capture = capture_by_id(archive.engine, selection.capture)
    except NotFoundError as error:
        return _alone(path, Check(GIVEN_OUT, NOT_CHECKED, str(error)))
    except (KeyError, TypeError, ValueError, AttributeError, UsageError):
        return _alone(path, Check(GIVEN_OUT, FAILED, "what it says of itself is no provenance"))
    held = check_capture(archive, capture, depth)
    checks = [_given_out(archive, selection, is_known=exported is not None)]
    if exported is not None and read.claimed is not None:
        checks.append(Check(OF_ITSELF, PASSED if read.claimed == exported else FAILED))
    checks.append(_drawn_again(archive, selection, drawn_by, read, checks[0].verdict))
    regions = [region.to_json() for region in selection.regions]
    pages = ", ".join(f"page {region.page}" for region in selection.regions) or "text"
    return Checked(
        claim=f"{path}: {pages} of capture {printed(capture.id)}, picture as given out",
        checks=(*checks, *held.checks),
        about=held.about,
        recorded=held.recorded,
        failures=held.failures,
        row={**held.row, "target": str(path), "regions": regions, "quote": selection.quote},
    )


def _exports(archive: Archive, *objects: str) -> list[Event]:
    events = events_about(archive.engine, *objects, type=EXPORT)
    return [event for event in events if event.outcome == OUTCOME]


def _given_out(archive: Archive, selection: Selection, *, is_known: bool) -> Check:
    """Whether these very pixels were given out; then nothing was drawn into them since."""
    if is_known:
        return Check(GIVEN_OUT, PASSED)
    told = selection.to_json()
    if any(each.detail["selection"] == told for each in _exports(archive, selection.capture)):
        return Check(GIVEN_OUT, FAILED, "other pixels were given out of this stretch")
    return Check(GIVEN_OUT, NOT_CHECKED, "this archive knows of no such picture")


def _drawn_again(
    archive: Archive, selection: Selection, drawn_by: Tools, read: ReadPicture, given_out: Verdict
) -> Check:
    """The same stretch drawn now, out of the archived file, against the picture."""
    capture = capture_by_id(archive.engine, selection.capture)
    try:
        subject = subject_of(archive, capture)
        again = make(archive.engine, archive.root, subject, selection, system_fonts())
    except Error as error:
        return Check(DRAWN_AGAIN, NOT_CHECKED, str(error))
    if again.pixels == read.pixels:
        return Check(DRAWN_AGAIN, PASSED)
    if again.tools != drawn_by:
        return Check(DRAWN_AGAIN, NOT_CHECKED, "it was drawn by other tools or fonts than are here")
    if given_out is PASSED:
        return Check(DRAWN_AGAIN, NOT_CHECKED, "this machine draws the file otherwise")
    return Check(DRAWN_AGAIN, FAILED, difference(again.picture, read.picture))


def _alone(path: Path, check: Check) -> Checked:
    """Where there is nothing to compare it with."""
    return Checked(
        claim=f"{path}: picture as given out", checks=(check,), row={"target": str(path)}
    )

"""`muniment excerpt`: a stretch of an archived file as a picture, with its provenance."""

from __future__ import annotations

from pathlib import Path

import click

from archive.errors import UsageError
from archive.ident import printed
from catalog.excerpts.selection import DPI, Region, Selection, box_of
from cli.context import Archive, operator_option, with_archive
from cli.excerpt_making import Kept, keep, quoted, subject_of
from cli.exits import Exit
from cli.naming import named_capture
from cli.output import json_option, say, write_json
from cli.tending import tend


@click.command("excerpt")
@click.argument("name", metavar="ID|URL|FILE")
@click.option("--quote", metavar="TEXT", help="The lines in which these words stand.")
@click.option("--page", type=click.IntRange(min=1), metavar="N", help="This page of a PDF.")
@click.option(
    "--box",
    metavar="LEFT,BOTTOM,RIGHT,TOP",
    help="This part of the page, in points from its lower left corner.",
)
@click.option(
    "--dpi",
    type=click.IntRange(36, 600),
    default=DPI,
    show_default=True,
    help="Pixels an inch.",
)
@click.option(
    "-o",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png",
    help="Write there.  [default: named after the capture, here]",
)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    name: str,
    quote: str | None,
    page: int | None,
    box: str | None,
    dpi: int,
    target: Path | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Draw a stretch of an archived file as a PNG that says where it comes from.

    A quotation in a PDF is shown with the lines around it, as the page has them; in other files its
    passage is drawn as text, and says so. Address, time and digest stand below, and inside the PNG;
    the same lies beside it in FILE.png.json. `muniment verify FILE.png` finds file, page and box again,
    draws them anew and compares, also where the PNG has lost what was inside.
    Exit code 1 where the quotation is not exact, 3 where the file has no text or cannot be drawn.

    \b
    Example:
      muniment excerpt https://www.example.gov/annex.pdf --quote "名额25人" -o quota.png
      muniment excerpt 9q2v --page 3 --box 72,600,520,680
    """
    if (quote is None) == (page is None):
        raise UsageError("say what to show", advice="give --quote TEXT, or --page N")
    if box is not None and page is None:
        raise UsageError("--box goes with --page")
    who = archive.operator(operator)
    tend(archive, who)
    subject = subject_of(archive, named_capture(archive, name))
    if quote is not None:
        selection = quoted(subject, quote, dpi)
        if selection is None:
            say("not drawn: these words do not stand there; `muniment quote` shows what does")
            return Exit.FAILED
    else:
        assert page is not None
        region = Region(page, box_of(box) if box else None)
        selection = Selection(capture=subject.capture.id, regions=(region,), dpi=dpi)
    _tell(keep(archive, who, subject, selection, target), as_json=as_json)
    return Exit.DONE


def _tell(kept: Kept, *, as_json: bool) -> None:
    if as_json:
        write_json(kept.to_json())
        return
    pages = ", ".join(f"page {region.page}" for region in kept.excerpt.selection.regions)
    capture = printed(kept.excerpt.subject.capture.id)
    say(
        f"{pages or 'text'} of capture {capture} is in {kept.path}, its provenance in {kept.beside}"
    )

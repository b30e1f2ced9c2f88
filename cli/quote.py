"""`muniment quote`: is this quotation in what is held, exactly, and where?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from archive.errors import UsageError
from archive.ident import printed
from catalog.diffing import marked
from catalog.quoting.verdict import answer_of
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, record_events
from cli.exits import VERDICTS, Exit
from cli.find import collection_of, collection_option
from cli.output import json_option, moment, say, write_fields, write_json
from cli.quote_checks import Answer, Translation, ask, confirm
from cli.tending import tend

STATEMENT = "urn:muniment:translation-statement"


@click.command("quote")
@click.argument("text")
@click.option("--in", "within", metavar="ID|URL|FILE", help="Look in this document alone.")
@collection_option
@click.option("--original", metavar="TEXT", help="The passage that TEXT is a translation of.")
@click.option("--translator", metavar="NAME", help="Who translated it.")
@click.option(
    "--statement",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The translator's certified statement, kept beside the check.",
)
@click.option(
    "--confirm",
    "page",
    type=click.IntRange(min=1),
    metavar="PAGE",
    help="You read the words on this page of a scan, and answer for it with your name. On a terminal the page is drawn first; its image is kept.",
)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    text: str,
    within: str | None,
    collection: str | None,
    original: str | None,
    translator: str | None,
    statement: Path | None,
    page: int | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Check a quotation word for word: verified, altered with the differences, or not found.

    Only an exact passage is verified. What may differ is declared: width, white space, kinds of
    quotation marks and dashes; words left out (…) and put in ([ ]) where the quotation says so. Every
    check is kept, and can be repeated. Exit code 0 where it holds, 1 where not, 3 where it could not
    be checked, as in a scan or a translation without its original.

    \b
    Example:
      muniment quote "名额25人" --in https://www.example.gov/notice.html
      muniment quote "25 places" --original "名额25人" --translator "A. Name"
    """
    if (original is None) != (translator is None):
        raise UsageError("--original and --translator go together")
    if page is not None and within is None:
        raise UsageError("--confirm goes with --in: name the document whose page you read")
    who = archive.operator(operator)
    tend(archive, who)
    translation = Translation(original, translator, statement) if original and translator else None
    of_collection = collection_of(archive, collection)
    if page is not None and within is not None:
        from cli.quote_confirm import is_agreed, kept, page_image  # noqa: PLC0415 -- drawing is slow to load

        answers = [confirm(archive, text, within, page, who)]
        image = page_image(archive, answers[0])
        if not is_agreed(answers[0], image):
            say("not confirmed, so nothing is kept")
            return Exit.UNCHECKED
        attached = kept(image)
    else:
        answers = ask(archive, text, within, of_collection, translation)
        attached = _statement(translation)
    ids = record_events(archive, who, (answer.happening(attached) for answer in answers))
    for answer, id_ in zip(answers, ids, strict=True):
        if as_json:
            write_json({"id": printed(id_), **answer.to_json()})
        else:
            write_fields(_fields(answer, id_))
    return VERDICTS[answer_of(answers[0].checked.verdict)]


def _statement(translation: Translation | None) -> tuple[Attachment, ...]:
    if translation is None or translation.statement is None:
        return ()
    data = translation.statement.read_bytes()
    return (Attachment(STATEMENT, data, "application/octet-stream"),)


def _fields(answer: Answer, id_: str) -> Iterator[tuple[str, str]]:
    checked = answer.checked
    yield "verdict", f"{answer.verdict}"
    yield "because", checked.reason
    if answer.capture:
        yield "in", f"{answer.capture.url}"
        yield "", f"capture {printed(answer.capture.id)}, {moment(answer.capture.time)}"
        if answer.title:
            yield "", answer.title
        if answer.capture.content_sha256:
            yield "", f"sha256 {answer.capture.content_sha256.hex()}"
    for name, line in zip(("where", *[""] * len(answer.where)), answer.where, strict=False):
        yield name, line
    for name, line in zip(("passage", *[""] * len(answer.passages)), answer.passages, strict=False):
        yield name, line
    if checked.nearest:
        yield "nearest", marked(checked.nearest.runs)
    yield "kept as", printed(id_)

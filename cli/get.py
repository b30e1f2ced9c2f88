"""`muniment get`: write out the bytes of a capture, checked on their way."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from archive.answer import LAYERS, Answer
from archive.coding import CodingError
from archive.digest import Digests
from archive.durable import write_new
from archive.errors import DamagedError, UsageError, Where
from archive.ident import printed
from archive.names import safe_name
from cli.context import Archive, with_archive
from cli.find import find_capture, open_answer
from cli.get_text import PASSAGES, TEXTS, write_text
from cli.moments import UNTIL
from cli.output import say, size
from cli.visible import visible


@click.command("get")
@click.argument("name", metavar="ID|URL")
@click.option("--at", type=UNTIL, metavar="TIME", help="As last captured at or before this time.")
@click.option(
    "--as",
    "layer",
    type=click.Choice((*LAYERS, *TEXTS)),
    default="content",
    show_default=True,
    help="Which layer: the file that a reader saves; without its transfer coding; as sent; the WARC record; "
    "or the text that was read of it, alone or each passage after its place.",
)
@click.option(
    "-o",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write there; in a folder, under the document's own name.",
)
@with_archive
def command(
    archive: Archive, name: str, at: datetime | None, layer: str, target: Path | None
) -> None:
    """Write out the bytes of a capture, compared with its digests before the first one leaves.

    For a URL the latest capture that holds content counts. A file with other bytes is never written over.
    A text is as the catalog has it; which tool read it, of which version, is said beside it.

    \b
    Example:
      muniment get 9q2v --as block
      muniment get https://www.example.gov/notice.pdf --at 2022-01-31 -o notice.pdf
    """
    found = find_capture(archive, name, at, holding=True)
    if layer in TEXTS:
        write_text(archive, found, target, places=layer == PASSAGES)
        return
    answer = open_answer(archive, found)
    _check(answer, layer)
    if target is None or str(target) == "-":
        _write_out(answer, layer)
        return
    path = target
    if target.is_dir():
        path = target / safe_name(answer.capture.filename, answer.capture.url)
    write_new(path, answer.bytes_of(layer))
    written = size(path.stat().st_size)
    say(f"{layer} of capture {printed(answer.group.id)} is in {path} ({written})")


def _check(answer: Answer, layer: str) -> None:
    """Compare the layer with its digests. Raises `DamagedError` where they differ."""
    try:
        found = Digests.of_all(answer.bytes_of(layer))
    except CodingError as error:
        raise _damaged(answer, f"its content cannot be decoded: {error}") from error
    if layer == "record":
        record = answer.record
        assert record is not None
        if (found.length, found.blake3) != (record.plain_length, record.plain_blake3):
            raise _damaged(answer, _differ("blake3", record.plain_blake3, found.blake3))
    elif found != (stated := answer.stated(layer)):
        raise _damaged(answer, _differ("sha256", stated.sha256, found.sha256))


def _differ(algorithm: str, expected: bytes, found: bytes) -> str:
    return f"expected {algorithm} {expected.hex()}, found {found.hex()}"


def _damaged(answer: Answer, what: str) -> DamagedError:
    record = answer.record or answer.group.metadata
    return DamagedError(
        f"the bytes of capture {printed(answer.group.id)} have changed: {what}",
        where=Where(answer.path, record.offset),
        advice="bring the file back from a copy",
    )


def _write_out(answer: Answer, layer: str) -> None:
    if sys.stdout.isatty() and not _is_text(b"".join(answer.bytes_of(layer))):
        raise UsageError(
            "these bytes are not text that a terminal can show",
            advice="name a file with -o FILE, or send them on with `>` or `|`",
        )
    for chunk in answer.bytes_of(layer):
        click.echo(chunk, nl=False)


def _is_text(data: bytes) -> bool:
    """Whether a terminal shows this as text and takes no orders from it."""
    try:
        lines = data.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        return False
    return all(visible(line.replace("\t", " ")) == line.replace("\t", " ") for line in lines)

"""`muniment get --as text`: write out what was read of a content, rather than its bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from archive.durable import write_new
from archive.errors import UncheckedError
from archive.ident import printed
from catalog.documents import text_of
from catalog.holdings import Capture
from catalog.keys import version_id
from catalog.text.extraction import JOINT
from catalog.text.placed import PlacedText
from catalog.texts import Text
from cli.context import Archive
from cli.output import say
from cli.visible import visible

PASSAGES = "passages"
TEXTS = ("text", PASSAGES)


def write_text(archive: Archive, capture: Capture, target: Path | None, *, places: bool) -> None:
    """Write the text of a capture's content to `target` or out, and say how it was read.

    The text is written as it is, so its SHA-256 is the one that `muniment show` tells. With `places`
    it is a line for each passage: where it stands, a tab, and the passage, line ends in it as spaces.
    Raises `UncheckedError` where there is no text.
    """
    text = _text(archive, capture)
    told = "".join(f"{line}\n" for line in _passages(text)) if places else text.body
    if target is not None and str(target) != "-":
        path = target / f"{text.version_id}.txt" if target.is_dir() else target
        write_new(path, told.encode())
    elif sys.stdout.isatty():
        click.echo("\n".join(map(_safe, told.removesuffix("\n").split("\n"))))
    else:
        click.echo(told.encode(), nl=False)
    of_all = f"; not all of it: {text.code}, {text.detail}" if text.code else ""
    encoding = f", {text.encoding} by the rule {text.encoding_rule}" if text.encoding else ""
    judged = "" if text.outcome == "content" else f"; this is {text.outcome}, not the document"
    say(
        f"text of version {printed(text.version_id)}, read by {text.tool}, recipe {text.recipe}"
        f"{encoding}{of_all}{judged}"
    )


def _text(archive: Archive, capture: Capture) -> Text:
    sha256 = capture.content_sha256
    id_ = capture.version_id or (version_id(sha256) if sha256 else None)
    text = text_of(archive.engine, id_) if id_ else None
    if text is None or not text.characters:
        told = f"{text.code}: {text.detail}" if text else "it was not read"
        raise UncheckedError(
            f"there is no text of capture {printed(capture.id)} ({told})",
            advice="`muniment get` without --as gives the file",
        )
    return text


def _passages(text: Text) -> Iterator[str]:
    start = 0
    for length, at in PlacedText.from_json(text.body, text.passages).passages:
        passage = " ".join(text.body[start : start + length].splitlines())
        yield f"{at}\t{passage}"
        start += length + len(JOINT)


def _safe(line: str) -> str:
    return "\t".join(map(visible, line.split("\t")))

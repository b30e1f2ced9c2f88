"""`muniment cite`: a citation that names the archived copy, in the form that its reader takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import click

from archive.errors import UsageError
from archive.verdict import Verdict
from catalog.citations.cited import CITATION
from catalog.citations.facts import Facts
from catalog.citations.formats import FORMS, together
from catalog.citations.gather import Given, gather
from catalog.citations.quoted import LookedFor, look_for
from catalog.citations.romanise import romanised
from catalog.holdings import Capture
from cli.cite_targets import Targets
from cli.config import archive_name
from cli.context import Archive, operator_option, with_archive
from cli.events import Happening, record_events
from cli.exits import VERDICTS, Exit
from cli.find import collection_option, origins
from cli.identities import identity_option
from cli.moments import UNTIL
from cli.output import json_option, say, write_json
from cli.tending import tend
from crawler.source import IDENTITIES, NEUTRAL


@dataclass(frozen=True, kw_only=True)
class Order:
    """The options of `muniment cite`."""

    names: tuple[str, ...]
    collection: str | None
    form: str
    quote: str | None
    authors: tuple[str, ...]
    agency: str | None
    title_romanised: str | None
    title_translated: str | None
    romanise: bool
    at: datetime | None
    no_capture: bool
    identity: str
    operator: str | None
    as_json: bool

    def check(self) -> None:
        """Raises `UsageError` where the options do not go together."""
        if not self.names and not self.collection:
            raise UsageError(
                "say what to cite", advice="name IDs, URLs or FILEs, or a --collection"
            )
        if len(self.names) == 1 and not self.collection:
            return
        for option in ("quote", "title_romanised", "title_translated"):
            if getattr(self, option):
                name = option.replace("_", "-")
                raise UsageError(f"--{name} goes with one document", advice="cite it by itself")

    @property
    def given(self) -> Given:
        return Given(
            title_romanised=self.title_romanised,
            title_translated=self.title_translated,
            authors=self.authors,
            agency=self.agency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One citation. That of words that do not stand there is not handed out: it has no `text`."""

    capture: Capture
    facts: Facts
    text: str | None
    looked: LookedFor | None = None
    """What came of looking for the words, where some are cited."""


@click.command("cite")
@click.argument("names", nargs=-1, metavar="[ID|URL|FILE]...")
@collection_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMS)),
    default="text",
    show_default=True,
    help="The form of citation.",
)
@click.option("--quote", metavar="TEXT", help="The words cited; they are looked for first.")
@click.option(
    "--author", "authors", multiple=True, metavar="NAME", help="`Family, Given`, or a body."
)
@click.option("--agency", metavar="NAME", help="Who issued it.  [default: as it says]")
@click.option("--title-romanised", metavar="TEXT", help="The title in Latin letters.")
@click.option("--title-translated", metavar="TEXT", help="The title in your reader's language.")
@click.option("--romanise", is_flag=True, help="Have a program put Chinese titles into pinyin.")
@click.option("--at", type=UNTIL, metavar="TIME", help="URLs as last captured by this time.")
@click.option("--no-capture", is_flag=True, help="Do not capture a URL that is not held.")
@identity_option(NEUTRAL)
@operator_option
@json_option
@with_archive
def command(archive: Archive, **options: Any) -> Exit:
    """Cite documents, each with its archived copy and the digest of its bytes.

    ID may be a capture's, a version's or a document's; a FILE is found by its bytes. A URL that is
    not held is captured first: cite before you ask its author about it. What you do not give is taken
    from what the document says of itself; days of capture are days in UTC. With --quote the words are
    looked for first, and where they do not stand there, there is no citation, and the exit code is 1.
    Each citation is kept as an event, so that `muniment show` tells what is cited.

    \b
    Example:
      muniment cite https://www.example.gov/notice.html --format bluebook
      muniment cite notice.pdf --quote "名额25人" --format gbt7714
    """
    order = Order(**options)
    order.check()
    who = archive.operator(order.operator)
    tend(archive, who)
    targets = Targets(
        archive, who, order.at, None if order.no_capture else IDENTITIES[order.identity]
    )
    captures = targets.captures(order.names, order.collection)
    citations = [_citation(archive, order, capture) for capture in captures]
    _record(archive, who, order, [each for each in citations if each.text is not None])
    _write(order, citations)
    answers = (VERDICTS[each.looked.answer] for each in citations if each.looked)
    return targets.exit or next(answers, Exit.DONE)


def _citation(archive: Archive, order: Order, capture: Capture) -> Citation:
    facts = gather(
        archive.engine,
        capture,
        archive=archive_name(archive.config),
        base=archive.config.public_url,
        origin=origins(archive)(capture.import_id),
        given=order.given,
    )
    for remark in facts.notes:
        say(f"{facts.url}: {remark}")
    if not facts.is_read:
        say(f"{facts.url}: not read yet, so what it says of itself is missing: `muniment index`")
    if order.romanise and facts.title.romanised is None:
        facts = _romanised(facts)
    if order.quote is None:
        return Citation(capture=capture, facts=facts, text=FORMS[order.form](facts))
    assert capture.version_id is not None
    looked = look_for(archive.engine, capture.version_id, order.quote)
    quoted = looked.quoted
    place = f", {quoted.place}" if quoted.place else ""
    say(f"“{quoted.text}”{place}: {quoted.verdict}: {looked.reason}")
    facts = replace(facts, quote=quoted)
    text = FORMS[order.form](facts) if looked.answer is Verdict.PASSED else None
    return Citation(capture=capture, facts=facts, text=text, looked=looked)


def _romanised(facts: Facts) -> Facts:
    made = romanised(facts.title.original)
    if made is None:
        return facts
    title, machine = made
    return replace(facts, title=replace(facts.title, romanised=title, machine=machine))


def _record(archive: Archive, who: str, order: Order, citations: Sequence[Citation]) -> None:
    """Keep that these were handed out, before they are."""
    if citations:
        record_events(archive, who, [_happening(order, citation) for citation in citations])


def _happening(order: Order, citation: Citation) -> Happening:
    capture, quote = citation.capture, citation.facts.quote
    detail: dict[str, Any] = {"format": order.form, "capture": capture.id}
    if quote:
        detail["quote"] = {"text": quote.text, "place": quote.place}
    about = (capture.version_id, capture.document_id)
    return Happening(
        CITATION, quote.verdict if quote else None, detail, tuple(id_ for id_ in about if id_)
    )


def _write(order: Order, citations: Sequence[Citation]) -> None:
    if order.as_json:
        for citation in citations:
            write_json(_row(order, citation))
        return
    texts = [citation.text for citation in citations if citation.text is not None]
    if texts:
        # What pages say goes into files that others read: no colours, nothing folded or cut.
        click.echo(together(order.form, texts))


def _row(order: Order, citation: Citation) -> dict[str, Any]:
    facts, capture = citation.facts, citation.capture
    quote = facts.quote
    return {
        "id": facts.copy.capture,
        "url": facts.url,
        "time": facts.captured,
        "sha256": facts.copy.sha256,
        "blake3": facts.copy.blake3,
        "version": facts.copy.version,
        "document": facts.copy.document,
        "copy": facts.copy.url,
        "title": facts.title.original,
        "title_from": facts.title.where,
        "agency": facts.agency,
        "number": facts.number,
        "written": facts.written,
        "posted": facts.posted,
        "origin": facts.origin,
        "outcome": capture.outcome,
        "format": order.form,
        "citation": citation.text,
        "quote": quote.text if quote else None,
        "verdict": quote.verdict if quote else None,
        "place": quote.place or None if quote else None,
        "reason": citation.looked.reason if citation.looked else None,
    }

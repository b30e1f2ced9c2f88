"""Facts to a paper: a first page that answers what a judge asks, then seven numbered sections.

The numbers stand: the instructions in a package refer to them, whatever the jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable

from archive.errors import UsageError
from archive.evidence.answers import Answered, answers
from archive.evidence.certification import Capture, Certification, Fidelity
from archive.evidence.document import (
    Blanks,
    Block,
    Bullets,
    Document,
    Fields,
    Paragraph,
    Row,
    Section,
    Statements,
    Style,
    Table,
    Value,
    by_hand,
    code,
    text,
)
from archive.evidence.exhibits import exhibit_section, fidelity
from archive.evidence.logs import log_section
from archive.evidence.spelling import day, second
from archive.evidence.wording import (
    HOW_KNOWN,
    HOW_MADE,
    NOT_SHOWN,
    TEMPLATES,
    Template,
)

FEW = 3
"""Captures whose addresses stand on the first page."""
SHORT = 160
"""Characters of an address there."""


def document(facts: Certification, jurisdiction: str) -> Document:
    """The certification as its jurisdiction wants it.

    Raises `UsageError` for a jurisdiction that has no template.
    """
    template = TEMPLATES.get(jurisdiction)
    if template is None:
        raise UsageError(
            f"no certification for {jurisdiction!r}", advice=f"choose of {', '.join(TEMPLATES)}"
        )
    answered = answers(facts)
    return Document(
        title=template.title,
        subject=_what(facts),
        author=facts.operator,
        paper=template.paper,
        masthead=_masthead(facts, template),
        front=_front(facts, answered),
        sections=(
            _what_it_is(facts),
            _how_made(facts),
            _how_known(answered),
            Section("The exhibits", (), tuple(map(exhibit_section, facts.exhibits))),
            log_section(facts, template),
            Section("The law this paper is for", tuple(map(Paragraph, template.law))),
            _declaration(facts, template),
        ),
    )


def _masthead(facts: Certification, template: Template) -> tuple[Row, ...]:
    case = (
        ("Court", by_hand(facts.case.court)),
        ("Case", by_hand(facts.case.caption)),
        ("Case number", by_hand(facts.case.number)),
    )
    return (
        *(case if template.case else ()),
        ("Archive", text(facts.archive)),
        ("Run by", text(facts.operator)),
        ("Prepared", text(second(facts.made))),
        *_addresses(facts),
    )


def _addresses(facts: Certification) -> tuple[Row, ...]:
    """On the first page, where they are few; section 1 lists all of them in full."""
    captures = facts.captures
    if len(captures) > FEW:
        return (("Exhibits", text(f"{len(facts.exhibits)}, listed in section 1")),)
    return tuple(
        (label, code(url if len(url) <= SHORT else f"{url[:SHORT]}… (in full in section 1)"))
        for label, url in ((label, capture.url) for label, capture in captures)
    )


def _front(facts: Certification, answered: tuple[Answered, ...]) -> tuple[Section, ...]:
    rows = tuple(
        (Value(one.question), Value(one.answer.value), Value(one.reason)) for one in answered
    )
    person = facts.person
    return (
        Section("What this is", (Paragraph(_what(facts)),)),
        Section(
            "Five plain questions", (Table(("Question", "Answer", "Why"), rows, (33, 16, 51)),)
        ),
        Section("What this does not show", (Bullets(NOT_SHOWN),)),
        Section(
            "Who signs",
            (
                Fields(
                    (
                        ("Name", by_hand(person.name)),
                        ("Title, employer", by_hand(_joined(person.title, person.employer))),
                    )
                ),
                Paragraph("The declaration and the place for the signature are in section 7."),
            ),
        ),
    )


def _what(facts: Certification) -> str:
    """One paragraph: what, how many, from when, and how they came in."""
    captures = [capture for _, capture in facts.captures]
    handed = [capture for capture in captures if capture.fidelity is Fidelity.ASSERTED]
    own = [capture for capture in captures if capture.fidelity is not Fidelity.ASSERTED]
    what = []
    if own:
        what.append(f"{_count(len(own), 'capture')} that its system recorded {_between(own)}")
    if handed:
        givers = {c.receipt.giver if c.receipt else None for c in handed}
        giver = next(iter(givers)) if len(givers) == 1 else None
        what.append(
            f"{_count(len(handed), 'file')} received from {giver or 'others'} {_between(handed)} "
            "(origin asserted, not observed)"
        )
    return (
        f"This paper is about {_count(len(facts.exhibits), 'exhibit')} from the archive "
        f"“{facts.archive}”: {', and '.join(what)}. It states what was recorded or received, when, "
        "and how it was kept since. The files are in the package that it came with."
    )


def _what_it_is(facts: Certification) -> Section:
    rows = tuple(
        (
            Value(label),
            Value(capture.url, Style.CODE),
            Value(second(capture.recorded)),
            Value(fidelity(capture).partition(":")[0]),
        )
        for label, capture in facts.captures
    )
    head = ("Exhibit", "Address", "Recorded or received", "Fidelity")
    return Section("What it is", (Paragraph(_what(facts)), Table(head, rows, (16, 46, 24, 14))))


def _how_made(facts: Certification) -> Section:
    system = facts.system
    rows = (
        ("Software", text(system.software)),
        ("Digest of the configuration", code(system.configuration)),
        ("Libraries", text(", ".join(system.libraries))),
        ("Validated by", tuple(map(Value, system.validation)) or text(None)),
    )
    return Section(
        "How it was made and kept", (*map(Paragraph, HOW_MADE), Fields(rows, "The system"))
    )


def _how_known(answered: tuple[Answered, ...]) -> Section:
    found = tuple(f"{one.question} {one.answer.capitalize()}. {one.reason}" for one in answered)
    return Section(
        "How we know that it is unchanged",
        (*map(Paragraph, HOW_KNOWN), Paragraph("For this package:"), Bullets(found)),
    )


def _declaration(facts: Certification, template: Template) -> Section:
    person = facts.person
    blocks: list[Block] = [
        Fields(
            (
                ("Name", by_hand(person.name)),
                ("Title", by_hand(person.title)),
                ("Employer", by_hand(person.employer)),
                ("Qualifications", by_hand(person.qualifications)),
                ("Basis of knowledge", by_hand(person.basis)),
            ),
            "The certifying person",
        ),
        Statements(template.declaration),
        Paragraph(template.choose),
        Bullets(template.oaths),
        Blanks(template.blanks),
    ]
    if template.notice:
        blocks.append(Blanks(template.notice, "Notice under Rule 902(11)"))
    return Section("The certifying person, the declaration and the signature", tuple(blocks))


def _between(captures: Iterable[Capture]) -> str:
    times = sorted(capture.recorded for capture in captures)
    first, last = day(times[0]), day(times[-1])
    return f"on {first}" if first == last else f"between {first} and {last}"


def _count(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"{count} {what}s"


def _joined(*parts: str | None) -> str | None:
    return ", ".join(part for part in parts if part) or None

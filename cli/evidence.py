"""`muniment evidence`: what a stranger needs to verify captures, in one package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from archive.errors import UncheckedError, UsageError, Where
from archive.evidence.log import Signed
from archive.evidence.seal import Seal, sign_detached
from archive.evidence.verify import NEEDED, Step, overall
from archive.evidence.verify_receipt import NEEDED as NEEDED_OF_RECEIPT
from archive.evidence.wording import TEMPLATES
from archive.ident import printed
from archive.package.build import build_package
from archive.package.excerpt import secrets_in
from archive.package.facts import LogFacts, PackageFacts
from catalog.collections import captures_in
from catalog.custody import EXPORT
from catalog.holdings import Capture
from cli.certifier import Certifier, institution_seal, read_certifier
from cli.checks import failure_json, place
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.events import Happening, record_events
from cli.evidence_certificate import Certifying
from cli.evidence_facts import Gathering, places_of, policy_of, successions
from cli.evidence_receipt import write_receipts
from cli.evidence_rehash import Rehash
from cli.evidence_stamps import best, earlier, stamp_facts
from cli.exits import VERDICTS, Exit
from cli.find import collection_of, collection_option, find_capture
from cli.log_keeping import keep_log
from cli.output import json_option, number, say, write_fields, write_json, write_line
from cli.tending import tend


@click.command("evidence")
@click.argument("names", nargs=-1, metavar="[ID|URL]...")
@collection_option
@click.option(
    "-o",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.zip",
    help="The package: a new folder, or a ZIP. Of receipts: a new file, for several a folder.",
)
@click.option(
    "--receipt",
    is_flag=True,
    help="Instead of a package a text file for each capture, to go with a footnote.",
)
@click.option("--recipient", default="", metavar="NAME", help="For whom; kept in the log's event.")
@click.option("--purpose", default="", metavar="TEXT", help="What for; kept in the log's event.")
@click.option(
    "--certify",
    "template",
    type=click.Choice(sorted(TEMPLATES)),
    default="international",
    show_default=True,
    help="Which certification goes with it.",
)
@click.option(
    "--certifier",
    "certifier_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="Who certifies, for which case: tables [person] and [case].",
)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    names: tuple[str, ...],
    collection: str | None,
    out: Path,
    receipt: bool,
    recipient: str,
    purpose: str,
    template: str,
    certifier_file: Path | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Make an evidence package: all that an opponent's expert needs to verify captures offline.

    First every digest of the captures is computed afresh, and what came of it, and the export itself,
    go into the log. For a URL the latest capture that holds content counts. The package is verified
    as its reader will; VERIFY.md in it says how, without this program. Where a digest differs there
    is no package, and the exit code is 1.

    \b
    Example:
      muniment evidence 9q2v https://www.example.gov/notice.pdf -o exhibits.zip \\
        --recipient "District Court" --certify eu --certifier certifier.toml
    """
    if out.exists():
        raise UsageError("there is something of that name", where=Where(out), advice="name another")
    certifier = read_certifier(certifier_file) if certifier_file else Certifier()
    seal = institution_seal(archive)
    who = archive.operator(operator)
    tend(archive, who)
    gathering = Gathering(archive, _exhibits(archive, names, collection))
    found = Rehash(archive)
    found.check(gathering.captures)
    if not found.failures:  # what is damaged may not tell what it leans on
        found.check(gathering.supporting.values())
    if found.failures:
        return _refuse(archive, who, found, as_json=as_json)
    order = Happening(
        EXPORT,
        "ordered",
        {"recipient": recipient, "purpose": purpose, "form": "receipt" if receipt else "package"},
        tuple(capture.id for capture in gathering.captures),
    )
    record_events(archive, who, [found.happening, order])
    facts = _facts(archive, who, gathering, _signed(archive, who))
    facts = replace(facts, recipient=recipient, purpose=purpose)
    if receipt:
        steps, needed = write_receipts(facts, out), NEEDED_OF_RECEIPT
    else:
        certificate = Certifying(archive, facts, certifier).certificate(template, seal)
        facts = replace(facts, certificate=certificate)
        steps, needed = build_package(facts, out, sign=_signer(seal, facts)), NEEDED
    verdict = overall(steps, needed)
    secrets = [] if receipt else _secrets(facts)
    if secrets:
        named = ", ".join(secrets)
        say(f"the requests in this package carry {named}: see whether it may be given away")
    if as_json:
        write_json({**_row(out, facts, steps), "verdict": verdict.value, "secrets": secrets})
    else:
        write_fields([*_fields(out, facts, steps), ("overall", verdict.value)])
    return VERDICTS[verdict]


def _exhibits(archive: Archive, names: Sequence[str], collection: str | None) -> list[Capture]:
    """The captures that are named, each once. Raises `NotFoundError`, `UsageError`."""
    within = collection_of(archive, collection)
    if not names and within is None:
        raise UsageError("say what is to be proved", advice="name ids or URLs, or a --collection")
    found: dict[str, Capture] = {}
    for name in names:
        capture = find_capture(archive, name, holding=True)
        found.setdefault(capture.id, capture)
    for capture in captures_in(archive.engine, within) if within else ():
        found.setdefault(capture.id, capture)
    return list(found.values())


def _refuse(archive: Archive, who: str, found: Rehash, *, as_json: bool) -> Exit:
    """Keep what was found; nothing is certified, and nothing leaves."""
    record_events(archive, who, [found.happening])
    for failure in found.failures:
        if as_json:
            write_json(failure_json(failure))
        else:
            write_line(place(failure))
    say("no package was made: these bytes are not the ones that were recorded")
    return Exit.FAILED


def _signed(archive: Archive, who: str) -> Signed:
    """The log with the events in it, signed. Raises `UncheckedError` where that cannot be had."""
    signed = keep_log(archive, who)
    if signed is None:
        raise UncheckedError(
            "no package was made: the log is not signed, so nothing could be proved",
            advice="mend what is said above, then give the same order again",
        )
    return signed


def _facts(archive: Archive, who: str, gathering: Gathering, signed: Signed) -> PackageFacts:
    """Everything but the certification, as of the checkpoint that shows most."""
    places = places_of(archive)
    events = list(gathering.events())
    needed = 1 + max(places.indexes([*gathering.groups.values(), *events]))
    stamped = best(archive, places.current, signed, needed)
    log = LogFacts(checkpoint=stamped.signed.data, keys=places.current.ring.verifiers())
    exhibits = gathering.exhibits(places, stamped.signed)
    return PackageFacts(
        made=archive.clock(),
        software=software(),
        operator=who,
        exhibits=exhibits,
        events=tuple(places.logged(event, stamped.signed) for event in events),
        log=log,
        closed=places.closed,
        policy=policy_of(archive, log).to_bytes(),
        successions=successions(archive),
        stamps=stamp_facts(archive, stamped),
        earlier=earlier(archive, places.logs, stamped, exhibits),
    )


def _signer(seal: Seal | None, facts: PackageFacts) -> Callable[[bytes], bytes] | None:
    return (lambda data: sign_detached(data, seal, facts.made)) if seal else None


def _secrets(facts: PackageFacts) -> list[str]:
    """The headers in the requests that leave with the package and may hold credentials."""
    leaving = (*(exhibit.logged.at for exhibit in facts.exhibits), *facts.supporting)
    return sorted({name for at in leaving for name in secrets_in(at)})


def _row(out: Path, facts: PackageFacts, steps: Sequence[Step]) -> dict[str, Any]:
    said = Signed.parse(facts.log.checkpoint).checkpoint
    return {
        "package": str(out),
        "exhibits": [printed(exhibit.id) for exhibit in facts.exhibits],
        "log": said.origin,
        "entries": said.size,
        "root": said.root.hex(),
        "checks": {step.name: step.verdict.value for step in steps},
    }


def _fields(out: Path, facts: PackageFacts, steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    said = Signed.parse(facts.log.checkpoint).checkpoint
    yield "written", str(out)
    yield "exhibits", number(len(facts.exhibits), "capture")
    yield "log", f"{said.origin}, {said.size:,} entries"
    for step in steps:
        yield step.name, f"{step.verdict.value}: {step.detail}"

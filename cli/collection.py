"""`muniment collection`: named sets of documents, and their frozen lists."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from archive.durable import write_new
from archive.errors import NotFoundError, UsageError
from archive.ident import printed
from catalog.collections import (
    ADD,
    COLLECTION,
    CREATE,
    FREEZE,
    REMOVE,
    Collection,
    Member,
    collections,
    find_collection,
    members,
    versions_in,
)
from catalog.documents import unread_versions
from cli.collection_manifest import check_manifest, csv_of, make_manifest, manifest_of
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, record_event
from cli.exits import VERDICTS, Exit
from cli.naming import members_named
from cli.output import (
    Column,
    json_option,
    moment,
    number,
    say,
    write_fields,
    write_json,
    write_rows,
)
from cli.tending import tend

COLUMNS = (
    Column("name", "Collection"),
    Column("members", "Members", right=True),
    Column("frozen", "Frozen", moment),
    Column("title", "Title", long=True),
)
MANIFEST_TYPE = "application/json"


@click.group("collection")
def command() -> None:
    """Named sets of documents, versions and captures; frozen, a set has a list that is in the log.

    \b
    Example:
      muniment collection create report-2024 --title "The files of the report"
      muniment collection add report-2024 9q2v https://www.example.gov/notice.pdf
      muniment collection freeze report-2024
    """


@command.command("create")
@click.argument("name")
@click.option("--title", metavar="TEXT", help="What it is, in a few words.")
@click.option("--from", "source", metavar="NAME", help="With the members of another one.")
@operator_option
@with_archive
def create(
    archive: Archive, name: str, title: str | None, source: str | None, operator: str | None
) -> None:
    """Make a collection, empty or with the members of another.

    \b
    Example:
      muniment collection create report-2024 --title "The files of the report"
    """
    who = archive.operator(operator)
    tend(archive, who)
    if _existing(archive, name) is not None:
        raise UsageError(f"there is a collection {name} already", advice="choose another name")
    of = members(archive.engine, find_collection(archive.engine, source)) if source else []
    copied = [
        Member(
            id=one.member_id,
            kind=one.kind,
            document=one.document_id,
            version=one.version_id,
            capture=one.capture_id,
        )
        for one in of
    ]
    _order(archive, who, name, CREATE, copied, title=title, copied_from=source)
    say(f"collection {name}: {number(len(copied), 'member')}")


@command.command("add")
@click.argument("name")
@click.argument("things", nargs=-1, metavar="[ID|URL|FILE]...")
@click.option(
    "--from",
    "listing",
    metavar="CSV|-",
    help="A list: its first column, or that headed `id` or `url`.",
)
@operator_option
@with_archive
def add(
    archive: Archive, name: str, things: tuple[str, ...], listing: str | None, operator: str | None
) -> Exit:
    """Add documents, versions or captures, by id or URL, or by the bytes of a file.

    A document stands for its latest version until the collection is frozen; a URL is a document, a
    file the version with its bytes. What is not held is told of, the rest goes in, and the exit code
    is 4.

    \b
    Example:
      muniment collection add report-2024 9q2v https://www.example.gov/notice.pdf --from list.csv
    """
    who = archive.operator(operator)
    tend(archive, who)
    _open(archive, name)
    wanted = [*things, *(_listed(listing) if listing else ())]
    if not wanted:
        raise UsageError("nothing to add", advice="name ids, URLs or files, or a list with --from")
    found, missing = members_named(archive, wanted)
    for thing, reason in missing:
        say(f"not added: {thing}: {reason}")
    if found:
        _order(archive, who, name, ADD, found)
    say(f"collection {name}: {number(len(found), 'member')} added")
    return Exit.NOT_FOUND if missing else Exit.DONE


@command.command("remove")
@click.argument("name")
@click.argument("things", nargs=-1, required=True, metavar="ID|URL...")
@click.option("--why", required=True, metavar="TEXT", help="The reason, which is kept.")
@operator_option
@with_archive
def remove(
    archive: Archive, name: str, things: tuple[str, ...], why: str, operator: str | None
) -> None:
    """Take members out again; that they were in, who took them out and why stays on record.

    \b
    Example:
      muniment collection remove report-2024 9q2v --why "a challenge page, not the notice"
    """
    who = archive.operator(operator)
    tend(archive, who)
    collection = _open(archive, name)
    held = {member.member_id for member in members(archive.engine, collection)}
    found, missing = members_named(archive, things)
    missing += [(printed(one.id), f"not in {name}") for one in found if one.id not in held]
    if missing:
        raise NotFoundError("; ".join(f"{thing}: {reason}" for thing, reason in missing))
    _order(archive, who, name, REMOVE, found, why=why)
    say(f"collection {name}: {number(len(found), 'member')} taken out")


@command.command("freeze")
@click.argument("name")
@operator_option
@json_option
@with_archive
def freeze(archive: Archive, name: str, *, operator: str | None, as_json: bool) -> None:
    """Fix each member to one version of one capture, and put the list into the log.

    Nothing changes the collection after that; `create NEW --from NAME` begins another one.

    \b
    Example:
      muniment collection freeze report-2024
    """
    who = archive.operator(operator)
    tend(archive, who)
    collection = _open(archive, name)
    manifest = make_manifest(archive, collection)
    if not manifest.members:
        raise UsageError(f"{name} has no members", advice="add some first")
    unread = unread_versions(archive.engine, versions_in(collection.id))
    if unread:
        say(f"{number(unread, 'version')} not read yet: whether they are documents is not checked")
    attachment = Attachment(
        f"urn:muniment:collection:{collection.id}", manifest.data, MANIFEST_TYPE
    )
    _order(
        archive,
        who,
        name,
        FREEZE,
        manifest.fixed,
        attachments=(attachment,),
        manifest=manifest.sha256.hex(),
    )
    row = {"name": name, "members": len(manifest.members), "manifest": manifest.sha256.hex()}
    if as_json:
        write_json(row)
        return
    write_fields(
        [
            ("collection", name),
            ("members", str(len(manifest.members))),
            ("manifest", f"sha256 {manifest.sha256.hex()}"),
        ]
    )


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, *, as_json: bool) -> None:
    """List the collections.

    \b
    Example:
      muniment collection list
    """
    rows = (
        {"name": one.name, "members": count, "frozen": one.frozen, "title": one.title}
        for one, count in collections(archive.engine)
    )
    write_rows(rows, COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name")
@json_option
@with_archive
def show(archive: Archive, name: str, *, as_json: bool) -> Exit:
    """Check a collection again: each member held, its bytes equal, logged; what changed since.

    Exit code 0 where all passed, 1 where something failed, 3 where something was not checked.

    \b
    Example:
      muniment collection show report-2024
    """
    return VERDICTS[check_manifest(archive, find_collection(archive.engine, name), as_json=as_json)]


@command.command("export")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="csv: a table; json: the manifest itself, whose SHA-256 is in the log.",
)
@click.option("-o", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write there.")
@with_archive
def export(archive: Archive, name: str, form: str, target: Path | None) -> None:
    """Write out the list of a collection. `muniment evidence --collection` gives all the proofs.

    \b
    Example:
      muniment collection export report-2024 -o report-2024.csv
    """
    manifest = manifest_of(archive, find_collection(archive.engine, name))
    data = manifest.data if form == "json" else csv_of(manifest).encode()
    if target is None or str(target) == "-":
        click.echo(data, nl=False)
        return
    write_new(target, [data])
    say(f"{name}: {number(len(manifest.members), 'member')} in {target}")


def _existing(archive: Archive, name: str) -> Collection | None:
    try:
        return find_collection(archive.engine, name)
    except NotFoundError:
        return None


def _open(archive: Archive, name: str) -> Collection:
    """The collection, which must not be frozen."""
    found = find_collection(archive.engine, name)
    if found.frozen is not None:
        raise UsageError(
            f"{name} was frozen on {moment(found.frozen)}, so nothing changes it any more",
            advice=f"begin another: `muniment collection create NAME --from {name}`",
        )
    return found


def _order(
    archive: Archive,
    who: str,
    name: str,
    action: str,
    named: Sequence[Member],
    *,
    attachments: Iterable[Attachment] = (),
    **told: str | None,
) -> None:
    """Keep what was ordered as an event; the tables follow from it."""
    detail = {
        "collection": name,
        "action": action,
        "members": [member.to_json() for member in named],
        **{key: value for key, value in told.items() if value is not None},
    }
    record_event(
        archive,
        COLLECTION,
        who,
        outcome="done",
        detail=detail,
        objects=dict.fromkeys(member.id for member in named),
        attachments=attachments,
    )


def _listed(name: str) -> Iterator[str]:
    """What a list names: the column `id` or `url` where there is a header, else the first one."""
    if name == "-":
        yield from _column(list(csv.reader(sys.stdin)))
        return
    with Path(name).open(encoding="utf-8-sig", newline="") as file:
        yield from _column(list(csv.reader(file)))


def _column(rows: list[list[str]]) -> Iterator[str]:
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    place = next((header.index(name) for name in ("id", "url") if name in header), None)
    for row in rows if place is None else rows[1:]:
        cell = row[place or 0].strip() if len(row) > (place or 0) else ""
        if cell:
            yield cell

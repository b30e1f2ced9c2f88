"""`muniment source`: say what to watch."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import click

from archive.durable import Files, write_new
from archive.errors import Error, UsageError, Where, storage
from archive.ident import ident
from cli.complaint import complaint
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, record_event
from cli.exits import Exit
from cli.output import Column, Row, json_option, say, write_json, write_rows
from cli.sources import load_source, replace, source_names, source_path, source_text
from cli.tending import tend
from crawler.source import Agency, Source
from crawler.source_file import edited, parse, render

COLUMNS = (
    Column("name", "Source"),
    Column("agency", "Agency"),
    Column("seeds", "Seeds", "\n".join),
    Column("robots", "Robots"),
    Column("tls", "TLS"),
)


@click.group("source")
def command() -> None:
    """Say what to watch: each source is one TOML file in sources/, made here, edited by hand."""


@command.command("add")
@click.argument("name")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--agency", default="", metavar="NAME", help="The body that posts there.")
@operator_option
@with_archive
def add(
    archive: Archive, name: str, urls: tuple[str, ...], agency: str, operator: str | None
) -> None:
    """Watch a site from these URLs on.

    Its scope is their hosts; the pace is one request a second, and full speed on this machine.

    \b
    Example:
      muniment source add mofa https://www.example.gov/ --agency "Ministry of Finance"
    """
    who = archive.operator(operator)
    text = render(Source(name=name, seeds=urls, agency=Agency(name=agency)))
    path = source_path(archive.root, name)
    if path.exists():
        raise UsageError(
            f"there is a source named {name!r} already",
            where=Where(path),
            advice=f"change it with `muniment source edit {name}`",
        )
    write_new(path, text.encode())
    _record(archive, who, "add", name, text)
    say(f"source {name} is in {path}")
    say(f"next: muniment crawl {name} --dry-run")


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, as_json: bool) -> int:
    """List the sources.

    \b
    Example:
      muniment source list --json
    """
    broken: list[Error] = []
    write_rows(_rows(archive, broken), COLUMNS, as_json=as_json)
    for error in broken:
        click.echo(complaint(error).line, err=True)
    return Exit.USAGE if broken else Exit.DONE


@command.command("show")
@click.argument("name")
@json_option
@with_archive
def show(archive: Archive, name: str, as_json: bool) -> None:
    """Print a source's file; with --json, its settings with all defaults filled in.

    \b
    Example:
      muniment source show mofa
    """
    source, text = load_source(archive.root, name)
    if as_json:
        path = str(source_path(archive.root, name))
        write_json({"name": name, "file": path, "settings": source.to_json()})
    else:
        click.echo(text, nl=False)


@command.command("edit")
@click.argument("name")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
@operator_option
@with_archive
def edit(archive: Archive, name: str, changes: tuple[str, ...], operator: str | None) -> None:
    """Change a source: in your $EDITOR, or the values given. KEY= takes a value away.

    \b
    Example:
      muniment source edit mofa politeness.delay=2.5 'scope.exclude=["/calendar/"]'
    """
    who = archive.operator(operator)
    old = new = source_text(archive.root, name)
    for change in changes:
        new = _changed(new, change)
    if not changes:
        new = _edited_by_hand(old)
    if new == old:
        say(f"source {name} stays as it is")
        return
    if parse(new).name != name:
        raise UsageError(f"name: must stay {name!r}", advice="add a source of the other name")
    replace(source_path(archive.root, name), new)
    _record(archive, who, "edit", name, new)
    say(f"source {name} changed")


@command.command("remove")
@click.argument("name")
@operator_option
@with_archive
def remove(archive: Archive, name: str, operator: str | None) -> None:
    """Watch a source no longer. What was recorded from it stays.

    \b
    Example:
      muniment source remove mofa
    """
    path = source_path(archive.root, name)
    text = source_text(archive.root, name)
    _record(archive, archive.operator(operator), "remove", name, text)
    with storage(path):
        path.unlink()
        Files().fsync_folder(path.parent)
    say(f"source {name} removed; its captures stay, and its file is kept in the archive's events")


def _rows(archive: Archive, broken: list[Error]) -> Iterator[Row]:
    for name in source_names(archive.root):
        try:
            source, _ = load_source(archive.root, name)
        except UsageError as error:
            broken.append(error)
            continue
        yield {
            "name": name,
            "agency": source.agency.name or None,
            "seeds": list(source.seeds),
            "robots": source.robots,
            "tls": source.tls,
        }


def _record(archive: Archive, operator: str, action: str, name: str, text: str) -> None:
    tend(archive, operator)
    record_event(
        archive,
        "source edit",
        operator,
        detail={"action": action, "source": name},
        objects=[ident("source", name)],
        attachments=[Attachment(f"urn:muniment:source:{name}", text.encode(), "text/toml")],
    )


def _changed(text: str, change: str) -> str:
    """The text after `KEY=VALUE`: the value as TOML has it, else as the words that it is."""
    key, equals, value = (part.strip() for part in change.partition("="))
    if not key or not equals:
        raise UsageError(f"not KEY=VALUE: {change!r}")
    try:
        return edited(text, key, _value(value))
    except ValueError as error:
        raise UsageError(f"not TOML: {error}") from error


def _value(text: str) -> Any:
    if not text:
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _edited_by_hand(text: str) -> str:
    """What the editor made of it; a text that is no source is given back for another try."""
    while True:
        changed = click.edit(text, extension=".toml")
        if changed is None:
            return text
        try:
            parse(changed)
        except UsageError as error:
            say(str(error))
            if not sys.stdin.isatty() or not click.confirm("Edit again?", default=True, err=True):
                raise
            text = changed
        else:
            return changed

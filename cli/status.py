"""`muniment status`: where the archive stands, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archive.verdict import Verdict
from catalog.documents import unread_versions
from catalog.overviews import crawls
from cli.context import Archive, with_archive
from cli.exits import Exit
from cli.health import examine_log
from cli.output import json_option, moment, number, say, size, write_fields, write_json


@click.command("status")
@json_option
@with_archive
def command(archive: Archive, *, as_json: bool) -> Exit:
    """Tell where the archive stands: its files, its last crawl, its log, its time stamps.

    Exit code 3 where something of the log needs care; `muniment doctor` looks at everything.

    \b
    Example:
      muniment status
    """
    findings = list(examine_log(archive))
    if as_json:
        for finding in findings:
            write_json(finding.to_json())
    else:
        write_fields([*_held(archive), *((each.check, each.line) for each in findings)])
    failed = [each for each in findings if each.verdict is Verdict.FAILED]
    for each in failed if not as_json else ():
        say(f"{each.check}: {each.advice}")
    return Exit.UNCHECKED if failed else Exit.DONE


def _held(archive: Archive) -> Iterator[tuple[str, str]]:
    files = sorted(archive.root.warc.glob("*.warc.gz"))
    total = size(sum(path.stat().st_size for path in files))
    yield "archive", f"{archive.root.path.resolve()}, {number(len(files), 'file')}, {total}"
    last = next(iter(crawls(archive.engine)), None)
    if last is not None:
        yield "last crawl", f"{last.source}, {moment(last.started)}, {last.end or 'unfinished'}"
    waiting = unread_versions(archive.engine)
    if waiting:
        yield "texts", f"{number(waiting, 'version')} not read yet: `muniment index` reads them"

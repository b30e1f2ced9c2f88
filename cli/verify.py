"""`muniment verify`: check a file, a capture or the whole archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from archive.errors import NotFoundError, UsageError
from archive.fixity import Depth
from archive.verdict import overall
from catalog.collections import captures_in
from catalog.queries import captures_of
from cli.checks import Checked
from cli.context import Archive, archive_in, operator_option
from cli.exits import VERDICTS, Exit
from cli.find import collection_of, collection_option, find_capture, is_url
from cli.output import json_option, write_json, write_line
from cli.tending import tend
from cli.verify_all import check_files
from cli.verify_evidence import check_alone, check_receipt, is_receipt_file, stands_alone
from cli.verify_held import check_capture, check_file

PNG = b"\x89PNG\r\n\x1a\n"


@click.command("verify")
@click.argument("targets", nargs=-1, metavar="[FILE|ID|URL]...")
@click.option("--all", "every", is_flag=True, help="Check every file of the archive.")
@click.option("--due", is_flag=True, help="Check the files not checked for 90 days.")
@click.option(
    "--stored",
    "depth",
    flag_value=Depth.STORED.value,
    help="Hash the stored bytes alone.  [default for --all, --due]",
)
@click.option(
    "--deep",
    "depth",
    flag_value=Depth.DEEP.value,
    help="Inflate every record too, and recompute its digest and the payload's.",
)
@click.option(
    "--every-layer",
    "depth",
    flag_value=Depth.ALL.value,
    help="Recompute both digests of every layer.  [always for FILE, ID, URL without --stored]",
)
@collection_option
@operator_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    targets: tuple[str, ...],
    every: bool,
    due: bool,
    depth: str | None,
    collection: str | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Check a file from anywhere, captures by id or URL, evidence, or the whole archive.

    A file is looked for by its bytes among all that the archive holds. An evidence package (a folder
    or ZIP) is verified step by step, a receipt too, with the FILE that it cites if you name one after
    it; a WARC, ARC, WACZ or HAR by what it states of its own records. These three need no archive.
    A picture that `muniment excerpt` made is drawn again out of the file that it shows, and compared.
    Passing shows that these bytes were received and have not changed since. It does not show who
    wrote them, nor that nobody altered them on the way. Exit code 0 passed, 1 failed, 3 not checked.

    \b
    Example:
      muniment verify saved-copy.pdf
      muniment verify evidence.zip
      muniment verify https://www.example.gov/notice.pdf
      muniment verify --all
    """
    if bool(targets) + every + due + bool(collection) != 1:
        raise UsageError(
            "say what to verify",
            advice="name a FILE, ID or URL, or give --all, --due or --collection",
        )
    alone = _alone(targets)
    if alone is not None:
        return _told(alone, as_json)
    with archive_in(context.find_root().obj) as archive:
        of_each = Depth.STORED if depth == Depth.STORED else Depth.ALL
        within = collection_of(archive, collection)
        if within is not None:
            members = captures_in(archive.engine, within)
            return _told((check_capture(archive, each, of_each) for each in members), as_json)
        if targets:
            return _told(_targets(archive, targets, of_each), as_json)
        who = archive.operator(operator)
        tend(archive, who)
        of_all = Depth(depth or Depth.STORED)
        return VERDICTS[check_files(archive, of_all, who, only_due=due, as_json=as_json)]


def _alone(targets: tuple[str, ...]) -> Iterator[Checked] | None:
    """The checks of targets that are evidence by themselves; `None` where one needs the archive."""
    paths = [Path(target) for target in targets]
    if len(paths) == 2 and is_receipt_file(paths[0]) and paths[1].is_file():
        return iter([check_receipt(*paths)])
    if paths and all(map(stands_alone, paths)):
        return map(check_alone, paths)
    return None


def _targets(archive: Archive, targets: tuple[str, ...], depth: Depth) -> Iterator[Checked]:
    for target in targets:
        path = Path(target)
        if stands_alone(path):
            yield check_alone(path)
        elif path.is_file():
            excerpt = _excerpt(archive, path, depth)
            yield from (excerpt,) if excerpt else check_file(archive, path, depth)
        elif is_url(target):
            captures = captures_of(archive.engine, target)
            if not captures:
                raise NotFoundError(f"no capture of {target}", advice="see `muniment list`")
            yield from (check_capture(archive, capture, depth) for capture in captures)
        elif path.exists() or "/" in target or "." in target:
            raise NotFoundError(f"no file {target}", advice="name a file, an id or a URL")
        else:
            yield check_capture(archive, find_capture(archive, target), depth)


def _excerpt(archive: Archive, path: Path, depth: Depth) -> Checked | None:
    with path.open("rb") as file:
        if file.read(len(PNG)) != PNG:
            return None
    from cli.verify_excerpt import check_excerpt  # noqa: PLC0415 -- few files are pictures

    return check_excerpt(archive, path, depth)


def _told(found: Iterator[Checked], as_json: bool) -> Exit:
    verdicts = []
    for checked in found:
        verdicts.append(checked.verdict)
        if as_json:
            write_json(checked.to_json())
            continue
        for line in checked.lines():
            write_line(line)
    return VERDICTS[overall(verdicts)]

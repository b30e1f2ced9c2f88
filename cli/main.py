"""`muniment`: finds the command, and turns every error into one line and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from cli.complaint import complaint
from cli.exits import Exit


class Command(NamedTuple):
    """Where a command lives (`module.command`), its line in the help, and the heading above it."""

    module: str
    help: str
    heading: str


COLLECT, FIND, CHECK, KEEP, TRY = "Collect", "Find", "Check", "Keep", "Try"

COMMANDS = {
    "init": Command("cli.init", "Make a new archive.", COLLECT),
    "source": Command("cli.source", "Say what to watch: add, list, show, edit, remove.", COLLECT),
    "crawl": Command("cli.crawl", "Record sources from their seeds to their last link.", COLLECT),
    "capture": Command("cli.capture", "Record single URLs.", COLLECT),
    "import": Command("cli.import_", "Take in files that somebody already holds.", COLLECT),
    "list": Command("cli.list_", "List captures.", FIND),
    "search": Command("cli.search", "Find the texts in which words stand.", FIND),
    "show": Command("cli.show", "Show one capture, version or document in full.", FIND),
    "quote": Command("cli.quote", "Check a quotation word for word.", CHECK),
    "excerpt": Command(
        "cli.excerpt", "Draw a stretch of a file as a picture with its proof.", FIND
    ),
    "diff": Command("cli.diff", "Show what differs between two versions.", FIND),
    "get": Command("cli.get", "Write out the bytes of a capture.", FIND),
    "cite": Command("cli.cite", "Cite documents, each with its archived copy.", FIND),
    "crawls": Command("cli.crawls", "List crawls, or show what one holds and lacks.", FIND),
    "collection": Command(
        "cli.collection", "Named sets of documents, frozen with a list that is in the log.", FIND
    ),
    "bibliography": Command("cli.bibliography", "Check every source that a work cites.", CHECK),
    "publication": Command("cli.publication", "Works whose sources were checked.", CHECK),
    "verify": Command("cli.verify", "Check a file, a capture or the whole archive.", CHECK),
    "status": Command(
        "cli.status", "Tell where the archive, its log and its time stamps stand.", CHECK
    ),
    "log": Command("cli.log", "The log: checkpoint, audit, publish, succeed, cosign, keys.", CHECK),
    "evidence": Command("cli.evidence", "Make a package that others verify without us.", CHECK),
    "doctor": Command("cli.doctor", "Look over the archive and say what needs care.", CHECK),
    "index": Command("cli.index", "Read the texts that wait to be read.", KEEP),
    "rebuild": Command("cli.rebuild", "Make the catalog again from the records.", CHECK),
    "backup": Command(
        "cli.backup", "Copy the archive elsewhere, or bring the copy up to date.", KEEP
    ),
    "restore": Command("cli.restore", "Make the archive again out of a backup.", KEEP),
    "demo": Command("cli.demo", "Watch a small simulated ministry being recorded.", TRY),
}
"""Every command; its module is loaded only when it is called or asked for its help."""


class Muniment(click.Group):
    """The command group, which loads a command when it is needed and ends in an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        loaded: click.Command = _loaded(COMMANDS[cmd_name].module).command
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        for heading in dict.fromkeys(entry.heading for entry in COMMANDS.values()):
            with formatter.section(heading):
                listed = [
                    (n, entry.help) for n, entry in COMMANDS.items() if entry.heading == heading
                ]
                formatter.write_dl(listed)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        code = _ended(
            lambda: super(Muniment, self).main(args, prog_name, complete_var, False, **extra)
        )
        if standalone_mode:
            sys.exit(code)
        return code


@click.group(cls=Muniment, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path),
    envvar="MUNIMENT_ARCHIVE",
    show_envvar=True,
    metavar="DIR",
    help="The archive.  [default: here, or the nearest folder above]",
)
@click.version_option(package_name="muniment", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, folder: Path | None) -> None:
    """Record what ministries post on the web, byte for byte, and check it years later.

    \b
    Example:
      muniment init my-archive && cd my-archive
      muniment source add mofa https://www.example.gov/
      muniment crawl mofa
      muniment verify saved-copy.pdf
    """
    context.obj = folder


def _loaded(module: str) -> Any:
    """Import a module. What modules hold lasts as long as the process, so the collector of garbage
    is spared it, now and later: that is a third of the start.
    """
    if module not in sys.modules:
        gc.disable()
        try:
            importlib.import_module(module)
            gc.freeze()
        finally:
            gc.enable()
    return sys.modules[module]


def _ended(command: Callable[[], Any]) -> int:
    """Run a command; whatever comes out of it becomes one line on stderr and a code of the table."""
    try:
        result = command()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except SystemExit as ended:
        # click ends by itself, with 1, when the reader of our output has gone; 1 would be a verdict.
        return Exit.UNCHECKED if ended.code else Exit.DONE
    except Exception as error:  # noqa: BLE001 -- the last place before the user, who gets no traceback
        if os.environ.get("MUNIMENT_DEBUG"):
            traceback.print_exception(error)
        found = complaint(error)
        click.echo(found.line, err=True)
        return found.code
    return result if isinstance(result, int) else Exit.DONE


if __name__ == "__main__":
    main()

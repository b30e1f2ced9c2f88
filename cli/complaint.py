"""Any exception as one line for the person who gave the order, and an exit code."""

from __future__ import annotations

from typing import NamedTuple

import click

from archive.errors import Error
from cli.exits import Exit, of_error, of_os_error
from cli.visible import visible


class Complaint(NamedTuple):
    """What went wrong and where, what to do about it, and the code to end with."""

    what: str
    advice: str
    code: Exit

    @property
    def line(self) -> str:
        """`muniment: what (where). Advice`"""
        what = f"muniment: {self.what.strip().rstrip('.')}"
        if self.advice:
            stop = "" if what.endswith("?") else "."
            what = f"{what}{stop} {self.advice[0].upper()}{self.advice[1:]}"
        return visible(what)


def complaint(error: Exception) -> Complaint:
    """Words and code for an exception that came out of a command."""
    match error:
        case Error():
            found = Complaint(str(error), error.advice, of_error(error))
        case click.ClickException():
            context = getattr(error, "ctx", None)
            advice = f"see `{context.command_path} --help`" if context else ""
            found = Complaint(error.format_message(), advice, Exit.USAGE)
        case click.Abort():
            advice = "what was stored is kept; the order can be given again"
            found = Complaint("stopped by hand", advice, Exit.UNCHECKED)
        case OSError(strerror=str() as reason):
            place = f" ({error.filename})" if error.filename else ""
            found = Complaint(f"{reason}{place}", "", of_os_error(error))
        case _:
            advice = "please report it with what MUNIMENT_DEBUG=1 prints; nothing stored is lost"
            what = f"this is a mistake of ours: {type(error).__name__}: {error}"
            found = Complaint(what, advice, Exit.UNCHECKED)
    return found

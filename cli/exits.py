"""The exit codes: the one table of the program (design 10).

A crash of ours ends with 3, never 1: a script that waits for a verdict must not take our mistake for
evidence against a document.
"""

from __future__ import annotations

import errno
from enum import IntEnum

from archive.errors import (
    FULL_OR_BROKEN,
    DamagedError,
    Error,
    NetworkError,
    NotFoundError,
    StoppedError,
    StorageError,
    UncheckedError,
    UsageError,
)
from archive.verdict import Verdict


class Exit(IntEnum):
    """What a finished command tells the program that called it."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNCHECKED = 3
    NOT_FOUND = 4
    NETWORK = 5
    STORAGE = 6
    DAMAGED = 7
    INCOMPLETE = 8


MEANINGS = {
    Exit.DONE: "done, or verified",
    Exit.FAILED: "verification failed",
    Exit.USAGE: "the order, the configuration or a source file is wrong",
    Exit.UNCHECKED: "could not be checked, or stopped by hand, by a limit or by a mistake of ours",
    Exit.NOT_FOUND: "nothing in this archive answers to that name",
    Exit.NETWORK: "the network or the far side failed",
    Exit.STORAGE: "the disk is full, read-only or broken",
    Exit.DAMAGED: "the archive is damaged",
    Exit.INCOMPLETE: "finished, but incomplete",
}

ERRORS: dict[type[Error], Exit] = {
    UsageError: Exit.USAGE,
    UncheckedError: Exit.UNCHECKED,
    StoppedError: Exit.UNCHECKED,
    NotFoundError: Exit.NOT_FOUND,
    NetworkError: Exit.NETWORK,
    StorageError: Exit.STORAGE,
    DamagedError: Exit.DAMAGED,
}

VERDICTS = {
    Verdict.PASSED: Exit.DONE,
    Verdict.FAILED: Exit.FAILED,
    Verdict.NOT_CHECKED: Exit.UNCHECKED,
}


def of_error(error: Error) -> Exit:
    """The code of an error, by the nearest class of the tree that has one."""
    return next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), Exit.UNCHECKED)


def of_os_error(error: OSError) -> Exit:
    """The code of what the operating system refused and no room has put into words."""
    if error.errno in FULL_OR_BROKEN or error.errno in {errno.EACCES, errno.EPERM}:
        return Exit.STORAGE
    return Exit.NOT_FOUND if error.errno == errno.ENOENT else Exit.UNCHECKED

"""The process that reads files from outside: it hears of one, reads it, answers, and waits.

Started by `catalog.text.worker`, never by hand. It imports nothing of the catalog that knows of a
database, and ends when its standard input does.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from catalog.text.reading import read, read_scan
from catalog.text.worker_limits import Limits, allow_cpu, confine
from catalog.text.worker_wire import HEADER, frame, kind_to_json, reading_to_json


def main() -> None:
    """Serve until the pipe ends. Arguments: the limits as JSON, and the folder to write to."""
    limits, folder = Limits(**orjson.loads(sys.argv[1])), Path(sys.argv[2])
    orders, answers = sys.stdin.buffer, _answers()
    in_force = confine(limits, folder)
    _say(answers, {"confined": in_force})
    much = max(
        _peak(), limits.memory // 8
    )  # beyond it the next file would have less than the first
    while (order := _next(orders)) is not None:
        allow_cpu(limits.cpu)
        try:
            reading = (read_scan if order["scan"] else read)(
                Path(order["path"]),
                order["content_type"],
                order["name"],
                lambda kind: _say(answers, {"kind": kind_to_json(kind)}),
            )
            _say(answers, {"reading": reading_to_json(reading), "last": _peak() > much})
        except MemoryError:  # of reading it, or of saying so much of it: said in few words
            _say(answers, {"over": "memory"})
            return


def _answers() -> BinaryIO:
    """The pipe to the program. What a library prints goes nowhere: it would be taken for an answer."""
    pipe = os.dup(1)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 -- no path of ours
        os.dup2(nowhere.fileno(), 1)
    return os.fdopen(pipe, "wb")


def _next(orders: BinaryIO) -> dict[str, Any] | None:
    header = orders.read(HEADER)
    if len(header) < HEADER:
        return None
    order: dict[str, Any] = orjson.loads(orders.read(int.from_bytes(header, "big")))
    return order


def _say(answers: BinaryIO, message: dict[str, object]) -> None:
    answers.write(frame(message))
    answers.flush()


def _peak() -> int:
    """The most memory that was in use at once, in bytes; at first that of the program, inherited."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()

"""What the program and a process that reads files for it say to each other: frames of JSON in pipes.

A file may have taken the other process over, so its answers are of JSON, of bounded length, and
taken apart by hand: whatever is not exactly a reading is a `WireError`, and never runs as code.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar

import orjson

from catalog.text.extraction import Encoding, Extraction, Locator, Passage
from catalog.text.kind import Kind
from catalog.text.reading import Reading

HEADER = 4
"""Bytes before each frame, which tell its length, most significant first."""

FRAME_LIMIT = 256 << 20
"""Bytes of the longest frame: more than the limits on text (catalog.text.reading) let arise."""

T = TypeVar("T")


class WireError(Exception):
    """The other side said what it has no business to say."""


def frame(message: dict[str, Any]) -> bytes:
    """A message as it goes into the pipe."""
    body = orjson.dumps(message)
    return len(body).to_bytes(HEADER, "big") + body


def unframe(received: bytearray) -> dict[str, Any] | None:
    """Take the first message off what was received; `None` while it is not all there.

    Raises `WireError` at once where its length is beyond `FRAME_LIMIT`, or it is no JSON object.
    """
    if len(received) < HEADER:
        return None
    length = int.from_bytes(received[:HEADER], "big")
    if length > FRAME_LIMIT:
        raise WireError(f"an answer of {length} bytes")
    if len(received) < HEADER + length:
        return None
    try:
        message = orjson.loads(memoryview(received)[HEADER : HEADER + length])
    except orjson.JSONDecodeError as error:
        raise WireError(f"an answer that is no JSON: {error}") from error
    del received[: HEADER + length]
    return _is(dict, message)


def kind_to_json(kind: Kind) -> dict[str, Any]:
    return asdict(kind)


def kind_from_json(told: Any) -> Kind:
    told = _is(dict, told)
    return Kind(
        declared=_maybe(str, told.get("declared")),
        real=_is(str, told.get("real")),
        agrees=_is(bool, told.get("agrees")),
    )


def reading_to_json(reading: Reading) -> dict[str, Any]:
    extraction = reading.extraction
    return {
        "kind": kind_to_json(reading.kind),
        "outcome": reading.outcome,
        "outcome_reason": reading.outcome_reason,
        "tool": extraction.tool,
        "recipe": extraction.recipe,
        "code": extraction.code,
        "detail": extraction.detail,
        "ocr": extraction.ocr,
        "encoding": asdict(extraction.encoding) if extraction.encoding else None,
        "properties": extraction.properties,
        "links": extraction.links,
        "passages": [(passage.text, passage.at.to_json()) for passage in extraction.passages],
    }


def reading_from_json(told: Any) -> Reading:
    """A reading as it was sent; raises `WireError` where it is none."""
    told = _is(dict, told)
    extraction = Extraction(
        tool=_is(str, told.get("tool")),
        recipe=_is(str, told.get("recipe")),
        passages=tuple(
            Passage(text, _locator(at)) for text, at in _pairs(told.get("passages"), dict)
        ),
        code=_maybe(str, told.get("code")),
        detail=_maybe(str, told.get("detail")),
        ocr=_is(bool, told.get("ocr")),
        encoding=_encoding(told.get("encoding")),
        properties=tuple(_pairs(told.get("properties"), str)),
        links=tuple(_pairs(told.get("links"), str)),
    )
    return Reading(
        kind=kind_from_json(told.get("kind")),
        extraction=extraction,
        outcome=_is(str, told.get("outcome")),
        outcome_reason=_maybe(str, told.get("outcome_reason")),
    )


def _encoding(told: Any) -> Encoding | None:
    if told is None:
        return None
    told = _is(dict, told)
    return Encoding(
        name=_is(str, told.get("name")),
        rule=_is(str, told.get("rule")),
        declared=_maybe(str, told.get("declared")),
        replaced=_is(int, told.get("replaced")),
    )


NUMBERS = frozenset({"page", "paragraph"})
WORDS = frozenset({"member", "part", "sheet", "cell"})


def _locator(told: dict[str, Any]) -> Locator:
    for name, value in told.items():
        if name in NUMBERS:
            _is(int, value)
        elif name in WORDS:
            _is(str, value)
        elif name != "box" or [type(side) for side in _is(list, value)] != [float] * 4:
            raise WireError(f"a place with {name} = {value!r}"[:200])
    return Locator.from_json(told)


def _pairs(told: Any, second: type[T]) -> list[tuple[str, T]]:
    pairs = _is(list, told)
    for pair in pairs:
        if (
            type(pair) is not list
            or len(pair) != 2
            or type(pair[0]) is not str
            or type(pair[1]) is not second
        ):
            raise WireError("a list of pairs with something else in it")
    return [(first, other) for first, other in pairs]


def _is(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise WireError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


def _maybe(kind: type[T], value: Any) -> T | None:
    return None if value is None else _is(kind, value)

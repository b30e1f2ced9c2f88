"""Citation receipts: one text file that proves one capture, for one footnote.

Its head is for people, and is compared with the leaf; then come the parts that prove it, each between
lines of its own, so that a shell finds them; a receipt says itself how.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archive.errors import DamagedError
from archive.evidence.note import Note, Verifier
from archive.evidence.proof import InclusionProof
from archive.evidence.verify import NOT_SHOWN
from archive.evidence.verify_leaves import parse_leaf
from archive.evidence.verify_log import fingerprint
from archive.evidence.verify_md import PROVED

FIRST_LINE = "Muniment receipt 1"
"""The first line of every receipt, by which it is known."""
LIMIT = 8 << 20
"""Characters of a receipt; one has some ten thousand."""
_PART = re.compile(
    r"^-----BEGIN ([A-Z]+(?: [a-z0-9-]+)?)-----\n(.*?)^-----END \1-----\n", re.MULTILINE | re.DOTALL
)
_WIDTH = 76

SHOWS = """\
It shows that the archive recorded an answer with this content from this address, by its own clock at
this time, and that the record has not changed since it was entered in the log; and, where there is a
time stamp, that it existed no later than the stamp says."""

HOW = """\
How to check it without any program of ours (a shell, coreutils, sed, OpenSSL 3). Save this file as
receipt.txt; compare the key's fingerprint, and the root's of each stamp, with what their owners publish.

```sh
part() { sed -n "/^-----BEGIN $1-----\\$/,/^-----END $1-----\\$/{//!p;}" receipt.txt; }
W=$(mktemp -d)
%(functions)s
part LEAF | tr -d '\\n' > "$W/leaf.json"
bytes "$(part SALT)" > "$W/salt.bin"
part PROOF > "$W/proof"
sed '1,/^$/d' "$W/proof" > "$W/checkpoint"
sed '/^$/,$d' "$W/checkpoint" > "$W/text"
echo "the entry leads to, and the checkpoint says:"
proved "$W" "$W/proof"
sed -n 3p "$W/text" | base64 -d | { hex; echo; }
sed -n %(line)s "$W/checkpoint" | base64 -d | tail -c 64 > "$W/signature"
bytes 302a300506032b6570032100%(key)s > "$W/key"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$W/key" -rawin -in "$W/text" -sigfile "$W/signature"
%(stamps)s```
The content must be the file that you cite: compare `sha256sum FILE` with the line "Content" above."""

HOW_STAMP = """\
part "STAMP %(name)s" | base64 -d > "$W/stamp"
part "ROOTS %(name)s" > "$W/roots"
part "CHAIN %(name)s" > "$W/chain"
T=$(date -u -d "$(openssl ts -reply -in "$W/stamp" -text | sed -n 's/^Time stamp: //p')" +%%s)
openssl ts -verify -data "$W/checkpoint" -in "$W/stamp" -CAfile "$W/roots" -untrusted "$W/chain" -attime $T
openssl x509 -in "$W/roots" -noout -fingerprint -sha256
date -u -d @$T
"""


class ReceiptError(DamagedError):
    """Not a receipt, or one with a part that cannot be read."""


@dataclass(frozen=True, slots=True)
class ReceiptStamp:
    """A time stamp over the checkpoint, and what it takes to verify it. Certificates are PEM."""

    name: str
    test: bool
    response: bytes
    roots: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The parts of a receipt, and what its head says to people."""

    leaf: bytes
    salt: bytes
    proof: bytes
    key: str
    """The log's verifier key."""
    stamps: tuple[ReceiptStamp, ...] = ()
    head: tuple[str, ...] = ()


def receipt_text(
    leaf: bytes,
    salt: bytes,
    proof: InclusionProof,
    key: Verifier,
    stamps: Sequence[ReceiptStamp] = (),
) -> str:
    """A receipt for the capture that `leaf` tells of. Raises `DamagedError` where it tells of none."""
    lines = head(parse_leaf(leaf))
    marks = "".join(HOW_STAMP % {"name": stamp.name} for stamp in stamps)
    note = Note.parse(proof.checkpoint)
    number = next(n for n, s in enumerate(note.signatures) if s.by(key)) + note.text.count("\n") + 2
    how = HOW % {
        "functions": PROVED,
        "line": f"'{number}s/^.* //p'",
        "key": key.public_key.hex(),
        "stamps": marks,
    }
    prose = [SHOWS, NOT_SHOWN, f"The log's key: {key.name}, SHA-256 {fingerprint(key)}", how]
    parts = [
        _part("LEAF", leaf.decode()),
        _part("SALT", salt.hex()),
        _part("PROOF", proof.to_bytes().decode()),
        _part("KEY", key.vkey),
    ]
    for stamp in stamps:
        parts += [
            _part(f"AUTHORITY {stamp.name}", f"test {'yes' if stamp.test else 'no'}"),
            _part(f"STAMP {stamp.name}", _wrapped(stamp.response)),
            _part(f"ROOTS {stamp.name}", stamp.roots.decode()),
            _part(f"CHAIN {stamp.name}", stamp.chain.decode()),
        ]
    return "\n".join([FIRST_LINE, *lines, "", "\n\n".join(prose), "", *parts])


def is_receipt(start: bytes) -> bool:
    """Whether a file that begins so calls itself a receipt."""
    return start.startswith(f"{FIRST_LINE}\n".encode())


def parse(text: str) -> Receipt:
    """Read a receipt; nothing of it is verified. Raises `ReceiptError`."""
    if len(text) > LIMIT or not text.startswith(f"{FIRST_LINE}\n"):
        raise ReceiptError(f"not a receipt: it does not begin with {FIRST_LINE!r}")
    found = _PART.findall(text)
    parts = dict(found)
    if len(parts) != len(found):
        raise ReceiptError("a part that stands in it twice")
    try:
        names = [name.removeprefix("STAMP ") for name in parts if name.startswith("STAMP ")]
        return Receipt(
            leaf=parts["LEAF"].removesuffix("\n").encode(),
            salt=bytes.fromhex(parts["SALT"].strip()),
            proof=parts["PROOF"].encode(),
            key=parts["KEY"].strip(),
            stamps=tuple(_stamp(parts, name) for name in names),
            head=tuple(text.partition("\n\n")[0].split("\n")[1:]),
        )
    except KeyError as error:
        raise ReceiptError(f"a part is missing: {error}") from error
    except ValueError as error:
        raise ReceiptError(f"a part that cannot be read: {error}") from error


def head(value: dict[str, Any]) -> tuple[str, ...]:
    """What a receipt tells people of a leaf, in lines. Raises `ReceiptError` where it is no capture's."""
    if value.get("kind") != "capture":
        raise ReceiptError("not the leaf of a capture")
    digests = value.get("digests")
    content = digests.get("content") if isinstance(digests, dict) else None
    told = "none"
    if isinstance(content, dict) and "sha256" in content:
        told = f"SHA-256 {content['sha256']}, {content.get('length')} bytes"
    named = {
        "URL": value.get("url"),
        "Time": value.get("time"),
        "Outcome": value.get("outcome"),
        "Content": told,
        "Capture": value.get("id"),
    }
    return tuple(f"{name}: {visible(told)}" for name, told in named.items())


def visible(value: object) -> str:
    """A value on one line, its control characters escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))


def _part(name: str, text: str) -> str:
    end = "" if text.endswith("\n") else "\n"
    return f"-----BEGIN {name}-----\n{text}{end}-----END {name}-----\n"


def _wrapped(data: bytes) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(data).decode(), _WIDTH))


def _stamp(parts: dict[str, str], name: str) -> ReceiptStamp:
    told = parts[f"AUTHORITY {name}"].strip()
    if told not in {"test yes", "test no"}:
        raise ReceiptError(f"it does not say whether {name} is a test")
    response = base64.b64decode(parts[f"STAMP {name}"].replace("\n", ""), validate=True)
    roots, chain = (parts[f"{kind} {name}"].encode() for kind in ("ROOTS", "CHAIN"))
    return ReceiptStamp(name, told == "test yes", response, roots, chain)

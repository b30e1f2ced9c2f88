"""Names of things: record ids, the short ids made from them, and the form in which ids are printed.

An id is 80 bits of SHA-256 in Crockford's base32, so it follows from the records alone and is the
same after every rebuild. Printed, it ends in a check character (Luhn mod 32), which finds any single
wrong character before a reader is shown the wrong document.
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid

from archive.errors import UsageError

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_SHIFTS = tuple(range(70, -10, -10))
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})


def new_record_id() -> str:
    """A fresh WARC-Record-ID, without its angle brackets (WARC 1.1, 5.2)."""
    return f"urn:uuid:{uuid.uuid4()}"


def ident(*parts: str) -> str:
    """The id of what these parts name; a capture's is `ident(RECORD_ID)` of its metadata record."""
    bits = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:10])
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def printed(id_: str) -> str:
    """The form in which a person meets an id: the id and its check character."""
    return id_ + _check(id_)


def typed(text: str) -> str:
    """What a person typed, as an id or a prefix of one.

    Tolerates upper case, full-width letters, dashes, spaces and the look-alikes o, i, l, and what a
    text processor puts into long words unseen. Raises `UsageError` where a whole id's check character
    is wrong or a character belongs to no id.
    """
    plain = unicodedata.normalize("NFKC", text).lower().translate(_LOOKALIKES)
    plain = "".join(c for c in plain if not _is_filler(c))
    if not plain or len(plain) > LENGTH + 1 or any(c not in ALPHABET for c in plain):
        raise UsageError(f"not an id: {text!r}", advice="copy it as `muniment list` prints it")
    if len(plain) <= LENGTH:
        return plain
    if _check(plain[:-1]) != plain[-1]:
        raise UsageError(
            f"the id {text!r} has a wrong character", advice="compare it with where it was printed"
        )
    return plain[:-1]


def _is_filler(character: str) -> bool:
    """Dashes (one of them is the minus sign), spaces, line ends, soft hyphens and their like."""
    return character in "−⁃" or (
        character.isspace() or unicodedata.category(character) in {"Pd", "Cf"}
    )


def _check(id_: str) -> str:
    total = 0
    for place, character in enumerate(reversed(id_)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]

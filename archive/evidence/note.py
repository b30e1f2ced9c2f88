"""Signed notes: a text and the signatures under it (C2SP signed-note and tlog-cosignature).

Pure: keys come as arguments. Two types of signature are known: Ed25519, by which a log signs, and
the Ed25519 cosignature, in which a cosigner (a witness) also states a time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive.errors import DamagedError

ED25519 = 0x01
"""Signature type: Ed25519 over the text (signed-note, "Signature types")."""

COSIGNATURE = 0x04
"""Signature type: Ed25519 over a time and the text of a checkpoint (tlog-cosignature)."""

MAX_NOTE = 1_000_000
"""Most bytes of a note: a checkpoint needs some hundreds, and a hostile one must not cost time."""

MAX_SIGNATURES = 100
"""Most signatures of a note; the standard wants at least 16, and Go's verifier takes 100."""

MAX_TIME = 2**63 - 1
"""Latest time of a cosignature (tlog-cosignature, "Format")."""

_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_KEY = 32
_KEY_ID = 4
_TIME = 8


class NoteError(DamagedError):
    """A signed note, or what stands in one, is malformed, or a signature under it is false."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public key by which signatures of one name are known. Raises `NoteError` if malformed."""

    name: str
    key_id: bytes
    """Four bytes that, with the name, stand for the key and its type."""
    algorithm: int
    public_key: bytes
    """The 32 bytes of RFC 8032."""

    TYPE: ClassVar[int] = ED25519

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.algorithm != self.TYPE:
            raise NoteError(f"a key of type {self.algorithm:#04x} instead of {self.TYPE:#04x}")
        if len(self.public_key) != _KEY:
            raise NoteError(f"an Ed25519 key of {len(self.public_key)} bytes instead of {_KEY}")
        if self.key_id != key_id(self.name, self.algorithm, self.public_key):
            raise NoteError(f"the key and the key ID of {self.name} do not belong together")

    @classmethod
    def of(cls, name: str, key: Ed25519PublicKey) -> Self:
        """The verifier of what the holder of `key` signs as `name`."""
        public = key.public_bytes_raw()
        return cls(name, key_id(name, cls.TYPE, public), cls.TYPE, public)

    @staticmethod
    def parse(vkey: str) -> Verifier:
        """Read a verifier key, `NAME+HEX+BASE64` (signed-note, "Verifier keys").

        One for cosignatures gives a `CosignatureVerifier`. Raises `NoteError`.
        """
        parts = _VKEY.fullmatch(vkey)
        if parts is None:
            raise NoteError(f"not a verifier key: {vkey[:200]!r}")
        name, identifier, material = parts[1], bytes.fromhex(parts[2]), decode_base64(parts[3])
        kind = CosignatureVerifier if material[0] == COSIGNATURE else Verifier
        return kind(name, identifier, material[0], material[1:])

    @property
    def vkey(self) -> str:
        """The text form, which `parse` reads."""
        material = bytes([self.algorithm]) + self.public_key
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(material)}"

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check a signature, without its key ID, over a note's text. Raises `NoteError`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except (InvalidSignature, ValueError) as error:
            raise NoteError(f"the signature of {self.name} is false") from error


class CosignatureVerifier(Verifier):
    """The public key of a cosigner, who vouches for a checkpoint as of a time."""

    __slots__ = ()
    TYPE = COSIGNATURE

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check a cosignature: eight bytes of time, then the signature. Raises `NoteError`."""
        time = int.from_bytes(signature[:_TIME])
        if time > MAX_TIME:
            raise NoteError(f"the time of {self.name} is out of range")
        Verifier.verify(self, _cosigned(time, text), signature[_TIME:])

    def stated_time(self, note: Note) -> int | None:
        """The latest time, in seconds since 1970 (POSIX), at which this cosigner signed the note.

        `None` where it did not. The cosigner states it; nobody else vouches for it. Raises
        `NoteError` where one of its signatures is false.
        """
        found = [signature.signature for signature in note.signatures if signature.by(self)]
        for signature in found:
            self.verify(note.text.encode(), signature)
        return max((int.from_bytes(signature[:_TIME]) for signature in found), default=None)


class Signer(Protocol):
    """Who can sign a note; where the key lies is its own affair."""

    @property
    def verifier(self) -> Verifier:
        """The key that proves what `sign` made."""
        ...

    def sign(self, text: bytes) -> bytes:
        """The signature over a note's text, without the key ID."""
        ...


class Ed25519Signer:
    """Signs with an Ed25519 key held in memory. Raises `NoteError` for a name that cannot be one."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.verifier = Verifier.of(name, private_key.public_key())
        self._key = private_key

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note."""

    name: str
    key_id: bytes
    signature: bytes
    """What the key made of the text; for a cosignature with its time before it."""

    def by(self, verifier: Verifier) -> bool:
        """Whether it claims to be of that key."""
        return (self.name, self.key_id) == (verifier.name, verifier.key_id)

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line, without its newline. Raises `NoteError`."""
        name, _, value = line.removeprefix(_DASH).partition(" ")
        material = decode_base64(value)
        if not line.startswith(_DASH) or len(material) <= _KEY_ID:
            raise NoteError(f"not a signature line: {line[:200]!r}")
        check_name(name)
        return cls(name, material[:_KEY_ID], material[_KEY_ID:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text, and who says that it is theirs. It means nothing before `verified_by` was asked."""

    text: str
    """With the newline at its end, which is signed too."""
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a signed note (signed-note, "Format"); `to_bytes` gives the same bytes again.

        Raises `NoteError`; signatures are read, not checked.
        """
        if len(data) > MAX_NOTE:
            raise NoteError(f"a note of more than {MAX_NOTE} bytes")
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise NoteError("a note that is not UTF-8") from error
        if _CONTROL.search(whole.replace("\n", "")):
            raise NoteError("a note with control characters")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NoteError("not a signed note: no signatures after a blank line")
        if lines.count("\n") > MAX_SIGNATURES:
            raise NoteError(f"a note with more than {MAX_SIGNATURES} signatures")
        signatures = (Signature.parse(line) for line in lines[:-1].split("\n"))
        return cls(text + "\n", tuple(signatures))

    @classmethod
    def sign(cls, text: str, *signers: Signer) -> Note:
        """The text with a signature of each signer."""
        return cls(text, tuple(_signed(text.encode(), signer) for signer in signers))

    def to_bytes(self) -> bytes:
        """The note as it is kept and sent. Raises `NoteError` for one that nobody could read."""
        try:
            data = f"{self.text}\n{''.join(map(str, self.signatures))}".encode()
        except UnicodeEncodeError as error:
            raise NoteError("a note that is not UTF-8") from error
        if Note.parse(data) != self:
            raise NoteError("a note whose text does not end in a newline, or a malformed signature")
        return data

    def verified_by(self, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Those of `verifiers` who signed, each once, in the order of their signatures.

        Signatures of unknown keys are passed over; every one of a known key must be right. A caller
        who gets none it needs must refuse the note. Raises `NoteError`.
        """
        known = _by_identity(verifiers)
        text = self.text.encode()
        found: dict[Verifier, None] = {}
        for signature in self.signatures:
            verifier = known.get((signature.name, signature.key_id))
            if verifier is not None:
                verifier.verify(text, signature.signature)
                found[verifier] = None
        return tuple(found)


def cosign(text: str, name: str, private_key: Ed25519PrivateKey, time: int) -> Signature:
    """The cosignature of `name` under a checkpoint's text, as of `time` in seconds since 1970.

    It says that of this log no larger consistent checkpoint was seen by then, which the caller must
    have checked (tlog-cosignature, "Ed25519 signed message"). Raises `NoteError`.
    """
    if not 0 <= time <= MAX_TIME:
        raise NoteError(f"not a time that can be cosigned: {time}")
    verifier = CosignatureVerifier.of(name, private_key.public_key())
    signature = private_key.sign(_cosigned(time, text.encode()))
    return Signature(name, verifier.key_id, time.to_bytes(_TIME) + signature)


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    """The key ID that signed-note recommends ("Signatures") and both our types of key demand.

    Raises `NoteError` for what cannot be a key name.
    """
    check_name(name)
    return sha256(f"{name}\n".encode() + bytes([algorithm]) + public_key).digest()[:_KEY_ID]


def check_name(name: str) -> None:
    """Raise `NoteError` for what cannot be a key name (signed-note, "Format")."""
    if not name or "+" in name or _CONTROL.search(name) or any(map(str.isspace, name)):
        raise NoteError(f"not a key name: {name[:200]!r}")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise NoteError(f"not a key name, for it is not UTF-8: {name[:200]!r}") from error


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, 4)."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64, in the one form that writes them. Raises `NoteError`."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError(f"not base64: {text[:200]!r}") from error
    if encode_base64(data) != text:
        raise NoteError(f"not base64 as it is written: {text[:200]!r}")
    return data


def _cosigned(time: int, text: bytes) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + text


def _signed(text: bytes, signer: Signer) -> Signature:
    verifier = signer.verifier
    return Signature(verifier.name, verifier.key_id, signer.sign(text))


def _by_identity(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    """The verifiers by what a signature line says. Two keys with one name and ID cannot be told apart."""
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise NoteError(f"two keys of {verifier.name} have the same key ID")
    return known

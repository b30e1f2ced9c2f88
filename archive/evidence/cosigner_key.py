"""The key of a cosigner: made when it is first asked for, and the name that it has for ever.

`FILE` is the private key (PKCS 8), which nobody else may read; `FILE.vkey` is its verifier key, which
says its name as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.durable import Files, write_new
from archive.errors import UsageError, Where, reading, storage
from archive.evidence.note import CosignatureVerifier, NoteError, Verifier, check_name


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A private key and the name under which it cosigns."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> CosignatureVerifier:
        return CosignatureVerifier.of(self.name, self.private.public_key())

    @classmethod
    def open(
        cls, path: Path, name: str | None, default: str, files: Files | None = None
    ) -> CosignerKey:
        """The key in a file, made there if there is none, as `name` or else `default`.

        Raises `UsageError` for a file that is no such key, for a name that it does not have and for
        one that nothing can have; `NoteError` for a damaged `.vkey`; `StorageError`.
        """
        files = files or Files()
        public = path.with_name(f"{path.name}.vkey")
        known = _known(public)
        if known and name and known.name != name:
            raise UsageError(f"this key has the name {known.name}", where=Where(public))
        if known and not path.exists():
            raise UsageError("the private key is missing", where=Where(path))
        chosen = known.name if known else name or default
        _check(chosen)
        key = cls(chosen, _read(path) if path.exists() else Ed25519PrivateKey.generate())
        if known is None:
            key._write(path, public, files)
        elif known != key.verifier:
            raise UsageError("the private key is not that of its .vkey", where=Where(path))
        return key

    def _write(self, path: Path, public: Path, files: Files) -> None:
        """The private half first: a crash in between leaves a key that has no name yet."""
        with storage(path.parent):
            files.mkdir(path.parent)
        if not path.exists():
            pem = self.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_new(path, pem, files, mode=0o600)
        write_new(public, f"{self.verifier.vkey}\n".encode(), files)


def _check(name: str) -> None:
    try:
        check_name(name)
    except NoteError as error:
        raise UsageError(error.what, advice="say --name, as in library.example/cosigner") from error


def _known(public: Path) -> Verifier | None:
    if not public.exists():
        return None
    with reading(public):
        text = public.read_bytes().decode("utf-8", "replace").strip()
    return Verifier.parse(text)


def _read(path: Path) -> Ed25519PrivateKey:
    with reading(path):
        pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError("the key of the cosigner cannot be used", where=Where(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("the key of the cosigner is no Ed25519 key", where=Where(path))
    return key

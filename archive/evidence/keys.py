"""The keys of a log: public ones for everybody, private ones for whoever signs.

`keys/log-ID.vkey` is a verifier key (C2SP signed-note), `log-ID.pub.pem` the same key for openssl,
`log-ID.key` the private one (PKCS 8), which nobody else may read. A key signs as long as its private
file is there; while a key is being replaced, two sign. A private key may lie elsewhere: then a
command signs, which reads the text and writes the 64 bytes of the signature.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive.durable import Files, write_new
from archive.errors import UncheckedError, UsageError, Where, reading, storage
from archive.evidence.note import Ed25519Signer, NoteError, Signer, Verifier

PATIENCE = 60.0
"""Seconds that a command may take to sign: a person may have to touch a token."""

Passphrase = Callable[[Path], bytes | None]
"""Asks for the passphrase of a private key; `None` where nobody can say it."""


def no_passphrase(_: Path) -> None:
    """Nobody can be asked."""


@dataclass(frozen=True)
class KeyRing:
    """The keys in a folder that belong to the log of one origin."""

    folder: Path
    origin: str

    def create(self, passphrase: bytes | None = None, files: Files | None = None) -> Verifier:
        """Make a new key and keep it, its private half last. Raises `StorageError`."""
        private = Ed25519PrivateKey.generate()
        verifier = self.add(private.public_key(), files)
        encryption = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        write_new(self._path(verifier, "key"), pem, files or Files(), mode=0o600)
        return verifier

    def add(self, public: Ed25519PublicKey, files: Files | None = None) -> Verifier:
        """Keep a public key whose private half lies elsewhere."""
        files = files or Files()
        verifier = Verifier.of(self.origin, public)
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with storage(self.folder):
            files.mkdir(self.folder)
        write_new(self._path(verifier, "pub.pem"), pem, files)
        write_new(self._path(verifier, "vkey"), f"{verifier.vkey}\n".encode(), files)
        return verifier

    def verifiers(self) -> tuple[Verifier, ...]:
        """Every public key of this log, those that no longer sign included.

        Raises `NoteError` where a key file is damaged.
        """
        found = []
        for path in sorted(self.folder.glob("log-*.vkey")):
            with reading(path):
                verifier = Verifier.parse(path.read_text("utf-8").strip())
            if verifier.name == self.origin:
                found.append(verifier)
        return tuple(found)

    def holds(self, verifier: Verifier) -> bool:
        """Whether the private half of a key is here, so that it signs."""
        return self._path(verifier, "key").exists()

    def signers(
        self, passphrase: Passphrase = no_passphrase, command: Sequence[str] = ()
    ) -> tuple[Signer, ...]:
        """Who signs now. Raises `UncheckedError` where a key is locked, `UsageError` for a broken one."""
        private = [
            _unlock(self.origin, self._path(verifier, "key"), passphrase)
            for verifier in self.verifiers()
            if self.holds(verifier)
        ]
        if not command:
            return tuple(private)
        own = {signer.verifier for signer in private}
        outside = [verifier for verifier in self.verifiers() if verifier not in own]
        return (*private, *(CommandSigner(verifier, tuple(command)) for verifier in outside[-1:]))

    def forget(self, verifier: Verifier, files: Files | None = None) -> None:
        """Remove the private half of a key: it signs no more, and what it signed still verifies."""
        files = files or Files()
        path = self._path(verifier, "key")
        if path.exists():
            with storage(path):
                files.unlink(path)
                files.fsync_folder(self.folder)

    def _path(self, verifier: Verifier, suffix: str) -> Path:
        return self.folder / f"log-{verifier.key_id.hex()}.{suffix}"


@dataclass(frozen=True)
class CommandSigner:
    """Signs by a command: a token, a key server, another account."""

    verifier: Verifier
    command: tuple[str, ...]

    def sign(self, text: bytes) -> bytes:
        """Raises `UncheckedError` where the command fails or its signature is none of this key."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, from muniment.toml
                self.command, input=text, capture_output=True, check=True, timeout=PATIENCE
            )
            self.verifier.verify(text, done.stdout)
        except (OSError, subprocess.SubprocessError, NoteError) as error:
            raise UncheckedError(
                f"the command {self.command[0]!r} did not sign: {error}",
                advice="see `signer` in muniment.toml; nothing is lost, the next checkpoint signs all",
            ) from error
        return done.stdout


def _unlock(origin: str, path: Path, passphrase: Passphrase) -> Signer:
    with reading(path):
        pem = path.read_bytes()
    secret = passphrase(path) if b"ENCRYPTED" in pem else None
    try:
        key = serialization.load_pem_private_key(pem, secret)
    except TypeError:
        raise UncheckedError(
            "the key of the log is locked",
            where=Where(path),
            advice="give its passphrase in MUNIMENT_LOG_PASSPHRASE, or on a terminal",
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            "the key of the log cannot be used: a wrong passphrase, or a damaged file",
            where=Where(path),
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("the key of the log is no Ed25519 key", where=Where(path))
    return Ed25519Signer(origin, key)

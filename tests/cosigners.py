"""Logs in memory that grow, fork and are cut short, and cosigners that answer on loopback."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.durable import Files
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.cosigner import Cosigner, Request
from archive.evidence.growth import Growth
from archive.evidence.log import Signed
from archive.evidence.note import CosignatureVerifier, Ed25519Signer, Note, Verifier
from archive.evidence.tree import Tree
from cli.cosign_server import CosignServer
from tests.tlogs import Tiles, entries

ORIGIN = "ministry.example/log"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = Ed25519Signer(ORIGIN, LOG_KEY)
STRANGER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"s" * 32))
COSIGNER = "library.example/cosigner"
COSIGNER_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
COSIGNER_VERIFIER = CosignatureVerifier.of(COSIGNER, COSIGNER_KEY.public_key())
NOW = 1_790_000_000


@cache
def tiles(size: int, fork: int | None = None) -> Tiles:
    """The tiles of `size` entries; a fork has others from the entry `fork` on."""
    made = Tiles()
    common = entries(size) if fork is None else entries(min(fork, size))
    made.put(Growth(0, made).extend(common + entries(size - len(common), 1_000_000)))
    return made


def tree(size: int, fork: int | None = None) -> Tree:
    return Tree(size, tiles(size, fork))


def signed(
    tree: Tree, signers: Sequence[Ed25519Signer] = (LOG,), extensions: tuple[str, ...] = ()
) -> Signed:
    checkpoint = Checkpoint(ORIGIN, tree.size, tree.root(), extensions)
    return Signed(Note.sign(checkpoint.text, *signers).to_bytes(), checkpoint)


def body(old: int, tree: Tree) -> bytes:
    """What a log sends that believes its cosigner to be at `old`."""
    return Request(old, tree.consistency(old) if old else (), signed(tree).data).to_bytes()


def cosigner(
    folder: Path, files: Files | None = None, logs: Sequence[Verifier] = (LOG.verifier,)
) -> Cosigner:
    return Cosigner(folder, COSIGNER, COSIGNER_KEY, logs, files)


def cosigned_time(signed: Signed, answer: bytes) -> int | None:
    """The time of a cosignature under a checkpoint; fails the test if it is false."""
    text = Note.parse(signed.data).text
    return COSIGNER_VERIFIER.stated_time(Note.parse(f"{text}\n".encode() + answer))


@contextmanager
def serving(cosigner: Cosigner, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The URL at which a cosigner answers; over TLS where a context is given."""
    clock = datetime.fromtimestamp(NOW, UTC)
    with CosignServer("127.0.0.1", 0, cosigner, lambda: clock) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

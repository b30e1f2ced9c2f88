"""Ask a cosigner to countersign our checkpoint (C2SP tlog-witness, the client's side).

Nothing that it answers is believed but what it signed; yet where it says that it has seen more of
our log than we have, our log was cut short, and must not be signed on.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256

from archive.evidence.checkpoint import parse_decimal
from archive.evidence.cosigner import SIZE_TYPE, Request
from archive.evidence.log import Signed
from archive.evidence.note import (
    MAX_NOTE,
    CosignatureVerifier,
    Note,
    NoteError,
    Signature,
    Verifier,
)
from archive.evidence.tree import Tree
from crawler.outbound.post import TIME_LIMIT, Peer, PeerError, Reply

LOG_BEHIND = "log-behind"
"""The reason for which our log must not be signed: the cosigner has seen a larger or another tree."""

REASONS = {
    400: "refused",
    403: "key-unknown",
    404: "log-unknown",
    409: "conflict",
    422: LOG_BEHIND,
}
"""What the statuses of tlog-witness mean to a log whose own proof is right."""

LOOK_LIMIT = 2.0
"""Seconds for a look at what a cosigner has seen: every order that logs takes one."""
_LARGEST = 64 * 1024
"""Bytes of an answer: a few lines."""


class CosigningError(PeerError):
    """There is no cosignature; `reason` says why in a word that does not change.

    One of `REASONS`, `status` for any other, `false` for an answer that is no cosignature. With
    `log-behind`, `seen` is the checkpoint that the cosigner shows for it, signed by our own key, and
    `None` where it shows none: then there is only its word.
    """

    def __init__(
        self, reason: str, what: str = "", url: str = "", seen: Signed | None = None
    ) -> None:
        super().__init__(reason, what, url)
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A verified cosignature under our checkpoint."""

    line: Signature
    time: int
    """When the cosigner says that it signed, in seconds since 1970."""


def ask_cosigner(
    url: str,
    verifier: CosignatureVerifier,
    signed: Signed,
    tree: Tree,
    keys: tuple[Verifier, ...] = (),
    *,
    agent: str,
    known: int = 0,
    limit: float = TIME_LIMIT,
) -> Cosigned:
    """The cosignature of the cosigner at a submission prefix, under a checkpoint of ours.

    `tree` is that of the checkpoint, `known` the size that this cosigner signed last, as far as we
    know, `keys` are the public keys of our log. Each of at most three exchanges has `limit` seconds.
    Raises `PeerError`, as `CosigningError` where the cosigner answered; `UsageError` for a URL that
    is none; and what the tree raises.
    """
    size = signed.checkpoint.size
    known = min(known, size)
    with closing(Peer(url, agent=agent, limit=limit)) as peer:
        reply = _submit(peer, signed, tree, known)
        if reply.status == 409:
            seen = _seen_size(peer, reply)
            if seen > size:
                what = f"it has cosigned {seen} entries, and the log has {size}"
                seen_there = _shown(peer, signed.checkpoint.origin, keys)
                raise CosigningError(LOG_BEHIND, what, url, seen_there)
            if seen != known:
                reply = _submit(peer, signed, tree, seen)
        if reply.status == 422:
            what = "it has cosigned another tree than the one that the log begins with"
            raise CosigningError(
                LOG_BEHIND, what, url, _shown(peer, signed.checkpoint.origin, keys)
            )
        if reply.status != 200:
            told = reply.body[:200].decode("utf-8", "backslashreplace").strip()
            reason = REASONS.get(reply.status, "status")
            raise CosigningError(reason, f"it answered {reply.status} {told}", url)
        return _verified(peer, reply.body, signed, verifier)


def _submit(peer: Peer, signed: Signed, tree: Tree, old: int) -> Reply:
    proof = tree.consistency(old) if old else ()
    body = Request(old, proof, signed.data).to_bytes()
    return peer.post("add-checkpoint", body, "text/plain; charset=utf-8", largest=_LARGEST)


def _seen_size(peer: Peer, reply: Reply) -> int:
    try:
        if reply.media_type != SIZE_TYPE:
            raise NoteError(f"an answer of type {reply.media_type}")
        return parse_decimal(reply.body.decode("ascii").removesuffix("\n"))
    except (NoteError, UnicodeDecodeError) as error:
        raise CosigningError("false", f"no size in its conflict: {error}", peer.url) from error


def _verified(peer: Peer, body: bytes, signed: Signed, verifier: CosignatureVerifier) -> Cosigned:
    """The cosigner's own line; those of others are passed over."""
    try:
        lines = map(Signature.parse, body.decode().removesuffix("\n").split("\n"))
        line = next((line for line in lines if line.by(verifier)), None)
        if line is None:
            raise NoteError(f"no line of {verifier.name}")
        time = verifier.stated_time(Note(Note.parse(signed.data).text, (line,)))
        if not time:
            raise NoteError("a line without a time")
    except (NoteError, UnicodeDecodeError) as error:
        raise CosigningError("false", f"no cosignature: {error}", peer.url) from error
    return Cosigned(line, time)


def seen_by_cosigner(
    url: str, origin: str, keys: tuple[Verifier, ...], *, agent: str, limit: float = LOOK_LIMIT
) -> Signed | None:
    """The checkpoint that a cosigner keeps of our log, signed by one of its keys; `None` where it
    shows none or does not answer. Raises `UsageError` for a URL that is none.
    """
    with closing(Peer(url, agent=agent, limit=limit)) as peer:
        return _shown(peer, origin, keys)


def _shown(peer: Peer, origin: str, keys: tuple[Verifier, ...]) -> Signed | None:
    path = f"{sha256(origin.encode()).hexdigest()}/checkpoint"
    try:
        reply = peer.get(path, largest=MAX_NOTE)
        if reply.status != 200:
            return None
        seen = Signed.parse(reply.body)
        own = bool(Note.parse(seen.data).verified_by(keys))
    except (PeerError, NoteError):
        return None
    return seen if own and seen.checkpoint.origin == origin else None

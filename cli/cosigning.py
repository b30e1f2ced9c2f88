"""Cosigners: outsiders who sign a checkpoint only if the log grew from the last one they signed."""

from __future__ import annotations

from collections.abc import Iterator

from archive.errors import NetworkError, UsageError, Where
from archive.evidence.log import RestoredMark, Signed
from archive.evidence.note import CosignatureVerifier, Note, NoteError, Signature, Verifier
from archive.evidence.sequencer import RefusedError, Sequencer
from cli.clock import agent
from cli.config import CosignerConfig
from cli.context import Archive
from cli.output import say
from crawler.outbound.cosigning import LOG_BEHIND, CosigningError, ask_cosigner


def cosigner_key(archive: Archive, told: CosignerConfig) -> CosignatureVerifier:
    """The key by which a configured cosigner is known. Raises `UsageError`."""
    try:
        key = Verifier.parse(told.vkey)
        if not isinstance(key, CosignatureVerifier):
            raise NoteError("not a key for cosignatures")
    except NoteError as error:
        raise UsageError(
            f"the vkey of the cosigner {told.name}: {error.what}", where=Where(archive.root.config)
        ) from error
    return key


def have_cosigned(archive: Archive, sequencer: Sequencer, signed: Signed) -> Signed:
    """Ask each configured cosigner who has not signed yet; the checkpoint with the lines that came.

    A cosigner that gives none is told of, and asked again under the next checkpoint. Raises
    `RefusedError` where one has seen more of the log than there is: nothing is signed after that.
    """
    lines = list(_lines(archive, signed))
    return sequencer.add_lines(signed, lines) if lines else signed


def _lines(archive: Archive, signed: Signed) -> Iterator[Signature]:
    note = Note.parse(signed.data)
    tree = archive.log.tree(signed.checkpoint.size)
    for told in archive.config.cosigner:
        key = cosigner_key(archive, told)
        if any(line.by(key) for line in note.signatures):
            continue
        try:
            keys = archive.log.ring.verifiers()
            yield ask_cosigner(told.url, key, signed, tree, keys, agent=agent()).line
        except NetworkError as error:
            if isinstance(error, CosigningError) and error.reason == LOG_BEHIND:
                raise _cut_short(archive, told, error) from error
            say(f"the cosigner {told.name} has not signed: {error}")


def _cut_short(archive: Archive, told: CosignerConfig, error: CosigningError) -> RefusedError:
    """Keep what the cosigner showed, so that no later order signs, and a successor can name it."""
    reason = f"the cosigner {told.name} has seen more"
    archive.log.mark_restored(RestoredMark(reason, error.seen.data if error.seen else None))
    return RefusedError(
        f"the cosigner {told.name} has seen more of the log than there is: {error.what}",
        where=Where(archive.root.log),
        advice="bring log/ back as it was, or `muniment log succeed --reason …`",
    )

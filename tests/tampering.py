"""Ways to tamper with an evidence package, from a flipped byte to a log that its own keeper rewrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from archive.evidence.checkpoint import Checkpoint
from archive.evidence.leaf import canonical
from archive.evidence.merkle import leaf_hash
from archive.evidence.note import Ed25519Signer, Note, Signature
from archive.evidence.proof import InclusionProof
from tests.logs import ORIGIN, entry_by_hand
from tests.packages import Package, rewrite
from tests.tlogs import inclusion, merkle_root

Change = Callable[[Path, Package], None]
EXCERPT = "data/warc/excerpt.warc"
CHECKPOINT = "log/checkpoint"


@dataclass(frozen=True)
class Tampering:
    """What somebody does, and the step that must say so."""

    name: str
    change: Change
    step: str
    rewritten: bool = False
    """The manifests are made to fit afterwards, and the seal is taken away."""
    answer: str = "failed"
    shell: str = "failed"
    """What the script answers in that step; *passed* where a shell cannot see it."""

    def apply(self, folder: Path, package: Package) -> None:
        self.change(folder, package)
        if self.rewritten:
            shutil.rmtree(folder / "signatures", ignore_errors=True)
            rewrite(folder)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replaced(name: str, old: bytes, new: bytes) -> Change:
    def change(folder: Path, package: Package) -> None:
        path = folder / name.format(*package.ids)
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new))

    return change


def removed(*names: str) -> Change:
    def change(folder: Path, package: Package) -> None:
        for name in names:
            path = folder / name.format(*package.ids)
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def added(name: str, data: bytes = b"new") -> Change:
    def change(folder: Path, package: Package) -> None:
        path = folder / name.format(*package.ids)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return change


def flipped(name: str) -> Change:
    return lambda folder, package: flip(folder / name.format(*package.ids))


def swapped(one: str, other: str) -> Change:
    def change(folder: Path, package: Package) -> None:
        first, second = (folder / name.format(*package.ids) for name in (one, other))
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)

    return change


def lines(name: str, edit: Callable[[list[str]], Iterable[str]]) -> Change:
    """Another list of lines in a text file."""

    def change(folder: Path, package: Package) -> None:
        path = folder / name.format(*package.ids)
        path.write_text("".join(f"{line}\n" for line in edit(path.read_text().splitlines())))

    return change


def both(*changes: Change) -> Change:
    def change(folder: Path, package: Package) -> None:
        for each in changes:
            each(folder, package)

    return change


def linked(folder: Path, package: Package) -> None:
    path = folder / "log/policy.txt"
    path.rename(folder.parent / "policy.txt")
    path.symlink_to(folder.parent / "policy.txt")


def piped(folder: Path, package: Package) -> None:
    path = folder / "log/policy.txt"
    path.unlink()
    os.mkfifo(path)


def boundary_shifted(folder: Path, package: Package) -> None:
    """The first byte of a leaf goes to the end of its salt: the hash of both is the same."""
    leaf, salt = (folder / f"data/exhibits/{package.ids[0]}" / n for n in ("leaf.json", "salt.bin"))
    data = leaf.read_bytes()
    salt.write_bytes(salt.read_bytes() + data[:1])
    leaf.write_bytes(data[1:])


def salts_shifted(folder: Path, package: Package) -> None:
    """All but the length of the salt is as before: its last byte goes before the leaf."""
    leaf, salt = (folder / f"data/exhibits/{package.ids[0]}" / n for n in ("leaf.json", "salt.bin"))
    data = salt.read_bytes()
    salt.write_bytes(data[:-1])
    leaf.write_bytes(data[-1:] + leaf.read_bytes())


def log_key(package: Package) -> Ed25519PrivateKey:
    (path,) = package.maker.root.keys.glob("*.key")
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def checkpoints_edited(edit: Callable[[bytes], bytes]) -> Change:
    """The checkpoint changed, and in each proof as well."""

    def change(folder: Path, package: Package) -> None:
        old = (folder / CHECKPOINT).read_bytes()
        new = edit(old)
        assert new != old
        for path in folder.glob("log/*.tlog-proof"):
            path.write_bytes(path.read_bytes().replace(old, new))
        (folder / CHECKPOINT).write_bytes(new)

    return change


def without_signature(of: str) -> Change:
    def edit(data: bytes) -> bytes:
        kept = [line for line in data.decode().splitlines() if not line.startswith(f"— {of} ")]
        return "".join(f"{line}\n" for line in kept).encode()

    return checkpoints_edited(edit)


def false_signature(of: str) -> Change:
    """The last bit of a signature turned over."""

    def edit(data: bytes) -> bytes:
        note = Note.parse(data)
        changed = tuple(
            Signature(s.name, s.key_id, s.signature[:-1] + bytes([s.signature[-1] ^ 1]))
            if s.name == of
            else s
            for s in note.signatures
        )
        return Note(note.text, changed).to_bytes()

    return checkpoints_edited(edit)


def relogged(
    *changes: Change, key: Ed25519PrivateKey | None = None, more: int = 0, stamps: bool = False
) -> Change:
    """A log made anew over the leaves as they are after some changes, by its keeper or a stranger.

    `more` entries follow them. The stamps are left out unless they are to be kept.
    """

    def change(folder: Path, package: Package) -> None:
        both(*changes)(folder, package)
        leaves = {path.parent: path.read_bytes() for path in sorted(folder.rglob("leaf.json"))}
        entries = [entry_by_hand((at / "salt.bin").read_bytes(), leaves[at]) for at in leaves]
        hashes = [leaf_hash(entry) for entry in [*entries, *(bytes([n]) * 32 for n in range(more))]]
        signer = Ed25519Signer(ORIGIN, key or log_key(package))
        text = Checkpoint(ORIGIN, len(hashes), merkle_root(hashes)).text
        signature = Signature(ORIGIN, signer.verifier.key_id, signer.sign(text.encode()))
        data = Note(text, (signature,)).to_bytes()
        (folder / CHECKPOINT).write_bytes(data)
        for index, at in enumerate(leaves):
            prefix = "plan-" if at.parent.name == "plan" else ""
            proof = InclusionProof(index, tuple(inclusion(index, hashes)), data)
            (folder / f"log/{prefix}{at.name}.tlog-proof").write_bytes(proof.to_bytes())
        if not stamps:
            shutil.rmtree(folder / "timestamps")

    return change


def leaf_changed(number: int, edit: Callable[[bytes], bytes]) -> Change:
    """The leaf of an exhibit changed, in its file and in the excerpt, whatever places follow it."""

    def change(folder: Path, package: Package) -> None:
        exhibit = folder / f"data/exhibits/{package.ids[number]}"
        old = (exhibit / "leaf.json").read_bytes()
        new = edit(old)
        assert new != old
        _put_into_excerpt(folder, exhibit, old, new)
        (exhibit / "leaf.json").write_bytes(new)

    return change


def _put_into_excerpt(folder: Path, exhibit: Path, old: bytes, new: bytes) -> None:
    data = (folder / EXCERPT).read_bytes()
    offset, length = map(int, (exhibit / "statement.txt").read_text().split())
    record = data[offset : offset + length]
    sizes = (b"Content-Length: %d" % len(old), b"Content-Length: %d" % len(new))
    changed = record.replace(old, new).replace(*sizes)
    (folder / EXCERPT).write_bytes(data[:offset] + changed + data[offset + length :])
    shift = len(changed) - length
    for path in folder.glob("data/exhibits/*/*.txt"):
        moved = []
        for line in path.read_text().splitlines():
            at, rest = line.split(" ", 1)
            moved.append(f"{int(at) + (shift if int(at) > offset else 0)} {rest}\n")
        path.write_text("".join(moved))
    (exhibit / "statement.txt").write_text(f"{offset} {len(changed)}\n")


def value_changed(edit: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    """Another value in canonical JSON."""

    def change(data: bytes) -> bytes:
        value = json.loads(data)
        edit(value)
        return canonical(value)[0]

    return change


def event_changed(kind: str, edit: Callable[[dict[str, object]], object]) -> Change:
    """The leaf of the event of a kind changed, and in events.jsonl as well."""

    def change(folder: Path, package: Package) -> None:
        for path in folder.glob("custody/events/*/leaf.json"):
            data = path.read_bytes()
            if json.loads(data)["type"] == kind:
                path.write_bytes(value_changed(edit)(data))
        events = sorted(folder.glob("custody/events/*/leaf.json"))
        told = b"".join(path.read_bytes() + b"\n" for path in events)
        (folder / "custody/events.jsonl").write_bytes(told)

    return change


def event_removed(kind: str) -> Change:
    def change(folder: Path, package: Package) -> None:
        for path in folder.glob("custody/events/*/leaf.json"):
            if json.loads(path.read_bytes())["type"] == kind:
                (folder / f"log/{path.parent.name}.tlog-proof").unlink()
                shutil.rmtree(path.parent)
        event_changed("", lambda value: None)(folder, package)

    return change

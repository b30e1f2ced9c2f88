"""Evidence packages out of real parts: captures, a log, stamps, a cosigner, a seal; and their tampering."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from blake3 import blake3
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from archive.evidence.keys import KeyRing
from archive.evidence.log import Signed, current_log
from archive.evidence.note import CosignatureVerifier, cosign
from archive.evidence.proof import InclusionProof
from archive.evidence.seal import Seal, sign_detached
from archive.evidence.timestamp import request
from archive.group import Group
from archive.layout import ArchiveRoot
from archive.measure import measure
from archive.package.build import build_package
from archive.package.content import named
from archive.package.facts import (
    Earlier,
    Exhibit,
    GroupAt,
    LogFacts,
    Logged,
    PackageFacts,
    StampFacts,
)
from archive.reader import StoredGroup, groups
from archive.statement import Capture, Crawl, Event, RefersTo
from archive.store import WarcWriter
from archive.warc import IDENTICAL, resource, revisit
from cli.authority import LocalAuthority
from tests.captures import answer, asserted_group, failed_group, wire_group
from tests.certificates import NOW, issue
from tests.logs import ORIGIN, commit, logged_archive
from tests.shared import program

TIME = NOW - timedelta(hours=3)
SITE = "https://ministry.example"
SEALED = "signatures/tagmanifest-sha256.txt.p7s"


@dataclass(frozen=True)
class Maker:
    """All that makes packages, so that a test can make another one, honest or not."""

    folder: Path
    root: ArchiveRoot = field(init=False)
    cosigner: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", logged_archive(self.folder / "archive"))

    def write(self, *captures: Group) -> list[StoredGroup]:
        """Groups stored in a file of their own."""
        with WarcWriter(self.root.warc, "test", {"software": "test"}, lambda: TIME) as writer:
            stored = [writer.append(group) for group in captures]
            writer.seal()
        return stored

    def at(self, stored: StoredGroup) -> GroupAt:
        path = self.root.warc / stored.file
        return GroupAt(path, next(groups(path, stored.offset)))

    def signed(self) -> Signed:
        """The log's newest checkpoint, countersigned."""
        signed = commit(self.root)
        text = signed.data.decode().rpartition("\n\n")[0] + "\n"
        line = str(cosign(text, "witness.example", self.cosigner, int(NOW.timestamp())))
        return Signed.parse(signed.data + line.encode())

    def logged(self, at: GroupAt, signed: Signed) -> Logged:
        log = current_log(self.root)
        index = log.index_of(at.group.file, at.group.offset, at.group.entry)
        assert index is not None
        path = log.tree(signed.checkpoint.size).inclusion(index)
        return Logged(at, InclusionProof(index, path, signed.data))

    def facts(self, signed: Signed, exhibits: list[Exhibit], events: list[GroupAt]) -> PackageFacts:
        keys = KeyRing(self.root.keys, ORIGIN).verifiers()
        cosigner = CosignatureVerifier.of("witness.example", self.cosigner.public_key())
        lines = [f"log {key.vkey}" for key in keys] + [f"witness one {cosigner.vkey}", "quorum one"]
        return PackageFacts(
            made=NOW,
            software="muniment-test",
            operator="Ada Lovelace",
            exhibits=named(exhibits),
            events=tuple(self.logged(event, signed) for event in events),
            log=LogFacts(checkpoint=signed.data, keys=keys),
            closed={},
            policy="".join(f"{line}\n" for line in lines).encode(),
        )


@dataclass(frozen=True)
class Package:
    """A package as it leaves the house, and who vouches for it."""

    folder: Path
    maker: Maker
    facts: PackageFacts
    authority: LocalAuthority
    seal: Seal

    @property
    def ids(self) -> list[str]:
        return [exhibit.id for exhibit in self.facts.exhibits]

    def sign(self, data: bytes) -> bytes:
        return sign_detached(data, self.seal, NOW)

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.folder, to))


def stamp_facts(
    authority: LocalAuthority, data: bytes, *, name: str = "", test: bool = False, crl: bool = True
) -> StampFacts:
    """A stamp over a checkpoint, with all that is kept of it."""
    query = request(data)
    files = {
        "tsq": query,
        "tsr": authority.stamp(query),
        "chain.pem": authority.signer.pem,
        "roots.pem": authority.root.pem,
    }
    if crl:
        if authority.crl is None:
            authority.list_revoked()
        assert authority.crl is not None
        files["crl.pem"] = x509.load_der_x509_crl(authority.crl).public_bytes(Encoding.PEM)
    name = name or authority.authority.name
    return StampFacts(name=name, url=authority.url, test=test, files=files)


def institution() -> Seal:
    root = issue("Test root", authority=True)
    leaf = issue("Example Library", root)
    return Seal(leaf.key, leaf.certificate, (root.certificate,))


def captured(maker: Maker, *, small: bool) -> tuple[list[StoredGroup], StoredGroup]:
    """An exhibit of every sort: plain, coded, a repeat, a failure, a file received; and their plan."""
    settings: dict[str, Any] = {"seeds": [SITE]}
    plan = Crawl(
        source="ministry",
        time=TIME,
        operator="Ada Lovelace",
        software="test",
        configuration="sha256:00",
        settings=settings,
    )
    (planned,) = maker.write(Group(plan, (resource(SITE, TIME, b"seeds = []", "text/plain"),)))
    entry = planned.entry.hex()
    page = answer("<p>通知: a notice</p>".encode())
    first = wire_group(f"{SITE}/notice.html", page, time=TIME, plan=entry)
    packed = gzip.compress(b"the text of the law\n" * 40, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (packed[:20], packed[20:]))
    second = wire_group(f"{SITE}/law.txt", head + chunked + b"0\r\n\r\n", time=TIME, plan=entry)
    third = repeat(first, page, entry)
    fourth = failed_group(f"{SITE}/gone", "connection-refused")
    fourth = replace(fourth, statement=replace(_capture(fourth), time=TIME, plan=entry))
    fifth = asserted_group(f"{SITE}/old.pdf", b"%PDF-1.7 an old notice", "0" * 16)
    stored = maker.write(first, second, *(() if small else (third, fourth, fifth)))
    return stored, planned


def repeat(first: Group, page: bytes, plan: str) -> Group:
    """The same answer again: a revisit."""
    refers = RefersTo(record=first.records[-1].id, url=_capture(first).url, time=TIME)
    head = page.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    capture = replace(_capture(first), time=TIME, revisit=refers, digests=measure(page).layers)
    return Group(capture, (revisit(refers.url, TIME, head, IDENTICAL, refers),))


def _capture(group: Group) -> Capture:
    assert isinstance(group.statement, Capture)
    return group.statement


def make(folder: Path, *, small: bool = False) -> Package:
    """A package of five exhibits, stamped before too; two stamps (one a test's), a cosignature, a seal.

    A small one has two exhibits and one stamp of its own.
    """
    program("openssl")
    maker = Maker(folder)
    stored, planned = captured(maker, small=small)
    ats = [maker.at(group) for group in stored]
    early = maker.signed()
    ids = tuple(group.id for group in stored)
    rehash = Event(
        type="fixity check",
        time=NOW - timedelta(hours=1),
        operator="Ada Lovelace",
        software="test",
        outcome="passed",
        objects=ids,
    )
    export = Event(type="export", time=NOW - timedelta(hours=1), operator="A", software="test")
    events = maker.write(Group(rehash), Group(export))
    signed = maker.signed()
    plan = maker.logged(maker.at(planned), signed)
    exhibits = [
        Exhibit(
            logged=maker.logged(at, signed),
            plan=plan if at.capture.plan else None,
            referred=ats[0] if at.capture.revisit else None,
        )
        for at in ats
    ]
    facts = maker.facts(signed, exhibits, [maker.at(event) for event in events])
    with (
        LocalAuthority(folder / "outside", name="outside") as authority,
        LocalAuthority(folder / "local", name="local") as local,
    ):
        stamps = [stamp_facts(authority, signed.data)]
        if not small:
            stamps.append(stamp_facts(local, signed.data, test=True))
        proofs = {at.group.id: maker.logged(at, early).proof for at in ats}
        before = stamp_facts(authority, early.data)
        earlier = Earlier(checkpoint=early, stamps=(before,), proofs=proofs)
        facts = replace(facts, stamps=tuple(stamps), earlier=(earlier,))
        package = Package(folder / "package", maker, facts, authority, institution())
        build_package(facts, package.folder, sign=package.sign)
    return package


def rewrite(folder: Path, seal: Seal | None = None) -> None:
    """Make every manifest fit the files as they are, as a forger would; and seal it, if so."""
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    payload = [name for name in names if name.startswith("data/")]
    _write(folder, "manifest-sha256.txt", payload, "sha256")
    _write(folder, "manifest-sha512.txt", payload, "sha512")
    _write(folder, "b3sums.txt", payload, "blake3")
    tags = {*names, "manifest-sha256.txt", "manifest-sha512.txt", "b3sums.txt"} - {*payload}
    tags = {name for name in tags if not name.startswith(("tagmanifest-", "signatures/"))}
    _write(folder, "tagmanifest-sha256.txt", sorted(tags), "sha256")
    _write(folder, "tagmanifest-sha512.txt", sorted(tags), "sha512")
    if seal is not None:
        (folder / SEALED).parent.mkdir(exist_ok=True)
        signed = sign_detached((folder / "tagmanifest-sha256.txt").read_bytes(), seal, NOW)
        (folder / SEALED).write_bytes(signed)


def _write(folder: Path, name: str, listed: list[str], algorithm: str) -> None:
    lines = []
    for each in listed:
        hasher = blake3() if algorithm == "blake3" else hashlib.new(algorithm)
        hasher.update((folder / each).read_bytes())
        lines.append(f"{hasher.hexdigest()}  {each}\n")
    (folder / name).write_text("".join(lines))

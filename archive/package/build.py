"""Building an evidence package, in a folder that has its name only once it is whole.

    1. everything that its facts say is written, the records compared with their leaves on the way
    2. the bag is closed, and signed where there is a certificate
    3. the package is verified as its reader will, and the answer put in as expected-output.txt
    4. what depends on that is written again: the manifests of tag files, and the signature

A crash leaves a hidden `.part` folder or file. The package can be made again from the archive, so
its files are not synced one by one.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive.durable import Files
from archive.errors import UsageError, Where, storage
from archive.evidence.verify import Step, render, verify_package
from archive.evidence.verify_files import opened
from archive.evidence.verify_md import SCRIPT, verify_md
from archive.package.bag import TAG_MANIFEST, Bag
from archive.package.content import content
from archive.package.excerpt import NAME, PlacedGroup, excerpt_info, write_excerpt
from archive.package.exhibits import exhibits_json, exhibits_txt
from archive.package.facts import GroupAt, LogFacts, Logged, PackageFacts, StampFacts
from archive.package.premis import premis
from archive.package.prov import prov_json
from archive.package.wacz import LARGE, write_wacz, zip_info
from archive.times import to_text
from archive.warc import CHUNK

EXPECTED = "expected-output.txt"
SIGNATURE = "signatures/tagmanifest-sha256.txt.p7s"

Sign = Callable[[bytes], bytes]
"""The institution's detached signature over bytes, as PEM (archive.evidence.seal)."""


def build_package(
    facts: PackageFacts, out: Path, files: Files | None = None, *, sign: Sign | None = None
) -> list[Step]:
    """Make the package `out`: a folder, or a ZIP where its name ends in `.zip`; returns how it verifies.

    Raises `UsageError` where something of that name is there, `DamagedError` where the archive's
    bytes are not what its leaves say, `StorageError`.
    """
    files = files or Files()
    with _whole(out, files) as folder:
        bag = Bag(folder)
        _fill(bag, facts)
        bag.add("verify.sh", SCRIPT.read_bytes())
        with opened(folder) as written:
            bag.add("VERIFY.md", verify_md(written))
        bag.add(EXPECTED, "")
        bag.close(_info(facts))
        return _judged(bag, sign)


def _judged(bag: Bag, sign: Sign | None) -> list[Step]:
    """Verify the closed bag and let it say what its reader will see; its manifests are then others."""
    _sign(bag, sign)
    steps = verify_package(bag.folder)
    bag.replace(EXPECTED, render(steps))
    _sign(bag, sign)
    return steps


def _sign(bag: Bag, sign: Sign | None) -> None:
    if sign is not None:
        with storage(bag.folder):
            listed = (bag.folder / TAG_MANIFEST.format("sha256")).read_bytes()
        bag.add_unlisted(SIGNATURE, sign(listed))


def _fill(bag: Bag, facts: PackageFacts) -> None:
    groups = (*(exhibit.logged.at for exhibit in facts.exhibits), *facts.supporting)
    info = excerpt_info(groups, facts.made, facts.software)
    with bag.open(f"data/warc/{NAME}") as file:
        placed = {group.id: group for group in write_excerpt(file, groups, info)}
    with bag.elsewhere("data/replay.wacz") as path:
        write_wacz(path, facts, groups, info)
    bag.add("exhibits.txt", exhibits_txt(facts))
    bag.add("data/exhibits.json", exhibits_json(facts))
    for exhibit in facts.exhibits:
        _add_leaf(bag, f"data/exhibits/{exhibit.id}", exhibit.logged.at)
        _add_places(bag, f"data/exhibits/{exhibit.id}", placed[exhibit.id])
        _add_proof(bag, exhibit.id, exhibit.logged)
        if exhibit.file is not None:
            bag.add(exhibit.file, content(exhibit))
    for plan in {x.plan.id: x.plan for x in facts.exhibits if x.plan}.values():
        _add_leaf(bag, f"data/plan/{plan.id}", plan.at)
        _add_proof(bag, f"plan-{plan.id}", plan)
    _add_log(bag, "log", facts.log)
    for number, closed in facts.closed.items():
        _add_log(bag, f"log/closed-{number}", closed)
    bag.add("log/policy.txt", facts.policy)
    bag.add("log/successions.json", _successions(facts))
    for stamp in facts.stamps:
        _add_stamp(bag, "timestamps", stamp)
    for earlier in facts.earlier:
        bag.add(f"{earlier.folder}/checkpoint", earlier.checkpoint.data)
        for id_, proof in earlier.proofs.items():
            bag.add(f"{earlier.folder}/{id_}.tlog-proof", proof.to_bytes())
        for stamp in earlier.stamps:
            _add_stamp(bag, earlier.folder, stamp)
    _add_custody(bag, facts)
    if facts.certificate:
        bag.add("legal/certification.pdf", facts.certificate.pdf)
        bag.add("legal/certification.json", facts.certificate.json)


def _add_leaf(bag: Bag, folder: str, at: GroupAt) -> None:
    leaf, salt = at.group.leaf, at.group.salt
    bag.add(f"{folder}/leaf.json", leaf)
    bag.add(f"{folder}/salt.bin", salt)


def _add_places(bag: Bag, folder: str, placed: PlacedGroup) -> None:
    bag.add(f"{folder}/statement.txt", placed.statement_txt)
    bag.add(f"{folder}/records.txt", placed.records_txt)


def _add_proof(bag: Bag, name: str, logged: Logged) -> None:
    bag.add(f"log/{name}.tlog-proof", logged.proof.to_bytes())


def _add_log(bag: Bag, folder: str, log: LogFacts) -> None:
    bag.add(f"{folder}/checkpoint", log.checkpoint)
    for key in log.keys:
        name = f"{folder}/keys/log-{key.key_id.hex()}"
        public = Ed25519PublicKey.from_public_bytes(key.public_key)
        bag.add(f"{name}.vkey", f"{key.vkey}\n")
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        bag.add(f"{name}.pub.pem", pem)


def _successions(facts: PackageFacts) -> bytes:
    told = [{**asdict(each), "time": to_text(each.time)} for each in facts.successions]
    return orjson.dumps(told)


def _add_stamp(bag: Bag, folder: str, stamp: StampFacts) -> None:
    for ending, data in stamp.files.items():
        bag.add(f"{folder}/{stamp.name}.{ending}", data)
    told = (("name", stamp.name), ("url", stamp.url), ("test", "yes" if stamp.test else "no"))
    lines = "".join(f"{name} {value}\n" for name, value in told)
    bag.add(f"{folder}/{stamp.name}.authority.txt", lines)


def _add_custody(bag: Bag, facts: PackageFacts) -> None:
    for event in facts.events:
        _add_leaf(bag, f"custody/events/{event.id}", event.at)
        _add_proof(bag, event.id, event)
    bag.add("custody/events.jsonl", (event.at.group.leaf + b"\n" for event in facts.events))
    bag.add("custody/premis.xml", premis(facts.exhibits, facts.events))
    bag.add("custody/prov.json", prov_json(facts.exhibits, facts.events))


def _info(facts: PackageFacts) -> dict[str, str]:
    told = {
        "Bag-Software-Agent": facts.software,
        "Bagging-Date": facts.made.date().isoformat(),
        "Contact-Name": facts.operator,
        "External-Description": "Evidence package: begin with VERIFY.md",
        "Internal-Sender-Description": facts.purpose,
    }
    return {name: value for name, value in told.items() if value}


@contextmanager
def _whole(out: Path, files: Files) -> Iterator[Path]:
    """A folder to fill, which gets its name, or becomes a ZIP of that name, when it is full."""
    if out.exists():
        raise UsageError("there is something of that name", where=Where(out), advice="name another")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with storage(out):
            files.mkdir(part)
        yield part
        with storage(out):
            if out.suffix.lower() == ".zip":
                _zip(part, out, files)
            else:
                part.rename(out)
                files.fsync_folder(out.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _zip(folder: Path, out: Path, files: Files) -> None:
    """The folder as a ZIP, nothing in it packed, under one folder of the ZIP's own name."""
    part = out.with_name(f".{out.name}.{os.getpid()}.zip")
    part.unlink(missing_ok=True)
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_STORED) as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                info = zip_info(f"{out.stem}/{path.relative_to(folder).as_posix()}")
                large = path.stat().st_size >= LARGE
                with path.open("rb") as source, archive.open(info, "w", force_zip64=large) as to:
                    shutil.copyfileobj(source, to, CHUNK)
        files.rename(part, out)
        files.fsync_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)

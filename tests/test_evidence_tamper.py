"""Nobody can change an evidence package and have it pass: one table, judged by program and script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive.evidence.note import Ed25519Signer, Note, Signature, Verifier
from archive.evidence.seal import sign_detached
from archive.evidence.verify import verify_package
from cli.authority import LocalAuthority
from tests.authority import OddAuthority
from tests.certificates import NOW
from tests.logs import ORIGIN
from tests.packages import SEALED, Package, institution, rewrite, stamp_facts
from tests.shells import verify_sh
from tests.tampering import (
    CHECKPOINT,
    EXCERPT,
    Change,
    Tampering,
    added,
    both,
    boundary_shifted,
    event_changed,
    event_removed,
    false_signature,
    flip,
    flipped,
    leaf_changed,
    lines,
    linked,
    piped,
    relogged,
    removed,
    replaced,
    salts_shifted,
    swapped,
    value_changed,
    without_signature,
)

DAY = timedelta(days=1)
STRANGER = Ed25519PrivateKey.generate()
FIRST = "data/exhibits/{0}"
FILE = "data/files/01-notice.html"


def stranger_named(folder: Path, package: Package) -> None:
    """A stranger's key in place of the log's, wherever the package names it."""
    verifier = Verifier.of(ORIGIN, STRANGER.public_key())
    (vkey,) = folder.glob("log/keys/*.vkey")
    policy = folder / "log/policy.txt"
    policy.write_text(policy.read_text().replace(vkey.read_text().strip(), verifier.vkey))
    vkey.write_text(f"{verifier.vkey}\n")
    pem = STRANGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    vkey.with_suffix("").with_suffix(".pub.pem").write_bytes(pem)


def keys_removed(folder: Path, package: Package) -> None:
    for path in folder.glob("log/keys/*"):
        path.unlink()


def older_checkpoint(folder: Path, package: Package) -> None:
    """The checkpoint of a smaller log, truly signed, in place of the one that the proofs lead to."""
    other = folder.parent / "older"
    package.copy(other)
    relogged(removed("custody/events"))(other, package)
    (folder / CHECKPOINT).write_bytes((other / CHECKPOINT).read_bytes())


def content_denied(folder: Path, package: Package) -> None:
    (folder / FILE).unlink()
    replaced("exhibits.txt", FILE.encode(), b"-")(folder, package)


def put_stamp(folder: Path, authority: LocalAuthority, data: bytes, *, crl: bool = True) -> None:
    """In place of the outside stamp another one, its authority named as the package names it."""
    facts = stamp_facts(authority, data, crl=crl)
    for ending, content in facts.files.items():
        (folder / f"timestamps/outside.{ending}").write_bytes(content)


def checkpoint_of(folder: Path) -> bytes:
    return (folder / CHECKPOINT).read_bytes()


def other_stamped(folder: Path, package: Package) -> None:
    """A true stamp of the same authority, over another checkpoint."""
    query = folder / "timestamps/outside.tsq"
    facts = stamp_facts(package.authority, b"another checkpoint")
    query.write_bytes(facts.files["tsq"])
    (folder / "timestamps/outside.tsr").write_bytes(facts.files["tsr"])


def earlier(name: str, change: Callable[[Path], object]) -> Change:
    """Something done to a file beside the checkpoint that was stamped before."""

    def apply(folder: Path, package: Package) -> None:
        (place,) = folder.glob("timestamps/earlier/*")
        change(place / name.format(*package.ids))

    return apply


def resigned(path: Path) -> None:
    """An earlier checkpoint under a stranger's signature."""
    note = Note.parse(path.read_bytes())
    key = Ed25519Signer(ORIGIN, STRANGER)
    signature = Signature(ORIGIN, key.verifier.key_id, key.sign(note.text.encode()))
    path.write_bytes(Note(note.text, (signature,)).to_bytes())


def other_last_byte(path: Path) -> None:
    """Of a time stamp it is a part of the signature."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def damaged_stamp(folder: Path, package: Package) -> None:
    other_last_byte(folder / "timestamps/outside.tsr")


def other_question(folder: Path, package: Package) -> None:
    """A request with another nonce beside the stamp."""
    facts = stamp_facts(package.authority, checkpoint_of(folder))
    (folder / "timestamps/outside.tsq").write_bytes(facts.files["tsq"])


def foreign_stamp(folder: Path, package: Package) -> None:
    """A stranger's stamp that brings its own root inside, and in the chain beside it."""
    with OddAuthority(folder.parent / "foreign", name="outside") as stranger:
        stranger.embed(stranger.signer, stranger.root)
        facts = stamp_facts(stranger, checkpoint_of(folder))
        for ending in ("tsr", "tsq"):
            (folder / f"timestamps/outside.{ending}").write_bytes(facts.files[ending])
        chain = stranger.signer.pem + stranger.root.pem
        (folder / "timestamps/outside.chain.pem").write_bytes(chain)
        (folder / "timestamps/outside.crl.pem").unlink()


def expired_stamp(folder: Path, package: Package) -> None:
    """An authority whose certificate had ended before it stamped."""
    with LocalAuthority(
        folder.parent / "expired", name="outside", start=NOW - 9 * DAY, end=NOW - 8 * DAY
    ) as authority:
        put_stamp(folder, authority, checkpoint_of(folder), crl=False)


def revoked_stamp(reason: x509.ReasonFlags | None, when: timedelta) -> Change:
    def change(folder: Path, package: Package) -> None:
        with LocalAuthority(folder.parent / "revoked", name="outside") as authority:
            authority.revoke(NOW + when, reason)
            put_stamp(folder, authority, checkpoint_of(folder))

    return change


def later_capture(folder: Path, package: Package) -> None:
    """A log over a capture that says tomorrow, stamped today: a clock jumped."""
    tomorrow = (NOW + DAY).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    leaf_changed(0, value_changed(lambda value: value.update(time=tomorrow)))(folder, package)
    relogged(stamps=True)(folder, package)
    with LocalAuthority(folder.parent / "today", name="outside") as authority:
        put_stamp(folder, authority, checkpoint_of(folder))


def stranger_sealed(folder: Path, package: Package) -> None:
    """The seal of a stranger under the name of ours, over something else."""
    (folder / SEALED).write_bytes(sign_detached(b"something else", institution(), NOW))


def seal_kept(folder: Path, package: Package) -> None:
    """Another version of the package, its manifests made to fit, under the seal of the first."""
    (folder / "bag-info.txt").write_text("Bag-Software-Agent: another\n")
    rewrite(folder)


def second_time(data: bytes) -> bytes:
    """A key for the second time: readers differ on which of the two counts."""
    return data.replace(b'"time":', b'"time":"2001-01-01T00:00:00.000000Z","time":', 1)


def lying_content(value: dict[str, object]) -> None:
    digests = value["digests"]
    assert isinstance(digests, dict)
    digests["content"] = {"length": 3, "sha256": SHA256_OF_NEW, "blake3": "00" * 32}


SHA256_OF_NEW = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"  # of "new"

TABLE = (
    # The bag: nothing is changed, left out or added.
    *(
        Tampering(f"{name} is taken away", removed(name), "complete")
        for name in (
            "bagit.txt",
            "manifest-sha256.txt",
            "manifest-sha512.txt",
            "tagmanifest-sha256.txt",
            "tagmanifest-sha512.txt",
            "exhibits.txt",
            FILE,
            "log/{0}.tlog-proof",
        )
    ),
    Tampering("an extra file", added("data/files/99-new.pdf"), "complete"),
    Tampering("an extra hidden file", added("log/.new"), "complete"),
    Tampering("an extra file with a newline", added("log/a\nb"), "complete"),
    Tampering("an extra signature", added("signatures/other.p7s"), "complete"),
    Tampering("a name like another", added("LOG/CHECKPOINT"), "complete"),
    Tampering("a line less", lines("manifest-sha256.txt", lambda all_: all_[1:]), "complete"),
    Tampering("a line twice", lines("manifest-sha256.txt", lambda all_: [*all_, all_[0]]), "complete"),
    Tampering("another version", replaced("bagit.txt", b"1.0", b"0.97"), "complete"),
    Tampering("a path out", replaced("manifest-sha256.txt", b"data/files/", b"data/../"), "complete"),
    Tampering("an absolute path", replaced("manifest-sha256.txt", b"  data/", b"  /data/"), "complete"),
    Tampering("a path to tags", replaced("manifest-sha256.txt", b"  data/", b"  log/"), "complete"),
    Tampering("carriage returns", replaced("manifest-sha256.txt", b"\n", b"\r\n"), "complete"),
    Tampering("a link", linked, "complete"),
    Tampering("a pipe", piped, "complete"),
    # Manifests made to fit: the leaves still know.
    Tampering("a record", flipped(EXCERPT), "records", rewritten=True),
    Tampering("a record more", replaced(EXCERPT, b"WARC/1.1\r\nWARC-Type: request", b"\r\n\r\n\r\nWARC/1.1\r\nWARC-Type: request"), "records", rewritten=True),
    Tampering("a record unlisted", lines(f"{FIRST}/records.txt", lambda all_: all_[:-1]), "records", rewritten=True),
    Tampering("another leaf", replaced(f"{FIRST}/leaf.json", b"notice", b"notion"), "records", rewritten=True),
    Tampering("another salt", flipped(f"{FIRST}/salt.bin"), "records", rewritten=True),
    Tampering("an exhibit unlisted", lines("exhibits.txt", lambda all_: all_[1:]), "records", rewritten=True),
    Tampering("exhibits that are none", replaced("exhibits.txt", b" ", b"  "), "records", rewritten=True),
    Tampering("a file", flipped(FILE), "content", rewritten=True),
    Tampering("a file more", added("data/files/99-new.pdf"), "content", rewritten=True),
    Tampering("a file denied", content_denied, "content", rewritten=True),
    Tampering("files swapped", swapped(FILE, "data/files/02-law.txt"), "content", rewritten=True),
    Tampering("the boundary of salt and leaf", boundary_shifted, "leaves", rewritten=True),
    Tampering("the boundary, the other way", salts_shifted, "leaves", rewritten=True),
    Tampering("another plan", removed("data/plan"), "leaves", rewritten=True),
    Tampering("other facts for people", replaced("data/exhibits.json", b"notice.html", b"notion.html"), "leaves", rewritten=True, shell="passed"),
    Tampering("another leaf in the log", replaced(f"{FIRST}/leaf.json", b"notice", b"notion"), "logged", rewritten=True),
    Tampering("proofs swapped", swapped("log/{0}.tlog-proof", "log/{1}.tlog-proof"), "logged", rewritten=True),
    Tampering("a proof taken away", removed("log/{0}.tlog-proof"), "logged", rewritten=True),
    Tampering("a proof of nothing", added("log/0000000000000000.tlog-proof"), "logged", rewritten=True),
    Tampering("another index", replaced("log/{0}.tlog-proof", b"\nindex 1", b"\nindex 2"), "logged", rewritten=True),
    Tampering("an older checkpoint", older_checkpoint, "logged", rewritten=True),
    Tampering("no signature", without_signature(ORIGIN), "signed", rewritten=True),
    Tampering("a false signature", false_signature(ORIGIN), "signed", rewritten=True),
    Tampering("a fork by a stranger", relogged(key=STRANGER), "signed", rewritten=True),
    Tampering("the stranger in the policy alone", both(stranger_named, keys_removed), "signed", rewritten=True),
    Tampering("another key for openssl", both(relogged(key=STRANGER), stranger_named, lambda folder, _: flip(next(folder.glob("log/keys/*.pem")))), "signed", rewritten=True),
    Tampering("no checkpoint", removed(CHECKPOINT), "signed", rewritten=True),
    Tampering("no policy", removed("log/policy.txt"), "signed", rewritten=True),
    Tampering("an earlier checkpoint of a stranger", earlier("checkpoint", resigned), "signed", rewritten=True),
    Tampering("no earlier checkpoint", earlier("checkpoint", Path.unlink), "signed", rewritten=True),
    Tampering("a proof in an earlier checkpoint", earlier("{0}.tlog-proof", flip), "logged", rewritten=True),
    # What outsiders said stays with what they said it of.
    Tampering("a fork, all its keys a stranger's", both(relogged(key=STRANGER, stamps=True), stranger_named), "stamped", rewritten=True),
    Tampering("a fork by the log's own keeper", relogged(stamps=True, more=3), "stamped", rewritten=True),
    Tampering("a truncated log", relogged(event_removed("export"), stamps=True), "stamped", rewritten=True),
    Tampering("the stamp of another checkpoint", other_stamped, "stamped", rewritten=True),
    Tampering("the answer to another request", other_question, "stamped", rewritten=True),
    Tampering("an earlier stamp", earlier("outside.tsr", other_last_byte), "stamped", rewritten=True),
    Tampering("an earlier stamp for the present one", earlier("outside.tsr", lambda path: shutil.copy(path, path.parents[2])), "stamped", rewritten=True),
    Tampering("a damaged stamp", damaged_stamp, "stamped", rewritten=True),
    Tampering("a stamp taken away", removed("timestamps/outside.tsr"), "stamped", rewritten=True),
    Tampering("all stamps taken away", removed("timestamps"), "stamped", rewritten=True, answer="not checked", shell="not checked"),
    Tampering("no roots", removed("timestamps/outside.roots.pem"), "stamped", rewritten=True),
    Tampering("no word whether it is a test", replaced("timestamps/outside.authority.txt", b"test no", b"test"), "stamped", rewritten=True),
    Tampering("a foreign authority with its root inside", foreign_stamp, "stamped", rewritten=True),
    Tampering("an authority that had ended", expired_stamp, "stamped", rewritten=True),
    Tampering("an authority revoked before", revoked_stamp(x509.ReasonFlags.superseded, -DAY), "stamped", rewritten=True),
    Tampering("an authority whose key got out", revoked_stamp(x509.ReasonFlags.key_compromise, DAY), "stamped", rewritten=True),
    Tampering("an authority revoked for no reason given", revoked_stamp(None, DAY), "stamped", rewritten=True),
    Tampering("an authority replaced later", revoked_stamp(x509.ReasonFlags.superseded, DAY), "stamped", rewritten=True, answer="passed", shell="passed"),
    Tampering("a capture later than its stamp", later_capture, "stamped", rewritten=True),
    Tampering("a false cosignature", false_signature("witness.example"), "countersigned", rewritten=True),
    Tampering("no cosignature", without_signature("witness.example"), "countersigned", rewritten=True, answer="not checked", shell="not checked"),
    Tampering("another seal", stranger_sealed, "sealed"),
    Tampering("a seal of another version", seal_kept, "sealed"),
    Tampering("no seal", removed("signatures"), "sealed", answer="not checked", shell="not checked"),
    # What happened since.
    Tampering("no fresh digests", relogged(event_removed("fixity check")), "custody", rewritten=True, answer="not checked", shell="not checked"),
    Tampering("digests that differed", relogged(event_changed("fixity check", lambda value: value.update(outcome="failed"))), "custody", rewritten=True),
    Tampering("digests of other exhibits", relogged(event_changed("fixity check", lambda value: value.update(objects=["0" * 16]))), "custody", rewritten=True, answer="not checked", shell="not checked"),
    Tampering("another event", event_changed("export", lambda value: value.update(operator="B")), "custody", rewritten=True),
    Tampering("other words on events", replaced("custody/events.jsonl", b"export", b"import"), "custody", rewritten=True, shell="passed"),
    # The log's own keeper lies, in a log that is whole and signed.
    Tampering("a key twice in a leaf", both(leaf_changed(0, second_time), relogged()), "leaves", rewritten=True),
    Tampering("a leaf with white space", both(leaf_changed(0, lambda data: data.replace(b'"kind":', b'"kind": ')), relogged()), "leaves", rewritten=True),
    Tampering("a leaf of another id", both(leaf_changed(0, value_changed(lambda value: value.update(id="0" * 16))), relogged()), "leaves", rewritten=True),
    Tampering("a leaf of another content", both(leaf_changed(0, value_changed(lying_content)), added(FILE), relogged()), "content", rewritten=True, shell="passed"),
    Tampering("a leaf of other records", both(leaf_changed(0, value_changed(lambda value: value.update(records=[]))), relogged()), "records", rewritten=True),
)  # fmt: skip


@pytest.mark.parametrize("tampering", TABLE, ids=lambda tampering: tampering.name)
def test_whoever_changes_a_package_is_found_out(
    small_package: Package, tmp_path: Path, tampering: Tampering
) -> None:
    folder = small_package.copy(tmp_path / "package")
    tampering.apply(folder, small_package)
    steps = {step.name: step.verdict.value for step in verify_package(folder)}
    assert steps[tampering.step] == tampering.answer
    told = verify_sh(folder)
    assert told.verdicts[tampering.step] == tampering.shell
    if tampering.shell == "failed":
        assert (told.code, told.verdicts["overall"]) == (1, "failed")
    if tampering.rewritten:
        assert steps["complete"] == told.verdicts["complete"] == "passed"


def test_one_flipped_bit_in_any_file_is_found_by_both(
    small_package: Package, tmp_path: Path
) -> None:
    """In all files at once, so that one run tells of each; in those that list the others, one by one."""
    folder = small_package.copy(tmp_path / "package")
    script = (folder / "verify.sh").read_bytes()
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    lists = {name for name in names if "manifest-" in name}
    for name in names - lists:
        flip(folder / name)
    complete = verify_package(folder)[0]
    told = verify_sh(folder, script)
    assert {failure.file for failure in complete.failures} == names - lists
    for name in names - lists:
        assert f"\n  {name}: " in told.out
    for name in lists:
        _require_flip_found(small_package.copy(tmp_path / name), name, script)


@pytest.mark.long
def test_one_flipped_bit_alone_is_found_by_both(small_package: Package, tmp_path: Path) -> None:
    folder = small_package.copy(tmp_path / "package")
    script = (folder / "verify.sh").read_bytes()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        _require_flip_found(folder, path.relative_to(folder).as_posix(), script)
        path.write_bytes(data)


def _require_flip_found(folder: Path, name: str, script: bytes) -> None:
    flip(folder / name)
    step = "sealed" if name == SEALED else "complete"
    steps = {step.name: step.verdict.value for step in verify_package(folder)}
    told = verify_sh(folder, script)
    assert steps[step] == told.verdicts[step] == told.verdicts["overall"] == "failed", name


def test_a_stranger_with_keys_of_their_own_passes_but_not_under_our_fingerprint(
    small_package: Package, tmp_path: Path
) -> None:
    """Why the fingerprint has to be compared with an outside source."""
    folder = small_package.copy(tmp_path / "package")
    change = both(relogged(key=STRANGER), stranger_named)
    Tampering("", change, "", rewritten=True).apply(folder, small_package)
    told = verify_sh(folder)
    assert told.verdicts["overall"] == "passed"
    ours = next(
        step.detail for step in verify_package(small_package.folder) if step.name == "signed"
    )
    assert ours.rpartition(" ")[2] not in told.out


def test_a_test_authority_proves_nothing(small_package: Package, tmp_path: Path) -> None:
    folder = small_package.copy(tmp_path / "package")
    for path in folder.rglob("*.authority.txt"):
        path.write_text(path.read_text().replace("test no", "test yes"))
    rewrite(folder, small_package.seal)
    (stamped,) = (step for step in verify_package(folder) if step.name == "stamped")
    assert stamped.verdict.value == verify_sh(folder).verdicts["stamped"] == "not checked"
    assert stamped.detail.count("test authority, proves nothing") == 2
    assert stamped.detail in verify_sh(folder).out


def test_without_a_revocation_list_it_says_so(small_package: Package, tmp_path: Path) -> None:
    folder = small_package.copy(tmp_path / "package")
    for path in folder.rglob("*.crl.pem"):
        path.unlink()
    rewrite(folder, small_package.seal)
    (stamped,) = (step for step in verify_package(folder) if step.name == "stamped")
    assert stamped.detail.count("revocation not checked") == 2
    assert stamped.detail in verify_sh(folder).out


def test_stamps_swapped_between_authorities_fail(package: Package, tmp_path: Path) -> None:
    folder = package.copy(tmp_path / "package")
    swapped("timestamps/outside.tsr", "timestamps/local.tsr")(folder, package)
    rewrite(folder)
    (stamped,) = (step for step in verify_package(folder) if step.name == "stamped")
    assert len(stamped.failures) == 2
    assert verify_sh(folder).verdicts["stamped"] == "failed"


def test_a_lost_repeat_is_not_called_passed(package: Package, tmp_path: Path) -> None:
    folder = package.copy(tmp_path / "package")
    third = package.facts.exhibits[2].file
    assert third is not None
    (folder / third).unlink()
    replaced("exhibits.txt", third.encode(), b"-")(folder, package)
    rewrite(folder)
    (content,) = (step for step in verify_package(folder) if step.name == "content")
    assert content.verdict.value == verify_sh(folder).verdicts["content"] == "not checked"
    told = json.loads((folder / "data/exhibits.json").read_bytes())["exhibits"][2]
    assert told["revisit"]

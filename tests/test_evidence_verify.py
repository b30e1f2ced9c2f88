"""Verifying evidence packages: folders and ZIPs, hostile ones too, and an answer whatever the bytes."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from archive.evidence.verify import NOT_SHOWN, overall, render, verify_package
from archive.evidence.verify_files import why_unsafe
from archive.reader import mapped
from archive.verdict import Verdict
from tests.muniment import muniment
from tests.packages import SEALED, Package, rewrite
from tests.shells import verify_sh
from tests.small_site import Page, serve
from tests.tampering import flip


def zipped(folder: Path, to: Path, top: str = "package/") -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, top + path.relative_to(folder).as_posix())
    return to


def judged(path: Path) -> Verdict:
    return overall(verify_package(path))


def reasons(path: Path) -> str:
    return render(verify_package(path))


def test_an_honest_package_passes_and_says_what_it_foretold(package: Package) -> None:
    text = reasons(package.folder)
    assert text == (package.folder / "expected-output.txt").read_text()
    assert text.endswith(f"\noverall: passed\n{NOT_SHOWN}\n")


def test_a_zip_of_a_package_says_the_same(package: Package, tmp_path: Path) -> None:
    packed = zipped(package.folder, tmp_path / "p.zip")
    assert reasons(packed) == (package.folder / "expected-output.txt").read_text()


def test_a_renamed_folder_and_a_renamed_content_still_verify(
    small_package: Package, tmp_path: Path
) -> None:
    folder = small_package.copy(tmp_path / "another name")
    (folder / "data/files/01-notice.html").rename(folder / "data/files/-rf *.html")
    listed = folder / "exhibits.txt"
    listed.write_text(listed.read_text().replace("01-notice.html", "-rf *.html"))
    rewrite(folder, small_package.seal)
    assert judged(folder) is Verdict.PASSED
    assert verify_sh(folder).verdicts["overall"] == "passed"


def test_records_of_a_warc_file_packed_again_still_verify_by_their_leaf(
    small_package: Package, tmp_path: Path
) -> None:
    """The archive's file, every member packed anew, in place of the excerpt: only places differ."""
    folder = small_package.copy(tmp_path / "package")
    group = small_package.facts.exhibits[0].logged.at
    again = [_packed_again(member) for member in _members(group.path)]
    plain = [zlib.decompress(member, 31) for member in again]
    (folder / "data/warc/excerpt.warc").write_bytes(b"".join(plain))
    starts = [sum(map(len, plain[:number])) for number in range(len(plain))]
    for exhibit in small_package.ids:
        at = folder / f"data/exhibits/{exhibit}"
        leaf = (at / "leaf.json").read_bytes()
        first = next(number for number, record in enumerate(plain) if leaf in record)
        (at / "statement.txt").write_text(f"{starts[first]} {len(plain[first])}\n")
        lines = (at / "records.txt").read_text().splitlines()
        moved = [
            f"{starts[first + n]} {line.split(' ', 1)[1]}\n" for n, line in enumerate(lines, 1)
        ]
        (at / "records.txt").write_text("".join(moved))
    rewrite(folder, small_package.seal)
    assert judged(folder) is Verdict.PASSED
    assert verify_sh(folder).verdicts["overall"] == "passed"


def _members(path: Path) -> list[bytes]:
    with mapped(path) as view:
        rest = view[:]
    found = []
    while rest:
        reader = isal_zlib.decompressobj(31)
        reader.decompress(rest)
        found.append(rest[: len(rest) - len(reader.unused_data)])
        rest = reader.unused_data
    return found


def _packed_again(member: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    packed = packer.compress(zlib.decompress(member, 31)) + packer.flush()
    assert packed != member
    return packed


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/./b", "a\\b", "a\nb", "a\0b", "\udc80", "a/"],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert why_unsafe(name)


@pytest.mark.parametrize("name", ["a", "a b", "-rf", "a..b", "...", "a/.b", "通知.pdf"])
def test_a_harmless_name_is_taken(name: str) -> None:
    assert why_unsafe(name) is None


@pytest.mark.parametrize(
    "name", ["package/../../escaped", "package//etc/escaped", "package/a\\..\\b", "package/./x"]
)
def test_a_zip_with_a_path_that_leads_out_fails_and_writes_nothing_there(
    small_package: Package, tmp_path: Path, name: str
) -> None:
    packed = zipped(small_package.folder, tmp_path / "p.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, b"out")
    assert verify_package(packed)[0].verdict is Verdict.FAILED
    assert not list(tmp_path.parent.rglob("escaped"))


@pytest.mark.parametrize("name", ["package/bagit.txt", "package/BAGIT.TXT"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_fails(
    small_package: Package, tmp_path: Path, name: str
) -> None:
    packed = zipped(small_package.folder, tmp_path / "p.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, (small_package.folder / "bagit.txt").read_bytes())
    assert "two names that some systems take for one" in reasons(packed)


def test_a_zip_with_a_link_fails(small_package: Package, tmp_path: Path) -> None:
    packed = zipped(small_package.folder, tmp_path / "p.zip")
    link = zipfile.ZipInfo("package/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link: a link or a device" in reasons(packed)


def test_a_zip_that_grows_like_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "p.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package/bagit.txt", bytes(80 << 20))
    assert "grows like a decompression bomb" in reasons(packed)


def test_a_zip_of_two_folders_is_no_package(small_package: Package, tmp_path: Path) -> None:
    packed = zipped(small_package.folder, tmp_path / "p.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("other/file", b"")
    assert "not one folder at the top" in reasons(packed)


@pytest.mark.parametrize("cut", [0, 1, 100, 5000])
def test_a_broken_zip_fails_and_nothing_else_is_claimed(
    small_package: Package, tmp_path: Path, cut: int
) -> None:
    packed = zipped(small_package.folder, tmp_path / "p.zip")
    packed.write_bytes(packed.read_bytes()[:cut])
    verdicts = [step.verdict for step in verify_package(packed)]
    assert verdicts == [Verdict.FAILED, *[Verdict.NOT_CHECKED] * 9]


def test_an_empty_folder_and_nothing_at_all_do_not_pass(tmp_path: Path) -> None:
    assert judged(tmp_path) is Verdict.FAILED
    assert judged(tmp_path / "nothing") is Verdict.FAILED


FILES = st.sampled_from(
    [
        "bagit.txt",
        "exhibits.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha512.txt",
        "b3sums.txt",
        "data/warc/excerpt.warc",
        "data/exhibits.json",
        "data/exhibits/{0}/leaf.json",
        "data/exhibits/{0}/salt.bin",
        "data/exhibits/{0}/records.txt",
        "data/exhibits/{0}/statement.txt",
        "log/checkpoint",
        "log/policy.txt",
        "log/{0}.tlog-proof",
        "timestamps/outside.tsr",
        "timestamps/outside.tsq",
        "timestamps/outside.chain.pem",
        "timestamps/outside.roots.pem",
        "timestamps/outside.crl.pem",
        "timestamps/outside.authority.txt",
        "custody/events.jsonl",
        SEALED,
    ]
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=FILES, data=st.data())
def test_whatever_the_bytes_of_a_file_there_is_an_answer_and_never_a_pass(
    small_package: Package, tmp_path: Path, name: str, data: st.DataObject
) -> None:
    folder = tmp_path / "package"
    if not folder.exists():
        small_package.copy(folder)
    path = folder / name.format(*small_package.ids)
    kept = path.read_bytes()
    start = data.draw(st.integers(0, len(kept)))
    end = data.draw(st.integers(start, len(kept)))
    new = data.draw(st.binary(max_size=60))
    path.write_bytes(kept[:start] + new + kept[end:])
    try:
        if path.read_bytes() == kept:
            assert judged(folder) is Verdict.PASSED
        elif name == SEALED:  # it holds certificates too that its signature does not cover
            assert verify_package(folder)[9].verdict in Verdict
        else:
            assert judged(folder) is Verdict.FAILED
    finally:
        path.write_bytes(kept)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_bytes_of_a_zip_there_is_an_answer(
    small_package: Package, tmp_path: Path, data: st.DataObject
) -> None:
    packed = tmp_path / "p.zip"
    if not packed.exists():
        zipped(small_package.folder, packed)
    kept = packed.read_bytes()
    at = data.draw(st.integers(0, len(kept)) | st.integers(len(kept) - 6000, len(kept)))
    new = data.draw(st.binary(min_size=1, max_size=8))
    changed = tmp_path / "changed.zip"
    changed.write_bytes(kept[:at] + new + kept[at + len(new) :])
    assert judged(changed) in Verdict


def test_the_program_verifies_a_package_in_an_empty_folder(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = muniment("verify", package.folder)
    assert (told.code, told.err) == (0, "")
    assert told.out == (package.folder / "expected-output.txt").read_text()
    packed = zipped(package.folder, tmp_path / "p.zip")
    assert muniment("verify", packed).out == told.out
    (row,) = muniment("verify", packed, "--json").rows
    assert row["verdict"] == "passed"
    assert [step["step"] for step in row["steps"]] == list(range(1, 11))


def test_an_exhibit_of_a_closed_log_verifies_by_that_logs_checkpoint(tmp_path: Path) -> None:
    root, out = tmp_path / "archive", tmp_path / "package"
    muniment("init", root, "--operator", "Ada", "--origin", "ministry.example/log")
    with serve({"/": Page(b"a notice", type="text/plain")}) as site:
        url = f"{site.url}/"
        assert muniment("capture", url, archive=root).code == 0
    assert muniment("log", "succeed", "--reason", "a test", archive=root).code == 0
    assert muniment("evidence", url, "-o", out, archive=root).code == 0
    assert (out / "log/closed-1/checkpoint").exists()
    told = verify_sh(out)
    assert told.out == (out / "expected-output.txt").read_text() == reasons(out)
    assert told.verdicts["overall"] == "passed"
    flip(out / "log/closed-1/checkpoint")
    rewrite(out)
    assert verify_sh(out).verdicts["signed"] == "failed"
    assert "6 signed: failed" in reasons(out)


def test_the_program_tells_failed_from_not_checked_by_its_exit_code(
    small_package: Package, tmp_path: Path
) -> None:
    folder = small_package.copy(tmp_path / "package")
    (folder / "log/new").touch()
    told = muniment("verify", folder)
    assert told.code == 1
    assert "\n  log/new: no manifest lists it\n" in told.out
    (tmp_path / "broken.zip").write_bytes(b"PK")
    assert muniment("verify", tmp_path / "broken.zip").code == 1


def test_a_package_without_its_fresh_digests_is_not_checked(
    small_package: Package, tmp_path: Path
) -> None:
    folder = small_package.copy(tmp_path / "package")
    for event in small_package.facts.events:
        shutil.rmtree(folder / f"custody/events/{event.id}")
        (folder / f"log/{event.id}.tlog-proof").unlink()
    (folder / "custody/events.jsonl").write_bytes(b"")
    rewrite(folder, small_package.seal)
    assert muniment("verify", folder).code == 3

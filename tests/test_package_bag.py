"""A bag holds what its manifests list and nothing else, whatever its files are called."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from archive.package.bag import Bag
from tests.package_judges import BIN, check_bag, judged


def test_bagit_py_and_coreutils_accept_it(tmp_path: Path) -> None:
    bag = Bag(tmp_path)
    bag.add("data/files/通知 (1).pdf", b"%PDF")
    bag.add("data/files/-rf & $(date).txt", b"")
    bag.add("data/deep/er/large.bin", (bytes([n]) * 100_000 for n in range(30)))
    bag.add("log/policy.txt", "quorum none\n")
    with bag.elsewhere("data/other") as place:
        place.write_bytes(b"written by something else")
    bag.close({"External-Description": "one line\nand no other: header"})
    check_bag(tmp_path)
    info = (tmp_path / "bag-info.txt").read_text()
    assert "External-Description: one line and no other: header\n" in info
    assert f"Payload-Oxum: {3_000_000 + 4 + 25}.4\n" in info
    manifest = (tmp_path / "manifest-sha256.txt").read_text().splitlines()
    paths = [line.split("  ", 1)[1] for line in manifest]
    assert paths == sorted(paths, key=str.encode)


@pytest.mark.parametrize("change", ["flip", "add", "lose"])
def test_a_changed_bag_is_refused(tmp_path: Path, change: str) -> None:
    bag = Bag(tmp_path)
    bag.add("data/a", b"aaa")
    bag.add("data/b", b"bbb")
    bag.close({})
    target = tmp_path / "data/a"
    if change == "flip":
        target.write_bytes(b"aab")
    elif change == "add":
        (tmp_path / "data/c").write_bytes(b"c")
    else:
        target.unlink()
    judged(BIN / "bagit.py", "--validate", ".", folder=tmp_path, code=1)


def test_a_tag_file_can_be_replaced_and_a_signature_is_in_no_manifest(tmp_path: Path) -> None:
    bag = Bag(tmp_path)
    bag.add("data/a", b"a")
    bag.add("expected-output.txt", "")
    bag.close({})
    payload = (tmp_path / "manifest-sha256.txt").read_bytes()
    bag.replace("expected-output.txt", "overall: passed\n")
    bag.add_unlisted("signatures/tagmanifest-sha256.txt.p7s", b"signature")
    check_bag(tmp_path)
    assert (tmp_path / "manifest-sha256.txt").read_bytes() == payload
    tags = (tmp_path / "tagmanifest-sha256.txt").read_text()
    assert hashlib.sha256(b"overall: passed\n").hexdigest() + "  expected-output.txt\n" in tags
    assert "signatures" not in tags
    assert "tagmanifest" not in tags


def test_line_ends_and_percent_signs_of_a_path_are_encoded_and_nothing_else(tmp_path: Path) -> None:
    """RFC 8493, 2.1.3."""
    bag = Bag(tmp_path)
    bag.add("data/a%b\r\nc\td é", b"x")
    bag.close({})
    digest = blake3(b"x").hexdigest()
    assert (tmp_path / "b3sums.txt").read_text() == f"{digest}  data/a%25b%0D%0Ac\td é\n"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "data/../../x", "..", "data/./x", "data/\0"])
def test_a_path_that_leads_out_is_never_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not a path within a bag"):
        Bag(tmp_path).add(path, b"x")
    assert not list(tmp_path.iterdir())


@given(st.dictionaries(st.text("ab 附%\n.-", min_size=1, max_size=9), st.binary(max_size=50)))
def test_every_file_is_listed_with_its_own_digest(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bag = Bag(Path(folder))
        kept = {f"data/{name}": data for name, data in files.items() if name not in {".", ".."}}
        for path, data in kept.items():
            bag.add(path, data)
        bag.close({})
        lines = (Path(folder) / "manifest-sha256.txt").read_text("utf-8").split("\n")[:-1]
        listed = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
        encoded = {path.replace("%", "%25").replace("\n", "%0A"): kept[path] for path in kept}
        assert listed == {path: hashlib.sha256(encoded[path]).hexdigest() for path in encoded}

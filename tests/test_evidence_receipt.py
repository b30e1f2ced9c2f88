"""Citation receipts: one text file proves one capture, to the program and to whoever types its commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.evidence.keys import KeyRing
from archive.evidence.note import Verifier
from archive.evidence.receipt import ReceiptError, ReceiptStamp, parse, receipt_text
from archive.evidence.verify_receipt import verify_receipt
from tests.logs import ORIGIN
from tests.muniment import muniment
from tests.packages import Package
from tests.shared import program
from tests.test_evidence_verify_md import BLOCK, root_of


def stamp_of(package: Package) -> ReceiptStamp:
    files = package.facts.stamps[0].files
    chain, roots = files["chain.pem"], files["roots.pem"]
    return ReceiptStamp("outside", False, files["tsr"], roots, chain)


@pytest.fixture(scope="module")
def text(small_package: Package) -> str:
    """The receipt of the first exhibit."""
    logged = small_package.facts.exhibits[0].logged
    leaf, salt = logged.at.group.leaf, logged.at.group.salt
    (key,) = KeyRing(small_package.maker.root.keys, ORIGIN).verifiers()
    return receipt_text(leaf, salt, logged.proof, key, [stamp_of(small_package)])


def answers(text: str, file: Path | None = None) -> dict[str, str]:
    return {step.name: step.verdict.value for step in verify_receipt(text, file)}


def test_a_receipt_leads_from_the_cited_file_to_the_outside_stamp(
    text: str, small_package: Package
) -> None:
    cited = small_package.folder / "data/files/01-notice.html"
    assert set(answers(text, cited).values()) == {"passed"}
    assert answers(text)["file"] == "not checked"
    other = small_package.folder / "data/files/02-law.txt"
    assert answers(text, other)["file"] == "failed"


def test_its_first_lines_tell_a_reader_what_is_cited(text: str) -> None:
    lines = text.splitlines()
    assert lines[0] == "Muniment receipt 1"
    assert lines[1] == "URL: https://ministry.example/notice.html"
    assert lines[2].startswith("Time: ")
    assert lines[4].startswith("Content: SHA-256 ")


def test_its_commands_run_when_they_are_copied(
    text: str, small_package: Package, tmp_path: Path
) -> None:
    program("openssl")
    (tmp_path / "receipt.txt").write_text(text)
    (commands,) = BLOCK.findall(text)
    done = subprocess.run(
        ["sh", "-s"],
        input=commands,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        check=False,
    )
    assert done.stdout.count(root_of(small_package)) == 2
    assert "Signature Verified Successfully" in done.stdout
    assert "Verification: OK" in done.stdout


def changed(text: str, part: str) -> str:
    """One character of a part replaced by another."""
    at = text.index(f"-----BEGIN {part}-----\n") + len(part) + 17 + 40
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("LEAF", "logged"),
        ("SALT", "logged"),
        ("PROOF", "logged"),
        ("KEY", "signed"),
        ("STAMP outside", "stamped"),
        ("ROOTS outside", "stamped"),
    ],
)
def test_whoever_changes_a_part_is_found_out(text: str, part: str, step: str) -> None:
    assert answers(changed(text, part))[step] == "failed"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("URL: https://ministry.example/notice", "URL: https://ministry.example/notion"),
        ("\nOutcome: content", "\nOutcome: redirect"),
        ("\nTime: 2", "\nTime: 1"),
        ("\nContent: SHA-256 ", "\nContent: SHA-256 0"),
    ],
)
def test_its_first_lines_cannot_say_what_the_leaf_does_not(text: str, old: str, new: str) -> None:
    assert old in text
    assert answers(text.replace(old, new, 1))["leaf"] == "failed"


def test_a_strangers_key_signs_nothing(text: str) -> None:
    (key,) = {line for line in text.splitlines() if line.startswith(f"{ORIGIN}+")}
    stranger = Verifier.of(ORIGIN, Ed25519PrivateKey.generate().public_key())
    assert answers(text.replace(key, stranger.vkey))["signed"] == "failed"


def test_a_receipt_without_a_real_stamp_says_so(text: str) -> None:
    assert answers(text.replace("test no", "test yes"))["stamped"] == "not checked"


@pytest.mark.parametrize("part", ["LEAF", "SALT", "PROOF", "KEY", "ROOTS outside"])
def test_a_receipt_that_lacks_a_part_is_none(text: str, part: str) -> None:
    begin, end = (text.index(f"-----{mark} {part}-----\n") for mark in ("BEGIN", "END"))
    without = text[:begin] + text[end:].partition("\n")[2]
    with pytest.raises(ReceiptError):
        parse(without)
    assert set(answers(without).values()) == {"failed", "not checked"}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_text_there_is_an_answer(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    changed = text[:start] + data.draw(st.text(max_size=40)) + text[end:]
    assert {step.verdict.value for step in verify_receipt(changed)} <= {
        "passed",
        "failed",
        "not checked",
    }


def test_the_program_verifies_a_receipt_in_an_empty_folder(
    text: str, small_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    receipt = tmp_path / "footnote 12.txt"
    receipt.write_text(text)
    cited = small_package.folder / "data/files/01-notice.html"
    told = muniment("verify", receipt, cited)
    assert (told.code, told.err) == (0, "")
    assert "5 file: passed" in told.out
    assert muniment("verify", receipt).code == 0
    other = small_package.folder / "data/files/02-law.txt"
    assert muniment("verify", receipt, other).code == 1

"""A verdict on each record and file of other people's archives, and never a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from archive.judge import FileVerdict, RecordVerdict, judge
from archive.verdict import Check, Verdict, overall
from tests.foreign_files import CHUNKED, PLAIN, members, sha1, wacz, warc_record
from tests.shared import shared

BODY = CHUNKED.partition(b"\r\n\r\n")[2]


def judged(path: Path, data: bytes) -> tuple[FileVerdict, list[RecordVerdict]]:
    path.write_bytes(data)
    found: list[RecordVerdict] = []
    return judge(path, found.append), found


def layer(record: RecordVerdict, name: str) -> Check:
    return next(check for check in record.checks if check.layer == name)


def test_right_digests_pass_and_wrong_ones_fail_with_both_values(tmp_path: Path) -> None:
    right = {"WARC-Block-Digest": sha1(PLAIN), "WARC-Payload-Digest": sha1(b"hello")}
    wrong = {"WARC-Block-Digest": sha1(b"other")}
    data = members(warc_record(PLAIN, more=right), warc_record(PLAIN, number=2, more=wrong))
    verdict, (first, second) = judged(tmp_path / "a.warc.gz", data)
    assert (first.verdict, second.verdict, verdict.verdict) == ("passed", "failed", "failed")
    failed = layer(second, "block digest")
    assert failed.expected != failed.found
    assert second.offset == len(members(warc_record(PLAIN, more=right)))
    assert layer(second, "payload digest").verdict == "not checked"
    assert verdict.failures == [second]


@pytest.mark.parametrize(
    ("payload", "verdict", "remark"),
    [(b"hello world", "passed", ""), (BODY, "passed", "framing"), (b"other", "failed", "")],
)
def test_a_chunked_payload_counts_without_its_framing_or_passes_with_a_remark(
    tmp_path: Path, payload: bytes, verdict: str, remark: str
) -> None:
    record = warc_record(CHUNKED, more={"WARC-Payload-Digest": sha1(payload)})
    check = layer(judged(tmp_path / "a.warc", record)[1][0], "payload digest")
    assert check.verdict == verdict
    assert remark in check.reason


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (warc_record(PLAIN, drop="WARC-Record-ID"), "required headers"),
        (warc_record(PLAIN, drop="WARC-Date"), "required headers"),
        (warc_record(PLAIN, drop="WARC-Target-URI"), "required headers"),
        (warc_record(PLAIN, kind="revisit"), "required headers"),
        (warc_record(PLAIN, kind="continuation"), "required headers"),
        (warc_record(PLAIN, more={"WARC-Segment-Number": "²"}), "required headers"),
        (warc_record(PLAIN, drop="Content-Length"), "content-length"),
        (warc_record(PLAIN, length=9), "content-length"),
        (warc_record(PLAIN, length=9999), "content-length"),
        (warc_record(PLAIN, more={"WARC-Date": "2021-02-30T00:00:00Z"}), "dates"),
        (warc_record(PLAIN, more={"warc-date": "2021-02-03T00:00:00Z"}), "duplicates"),
        (warc_record(PLAIN).replace(b"\r\n", b"\n"), "structure"),
        (warc_record(PLAIN, more={"WARC-Block-Digest": "sha1:no"}), "block digest"),
        (warc_record(PLAIN) * 2, "duplicates"),
        (members(warc_record(PLAIN) + warc_record(PLAIN, number=2)), "members"),
    ],
)
def test_what_the_standard_forbids_fails_in_its_layer(
    tmp_path: Path, record: bytes, name: str
) -> None:
    verdict, _ = judged(tmp_path / "a.warc", record)
    assert verdict.layers[name][Verdict.FAILED] == 1


def test_an_unknown_algorithm_and_a_revisit_are_not_checked(tmp_path: Path) -> None:
    odd = warc_record(PLAIN, more={"WARC-Block-Digest": "whirlpool:00"})
    more = {"WARC-Payload-Digest": sha1(b"x"), "WARC-Profile": "identical"}
    revisit = warc_record(b"HTTP/1.1 200 OK\r\n\r\n", number=2, kind="revisit", more=more)
    verdict, (first, second) = judged(tmp_path / "a.warc", odd + revisit)
    assert layer(first, "block digest").verdict == "not checked"
    assert layer(second, "payload digest").verdict == "not checked"
    assert verdict.verdict == "passed"


def test_the_verdict_on_a_file_is_never_better_than_its_parts(tmp_path: Path) -> None:
    lying = wacz(tmp_path / "a.wacz", {"archive/a.warc": warc_record(PLAIN)}, lie=True)
    assert judge(lying).verdict == "failed"
    cut, records = judged(tmp_path / "cut.warc.gz", members(warc_record(PLAIN))[:-1])
    assert (cut.verdict, cut.checks[-1].layer) == ("failed", "container")
    assert records[0].verdict == "passed", "what came before the damage is whole"
    other, _ = judged(tmp_path / "a.cdx", b" CDX N b a m s k r M S V g")
    assert (other.verdict, other.records) == ("not checked", 0)


def test_failed_outweighs_passed_which_outweighs_not_checked() -> None:
    passed, failed, unchecked = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_CHECKED
    assert overall([passed, failed, unchecked]) is failed
    assert overall([unchecked, passed]) is passed
    assert overall([]) is overall([unchecked]) is unchecked


SOUND_NAME = re.compile(r"(^|[-_])valid[-_]")
BROKEN_NAME = re.compile(r"invalid|(^|[-_.])(bad|broken|trunc|truncated|clipped|wrong)([-_.]|$)")
NO_ARCHIVE = re.compile(r"\.(cdx|cdxj|cdx\.gz|txt\.gz)$|^three-files\.gz$")
EXCEPTIONS = {
    # Not an archive of any format, whatever was done to it.
    "invalid-magic.gz": Verdict.NOT_CHECKED,
    # A content type is recommended for warcinfo (WARC 1.1, 6.2), not demanded.
    "invalid-warcfile-contenttype-warcinfo-recommended.warc": Verdict.PASSED,
    # Question marks that look like a broken RFC 2047 word, in a URL that is lawful ASCII.
    "invalid-warcfile-encoding-headers.warc.gz": Verdict.PASSED,
    # The hashes are right; only the signature is wrong, which is said to be not checked.
    "invalid_signed_example_1.wacz": Verdict.PASSED,
    # What is bad is what the server sent, and it is kept exactly.
    "bad-redirections.warc.gz": Verdict.PASSED,
    "bad_http_chunked_content.warc": Verdict.PASSED,
    # Target URI in angle brackets, as WARC 1.0's own grammar has it and wget writes it.
    "example-wget-bad-target-uri.warc.gz": Verdict.PASSED,
}


def expected(name: str) -> Verdict | None:
    if name in EXCEPTIONS:
        return EXCEPTIONS[name]
    if NO_ARCHIVE.search(name):
        return Verdict.NOT_CHECKED
    if BROKEN_NAME.search(name):
        return Verdict.FAILED
    return Verdict.PASSED if SOUND_NAME.search(name) else None


def test_the_verdicts_on_182_found_files_agree_with_their_names_and_with_other_readers() -> None:
    root = shared("data/warcs")
    lines = (root / "manifest.jsonl").read_text().splitlines()
    entries = [entry for entry in map(json.loads, lines) if "file" in entry]
    assert len(entries) >= 182
    for entry in entries:
        path = root / entry["file"]
        verdict = judge(path)
        wanted = expected(path.name)
        assert verdict.verdict in ({wanted} if wanted else set(Verdict)), entry["file"]
        assert (verdict.verdict is Verdict.NOT_CHECKED) is (verdict.format == "unknown") or (
            verdict.verdict is Verdict.FAILED
        )
        agrees_with_readers(entry["file"], entry["readers"], verdict)


def agrees_with_readers(name: str, readers: dict[str, object], verdict: FileVerdict) -> None:
    """Where the other readers went through the file, our records are as many, our digests alike."""
    if not readers.get("warcio_ok") or readers.get("fast_err") or name.rpartition("/")[2] in DIFFER:
        return
    assert verdict.records == readers["records"], name
    counts = [verdict.layers.get(layer) for layer in ("block digest", "payload digest")]
    digests = readers["payload_digests"]
    assert isinstance(digests, dict)
    assert any(c[Verdict.FAILED] for c in counts if c) is ("FAIL" in digests), name


DIFFER = {
    # FastWARC finds the same damage as we do in these two; warcio takes no notice of it.
    "clipped.warc.gz",
    "baconIpsum_chunked_httpTrailors.warc",
    # Two records without a length: warcio takes the second for the first one's block.
    "invalid-warcfile-lonely-warcinfo-metadata.warc",
}

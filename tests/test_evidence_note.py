"""A signed note says only what a known key signed, and no hostile note gets past its reader."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from archive.evidence.checkpoint import Checkpoint
from archive.evidence.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE,
    CosignatureVerifier,
    Ed25519Signer,
    Note,
    NoteError,
    Signature,
    Verifier,
    cosign,
    key_id,
)

STANDARD_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
STANDARD_NOTE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()
STANDARD_CHECKPOINT = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()
COSIGNER_VKEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNER = Ed25519Signer("log.example", KEY)
TEXT = Checkpoint("log.example", 7, bytes(32)).text


def test_the_example_of_the_standard_verifies() -> None:
    verifier = Verifier.parse(STANDARD_VKEY)
    note = Note.parse(STANDARD_NOTE)
    assert note.verified_by([verifier]) == (verifier,)
    assert note.to_bytes() == STANDARD_NOTE
    assert verifier.vkey == STANDARD_VKEY
    assert verifier.name == "example.com/foo"


def test_each_flipped_bit_of_the_signed_text_or_signature_is_refused() -> None:
    verifier = Verifier.parse(STANDARD_VKEY)
    start = STANDARD_NOTE.index("— ".encode()) + len("— example.com/foo ".encode())
    for position in (*range(28), *range(start, len(STANDARD_NOTE))):
        for bit in range(8):
            changed = bytearray(STANDARD_NOTE)
            changed[position] ^= 1 << bit
            assert not _accepted(bytes(changed), verifier), (position, bit)


def test_a_checkpoint_of_the_standard_reads_and_writes_the_same_bytes() -> None:
    note = Note.parse(STANDARD_CHECKPOINT)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert note.to_bytes() == STANDARD_CHECKPOINT
    assert [signature.name for signature in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]


def test_unknown_keys_are_passed_over_though_they_share_a_name_or_an_id() -> None:
    ours = Note.sign(TEXT, SIGNER).signatures[0]
    same_name = Note.sign(TEXT, Ed25519Signer("log.example", OTHER_KEY)).signatures[0]
    same_id = Signature("other.example", ours.key_id, bytes(64))
    note = Note(TEXT, (same_name, same_id, ours))
    assert Note.parse(note.to_bytes()).verified_by([SIGNER.verifier]) == (SIGNER.verifier,)
    assert Note(TEXT, (same_name, same_id)).verified_by([SIGNER.verifier]) == ()


def test_a_false_signature_of_a_known_key_spoils_the_note_even_after_a_right_one() -> None:
    ours = Note.sign(TEXT, SIGNER).signatures[0]
    false = Signature(ours.name, ours.key_id, bytes(64))
    for signatures in ((ours, false), (false, ours), (false,)):
        with pytest.raises(NoteError, match=r"log\.example is false"):
            Note(TEXT, signatures).verified_by([SIGNER.verifier])


def test_two_known_keys_that_no_signature_tells_apart_are_refused() -> None:
    forged = Verifier.parse(STANDARD_VKEY)
    object.__setattr__(forged, "public_key", bytes(32))
    with pytest.raises(NoteError, match="same key ID"):
        Note.parse(STANDARD_NOTE).verified_by([Verifier.parse(STANDARD_VKEY), forged])


def test_the_text_ends_at_the_last_blank_line() -> None:
    text = "a\n\n— not.a/signature AAAA\n\nb\n"
    note = Note.sign(text, SIGNER)
    assert Note.parse(note.to_bytes()).text == text


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000b", "a\u2028b", "a\x00b", "\t", "a\ud800"],
)
def test_a_name_that_could_be_read_two_ways_is_no_key_name(name: str) -> None:
    with pytest.raises(NoteError, match="key name"):
        Ed25519Signer(name, KEY)
    with pytest.raises(NoteError):
        Note("text\n", (Signature(name, bytes(4), bytes(64)),)).to_bytes()
    with pytest.raises(NoteError):
        Verifier.parse(f"{name}+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        "text\n— a AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAAA=".encode(),
        "text\n\n— a AAAA\n".encode(),
        "text\n\n— a AAAAAAB=\n".encode(),
        "text\n\n— a AAAAAAA\n".encode(),
        "text\n\n— a  AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAAA= \n".encode(),
        b"text\n\n- a AAAAAAA=\n",
        "text\n\n—\u00a0a AAAAAAA=\n".encode(),
        "te\rxt\n\n— a AAAAAAA=\n".encode(),
        "te\0xt\n\n— a AAAAAAA=\n".encode(),
        "te\xff".encode("latin-1") + "xt\n\n— a AAAAAAA=\n".encode(),
        b"text\n\n\xe2\x80\x94 a\xff AAAAAAA=\n",
        "text\n\n— a AAAAAAA=\n".encode() + b"x",
    ],
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(data)


def test_a_note_has_limits_but_takes_the_sixteen_signatures_of_the_standard() -> None:
    line = "— a AAAAAAA=\n"
    assert len(Note.parse(f"text\n\n{line * 16}".encode()).signatures) == 16
    with pytest.raises(NoteError, match="more than 100"):
        Note.parse(f"text\n\n{line * 101}".encode())
    with pytest.raises(NoteError, match="more than 1000000"):
        Note.parse(f"{'x' * MAX_NOTE}\n\n{line}".encode())


@pytest.mark.parametrize("note", [Note("no end", ()), Note("text\n", ()), Note("\ud800\n", ())])
def test_a_note_that_nobody_could_read_is_not_written(note: Note) -> None:
    with pytest.raises(NoteError):
        note.to_bytes()


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_break_the_reading_of_a_note(data: bytes) -> None:
    for attempt in (data, STANDARD_NOTE[:60] + data, "text\n\n— a ".encode() + data + b"\n"):
        try:
            note = Note.parse(attempt)
        except NoteError:
            continue
        assert note.to_bytes() == attempt


@given(st.text() | st.text("0123456789\n-+ =ABab"))
def test_no_text_breaks_the_reading_of_a_key_or_checkpoint(text: str) -> None:
    for attempt in (text, f"log.example\n{text}", f"log.example\n7\n{'A' * 43}=\n{text}"):
        try:
            checkpoint = Checkpoint.parse(attempt)
        except NoteError:
            continue
        assert checkpoint.text == attempt
    for vkey in (text, f"a+530d903a+{text}", STANDARD_VKEY + text):
        try:
            assert Verifier.parse(vkey).vkey == vkey
        except NoteError:
            continue


@pytest.mark.parametrize(
    "vkey",
    [
        STANDARD_VKEY.replace("530d903a", "530d903b"),
        STANDARD_VKEY.replace("530d903a", "530D903A"),
        STANDARD_VKEY.replace("example", "example2"),
        STANDARD_VKEY[:-4],
        STANDARD_VKEY + "\n",
        "bananas.sigstore.dev+12344556",
        "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
        "rekor.sigstore.dev+12345678+AwEB",
    ],
)
def test_a_key_whose_parts_do_not_belong_together_is_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


def test_a_cosigner_states_when_it_saw_the_checkpoint() -> None:
    verifier = CosignatureVerifier.of("witness.example/w1", OTHER_KEY.public_key())
    note = Note.sign(TEXT, SIGNER)
    assert verifier.stated_time(note) is None
    lines = tuple(cosign(TEXT, verifier.name, OTHER_KEY, time) for time in (1679315147, 1679315146))
    note = Note.parse(Note(TEXT, note.signatures + lines).to_bytes())
    assert note.verified_by([SIGNER.verifier, verifier]) == (SIGNER.verifier, verifier)
    assert verifier.stated_time(note) == 1679315147


def test_what_a_cosigner_signs_is_the_message_of_the_standard() -> None:
    line = cosign(TEXT, "witness.example", KEY, 1679315147)
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    KEY.public_key().verify(line.signature[8:], message)
    assert line.signature[:8] == bytes.fromhex("00000000641850cb")


def test_the_time_of_a_cosignature_cannot_be_changed() -> None:
    verifier = CosignatureVerifier.of("witness.example", KEY.public_key())
    line = cosign(TEXT, verifier.name, KEY, 1679315147)
    for time in (0, 1679315146, 2**63, 2**64 - 1):
        later = Signature(line.name, line.key_id, time.to_bytes(8) + line.signature[8:])
        with pytest.raises(NoteError):
            Note(TEXT, (line, later)).verified_by([verifier])
        with pytest.raises(NoteError):
            verifier.stated_time(Note(TEXT, (line, later)))
    for time in (-1, 2**63):
        with pytest.raises(NoteError, match="time"):
            cosign(TEXT, verifier.name, KEY, time)


def test_a_published_cosigner_key_is_read_and_is_never_taken_for_a_log_key() -> None:
    cosigner = Verifier.parse(COSIGNER_VKEY)
    assert isinstance(cosigner, CosignatureVerifier)
    assert cosigner.vkey == COSIGNER_VKEY
    public = KEY.public_key().public_bytes_raw()
    with pytest.raises(NoteError, match="type 0x04"):
        Verifier("a", key_id("a", COSIGNATURE, public), COSIGNATURE, public)
    with pytest.raises(NoteError, match="type 0x01"):
        CosignatureVerifier("a", key_id("a", ED25519, public), ED25519, public)


@pytest.mark.parametrize(
    "size", ["", "01", "-1", "+1", "1.0", " 1", "1_0", "٣", "9" * 19, "9" * 5000]
)
def test_a_size_has_one_way_to_be_written(size: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(f"log.example\n{size}\n{'A' * 43}=\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log.example\n7\n{'A' * 43}=",
        "log.example\n7\n",
        f"\n7\n{'A' * 43}=\n",
        f"log.example\n7\n{'A' * 42}==\n",
        f"log.example\n7\n{'A' * 43}B\n",
        f"log.example\n7\n{'A' * 42}B=\n",
        f"log.example\n7\n{'A' * 43}=\n\n",
        f"log.example\n7\n{'A' * 43}=\nextension\n\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_extension_lines_are_kept_and_cannot_be_smuggled() -> None:
    checkpoint = Checkpoint("log.example", 2**63 - 1, bytes(32), ("one", "two 2"))
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    for wrong in ("", "one\ntwo"):
        with pytest.raises(NoteError):
            Checkpoint("log.example", 7, bytes(32), (wrong,))


def _accepted(data: bytes, verifier: Verifier) -> bool:
    try:
        return bool(Note.parse(data).verified_by([verifier]))
    except NoteError:
        return False

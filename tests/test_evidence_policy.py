"""A policy says what the standard says, and counts nobody who did not sign."""

from __future__ import annotations

from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from archive.evidence.checkpoint import Checkpoint
from archive.evidence.note import CosignatureVerifier, Ed25519Signer, Note, cosign
from archive.evidence.policy import (
    MAX_POLICY,
    Group,
    KnownCosigner,
    KnownLog,
    Policy,
    PolicyError,
)
from archive.verdict import Verdict
from tests.cosigners import LOG, ORIGIN, STRANGER

NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in NAMES}
COSIGNERS = {
    name: CosignatureVerifier.of(f"{name.lower()}.example/w", key.public_key())
    for name, key in KEYS.items()
}
LINES = "".join(f"witness {name} {COSIGNERS[name].vkey}\n" for name in NAMES)
LOG_LINE = f"log {LOG.verifier.vkey}\n"
STANDARD = (
    f"{LOG_LINE}\n{LINES}"
    "group X-witnesses 2 X1 X2 X3\n"
    "group Y-witnesses any Y1 Y2 Y3\n"
    "group X-and-Y all X-witnesses Y-witnesses\n"
    "quorum X-and-Y\n"
)
"""The example of the standard, with keys."""
TEXT = Checkpoint(ORIGIN, 7, bytes(32)).text


def checkpoint(*names: str, signer: Ed25519Signer = LOG, text: str = TEXT) -> bytes:
    lines = [
        cosign(text, COSIGNERS[name].name, KEYS[name], 100 + n) for n, name in enumerate(names)
    ]
    signed = Note.sign(text, signer)
    return Note(text, (*signed.signatures, *lines)).to_bytes()


def policy(text: str) -> Policy:
    return Policy.parse(text.encode())


def verdict(text: str, data: bytes) -> Verdict:
    return policy(text).judge(data).check.verdict


def test_the_quorum_of_the_standards_example_is_met_by_just_those_that_meet_it() -> None:
    for count in range(7):
        for names in combinations(NAMES, count):
            met = sum(name[0] == "X" for name in names) >= 2 and any(n[0] == "Y" for n in names)
            expected = Verdict.PASSED if met else Verdict.FAILED
            judged = policy(STANDARD).judge(checkpoint(*names))
            assert judged.check.verdict is expected, names
            assert judged.logs == (LOG.verifier,)
            assert judged.cosigners == tuple((name, 100 + n) for n, name in enumerate(names))


def test_blanks_and_comments_mean_nothing() -> None:
    text = STANDARD.replace(" ", " \t ").replace("\n", "\t \n\n \t# a comment 门\n")
    assert policy(text) == policy(STANDARD)


def test_no_cosigner_is_asked_for_by_none() -> None:
    assert verdict(LOG_LINE + "quorum none\n", checkpoint()) is Verdict.PASSED
    assert verdict(LOG_LINE + "quorum none\n", checkpoint(signer=STRANGER)) is Verdict.FAILED


def test_a_policy_without_logs_can_refuse_and_not_confirm() -> None:
    text = f"{LINES}quorum X1\n"
    assert verdict(text, checkpoint("X1")) is Verdict.NOT_CHECKED
    assert verdict(text, checkpoint("X2")) is Verdict.FAILED


def test_one_cosigner_is_a_quorum_by_its_own_name() -> None:
    text = f"{LOG_LINE}{LINES}quorum X1\n"
    assert verdict(text, checkpoint("X1")) is Verdict.PASSED
    assert verdict(text, checkpoint("X1", "X1")) is Verdict.PASSED
    assert verdict(text, checkpoint("X2", "X3", "Y1")) is Verdict.FAILED


def test_a_cosigner_that_signs_twice_counts_once() -> None:
    text = f"{LOG_LINE}{LINES}group g 2 X1 X2 X3\nquorum g\n"
    assert verdict(text, checkpoint("X1", "X1", "X1")) is Verdict.FAILED


def test_a_log_that_signs_under_the_name_of_another_is_not_believed() -> None:
    text = Checkpoint("other.example/log", 7, bytes(32)).text
    assert verdict(LOG_LINE + "quorum none\n", checkpoint(text=text)) is Verdict.FAILED


def test_a_log_cannot_cosign_itself_nor_a_cosigner_be_the_log() -> None:
    text = f"{LOG_LINE}{LINES}quorum X1\n"
    alone = Note(TEXT, (cosign(TEXT, COSIGNERS["X1"].name, KEYS["X1"], 1),)).to_bytes()
    assert verdict(text, alone) is Verdict.FAILED


def test_one_false_signature_of_a_known_key_fails_all() -> None:
    false = cosign(TEXT.replace("7", "8"), COSIGNERS["Y3"].name, KEYS["Y3"], 1)
    data = checkpoint("X1", "X2", "Y1") + str(false).encode()
    assert verdict(STANDARD, data) is Verdict.FAILED


@given(st.binary(max_size=300))
def test_what_is_no_checkpoint_fails(data: bytes) -> None:
    assert verdict(STANDARD, data) is Verdict.FAILED


X1 = f"witness X1 {COSIGNERS['X1'].vkey}\n"
X2 = f"witness X2 {COSIGNERS['X2'].vkey}\n"
QUORUM = "quorum X1\n"
WRONG = [
    ("", "has no quorum"),
    (X1, "has no quorum"),
    (X1 + QUORUM + QUORUM, "line 3 of the policy: a second quorum"),
    (QUORUM + X1, "line 1 of the policy: nothing before it has the name 'X1'"),
    ("quorum\n", "another number of items"),
    (X1 + "quorum X1 X1\n", "another number of items"),
    (X1 + "quorum X1 # mine\n", "another number of items"),
    (X1 + "quorum X1", "does not end"),
    (X1 + "quorum X1\r\n", "control characters"),
    (X1 + "quorum X1\x7f\n", "control characters"),
    (X1 + "Quorum X1\n", "begins with none of"),
    (X1 + "timestamp 5\n" + QUORUM, "line 2 of the policy: it begins with none of"),
    (X1 + X1 + QUORUM, "key of a witness that stands there"),
    (X1 + X2.replace("X2", "X1") + QUORUM, "the name 'X1' is taken"),
    (X1.replace("X1", "none") + "quorum none\n", "the name 'none' is taken"),
    (LOG_LINE * 2 + "quorum none\n", "key of a log that stands there"),
    (LOG_LINE.replace("log", "log x", 1) + "quorum none\n", "not a verifier key"),
    (f"log {COSIGNERS['X1'].vkey}\nquorum none\n", "not the key of a log"),
    (f"witness X1 {LOG.verifier.vkey}\nquorum X1\n", "not a key for cosignatures"),
    (X1 + "group g any\nquorum g\n", "another number of items"),
    (X1 + "group g any none\nquorum g\n", "nothing before it has the name 'none'"),
    (X1 + "group g any g\nquorum g\n", "nothing before it has the name 'g'"),
    (X1 + "group g any X2\n" + X2 + "quorum g\n", "nothing before it has the name 'X2'"),
    (X1 + "group g any X1 X1\nquorum g\n", "'X1' is a member twice"),
    (X1 + "group g any X1\ngroup h any X1\nquorum g\n", "'X1' is a member twice"),
    (X1 + "group X1 any X1\nquorum X1\n", "the name 'X1' is taken"),
    (X1 + "group g 0 X1\nquorum g\n", "'0' of 1 members"),
    (X1 + "group g 2 X1\nquorum g\n", "'2' of 1 members"),
    (X1 + "group g -1 X1\nquorum g\n", "'-1' of 1 members"),
    (X1 + "group g 01 X1\nquorum g\n", "'01' of 1 members"),
    (X1 + "group g ١ X1\nquorum g\n", "of 1 members"),
    (X1 + "group g ALL X1\nquorum g\n", "'ALL' of 1 members"),
    ("#" * MAX_POLICY + "\n", "more than 1000000 bytes"),
]


@pytest.mark.parametrize(("text", "what"), WRONG, ids=range(len(WRONG)))
def test_what_the_standard_forbids_is_refused(text: str, what: str) -> None:
    with pytest.raises(PolicyError, match=what):
        policy(text)


def test_two_keys_are_one_key_whatever_their_names() -> None:
    twin = CosignatureVerifier.of("twin.example/w", KEYS["X1"].public_key())
    with pytest.raises(PolicyError, match="key of a witness that stands there"):
        policy(f"{X1}witness X2 {twin.vkey}\n{QUORUM}")


def test_names_are_octets_and_nothing_more() -> None:
    latin = X1.encode().replace(b"X1", b"\xff\xfe", 1) + b"quorum \xff\xfe\n"
    parsed = Policy.parse(latin)
    assert parsed.to_bytes() == latin
    assert parsed.judge(checkpoint("X1")).check.verdict is Verdict.NOT_CHECKED
    kelvin = f"witness K {COSIGNERS['X1'].vkey}\nquorum \N{KELVIN SIGN}\n"
    with pytest.raises(PolicyError, match="nothing before it"):
        policy(kelvin)
    wide = X1.replace("X1", "a\N{NO-BREAK SPACE}b\N{LINE SEPARATOR}", 1)
    named = "a\N{NO-BREAK SPACE}b\N{LINE SEPARATOR}"
    assert policy(f"{wide}quorum {named}\n").quorum == named


WORDS = st.one_of(
    st.sampled_from(
        ["log", "witness", "group", "quorum", "none", "all", "any", "2", "X1", "g", "#"]
    ),
    st.sampled_from([LOG.verifier.vkey, COSIGNERS["X1"].vkey, COSIGNERS["X2"].vkey]),
    st.text(max_size=4),
)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=6).map(
            lambda lines: "".join(f"{line}\n" for line in lines).encode("utf-8", "ignore")
        ),
    )
)
def test_a_hostile_policy_is_refused_or_reads_as_it_is_written(data: bytes) -> None:
    try:
        parsed = Policy.parse(data)
    except PolicyError:
        return
    assert Policy.parse(parsed.to_bytes()) == parsed
    parsed.judge(checkpoint("X1"))


@given(st.permutations(NAMES), st.data())
def test_a_policy_reads_as_it_was_written(names: list[str], data: st.DataObject) -> None:
    known = tuple(
        KnownCosigner(
            name, COSIGNERS[name], data.draw(st.sampled_from([None, "https://w.example/"]))
        )
        for name in names
    )
    groups: list[Group] = []
    free = list(names)
    for number in range(data.draw(st.integers(0, 3))):
        members = tuple(free.pop() for _ in range(data.draw(st.integers(1, len(free)))))
        groups.append(Group(f"g{number}", data.draw(st.integers(1, len(members))), members))
        free.append(f"g{number}")
    quorum = data.draw(st.sampled_from(["none", *names, *(group.name for group in groups)]))
    made = Policy((KnownLog(LOG.verifier, "https://log.example/"),), known, tuple(groups), quorum)
    assert Policy.parse(made.to_bytes()) == made


def test_so_many_of_these_is_the_policy_that_a_package_carries() -> None:
    known = [KnownCosigner(name, COSIGNERS[name]) for name in NAMES]
    made = Policy.of([KnownLog(LOG.verifier)], known, 2)
    assert made.judge(checkpoint("X1")).check.verdict is Verdict.FAILED
    assert made.judge(checkpoint("X1", "Y3")).check.verdict is Verdict.PASSED
    assert Policy.of([KnownLog(LOG.verifier)]).judge(checkpoint()).check.verdict is Verdict.PASSED
    for name in ("two words", "", "quorum"):
        with pytest.raises(PolicyError):
            Policy.of([], [KnownCosigner(name, COSIGNERS["X1"])], 1)
    with pytest.raises(PolicyError, match="'3' of 2 members"):
        Policy.of([], known[:2], 3)

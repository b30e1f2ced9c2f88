"""Time stamps: each verdict has its reason, none comes from the present, and openssl agrees."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.evidence.certpath import UNREADABLE, CertPath, check_revocation
from archive.evidence.stamp_errors import Reason, TimeStampError
from archive.evidence.stamp_token import LARGEST, read_request, read_response
from archive.evidence.timestamp import TEST_WORDS, Authority, TimeStamp, request, verify_response
from archive.verdict import Verdict
from cli.authority_certificates import issue_root, issue_signer
from tests.authority import DATA, OddAuthority, changed, openssl_accepts, stamped
from tests.shared import shared

VECTORS = "data/vectors/trailofbits+rfc3161-client/test/fixtures"
HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[OddAuthority]:
    with OddAuthority(tmp_path / "tsa") as authority:
        yield authority


def reason_of(
    response: bytes,
    query: bytes | None,
    authority: Authority,
    data: bytes = DATA,
    crls: Sequence[x509.CertificateRevocationList] = (),
) -> Reason:
    with pytest.raises(TimeStampError) as caught:
        verify_response(response, query, data, authority, crls=crls)
    assert caught.value.reason in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def crls_of(tsa: OddAuthority) -> list[x509.CertificateRevocationList]:
    assert tsa.crl is not None
    return [x509.load_der_x509_crl(tsa.crl)]


def pem_crl(tsa: OddAuthority) -> bytes:
    return crls_of(tsa)[0].public_bytes(Encoding.PEM)


def openssl_says(
    folder: Path, tsa: OddAuthority, response: bytes, at: int, crl: bytes = b""
) -> bool:
    return openssl_accepts(folder, response, DATA, at, tsa.root.pem, crl=crl)


def test_a_stamp_tells_its_time_and_openssl_agrees(tsa: OddAuthority, tmp_path: Path) -> None:
    query, response = stamped(tsa)
    stamp = verify_response(response, query, DATA, tsa.real)
    assert abs(stamp.time - NOW) < HOUR
    assert stamp.signer == tsa.signer.certificate
    assert stamp.path == (tsa.signer.certificate, tsa.root.certificate)
    assert stamp.ends == tsa.signer.certificate.not_valid_after_utc
    assert stamp.policy == "1.3.6.1.4.1.99999.1"
    assert stamp.serial == 2
    assert stamp.digest == read_request(query).imprint
    assert openssl_says(tmp_path / "judge", tsa, response, int(stamp.time.timestamp()))


def test_a_request_asks_for_sha256_with_a_fresh_nonce_and_the_certificate() -> None:
    first, second = request(DATA), request(DATA)
    assert read_request(first).nonce != read_request(second).nonce
    assert read_request(first).imprint.is_of(DATA)
    assert request(DATA, 7) == request(DATA, 7)
    value = tsp.TimeStampReq.load(first)
    assert value["cert_req"].native is True
    assert value["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"


def test_a_stamp_of_a_test_authority_says_that_it_proves_nothing(tsa: OddAuthority) -> None:
    query, response = stamped(tsa)
    stamp = verify_response(response, query, DATA, tsa.authority)
    assert stamp.test
    assert TEST_WORDS in str(stamp)
    assert TEST_WORDS not in str(verify_response(response, query, DATA, tsa.real))
    assert "PROVES NOTHING" in tsa.root.certificate.subject.rfc4514_string()


def test_the_stamp_of_other_bytes_is_refused(tsa: OddAuthority, tmp_path: Path) -> None:
    query, response = stamped(tsa, b"other bytes")
    at = int(NOW.timestamp())
    assert reason_of(response, query, tsa.real) is Reason.WRONG_DIGEST
    assert reason_of(response, None, tsa.real) is Reason.WRONG_DIGEST
    assert not openssl_says(tmp_path / "judge", tsa, response, at)


def test_the_answer_to_another_request_for_the_same_bytes_is_refused(tsa: OddAuthority) -> None:
    _, response = stamped(tsa)
    assert reason_of(response, request(DATA), tsa.real) is Reason.WRONG_NONCE
    assert verify_response(response, None, DATA, tsa.real).signer == tsa.signer.certificate


def test_a_refusal_of_the_authority_is_told_in_its_words(tsa: OddAuthority) -> None:
    query = request(DATA)
    response = tsa.refusal(query).body
    with pytest.raises(TimeStampError, match="algorithm") as caught:
        verify_response(response, query, DATA, tsa.real)
    assert caught.value.reason is Reason.NOT_GRANTED


def test_a_stamp_that_was_granted_with_changes_is_one(tsa: OddAuthority, tmp_path: Path) -> None:
    query, response = stamped(tsa)
    answer = tsp.TimeStampResp.load(response)
    answer["status"]["status"] = "granted_with_mods"
    granted = bytes(answer.dump())
    assert verify_response(granted, query, DATA, tsa.real).serial == 2
    assert openssl_says(tmp_path / "judge", tsa, granted, int(time.time()))


def test_an_authority_that_brings_its_own_root_is_a_stranger(
    tsa: OddAuthority, tmp_path: Path
) -> None:
    with OddAuthority(tmp_path / "stranger") as stranger:
        stranger.embed(stranger.root)
        query, response = stamped(stranger)
        roots = [one.subject for one in read_response(response).certificates]
        assert stranger.root.certificate.subject in roots
        assert reason_of(response, query, tsa.real) is Reason.UNKNOWN_AUTHORITY
        with pytest.raises(TimeStampError) as caught:
            verify_response(response, query, DATA, tsa.real, chain=[stranger.root.certificate])
        assert caught.value.reason is Reason.UNKNOWN_AUTHORITY
        at = int(NOW.timestamp())
        assert not openssl_says(tmp_path / "judge", tsa, response, at)
        assert verify_response(response, query, DATA, stranger.real).authority == "test"


def test_certificates_in_any_order_are_read(tsa: OddAuthority, tmp_path: Path) -> None:
    others = [issue_root(f"a certificate that matters to nobody, {n}") for n in range(4)]
    tsa.embed(*others)
    query, response = stamped(tsa)
    embedded = tsp.TimeStampResp.load(response)["time_stamp_token"]["content"]["certificates"]
    ders = [one.dump() for one in embedded]
    if ders == sorted(ders):
        pytest.skip("by chance these came sorted")
    assert verify_response(response, query, DATA, tsa.real).signer == tsa.signer.certificate
    assert openssl_says(tmp_path / "judge", tsa, response, int(NOW.timestamp()))


def test_a_stamp_outlives_its_certificate(tmp_path: Path) -> None:
    with OddAuthority(tmp_path / "tsa", end=datetime.now(UTC) + timedelta(seconds=2)) as tsa:
        query, response = stamped(tsa)
        time.sleep(3)
        stamp = verify_response(response, query, DATA, tsa.real)
        judge = tmp_path / "judge"
        assert stamp.ends < datetime.now(UTC)
        assert openssl_says(judge, tsa, response, int(stamp.time.timestamp()))
        assert not openssl_says(judge, tsa, response, int(time.time()))


@pytest.mark.parametrize(("start", "end"), [(-2, -1), (1, 2)], ids=["ended", "not begun"])
def test_a_certificate_that_was_not_valid_when_it_stamped_is_refused(
    tmp_path: Path, start: int, end: int
) -> None:
    with OddAuthority(tmp_path / "tsa", start=NOW + start * HOUR, end=NOW + end * HOUR) as tsa:
        query, response = stamped(tsa)
        assert reason_of(response, query, tsa.real) is Reason.EXPIRED_AT_STAMPING
        assert not openssl_says(tmp_path / "judge", tsa, response, int(time.time()))


def test_a_certificate_that_is_not_for_time_stamps_is_refused(
    tsa: OddAuthority, tmp_path: Path
) -> None:
    query, response = stamped(tsa)
    plain = issue_signer(tsa.root, NOW - HOUR, NOW + HOUR, purpose=False)
    token = tsp.TimeStampResp.load(response)
    with pytest.raises(TimeStampError) as caught:
        verify_response(named_signer(token, plain.certificate), query, DATA, tsa.real)
    assert caught.value.reason is Reason.WRONG_PURPOSE


def named_signer(response: tsp.TimeStampResp, certificate: x509.Certificate) -> bytes:
    """The response, its signed attributes naming another certificate, which is put inside."""
    signed = response["time_stamp_token"]["content"]
    for attribute in signed["signer_infos"][0]["signed_attrs"]:
        if attribute["type"].native == "signing_certificate_v2":
            attribute["values"][0]["certs"][0]["cert_hash"] = certificate.fingerprint(
                hashes.SHA256()
            )
    only = cms.Certificate.load(certificate.public_bytes(Encoding.DER))
    signed["certificates"] = cms.CertificateSet([only])
    return bytes(response.dump(force=True))


def test_a_twin_certificate_of_the_same_root_does_not_stand_in_for_the_signer(
    tsa: OddAuthority,
) -> None:
    query, response = stamped(tsa)
    twin = issue_signer(tsa.root, NOW - HOUR, NOW + HOUR)
    forged = named_signer(tsp.TimeStampResp.load(response), twin.certificate)
    assert reason_of(forged, query, tsa.real) is Reason.BAD_SIGNATURE


def test_revoked_before_the_stamp_is_void(tsa: OddAuthority, tmp_path: Path) -> None:
    query, response = stamped(tsa)
    tsa.revoke(NOW - HOUR / 2, x509.ReasonFlags.superseded)
    assert reason_of(response, query, tsa.real, crls=crls_of(tsa)) is Reason.REVOKED
    at = int(NOW.timestamp()) + 1
    assert not openssl_says(tmp_path / "judge", tsa, response, at, pem_crl(tsa))


@pytest.mark.parametrize("reason", [x509.ReasonFlags.key_compromise, None])
def test_revoked_later_for_a_lost_key_or_without_a_reason_is_void(
    tsa: OddAuthority, tmp_path: Path, reason: x509.ReasonFlags | None
) -> None:
    query, response = stamped(tsa)
    tsa.revoke(NOW + 2 * HOUR, reason)
    assert reason_of(response, query, tsa.real, crls=crls_of(tsa)) is Reason.REVOKED
    at = int(NOW.timestamp()) + 1
    assert not openssl_says(tmp_path / "judge", tsa, response, at, pem_crl(tsa))


def test_superseded_later_stays_valid_where_openssl_does_not_look_at_the_date(
    tsa: OddAuthority, tmp_path: Path
) -> None:
    query, response = stamped(tsa)
    tsa.revoke(NOW + 2 * HOUR, x509.ReasonFlags.superseded)
    stamp = verify_response(response, query, DATA, tsa.real, crls=crls_of(tsa))
    assert stamp.revocation.verdict is Verdict.PASSED
    at = int(stamp.time.timestamp())
    judge = tmp_path / "judge"
    assert openssl_says(judge, tsa, response, at)
    assert not openssl_says(judge, tsa, response, at, pem_crl(tsa))


def test_a_list_of_that_time_without_the_certificate_passes_revocation(
    tsa: OddAuthority, tmp_path: Path
) -> None:
    query, response = stamped(tsa)
    tsa.list_revoked()
    stamp = verify_response(response, query, DATA, tsa.real, crls=crls_of(tsa))
    assert stamp.revocation.verdict is Verdict.PASSED
    at = int(stamp.time.timestamp())
    assert openssl_says(tmp_path / "judge", tsa, response, at, pem_crl(tsa))


def test_without_a_list_of_that_time_revocation_is_not_checked(
    tsa: OddAuthority, tmp_path: Path
) -> None:
    query, response = stamped(tsa)

    def revocation(*crls: x509.CertificateRevocationList) -> tuple[Verdict, str]:
        check = verify_response(response, query, DATA, tsa.real, crls=crls).revocation
        return check.verdict, check.reason

    assert revocation()[0] is Verdict.NOT_CHECKED
    assert "no CRL" in revocation()[1]
    tsa.list_revoked(start=NOW - 3 * HOUR, end=NOW - 2 * HOUR)
    assert revocation(*crls_of(tsa))[0] is Verdict.NOT_CHECKED
    assert "for that time" in revocation(*crls_of(tsa))[1]
    ended = tsa.signer.certificate.not_valid_after_utc
    tsa.list_revoked(start=ended + HOUR)
    assert revocation(*crls_of(tsa))[0] is Verdict.NOT_CHECKED
    with OddAuthority(tmp_path / "stranger") as stranger:
        stranger.list_revoked()
        assert revocation(*crls_of(stranger))[0] is Verdict.NOT_CHECKED


def test_a_certificate_that_an_old_list_revokes_is_refused(tsa: OddAuthority) -> None:
    query, response = stamped(tsa)
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(tsa.signer.certificate.serial_number)
        .revocation_date(NOW - 4 * HOUR)
        .build()
    )
    tsa.list_revoked(entry, start=NOW - 3 * HOUR, end=NOW - 2 * HOUR)
    assert reason_of(response, query, tsa.real, crls=crls_of(tsa)) is Reason.REVOKED


VECTOR_VERDICTS = {
    "test_tsa/response.tsr": None,
    "test_tsa/response-injected-certs.tsr": None,
    "test_tsa/other_response.tsr": Reason.UNKNOWN_AUTHORITY,
    "sigstage/response-sha256.tsr": None,
    "sigstage/response-sha384.tsr": None,
    "sigstage/response-sha512.tsr": None,
    "sigstage/response-no-embedded-cert.tsr": None,
    "sigstage/response-invalid-signature.tsr": Reason.BAD_SIGNATURE,
    "sigstore.mock/response-expired.tsr": None,
    "identrust/issue-104.tsr": None,
}


def vector(name: str) -> tuple[bytes, bytes, list[x509.Certificate]]:
    """A response, the bytes that it should stamp, and its chain."""
    path = shared(f"{VECTORS}/{name}")
    payload, chain = path.parent / "payload", (path.parent / "ts_chain.pem").read_bytes()
    pem = chain.startswith(b"-----")
    certificates = (
        x509.load_pem_x509_certificates(chain) if pem else [x509.load_der_x509_certificate(chain)]
    )
    return path.read_bytes(), payload.read_bytes() if payload.exists() else b"hello", certificates


@pytest.mark.parametrize("name", VECTOR_VERDICTS)
def test_stamps_of_others_are_judged_as_openssl_judges_them(name: str, tmp_path: Path) -> None:
    response, data, chain = vector(name)
    expected = VECTOR_VERDICTS[name]
    authority = Authority("vector", "http://127.0.0.1/", (chain[-1],))
    found: Reason | TimeStamp
    try:
        found = verify_response(response, None, data, authority, chain=chain[:-1])
    except TimeStampError as error:
        found = error.reason
    pem = [one.public_bytes(Encoding.PEM) for one in chain]
    at = int(read_response(response).time.timestamp())
    between = b"".join(pem[:-1])
    judged = openssl_accepts(tmp_path, response, data, at, pem[-1], between)
    assert judged == isinstance(found, TimeStamp)
    assert (None if isinstance(found, TimeStamp) else found) is expected


def test_certificates_put_into_a_stamp_do_not_become_its_signer() -> None:
    response, data, chain = vector("test_tsa/response-injected-certs.tsr")
    inside = [one.subject.rfc4514_string() for one in read_response(response).certificates]
    assert "CN=Spoofed TSA" in inside
    authority = Authority("vector", "http://127.0.0.1/", (chain[-1],))
    assert verify_response(response, None, data, authority, chain=chain).signer == chain[0]
    spoofed = [one for one in read_response(response).certificates if one not in chain]
    for one in spoofed:
        stranger = Authority("vector", "http://127.0.0.1/", (one,))
        assert reason_of(response, None, stranger, data) is Reason.UNKNOWN_AUTHORITY


def test_a_stamp_without_its_certificate_needs_the_kept_one() -> None:
    response, data, chain = vector("sigstage/response-no-embedded-cert.tsr")
    authority = Authority("vector", "http://127.0.0.1/", (chain[-1],))
    assert reason_of(response, None, authority, data) is Reason.NO_CERTIFICATE
    assert verify_response(response, None, data, authority, chain=chain).signer == chain[0]


def test_a_kept_chain_is_trusted_no_more_than_an_embedded_one() -> None:
    response, data, chain = vector("sigstage/response-sha256.tsr")
    other = Authority("other", "http://127.0.0.1/", (issue_root("other").certificate,))
    with pytest.raises(TimeStampError) as caught:
        verify_response(response, None, data, other, chain=chain)
    assert caught.value.reason is Reason.UNKNOWN_AUTHORITY


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, bytes, Authority]]:
    with OddAuthority(tmp_path_factory.mktemp("tsa")) as tsa:
        yield (*stamped(tsa), tsa.real)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_response_with_any_byte_changed_says_the_same_or_is_refused(
    data: st.DataObject, good: tuple[bytes, bytes, Authority]
) -> None:
    query, response, authority = good
    at = data.draw(st.integers(0, len(response) - 1))
    byte = data.draw(st.integers(0, 255))
    changed_response = response[:at] + bytes([byte]) + response[at + 1 :]
    try:
        found = verify_response(changed_response, query, DATA, authority)
    except TimeStampError:
        return
    intact = verify_response(response, query, DATA, authority)
    assert (found.time, found.serial, found.path) == (intact.time, intact.serial, intact.path)


@pytest.mark.long
@pytest.mark.parametrize("name", VECTOR_VERDICTS)
def test_no_byte_of_a_strangers_stamp_can_be_changed_into_a_traceback(name: str) -> None:
    response, data, chain = vector(name)
    authority = Authority("vector", "http://127.0.0.1/", (chain[-1],))
    told = read_response(response).time
    refused = 0
    for at, byte in itertools.product(range(len(response)), (0x55, 0xFF)):
        try:
            changed_response = response[:at] + bytes([byte]) + response[at + 1 :]
            found = verify_response(changed_response, None, data, authority, chain=chain[:-1])
            assert found.time == told
        except TimeStampError:
            refused += 1
    assert refused > len(response) // 2


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_cut_or_arbitrary_bytes_are_a_verdict_and_never_a_traceback(
    data: st.DataObject, good: tuple[bytes, bytes, Authority]
) -> None:
    query, response, authority = good
    cut = st.integers(0, len(response) - 1).map(lambda n: response[:n])
    added = st.binary(min_size=1, max_size=9).map(lambda more: response + more)
    nested = st.integers(1, LARGEST).map(lambda n: (b"\x30\x80" * n)[: LARGEST + 1])
    bad = data.draw(st.one_of(st.binary(max_size=200), cut, added, nested))
    assert reason_of(bad, query, authority) is Reason.UNREADABLE
    with pytest.raises(TimeStampError):
        verify_response(response, bad, DATA, authority)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_list_with_any_byte_changed_never_passes_revocation(
    data: st.DataObject, listed: tuple[bytes, CertPath]
) -> None:
    crl, path = listed
    at = data.draw(st.integers(0, len(crl) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != crl[at]))
    try:
        bad = x509.load_der_x509_crl(crl[:at] + bytes([byte]) + crl[at + 1 :])
    except UNREADABLE:
        return
    assert check_revocation(path, [bad], NOW).verdict is Verdict.NOT_CHECKED


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, CertPath]:
    with OddAuthority(tmp_path_factory.mktemp("tsa")) as tsa:
        tsa.list_revoked()
        assert tsa.crl is not None
        path = (tsa.signer.certificate, tsa.root.certificate)
        assert check_revocation(path, crls_of(tsa), NOW).verdict is Verdict.PASSED
        return tsa.crl, path


def test_an_oversized_response_is_not_even_looked_at(tsa: OddAuthority) -> None:
    query, response = stamped(tsa)
    assert reason_of(response + bytes(LARGEST), query, tsa.real) is Reason.UNREADABLE


def test_a_weak_digest_proves_nothing(tsa: OddAuthority) -> None:
    imprint = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}
    weak = changed(request(DATA), message_imprint=imprint)
    assert not read_request(weak).imprint.is_of(DATA)


def test_an_authority_is_named_as_its_files_can_be() -> None:
    for name in ("", "A", "../up", "a.b", "a" * 41, "-a"):
        with pytest.raises(UsageError):
            Authority(name, "http://127.0.0.1/", ())

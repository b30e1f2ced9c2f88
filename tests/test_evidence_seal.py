"""The institution's signature, judged by Poppler, OpenSSL and NSS, none of which made it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from archive.errors import NetworkError, UsageError
from archive.evidence.pdf import certification_pdf
from archive.evidence.seal import (
    Seal,
    seal_from_pem,
    seal_from_pkcs12,
    sign_detached,
    sign_pdf,
)
from tests.certificates import NOW, Issued, issue
from tests.certifications import certification
from tests.shared import program

MANIFEST = b"0123 bagit.txt\n4567 manifest-sha256.txt\n"
KEYS: dict[str, Callable[[], ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


@dataclass(frozen=True)
class Institution:
    """A root, an authority under it, and the certificate for seals, with its seal."""

    root: Issued
    middle: Issued
    leaf: Issued

    @property
    def seal(self) -> Seal:
        return Seal(self.leaf.key, self.leaf.certificate, (self.middle.certificate,))


@pytest.fixture(scope="module", params=KEYS)
def institution(request: pytest.FixtureRequest) -> Institution:
    root = issue("Test root", authority=True)
    middle = issue("Test authority", root, authority=True)
    return Institution(root, middle, issue("Example Library", middle, key=KEYS[request.param]()))


@pytest.fixture(scope="module")
def paper() -> bytes:
    return certification_pdf(certification(), "us-federal")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bytes]:
    """A time-stamp authority of OpenSSL's, in a folder of its own."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "serial").write_text("01\n")
    (folder / "conf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\n"
    )
    openssl = program("openssl")
    made = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem"
    )
    subject = ["-subj", "/CN=Test stamps", "-addext", "extendedKeyUsage=critical,timeStamping"]
    subprocess.run([openssl, *made.split(), *subject], cwd=folder, check=True, capture_output=True)

    def stamp(request: bytes) -> bytes:
        (folder / "query").write_bytes(request)
        reply = "ts -reply -config conf -queryfile query -out reply"
        subprocess.run([openssl, *reply.split()], cwd=folder, check=True, capture_output=True)
        return (folder / "reply").read_bytes()

    return stamp


def pdfsig(pdf: bytes, folder: Path, *trusted: Issued) -> str:
    """What Poppler says of the signatures, where only `trusted` are trusted (by NSS)."""
    certutil = [program("certutil"), "-d", f"sql:{folder}"]
    (folder / "signed.pdf").write_bytes(pdf)
    subprocess.run([*certutil, "-N", "--empty-password"], check=True, capture_output=True)
    for one in trusted:
        (folder / "root.pem").write_bytes(one.pem)
        add = ["-A", "-n", "root", "-t", "C,C,C", "-i", str(folder / "root.pem")]
        subprocess.run([*certutil, *add], check=True, capture_output=True)
    judge = [program("pdfsig"), "-nssdir", f"sql:{folder}", str(folder / "signed.pdf")]
    return subprocess.run(judge, capture_output=True, check=False, text=True).stdout


def cms_verify(signature: bytes, content: bytes, root: Issued, folder: Path) -> int:
    for name, data in (("root.pem", root.pem), ("content", content), ("signature", signature)):
        (folder / name).write_bytes(data)
    judge = "cms -verify -binary -cades -purpose any -inform PEM -in signature -content content"
    order = [program("openssl"), *judge.split(), "-CAfile", "root.pem", "-out", "out"]
    return subprocess.run(order, cwd=folder, capture_output=True, check=False).returncode


def test_poppler_accepts_the_signature_and_the_chain(
    institution: Institution, paper: bytes, tmp_path: Path
) -> None:
    signed = sign_pdf(paper, institution.seal, NOW, reason="Seal of the archive")
    assert signed.startswith(paper)
    told = pdfsig(signed, tmp_path, institution.root)
    assert "Signature is Valid." in told
    assert "Certificate is Trusted." in told
    assert "ETSI.CAdES.detached" in told
    assert "Total document signed" in told
    assert "Example Library" in told


def test_poppler_does_not_trust_another_root(
    institution: Institution, paper: bytes, tmp_path: Path
) -> None:
    told = pdfsig(sign_pdf(paper, institution.seal, NOW), tmp_path, issue("Other", authority=True))
    assert "Certificate issuer is unknown." in told


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.99])
def test_a_flipped_byte_of_the_pdf_is_refused(
    institution: Institution, paper: bytes, tmp_path: Path, place: float
) -> None:
    signed = bytearray(sign_pdf(paper, institution.seal, NOW))
    signed[int(len(paper) * place)] ^= 1
    assert "Signature is Valid." not in pdfsig(bytes(signed), tmp_path, institution.root)


def test_what_is_appended_after_the_signature_shows(
    institution: Institution, paper: bytes, tmp_path: Path
) -> None:
    signed = sign_pdf(paper, institution.seal, NOW) + b"\n% more\n%%EOF\n"
    assert "Total document signed" not in pdfsig(signed, tmp_path, institution.root).replace(
        "Not total document signed", ""
    )


def test_the_time_of_signing_is_the_one_given(
    institution: Institution, paper: bytes, tmp_path: Path
) -> None:
    told = pdfsig(sign_pdf(paper, institution.seal, datetime(2026, 1, 2, 12, tzinfo=UTC)), tmp_path)
    assert "Signing Time: Jan 02 2026" in told


def test_a_time_stamp_is_asked_for_once_and_put_into_both_signatures(
    institution: Institution,
    paper: bytes,
    authority: Callable[[bytes], bytes],
    tmp_path: Path,
) -> None:
    asked: list[bytes] = []

    def stamp(request: bytes) -> bytes:
        asked.append(request)
        return authority(request)

    signed = sign_pdf(paper, institution.seal, NOW, stamp=stamp)
    assert len(asked) == 1
    assert "Signature is Valid." in pdfsig(signed, tmp_path, institution.root)
    (contents,) = re.findall(rb"/Contents ?<([0-9a-fA-F]+)>", signed)
    detached = sign_detached(MANIFEST, institution.seal, NOW, stamp=stamp)
    assert cms_verify(detached, MANIFEST, institution.root, tmp_path) == 0
    (tmp_path / "pem").write_bytes(detached)
    (tmp_path / "der").write_bytes(bytes.fromhex(contents.decode()))
    for form in ("pem", "der"):
        show = f"cms -cmsout -noout -print -inform {form.upper()} -in {form}"
        order = [program("openssl"), *show.split()]
        told = subprocess.run(order, cwd=tmp_path, capture_output=True, check=True, text=True)
        assert "id-smime-aa-timeStampToken" in told.stdout


@pytest.mark.parametrize("answer", [b"", b"no", b"0\x03\x02\x01\x02", b"0\x80"])
def test_an_answer_that_is_no_time_stamp_is_an_error_of_the_far_side(
    institution: Institution, paper: bytes, answer: bytes
) -> None:
    with pytest.raises(NetworkError):
        sign_pdf(paper, institution.seal, NOW, stamp=lambda _: answer)
    with pytest.raises(NetworkError):
        sign_detached(MANIFEST, institution.seal, NOW, stamp=lambda _: answer)


def test_a_stamp_over_something_else_is_refused(
    institution: Institution, paper: bytes, authority: Callable[[bytes], bytes]
) -> None:
    seen: list[bytes] = []

    def stamp(request: bytes) -> bytes:
        seen.append(authority(request))
        return seen[0]

    sign_detached(b"something else", institution.seal, NOW, stamp=stamp)
    with pytest.raises(NetworkError):
        sign_pdf(paper, institution.seal, NOW, stamp=stamp)


def test_openssl_accepts_the_detached_signature_over_those_bytes_only(
    institution: Institution, tmp_path: Path
) -> None:
    signature = sign_detached(MANIFEST, institution.seal, NOW)
    assert signature.startswith(b"-----BEGIN CMS-----")
    assert cms_verify(signature, MANIFEST, institution.root, tmp_path) == 0
    assert cms_verify(signature, MANIFEST[:-1] + b" ", institution.root, tmp_path) != 0
    assert cms_verify(signature, MANIFEST, issue("Other", authority=True), tmp_path) != 0
    middle = len(signature) // 2
    flipped = signature[:middle] + bytes([signature[middle] ^ 1]) + signature[middle + 1 :]
    assert cms_verify(flipped, MANIFEST, institution.root, tmp_path) != 0


@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_a_seal_is_read_from_pkcs12_and_from_pem(
    institution: Institution, tmp_path: Path, passphrase: bytes | None
) -> None:
    leaf = institution.leaf
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    file = pkcs12.serialize_key_and_certificates(
        b"seal", leaf.key, leaf.certificate, [institution.middle.certificate], encryption
    )
    key = leaf.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    chain = leaf.pem + institution.middle.pem
    for seal in (seal_from_pkcs12(file, passphrase), seal_from_pem(key, chain, passphrase)):
        signature = sign_detached(MANIFEST, seal, NOW)
        assert cms_verify(signature, MANIFEST, institution.root, tmp_path) == 0
    wrong = b"wrong" if passphrase else b"needless"
    with pytest.raises(UsageError):
        seal_from_pkcs12(file, wrong)
    with pytest.raises(UsageError):
        seal_from_pem(key, chain, wrong)
    with pytest.raises(UsageError):
        seal_from_pem(key, issue("Somebody else").pem, passphrase)


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_key_is_an_error_of_the_configuration(junk: bytes) -> None:
    with pytest.raises(UsageError):
        seal_from_pkcs12(junk)
    with pytest.raises(UsageError):
        seal_from_pem(junk, junk)


def test_an_ed25519_key_cannot_seal_for_openssl_cannot_judge_it(institution: Institution) -> None:
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(UsageError, match="neither RSA nor of a NIST curve"):
        seal_from_pem(key, institution.leaf.pem)

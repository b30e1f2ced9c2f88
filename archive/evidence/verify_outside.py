"""Steps 7 and 10: what outsiders vouch for, time stamps over the checkpoint and a seal over the bag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from asn1crypto import cms, pem
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from archive.errors import DamagedError, Error
from archive.evidence.certpath import UNREADABLE
from archive.evidence.timestamp import TEST_WORDS, Authority, TimeStamp, verify_response
from archive.evidence.verify_bag import SEAL
from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles, failure
from archive.evidence.verify_leaves import leaves
from archive.evidence.verify_log import CHECKPOINT, EARLIER
from archive.times import from_text
from archive.verdict import Verdict

ALLOWANCE = timedelta(seconds=60)
"""By how much a leaf may say a later time than a stamp over it: well-kept clocks differ by less."""
TAG_MANIFEST = "tagmanifest-sha256.txt"
_LIMIT = 4 << 20
_END_OF_CRL = b"-----END X509 CRL-----"
_ODD = (
    *UNREADABLE,
    UnsupportedAlgorithm,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    ArithmeticError,
    RecursionError,
)
"""What readers of ASN.1 and CMS raise for bytes that are neither."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a verified stamp says, in words, and whether it counts."""

    words: str
    real: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """An authority as the package names it, and what it keeps of it."""

    authority: Authority
    chain: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]

    @classmethod
    def read(cls, files: PackageFiles, name: str, authority: str) -> Kept:
        """What is kept in the files `timestamps/NAME.…`. Raises `Error`."""
        base = f"timestamps/{name}"
        told = files.read(f"{base}.authority.txt", _LIMIT).split(b"\n")
        if (b"test yes" in told) == (b"test no" in told):
            raise PackageError(f"{base}.authority.txt does not say whether it is a test")
        try:
            roots = x509.load_pem_x509_certificates(files.read(f"{base}.roots.pem", _LIMIT))
            kept = _optional(files, f"{base}.chain.pem")
            chain = x509.load_pem_x509_certificates(kept) if kept else []
            parts = _optional(files, f"{base}.crl.pem").split(_END_OF_CRL)[:-1]
            crls = [x509.load_pem_x509_crl(part + _END_OF_CRL + b"\n") for part in parts]
        except ValueError as error:
            raise PackageError(f"a certificate or list that cannot be read: {error}") from error
        found = Authority(authority, "", tuple(roots), b"test yes" in told)
        return cls(found, tuple(chain), tuple(crls))


def check_stamped(files: PackageFiles) -> Found:
    """Step 7: the stamps over the checkpoint; those of test authorities alone prove nothing."""
    failures: list[Failure] = []
    found: list[Stamped] = []
    for tsr in (*files.named(r"timestamps/[^/]+\.tsr"), *files.named(rf"{EARLIER}[^/]+\.tsr")):
        try:
            stamp, words = _stamp(files, tsr)
        except DamagedError as error:
            failures.append(failure(error, tsr))
            continue
        late = list(_later(files, tsr, stamp))
        failures += [Failure(tsr, what) for what in late]
        found.append(Stamped(words, not stamp.test))
    for name in files.named(r"timestamps/.+\.(tsq|authority\.txt)"):
        tsr = f"{name.removesuffix('.tsq').removesuffix('.authority.txt')}.tsr"
        if tsr not in files:
            failures.append(Failure(tsr, "missing"))
    words = "; ".join(stamped.words for stamped in found)
    if any(stamped.real for stamped in found):
        return Found(words, failures)
    return Found(words, failures, words or "no time stamp")


def check_sealed(files: PackageFiles) -> Found:
    """Step 10: whose seal it is, where there is one."""
    stamp = f"{SEAL}.tsr"
    if SEAL not in files:
        return Found("", [Failure(SEAL, "missing")] if stamp in files else [], "no signature")
    try:
        data = files.read(SEAL, _LIMIT)
        words = _sealed(data, files.read(TAG_MANIFEST))
    except DamagedError as error:
        return Found("", [failure(error, SEAL)])
    if stamp not in files:
        return Found(words)
    if not any(_stamps(files, name, data) for name in files.named(r"timestamps/[^/]+\.roots\.pem")):
        return Found(words, [Failure(stamp, f"not a stamp of {SEAL} by a known authority")])
    return Found(f"{words}, time stamp verified")


def _stamp(files: PackageFiles, tsr: str) -> tuple[TimeStamp, str]:
    name = tsr.removeprefix("timestamps/").removesuffix(".tsr")
    folder, _, authority = name.rpartition("/")
    kept = Kept.read(files, name, authority)
    query = f"timestamps/{name}.tsq"
    stamp = verify_response(
        files.read(tsr, _LIMIT),
        files.read(query, _LIMIT) if query in files else None,
        files.read(f"timestamps/{folder}/checkpoint" if folder else CHECKPOINT, _LIMIT),
        kept.authority,
        chain=kept.chain,
        crls=kept.crls,
    )
    roots = " ".join(root.fingerprint(hashes.SHA256()).hex() for root in kept.authority.roots)
    checked = "checked" if stamp.revocation.verdict is Verdict.PASSED else "not checked"
    words = f"{name} {stamp.time:%Y-%m-%dT%H:%M:%SZ}, root sha256 {roots}, revocation {checked}"
    return stamp, f"{words}, {TEST_WORDS}" if stamp.test else words


def _later(files: PackageFiles, tsr: str, stamp: TimeStamp) -> Iterator[str]:
    """Leaves of a time after a stamp that covers them: a clock was wrong, and nobody knows which."""
    folder = tsr.rpartition("/")[0]
    for leaf in leaves(files):
        if folder != "timestamps" and f"{folder}/{leaf.id}.tlog-proof" not in files:
            continue
        try:
            told = from_text(leaf.text("time") or "")
        except Error:
            continue  # steps 2 and 4 tell of it
        if told.replace(microsecond=0) > stamp.time.replace(microsecond=0) + ALLOWANCE:
            yield f"the leaf in {leaf.folder} says a later time, {leaf.text('time')}: a clock was wrong"


def _stamps(files: PackageFiles, roots: str, data: bytes) -> bool:
    try:
        name = roots.removeprefix("timestamps/").removesuffix(".roots.pem")
        kept = Kept.read(files, name, name)
        response = files.read(f"{SEAL}.tsr", _LIMIT)
        verify_response(response, None, data, kept.authority, chain=kept.chain)
    except Error:
        return False
    return True


def _sealed(signature: bytes, data: bytes) -> str:
    """Whose certificate signed `data` (CMS, detached). Raises `PackageError`."""
    # Loaded for a seal alone: it takes as long to load as all else that a verification needs.
    from pyhanko.sign.general import (  # noqa: PLC0415
        extract_certificate_info,
        extract_signer_info,
    )
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity  # noqa: PLC0415

    try:
        _, _, der = pem.unarmor(signature)
        signed = cms.ContentInfo.load(der, strict=True)["content"]
        signer = extract_signer_info(signed)
        certificate = extract_certificate_info(signed).signer_cert
        algorithm = signer["digest_algorithm"]["algorithm"].native
        if algorithm not in {"sha256", "sha384", "sha512"}:
            raise PackageError(f"a signature over {algorithm}")
        digest = hashlib.new(algorithm, data).digest()
        intact, valid = validate_sig_integrity(signer, certificate, "data", digest)
        found = x509.load_der_x509_certificate(certificate.dump())
        names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except _ODD as error:
        raise PackageError(f"not a signature over {TAG_MANIFEST}: {error}") from error
    if not (intact and valid):
        raise PackageError(f"not a signature over {TAG_MANIFEST}")
    subject = str(names[0].value) if names else ""
    return f"{subject}, certificate sha256 {found.fingerprint(hashes.SHA256()).hex()}"


def _optional(files: PackageFiles, name: str) -> bytes:
    return files.read(name, _LIMIT) if name in files else b""

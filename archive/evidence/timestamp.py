"""Time stamps of RFC 3161: outside time for bytes, verified at the time that they tell.

A stamp proves that its bytes existed no later than its time, on the word of an authority. Nothing
here asks for the present: a stamp holds on after its authority's certificate ended, unless that
was revoked in a way that voids it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from archive.errors import UsageError
from archive.evidence.certpath import (
    CertPath,
    check_revocation,
    ends,
    find_path,
    readable,
    require_purpose,
)
from archive.evidence.stamp_errors import Reason, TimeStampError
from archive.evidence.stamp_token import (
    Imprint,
    StampToken,
    new_request,
    read_request,
    read_response,
)
from archive.times import to_text
from archive.verdict import Check

TEST_WORDS = "test authority, proves nothing"
"""Stands wherever the stamp of a test authority is spoken of."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CERTIFICATE_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 -- names a certificate (RFC 3161); its signature is checked
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class Authority:
    """A time-stamp authority as the operator has chosen it. Raises `UsageError`."""

    name: str
    """Lower-case letters, digits and hyphens: it names the files of its stamps."""
    url: str
    roots: tuple[x509.Certificate, ...]
    """The only certificates that its stamps may end in."""
    test: bool = False
    """It is there to try things out; its stamps prove nothing and never count."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"not a name for a time-stamp authority: {self.name!r}",
                advice="use at most 40 lower-case letters, digits and hyphens",
            )
        if len(list(readable(self.roots))) != len(self.roots):
            raise UsageError(f"a root certificate of {self.name} cannot be read")


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A stamp that was verified."""

    authority: str
    time: datetime
    serial: int
    policy: str
    digest: Imprint
    path: CertPath
    """From the signer's certificate to the root."""
    revocation: Check
    test: bool

    @property
    def signer(self) -> x509.Certificate:
        return self.path[0]

    @property
    def ends(self) -> datetime:
        """When the first certificate of its chain ends; it should be renewed before."""
        return ends(self.path)

    def __str__(self) -> str:
        text = f"{to_text(self.time)} by {self.authority}"
        return f"{text} ({TEST_WORDS})" if self.test else text


def request(data: bytes, nonce: int | None = None) -> bytes:
    """What to send for a stamp over `data`: its SHA-256, a nonce (64 random bits unless given)."""
    return new_request(data, nonce)


def verify_response(
    response: bytes,
    request: bytes | None,
    data: bytes,
    authority: Authority,
    *,
    chain: Sequence[x509.Certificate] = (),
    crls: Sequence[x509.CertificateRevocationList] = (),
) -> TimeStamp:
    """Verify that `response` stamps `data` by the word of `authority`, as of the stamp's own time.

    `request` is what it must answer, where that was kept; `chain` are certificates kept beside it,
    which are trusted no more than embedded ones. Raises `TimeStampError` with its reason. That
    revocation could not be checked does not refuse a stamp: see `TimeStamp.revocation`.
    """
    token = read_response(response)
    _require_answer(token, request, data)
    certificates = list(readable([*token.certificates, *chain]))
    signer = _signer(token, certificates)
    require_purpose(signer)
    path = find_path(signer, certificates, authority.roots, token.time)
    _require_signature(token, path, data)
    return TimeStamp(
        authority=authority.name,
        time=token.time,
        serial=token.serial,
        policy=token.policy,
        digest=token.imprint,
        path=path,
        revocation=check_revocation(path, crls, token.time),
        test=authority.test,
    )


def _require_answer(token: StampToken, request: bytes | None, data: bytes) -> None:
    asked = read_request(request) if request is not None else None
    if not token.imprint.is_of(data) or (asked and asked.imprint != token.imprint):
        raise TimeStampError(Reason.WRONG_DIGEST, f"it stamps {token.imprint}, not these bytes")
    if asked and asked.nonce != token.nonce:
        raise TimeStampError(Reason.WRONG_NONCE, "it answers another request")


def _signer(token: StampToken, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signed attributes name by its digest, not the one that looks apt."""
    algorithm = _CERTIFICATE_HASHES.get(token.signer.algorithm)
    for certificate in certificates:
        if algorithm and certificate.fingerprint(algorithm) == token.signer.digest:
            return certificate
    raise TimeStampError(
        Reason.NO_CERTIFICATE, "the certificate of its signer is neither in it nor kept beside it"
    )


def _require_signature(token: StampToken, path: CertPath, data: bytes) -> None:
    """Let a reader of other make verify signature, chain and digest, by OpenSSL."""
    verifier = VerifierBuilder(
        tsa_certificate=path[0], intermediates=list(path[1:-1]), roots=[path[-1]]
    ).build()
    try:
        read = decode_timestamp_response(token.response_with(path[0]))
        alike = (read.tst_info.gen_time, read.tst_info.serial_number) == (token.time, token.serial)
    except ValueError as error:
        raise TimeStampError(Reason.UNREADABLE, f"no strict DER: {error}") from error
    if not alike:
        raise TimeStampError(Reason.UNREADABLE, "two readers do not read the same in it")
    try:
        verifier.verify_message(read, data)
    except (VerificationError, ValueError) as error:
        said = "it is not the signer's over these bytes"
        raise TimeStampError(Reason.BAD_SIGNATURE, said) from error


def openssl_command(name: str, stamp: TimeStamp, *, crl: bool = False) -> str:
    """What verifies the kept stamp `name` in its folder without this program, by OpenSSL 3.

    It judges the chain at the stamp's time. With `crl` it also asks the kept list, which fails for
    a certificate that was revoked later for a harmless reason: OpenSSL does not look at the date.
    The root in the chain file has to be compared with one from the authority itself.
    """
    chain = f"{name}.chain.pem"
    trust = f"{name}.ca.pem" if crl else chain
    verify = (
        f"openssl ts -verify -data checkpoint -in {name}.tsr -CAfile {trust} -untrusted {chain} "
        f"-attime {int(stamp.time.timestamp())}"
    )
    return f"cat {chain} {name}.crl.pem > {trust} && {verify} -crl_check" if crl else verify

"""Chains of certificates at an instant of the past, and their revocation (RFC 5280; RFC 3161, 4)."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archive.evidence.stamp_errors import Reason, TimeStampError
from archive.times import to_text
from archive.verdict import Check, Verdict

CertPath = tuple[x509.Certificate, ...]
"""The signer's certificate, those between, and a root."""

UNREADABLE = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What cryptography raises when it reads a part of a certificate or list, which it does late."""

KEY_STAYED_SECRET = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""Said as the reason, they leave earlier stamps valid; no reason given voids all (RFC 3161, 4.1)."""


def readable(certificates: Iterable[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Those of which every part that matters here can be read; the others are part of no chain."""
    return (certificate for certificate in certificates if _is_readable(certificate))


def _is_readable(certificate: x509.Certificate) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd names, which are for their issuer to answer
            _ = certificate.subject, certificate.issuer, certificate.version, certificate.extensions
            _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNREADABLE:
        return False
    return True


def find_path(
    signer: x509.Certificate,
    others: Iterable[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> CertPath:
    """A chain from the signer to one of `roots`, each certificate valid at the instant `at`.

    Certificates among `others` may lie between, whatever they say of themselves; only `roots` are
    trusted. Raises `TimeStampError` (unknown-authority, expired-at-stamping).
    """
    known = [*roots, *others]
    path = _walk(signer, known, roots, at)
    if path is not None:
        return path
    if _walk(signer, known, roots, None) is None:
        name = name_of(signer.subject)
        raise TimeStampError(
            Reason.UNKNOWN_AUTHORITY, f"no chain from {name!r} to a root of this authority"
        )
    raise TimeStampError(
        Reason.EXPIRED_AT_STAMPING, f"a certificate of the chain was not valid at {to_text(at)}"
    )


def _walk(
    signer: x509.Certificate,
    known: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime | None,
) -> CertPath | None:
    """Breadth first; each certificate is looked at once, so that no tangle takes long."""
    trails: deque[CertPath] = deque([(signer,)])
    seen = {signer}
    while trails:
        trail = trails.popleft()
        last = trail[-1]
        if at is not None and not _valid(last, at):
            continue
        if last in roots:
            return trail
        for issuer in known:
            if issuer not in seen and _issued(issuer, last):
                seen.add(issuer)
                trails.append((*trail, issuer))
    return None


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer or not _may_issue(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return constraints.ca
    return constraints.ca and usage.key_cert_sign


def require_purpose(signer: x509.Certificate) -> None:
    """The certificate is for time stamps and nothing else, and says so as critical (RFC 3161, 2.3).

    Raises `TimeStampError` (wrong-purpose).
    """
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        only = list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING] and usage.critical
    except x509.ExtensionNotFound:
        only = False
    if not only:
        name = name_of(signer.subject)
        raise TimeStampError(Reason.WRONG_PURPOSE, f"{name!r} is not for time stamps alone")


def check_revocation(
    path: CertPath, crls: Sequence[x509.CertificateRevocationList], at: datetime
) -> Check:
    """What the lists say of each certificate below the root, for a stamp of the instant `at`.

    *Not checked* where a list is missing, is not of that time, or does not speak of such
    certificates. Raises `TimeStampError` (revoked).
    """
    missing = []
    for certificate, issuer in pairwise(path):
        own = [crl for crl in crls if _signed(crl, issuer)]
        for crl in own:
            _refuse_revoked(certificate, crl, at)
        if not any(_speaks_of(crl, certificate, at) for crl in own):
            name = name_of(issuer.subject)
            missing.append(f"no CRL of {name!r} for that time" if own else f"no CRL of {name!r}")
    if len(path) < 2:
        missing.append("the certificate is its own root")
    verdict = Verdict.NOT_CHECKED if missing else Verdict.PASSED
    return Check("revocation", verdict, "; ".join(missing))


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.issuer == issuer.subject and crl.is_signature_valid(
            issuer.public_key()  # type: ignore[arg-type]
        )
    except (*UNREADABLE, UnsupportedAlgorithm):
        return False


def _refuse_revoked(
    certificate: x509.Certificate, crl: x509.CertificateRevocationList, at: datetime
) -> None:
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return
    since = entry.revocation_date_utc
    reason = _reason(entry)
    if reason is x509.ReasonFlags.remove_from_crl:
        return
    if since > at and reason in KEY_STAYED_SECRET:
        return
    name = name_of(certificate.subject)
    said = reason.value if reason else "no reason given"
    raise TimeStampError(Reason.REVOKED, f"{name!r} was revoked on {to_text(since)}, {said}")


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (*UNREADABLE, x509.ExtensionNotFound):
        return None


def _speaks_of(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, at: datetime
) -> bool:
    """A whole list, in force at `at` or made later, and before an ended certificate leaves it."""
    until = crl.next_update_utc or crl.last_update_utc
    if until < at or crl.last_update_utc > certificate.not_valid_after_utc:
        return False
    try:
        return not any(extension.critical for extension in crl.extensions)
    except UNREADABLE:
        return False


def name_of(name: x509.Name) -> str:
    """How a person would call it: the common name, or all of it (RFC 4514)."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def ends(path: CertPath) -> datetime:
    """When the first certificate of the chain ends."""
    return min(certificate.not_valid_after_utc for certificate in path).astimezone(UTC)

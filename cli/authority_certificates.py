"""Certificates of a test authority: a root that says what it is worth, and signers below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli import clock

ROOT = "TEST AUTHORITY, PROVES NOTHING"
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def issue_root(name: str = ROOT) -> Issued:
    """A root of its own, in force for ten years, which may issue and revoke."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = clock.now()
    usage = _usage(signs_certificates=True)
    builder = _builder(_named(name), _named(name), key, now - 10 * YEAR, now + 10 * YEAR)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Issued(builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key)


def issue_signer(
    root: Issued, start: datetime, end: datetime, *, crl: str | None = None, purpose: bool = True
) -> Issued:
    """A certificate for time stamps (RFC 3161, 2.3); without `purpose`, one that is for nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named(root.certificate.subject.rfc4514_string().removeprefix("CN=") + ", signer")
    builder = _builder(name, root.certificate.subject, key, start, end)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    if purpose:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    if crl is not None:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    return Issued(builder.sign(root.key, hashes.SHA256()), key)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start.astimezone(UTC))
        .not_valid_after(end.astimezone(UTC))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )

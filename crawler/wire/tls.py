"""TLS as evidence: any certificate is accepted, and what it is worth is said at once.

The handshake refuses nobody, so that a page behind an expired certificate is captured too; the chain
that came is then verified against the trusted roots for the host that was asked, at the clock's time.
"""

from __future__ import annotations

import hashlib
import ssl
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from OpenSSL import crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)

from archive.times import Clock
from crawler.wire.addresses import is_address
from crawler.wire.egress import TlsPolicy
from crawler.wire.exchange import TlsFacts

VALID = ("valid",)
OLD_PROTOCOLS = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
PROTOCOL_REASONS = (
    "PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
    "NO_PROTOCOLS",
    "VERSION_TOO_LOW",
)
_ERRORS = {
    2: "unknown-issuer",
    7: "bad-signature",
    9: "not-yet-valid",
    10: "expired",
    18: "self-signed",
    19: "unknown-issuer",
    20: "unknown-issuer",
    21: "unknown-issuer",
    24: "invalid-issuer",
    26: "wrong-purpose",
    66: "weak-key",
    67: "weak-key",
    68: "weak-signature",
    79: "invalid-issuer",
}
"""OpenSSL's verify errors (`x509_vfy.h`), whose numbers are stable, as codes of ours."""
_TIME_ERRORS = frozenset({9, 10})
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, which pyOpenSSL does not name."""
_LEGACY_RENEGOTIATION = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT, named by `ssl` from Python 3.12 on."""


def client_context(policy: TlsPolicy) -> ssl.SSLContext:
    """A context that accepts any certificate and weak keys, old protocols only under `legacy`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    context.options |= _LEGACY_RENEGOTIATION
    if policy == "legacy":
        context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    else:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def failure_code(error: ssl.SSLError) -> str:
    """The stable code of a handshake that failed."""
    reason = (error.reason or str(error)).upper().replace(" ", "_")
    return "tls-protocol" if any(part in reason for part in PROTOCOL_REASONS) else "tls-handshake"


def sent_chain(session: Any) -> tuple[bytes, ...]:
    """The certificates as the server sent them, in DER, leaf first."""
    if hasattr(session, "get_unverified_chain"):  # Python 3.13
        return tuple(session.get_unverified_chain())
    chain = session._sslobj.get_unverified_chain() or ()
    return tuple(ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain)


class Trust:
    """The roots that a verdict rests on, and the verdicts given so far."""

    def __init__(self, roots: Iterable[bytes], clock: Clock) -> None:
        """`roots` in DER. Without any, chains are `not-checked`."""
        self._roots = list(_loaded(roots))
        self._clock = clock
        self._known: dict[tuple[str, str, str], tuple[str, ...]] = {}

    @classmethod
    def of_system(cls, clock: Clock) -> Trust:
        """The roots that this machine trusts."""
        path = ssl.get_default_verify_paths().cafile
        return cls.of_pem(Path(path).read_bytes() if path else b"", clock)

    @classmethod
    def of_pem(cls, pem: bytes, clock: Clock) -> Trust:
        blocks = pem.split(b"-----BEGIN CERTIFICATE-----")[1:]
        texts = ("-----BEGIN CERTIFICATE-----" + block.decode("latin-1") for block in blocks)
        ends = "-----END CERTIFICATE-----"
        return cls(
            [ssl.PEM_cert_to_DER_cert(text.partition(ends)[0] + ends) for text in texts], clock
        )

    def facts(self, session: Any, host: str) -> TlsFacts:
        """What was found on a connection whose handshake is done."""
        version, (cipher, _, _) = session.version(), session.cipher()
        chain = sent_chain(session)
        verdict = self.verdict(chain, host)
        if version in OLD_PROTOCOLS:
            verdict = (*(code for code in verdict if code != "valid"), "old-protocol")
        number = "1.0" if version == "TLSv1" else version.removeprefix("TLSv")
        return TlsFacts(f"tls/{number}", cipher, chain, verdict)

    def verdict(self, chain: tuple[bytes, ...], host: str) -> tuple[str, ...]:
        """`("valid",)`, or all that is wrong with this chain for this host. Kept for an hour."""
        now = self._clock()
        digest = hashlib.sha256(b"".join(chain)).hexdigest()
        key = (digest, host, now.strftime("%Y%m%d%H"))
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            found = self._known[key] = self._judge(chain, host, now)
        return found

    def _judge(self, chain: tuple[bytes, ...], host: str, now: datetime) -> tuple[str, ...]:
        if not chain:
            return ("no-certificate",)
        try:
            certificates = _parsed(chain)
            codes = self._path(certificates, now) + _weak(certificates)
            codes += [] if _names(certificates[0], host) else ["wrong-name"]
        except (ValueError, crypto.Error, x509.UnsupportedGeneralNameType):
            return ("malformed",)
        return tuple(dict.fromkeys(codes)) or VALID

    def _path(self, certificates: list[x509.Certificate], now: datetime) -> list[str]:
        """What OpenSSL finds on the way to a trusted root, with and without regard to the time."""
        if not self._roots:
            return ["not-checked"]
        number = self._verify(certificates, now, 0)
        codes = [_ERRORS.get(number, f"unverified-{number}")] if number else []
        if number in _TIME_ERRORS:
            beside = self._verify(certificates, now, _NO_CHECK_TIME)
            codes += [_ERRORS.get(beside, f"unverified-{beside}")] if beside else []
        elif number and (code := _dates(certificates[0], now)):
            codes.append(code)
        return codes

    def _verify(self, certificates: list[x509.Certificate], now: datetime, flags: int) -> int:
        """OpenSSL's error number, 0 for a good chain."""
        store = crypto.X509Store()
        for root in self._roots:
            store.add_cert(root)
        store.set_time(now)
        if flags:
            store.set_flags(flags)
        leaf, *others = (crypto.X509.from_cryptography(one) for one in certificates)
        try:
            crypto.X509StoreContext(store, leaf, others).verify_certificate()
        except crypto.X509StoreContextError as error:
            return int(error.errors[0])
        return 0


def _loaded(roots: Iterable[bytes]) -> Iterator[crypto.X509]:
    """A root that cannot be read leads nowhere, and is no reason to trust the others less."""
    for der in roots:
        with suppress(crypto.Error):
            yield crypto.load_certificate(crypto.FILETYPE_ASN1, der)


def _parsed(chain: Iterable[bytes]) -> list[x509.Certificate]:
    with warnings.catch_warnings():  # odd serial numbers and the like are told by the verdict
        warnings.simplefilter("ignore")
        return [x509.load_der_x509_certificate(der) for der in chain]


def _dates(leaf: x509.Certificate, now: datetime) -> str | None:
    if now > leaf.not_valid_after_utc:
        return "expired"
    return "not-yet-valid" if now < leaf.not_valid_before_utc else None


def _names(leaf: x509.Certificate, host: str) -> bool:
    """Whether the certificate names the host (RFC 9525)."""
    try:
        if is_address(host):
            verify_certificate_ip_address(leaf, host)
        else:
            verify_certificate_hostname(leaf, host)
    except (VerificationError, CertificateError):
        return False
    return True


def _weak(certificates: list[x509.Certificate]) -> list[str]:
    """Keys and signatures that no browser takes any more; a root's own signature counts nothing."""
    found = []
    for certificate in certificates:
        key = certificate.public_key()
        least = 2048 if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey) else 224
        if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey | ec.EllipticCurvePublicKey):
            found += ["weak-key"] if key.key_size < least else []
        algorithm = certificate.signature_hash_algorithm
        if (
            algorithm
            and algorithm.name in {"md5", "sha1"}
            and certificate.issuer != certificate.subject
        ):
            found.append("weak-signature")
    return found

"""The institution's signature: PAdES on a certification (EN 319 142-1), CAdES beside a package.

With a time stamp they are of level B-T, else B-B. The caller gives the time of signing, the key and
the way to a time-stamp authority; nothing here reads a clock or the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms, keys, pem, tsp, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate, load_pem_x509_certificates
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from archive.errors import NetworkError, UsageError

Stamp = Callable[[bytes], bytes]
"""An RFC 3161 request as DER to the authority's response as DER, which the caller has verified."""

FIELD = "Seal"
DIGEST = "sha256"
NOT_A_STAMP = (TimestampRequestError, ValueError, TypeError, KeyError, AttributeError)
"""What pyHanko and asn1crypto raise for an answer that is none, or is one to another question."""
ROOM = 32 << 10
"""Bytes kept in the PDF for the signature, its chain and its time stamp."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A private key (P-256 or another NIST curve, or RSA) with its certificate and chain."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise UsageError("the key for seals is neither RSA nor of a NIST curve")
        if self.key.public_key() != self.certificate.public_key():
            raise UsageError("the key for seals does not belong to its certificate")


def seal_from_pkcs12(data: bytes, passphrase: bytes | None = None) -> Seal:
    """A PKCS#12 file. Raises `UsageError` where it is none or the passphrase is wrong."""
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(error) from error
    if key is None or certificate is None:
        raise UsageError("the PKCS#12 file for seals lacks the key or its certificate")
    return Seal(key, certificate, tuple(chain))  # type: ignore[arg-type]


def seal_from_pem(key: bytes, chain: bytes, passphrase: bytes | None = None) -> Seal:
    """A private key and its chain, the certificate of the key first. Raises `UsageError`."""
    try:
        private = serialization.load_pem_private_key(key, passphrase)
        certificates = load_pem_x509_certificates(chain)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(error) from error
    return Seal(private, certificates[0], tuple(certificates[1:]))  # type: ignore[arg-type]


def sign_pdf(
    pdf: bytes, seal: Seal, time: datetime, *, reason: str = "", stamp: Stamp | None = None
) -> bytes:
    """The PDF with an invisible PAdES signature over all of it, in an appended update.

    Raises `NetworkError` where `stamp` answers with something that is no granted time stamp.
    """
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=DIGEST,
        reason=reason or None,
        subfilter=SigSeedSubFilter.PADES,
    )
    signer = _SignerAt(meta, _signer(seal), timestamper=_stamper(stamp))
    signer.time = time
    output = BytesIO()
    signing = signer.async_sign_pdf(
        IncrementalPdfFileWriter(BytesIO(pdf)), bytes_reserved=ROOM, output=output
    )
    asyncio.run(signing)
    return output.getvalue()


def sign_detached(data: bytes, seal: Seal, time: datetime, *, stamp: Stamp | None = None) -> bytes:
    """A detached CAdES signature over `data`, as PEM that `openssl cms -verify -binary` reads.

    Raises `NetworkError` as `sign_pdf` does.
    """
    signing = _signer(seal).async_sign_general_data(
        data,
        DIGEST,
        use_cades=True,
        timestamper=_stamper(stamp),
        signed_attr_settings=PdfCMSSignedAttributes(signing_time=time),
    )
    armoured: bytes = pem.armor("CMS", asyncio.run(signing).dump())
    return armoured


class _SignerAt(signers.PdfSigner):
    """Signs at the time given, where pyHanko would read the clock."""

    time: datetime

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.time
        return session


class _Stamper(TimeStamper):
    """Asks for time stamps through a function of the caller's."""

    def __init__(self, stamp: Stamp) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._stamp = stamp

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        try:
            return await super().async_timestamp(message_digest, md_algorithm)
        except NOT_A_STAMP as error:
            raise NetworkError(
                f"the time-stamp authority gave no time stamp: {error}",
                advice="sign without a time stamp, or try again later",
            ) from error

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._stamp(req.dump()))


def _stamper(stamp: Stamp | None) -> _Stamper | None:
    return _Stamper(stamp) if stamp else None


def _signer(seal: Seal) -> signers.SimpleSigner:
    key = seal.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register_multiple(map(_asn1, seal.chain))
    return signers.SimpleSigner(
        signing_cert=_asn1(seal.certificate),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=registry,
    )


def _asn1(certificate: Certificate) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _unreadable(error: Exception) -> UsageError:
    return UsageError(
        "the key or certificate for seals cannot be read",
        advice=f"see that the file is whole and the passphrase right ({error})",
    )

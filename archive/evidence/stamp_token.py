"""Read what a time-stamp authority is asked and what it answers (RFC 3161, 2.4), trusting neither.

Authorities answer with certificates in any order, where DER wants a SET sorted, and strict readers
refuse them. The certificates are outside the signature: this reader takes them out one by one, and
`StampToken.response_with` gives the signed part, byte for byte as it came, to the strict one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from asn1crypto import cms, parser, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive.evidence.stamp_errors import Reason, TimeStampError

LARGEST = 64 * 1024
"""Bytes of a response; real ones have one to ten thousand."""
HASHES = frozenset({"sha256", "sha384", "sha512"})
"""What may stand for the stamped bytes; nothing weaker proves anything."""
GRANTED = frozenset({"granted", "granted_with_mods"})


class TimeStampResp(tsp.TimeStampResp):  # type: ignore[misc]  # asn1crypto has no types
    """As in RFC 3161, 2.4.2: a refusal holds no token, which asn1crypto would not have."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is stamped: a digest, and the algorithm's name in hashlib."""

    algorithm: str
    digest: bytes

    def is_of(self, data: bytes) -> bool:
        return (
            self.algorithm in HASHES and hashlib.new(self.algorithm, data).digest() == self.digest
        )

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class StampRequest:
    imprint: Imprint
    nonce: int | None


@dataclass(frozen=True, slots=True)
class StampToken:
    """A response that was granted. Nothing of it is true until its signature was checked."""

    time: datetime
    serial: int
    policy: str
    imprint: Imprint
    nonce: int | None
    certificates: tuple[x509.Certificate, ...]
    """The embedded ones: strangers, all of them."""
    signer: Imprint
    """The digest by which the signed attributes name the signer's certificate (RFC 5816)."""
    _response: bytes = field(repr=False)

    def response_with(self, certificate: x509.Certificate) -> bytes:
        """The response with this certificate as the only embedded one, and nothing else unsigned."""
        _, token = _parts(self._response)
        kind, tagged = _parts(token)
        (signed,) = _parts(tagged)
        version, algorithms, content, *_outside, signers = _parts(signed)
        inside = _tagged(certificate.public_bytes(Encoding.DER))
        bare = _sequence(version, algorithms, content, inside, signers)
        status = tsp.PKIStatusInfo({"status": "granted"}).dump()
        return _sequence(status, _sequence(kind, _tagged(bare)))


def _parts(value: bytes) -> list[bytes]:
    """The values inside a constructed one, byte for byte."""
    rest = parser.parse(value)[4]
    parts = []
    while rest:
        length = parser.peek(rest)
        parts.append(rest[:length])
        rest = rest[length:]
    return parts


def _sequence(*parts: bytes) -> bytes:
    return bytes(parser.emit(0, 1, 16, b"".join(parts)))


def _tagged(part: bytes) -> bytes:
    """In the context's tag [0]."""
    return bytes(parser.emit(2, 1, 0, part))


def new_request(data: bytes, nonce: int | None = None) -> bytes:
    """The DER of a request for a stamp over `data`, with the authority's certificate in the answer."""
    imprint = {
        "hash_algorithm": {"algorithm": "sha256"},
        "hashed_message": hashlib.sha256(data).digest(),
    }
    query = {
        "version": "v1",
        "message_imprint": imprint,
        "nonce": secrets.randbits(64) if nonce is None else nonce,
        "cert_req": True,
    }
    return bytes(tsp.TimeStampReq(query).dump())


def read_request(request: bytes) -> StampRequest:
    """Raises `TimeStampError` (unreadable)."""
    with _reading("no time-stamp request"):
        query = tsp.TimeStampReq.load(request, strict=True)
        return StampRequest(_imprint(query["message_imprint"]), query["nonce"].native)


def read_response(response: bytes) -> StampToken:
    """Raises `TimeStampError` (unreadable, not-granted)."""
    if len(response) > LARGEST:
        raise TimeStampError(Reason.UNREADABLE, f"a response of more than {LARGEST} bytes")
    with _reading("no time-stamp response"):
        answer = TimeStampResp.load(response, strict=True)
        _require_granted(answer["status"])
        return _token(answer["time_stamp_token"], response)


def _require_granted(status: Any) -> None:
    if status["status"].native in GRANTED:
        return
    said = [status["status"].native, *(status["status_string"].native or [])]
    said += sorted(status["fail_info"].native or [])
    raise TimeStampError(Reason.NOT_GRANTED, "the authority says: " + ", ".join(said))


def _token(content: cms.ContentInfo, response: bytes) -> StampToken:
    if content["content_type"].native != "signed_data":
        raise TimeStampError(Reason.UNREADABLE, "the response holds no signed data")
    signed = content["content"]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise TimeStampError(Reason.UNREADABLE, "not one signer of one time stamp")
    info = inner["content"].parsed
    return StampToken(
        time=info["gen_time"].native.astimezone(UTC),
        serial=info["serial_number"].native,
        policy=info["policy"].dotted,
        imprint=_imprint(info["message_imprint"]),
        nonce=info["nonce"].native,
        certificates=tuple(_certificates(signed["certificates"])),
        signer=_signer(signed["signer_infos"][0]),
        _response=response,
    )


def _imprint(imprint: Any) -> Imprint:
    return Imprint(imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native)


def _certificates(embedded: Any) -> Iterator[x509.Certificate]:
    """Those that can be read; one that cannot is no part of any chain."""
    for choice in embedded or ():
        if choice.name == "certificate" and choice.chosen.serial_number > 0:  # RFC 5280, 4.1.2.2
            try:
                yield x509.load_der_x509_certificate(choice.chosen.dump())
            except (ValueError, x509.InvalidVersion):
                continue


def _signer(info: Any) -> Imprint:
    """The first of the signed attribute SigningCertificate, old (SHA-1) or new (RFC 5035)."""
    for attribute in info["signed_attrs"]:
        kind = attribute["type"].native
        if kind in {"signing_certificate", "signing_certificate_v2"}:
            first = attribute["values"][0]["certs"][0]
            named = kind == "signing_certificate_v2"
            algorithm = first["hash_algorithm"]["algorithm"].native if named else "sha1"
            return Imprint(algorithm, first["cert_hash"].native)
    raise TimeStampError(Reason.UNREADABLE, "the stamp does not name its signer's certificate")


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """asn1crypto reads late, and trips over bad bytes in many ways; all mean the same."""
    try:
        yield
    except TimeStampError:
        raise
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as e:
        said = " ".join(str(e).split())
        raise TimeStampError(Reason.UNREADABLE, f"{what}: {said}") from e

"""Ask time-stamp authorities for the stamps that wait (RFC 3161, 3.4). Never within a crawl's loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cryptography import x509

from archive.durable import Files
from archive.errors import Error
from archive.evidence.attempts import Attempt
from archive.evidence.certpath import UNREADABLE
from archive.evidence.stamp_errors import TimeStampError
from archive.evidence.stamp_token import LARGEST
from archive.evidence.stamps import Waiting, keep, pending, refused
from archive.evidence.timestamp import Authority, TimeStamp, verify_response
from archive.layout import ArchiveRoot
from archive.times import Clock
from crawler.outbound.exchange import exchange
from crawler.outbound.post import TIME_LIMIT, PeerError

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
LARGEST_CRL = 8 * 1024 * 1024
"""Bytes; those of time-stamp authorities have thousands, at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt."""

    waiting: Waiting
    stamp: TimeStamp | None
    reason: str
    """Why there is no stamp; or why its revocation could not be asked about; or nothing."""


def post_query(url: str, request: bytes, *, agent: str, limit: float = TIME_LIMIT) -> bytes:
    """The authority's answer, not verified. Raises `PeerError`, `UsageError`."""
    return exchange(
        url, agent=agent, body=request, send=QUERY, expect=REPLY, largest=LARGEST, limit=limit
    )


def fetch_crls(
    path: Sequence[x509.Certificate], *, agent: str, limit: float = TIME_LIMIT
) -> tuple[list[x509.CertificateRevocationList], str]:
    """The lists that the certificates below the root name, and why any is missing.

    Only by plain http, as RFC 5280 (8) would have it: a list is signed, and fetching it by https
    could ask for another list first.
    """
    found, missing = [], []
    for certificate in path[:-1]:
        crl, reason = _fetch(certificate, agent, limit)
        if crl is not None:
            found.append(crl)
        else:
            missing.append(f"no CRL: {reason}")
    return found, "; ".join(missing)


def _fetch(
    certificate: x509.Certificate, agent: str, limit: float
) -> tuple[x509.CertificateRevocationList | None, str]:
    reason = "the certificate names no place of one by http"
    for url in _places(certificate):
        try:
            data = exchange(url, agent=agent, largest=LARGEST_CRL, limit=limit)
            return x509.load_der_x509_crl(data), ""
        except PeerError as error:
            reason = str(error)
        except UNREADABLE as error:
            reason = f"{url} is no list: {error}"
        except Error as error:  # an address that is none
            reason = str(error)
    return None, reason


def _places(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and _is_plain(name.value):
                yield name.value


def _is_plain(url: str) -> bool:
    try:
        return urlsplit(url).scheme == "http"
    except ValueError:
        return False


def stamp_pending(
    root: ArchiveRoot,
    authorities: Iterable[Authority],
    clock: Clock,
    *,
    agent: str,
    limit: float = TIME_LIMIT,
    files: Files | None = None,
) -> list[Outcome]:
    """Ask once for each stamp that waits and is due, and keep or note what comes of it.

    It blocks for up to `limit` seconds an attempt. What the far side does wrong is noted and never
    raised; raises `StorageError`, `RecordError` where the archive itself is in trouble.
    """
    known = {authority.name: authority for authority in authorities}
    return [
        _attempt(waiting, known[waiting.authority], clock, agent=agent, limit=limit, files=files)
        for waiting in pending(root)
        if waiting.authority in known and waiting.due(clock())
    ]


def _attempt(
    waiting: Waiting,
    authority: Authority,
    clock: Clock,
    *,
    agent: str,
    limit: float,
    files: Files | None,
) -> Outcome:
    try:
        response = post_query(authority.url, waiting.request(), agent=agent, limit=limit)
        stamp = verify_response(response, waiting.request(), waiting.checkpoint(), authority)
        crls, missing = fetch_crls(stamp.path, agent=agent, limit=limit)
        return Outcome(waiting, keep(waiting, response, authority, crls=crls, files=files), missing)
    except (PeerError, TimeStampError) as error:
        attempt = Attempt(clock(), str(error.reason), error.detail)
    refused(waiting, attempt, files)
    waiting = replace(waiting, attempts=(*waiting.attempts, attempt))
    return Outcome(waiting, None, str(attempt))

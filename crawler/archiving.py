"""From exchanges to captures: each attempt becomes a group, durable before anybody hears of it."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from archive import fields, warc
from archive.digest import Absent, Digests
from archive.errors import Error
from archive.group import Group
from archive.held import Held, HeldCapture
from archive.http1 import Head
from archive.ident import new_record_id
from archive.statement import Capture, RefersTo, Tls
from archive.store import WarcWriter
from archive.stored import StoredGroup
from archive.warc import Block, Record
from crawler.aside import Aside
from crawler.commit import GroupCommit
from crawler.errand import Errand
from crawler.outcome import classify as classify_by_status
from crawler.wire.exchange import Answer, Exchange, TlsFacts

Classify = Callable[..., tuple[str, str | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mandate:
    """On whose order a crawl's captures are made, how, and in whose name: in the leaf of each."""

    crawl: str
    operator: str
    software: str
    configuration: str
    plan: str
    """The log's entry of the crawl's plan, in hex."""
    identity: str | None = None


class Archivist:
    """Keeps what the wire brought. Once storage has failed, `failure` says why and nothing is kept."""

    def __init__(
        self,
        writer: WarcWriter,
        held: Held,
        mandate: Mandate,
        aside: Aside,
        *,
        revisit: bool = True,
        classify: Classify = classify_by_status,
    ) -> None:
        self.failure: Exception | None = None
        self._writer = writer
        self._held = held
        self._mandate = mandate
        self._revisit = revisit
        self._classify = classify
        self._commit = GroupCommit(writer.sync)
        self._aside = aside
        self._turn = asyncio.Lock()  # one group after another, whichever thread writes it
        self._chains: set[tuple[bytes, ...]] = set()
        self._answers: set[tuple[str, frozenset[str]]] = set()

    async def keep(self, exchange: Exchange, errand: Errand) -> StoredGroup:
        """Store an exchange and return once it is durable. Raises `StorageError`.

        After a failure nothing more is taken: the crawl stops, and recovery keeps what is whole.
        """
        if self.failure is not None:
            raise self.failure
        group = self._group(exchange, errand)
        try:
            async with self._turn:
                stored = await self._append(group)
            await self._commit.durable()
        except (Error, OSError) as error:
            self.failure = error
            raise
        return stored

    def rotate_if_idle(self) -> None:
        """Seal the file to which nothing was written for long."""
        if not self._turn.locked():
            self._writer.rotate_if_idle()

    def close(self) -> None:
        """End the thread of the syncs."""
        self._commit.close()

    async def _append(self, group: Group) -> StoredGroup:
        size = max((warc.length(record.block) for record in group.records), default=0)
        return await self._aside.run(size, partial(self._writer.append, group))

    def _group(self, exchange: Exchange, errand: Errand) -> Group:
        last = self._held.last(exchange.url)
        refers_to, profile = self._unchanged(exchange, errand, last)
        records = self._circumstances(exchange)
        answer = _answer(exchange, refers_to, profile, errand.conditional)
        if exchange.sent:
            told = [answer.id] if answer else []
            records.append(
                warc.request(
                    exchange.url,
                    exchange.started,
                    exchange.sent,
                    ip=exchange.ip,
                    concurrent_to=told,
                )
            )
        if answer:
            records.append(answer)
        return Group(self._statement(exchange, errand, refers_to, last), tuple(records))

    def _unchanged(
        self, exchange: Exchange, errand: Errand, last: HeldCapture | None
    ) -> tuple[RefersTo | None, str]:
        """The record that this answer repeats, and how that is known.

        Only the wire's own body counts, framing included: what was cut or followed by other bytes
        is stored in full.
        """
        if not exchange.complete or exchange.trailing or not exchange.is_http:
            return None, ""
        if exchange.status == 304 and errand.conditional is not None:
            return errand.conditional.refers_to, warc.NOT_MODIFIED
        body = exchange.layers.body if exchange.layers else None
        if not self._revisit or not isinstance(body, Digests) or body.length == 0:
            return None, ""
        same = last is not None and last.body == body
        return (last.refers_to, warc.IDENTICAL) if last and same else (None, "")

    def _circumstances(self, exchange: Exchange) -> list[Record]:
        """Chain and DNS answer, each once a crawl."""
        records = []
        if exchange.tls and exchange.tls.chain and exchange.tls.chain not in self._chains:
            self._chains.add(exchange.tls.chain)
            records.append(_chain_record(exchange.tls, exchange.started))
        if exchange.dns:
            key = (exchange.dns.host, frozenset(exchange.dns.addresses))
            if key not in self._answers:
                self._answers.add(key)
                records.append(_dns_record(exchange.dns, exchange.started))
        return records

    def _statement(
        self,
        exchange: Exchange,
        errand: Errand,
        refers_to: RefersTo | None,
        last: HeldCapture | None,
    ) -> Capture:
        mandate = self._mandate
        head, failure = exchange.head, exchange.failure
        outcome, code = self._classify(
            exchange.status,
            failure=failure.code if failure else None,
            truncated=exchange.truncated,
            conditional=errand.conditional is not None,
        )
        said = head.fields if head else []
        return Capture(
            url=exchange.url,
            time=exchange.started,
            outcome=outcome,
            crawl=mandate.crawl,
            method=exchange.method,
            attempt=errand.attempt,
            cause=errand.cause,
            via=errand.via,
            link_text=errand.link_text,
            depth=errand.depth,
            code=code,
            detail=failure.detail or None if failure else None,
            status=exchange.status,
            reason=_reason(head),
            media_type=fields.text(said, b"content-type"),
            filename=fields.filename(said),
            location=fields.location(said, exchange.url),
            etag=fields.text(said, b"etag"),
            last_modified=fields.text(said, b"last-modified"),
            digests=exchange.layers,
            flags=_flags(exchange, errand),
            truncated=exchange.truncated,
            timings={step: round(took * 1000) for step, took in exchange.timings.items()},
            dns=exchange.dns.addresses if exchange.dns else (),
            ip=exchange.ip,
            port=exchange.port,
            local=exchange.local,
            proxy=exchange.proxy,
            connection=exchange.connection,
            reused=exchange.reused,
            identity=mandate.identity,
            operator=mandate.operator,
            software=mandate.software,
            configuration=mandate.configuration,
            plan=mandate.plan,
            previous=last.capture if last else None,
            redacted=exchange.redacted,
            tls=_tls(exchange.tls) if exchange.tls else None,
            revisit=refers_to,
        )


def chain_uri(certificates: tuple[str, ...]) -> str:
    """The URI of a chain's record, from the SHA-256 of its certificates as a statement lists them."""
    return "urn:muniment:tls-chain:" + hashlib.sha256("\n".join(certificates).encode()).hexdigest()


def _answer(
    exchange: Exchange, refers_to: RefersTo | None, profile: str, held: HeldCapture | None
) -> Record | None:
    """The record of what came: response, revisit, or resource where it is no HTTP."""
    digests, layers = exchange.block_digests, exchange.layers
    if digests is None or layers is None:
        return None
    payload = _payload(exchange)
    facts: warc.Facts = {
        "id": new_record_id(),
        "ip": exchange.ip,
        "protocols": _protocols(exchange),
        "cipher": _cipher(exchange.tls),
    }
    if refers_to is not None and exchange.head is not None:
        if profile == warc.NOT_MODIFIED:
            payload = held.payload.sha256 if held and held.payload else None
        head = _start(exchange.block, exchange.head.end)
        facts["payload"] = payload
        return warc.revisit(exchange.url, exchange.started, head, profile, refers_to, **facts)
    facts["sha256"], facts["truncated"] = digests.sha256, exchange.truncated
    if not exchange.is_http:
        kind = "application/octet-stream"
        return warc.resource(exchange.url, exchange.started, exchange.block, kind, **facts)
    facts["payload"] = payload
    return warc.response(exchange.url, exchange.started, exchange.block, **facts)


def _payload(exchange: Exchange) -> bytes | None:
    """The payload's SHA-256 for the standard header, where other readers find the same payload.

    They take all that follows the first empty line for it, so trailing bytes and interim heads make
    them differ; the statement has the digests in any case.
    """
    layer = exchange.layers.payload if exchange.layers else None
    plain = exchange.head is not None and exchange.head.start == 0 and not exchange.trailing
    return layer.sha256 if plain and isinstance(layer, Digests) else None


def _start(block: Block, length: int) -> bytes:
    found = b""
    for chunk in warc.chunks(block):
        found += chunk[: length - len(found)]
        if len(found) == length:
            break
    return found


def _protocols(exchange: Exchange) -> list[str]:
    found = []
    if exchange.head is not None and exchange.head.version:
        found.append(exchange.head.version.decode("latin-1").lower())
    if exchange.tls is not None:
        found.append(exchange.tls.version)
    return found


def _cipher(tls: TlsFacts | None) -> str | None:
    """The name that IANA gives; OpenSSL's own names of the older suites stay in the statement."""
    return tls.cipher if tls and tls.cipher.startswith("TLS_") else None


def _tls(tls: TlsFacts) -> Tls:
    return Tls(
        version=tls.version, cipher=tls.cipher, chain=_fingerprints(tls.chain), verdict=tls.verdict
    )


def _fingerprints(chain: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(hashlib.sha256(der).hexdigest() for der in chain)


def _chain_record(tls: TlsFacts, time: datetime) -> Record:
    pem = "".join(ssl.DER_cert_to_PEM_cert(der) for der in tls.chain).encode()
    uri = chain_uri(_fingerprints(tls.chain))
    return warc.resource(uri, time, pem, "application/pem-certificate-chain")


def _dns_record(answer: Answer, time: datetime) -> Record:
    """The answer in the form of a master file (RFC 4027); the system tells no times to live."""
    lines = [
        f"{answer.host}.\tIN\t{'AAAA' if ':' in address else 'A'}\t{address}\n"
        for address in answer.addresses
    ]
    return warc.resource(f"dns:{answer.host}", time, "".join(lines).encode(), "text/dns")


def _reason(head: Head | None) -> str | None:
    return head.reason.decode("latin-1") if head is not None and head.version else None


def _flags(exchange: Exchange, errand: Errand) -> tuple[str, ...]:
    found = list(exchange.flaws)
    if exchange.trailing:
        found.append("trailing-bytes")
    if exchange.layers is not None and not exchange.is_http:
        found.append("not-http")
    content = exchange.layers.content if exchange.layers else None
    if isinstance(content, Absent) and content.reason != "truncated":
        found.append(content.reason)
    if errand.robots_disallowed:
        found.append("robots-disallowed")
    return tuple(dict.fromkeys(found))

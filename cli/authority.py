"""A time-stamp authority on loopback, for trying things out: it stamps by `openssl ts -reply`.

Its stamps are as real as any, but whoever runs the program holds the key: they prove nothing to
anybody else, which is what its root says by its name.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from archive.errors import UncheckedError
from archive.evidence.timestamp import Authority
from cli import clock
from cli.authority_certificates import YEAR, issue_root, issue_signer

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
CRL = "/root.crl"
_CONFIG = """\
[tsa]
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
accuracy = secs:1
"""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """What the server says to a POST."""

    body: bytes
    status: int = 200
    type: str = REPLY


class LocalAuthority:
    """An authority with a key, a root and a server of its own; close it, or use it in `with`.

    `folder` takes its files. Raises `UncheckedError` where the program openssl is missing.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "test",
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        found = shutil.which("openssl")
        if found is None:
            raise UncheckedError(
                "the test authority cannot stamp: openssl is missing",
                advice="install openssl with the packages of your system",
            )
        self._openssl = found
        self._folder = folder
        self._name = name
        self._lock = threading.Lock()
        self.crl: bytes | None = None
        """What is served as the root's revocation list; none at first."""
        folder.mkdir(parents=True, exist_ok=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        now = clock.now()
        self.root = issue_root()
        self.signer = issue_signer(
            self.root, start or now - _HOUR, end or now + YEAR, crl=self.url + CRL
        )
        self._write_files()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def authority(self) -> Authority:
        """As a configuration names it, its root trusted."""
        return Authority(self._name, f"{self.url}/tsr", (self.root.certificate,), test=True)

    def answer(self, request: bytes) -> Answer:
        return Answer(self.stamp(request))

    def stamp(self, request: bytes) -> bytes:
        """The response of `openssl ts -reply`, which may be a refusal."""
        with self._lock:  # one serial number after another
            (self._folder / "request.tsq").write_bytes(request)
            command = [self._openssl, "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"]
            command += ["-queryfile", "request.tsq", "-signer", "signer.pem", "-inkey", "key.pem"]
            done = subprocess.run(  # noqa: S603 -- words of our own; the request is in a file
                [*command, "-out", "response.tsr"],
                cwd=self._folder,
                capture_output=True,
                timeout=30,
                check=False,
            )
            if done.returncode:
                raise UncheckedError(
                    f"openssl ts -reply failed: {done.stderr.decode(errors='replace').strip()}"
                )
            return (self._folder / "response.tsr").read_bytes()

    def revoke(self, at: datetime, reason: x509.ReasonFlags | None) -> None:
        """Serve a list on which the signer's certificate is revoked since `at`."""
        entry = x509.RevokedCertificateBuilder().revocation_date(at)
        entry = entry.serial_number(self.signer.certificate.serial_number)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        self.list_revoked(entry.build())

    def list_revoked(
        self,
        *entries: x509.RevokedCertificate,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        """Serve a list of the root, in force from an hour ago to tomorrow unless said otherwise."""
        start = start or clock.now() - _HOUR
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.certificate.subject)
            .last_update(start)
            .next_update(end or start + 24 * _HOUR)
        )
        for entry in entries:
            builder = builder.add_revoked_certificate(entry)
        signed = builder.sign(self.root.key, hashes.SHA256())
        self.crl = signed.public_bytes(serialization.Encoding.DER)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write_files(self) -> None:
        key = self.signer.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = self._folder / "key.pem"
        path.touch(0o600)
        path.write_bytes(key)
        (self._folder / "signer.pem").write_bytes(self.signer.pem)
        (self._folder / "root.pem").write_bytes(self.root.pem)
        (self._folder / "serial").write_text("01\n")
        (self._folder / "tsa.cnf").write_text(_CONFIG + "serial = serial\n")


def _handler(authority: LocalAuthority) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Type") != QUERY:
                self._send(Answer(b"", 415, "text/plain"))
                return
            self._send(authority.answer(body))

        def do_GET(self) -> None:
            if self.path == CRL and authority.crl is not None:
                self._send(Answer(authority.crl, type="application/pkix-crl"))
            else:
                self._send(Answer(b"", 404, "text/plain"))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: its caller has the terminal."""

    return Handler

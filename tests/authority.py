"""Time-stamp authorities that fail, lie or are not what they should be; and openssl as a judge."""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from asn1crypto import tsp

from archive.evidence.timestamp import Authority, request
from cli.authority import Answer, LocalAuthority
from cli.authority_certificates import Issued
from tests.shared import program

DATA = b"a checkpoint"


class OddAuthority(LocalAuthority):
    """Answers what `odd` makes of a request; as it should where there is none."""

    odd: Callable[[bytes], Answer] | None = None

    def answer(self, request: bytes) -> Answer:
        return self.odd(request) if self.odd else super().answer(request)

    @property
    def real(self) -> Authority:
        """As if it were nobody's test."""
        return replace(self.authority, test=False)

    def garbage(self, request: bytes) -> Answer:
        return Answer(b"\x30\x82" + request)

    def error(self, request: bytes) -> Answer:
        return Answer(b"sorry", 500, "text/plain")

    def page(self, request: bytes) -> Answer:
        return Answer(b"<p>log in here</p>", 200, "text/html")

    def endless(self, request: bytes) -> Answer:
        return Answer(bytes(65 * 1024))

    def other_nonce(self, request: bytes) -> Answer:
        return Answer(self.stamp(changed(request, nonce=1)))

    def other_bytes(self, request: bytes) -> Answer:
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
        return Answer(self.stamp(changed(request, message_imprint=imprint)))

    def refusal(self, request: bytes) -> Answer:
        imprint = {"hash_algorithm": {"algorithm": "md5"}, "hashed_message": bytes(16)}
        return Answer(self.stamp(changed(request, message_imprint=imprint)))

    def embed(self, *issued: Issued) -> None:
        """Put certificates into each response, as openssl does it: not sorted as DER would."""
        (self._folder / "certs.pem").write_bytes(b"".join(one.pem for one in issued))
        config = self._folder / "tsa.cnf"
        config.write_text(config.read_text() + "certs = certs.pem\n")


def hang(until: threading.Event) -> Callable[[bytes], Answer]:
    """An answer that does not come before `until`."""

    def wait(request: bytes) -> Answer:
        until.wait(30)
        return Answer(b"")

    return wait


def changed(query: bytes, **fields: object) -> bytes:
    """A request with other fields."""
    value = tsp.TimeStampReq.load(query)
    for name, field in fields.items():
        value[name] = field
    return bytes(value.dump())


def stamped(authority: LocalAuthority, data: bytes = DATA) -> tuple[bytes, bytes]:
    """A request and the response to it."""
    query = request(data)
    return query, authority.stamp(query)


def openssl_accepts(
    folder: Path,
    response: bytes,
    data: bytes,
    at: int,
    roots: bytes,
    untrusted: bytes = b"",
    *,
    crl: bytes = b"",
) -> bool:
    """Whether `openssl ts -verify -attime` takes it; with `crl` (PEM) also `-crl_check`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "response": response,
        "data": data,
        "roots": roots + crl,
        "between": untrusted,
    }.items():
        (folder / name).write_bytes(content)
    command = [program("openssl"), "ts", "-verify", "-data", "data", "-in", "response"]
    command += ["-CAfile", "roots", "-attime", str(at)]
    command += ["-untrusted", "between"] if untrusted else []
    command += ["-crl_check"] if crl else []
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert (b"Verification: OK" in done.stdout + done.stderr) == (done.returncode == 0)
    return done.returncode == 0


def shell_accepts(command: str, folder: Path) -> bool:
    """Whether a printed command, run as a person would, ends well."""
    program("openssl")
    assert shlex.split(command)
    return (
        subprocess.run(
            ["sh", "-c", command], cwd=folder, capture_output=True, check=False
        ).returncode
        == 0
    )

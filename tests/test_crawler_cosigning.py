"""A cosigner is asked, believed only for what it signed, and heard when it has seen more than we have."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import NetworkError, UsageError
from archive.evidence.audit import audit_foreign
from archive.evidence.cosigner import Cosigner
from archive.evidence.keys import KeyRing
from archive.evidence.log import Signed
from archive.evidence.note import Note, cosign
from archive.evidence.sequencer import RefusedError
from archive.evidence.tiles import TileError, TileFolder
from archive.evidence.tree import Tree
from archive.verdict import Verdict
from crawler.outbound.cosigning import LOG_BEHIND, Cosigned, CosigningError, ask_cosigner
from crawler.outbound.post import Peer, PeerError
from crawler.outbound.tiles import RemoteLog
from tests.captures import store
from tests.certificates import issue, server_context
from tests.cosigners import (
    COSIGNER,
    COSIGNER_KEY,
    COSIGNER_VERIFIER,
    LOG,
    LOG_KEY,
    NOW,
    STRANGER,
    body,
    cosigner,
    serving,
    signed,
    tree,
)
from tests.groups import capture
from tests.logs import commit, logged_archive
from tests.tlogs import Tiles, grown, write

AGENT = "muniment/test"


def ask(url: str, tree: Tree, known: int = 0, limit: float = 5.0) -> Cosigned:
    return ask_cosigner(
        url,
        COSIGNER_VERIFIER,
        signed(tree),
        tree,
        (LOG.verifier,),
        agent=AGENT,
        known=known,
        limit=limit,
    )


def refused(url: str, tree: Tree, known: int = 0, limit: float = 5.0) -> CosigningError:
    with pytest.raises(CosigningError) as caught:
        ask(url, tree, known, limit)
    return caught.value


def at(folder: Path, tree: Tree) -> Cosigner:
    made = cosigner(folder)
    assert made.add_checkpoint(body(0, tree), NOW).status == 200
    return made


@pytest.mark.parametrize("known", [0, 3, 5, 9])
def test_a_cosignature_comes_whatever_we_believe_the_cosigner_has_seen(
    tmp_path: Path, known: int
) -> None:
    with serving(at(tmp_path / "state", tree(5))) as url:
        found = ask(f"{url}/", tree(9), known)
    note = Note.parse(signed(tree(9)).data)
    whole = Note(note.text, (*note.signatures, found.line))
    verifiers = (LOG.verifier, COSIGNER_VERIFIER)
    assert Note.parse(whole.to_bytes()).verified_by(verifiers) == verifiers
    assert found.time == COSIGNER_VERIFIER.stated_time(whole) == NOW


def test_the_same_checkpoint_is_cosigned_again(tmp_path: Path) -> None:
    with serving(at(tmp_path / "state", tree(5))) as url:
        assert ask(url, tree(5), 5) == ask(url, tree(5))


def test_a_log_that_was_cut_short_is_found_out_with_proof(tmp_path: Path) -> None:
    with serving(at(tmp_path / "state", tree(9))) as url:
        for known in (0, 4):
            error = refused(url, tree(6), known)
            assert error.reason == LOG_BEHIND
            assert "cosigned 9 entries, and the log has 6" in error.what
            assert error.seen is not None
            assert error.seen.checkpoint == signed(tree(9)).checkpoint
    assert isinstance(error, NetworkError)


@pytest.mark.parametrize("size", [9, 12])
def test_a_log_with_another_past_is_found_out_with_proof(tmp_path: Path, size: int) -> None:
    with serving(at(tmp_path / "state", tree(9))) as url:
        for known in (0, 4, 9):
            error = refused(url, tree(size, fork=7), known)
            assert error.reason == LOG_BEHIND
            assert error.seen is not None
            assert error.seen.checkpoint == signed(tree(9)).checkpoint


def test_a_log_restored_from_a_backup_is_not_signed_once_its_cosigner_was_heard(
    tmp_path: Path,
) -> None:
    root = logged_archive(tmp_path / "a")
    store(root.path, *(capture(number) for number in range(5)), prefix="a")
    before = commit(root)
    shutil.copytree(root.log, tmp_path / "backup")
    store(root.path, capture(5), prefix="b")
    after = commit(root)
    verifiers = KeyRing(root.keys, after.checkpoint.origin).verifiers()
    made = Cosigner(tmp_path / "state", COSIGNER, COSIGNER_KEY, verifiers)
    with serving(made) as url:
        ask_real = partial(ask_cosigner, url, COSIGNER_VERIFIER, keys=verifiers, agent=AGENT)
        ask_real(signed=after, tree=Tree(6, TileFolder(root.log)))
        shutil.rmtree(root.log)
        shutil.copytree(tmp_path / "backup", root.log)
        with pytest.raises(CosigningError) as caught:
            ask_real(signed=before, tree=Tree(5, TileFolder(root.log)))
    assert caught.value.reason == LOG_BEHIND
    assert caught.value.seen
    with pytest.raises(RefusedError, match="a checkpoint of 6 entries was signed, and it has 5"):
        commit(root, seen=[caught.value.seen])


def test_an_unknown_log_and_an_unknown_key_are_told_apart(tmp_path: Path) -> None:
    other = cosigner(tmp_path / "a", logs=(STRANGER.verifier,))
    with serving(other) as url:
        assert refused(url, tree(5)).reason == "key-unknown"
    with serving(cosigner(tmp_path / "b", logs=())) as url:
        assert refused(url, tree(5)).reason == "log-unknown"


def test_of_two_askers_at_once_both_end_well_or_hear_why(tmp_path: Path) -> None:
    made = at(tmp_path / "state", tree(5))
    told: list[str] = []

    def asking(url: str, size: int) -> None:
        try:
            ask(url, tree(size), 5)
            told.append("cosigned")
        except CosigningError as error:
            told.append(error.reason)

    with serving(made) as url:
        threads = [threading.Thread(target=asking, args=(url, 6 + n)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(told) == 6
    assert "cosigned" in told
    assert set(told) <= {"cosigned", LOG_BEHIND, "conflict"}
    last = made.add_checkpoint(body(0, tree(20)), NOW)
    assert 6 <= int(last.body) <= 11


def test_a_cosigner_in_trouble_says_no_more_than_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = at(tmp_path / "state", tree(5))
    next((tmp_path / "state").glob("*.checkpoint")).write_bytes(b"nonsense")
    with serving(made) as url:
        error = refused(url, tree(9))
    assert error.reason == "status"
    assert str(tmp_path) not in error.what
    assert "the state of the cosigner is damaged" in capsys.readouterr().err


# What a hostile or broken far side may say.


@contextmanager
def speaking(*answers: bytes | Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that gives each connection the next of these answers, whatever it asks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for answer in answers:
                try:
                    connection, _ = listener.accept()
                except OSError:  # no more is asked
                    return
                with connection:
                    hear(connection)
                    if callable(answer):
                        answer(connection)
                    else:
                        connection.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def hear(connection: socket.socket) -> None:
    """All of a request: a connection closed over unread bytes is reset, and the answer lost."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


SIZE = "Content-Type: text/x.tlog.size"
TEXT = Note.parse(signed(tree(9)).data).text
TRUE = str(cosign(TEXT, COSIGNER, COSIGNER_KEY, NOW)).encode()
EVIL = f"{TEXT}\nextension\n"
LIES = {
    "a signature of another text": str(cosign(EVIL, COSIGNER, COSIGNER_KEY, NOW)).encode(),
    "a longer text under a true signature": b"extension\n\n"
    + str(cosign(EVIL, COSIGNER, COSIGNER_KEY, NOW)).encode(),
    "a signature without a time": str(cosign(TEXT, COSIGNER, COSIGNER_KEY, 0)).encode(),
    "another cosigner": str(cosign(TEXT, "other.example/w", COSIGNER_KEY, NOW)).encode(),
    "another key": str(cosign(TEXT, COSIGNER, LOG_KEY, NOW)).encode(),
    "the log's own": str(Note.parse(signed(tree(9)).data).signatures[0]).encode(),
    "nothing": b"",
    "no signature line": b"thank you\n",
    "no UTF-8": b"\xff\xfe\n",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_an_answer_that_is_no_cosignature_does_not_count(lie: bytes) -> None:
    with speaking(http("200 OK", lie)) as url:
        assert refused(url, tree(9)).reason == "false"


def test_lines_of_others_beside_the_cosigners_are_passed_over() -> None:
    other = str(cosign(TEXT, "other.example/w", LOG_KEY, NOW)).encode()
    with speaking(http("200 OK", other + TRUE + other)) as url:
        assert str(ask(url, tree(9)).line).encode() == TRUE


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.integers(0, 12).map(lambda n: b"%d\n" % n)))
def test_no_answer_gets_anything_but_an_error_of_ours(answer: bytes) -> None:
    with speaking(http("200 OK", answer)) as url:
        assert refused(url, tree(9)).reason == "false"
    conflict = http("409 Conflict", answer, SIZE)
    with speaking(conflict, conflict) as url:
        assert peer_error(url).reason in {"false", LOG_BEHIND, "conflict"}


def peer_error(url: str, limit: float = 5.0) -> PeerError:
    with pytest.raises(PeerError) as caught:
        ask(url, tree(9), limit=limit)
    return caught.value


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ((http("409 Conflict", b"0\n", SIZE),), "conflict"),
        ((http("409 Conflict", b"5\n", SIZE), http("409 Conflict", b"6\n", SIZE)), "conflict"),
        ((http("409 Conflict", b"5\n"),), "false"),
        ((http("409 Conflict", b"05\n", SIZE),), "false"),
        ((http("409 Conflict", b"\xff", SIZE),), "false"),
        ((http("302 Found", b"", "Location: http://127.0.0.1:1/"),), "status"),
        ((http("503 Slow Down", b"later\x1b[2J"),), "status"),
        ((http("400 Bad Request"),), "refused"),
        ((b"SSH-2.0-OpenSSH\r\n",), "broken"),
        ((http("200 OK", b"x" * 70_000),), "too-large"),
        ((http("200 OK", TRUE)[:-40],), "broken"),
        ((b"",), "unreachable"),
    ],
)
def test_every_other_answer_has_its_reason(answers: tuple[bytes, ...], reason: str) -> None:
    with speaking(*answers) as url:
        assert peer_error(url).reason == reason


def test_a_larger_size_that_the_log_did_not_sign_is_only_its_word() -> None:
    forged = signed(tree(12), (STRANGER,)).data
    for shown in (http("404 Not Found"), http("200 OK", b"x"), http("200 OK", forged), b""):
        with speaking(http("409 Conflict", b"12\n", SIZE), shown) as url:
            error = refused(url, tree(9))
            assert (error.reason, error.seen) == (LOG_BEHIND, None)


def drip(connection: socket.socket) -> None:
    """One byte at a time, each within the patience of a socket."""
    answer = http("200 OK", TRUE)
    try:
        for place in range(len(answer)):
            connection.sendall(answer[place : place + 1])
            time.sleep(0.05)
    except OSError:
        pass


def drip_body(connection: socket.socket) -> None:
    """The head at once, then no end of bytes, on a connection that ends with the answer."""
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        pass


def silence(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize("answer", [drip, drip_body, silence])
def test_the_whole_exchange_has_one_limit_of_time(
    answer: Callable[[socket.socket], None],
) -> None:
    with speaking(answer) as url:
        begun = time.monotonic()
        assert peer_error(url, limit=0.5).reason == "timeout"
        assert time.monotonic() - begun < 4


def test_a_cosigner_is_asked_over_tls_if_its_certificate_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = issue("Test Root", authority=True)
    context = server_context(tmp_path / "tls", issue("127.0.0.1", root, hosts=("127.0.0.1",)))
    with serving(cosigner(tmp_path / "state"), context) as url:
        error = peer_error(url)
        assert error.reason == "unreachable"
        assert "CERTIFICATE_VERIFY_FAILED" in error.what
        (tmp_path / "root.pem").write_bytes(root.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
        assert ask(url, tree(5)).time == NOW


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert peer_error(f"http://127.0.0.1:{port}").reason == "unreachable"


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "a.example", "http://", "http://[", "http://a:x/", "http://a/?q"]
)
def test_what_is_no_address_is_a_mistake_in_the_order(url: str) -> None:
    with pytest.raises(UsageError):
        Peer(url, agent=AGENT)


# The cosigner's server against its clients.


def exchange(url: str, data: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /other HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", b"404"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /../state HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /%s/checkpoint HTTP/1.1\r\n\r\n" % (b"0" * 64), b"404"),
        (b"BREW / HTTP/1.1\r\n\r\n", b"501"),
    ],
)
def test_the_server_answers_each_wrong_request(
    tmp_path: Path, request_: bytes, status: bytes
) -> None:
    with serving(cosigner(tmp_path / "state")) as url:
        assert exchange(url, request_).split(b" ")[1] == status
        exchange(url, b"\x16\x03\x01 nonsense")
        assert (
            exchange(url, b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 9\r\n\r\nold") == b""
        )
        assert ask(url, tree(5)).time == NOW


# Reading the log of somebody else.


@contextmanager
def published(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A folder on a web server: its URL, and what was asked for, with the client's port."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_request(self, *_: object) -> None:
            asked.append(f"{self.client_address[1]} {self.path}")

        def log_error(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def publish(folder: Path, size: int) -> None:
    tiles = Tiles()
    growth, tiles = grown(size)
    write(tiles.items(), folder)
    (folder / "checkpoint").write_bytes(signed(Tree(growth.size, tiles)).data)


def audited(url: str, seen: Signed | None = None, limit: float = 5.0) -> dict[str, Any]:
    with closing(RemoteLog(url, agent=AGENT, limit=limit)) as log:
        checks = audit_foreign(log.checkpoint(), log, [LOG.verifier], seen)
        return {check.layer: (check.verdict, check.reason) for check in checks}


def verdicts(audit: dict[str, Any]) -> list[Verdict]:
    return [audit[step][0] for step in ("signed", "consistent", "tiles")]


def test_a_foreign_log_is_audited_over_one_connection_and_asks_for_nothing_twice(
    tmp_path: Path,
) -> None:
    publish(tmp_path, 1000)
    with published(tmp_path) as (url, asked):
        audit = audited(f"{url}/", signed(tree(600)))
    assert verdicts(audit) == [Verdict.PASSED] * 3
    assert audit["entries"][0] is audit["complete"][0] is Verdict.NOT_CHECKED
    assert len({line.split()[0] for line in asked}) == 1
    bundles = [line for line in asked if "/tile/entries/" in line]
    assert len(bundles) == 4


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tile/0/001", "tile/0/001 does not follow"),
        ("tile/0/003.p/232", "tile/0/003.p/232 does not follow"),
        ("tile/1/000.p/3", "tile/1/000.p/3 does not follow"),
        ("tile/entries/002", "the entries lead to another root than the one signed; tile/0/002"),
    ],
)
def test_one_flipped_bit_of_a_foreign_log_is_found_where_it_is(
    tmp_path: Path, path: str, told: str
) -> None:
    publish(tmp_path, 1000)
    data = bytearray((tmp_path / path).read_bytes())
    data[40] ^= 1
    (tmp_path / path).write_bytes(data)
    with published(tmp_path) as (url, _):
        audit = audited(url)
    assert audit["signed"][0] is Verdict.PASSED
    assert audit["tiles"][0] is Verdict.FAILED
    assert told in audit["tiles"][1]
    assert len(audit["tiles"][1].split("; ")) <= 3


def test_a_foreign_log_that_was_rolled_back_or_forked_is_found_out(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    with published(tmp_path) as (url, _):
        for seen in (signed(tree(301)), signed(tree(300, fork=299)), signed(tree(299, fork=1))):
            assert audited(url, seen)["consistent"][0] is Verdict.FAILED
        assert audited(url, signed(tree(299)))["consistent"][0] is Verdict.PASSED


def test_a_partial_tile_that_was_dropped_is_read_from_the_full_one(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    old = signed(tree(300)).data
    publish(tmp_path, 512)
    for path in tmp_path.rglob("*.p"):
        if path.parent.name != "1":
            shutil.rmtree(path)
    (tmp_path / "checkpoint").write_bytes(old)
    write(grown(300)[1].items(), tmp_path / "gone")
    with published(tmp_path) as (url, asked):
        assert verdicts(audited(url, signed(tree(256))))[1:] == [Verdict.PASSED] * 2
    assert any(line.endswith("/tile/entries/001.p/44") for line in asked)


def test_a_missing_tile_fails_and_a_server_that_fails_leaves_it_unchecked(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    (tmp_path / "tile/0/000").unlink()
    with published(tmp_path) as (url, _):
        audit = audited(url)
    assert audit["tiles"][0] is Verdict.FAILED
    assert "tile/0/000" in audit["tiles"][1]
    checkpoint = http("200 OK", signed(tree(300)).data)
    for failing in (http("500 Oops"), http("301 Moved", b"", "Location: /x"), b"", silence):
        with speaking(checkpoint, failing, failing) as url:
            audit = audited(url, signed(tree(5)), limit=1.5)
            assert audit["consistent"][0] is audit["tiles"][0] is Verdict.NOT_CHECKED


def test_a_log_of_an_unknown_key_is_read_no_further(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    (tmp_path / "checkpoint").write_bytes(signed(tree(300), (STRANGER,)).data)
    with published(tmp_path) as (url, asked):
        audit = audited(url)
    assert verdicts(audit) == [Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.NOT_CHECKED]
    assert len(asked) == 1


def test_the_key_of_a_cosigner_alone_makes_no_log(tmp_path: Path) -> None:
    text = Note.parse(signed(tree(5)).data).text
    line = cosign(text, COSIGNER, COSIGNER_KEY, NOW)
    alone = Signed.parse(Note(text, (line,)).to_bytes())
    checks = list(audit_foreign(alone, grown(5)[1], [COSIGNER_VERIFIER], None))
    assert checks[0].verdict is Verdict.FAILED


def test_a_tile_too_large_or_of_no_name_is_refused() -> None:
    with speaking(http("200 OK", b"x" * 8193)) as url, closing(RemoteLog(url, agent=AGENT)) as log:
        with pytest.raises(PeerError, match="too-large"):
            log("tile/0/000")
        with pytest.raises(TileError, match="not the path of a tile"):
            log("../checkpoint")


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    kept = http("200 OK", b"one").replace(b"Connection: close", b"X: y")
    with speaking(kept, http("200 OK", b"two")) as url, closing(Peer(url, agent=AGENT)) as peer:
        assert peer.get("a", largest=9).body == b"one"
        time.sleep(0.05)
        assert peer.get("b", largest=9).body == b"two"

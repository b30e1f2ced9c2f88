"""Every order that writes ends logged, signed and, where outsiders are named, stamped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.evidence.cosigner import Cosigner
from archive.evidence.log import Signed, all_logs, current_log
from archive.evidence.note import CosignatureVerifier, Note, Verifier
from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.statement import Crawl
from catalog.database import open_catalog
from catalog.premis import Event
from cli.authority import LocalAuthority
from cli.context import open_archive
from cli.events import Happening, record_events
from cli.exits import Exit
from tests.captures import answer, store, wire_group
from tests.checks import check_archive
from tests.cosigners import serving
from tests.logs import check_logs
from tests.muniment import Told, configure, muniment
from tests.small_site import Answers, Page, SmallSite, html, serve

ORIGIN = "ministry.example/log"


@pytest.fixture
def site() -> Iterator[SmallSite]:
    pages: Answers = {
        "/": html("/a", "/gone", text="通知"),
        "/a": html(text="附件"),
        "/gone": Page(status=404),
    }
    with serve(pages) as found:
        yield found


@pytest.fixture
def archive(tmp_path: Path, site: SmallSite) -> Path:
    root = tmp_path / "archive"
    muniment("init", root, "--operator", "Ada", "--origin", ORIGIN)
    muniment("source", "add", "site", site.url + "/", archive=root)
    return root


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[LocalAuthority]:
    with LocalAuthority(tmp_path / "authority") as found:
        yield found


def trust(
    archive: Path,
    authority: LocalAuthority,
    *,
    name: str = "outside",
    test: bool = False,
    url: str = "",
) -> None:
    """Name the authority in muniment.toml; without `test`, as if it were an outsider's."""
    (archive / "keys" / f"{name}.pem").write_bytes(authority.root.pem)
    configure(
        archive,
        f'[[authority]]\nname = "{name}"\nurl = "{url or authority.authority.url}"\n'
        f'roots = "keys/{name}.pem"\ntest = {str(test).lower()}',
    )


def verified(archive: Path, url: str) -> dict[str, str]:
    """The answers of `verify` about the latest capture of a URL."""
    told = muniment("verify", url, "--json", archive=archive)
    checks: dict[str, str] = told.rows[-1]["checks"]
    return checks


def event_types(archive: Path) -> list[str]:
    found = [
        group.raw
        for path in sorted((archive / "warc").glob("*.warc.gz"))
        for group in groups(path)
        if group.raw["kind"] == "event"
    ]
    return [raw["type"] for raw in sorted(found, key=lambda raw: str(raw["time"]))]


def done(told: Told) -> Told:
    assert told.code == 0, told.err
    return told


def test_every_order_that_writes_ends_logged_and_signed(archive: Path, site: SmallSite) -> None:
    root = ArchiveRoot(archive)
    for order in (
        ("crawl", "site"),
        ("capture", site.url + "/a"),
        ("source", "edit", "site", "politeness.delay=0.0"),
        (
            "import",
            str(Path(__file__)),
            "--obtained-on",
            "2021-11-30",
            "--obtained-by",
            "Eve",
            "--how",
            "by mail",
            "--url",
            "http://x.example/",
        ),
        ("verify", "--all"),
        ("source", "remove", "site"),
    ):
        done(muniment(*order, archive=archive))
        check_logs(root)
    assert verified(archive, site.url + "/")["logged"] == "passed"
    assert verified(archive, site.url + "/gone")["logged"] == "passed"
    check_archive(root)


def test_the_plan_is_in_the_log_before_the_first_request(archive: Path, site: SmallSite) -> None:
    root = ArchiveRoot(archive)
    held: list[bytes] = []

    def look() -> None:
        """What the log has committed to while the first answer is still to come."""
        if not held:
            signed = current_log(root).signed()
            assert signed is not None
            held.extend(
                current_log(root).tree(signed.checkpoint.size).entries(0, signed.checkpoint.size)
            )

    site.pages["/robots.txt"] = Page(status=404, before=look)
    done(muniment("crawl", "site", archive=archive))
    plans = [
        group.entry
        for path in (archive / "warc").glob("site-*")
        for group in groups(path)
        if isinstance(group.statement, Crawl)
    ]
    assert len(plans) == 1
    assert plans[0] in held
    captures = [
        g
        for p in (archive / "warc").glob("site-*")
        for g in groups(p)
        if g.raw["kind"] == "capture"
    ]
    assert {group.raw["plan"] for group in captures} == {plans[0].hex()}
    assert {group.raw["operator"] for group in captures} == {"Ada"}


def test_a_long_crawl_is_committed_meanwhile(
    archive: Path, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.session.CHECKPOINT", 0.05)
    sizes: list[int] = []
    site.pages |= {f"/{n}": html(f"/{n + 1}") for n in range(40)}
    site.pages["/39"] = Page(
        b"end", before=lambda: sizes.append(current_log(ArchiveRoot(archive)).size)
    )
    site.pages["/"] = html("/0")
    muniment("source", "edit", "site", "politeness.delay=0.02", archive=archive)
    before = current_log(ArchiveRoot(archive)).size
    done(muniment("crawl", "site", archive=archive))
    assert sizes[0] > before + 5
    check_logs(ArchiveRoot(archive))


def test_each_sealed_file_has_a_leaf_with_its_digest(archive: Path) -> None:
    done(muniment("crawl", "site", archive=archive))
    seals = {
        name: group.raw["detail"]
        for path in (archive / "warc").glob("events-*")
        for group in groups(path)
        if group.raw["type"] == "seal"
        for name in group.raw["objects"]
    }
    (crawled,) = (archive / "warc").glob("site-*")
    assert seals[crawled.name]["length"] == crawled.stat().st_size
    assert len(seals[crawled.name]["sha256"]) == 64
    before = len(list((archive / "warc").iterdir()))
    done(muniment("log", "checkpoint", archive=archive))
    assert len(list((archive / "warc").iterdir())) == before, (
        "a seal needs no seal for its own sake"
    )


def test_an_outsider_says_since_when(
    archive: Path, site: SmallSite, authority: LocalAuthority
) -> None:
    trust(archive, authority)
    done(muniment("crawl", "site", archive=archive))
    shown = done(muniment("show", site.url + "/", archive=archive)).out
    assert "by our clock (offset not measured), first outside proof 2" in shown
    assert "by outside, gap " in shown
    assert "logged     passed\n" in shown
    assert verified(archive, site.url + "/")["time-stamped"] == "passed"
    assert event_types(archive).count("time stamp") == 2, "of the plan, and of what came of it"
    stamps = len(list((archive / "timestamps").glob("*/*.tsr")))
    done(muniment("log", "checkpoint", archive=archive))
    assert len(list((archive / "timestamps").glob("*/*.tsr"))) == stamps, "stamps ask for no stamps"
    check_logs(ArchiveRoot(archive))


def test_a_test_authority_proves_nothing(
    archive: Path, site: SmallSite, authority: LocalAuthority
) -> None:
    trust(archive, authority, test=True)
    done(muniment("crawl", "site", archive=archive))
    told = muniment("verify", site.url + "/", archive=archive)
    assert "time-stamped: not checked (outside: test authority, proves nothing)" in told.out
    assert "no outside proof yet" in told.out
    assert "test authority, proves nothing" in muniment("status", archive=archive).out


def test_an_authority_that_is_down_holds_nothing_up_and_is_asked_again(
    archive: Path, site: SmallSite, authority: LocalAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(archive, authority, url="http://127.0.0.1:1/tsr")
    done(muniment("crawl", "site", archive=archive))
    status = muniment("status", archive=archive)
    assert "2 waiting; outside: " in status.out
    assert "refused" in status.out
    assert verified(archive, site.url + "/")["time-stamped"] == "not checked"
    config = archive / "muniment.toml"
    config.write_text(config.read_text().replace("http://127.0.0.1:1/tsr", authority.authority.url))
    later = datetime.now(UTC) + timedelta(minutes=2)
    monkeypatch.setattr("cli.clock.now", lambda: later)
    done(muniment("log", "checkpoint", archive=archive))
    assert verified(archive, site.url + "/")["time-stamped"] == "passed"


def test_a_stamp_that_waits_too_long_is_complained_of(
    archive: Path, authority: LocalAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(archive, authority, url="http://127.0.0.1:1/tsr")
    done(muniment("crawl", "site", archive=archive))
    assert muniment("status", archive=archive).code == 0
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr("cli.clock.now", lambda: later)
    told = muniment("status", archive=archive)
    assert told.code == Exit.UNCHECKED
    assert "2 stamps waiting for more than 1 d" in told.out
    assert "time stamps" in muniment("doctor", archive=archive).out


def test_a_stamp_is_renewed_before_its_certificates_end(
    archive: Path, authority: LocalAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(archive, authority)
    done(muniment("crawl", "site", archive=archive))
    assert "renewal" not in event_types(archive)
    now = datetime.now(UTC) - timedelta(hours=1)
    later = now + timedelta(days=300)
    monkeypatch.setattr("cli.clock.now", lambda: later)
    assert "2 stamps should be renewed" in muniment("doctor", archive=archive).out
    edits = (f"politeness.delay={n}.5" for n in range(9))

    def write() -> int:
        done(muniment("source", "edit", "site", next(edits), archive=archive))
        return event_types(archive).count("renewal")

    assert write() == 0, "an authority that ends as soon renews nothing"
    with LocalAuthority(tmp_path / "young", start=now, end=later + timedelta(days=900)) as young:
        trust(archive, young, name="young")
        assert write() == 0, "not before an outsider of longer life has stamped"
        assert write() == 1
        assert [write(), write()] == [1, 1], (
            "what is renewed stays so, and what lasts needs nothing"
        )
    assert "renewals               passed" in muniment("status", archive=archive).out
    check_logs(ArchiveRoot(archive))


def test_the_clock_is_measured_before_each_crawl(archive: Path, site: SmallSite) -> None:
    configure(archive, '[clock]\nservers = ["127.0.0.1:1"]')
    done(muniment("crawl", "site", archive=archive))
    assert event_types(archive).count("clock check") == 1
    assert "offset not measured" in muniment("show", site.url + "/", archive=archive).out
    assert "no time server has answered yet" in muniment("status", archive=archive).out


def restored(archive: Path) -> None:
    (archive / "log" / "restored").write_text("from a test\n")


def test_a_restored_archive_captures_and_signs_nothing_until_told(
    archive: Path, site: SmallSite, tmp_path: Path
) -> None:
    done(muniment("crawl", "site", archive=archive))
    before = Signed.parse((archive / "log/checkpoint").read_bytes())
    shutil.copytree(archive / "log", tmp_path / "log")
    done(muniment("capture", site.url + "/a", archive=archive))
    lost = Signed.parse((archive / "log/checkpoint").read_bytes())
    done(muniment("log", "audit", archive=archive))
    (tmp_path / "lost.checkpoint").write_bytes(lost.data)
    shutil.rmtree(archive / "log")
    shutil.copytree(tmp_path / "log", archive / "log")
    restored(archive)
    told = muniment("capture", site.url + "/", archive=archive)
    assert told.code == 0
    assert "the log takes no entries: it was restored from a backup" in told.err
    assert Signed.parse((archive / "log/checkpoint").read_bytes()) == before
    assert "restored from a backup" in muniment("status", archive=archive).out
    done(
        muniment(
            "log",
            "succeed",
            "--reason",
            "disk failure",
            "--last-seen",
            tmp_path / "lost.checkpoint",
            archive=archive,
        )
    )
    root = ArchiveRoot(archive)
    old, new = all_logs(root)
    assert old.signed() == before
    assert new.head is not None
    assert new.head.origin == f"{ORIGIN}/2"
    first = new.order.runs[0]
    group = next(groups(archive / "warc" / first.file, first.start))
    assert group.raw["type"] == "log succession"
    assert group.raw["detail"]["signed"] == lost.checkpoint.size
    assert group.raw["detail"]["lost"] == lost.checkpoint.size - before.checkpoint.size
    assert group.raw["detail"]["reason"] == "disk failure"
    check_logs(root)
    for url in (site.url + "/", site.url + "/a", site.url + "/gone"):
        rows = muniment("verify", url, "--json", archive=archive).rows
        assert {row["checks"]["logged"] for row in rows} == {"passed"}
    done(muniment("crawl", "site", archive=archive))
    check_logs(root)
    assert muniment("status", archive=archive).code == 0
    rows = done(muniment("log", "audit", "--json", archive=archive)).rows
    words = [row["found"] for row in rows if row["check"] == "consistent"]
    assert f"closed with {lost.checkpoint.size - before.checkpoint.size} entries lost" in words[0]


def test_a_succession_that_was_cut_short_is_carried_through(archive: Path, site: SmallSite) -> None:
    done(muniment("crawl", "site", archive=archive))
    (archive / "log.closed").mkdir()
    (archive / "log").rename(archive / "log.closed/1")
    told = muniment("capture", site.url + "/a", archive=archive)
    assert "the last one was closed, and none has taken over" in told.err
    assert not (archive / "log/checkpoint").exists()
    done(muniment("log", "succeed", "--reason", "again", archive=archive))
    check_logs(ArchiveRoot(archive))
    done(muniment("capture", site.url + "/a", archive=archive))
    check_logs(ArchiveRoot(archive))


def test_a_published_checkpoint_shows_that_the_log_was_cut_short(
    archive: Path, site: SmallSite, tmp_path: Path
) -> None:
    configure(archive, "")
    config = archive / "muniment.toml"
    config.write_text(
        config.read_text().replace(
            f'"{ORIGIN}"', f'"{ORIGIN}"\npublish = ["{tmp_path / "elsewhere"}"]'
        )
    )
    done(muniment("crawl", "site", archive=archive))
    shutil.copytree(archive / "log", tmp_path / "log")
    done(muniment("capture", site.url + "/a", archive=archive))
    place = tmp_path / "elsewhere"
    latest = (place / "ministry.example_log.checkpoint").read_bytes()
    assert latest == (archive / "log/checkpoint").read_bytes()
    assert "ministry.example/log+" in (place / "ministry.example_log.vkeys").read_text()
    shutil.rmtree(archive / "log")
    shutil.copytree(tmp_path / "log", archive / "log")
    told = muniment("capture", site.url + "/a", archive=archive)
    assert "entries was signed, and it has" in told.err
    assert (place / "ministry.example_log.checkpoint").read_bytes() == latest
    assert muniment("doctor", archive=archive).code == Exit.DAMAGED
    done(muniment("log", "succeed", "--reason", "rolled back", archive=archive))
    check_logs(ArchiveRoot(archive))


def test_publish_writes_where_it_is_told(archive: Path, tmp_path: Path) -> None:
    assert muniment("log", "publish", archive=archive).code == Exit.USAGE
    done(muniment("log", "publish", tmp_path / "out", archive=archive))
    assert (tmp_path / "out/ministry.example_log.checkpoint").exists()


def test_a_key_is_replaced_with_an_overlap(archive: Path, site: SmallSite) -> None:
    rows = muniment("log", "key", "list", "--json", archive=archive).rows
    old = rows[0]["key"].split("+")[1]
    assert muniment("log", "key", "retire", old, archive=archive).code == Exit.USAGE
    done(muniment("log", "key", "new", archive=archive))
    done(muniment("crawl", "site", archive=archive))
    both = Note.parse((archive / "log/checkpoint").read_bytes())
    assert len(both.signatures) == 2
    done(muniment("log", "key", "retire", old, archive=archive))
    done(muniment("capture", site.url + "/a", archive=archive))
    assert len(Note.parse((archive / "log/checkpoint").read_bytes()).signatures) == 1
    assert event_types(archive).count("key change") == 2
    listed = muniment("log", "key", "list", "--json", archive=archive).rows
    assert {row["key"].split("+")[1]: row["signs"] for row in listed}[old] is False
    assert verified(archive, site.url + "/")["logged"] == "passed"
    check_logs(ArchiveRoot(archive))


def test_a_stolen_key_is_taken_out_at_once(archive: Path, site: SmallSite) -> None:
    (row,) = muniment("log", "key", "list", "--json", archive=archive).rows
    key_id = row["key"].split("+")[1]
    order = ("log", "key", "compromised", key_id, "--not-after", "2026-11-20")
    done(muniment(*order, archive=archive))
    done(muniment("crawl", "site", archive=archive))
    assert not list((archive / "keys").glob(f"log-{key_id}.key"))
    check_logs(ArchiveRoot(archive))
    assert muniment("log", "key", "retire", "ffff", archive=archive).code == Exit.NOT_FOUND


def test_a_locked_key_signs_when_its_passphrase_is_given(archive: Path, site: SmallSite) -> None:
    (row,) = muniment("log", "key", "list", "--json", archive=archive).rows
    secret = {"MUNIMENT_LOG_PASSPHRASE": "open sesame"}
    done(muniment("log", "key", "new", "--lock", archive=archive, **secret))
    done(muniment("log", "key", "retire", row["key"].split("+")[1], archive=archive, **secret))
    told = muniment("crawl", "site", archive=archive)
    assert told.code == 0
    assert "the key of the log is locked" in told.err
    assert "not signed yet" in muniment("verify", site.url + "/", archive=archive).out
    done(muniment("log", "checkpoint", archive=archive, **secret))
    assert verified(archive, site.url + "/")["logged"] == "passed"
    check_logs(ArchiveRoot(archive))


def test_checkpoint_tells_what_was_signed_and_by_which_key(archive: Path) -> None:
    (row,) = done(muniment("log", "checkpoint", "--json", archive=archive)).rows
    signed = current_log(ArchiveRoot(archive)).signed()
    assert signed is not None
    assert (row["log"], row["entries"], row["root"]) == (
        ORIGIN,
        signed.checkpoint.size,
        signed.checkpoint.root.hex(),
    )
    assert row["keys"][0].startswith(ORIGIN + "+")
    assert "signed by" in done(muniment("log", "checkpoint", archive=archive)).out


def test_a_changed_name_of_the_log_is_refused(archive: Path, site: SmallSite) -> None:
    done(muniment("crawl", "site", archive=archive))
    config = archive / "muniment.toml"
    config.write_text(config.read_text().replace(ORIGIN, "other.example/log"))
    told = muniment("capture", site.url + "/a", archive=archive)
    assert "muniment.toml names the log other.example/log, and it is signed as" in told.err


def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path) -> None:
    told = muniment("init", tmp_path / "a", "--origin", "with space+plus")
    assert told.code == Exit.USAGE
    assert not (tmp_path / "a").exists()


DECIDED = ("decision", "withholding", "erasure")
"""What a person decided: kinds of leaves from the first day."""


def test_a_deleted_catalog_takes_no_proof_with_it(
    archive: Path, site: SmallSite, authority: LocalAuthority
) -> None:
    trust(archive, authority)
    done(muniment("crawl", "site", archive=archive))
    done(muniment("verify", "--all", archive=archive))
    with closing(open_archive(archive)) as opened:
        record_events(opened, "Ada", [Happening(kind, objects=(site.url,)) for kind in DECIDED])
        opened.settle()

    def rows() -> list[tuple[str, str]]:
        engine = open_catalog(archive / "catalog.sqlite")
        with engine.connect() as connection:
            found = connection.execute(Event.__table__.select()).all()  # type: ignore[attr-defined]
        engine.dispose()
        return sorted((row.id, row.type) for row in found)

    before, proofs = rows(), verified(archive, site.url + "/")
    assert {"seal", "time stamp", "fixity check", *DECIDED} <= {kind for _, kind in before}
    for path in archive.glob("catalog.sqlite*"):
        path.unlink()
    done(muniment("rebuild", archive=archive))
    assert rows() == before
    assert verified(archive, site.url + "/") == proofs
    assert proofs == {"record intact": "passed", "logged": "passed", "time-stamped": "passed"}


def test_a_changed_record_is_no_longer_the_logged_one(archive: Path, site: SmallSite) -> None:
    root = ArchiveRoot(archive)
    url = "http://a.example/"
    path = store(archive, wire_group(url, answer(b"true"), operator="Ada"))
    done(muniment("log", "checkpoint", archive=archive))
    assert verified(archive, url)["logged"] == "passed"
    path.chmod(0o644)
    path.unlink()
    store(archive, wire_group(url, answer(b"fake"), operator="Ada")).rename(path)
    for catalog in archive.glob("catalog.sqlite*"):
        catalog.unlink()
    told = muniment("rebuild", archive=archive)
    assert told.code == 0
    assert verified(archive, url)["logged"] == "failed"
    assert root.log.exists()


@contextmanager
def partner(archive: Path, folder: Path) -> Iterator[Cosigner]:
    """A partner's cosigner that knows this archive's log, named in muniment.toml."""
    (vkey,) = (archive / "keys").glob("log-*.vkey")
    log = Verifier.parse(vkey.read_text().strip())
    key = Ed25519PrivateKey.generate()
    cosigner = Cosigner(folder, "library.example/cosigner", key, (log,))
    told = CosignatureVerifier.of("library.example/cosigner", key.public_key()).vkey
    with serving(cosigner) as url:
        configure(archive, f'[[cosigner]]\nname = "library"\nurl = "{url}"\nvkey = "{told}"')
        yield cosigner


def test_a_cosigner_signs_each_checkpoint_at_the_end_of_an_order(
    archive: Path, site: SmallSite, tmp_path: Path
) -> None:
    with partner(archive, tmp_path / "partner"):
        for order in (("crawl", "site"), ("capture", site.url + "/a")):
            done(muniment(*order, archive=archive))
            note = Note.parse((archive / "log/checkpoint").read_bytes())
            assert [line.name for line in note.signatures] == [ORIGIN, "library.example/cosigner"]
    told = muniment("capture", site.url + "/a", archive=archive)
    assert told.code == 0
    assert "the cosigner library has not signed: unreachable" in told.err
    check_logs(ArchiveRoot(archive))


def test_a_cosigner_finds_out_that_the_log_was_rolled_back(
    archive: Path, site: SmallSite, tmp_path: Path
) -> None:
    with partner(archive, tmp_path / "partner"):
        done(muniment("crawl", "site", archive=archive))
        shutil.copytree(archive / "log", tmp_path / "log")
        done(muniment("capture", site.url + "/a", archive=archive))
        done(muniment("capture", site.url + "/", archive=archive))
        lost = Signed.parse((archive / "log/checkpoint").read_bytes()).checkpoint.size
        shutil.rmtree(archive / "log")
        shutil.copytree(tmp_path / "log", archive / "log")
        told = muniment("source", "edit", "site", "politeness.delay=0.1", archive=archive)
        assert f"a checkpoint of {lost} entries was signed, and it has" in told.err
        assert Signed.parse((archive / "log/checkpoint").read_bytes()).checkpoint.size < lost
        done(muniment("log", "succeed", "--reason", "rolled back", archive=archive))
    closed, _ = all_logs(ArchiveRoot(archive))
    events = [g for p in (archive / "warc").glob("events-*") for g in groups(p)]
    (succession,) = [g.raw for g in events if g.raw["type"] == "log succession"]
    assert succession["detail"]["signed"] == lost
    assert succession["detail"]["lost"] == lost - closed.size
    check_logs(ArchiveRoot(archive))


def test_log_audit_passes_after_all_of_it(archive: Path, site: SmallSite) -> None:
    done(muniment("crawl", "site", archive=archive))
    (first,) = [
        row
        for row in muniment("log", "audit", "--json", archive=archive).rows
        if row["check"] == "consistent"
    ]
    assert first["verdict"] == "not checked"
    done(muniment("capture", site.url + "/a", archive=archive))
    rows = muniment("log", "audit", "--json", archive=archive).rows
    assert {row["check"]: row["verdict"] for row in rows} == dict.fromkeys(
        ("signed", "head", "consistent", "tiles", "entries", "complete"), "passed"
    )

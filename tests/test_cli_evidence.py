"""A package holds all that a stranger needs, claims no more than it shows, and others can judge it."""

from __future__ import annotations

import filecmp
import io
import json
import random
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from lxml import etree
from prov.model import ProvDocument
from warcio.archiveiterator import ArchiveIterator

from archive.evidence.cosigner import Cosigner
from archive.evidence.log import Signed
from archive.evidence.note import CosignatureVerifier, Verifier
from archive.evidence.proof import InclusionProof
from archive.evidence.receipt import parse
from archive.evidence.verify_receipt import verify_receipt
from archive.group import Group
from archive.ident import typed
from archive.layout import ArchiveRoot
from archive.package import build
from archive.package.facts import PackageFacts
from archive.reader import groups
from archive.statement import Event, Tls
from archive.verdict import Verdict
from archive.warc import END, chunks, encode_head, request, resource, response
from cli import evidence
from cli.authority import LocalAuthority
from crawler.archiving import chain_uri
from tests.authority import openssl_accepts
from tests.captures import TIME, answer, failed_group, store, wire_group
from tests.certificates import issue
from tests.cosigners import serving
from tests.logs import check_logs
from tests.muniment import Told, muniment
from tests.package_judges import (
    check_bag,
    check_excerpt,
    check_wacz,
    exhibits,
    judged,
    leaves,
    verify_sh,
)
from tests.shared import program
from tests.small_site import Page, html, serve

PDF = b"%PDF-1.4 " + bytes(range(256)) * 40
GIVEN = b"%PDF-1.4 " + random.Random(1).randbytes(5000)
"""Is stored as it is: packing would save nothing."""
NOTICE = "通知".encode()
SAID = ("--obtained-on", "2021-11-30", "--obtained-by", "A. Researcher", "--how", "saved by hand")
NAMES = [
    "complete",
    "records",
    "content",
    "leaves",
    "logged",
    "signed",
    "stamped",
    "countersigned",
    "custody",
    "sealed",
]
WITHOUT_OUTSIDERS = dict.fromkeys(NAMES, "passed") | dict.fromkeys(
    ("stamped", "countersigned", "sealed"), "not checked"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A site crawled twice, an address that refuses, and a file that somebody handed over."""
    folder = tmp_path_factory.mktemp("made")
    root = folder / "a"
    muniment("init", root, "--operator", "Ada")
    pages: dict[str, Page | list[Page]] = {
        "/": html("/a.pdf", "/missing", "/%E9%80%9A%E7%9F%A5.txt", "/etag.pdf"),
        "/a.pdf": Page(PDF, type="application/pdf"),
        "/%E9%80%9A%E7%9F%A5.txt": Page(NOTICE, type="text/plain; charset=utf-8"),
        "/etag.pdf": [
            Page(b"%PDF stays", headers={"ETag": '"1"'}),
            Page(b"", 304, headers={"ETag": '"1"'}),
        ],
    }
    with serve(pages) as site:
        muniment("source", "add", "site", site.url + "/", archive=root)
        source = root / "sources/site.toml"
        source.write_text(f"conditional = true\n{source.read_text('utf-8')}", "utf-8")
        for _ in range(2):
            assert muniment("crawl", "site", archive=root).code == 0
        url = site.url
    assert muniment("capture", f"{url}/closed", archive=root).code == 5  # asks for robots.txt first
    (folder / "名单.pdf").write_bytes(GIVEN)
    done = muniment("import", folder / "名单.pdf", *SAID, "--url", f"{url}/given", archive=root)
    assert done.code == 0
    return root, url


@pytest.fixture(scope="module")
def package(made: tuple[Path, str]) -> Path:
    """A package of a revisit, a 404, a refused connection, a "not modified" and what was handed over."""
    url = made[1]
    root = shutil.copytree(made[0], made[0].with_name("b"))
    names = [
        f"{url}{path}" for path in ("/a.pdf", "/missing", "/robots.txt", "/etag.pdf", "/given")
    ]
    names.append(f"{url}/%E9%80%9A%E7%9F%A5.txt")
    out = root.parent / "package"
    words = ("--recipient", "District Court", "--purpose", "12 O 34/26")
    done = muniment("evidence", *names, "-o", out, *words, "--json", archive=root)
    assert done.code == 0, done.err
    (row,) = done.rows
    assert row["checks"] == WITHOUT_OUTSIDERS
    assert row["verdict"] == "passed"
    return out


@pytest.fixture
def archive(made: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that archive, to be changed at will."""
    return shutil.copytree(made[0], tmp_path / "a")


def make(archive: Path, *words: object, code: int = 0) -> Told:
    done = muniment("evidence", *words, archive=archive)
    assert done.code == code, f"{done.code}\n{done.out}\n{done.err}"
    return done


def of(package: Path, path: str) -> dict[str, Any]:
    """The exhibit whose URL ends so."""
    return next(each for each in exhibits(package) if each["url"].endswith(path))


def test_the_script_in_it_prints_what_it_says_that_it_prints(package: Path) -> None:
    assert verify_sh(package) == (package / "expected-output.txt").read_text("utf-8")


def test_programs_of_others_accept_bag_wacz_warc_and_xml(package: Path) -> None:
    check_bag(package)
    check_wacz(package / "data/replay.wacz")
    said = check_excerpt(package / "data/warc/excerpt.warc")
    assert "fail" not in said.replace("digest pass", "")
    judged(program("xmllint"), "--noout", "custody/premis.xml", folder=package)
    known = ProvDocument.deserialize(str(package / "custody/prov.json"))
    assert len(list(known.get_records())) > len(exhibits(package))


def test_the_index_of_the_wacz_leads_to_the_records(package: Path) -> None:
    with zipfile.ZipFile(package / "data/replay.wacz") as wacz:
        warc = wacz.read("archive/data.warc.gz")
        lines = wacz.read("indexes/index.cdx").decode().splitlines()
        pages = [json.loads(line) for line in wacz.read("pages/pages.jsonl").splitlines()]
    assert lines == sorted(lines)
    told = [json.loads(line.split(" ", 2)[2]) for line in lines]
    for fields in told:
        start = int(fields["offset"])
        (record,) = ArchiveIterator(io.BytesIO(warc[start : start + int(fields["length"])]))
        assert record.rec_headers["WARC-Target-URI"] == fields["url"]
        assert record.rec_type in {"response", "revisit", "resource"}
    assert {page["url"] for page in pages[1:]} == {each["url"] for each in exhibits(package)}
    answered = {each["url"] for each in exhibits(package) if each["status"] or each["content"]}
    assert answered <= {fields["url"] for fields in told}


def test_a_revisit_is_whole_and_brings_the_capture_that_it_refers_to(package: Path) -> None:
    exhibit = of(package, "/a.pdf")
    assert (package / exhibit["content"]).read_bytes() == PDF
    assert exhibit["content"] == "data/files/01-a.pdf"
    assert exhibit["revisit"]["capture"]
    with (package / "data/warc/excerpt.warc").open("rb") as stream:
        records = {
            record.rec_headers["WARC-Record-ID"]: record.rec_type
            for record in ArchiveIterator(stream)
        }
    assert records[f"<{exhibit['revisit']['record']}>"] == "response"


def test_not_modified_brings_the_capture_that_holds_the_content_as_an_exhibit(
    package: Path,
) -> None:
    etags = [each for each in exhibits(package) if each["url"].endswith("/etag.pdf")]
    assert [each["outcome"] for each in etags] == ["not-modified", "content"]
    assert etags[0]["content"] is None
    assert (package / etags[1]["content"]).read_bytes() == b"%PDF stays"


def test_failures_are_exhibits_too(package: Path) -> None:
    missing, refused = of(package, "/missing"), of(package, "/robots.txt")
    assert (missing["outcome"], missing["status"]) == ("not-found", 404)
    assert (package / missing["content"]).read_bytes() == b"no such page"
    assert (refused["code"], refused["content"]) == ("connect-refused", None)
    lines = (package / "exhibits.txt").read_text("utf-8").splitlines()
    assert f"{refused['id']} -" in lines
    assert len(lines) == len(exhibits(package)) == 7


def test_what_was_handed_over_is_never_said_to_be_observed(package: Path) -> None:
    given = of(package, "/given")
    assert given["fidelity"] == "asserted"
    assert given["origin"] == "asserted by its giver, not observed by this system"
    assert given["original_name"] == "名单.pdf"
    told = json.loads((package / "legal/certification.json").read_bytes())
    captures = [each["captures"][0] for each in told["exhibits"]]
    (asserted,) = [each for each in captures if each["fidelity"] == "asserted"]
    assert asserted["receipt"]["giver"] == "A. Researcher"
    for observed in ("host", "ip", "method", "tls", "egress", "identity"):
        assert asserted[observed] is None, observed
    assert asserted["dns"] == []
    assert "import" in {event["type"] for event in leaves(package)}


def test_the_digests_were_computed_afresh_and_the_export_stands_in_the_log(package: Path) -> None:
    events = leaves(package)
    ids = {each["id"] for each in exhibits(package)}
    (again,) = [each for each in events if each["type"] == "fixity check"]
    assert ids <= set(again["objects"])
    assert again["outcome"] == "passed"
    assert again["detail"]["depth"] == "every layer"
    assert again["detail"]["records"] >= 2 * len(ids)
    (export,) = [each for each in events if each["type"] == "export"]
    assert export["detail"]["recipient"] == "District Court"
    assert export["detail"]["purpose"] == "12 O 34/26"
    assert set(export["objects"]) == ids
    assert again["time"] <= export["time"]
    certified = json.loads((package / "legal/certification.json").read_bytes())
    for exhibit in certified["exhibits"]:
        assert exhibit["captures"][0]["rehash"]["match"] == "passed"
        assert exhibit["captures"][0]["entry"]["proof"] == "passed"
    assert {one["question"]: one["answer"] for one in certified["answers"]} == {
        one["question"]: answer
        for one, answer in zip(certified["answers"], ("yes", "yes", "no", "no", "no"), strict=True)
    }


def test_each_crawl_comes_with_the_plan_that_its_captures_name(package: Path) -> None:
    plans = {each["plan"] for each in exhibits(package) if each["crawl"]}
    assert {path.name for path in (package / "data/plan").iterdir()} == plans
    assert of(package, "/given")["plan"] is None


def test_custody_is_premis_in_the_order_of_its_schema(package: Path) -> None:
    tree = etree.parse(package / "custody/premis.xml")
    names = {"p": "http://www.loc.gov/premis/v3"}
    objects = tree.xpath("//p:object", namespaces=names)
    assert len(objects) == len(exhibits(package))
    assert [etree.QName(child).localname for child in objects[0]] == [
        "objectIdentifier",
        "objectCharacteristics",
        "originalName",
        "storage",
    ]
    sizes = tree.xpath("//p:size/text()", namespaces=names)
    assert str(len(PDF)) in sizes
    types = tree.xpath("//p:eventType/text()", namespaces=names)
    assert types == [event["type"] for event in leaves(package)]
    agents = set(tree.xpath("//p:agentIdentifierValue/text()", namespaces=names))
    assert agents == set(tree.xpath("//p:linkingAgentIdentifierValue/text()", namespaces=names))


def test_a_zip_holds_the_same_under_one_folder_and_nothing_is_packed(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "exhibits.zip"
    make(archive, f"{made[1]}/a.pdf", "-o", out)
    with zipfile.ZipFile(out) as packed:
        assert {info.filename.split("/")[0] for info in packed.infolist()} == {"exhibits"}
        assert {info.compress_type for info in packed.infolist()} == {zipfile.ZIP_STORED}
        packed.extractall(tmp_path)
    check_bag(tmp_path / "exhibits")
    verify_sh(tmp_path / "exhibits")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_same_facts_give_the_same_bytes(
    archive: Path, made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[PackageFacts] = []

    def building(facts: PackageFacts, out: Path, **more: Any) -> Any:
        kept.append(facts)
        return build.build_package(facts, out, **more)

    monkeypatch.setattr(evidence, "build_package", building)
    names = [f"{made[1]}{path}" for path in ("/a.pdf", "/missing", "/given")]
    make(archive, *names, "-o", tmp_path / "one")
    build.build_package(kept[0], tmp_path / "two")
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        build.build_package(kept[0], tmp_path / folder / "x.zip")
    assert same(tmp_path / "one", tmp_path / "two")
    assert filecmp.cmp(tmp_path / "first/x.zip", tmp_path / "second/x.zip", shallow=False)


def same(one: Path, two: Path) -> bool:
    files = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    assert files == {path.relative_to(two) for path in two.rglob("*") if path.is_file()}
    return all((one / path).read_bytes() == (two / path).read_bytes() for path in files)


def test_a_digest_that_differs_means_no_package_and_is_kept(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    (row,) = muniment("list", f"{made[1]}/given", "--json", archive=archive).rows
    (path,) = (archive / "warc").glob("import-*.warc.gz")
    data = bytearray(path.read_bytes())
    data[data.index(GIVEN[100:200])] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
    done = make(archive, f"{made[1]}/given", f"{made[1]}/a.pdf", "-o", tmp_path / "p", code=1)
    assert path.name in done.out
    assert "failed" in done.out
    assert not (tmp_path / "p").exists()
    events = _events(archive)
    assert not [event for event in events if event["type"] == "export"]
    told = [event for event in events if event["type"] == "fixity check"][-1]
    assert told["outcome"] == "failed"
    assert typed(row["id"]) in told["objects"]
    assert told["detail"]["failed"] >= 1
    check_logs(ArchiveRoot.open(archive))


def _events(archive: Path) -> list[dict[str, Any]]:
    """What the archive holds of events, the earliest first."""
    files = sorted((archive / "warc").glob("events-*.warc.gz"))
    return [group.raw for path in files for group in groups(path)]


@pytest.mark.parametrize("record", ["metadata", "response"])
def test_damage_anywhere_in_an_exhibit_is_a_failed_verification(
    tmp_path: Path, record: str
) -> None:
    root, url = tmp_path / "a", "https://www.example.gov/"
    muniment("init", root, "--operator", "Ada")
    path = store(root, wire_group(url, answer(b"1")))
    assert muniment("rebuild", archive=root).code == 0
    (group,) = groups(path)
    (place,) = [each for each in group.records if each.type == record]
    data = bytearray(path.read_bytes())
    data[place.offset + place.length // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
    done = make(root, url, "-o", tmp_path / "p", "--json", code=1)
    assert {row["offset"] for row in done.rows} == {place.offset}
    assert not (tmp_path / "p").exists()


def test_records_of_a_foreign_warc_are_asserted_and_whole(tmp_path: Path) -> None:
    root, url = tmp_path / "a", "https://www.example.gov/old.html"
    muniment("init", root, "--operator", "Ada")
    foreign = response(url, TIME, answer(b"<p>saved elsewhere</p>"))
    warc = encode_head(foreign) + b"".join(chunks(foreign.block)) + END
    (tmp_path / "theirs.warc").write_bytes(warc)
    assert muniment("import", tmp_path / "theirs.warc", *SAID, archive=root).code == 0
    make(root, url, "-o", tmp_path / "p")
    (exhibit,) = exhibits(tmp_path / "p")
    assert exhibit["fidelity"] == "asserted"
    assert (tmp_path / "p" / exhibit["content"]).read_bytes() == b"<p>saved elsewhere</p>"
    assert warc in (tmp_path / "p/data/warc/excerpt.warc").read_bytes()
    verify_sh(tmp_path / "p")


def test_a_re_hash_of_captures_is_no_check_of_their_files(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    make(archive, f"{made[1]}/a.pdf", "-o", tmp_path / "p")
    assert muniment("verify", "--due", "--json", archive=archive).rows[-1]["files"]


def test_a_log_that_cannot_be_signed_means_no_package(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    (key,) = (archive / "keys").glob("*.key")
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    key.write_bytes(locked)
    done = make(archive, f"{made[1]}/a.pdf", "-o", tmp_path / "p", code=3)
    assert "no package was made: the log is not signed" in done.err
    assert not (tmp_path / "p").exists()
    unlocked = {"MUNIMENT_LOG_PASSPHRASE": "secret"}
    words = (f"{made[1]}/a.pdf", "-o", tmp_path / "p")
    assert muniment("evidence", *words, archive=archive, **unlocked).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("https://nowhere.example/", "-o", "p"), 4, "no capture of https://nowhere.example/"),
        (("zzzzzzzz", "-o", "p"), 4, "nothing has the id zzzzzzzz"),
        (("{url}/a.pdf", "-o", "taken"), 2, "there is something of that name"),
        (("{url}/a.pdf", "-o", "p", "--certifier", "odd.toml"), 2, "unknown key person.nam"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    archive: Path,
    made: tuple[Path, str],
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "odd.toml").write_text('[person]\nnam = "Grace"\n')
    before = sorted((archive / "warc").iterdir())
    places = {"p", "taken", "odd.toml"}
    given = [
        str(tmp_path / word) if word in places else word.replace("{url}", made[1]) for word in words
    ]
    assert said in make(archive, *given, code=code).err
    assert sorted((archive / "warc").iterdir()) == before
    assert not (tmp_path / "p").exists()


def test_stamps_seal_and_certifier_go_in_and_outsiders_verify_them(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    program("openssl")
    seal = issue("Example Library")
    p12 = pkcs12.serialize_key_and_certificates(
        b"seal", seal.key, seal.certificate, None, serialization.NoEncryption()
    )
    (archive / "keys/seal.p12").write_bytes(p12)
    (tmp_path / "who.toml").write_text(
        '[person]\nname = "Grace Keeper"\n[case]\ncourt = "District Court"\n', "utf-8"
    )
    with LocalAuthority(tmp_path / "tsa", name="first") as authority:
        (archive / "keys/first.pem").write_bytes(authority.root.pem)
        configure(archive, authority, test=False)
        words = (f"{made[1]}/a.pdf", "-o", tmp_path / "p", "--certify", "us-federal")
        done = make(archive, *words, "--certifier", tmp_path / "who.toml", "--json")
        configure(archive, authority, test=True)
        tried = make(archive, f"{made[1]}/a.pdf", "-o", tmp_path / "q", "--json")
    expected = dict.fromkeys(NAMES, "passed") | {"countersigned": "not checked"}
    assert done.rows[-1]["checks"] == expected
    assert tried.rows[-1]["checks"] == expected | {"stamped": "not checked"}
    for name in ("p", "q"):
        folder = tmp_path / name
        assert verify_sh(folder) == (folder / "expected-output.txt").read_text("utf-8")
    assert "test authority, proves nothing" in (tmp_path / "q/expected-output.txt").read_text()
    told = json.loads((tmp_path / "p/legal/certification.json").read_bytes())
    assert told["person"]["name"] == "Grace Keeper"
    assert told["case"]["court"] == "District Court"
    (stamp,) = told["exhibits"][0]["captures"][0]["stamps"]
    assert (stamp["authority"], stamp["verdict"], stamp["test"]) == ("first", "passed", False)
    assert not (tmp_path / "p/timestamps/earlier").exists()
    said = judged(program("pdfsig"), "-nocert", "legal/certification.pdf", folder=tmp_path / "p")
    assert "Signature is Valid" in said
    (tmp_path / "p/exhibits.txt").write_text("changed\n")
    verify_sh(tmp_path / "p", code=1)


def test_an_exhibit_of_a_closed_log_is_proved_by_its_last_checkpoint(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    assert muniment("log", "succeed", "--reason", "entries were lost", archive=archive).code == 0
    done = make(archive, f"{made[1]}/a.pdf", "-o", tmp_path / "p", "--json")
    assert done.rows[-1]["checks"] == WITHOUT_OUTSIDERS
    package = tmp_path / "p"
    assert verify_sh(package) == (package / "expected-output.txt").read_text("utf-8")
    (told,) = json.loads((package / "log/successions.json").read_bytes())
    assert told["reason"] == "entries were lost"
    closed = (package / "log/closed-1/checkpoint").read_text("utf-8")
    assert closed.splitlines()[0] == told["predecessor"]
    (exhibit,) = exhibits(package)
    assert closed in (package / f"log/{exhibit['id']}.tlog-proof").read_text("utf-8")
    certified = json.loads((package / "legal/certification.json").read_bytes())
    assert [each["reason"] for each in certified["successions"]] == ["entries were lost"]


def test_what_time_servers_said_of_the_clock_is_certified(tmp_path: Path) -> None:
    root, url = tmp_path / "a", "https://www.example.gov/"
    muniment("init", root, "--operator", "Ada")
    told = {"server": "ntp.example", "offset_ms": -12, "delay_ms": 8, "stratum": 2, "reason": None}
    check = Event(
        type="clock check",
        time=TIME - timedelta(hours=1),
        operator="Ada",
        software="test",
        detail={"measured": "", "servers": [told]},
    )
    store(root, wire_group(url, answer(b"1")), Group(check))
    assert muniment("rebuild", archive=root).code == 0
    make(root, url, "-o", tmp_path / "p")
    certified = json.loads((tmp_path / "p/legal/certification.json").read_bytes())
    clock = certified["exhibits"][0]["captures"][0]["clock"]
    assert (clock["source"], clock["offset"]) == ("ntp.example", 12_000)


def test_chain_and_dns_answer_of_an_earlier_group_come_too(tmp_path: Path) -> None:
    """Of several answers for the host the latest one with these addresses counts."""
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    host, chain = "https://www.example.gov/", ("ab" * 32,)
    tls = Tls(version="tls/1.3", cipher="X", chain=chain, verdict=("valid",))
    told: dict[str, Any] = {"tls": tls, "dns": ("192.0.2.1",), "crawl": "0123456789abcdef"}
    first = wire_group(f"{host}1", answer(b"1"), **told)
    around = (
        resource(chain_uri(chain), TIME, b"chain", "application/pem-certificate-chain"),
        resource("dns:www.example.gov", TIME, b"www A 192.0.2.1", "text/dns"),
    )
    moved = told | {"dns": ("192.0.2.9",), "time": TIME + timedelta(seconds=1)}
    second = wire_group(f"{host}2", answer(b"2"), **moved)
    other = resource("dns:www.example.gov", TIME, b"www A 192.0.2.9", "text/dns")
    last = wire_group(f"{host}3", answer(b"3"), **told | {"time": TIME + timedelta(seconds=2)})
    store(
        root,
        replace(first, records=(*around, *first.records)),
        replace(second, records=(other, *second.records)),
        last,
    )
    assert muniment("rebuild", archive=root).code == 0
    make(root, f"{host}3", "-o", tmp_path / "p")
    (exhibit,) = exhibits(tmp_path / "p")
    ids = {row["url"]: typed(row["id"]) for row in muniment("list", "--json", archive=root).rows}
    assert exhibit["surroundings"] == [ids[f"{host}1"]]
    excerpt = (tmp_path / "p/data/warc/excerpt.warc").read_bytes()
    assert b"www A 192.0.2.1" in excerpt
    assert b"www A 192.0.2.9" not in excerpt


def test_credentials_that_leave_with_the_records_are_warned_of(tmp_path: Path) -> None:
    root, url = tmp_path / "a", "https://www.example.gov/"
    muniment("init", root, "--operator", "Ada")
    plain = wire_group(url, answer(b"1"))
    sent = request(url, TIME, b"GET / HTTP/1.1\r\nCookie: session=1\r\n\r\n")
    store(root, Group(plain.statement, (sent, plain.records[-1])))
    assert muniment("rebuild", archive=root).code == 0
    assert "carry Cookie" in make(root, url, "-o", tmp_path / "p").err
    assert make(root, url, "-o", tmp_path / "q", "--json").rows[-1]["secrets"] == ["Cookie"]


def test_many_exhibits_with_hostile_names_make_one_sound_package(tmp_path: Path) -> None:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    odd = ["../x", "a\0b", "-rf", "%2e%2e", "a\nb", "名单 (1).pdf", "x" * 400, "$(id)", "CON", "."]
    made = [
        wire_group(
            f"https://www.example.gov/{number}",
            answer(f"{number}".encode()),
            filename=odd[number % len(odd)],
        )
        for number in range(120)
    ]
    store(root, *made, failed_group("https://down.example.gov/", "dns-nxdomain"))
    assert muniment("rebuild", archive=root).code == 0
    names = [row["id"] for row in muniment("list", "--json", archive=root).rows]
    make(root, *names, "-o", tmp_path / "p")
    check_bag(tmp_path / "p")
    listed = exhibits(tmp_path / "p")
    assert len(listed) == 121
    files = [each["content"] for each in listed if each["content"]]
    assert len(set(files)) == 120
    assert all(path.startswith("data/files/") and path.count("/") == 2 for path in files)
    assert {each["original_name"] for each in listed if each["content"]} == set(odd)


def test_a_cosigner_of_the_checkpoint_is_verified_and_certified(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    (vkey,) = (archive / "keys").glob("log-*.vkey")
    log = Verifier.parse(vkey.read_text().strip())
    key = Ed25519PrivateKey.generate()
    named = CosignatureVerifier.of("library.example/cosigner", key.public_key())
    with serving(Cosigner(tmp_path / "partner", named.name, key, (log,))) as url:
        with (archive / "muniment.toml").open("a", encoding="utf-8") as config:
            config.write(
                f'\n[[cosigner]]\nname = "library"\nurl = "{url}"\nvkey = "{named.vkey}"\n'
            )
        words = (f"{made[1]}/a.pdf", "-o", tmp_path / "p", "--json")
        (row,) = make(archive, *words).rows
    assert row["checks"] == WITHOUT_OUTSIDERS | {"countersigned": "passed"}
    assert verify_sh(tmp_path / "p") == (tmp_path / "p/expected-output.txt").read_text("utf-8")
    told = json.loads((tmp_path / "p/legal/certification.json").read_bytes())
    (line,) = told["exhibits"][0]["captures"][0]["cosignatures"]
    assert (line["cosigner"], line["verdict"]) == (named.name, "passed")
    assert [each["use"] for each in told["keys"]] == ["log", "cosigner"]


def test_a_stamp_from_near_the_capture_comes_with_what_proves_that_it_covers_it(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    """The stamp over the package's own checkpoint is as young as the package."""
    with LocalAuthority(tmp_path / "tsa", name="first") as authority:
        (archive / "keys/first.pem").write_bytes(authority.root.pem)
        configure(archive, authority, test=False, sealed=False)
        (tmp_path / "late.pdf").write_bytes(GIVEN)
        muniment("import", tmp_path / "late.pdf", *SAID, archive=archive)
        make(archive, f"{made[1]}/a.pdf", "-o", tmp_path / "p")
    (folder,) = (tmp_path / "p/timestamps/earlier").iterdir()
    (exhibit,) = exhibits(tmp_path / "p")
    proof = InclusionProof.parse((folder / f"{exhibit['id']}.tlog-proof").read_bytes())
    assert proof.checkpoint == (folder / "checkpoint").read_bytes()
    (vkey,) = (tmp_path / "p/log/keys").glob("*.vkey")
    proof.verify(
        bytes.fromhex(exhibit["entry"]["hash"]), [Verifier.parse(vkey.read_text().strip())]
    )
    response = (folder / "first.tsr").read_bytes()
    checkpoint, root = proof.checkpoint, (folder / "first.roots.pem").read_bytes()
    now = int(datetime.now(UTC).timestamp())
    assert openssl_accepts(tmp_path / "judge", response, checkpoint, now, root)
    certified = json.loads((tmp_path / "p/legal/certification.json").read_bytes())
    times = [each["time"] for each in certified["exhibits"][0]["captures"][0]["stamps"]]
    assert len(times) == 2
    assert times == sorted(times)
    verify_sh(tmp_path / "p")
    check_bag(tmp_path / "p")


def test_a_receipt_proves_one_capture_and_cites_its_file(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    words = (f"{made[1]}/a.pdf", "-o", tmp_path / "receipt.txt", "--receipt", "--json")
    (row,) = make(archive, *words).rows
    assert row["verdict"] == "passed"
    assert row["checks"]["signed"] == "passed"
    text = (tmp_path / "receipt.txt").read_text("utf-8")
    (tmp_path / "cited.pdf").write_bytes(PDF)
    cited = {step.name: step.verdict for step in verify_receipt(text, tmp_path / "cited.pdf")}
    assert cited["file"] == cited["leaf"] == cited["logged"] == Verdict.PASSED
    (tmp_path / "cited.pdf").write_bytes(PDF + b"!")
    other = {step.name: step.verdict for step in verify_receipt(text, tmp_path / "cited.pdf")}
    assert other["file"] == Verdict.FAILED
    assert _events(archive)[-1]["type"] in {"export", "seal"}
    assert [e["detail"]["form"] for e in _events(archive) if e["type"] == "export"] == ["receipt"]


def test_several_receipts_lie_in_a_folder_and_each_has_the_stamp_from_near_its_capture(
    archive: Path, made: tuple[Path, str], tmp_path: Path
) -> None:
    with LocalAuthority(tmp_path / "tsa", name="first") as authority:
        (archive / "keys/first.pem").write_bytes(authority.root.pem)
        configure(archive, authority, test=False, sealed=False)
        (tmp_path / "late.pdf").write_bytes(GIVEN)
        muniment("import", tmp_path / "late.pdf", *SAID, archive=archive)
        names = [f"{made[1]}{path}" for path in ("/a.pdf", "/missing")]
        (row,) = make(archive, *names, "--receipt", "-o", tmp_path / "r", "--json").rows
    assert row["checks"]["stamped"] == "passed"
    found = {path.name for path in (tmp_path / "r").iterdir()}
    assert found == {f"{typed(id_)}.txt" for id_ in row["exhibits"]}
    for path in (tmp_path / "r").iterdir():
        proof = InclusionProof.parse(parse(path.read_text("utf-8")).proof)
        assert Signed.parse(proof.checkpoint).checkpoint.size < row["entries"]


def configure(archive: Path, authority: LocalAuthority, *, test: bool, sealed: bool = True) -> None:
    text = (archive / "muniment.toml").read_text("utf-8").partition("\n[[authority]]")[0]
    (archive / "muniment.toml").write_text(
        f'{text}\n[[authority]]\nname = "first"\nurl = "{authority.url}/tsr"\n'
        f'roots = "keys/first.pem"\ntest = {str(test).lower()}\n'
        + ('[certificate]\nfile = "keys/seal.p12"\n' if sealed else ""),
        "utf-8",
    )

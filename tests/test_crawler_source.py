"""A source file is read strictly: what is wrong is named, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import UsageError
from crawler import source_file
from crawler.source import Agency, HostRecord, Identity, Politeness, ScopeRules, Source

FULL = """
name = "mofcom"  # the ministry
seeds = ["https://www.mofcom.gov.cn/", "https://www.mofcom.gov.cn/培训/"]
robots = "record-only"
robots_reason = "public duty to post; ministry was told"
tls = "legacy"
conditional = true
revisit = false

[agency]
name = "商务部"
names = { en = "Ministry of Commerce", zh = "商务部" }
parent = "国务院"
hosts = [{ host = "www.mofcom.gov.cn", record = "京ICP备05004093号" }]

[scope]
hosts = ["*.mofcom.gov.cn"]
paths = ["/article/"]
include = ['\\.s?html$']
exclude = ["/print/"]
requisites = false
max_pages = 5000
max_depth = 9
max_seconds = 3600
max_body = 1000000

[politeness]
delay = 2
concurrency = 1
autothrottle = false

[identity]
name = "neutral"
user_agent = "Mozilla/5.0"
contact = "mailto:archive@example.org"
proxy = "http://127.0.0.1:3128"
bind = "192.0.2.7"
accept_language = "zh-CN"
cookies = true
"""


def test_every_key_is_read() -> None:
    source = source_file.parse(FULL)
    assert source == Source(
        name="mofcom",
        seeds=("https://www.mofcom.gov.cn/", "https://www.mofcom.gov.cn/培训/"),
        agency=Agency(
            name="商务部",
            names={"en": "Ministry of Commerce", "zh": "商务部"},
            parent="国务院",
            hosts=(HostRecord(host="www.mofcom.gov.cn", record="京ICP备05004093号"),),
        ),
        scope=ScopeRules(
            hosts=("*.mofcom.gov.cn",),
            paths=("/article/",),
            include=(r"\.s?html$",),
            exclude=("/print/",),
            requisites=False,
            max_pages=5000,
            max_depth=9,
            max_seconds=3600.0,
            max_body=1_000_000,
        ),
        politeness=Politeness(delay=2.0, concurrency=1, autothrottle=False),
        robots="record-only",
        robots_reason="public duty to post; ministry was told",
        tls="legacy",
        identity=Identity(
            name="neutral",
            user_agent="Mozilla/5.0",
            contact="mailto:archive@example.org",
            proxy="http://127.0.0.1:3128",
            bind="192.0.2.7",
            accept_language="zh-CN",
            cookies=True,
        ),
        conditional=True,
        revisit=False,
    )


def test_what_is_rendered_is_read_again() -> None:
    source = source_file.parse(FULL)
    assert source_file.parse(source_file.render(source)) == source


def test_a_name_and_a_seed_are_enough_and_the_rest_is_named_in_comments() -> None:
    text = source_file.render(Source(name="mee", seeds=("https://www.mee.gov.cn/",)))
    assert source_file.parse(text) == Source(name="mee", seeds=("https://www.mee.gov.cn/",))
    assert "# hosts, paths, include, exclude" in text


def test_an_edit_keeps_what_people_wrote() -> None:
    text = source_file.edited(FULL, "politeness.delay", 5.5)
    assert "# the ministry" in text
    assert source_file.parse(text).politeness.delay == 5.5
    assert (
        source_file.parse(source_file.edited(text, "scope.max_pages", None)).scope.max_pages is None
    )
    with pytest.raises(UsageError, match=r"politeness\.delay"):
        source_file.edited(FULL, "politeness.delay", "soon")


def test_defaults_are_polite_in_public_and_fast_at_home() -> None:
    public = Source(name="a", seeds=("http://www.gov.cn/",)).pace
    assert (public.delay, public.concurrency, public.autothrottle) == (1.0, 2, True)
    for seed in ("http://127.0.0.1:8000/", "http://[::1]/", "http://localhost/"):
        home = Source(name="a", seeds=(seed,)).pace
        assert (home.delay, home.concurrency, home.autothrottle) == (0.0, 8, False)


def test_the_configuration_follows_the_file_and_the_software() -> None:
    source = Source(name="a", seeds=("http://h/",))
    one = source.configuration("text", "muniment 1")
    assert one == source.configuration("text", "muniment 1")
    assert (
        len(
            {
                one,
                source.configuration("other", "muniment 1"),
                source.configuration("text", "muniment 2"),
            }
        )
        == 3
    )


GOOD = 'name = "a"\nseeds = ["http://h/"]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "not TOML"),
        ('seeds = ["http://h/"]', "name: is missing"),
        ('name = "a"', "seeds: is missing"),
        ('name = "a"\nseeds = []', "seeds: a source needs"),
        ('name = "a"\nseeds = "http://h/"', "seeds: must be a list"),
        ('name = "a"\nseeds = [1]', r"seeds\[0\]: must be text, is 1"),
        ('name = "a"\nseeds = ["ftp://h/"]', "seeds: not an http"),
        ('name = "a"\nseeds = ["http://"]', "seeds: not an http"),
        ('name = "a"\nseeds = ["http://h:99999/"]', "seeds: not a URL"),
        ('name = "a"\nseeds = ["http://[::1/"]', "seeds: not a URL"),
        ('name = "a"\nseeds = ["http://u:secret@h/"]', "seeds: a password"),
        ('name = "../a"\nseeds = ["http://h/"]', "name: '../a' cannot"),
        ('name = ".a"\nseeds = ["http://h/"]', "name: '.a' cannot"),
        ('name = "con"\nseeds = ["http://h/"]', "name: 'con' cannot"),
        ('name = "a\\u0000"\nseeds = ["http://h/"]', "name: .* cannot"),
        (GOOD + "colour = 1", "colour: unknown key"),
        (GOOD + "[scope]\ncolour = 1", r"scope\.colour: unknown key"),
        (GOOD + "scope = 1", "scope: must be a table"),
        (GOOD + "[scope]\nmax_pages = true", r"scope\.max_pages: must be a whole number"),
        (GOOD + "[scope]\nmax_pages = 0", r"scope\.max_pages: must be 1 or more"),
        (GOOD + "[scope]\nmax_seconds = nan", r"scope\.max_seconds: must be 1 or more"),
        (GOOD + "[scope]\nexclude = ['(']", r"scope\.exclude: '\('"),
        (GOOD + "[scope]\nhosts = ['http://h/']", r"scope\.hosts: not a host"),
        (GOOD + "[scope]\npaths = ['x']", r"scope\.paths: does not begin"),
        (GOOD + "[politeness]\ndelay = -1", r"politeness\.delay: must be 0 or more"),
        (GOOD + "robots = 'ignore'", "robots: must be one of"),
        (GOOD + "robots = 'record-only'", "robots_reason"),
        (GOOD + "tls = 'none'", "tls: must be one of"),
        (GOOD + "[identity]\nproxy = 'socks5://h:1'", r"identity\.proxy: not an http proxy"),
        (GOOD + '[identity]\nuser_agent = "a\\r\\nX: y"', r"identity\.user_agent: holds"),
        (GOOD + "[agency]\nnames = { en = 1 }", r"agency\.names\.en: must be text"),
        (GOOD + "[agency]\nhosts = [{ record = 'x' }]", r"agency\.hosts\[0\]\.host: is missing"),
    ],
)
def test_a_broken_file_is_named_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=told) as caught:
        source_file.load(path)
    assert str(path) in str(caught.value)


def test_a_file_says_the_name_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(GOOD)
    with pytest.raises(UsageError, match="name: is 'a', the file is of 'b'"):
        source_file.load(path)


def test_bytes_that_are_no_text_are_named_with_their_offset(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes("name = '部'".encode("gb18030"))
    with pytest.raises(UsageError, match=r"not UTF-8 text .* at byte 8"):
        source_file.load(path)

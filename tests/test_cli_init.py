"""A new archive, its configuration and its operator."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

import pytest

from archive.errors import UsageError
from cli.config import (
    CertificateConfig,
    Config,
    LogConfig,
    new_config,
    operator_name,
    read_config,
)
from cli.context import open_archive
from tests.muniment import muniment


def test_init_makes_an_archive_that_opens_and_knows_its_operator(tmp_path: Path) -> None:
    done = muniment("init", tmp_path / "a", "--operator", "Ada")
    assert (done.code, done.out) == (0, "")
    assert f"archive made in {tmp_path / 'a'}, operator Ada" in done.err
    assert open_archive(tmp_path / "a").operator(None) == "Ada"


def test_init_never_touches_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    done = muniment("init", tmp_path)
    assert done.code == 2
    assert done.err.startswith(f"muniment: not an empty folder ({tmp_path}).")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_init_twice_refuses_and_keeps_the_first(tmp_path: Path) -> None:
    muniment("init", tmp_path / "a", "--operator", "Ada")
    assert muniment("init", tmp_path / "a", "--operator", "Eve").code == 2
    assert open_archive(tmp_path / "a").operator(None) == "Ada"


def test_without_a_terminal_the_login_name_is_the_operator(tmp_path: Path) -> None:
    muniment("init", tmp_path / "a")
    assert read_config(tmp_path / "a" / "muniment.toml").operator == getpass.getuser()


def test_an_order_names_its_operator_before_environment_and_configuration(tmp_path: Path) -> None:
    muniment("init", tmp_path / "a", MUNIMENT_OPERATOR="Eve")
    assert open_archive(tmp_path / "a").operator(None) == "Eve"
    assert operator_name("Ada", "Eve") == "Ada"


def test_an_operator_needs_a_name_that_can_be_printed() -> None:
    with pytest.raises(UsageError, match="nobody is named"):
        operator_name("Ada\x1b[31m", None)


@pytest.mark.parametrize("name", ['Ada "the first"', "王小明", "C:\\ada", "O'Hara # not a comment"])
def test_any_name_survives_the_configuration_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "muniment.toml"
    path.write_text(new_config(name, "ministry.example/log"), "utf-8")
    assert read_config(path) == Config(operator=name, log=LogConfig("ministry.example/log"))


def test_the_examples_in_a_new_configuration_file_can_be_used_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "muniment.toml"
    text = new_config("Ada", "ministry.example/log")
    examples = re.sub(r"^# (?=\[|[a-z]+ = )", "", text, flags=re.MULTILINE)
    path.write_text(examples, "utf-8")
    config = read_config(path)
    assert [authority.name for authority in config.authority] == ["first", "second"]
    assert config.cosigner[0].name == "library.example/cosigner"
    calendars = ("https://calendar.first.example", "https://calendar.second.example")
    assert config.opentimestamps.calendars == calendars
    assert config.clock.servers == ("ntp.example",)
    assert config.certificate == CertificateConfig("keys/seal.p12")
    assert config.log.publish == ("/mnt/library/checkpoints",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("operator =", "cannot be read as TOML"),
        ("operater = 'Ada'", "unknown key 'operater'"),
        ("operator = 3", "operator must be a text"),
        ("catalog = ''", "catalog must be a text"),
        ("log = 3", "log must be a table"),
        ("[log]\nname = 'x'", "unknown key 'log.name'"),
        ("[log]\npublish = [3]", "log.publish must be a list of texts"),
        ("[authority]\nname = 'x'", "must be written as [[authority]]"),
        ("[[authority]]\nname = 'x'", "authority.url is missing"),
        ("[opentimestamps]\ncalendar = 'x'", "unknown key 'opentimestamps.calendar'"),
        ("[opentimestamps]\ncalendars = [1]", "opentimestamps.calendars must be a list of texts"),
        ("[[authority]]\ntest = 'yes'", "authority.test must be true or false"),
    ],
)
def test_a_broken_configuration_is_one_line_with_its_file(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "muniment.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        read_config(path)
    assert str(path) in str(caught.value)


def test_the_archive_is_found_from_a_folder_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    muniment("init", tmp_path / "a")
    monkeypatch.chdir(tmp_path / "a" / "sources")
    assert open_archive(None).root.path == tmp_path / "a"

"""Search finds every text that holds what is looked for, and none that does not, on both databases."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from archive.errors import UsageError
from archive.layout import ArchiveRoot
from catalog.database import writing
from catalog.indexing import index
from catalog.ingest import ingest, rebuild, sealed
from catalog.keys import version_id
from catalog.search.index import catch_up, reindexing
from catalog.search.normal import normal
from catalog.search.query import parse, term
from catalog.search.search import Found, gaps, search
from catalog.text.extraction import Locator, Passage
from catalog.text.placed import PlacedText
from catalog.texts import Text
from catalog.types import visible
from catalog.values import table_of
from tests.captures import answer, store, wire_group
from tests.catalogs import fresh_postgres, fresh_sqlite
from tests.muniment import muniment
from tests.sealed import page
from tests.sealed import store as store_sealed

ALPHABET = "商务部研修班老挝的臺台灣湾𠀀𠀁豈 aAbChinaéﬁ12３.,，。、-_()（）“”!？\n\t\u3000\u200be\u0301的部國国ཀརाم😀\x00"
TEXTS = st.lists(st.text(alphabet=ALPHABET, min_size=1, max_size=120), min_size=1, max_size=4)
NOTHING = Locator()


def enter(engine: Engine, texts: list[str]) -> dict[str, str]:
    """Texts in the catalog and its index; their bodies by version."""
    bodies = {}
    with writing(engine) as connection, connection.begin():
        rows = []
        for number, raw in enumerate(texts):
            digest = number.to_bytes(32)
            body = visible(raw)
            bodies[version_id(digest)] = body
            placed = PlacedText.of([Passage(body, NOTHING)])
            rows.append(
                {
                    **{column.name: None for column in table_of(Text).columns},
                    "version_id": version_id(digest),
                    "kind": "text",
                    "content_sha256": digest,
                    "capture_id": "c",
                    "tool": "t",
                    "recipe": "t/1",
                    "real_type": "text/plain",
                    "agrees": True,
                    "outcome": "content",
                    "text_sha256": digest,
                    "characters": len(body),
                    "body": body,
                    "passages": placed.to_json(),
                    "properties": [],
                }
            )
        with reindexing(connection, list(bodies)):
            connection.execute(insert(table_of(Text)), rows)
    return bodies


def clear(engine: Engine) -> None:
    from catalog.search.index import clear as clear_index  # noqa: PLC0415 -- beside its only use

    with writing(engine) as connection, connection.begin():
        connection.execute(table_of(Text).delete())
        clear_index(connection)


def numbers(engine: Engine, query: str, *, fold: bool = False, exact: bool = False) -> set[str]:
    """The versions found; of any kind, also those that no capture saw."""
    from sqlalchemy import select  # noqa: PLC0415 -- beside its only use

    from catalog.search.index import SEARCHABLE  # noqa: PLC0415
    from catalog.search.ranking import found_texts  # noqa: PLC0415
    from catalog.search.search import _confirmed  # noqa: PLC0415

    parsed = term(query, fold=fold) if exact else parse(query, fold=fold)
    with engine.connect() as connection:
        confirmed = _confirmed(connection, parsed, fold=fold)
        found = found_texts(connection.dialect, parsed, (), fold=fold, confirmed=confirmed)
        wanted = select(SEARCHABLE.c.version_id).join(found, found.c.number == SEARCHABLE.c.number)
        return set(connection.scalars(wanted))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=TEXTS, data=st.data())
def test_every_stretch_of_a_text_is_found_and_nothing_that_is_absent(
    engine: Engine, texts: list[str], data: st.DataObject
) -> None:
    clear(engine)
    bodies = enter(engine, texts)
    normals = {id_: normal(body) for id_, body in bodies.items()}
    candidates = [text for text in normals.values() if text.strip()]
    queries = [data.draw(st.text(alphabet=ALPHABET, min_size=1, max_size=8))]
    if candidates:
        text = data.draw(st.sampled_from(candidates))
        start = data.draw(st.integers(0, len(text) - 1))
        queries.append(text[start : start + data.draw(st.integers(1, 8))])
    for query in queries:
        sought = normal(visible(query)).strip()
        if sought:
            expected = {id_ for id_, text in normals.items() if sought in text}
            assert numbers(engine, query, exact=True) == expected, query


def test_random_stretches_of_long_texts_are_found_over_every_border(engine: Engine) -> None:
    chosen = random.Random(7)
    han = [chr(0x4E00 + chosen.randrange(3000)) for _ in range(400)]
    texts = ["".join(chosen.choices([*han, *"china2021，。 \n"], k=9000)) for _ in range(3)]
    texts.append("—" * 5000 + "尾")
    normals = {id_: normal(body) for id_, body in enter(engine, texts).items()}
    for _ in range(200):
        text = chosen.choice(list(normals.values()))
        start = chosen.randrange(len(text))
        query = text[start : start + chosen.randint(1, 8)].strip()
        if query:
            assert numbers(engine, query, exact=True) == {
                i for i, t in normals.items() if query in t
            }
    long = next(iter(normals.values()))[1000:1300]
    assert len(numbers(engine, long, exact=True)) == 1
    assert numbers(engine, long[:-1] + "假", exact=True) == set()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("老挝", "0 1"),
        ("老挝 柬埔寨", "0"),
        ("老挝 AND 柬埔寨", "0"),
        ("老挝 OR 越南", "0 1 2"),
        ("研修班 NOT 老挝", "2"),
        ("研修班 NOT 老挝 OR 越南", "2"),
        ("(老挝 OR 越南) 研修班", "0 2"),
        ('"邀请老挝、柬埔寨"', "0"),
        ('"老挝柬埔寨"', ""),
        ("挝", "0 1"),
        ("semin", "1"),
        ("SEMINAR", "1"),
        ("２０２１", "1"),
        ("021", "1"),
        ("，", "1"),
        ("NOT 1", None),
        ("研修班 OR NOT 老挝", None),
    ],
)
def test_words_are_joined_as_documented(engine: Engine, query: str, found: str | None) -> None:
    ids = list(enter(engine, ["邀请老挝、柬埔寨参加研修班", "老挝 seminar，2021年", "越南研修班"]))
    if found is None:
        with pytest.raises(UsageError, match="only says what must not be there"):
            parse(query)
        return
    assert numbers(engine, query) == {ids[int(number)] for number in found.split()}


def test_words_in_different_parts_of_a_long_text_are_in_one_text(engine: Engine) -> None:
    (both,) = enter(engine, ["老挝" + "填充文字" * 2000 + "研修班"])
    assert numbers(engine, "老挝 研修班") == {both}
    assert numbers(engine, "老挝 NOT 研修班") == set()


def test_simplified_and_traditional_are_one_on_request_alone(engine: Engine) -> None:
    traditional, simplified = enter(engine, ["臺灣研修班", "台湾研修班"])
    assert numbers(engine, "台湾") == {simplified}
    assert (
        numbers(engine, "台湾", fold=True)
        == numbers(engine, "臺灣", fold=True)
        == {traditional, simplified}
    )


def test_the_index_follows_the_texts_and_is_made_again(tmp_path: Path, engine: Engine) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    url = "http://ministry.example/notice"
    store_sealed(
        root, page(url, body="<html><p>老挝研修班</p></html>".encode(), media_type="text/html")
    )
    index(engine, root, ingest(engine, sealed(root), root).files)
    assert found(engine, "挝研").total == 1
    rebuild(engine, root)
    assert found(engine, "挝研").total == 0
    assert gaps(engine, parse("挝研")).unread == 1
    index(engine, root)
    catch_up(engine)
    (hit,) = found(engine, "挝研").hits
    assert [excerpt.text for excerpt in hit.excerpts] == ["老挝研修班"]
    assert hit.excerpts[0].marks == ((1, 3),)


def found(engine: Engine, query: str) -> Found:
    return search(engine, parse(query))


def test_both_databases_give_the_same_order(tmp_path: Path, postgres_server: str) -> None:
    chosen = random.Random(3)
    texts = [
        "".join(chosen.choices("商务部研修班老挝名额人员参加", k=chosen.randint(20, 400)))
        for _ in range(30)
    ]
    orders = []
    for catalog in (fresh_sqlite(tmp_path), fresh_postgres(postgres_server)):
        with catalog as engine:
            enter(engine, texts)
            orders.append(sorted(numbers(engine, "商务 OR 老挝")))
    assert orders[0] == orders[1]


def test_the_command_shows_passages_and_says_what_it_could_not_search(tmp_path: Path) -> None:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    store(
        root,
        wire_group(
            "https://www.example.gov/a.html",
            answer("<html><title>关于研修班的通知</title><p>名额２５人</p></html>".encode()),
        ),
        wire_group("https://www.example.gov/b.png", answer(b"\x89PNG\r\n\x1a\n", "image/png")),
    )
    muniment("rebuild", archive=root)
    told = muniment("search", "25人", archive=root)
    assert told.code == 0, told.err
    assert "关于研修班的通知" in told.out
    assert "【２５人】" in told.out
    assert "not searched, for they have no text: unsupported 1" in told.err
    [row] = muniment("search", "研修班", "--json", archive=root).rows
    assert (row["url"], row["title"]) == ("https://www.example.gov/a.html", "关于研修班的通知")
    assert muniment("search", "名额", "--type", "pdf", archive=root).code == 4
    assert muniment("search", "今天天气", archive=root).code == 4
    assert muniment("search", "NOT x", archive=root).code == 2
    muniment("collection", "create", "c", archive=root)
    assert muniment("search", "名额", "--collection", "c", archive=root).code == 4
    muniment("collection", "add", "c", "https://www.example.gov/a.html", archive=root)
    assert muniment("search", "名额", "--collection", "c", archive=root).code == 0

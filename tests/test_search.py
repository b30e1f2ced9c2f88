"""Search finds every text that holds what is looked for, and none that does not, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert, select

from archive.errors import UsageError
from archive.layout import ArchiveRoot
from catalog.collections import Collection, CollectionMember, collection_id, versions_in
from catalog.holdings import Agency, Crawl, Source
from catalog.indexing import index
from catalog.ingest import ingest, rebuild, sealed
from catalog.search.filters import CAPTURED, WRITTEN, Filter
from catalog.search.index import SEARCHABLE, catch_up
from catalog.search.normal import normal
from catalog.search.query import Query, parse, term
from catalog.search.search import Hit, gaps, search
from catalog.search.tokens import CHUNK, OVERLAP
from catalog.texts import OCR, Text
from catalog.types import visible
from catalog.values import table_of
from tests.catalogs import fresh_postgres, fresh_sqlite, rows
from tests.entered import Given, clear, enter
from tests.groups import NOW
from tests.sealed import page, store

LETTERS = "商务部研修班老挝的臺台灣湾𠀀𠀁豈 aAbChinaéﬁ12３.,，。、-_()（）“”\"'\\:*&|!<？\n\t\u3000\u200be\u0301\u0323部國国ཀརཱིام\u064b😀가각がｶﾞ´\x00"
STRETCH = st.text(st.sampled_from(LETTERS) | st.characters(), min_size=1, max_size=8)
TEXTS = st.lists(st.text(st.sampled_from(LETTERS), max_size=120) | STRETCH, min_size=1, max_size=4)
EVERYTHING = 100_000


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[list[Engine]]:
    """A catalog on each of both databases, to be asked the same."""
    folder = tmp_path_factory.mktemp("search")
    with ExitStack() as stack:
        yield [
            stack.enter_context(fresh_sqlite(folder)),
            stack.enter_context(fresh_postgres(postgres_server, "another")),
        ]


def found(
    engine: Engine, query: Query | str, where: Filter | None = None, *, fold: bool = False
) -> list[str]:
    """The version ids of all texts that are found, the best first."""
    parsed = parse(query, fold=fold) if isinstance(query, str) else query
    result = search(engine, parsed, where, fold=fold, limit=EVERYTHING)
    assert result.total == len(result.hits)
    return [hit.version_id for hit in result.hits]


def one(engine: Engine, query: str) -> Hit:
    (hit,) = search(engine, parse(query)).hits
    return hit


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=TEXTS, strange=STRETCH, data=st.data())
def test_every_stretch_of_a_text_is_found_and_nothing_that_is_absent(
    both: list[Engine], texts: list[str], strange: str, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, max(len(text) - 1, 0)))
    stretch = text[start : start + data.draw(st.integers(1, 8))]
    for engine in both:
        clear(engine)
        ids = enter(engine, *texts)
        forms = dict(zip(ids, (normal(visible(text)) for text in texts), strict=True))
        for query in (stretch, strange):
            sought = normal(visible(query))
            if not sought:
                continue
            holding = {id_ for id_, form in forms.items() if sought in form}
            assert set(found(engine, term(query))) == holding
            if query is stretch:
                assert ids[texts.index(text)] in holding


def test_random_stretches_of_long_texts_are_found_over_every_border(engine: Engine) -> None:
    chosen = random.Random(7)
    han = [chr(0x4E00 + chosen.randrange(3000)) for _ in range(400)]
    texts = ["".join(chosen.choices([*han, *"china2021，。 \n"], k=9000)) for _ in range(3)]
    forms = dict(zip(enter(engine, *texts), map(normal, texts), strict=True))
    borders = [at + by for at in range(0, 9000, CHUNK - OVERLAP) for by in (0, 1, OVERLAP, CHUNK)]
    for at in (*borders, *(chosen.randrange(9000) for _ in range(60))):
        text = chosen.choice(texts)
        start = max(min(at, len(text)) - chosen.randrange(8), 0)
        query = normal(text[start : start + chosen.randint(1, 8)])
        if query:
            assert set(found(engine, term(query))) == {i for i, f in forms.items() if query in f}


@pytest.mark.parametrize("length", [OVERLAP - 1, OVERLAP, OVERLAP + 1, OVERLAP + 2, 200, 4000])
def test_a_phrase_of_any_length_is_found_whole_or_not_at_all(engine: Engine, length: int) -> None:
    chosen = random.Random(length)
    text = "".join(chosen.choices("商务部邀请老挝abc，12 ", k=6000))
    scattered = text[:3000] + "别" + text[3000:]
    whole, _ = enter(engine, text, scattered)
    phrase = text[3000 - length // 2 :][:length]
    assert found(engine, term(phrase)) == [whole]
    assert found(engine, term(phrase[:-1] + "缺")) == []


def test_one_character_may_stand_in_a_text_any_number_of_times(engine: Engine) -> None:
    texts = ["—" * 20_000 + "尾", "啊" * 3000 + "完", "a" * 5000 + "z", "臺" * 1000 + "末"]
    dashes, ahs, letters, folded = enter(engine, *texts)
    assert found(engine, term("—" * 8 + "尾")) == [dashes]
    assert found(engine, term("啊完")) == [ahs]
    assert found(engine, term("aaz")) == [letters]
    assert found(engine, term("臺末")) == [folded]
    assert found(engine, term("台末", fold=True), fold=True) == [folded]
    assert found(engine, term("啊" * 1000)) == [ahs]
    assert found(engine, term("啊尾")) == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("老挝", "0 1"),
        ("老挝 柬埔寨", "0"),
        ("老挝 OR 越南", "0 1 2"),
        ("研修班 NOT 老挝", "2"),
        ("NOT 老挝 研修班", "2"),
        ("研修班 NOT 老挝 OR seminar", "1 2"),
        ("研修班 NOT (老挝 OR seminar)", "2"),
        ("(研修班 AND NOT 老挝) OR 2021", "1 2"),
        ("(研修班 AND NOT 老挝) OR (2021 AND NOT seminar)", "2"),
        ("(老挝 OR 越南) 研修班", "0 2"),
        ("研修班 NOT (老挝 NOT 柬埔寨)", "0 2"),
        ("研修班 NOT 缺", "0 2"),
        ("缺 OR 越南", "2"),
        ("老挝 老挝", "0 1"),
        ("老挝 NOT 老挝", ""),
        ('"邀请老挝、柬埔寨"', "0"),
        ('"老挝柬埔寨"', ""),
        ("挝", "0 1"),
        ("emina", "1"),
        ("SEMINAR", "1"),
        ("２０２１", "1"),
        ("021", "1"),
        ("，", "1"),
    ],
)
def test_words_are_joined_as_documented(engine: Engine, query: str, numbers: str) -> None:
    ids = enter(engine, "邀请老挝、柬埔寨参加研修班", "老挝 seminar，2021年", "越南研修班")
    assert set(found(engine, query)) == {ids[int(number)] for number in numbers.split()}


def test_words_in_different_parts_of_a_long_text_are_in_one_text(engine: Engine) -> None:
    (text,) = enter(engine, "老挝" + "填充文字" * 2000 + "研修班")
    assert found(engine, "老挝 研修班") == [text]
    assert found(engine, "老挝 NOT 研修班") == []


def test_simplified_and_traditional_are_one_on_request_alone(engine: Engine) -> None:
    traditional, simplified, mixed = enter(engine, "臺灣研修班", "台湾研修班", "臺湾研修班")
    assert found(engine, "台湾") == [simplified]
    assert found(engine, "臺灣") == [traditional]
    for query in ("台湾", "臺灣", "臺湾"):
        assert set(found(engine, query, fold=True)) == {traditional, simplified, mixed}
    assert set(found(engine, "研修班 NOT 臺灣", fold=True)) == set()


def test_the_title_is_searched_and_comes_first(engine: Engine) -> None:
    in_text, in_title, in_properties = enter(
        engine,
        Given(text="关于老挝", title="通知"),
        Given(text="正文", title="老挝研修班"),
        Given(text="正文", properties=(("title", "老挝"),)),
    )
    assert found(engine, "老挝")[2:] == [in_text]
    assert set(found(engine, "老挝")) == {in_text, in_title, in_properties}
    assert one(engine, "老挝研修班").title_marks == ((0, 5),)


def test_texts_come_in_their_order_on_both_databases_alike(both: list[Engine]) -> None:
    chosen = random.Random(3)
    contents = [
        Given(
            text="".join(chosen.choices("商务部研修班老挝名额人员参加，", k=chosen.choice((9, 99, 4000)))),
            title="".join(chosen.choices("商务部研修班老挝", k=6)),
            posted=chosen.choice((None, "2021", "2021-06-01", "2022-01-01T08:00")),
            outcome=chosen.choice(("content", "content", "soft-404")),
        )
        for _ in range(60)
    ]  # fmt: skip
    orders = []
    for engine in both:
        clear(engine)
        enter(engine, *contents)
        queries = ("商务", "老挝 OR 名额", "商务 部 NOT 人员参", "研修班", "参加 人员")
        orders.append([found(engine, query) for query in queries])
    assert orders[0] == orders[1]
    assert all(orders[0])


def test_what_speaks_of_it_more_and_later_comes_first_and_what_is_no_content_last(
    engine: Engine,
) -> None:
    filling = "填充文字" * 1000
    much, little, early, late, error = enter(
        engine,
        "老挝".join([filling] * 3),
        "老挝" + filling * 2,
        Given(text="老挝", posted="2020-01-01"),
        Given(text="老挝", posted="2022-01-01"),
        Given(text="老挝", title="老挝", outcome="soft-404"),
    )
    assert found(engine, "老挝") == [late, early, much, little, error]


def test_the_rarer_of_two_words_counts_more(engine: Engine) -> None:
    *_, rare = enter(
        engine,
        *["通知"] * 40,
        Given(text="老挝", posted="2020"),
    )
    assert found(engine, "通知 OR 老挝")[0] == rare


def test_passages_show_each_word_with_its_place(engine: Engine) -> None:
    lines = ["第一页", "邀请老挝" + "续" * 100, "", "名额２５人，老 挝籍"]
    enter(engine, "\n".join(lines))
    hit = one(engine, "老挝 25人")
    assert [str(each.at) for each in hit.excerpts] == ["page 2", "page 4"]
    told = [[each.text[a:b] for a, b in each.marks] for each in hit.excerpts]
    assert told == [["老挝"], ["２５人", "老 挝"]]
    assert [each.cut for each in hit.excerpts] == [(False, True), (False, False)]
    body = "\n".join(lines)
    assert all(body[each.start : each.end] == each.text for each in hit.excerpts)


def test_a_find_over_the_end_of_a_passage_is_shown(engine: Engine) -> None:
    enter(engine, "邀请老\n挝研修班")
    (excerpt,) = one(engine, "老挝").excerpts
    assert (excerpt.text, excerpt.marks) == ("邀请老", ((2, 3),))


def test_a_hit_tells_when_its_content_was_seen(engine: Engine) -> None:
    enter(
        engine, Given(text="老挝", posted="2021-06-01", written="2021-05", type="application/pdf")
    )
    hit = one(engine, "老挝")
    assert (hit.first, hit.last) == (NOW, NOW + timedelta(days=1))
    assert (hit.capture.time, hit.capture.url) == (hit.last, "http://ministry.example/0")
    assert (hit.posted, hit.written, hit.type) == ("2021-06-01", "2021-05", "application/pdf")


def test_the_first_of_many_are_given_and_all_are_counted(engine: Engine) -> None:
    enter(engine, *["老挝"] * 30)
    result = search(engine, parse("老挝"), limit=7)
    assert (result.total, len(result.hits)) == (30, 7)


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        (Filter(), "0 1 2 3"),
        (Filter(type="pdf"), "0"),
        (Filter(type="HTML"), "1 2 3"),
        (Filter(type="application/pdf"), "0"),
        (Filter(outcome="soft-404"), "3"),
        (Filter(agency="商务部"), "1 2"),
        (Filter(source="mofcom"), "1"),
        (Filter(since=NOW.replace(year=2021, month=6, day=1)), "0 1 2"),
        (Filter(until=NOW.replace(year=2021, month=5, day=31)), "2"),
        (Filter(since=NOW.replace(year=2021, month=6, day=3)), "1 2"),
        (Filter(until=NOW.replace(year=2021, month=6, day=2)), "0 1 2"),
        (Filter(since=NOW.replace(year=2022), date=WRITTEN), ""),
        (Filter(since=NOW.replace(year=2020), date=WRITTEN), "0"),
        (Filter(since=NOW + timedelta(days=9), date=CAPTURED), "3"),
        (Filter(until=NOW, date=CAPTURED), "0 1 2"),
        (Filter(type="pdf", source="mofcom"), ""),
    ],
)
def test_filters_narrow_what_is_found(engine: Engine, where: Filter, numbers: str) -> None:
    with engine.begin() as connection:
        agency, source = {"id": "a", "name": "商务部"}, {"id": "s", "name": "mofcom"}
        told = {"crawl_id": "c", "time": NOW}
        connection.execute(insert(table_of(Agency)), {**agency, **told, "detail": {}})
        connection.execute(
            insert(table_of(Source)), {**source, **told, "agency_id": "a", "settings": {}}
        )
        connection.execute(
            insert(table_of(Crawl)), {"id": "c", "source_id": "s", "source": "mofcom"}
        )
    ids = enter(
        engine,
        Given(text="老挝", type="application/pdf", posted="2021-06-02T08:00", written="2020-12-31"),
        Given(text="老挝", crawl="c", posted="2021-06"),
        Given(text="老挝", agency="商务部", posted="2021"),
        Given(text="老挝", outcome="soft-404", captured=NOW + timedelta(days=9)),
        Given(text="柬埔寨", type="application/pdf", crawl="c"),
    )
    assert set(found(engine, "老挝", where)) == {ids[int(number)] for number in numbers.split()}


def test_an_unknown_type_is_refused_with_those_that_are_known(engine: Engine) -> None:
    with pytest.raises(UsageError) as refused:
        search(engine, parse("x"), Filter(type="tiff-ish"))
    assert "html pdf" in str(refused.value.advice)


def test_a_collection_is_searched_alone(engine: Engine) -> None:
    ids = enter(engine, "老挝", "老挝", "老挝")
    key = collection_id("report")
    with engine.begin() as connection:
        told = {"id": key, "name": "report", "created": NOW, "orders": 1}
        connection.execute(insert(table_of(Collection)), told)
        member = {"collection_id": key, "member_id": ids[1], "version_id": ids[1]}
        connection.execute(
            insert(table_of(CollectionMember)), {**member, "kind": "version", "event_id": "e"}
        )
    assert found(engine, "老挝", Filter(among=versions_in(key))) == [ids[1]]


def test_what_could_not_be_looked_in_is_told(engine: Engine) -> None:
    enter(
        engine,
        Given(text="", code="no-text", type="application/pdf"),
        Given(text="", code="encrypted", type="application/pdf"),
        Given(text="", code="encrypted"),
        Given(text="老挝", code="over-limit"),
        Given(text="老挝", posted="2021-06-01"),
        Given(text="柬埔寨"),
    )
    missed = gaps(engine, parse("老挝"))
    assert missed.without_text == {"no-text": 1, "encrypted": 2}
    assert (missed.cut, missed.unread, missed.undated) == (1, 0, 0)
    pdf = gaps(engine, parse("老挝"), Filter(type="pdf"))
    assert (pdf.without_text, pdf.cut) == ({"no-text": 1, "encrypted": 1}, 0)
    dated = gaps(engine, parse("老挝"), Filter(since=NOW.replace(year=2020)))
    assert dated.undated == 1


def test_a_text_that_is_entered_anew_is_found_by_its_new_words_alone(engine: Engine) -> None:
    ids = enter(engine, *(f"旧文{'臺灣' * 800}{number}" for number in range(3)))
    (again,) = enter(engine, Given(text="新文研修班", title="题"), first=1)
    assert again == ids[1]
    assert set(found(engine, "旧文")) == {ids[0], ids[2]}
    assert found(engine, "台湾1", fold=True) == []
    assert found(engine, "新文") == [again]
    (last,) = enter(engine, Given(text="又新"), first=1)
    assert found(engine, "题") == []
    assert (found(engine, "又新"), found(engine, "新文")) == ([last], [])
    assert rows(engine, "SELECT count(*) FROM searchable") == [(3,)]


def test_a_text_read_by_a_machine_is_found_beside_the_other(engine: Engine) -> None:
    enter(engine, Given(text="老挝"))
    enter(engine, Given(text="老挝 0CR", kind=OCR))
    kinds = {hit.kind for hit in search(engine, parse("老挝")).hits}
    assert kinds == {"text", "ocr"}
    assert one(engine, "0CR").kind == "ocr"


def test_the_index_is_made_again_where_another_recipe_made_it(engine: Engine) -> None:
    ids = enter(engine, *(f"老挝{number}" for number in range(250)))
    with engine.begin() as connection:
        connection.execute(SEARCHABLE.update().values(recipe="search/0"))
    enter(engine, "柬埔寨", first=0)  # what stands there under the old recipe cannot be taken out
    catch_up(engine)
    assert set(found(engine, "老挝")) == set(ids[1:])
    assert found(engine, "柬埔寨") == [ids[0]]


def test_texts_that_the_index_lacks_are_entered(engine: Engine) -> None:
    (first,) = enter(engine, "老挝")
    with engine.begin() as connection:
        text = table_of(Text)
        (row,) = connection.execute(select(text)).mappings()
        connection.execute(insert(text), {**row, "kind": OCR, "body": "老挝二"})
    assert found(engine, "二") == []
    catch_up(engine)
    assert found(engine, "老挝") == [first, first]
    assert found(engine, "二") == [first]


def test_the_index_follows_what_is_read_and_is_made_again(tmp_path: Path, engine: Engine) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    html = "<html><p>老挝研修班</p></html>"
    store(root, page(body=html.encode(), media_type="text/html; charset=utf-8"))
    index(engine, root, ingest(engine, sealed(root), root).files)
    before = found(engine, "研修班")
    assert len(before) == 1
    rebuild(engine, root)
    assert found(engine, "研修班") == []
    assert gaps(engine, parse("研修班")).unread == 1
    index(engine, root)
    assert found(engine, "研修班") == before
    (excerpt,) = one(engine, "研修").excerpts
    assert [excerpt.text[a:b] for a, b in excerpt.marks] == ["研修"]


def test_after_a_crash_a_text_and_its_index_are_there_or_neither_is(
    tmp_path: Path, engine: Engine
) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    html = "<html><p>老挝研修班</p></html>".encode()
    store(root, page(body=html, media_type="text/html; charset=utf-8"))
    ingest(engine, sealed(root), root)
    for fatal in ("INTO text", "INTO searchable", "INTO search_index", "COMMIT"):

        def crash(*told: object, fatal: str = fatal) -> None:
            statement = str(told[2]) if len(told) > 2 else "COMMIT"
            if fatal in statement:
                raise InterruptedError(fatal)

        name = "commit" if fatal == "COMMIT" else "before_cursor_execute"
        event.listen(engine, name, crash)
        with pytest.raises(InterruptedError, match=fatal):
            index(engine, root)
        event.remove(engine, name, crash)
        for table in ("text", "searchable"):
            assert rows(engine, f"SELECT count(*) FROM {table}") == [(0,)], fatal
        assert found(engine, "老挝") == []
    index(engine, root)
    assert len(found(engine, "老挝")) == 1

"""A quotation is verified where every character of it stands, and altered where one does not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archive.verdict import Verdict
from catalog.quoting.language import may_be_translated, scripts
from catalog.quoting.match import Quote, Searched
from catalog.quoting.normal import normalise
from catalog.quoting.segments import segments, unmarked
from catalog.quoting.verdict import (
    Checked,
    QuoteVerdict,
    answer_of,
    check,
    check_translation,
)
from catalog.text.extraction import Locator, Passage
from catalog.text.placed import PlacedText
from tests.shared import shared

TEXT = """商务部关于举办研修班的通知

根据2021年援外培训计划，名额２５人（含领队），
请各单位组织推荐符合条件的
人员参加。The seminar is infor-
mation on China’s own “economic model”, in 2021 and 2022."""
WORDS = st.text(alphabet="商务部研修班 ab，。-“’１2\n\u200bé\u0301ﬁ…[]", min_size=1, max_size=60)


def verdict(quote: str, text: str = TEXT) -> str:
    return check(Quote(quote), Searched(text)).verdict.value


def marked(checked: Checked) -> str:
    assert checked.nearest is not None
    marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(marks[run.op].format(run.text) for run in checked.nearest.runs)


@pytest.mark.parametrize(
    "quote",
    [
        "名额25人(含领队)",
        "名额 25 人",
        "“请各单位组织推荐符合条件的人员参加”",
        "「请各单位组织推荐」",
        'China\'s own "economic model"',
        "in 2021  and\n2022.",
        "information on China's own",
    ],
)
def test_what_the_recipe_declares_equal_is_verified(quote: str) -> None:
    assert verdict(quote) == "verified"


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("名额20人（含领队），请各单位组织推荐符合条件的人员参加。", "[-２５-]{+20+}"),
        ("The seminar is information on China's own economic plan", "plan"),
        ("请各单位组织推荐不符合条件的人员参加", "{+不+}"),
    ],
)
def test_a_changed_word_is_altered_and_shown(quote: str, words: str) -> None:
    found = check(Quote(quote), Searched(TEXT))
    assert found.verdict == "altered"
    assert words in marked(found)


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        (
            "根据2021年援外培训计划，……请各单位组织推荐",
            "verified with declared omissions or insertions",
        ),
        ("商务部[中国]关于举办研修班的通知", "verified with declared omissions or insertions"),
        (
            "[T]he seminar is information […] in 2021",
            "verified with declared omissions or insertions",
        ),
        ("请各单位组织推荐……根据2021年援外培训计划", "altered"),
        ("今天天气很好，适合去公园散步看花", "not found"),
        ("Nobody expected that lunch would be served so late", "not found"),
        ("…", "not checked"),
        ("", "not checked"),
    ],
)
def test_the_verdicts_are_a_closed_list(quote: str, expected: str) -> None:
    assert verdict(quote) == expected


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("占地面积共102平方米", "占地面积共10²平方米"),
        ("第1条的规定全文如下", "第①条的规定全文如下"),
        ("据商援函[2021]12号文件办理", "据商援函[2020]12号文件办理"),
    ],
)
def test_a_sign_or_a_year_is_no_matter_of_form(quote: str, text: str) -> None:
    assert verdict(quote, text) == "altered"


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("葛城市的通知", "葛\U000e0100城市的通知"),
        ("据商援函[2021]12号文件办理", "据商援函[2021]12号文件办理"),
        ("“a belief among experts,”", "“It is a belief among experts.”"),
    ],
)
def test_what_is_not_seen_and_what_is_not_quoted_does_not_matter(quote: str, text: str) -> None:
    assert verdict(quote, text) == "verified"


def test_words_that_stand_only_inside_of_others_are_said_to() -> None:
    for quote, text, inside in (
        ("lawful measures", "They called unlawful measures that", "unlawful"),
        ("20人，请报名参加", "名额120人，请报名参加", "120"),
    ):
        assert f"inside of other words: {inside}" in check(Quote(quote), Searched(text)).reason
    assert "inside" not in check(Quote("lawful"), Searched("unlawful and lawful")).reason
    assert "inside" not in check(Quote("研修班名额"), Searched("各研修班名额等")).reason


def test_segments_are_found_where_the_first_chance_leads_nowhere() -> None:
    gap = "词" * 2_000
    text = f"第一部分，第二部分{gap}第二部分{gap}第三部分"
    found = Searched(text).find(Quote("第一部分……第二部分……第三部分"))
    assert found is not None
    [place] = found.places
    assert [text[start:end] for start, end in place.parts] == ["第一部分", "第二部分", "第三部分"]
    assert Searched(f"第一部分{gap}{gap}第三部分").find(Quote("第一部分…第三部分")) is None


@given(
    st.lists(st.sampled_from(["甲乙", "丙丁", "戊己", "庚"]), min_size=2, max_size=12), st.data()
)
def test_any_segments_in_their_order_are_found(words: list[str], data: st.DataObject) -> None:
    numbers = data.draw(st.sets(st.integers(0, len(words) - 1), min_size=1))
    text = "，".join(words)
    quote = Quote("…".join(words[number] for number in sorted(numbers)))
    found = Searched(text).find(quote)
    assert found is not None
    for place in found.places:
        assert list(place.parts) == sorted(place.parts)
        assert all(one[1] <= other[0] for one, other in pairwise(place.parts))


def test_a_quotation_in_another_language_of_one_script_is_never_called_absent() -> None:
    french = "Le ministre a déclaré que les programmes de formation sont destinés à la diffusion du modèle dans les pays de la région."
    quote = "The minister said that the programmes are designed to spread the model of the country"
    assert verdict(quote, french) == "translation, original not given"
    english = "It rained on the day of the meeting, and the ministers of all the countries were late for it."
    assert verdict(quote, english) == "not found"
    assert verdict("Programmes to spread the model", french) != "translation, original not given"


def test_a_quotation_in_another_script_is_never_called_absent() -> None:
    chinese = "根据商务部援外培训计划举办研修班，请各单位组织推荐人员参加。"
    found = check(Quote("The Ministry of Commerce holds a seminar"), Searched(chinese))
    assert found.verdict == "translation, original not given"
    assert answer_of(found.verdict) is Verdict.NOT_CHECKED
    original = check(Quote("举办研修班"), Searched(chinese))
    assert (
        check_translation(original, "A. Translator").verdict
        == "translation, original passage verified"
    )
    wrong = check(Quote("举办培训班，请各单位组织推荐人员参加"), Searched(chinese))
    assert check_translation(wrong, "A. Translator").verdict == "altered"


def test_without_a_text_nothing_is_said_of_a_quotation() -> None:
    found = check(Quote("研修班"), None, why_no_text="a scan")
    assert (found.verdict, found.reason) == (QuoteVerdict.NOT_CHECKED, "a scan")


def test_selectors_are_those_of_the_web_annotation_standard() -> None:
    found = Searched(TEXT).find(Quote("名额25人"))
    assert found is not None
    [place] = found.places
    quote, position = place.selectors(TEXT)
    assert quote["exact"] == "名额２５人"
    assert TEXT[place.start : place.end] == quote["exact"]
    assert (position["start"], position["end"]) == (place.start, place.end)
    assert str(quote["suffix"]).startswith("（含领队）")
    assert str(quote["prefix"]).endswith("培训计划，")


def test_every_place_of_a_quotation_is_told() -> None:
    found = Searched("研修班和研修班").find(Quote("研修班"))
    assert found is not None
    assert [(place.start, place.end) for place in found.places] == [(0, 3), (4, 7)]


@given(WORDS)
def test_the_map_of_a_normalised_text_leads_back_to_it(raw: str) -> None:
    found = normalise(raw)
    assert len(found.starts) == len(found.ends) == len(found.text)
    assert found.starts == sorted(found.starts)
    assert normalise(found.text).text == found.text
    for place in range(len(found.text)):
        start, end = found.raw(place, place + 1)
        assert 0 <= start < end <= len(raw)


@settings(max_examples=300)
@given(WORDS, st.data())
def test_any_stretch_of_a_text_is_verified_where_it_stands(raw: str, data: st.DataObject) -> None:
    text = normalise(raw)
    assume(text.text)
    start = data.draw(st.integers(0, len(text.text) - 1))
    end = data.draw(st.integers(start + 1, len(text.text)))
    quote = Quote(text.text[start:end])
    assume(quote.whole)
    found = Searched(raw).find(quote)
    assert found is not None
    for place in found.places:
        if not found.declared:
            hyphens = found.recipe.endswith("hyphens")
            assert quote.whole in normalise(raw[place.start : place.end], hyphens=hyphens).text


@given(st.text(alphabet="商务部研修班名额人", min_size=4, max_size=40), st.data())
def test_one_changed_character_never_verifies(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    altered = text[:place] + "假" + text[place + 1 :]
    assert check(Quote(altered), Searched(text)).verdict in {"altered", "not found"}


@given(st.text(), st.text())
def test_any_quotation_of_any_text_has_a_verdict(quote: str, text: str) -> None:
    assert check(Quote(quote), Searched(text)).verdict in set(QuoteVerdict)


def test_outer_marks_and_segments() -> None:
    assert unmarked("“a” and “b”") == "“a” and “b”"
    assert unmarked(" “研修班” ") == "研修班"
    assert [(s.text, s.after) for s in segments("a … b [x] c")] == [
        ("a", "start"),
        ("b", "omission"),
        ("c", "insertion"),
    ]


def test_scripts_are_told_by_their_share() -> None:
    assert may_be_translated("研修班", "The seminar")
    assert not may_be_translated("seminar", "研修 seminar")
    assert scripts("123") == {}


# The founding article was reworded by machine, inside its quotation marks too (RFE/RL's wording).
ORIGINAL = """The report was based on 1,691 files from China's Ministry of Commerce logged online in 2021 and 2022.
"This is real evidence to support what has been becoming a growing belief among the expert community," Niva Yau told RFE/RL.
"We can now demonstrate in China's own words from its internal planning documents what it is trying to do."
Several documents describe training courses for local government leaders, university presidents, and political advisers.
"These files show that China is not only exporting practical know-how for economic success, but also promoting the idea that this success directly stems from the governing methods of the [CC] Party," she said.
"While it may be too early to tell, these programs have increased significantly since the late 2010s and involve thousands of government officials from countries across the Global South."
But the documents also delve into other areas traditionally outside the Commerce Ministry's purview."""


@pytest.mark.parametrize(
    ("quote", "changed"),
    [
        ("files from China’s Ministry of Commerce recorded online in 2021 and 2022", ("logged", "recorded")),
        ("This is real evidence that supports a growing belief among experts,", ("to", "that")),
        ("We now have proof, in China’s own words, from internal planning documents, of what China is up to.", ("demonstrate", "proof")),
        ("this success is directly attributable to the way governments are governed.", ("stems", "attributable")),
        ("local government leaders, university rectors, and political advisers", ("presidents", "rectors")),
        ("areas traditionally outside the Commerce Department’s purview", ("Ministry", "Department")),
    ],
)  # fmt: skip
def test_the_altered_quotations_of_the_founding_article_are_altered(
    quote: str, changed: tuple[str, str]
) -> None:
    article = shared("data/citations/000_914b5a9aebc0a17c.txt").read_text()
    assert Searched(article).find(Quote(quote)) is not None, "the article says so"
    found = check(Quote(quote), Searched(ORIGINAL))
    assert found.verdict == "altered"
    assert found.nearest is not None
    taken = "".join(run.text for run in found.nearest.runs if run.op == "-")
    put = "".join(run.text for run in found.nearest.runs if run.op == "+")
    assert changed[0] in taken
    assert changed[1] in put


def test_an_unaltered_sentence_of_the_founding_article_is_verified() -> None:
    quote = "While it may be too early to tell, these programs have increased significantly since the late 2010s and involve thousands of government officials from countries across the Global South."
    assert quote in shared("data/citations/000_914b5a9aebc0a17c.txt").read_text()
    assert verdict(f"“{quote}”", ORIGINAL) == "verified"


def test_letters_that_no_reader_sees_verify_nothing() -> None:
    behind = Passage("名额25人", Locator(page=1, part="invisible text"))
    shown = Passage("名额25人", Locator(page=2))
    hidden = check(Quote("名额25人"), Searched.of(PlacedText.of([behind])))
    assert (hidden.verdict, answer_of(hidden.verdict)) == ("not checked", Verdict.NOT_CHECKED)
    assert "no reader sees" in hidden.reason
    assert (
        check(Quote("名额25人"), Searched.of(PlacedText.of([behind, shown]))).verdict == "verified"
    )

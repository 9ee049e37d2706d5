"""Attacks on words, beside plain loops over all that they may try."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from xlt_cli.api import DataError, Example, Prediction, Reply, Searched, SequenceExample, SpecError
from xlt_cli.problems import SequenceClassification
from xlt_cli.testing.rows import texts
from xlt_cli.testing.tiny_tasks import Sequences, Tokens
from xlt_conditions.polyglots import Polyglots
from xlt_conditions.word_attack import WordAttack
from xlt_conditions.word_substitution import WordSubstitution
from xlt_conditions.wording import Wording
from xlt_perturbations.dictionaries import Dictionaries

ROW = SequenceExample("1", ("The big dog sleeps.", "A DOG is big"), "yes", ("en", "en"))
Answer = Callable[[Example], tuple[float, bool]]


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexicons")
    german = ["dog\tHund", "hound\tHund", "big\tgroß", "large\tgroß", "big\triesig", "huge\triesig"]
    french = ["dog\tchien", "hound\tchien", "big\tgrand", "large\tgrand", "sleeps\tdort"]
    (folder / "en-de.tsv").write_text("\n".join(german) + "\n", "utf-8")
    (folder / "en-fr.tsv").write_text("\n".join(french) + "\n", "utf-8")
    near = {"dog": ["hound", "puppy", "cat"], "big": ["large", "huge"], "sleeps": ["dozes"]}
    (folder / "near.json").write_text(json.dumps(near), "utf-8")
    return folder


def hashed(example: Example) -> tuple[float, bool]:
    """A loss for each content, and never a wrong answer."""
    return zlib.crc32(repr(example.content()).encode("utf-8", "surrogatepass")) / 2**32, False


def run(attack: WordAttack, example: Example, answer: Answer) -> tuple[Searched, list[Example]]:
    """The end of an attack on one row, and all that it asked about."""
    attack.for_problem = SequenceClassification(("no", "yes"))
    steps, asked = attack.search(example, None), []  # type: ignore[arg-type]
    replies: Sequence[Reply] | None = None
    while True:
        try:
            now = next(steps) if replies is None else steps.send(replies)
        except StopIteration as stop:
            return stop.value, asked
        asked += now
        replies = []
        for each in now:
            loss, wrong = answer(each)
            replies.append(Reply(Prediction(each.id, "yes", "no" if wrong else "yes"), loss))


def polyglots(lexicons: Path, **params: Any) -> Polyglots:
    return Polyglots(Polyglots.Params(dictionaries=lexicons, **params))


def substitution(lexicons: Path, **params: Any) -> WordSubstitution:
    return WordSubstitution(
        WordSubstitution.Params(neighbors=lexicons / "near.json", dictionaries=lexicons, **params)
    )


def versions(attack: WordAttack, example: Example, most: int = 99) -> list[tuple[int, Example]]:
    """Every version of an example, each with the number of words replaced."""
    wording = Wording(example, None)
    choices = [
        [None, *(wording.fitted(form, word) for form in attack.candidates(word))]
        for word in wording.words
    ]
    made = []
    for chosen in itertools.product(*choices):
        forms = {n: form for n, form in enumerate(chosen) if form is not None}
        version = wording.replaced(forms)
        if len(forms) <= most and version is not None:
            made.append((len(forms), version))
    return made


def test_translations_go_both_ways_and_through_english(lexicons: Path) -> None:
    dictionaries = Dictionaries(lexicons)
    assert dictionaries.languages == ("en", "de", "fr")
    assert dictionaries.translations("Big", "en", "de") == ["groß", "riesig"]
    assert dictionaries.translations("GROSS", "de", "en") == []
    assert dictionaries.translations("Groß", "de", "en") == ["big", "large"]
    assert dictionaries.translations("groß", "de", "fr") == ["grand"]
    assert dictionaries.translations("hund", "de", "fr") == ["chien"]
    assert dictionaries.translations("big", "en", "en") == ["large", "huge"]  # two ways, one way
    assert dictionaries.translations("groß", "de", "de") == ["riesig"]
    assert dictionaries.translations("big", "en", "sw") == []
    assert dictionaries.own("deu") == "de"
    with pytest.raises(DataError, match="no bilingual dictionaries"):
        Dictionaries(lexicons / "nowhere")


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3, 0.0])
def test_a_wide_beam_finds_the_worst_of_all_code_mixed_versions(
    lexicons: Path, share: float
) -> None:
    attack = polyglots(lexicons, beam=10_000, share=share, queries=10_000)
    end, asked = run(attack, ROW, hashed)
    made = versions(attack, ROW, most=int(share * 8))
    worst = max((version for _, version in made), key=hashed)
    assert end.example == worst
    assert end.reply.loss == hashed(worst)[0]
    assert len(asked) == len({repr(e) for e in asked}) == len(made)
    changed = next(count for count, version in made if version == worst)
    assert end.values["changed"] == pytest.approx(changed / 8)


def test_code_mixing_ends_with_the_first_wrong_answer(lexicons: Path) -> None:
    def wrong_with_french(example: Example) -> tuple[float, bool]:
        return 0.5, "grand" in example.content()[0] or "CHIEN" in example.content()[1]

    end, asked = run(polyglots(lexicons), ROW, wrong_with_french)
    assert end.example == SequenceExample(
        "1", ("The grand dog sleeps.", ROW.texts[1]), "yes", ("en", "en")
    )
    assert [e.content()[1] for e in asked] == [ROW.texts[1]] * len(asked)
    end, _ = run(polyglots(lexicons, sides="second"), ROW, wrong_with_french)
    assert end.example.content() == (ROW.texts[0], "A CHIEN is big")


def test_german_rows_are_mixed_with_english_and_through_it_with_others(lexicons: Path) -> None:
    row = SequenceExample("1", ("Der Hund ist groß",), "yes", ("de",))
    _, asked = run(polyglots(lexicons), row, hashed)
    words = {word for example in asked for word in example.content()[0].split()}
    assert words == {"Der", "ist", "Hund", "groß", "Dog", "Hound", "Chien", "big", "large", "grand"}
    _, asked = run(polyglots(lexicons, languages=["fra"], most=1), row, hashed)
    words = {word for example in asked for word in example.content()[0].split()}
    assert words == {"Der", "ist", "Hund", "groß", "Chien", "grand"}


def plain_textfooler(attack: WordAttack, example: Example, answer: Answer) -> Example:
    """The algorithm as its paper has it, one question at a time."""
    wording = Wording(example, None)
    options = {
        n: [wording.fitted(form, word) for form in attack.candidates(word)]
        for n, word in enumerate(wording.words)
    }
    importance = {
        n: answer(wording.replaced({n: ""}))[0]
        for n in options
        if options[n]  # type: ignore[arg-type]
    }
    forms: dict[int, str] = {}
    loss = answer(example)[0]
    for number in sorted(importance, key=lambda n: (-importance[n], n)):
        best = None
        for form in options[number]:
            version = wording.replaced({**forms, number: form})
            assert version is not None
            now, wrong = answer(version)
            if wrong:
                return version
            if now > loss:
                loss, best = now, form
        if best is not None:
            forms[number] = best
    end = wording.replaced(forms)
    assert end is not None
    return end


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("source", ["neighbors", "dictionaries"])
def test_substitution_is_that_of_the_paper(lexicons: Path, number: int, source: str) -> None:
    def answer(example: Example) -> tuple[float, bool]:
        content = f"{number}{example.content()}"
        share = zlib.crc32(content.encode()) / 2**32
        clean = example.content() == ROW.texts
        return share, share > 0.85 and not clean and all(example.content()[0].split())

    attack = substitution(lexicons, source=source)
    end, asked = run(attack, ROW, answer)
    assert end.example == plain_textfooler(attack, ROW, answer)
    assert answer(end.example)[0] == end.reply.loss
    assert len(asked) <= 500


def test_what_only_removing_a_word_breaks_is_no_success(lexicons: Path) -> None:
    def answer(example: Example) -> tuple[float, bool]:
        return 0.1, "dog" not in str(example.content()).lower() and "  " in str(example.content())

    end, _ = run(substitution(lexicons), ROW, answer)
    assert end.reply.prediction.predicted == "yes"


@pytest.mark.parametrize("queries", [1, 2, 5, 9, 30])
@pytest.mark.parametrize("make", [polyglots, substitution])
def test_no_row_asks_for_more_than_its_budget(lexicons: Path, make: Any, queries: int) -> None:
    end, asked = run(make(lexicons, queries=queries), ROW, hashed)
    assert len(asked) <= queries
    assert end.example in asked
    if queries == 30:
        return
    assert len(asked) == queries  # there is more to be tried


def test_a_row_that_is_wrong_already_costs_one_query(lexicons: Path) -> None:
    for attack in (polyglots(lexicons), substitution(lexicons)):
        end, asked = run(attack, ROW, lambda example: (9.0, True))
        assert (end.example, asked) == (ROW, [ROW])
        assert end.values["clean_right"] == 0.0
        assert end.values["changed"] == 0.0


def test_figures_say_what_was_attacked_and_what_could_not_be(lexicons: Path) -> None:
    def stored(gold: str, right: float, queries: int, changed: float, candidates: float) -> Any:
        values = {"clean_right": right, "queries": queries, "changed": changed}
        return Prediction("1", "yes", gold, (), {**values, "candidates": candidates})

    rows = [
        stored("no", 0.0, 1, 0.0, 0.5),  # wrong before
        stored("no", 1.0, 9, 0.2, 0.5),  # broken
        stored("yes", 1.0, 30, 0.6, 0.5),  # held
        stored("yes", 1.0, 3, 0.0, 0.0),  # no word to replace
    ]
    assert polyglots(lexicons).figures(rows) == pytest.approx(
        {
            "accuracy_under_attack": 0.5,
            "success": 1 / 3,
            "changed": 0.2,
            "queries": 14,
            "without_candidates": 0.25,
        }
    )


def test_what_no_row_tells_has_no_figure(lexicons: Path) -> None:
    def stored(gold: str, right: float) -> Any:
        values = {"clean_right": right, "queries": 5, "changed": 0.5, "candidates": 0.5}
        return Prediction("1", "yes", gold, (), values)

    held = polyglots(lexicons).figures([stored("yes", 1.0)])
    assert (held["success"], held["changed"], held["queries"]) == (0.0, None, 5)
    wrong = polyglots(lexicons).figures([stored("no", 0.0)])
    assert (wrong["success"], wrong["changed"], wrong["queries"]) == (None, None, None)
    assert wrong["accuracy_under_attack"] == 0


def test_they_serve_the_languages_that_there_are_words_of(lexicons: Path) -> None:
    assert polyglots(lexicons).speaks == ("en", "de", "fr")
    assert substitution(lexicons, source="dictionaries").speaks == ("en", "de", "fr")
    assert substitution(lexicons).speaks == ("en",)
    for attack in (polyglots(lexicons), substitution(lexicons)):
        assert not attack.problem_fault(Sequences.problem.of(Sequences()))
        assert "the one label" in attack.problem_fault(Tokens.problem.of(Tokens()))
    with pytest.raises(SpecError, match="one text, no second one"):
        polyglots(lexicons, sides="second").accept(Tokens())
    with pytest.raises(SpecError, match="no dictionary for the language 'sw'"):
        polyglots(lexicons, languages=["sw"]).check()


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Dictionaries:
    folder = tmp_path_factory.mktemp("chinese")
    (folder / "en-zh.tsv").write_text("dog\t狗\nbig dog\t大狗\nyesterday\t昨天\n", "utf-8")
    (folder / "en-de.tsv").write_text("dog\tHund\nyesterday\tgestern\n", "utf-8")
    return Dictionaries(folder)


def test_words_are_found_where_there_are_no_spaces(chinese: Dictionaries) -> None:
    assert chinese.parted("大狗昨天在狗", "zh") == ["", "大狗", "", "昨天", "在", "狗", ""]
    assert chinese.parted("在在", "zh-CN") == ["在在"]
    assert chinese.parted("昨天", "en") == ["昨天"]
    row = SequenceExample("1", ("大狗, 昨天在 (OK)。", "狗"), "yes", ("zh", "zh"))
    wording = Wording(row, None, parted=chinese.parted)
    assert [word.form for word in wording.words] == ["大狗", "昨天", "OK", "狗"]
    assert wording.size == 5  # 在 is in no word
    assert wording.replaced({}) == row
    changed = wording.replaced({0: "Hund", 3: "dog"})
    assert changed is not None
    assert changed.content() == ("Hund, 昨天在 (OK)。", "dog")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts)
def test_no_character_is_lost_in_a_text_without_spaces(chinese: Dictionaries, text: str) -> None:
    assert "".join(chinese.parted(text, "zh")) == text
    row = SequenceExample("1", (f"大狗{text}昨天",), "yes", ("zh",))
    wording = Wording(row, None, parted=chinese.parted)
    assert wording.replaced({}) == row


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, texts)
def test_an_example_is_put_together_again_from_its_words(first: str, second: str) -> None:
    row = SequenceExample("1", (first, second), "yes", ("en", "de"))
    wording = Wording(row, None)
    assert wording.replaced({}) == row
    same = {number: word.form for number, word in enumerate(wording.words)}
    assert wording.replaced(same) == row
    if wording.words:
        one = wording.replaced({0: "\u2603"})
        assert one is not None
        assert "\u2603" in "".join(one.content())
        left = wording.replaced({0: ""})
        assert left is not None
        assert sum(map(len, left.texts)) == sum(map(len, row.texts)) - len(wording.words[0].form)


@pytest.mark.parametrize("sides", ["first", "second", "both"])
def test_sides_name_the_texts_whose_words_may_change(sides: Any) -> None:
    wording = Wording(ROW, None, sides)
    touched = {word.text for word in wording.words}
    assert touched == {"first": {0}, "second": {1}, "both": {0, 1}}[sides]
    assert wording.size == 8

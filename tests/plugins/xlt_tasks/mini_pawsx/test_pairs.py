"""What must hold of the pairs in every language: they are demonstration data, but sound ones."""

import hashlib
import json
import random
import re
import subprocess
import sys
from collections import Counter

import pytest
from light_processes import run
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from xlt_tasks.mini_pawsx import LANGUAGES, SPLITS, Pair, generate, realise
from xlt_tasks.mini_pawsx.scenes import FEW, KINDS, draw, identity, items, needed, replaced, swapped

# A change of any word of a test split shows here. If it is meant, print the new ones with
# `python -m pytest -k pinned` and say in the commit that earlier scores no longer compare.
TEST_SHA256 = {
    "en": "0d226767ce3f679b39917da0a6d93966bcc3f327b833c64e8831ce13c986c672",
    "de": "8820b852fc8c8dd3b1204fa1e70e4399e74d2fa795e4d1b4191405d81d1b6d93",
    "es": "c93bd141fa4197002fd7dddcec402b1df604544aa453ef010af326826642a626",
    "fr": "5f26479916f4912ebe57bde40c0ebbd93296911ddac3a70b7a7ced135b3890cf",
    "ja": "dddbd7e9e20651d8d61033036bf61ca8e7a55426ce4ca662705370fe556facef",
    "ko": "ac1450a697eb12b526cc686defe0fe13525edb9701b40da3b8f3fdd0149eda6f",
    "zh": "70cdc7b44593e20f9489f90ece8dff3407b792cf6a80870c25ca7e5aae7254f1",
    "id": "ca604dac8e8f9254474ad41b5c0448a74015a2449cd363c940c72e28a198d397",
    "it": "452315ab341059063612a16b2063888e8e21f7d100257896dcd5ba4ac3098076",
    "nl": "3fd4e574d8ee9c409d6d9466f27315027041b58fb500cbebcad3a6be0fc201b0",
    "pt": "476afda0c322c2170367bcd35c75ed73e2f46263077b77e68fab3b06fe83ae75",
    "ru": "fa98449875a2871b469e46912287b2185e3b632530dc86efb7b5e95025ec710d",
    "sv": "3a61427546f21379310105ca1d8342923fa4313e8e7fd8cbdb1f8854bb6bce01",
    "tr": "68b4c297afb42e1ad03c7773efd0f1fa50cbe74938b0a9d5d7ee58cffe2b7709",
}

LATIN = r"[0-9A-Za-zÀ-ÖØ-öø-ÿĞğİıŞş' ,.-]+"
SCRIPTS = dict.fromkeys(LANGUAGES, LATIN) | {
    "ru": r"[0-9А-яЁё ,.—]+",
    "ja": r"[0-9\u3040-\u30ff\u4e00-\u9fff々、。]+",
    "ko": r"[0-9\uac00-\ud7a3 .,]+",
    "zh": r"[0-9\u4e00-\u9fff，。；]+",
}


def _sentences(split: str, language: str) -> set[str]:
    return {s for pair in generate(split, language) for s in pair[:2]}


def test_languages_and_sizes() -> None:
    assert set(LANGUAGES) >= {"en", "de", "es", "fr", "ja", "ko", "zh"}
    assert len(LANGUAGES) == len(set(LANGUAGES)) >= 12
    assert SPLITS == {"train": 4000, "dev": 300, "test": 500}
    assert len(KINDS) >= 10
    assert len(KINDS) % 2 == 0  # what the balance of the labels rests on


@pytest.mark.parametrize("language", LANGUAGES)
def test_pinned_test_split(language: str) -> None:
    text = json.dumps(generate("test", language), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == TEST_SHA256[language]


def test_another_process_says_the_same() -> None:
    program = (
        "import hashlib, json; from xlt_tasks.mini_pawsx import generate; "
        "print(hashlib.sha256(json.dumps([generate(s, 'en') for s in ('train', 'dev')])"
        ".encode()).hexdigest())"
    )
    paths = {"PYTHONPATH": ":".join(sys.path)}
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=paths | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_it_loads_only_what_is_asked_for() -> None:
    program = (
        "import sys; before = set(sys.modules); import xlt_tasks.mini_pawsx as m; "
        "m.generate('dev', 'de'); print(*sorted(set(sys.modules) - before))"
    )
    ran = run([sys.executable, "-c", program], check=True)
    loaded = ran.stdout.split()
    prefix = "xlt_tasks.mini_pawsx.languages."
    assert [m for m in loaded if m.startswith(prefix)] == [prefix + "de"]
    assert not {"torch", "numpy"} & set(loaded)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pairs_are_balanced_distinct_and_aligned(language: str, split: str) -> None:
    pairs = generate(split, language)
    assert len(pairs) == SPLITS[split]
    assert all(isinstance(pair, Pair) for pair in pairs)
    assert Counter(pair.label for pair in pairs) == {"0": len(pairs) / 2, "1": len(pairs) / 2}
    assert len(set(pairs)) == len({frozenset(pair[:2]) for pair in pairs}) == len(pairs)
    assert all(pair.sentence1 != pair.sentence2 for pair in pairs)
    assert [pair.label for pair in pairs] == [pair.label for pair in generate(split, "en")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_in_two_splits(language: str) -> None:
    train, dev, test = (_sentences(split, language) for split in ("train", "dev", "test"))
    assert not train & dev
    assert not train & test
    assert not dev & test


def test_no_scene_is_in_two_splits() -> None:
    seen = [identity(item.scene) for split in SPLITS for item in items(split)]
    assert len(seen) == len(set(seen)) == sum(SPLITS.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_is_clean_and_in_its_script(language: str) -> None:
    allowed = re.compile(SCRIPTS[language])
    stop = "。" if language in ("ja", "zh") else "."
    for sentence in set().union(*(_sentences(split, language) for split in SPLITS)):
        assert allowed.fullmatch(sentence), sentence
        assert not re.search(r"  | [,.]|[,.]{2}|\bNone\b", sentence), sentence
        assert sentence.endswith(stop), sentence
        assert sentence.count(stop) == 1, sentence
        assert not sentence[0].islower(), sentence
        assert sentence == sentence.strip(), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_near_miss_means_something_else(language: str) -> None:
    # No way of saying the exchanged scene is also a way of saying the scene itself.
    for item in items("test"):
        forms = range(KINDS[item.scene.kind])
        said = {realise(item.scene, form, language) for form in forms}
        missed = {realise(swapped(item.scene), form, language) for form in forms}
        assert len(said) == len(missed) == len(forms), said
        assert not said & missed, said & missed


def test_a_replaced_near_miss_differs_in_one_argument_and_is_the_same_in_every_language() -> None:
    for item in items("train"):
        other = replaced(item.scene)
        assert other._replace(a=item.scene.a) == item.scene
        assert other.a not in (item.scene.a, item.scene.b)
        assert other == replaced(item.scene)
    for language in ("en", "tr", "zh"):
        others = generate("test", language, near_misses="replaced")
        for exchanged, easier in zip(generate("test", language), others, strict=True):
            assert exchanged.sentence1 == easier.sentence1
            assert exchanged.label == easier.label
            assert (exchanged.sentence2 == easier.sentence2) == (easier.label == "1")


def test_both_labels_use_the_forms_alike() -> None:
    by_label = {True: Counter[tuple[str, int, int]](), False: Counter[tuple[str, int, int]]()}
    for item in items("train"):
        by_label[item.paraphrase][item.scene.kind, item.form1, item.form2] += 1
        assert item.form1 != item.form2
    assert by_label[True].keys() == by_label[False].keys()
    for kind in KINDS:
        counts = [sum(n for key, n in by_label[x].items() if key[0] == kind) for x in by_label]
        assert abs(counts[0] - counts[1]) <= 1, kind


@pytest.mark.parametrize("part", ["pair", "sentence1", "sentence2"])
def test_words_alone_do_not_tell_the_label(part: str) -> None:
    def texts(pairs: list[Pair]) -> list[str]:
        return [" ".join(p[:2]) if part == "pair" else getattr(p, part) for p in pairs]

    train, test = generate("train", "en"), generate("test", "en")
    words = CountVectorizer(token_pattern=r"\w+")
    features = words.fit_transform(texts(train))
    model = LogisticRegression(max_iter=300).fit(features, [p.label for p in train])
    accuracy = model.score(words.transform(texts(test)), [p.label for p in test])
    assert 0.40 < accuracy < 0.60


def test_words_of_a_pair_are_almost_the_same() -> None:
    # The point of PAWS: overlap says nothing. Both labels share most words, and equally.
    overlap: dict[str, list[float]] = {"0": [], "1": []}
    for one, two, label in generate("train", "en"):
        a, b = (set(re.findall(r"\w+", s.lower())) for s in (one, two))
        overlap[label].append(len(a & b) / len(a | b))
    means = {label: sum(values) / len(values) for label, values in overlap.items()}
    assert min(means.values()) > 0.75
    assert abs(means["0"] - means["1"]) < 0.03


@pytest.mark.parametrize(("split", "language"), [("train", "xx"), ("validation", "en")])
def test_unknown_names_are_refused(split: str, language: str) -> None:
    with pytest.raises(ValueError, match=r"xx|validation"):
        generate(split, language)


def test_scenes_of_which_there_are_few() -> None:
    rng = random.Random(0)
    for kind, count in FEW.items():
        found = {identity(draw(rng, kind)) for _ in range(20 * count)}
        assert len(found) == count
    for kind in set(KINDS) - set(FEW):
        assert len({identity(draw(rng, kind)) for _ in range(20_000)}) > needed(("two", "kinds"))

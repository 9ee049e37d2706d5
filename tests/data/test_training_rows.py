"""Which rows a stage trains on: more tasks, exclusions, shots, a language per item, controls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import SequenceExample, TokenExample
from xlt_cli.data.groups import Group
from xlt_cli.data.rows import RowStore
from xlt_cli.data.shuffled import shuffled
from xlt_cli.data.training_rows import TrainingRows, training_rows
from xlt_cli.errors import DataError, SpecError
from xlt_cli.problems import Candidate, RetrievalExample
from xlt_cli.problems.intents import IntentExample
from xlt_cli.spec import ResolvedRows
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.training.sampling import Sampling, counts
from xlt_tasks.intents import XSid
from xlt_tasks.retrieval.bucc import Bucc

LABELS = ("a", "b", "c")
Choose = Callable[..., TrainingRows]


def write(folder: Path, split: str, language: str, rows: Sequence[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{content}\t{label}\n" for content, label in rows)
    (folder / f"{split}-{language}.tsv").write_text(text, "utf-8")


def items(name: str, count: int, language: str) -> list[tuple[str, str]]:
    return [(f"{name} {i} {language}", LABELS[i % 3]) for i in range(count)]


def task(folder: Path, aligned: bool = True) -> dict[str, Any]:
    about = {"name": "text-classification", "path": str(folder), "labels": list(LABELS)}
    return {**about, "aligned": aligned}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "parallel"
    for language in ("en", "sw", "ur"):
        write(place, "train", language, items("train", 60, language))
        write(place, "test", language, items("test", 9, language))
    return place


@pytest.fixture
def choose(folder: Path) -> Choose:
    def choice(seed: int = 1, aligned: bool = True, **stage: Any) -> TrainingRows:
        stages = [{"task": task(folder, aligned), "languages": ["en"], "dev": None, **stage}]
        text = json.dumps({"encoder": "mbert", "stages": stages, "evaluations": []})
        experiment = resolve(Source(parse(text, Path("spec.yaml")), text))
        return training_rows(experiment.stages[0], RowStore(), seed)

    return choice


def texts(rows: TrainingRows) -> list[str]:
    return [example.texts[0] for example in rows.examples if isinstance(example, SequenceExample)]


def test_several_languages_and_tasks_come_one_after_another(choose: Choose, tmp_path: Path) -> None:
    write(tmp_path / "other", "dev", "de", items("other", 4, "de"))
    more = {"task": task(tmp_path / "other"), "languages": ["de"], "split": "dev", "limit": 3}
    rows = choose(languages=["en", "sw"], limit=2, also=[more])
    assert texts(rows) == [
        *(f"train {i} {language}" for language in ("en", "sw") for i in range(2)),
        *(f"other {i} de" for i in range(3)),
    ]
    assert [group.language for group in rows.groups] == ["en", "sw", "de"]


def test_a_task_with_other_labels_cannot_share_the_head(choose: Choose, tmp_path: Path) -> None:
    write(tmp_path / "other", "train", "en", [("x", "p"), ("y", "q")])
    other = {"name": "text-classification", "path": str(tmp_path / "other"), "labels": ["p", "q"]}
    with pytest.raises(SpecError, match="cannot share a head") as caught:
        choose(also=[{"task": other}])
    assert "only 'text-classification' has p, q" in caught.value.what
    assert "label_map: {p: " in caught.value.hint
    assert "stages:\n  - task: text-classification\n  - task: " in caught.value.hint


def test_a_task_of_another_problem_is_trained_on_in_its_turn(choose: Choose) -> None:
    with pytest.raises(SpecError, match="cannot share a head") as caught:
        choose(also=[{"task": "panx"}])
    assert "only" not in caught.value.what
    assert "label_map" not in caught.value.hint
    assert "stages:\n  - task: panx\n  - task: " in caught.value.hint


def test_listed_ids_are_excluded_and_counted(choose: Choose, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("train-1\n\ntrain-3\n")
    rows = choose(languages=["en", "sw"], exclude=[{"ids": str(tmp_path / "ids.txt")}])
    assert rows.excluded == 4
    assert {"train-1", "train-3"}.isdisjoint(example.id for example in rows.examples)
    assert len(rows.examples) == 116


def test_a_list_of_ids_may_have_a_byte_order_mark_and_ids_beyond_the_limit(
    choose: Choose, tmp_path: Path
) -> None:
    (tmp_path / "ids.txt").write_bytes("\ufefftrain-1\r\ntrain-40\r\n".encode())
    rows = choose(limit=10, exclude=[{"ids": str(tmp_path / "ids.txt")}])
    assert [example.id for example in rows.examples] == [f"train-{i}" for i in range(2, 11)]


def test_an_id_of_no_row_is_an_error(choose: Choose, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("train-1\n7\n")
    with pytest.raises(DataError, match=r"1 of 2 ids do not belong to a row.*'7'") as caught:
        choose(exclude=[{"ids": str(tmp_path / "ids.txt")}])
    assert "train-1" in caught.value.hint


@pytest.mark.parametrize("language", ["en", "ur"])
def test_another_tasks_rows_are_excluded_by_content(
    choose: Choose, tmp_path: Path, language: str
) -> None:
    """Also where only a translation of the row is in the other task."""
    other = tmp_path / "elsewhere"
    write(other, "test", language, [(f"train 5 {language}", "a"), ("unrelated", "b")])
    rows = choose(languages=["en", "sw"], exclude=[{"task": task(other, aligned=False)}])
    assert rows.excluded == 2
    assert "train-6" not in {example.id for example in rows.examples}


def test_translations_stay_where_rows_are_not_aligned(choose: Choose, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    write(other, "test", "en", [("train 5 en", "a")])
    rows = choose(languages=["en", "sw"], aligned=False, exclude=[{"task": task(other)}])
    assert rows.excluded == 1


def test_nothing_left_is_an_error(choose: Choose, folder: Path) -> None:
    with pytest.raises(DataError, match="there are no rows of 'text-classification' left"):
        choose(exclude=[{"task": task(folder), "split": "train", "languages": ["sw"]}])


def test_shots_are_so_many_of_each_label_and_nested(choose: Choose) -> None:
    few, more = (choose(languages=["sw", "ur"], shots=shots) for shots in (2, 5))
    for rows, shots in ((few, 2), (more, 5)):
        for group in rows.groups:
            assert Counter(e.shared_label() for e in group.examples) == dict.fromkeys(LABELS, shots)
    sample = {example.id for example in few.examples}
    assert len(sample) == 6  # the same items in both languages
    assert sample < {example.id for example in more.examples}


def test_samples_of_shots_differ_by_their_number_and_not_by_the_seed(choose: Choose) -> None:
    samples = [
        frozenset(e.id for e in choose(shots=3, shot_sample=number, seed=seed).examples)
        for number in range(4)
        for seed in (1, 2)
    ]
    assert len(set(samples)) == 4


def test_each_item_comes_once_in_a_language_drawn_by_the_seed(choose: Choose) -> None:
    languages = ["en", "sw", "ur"]
    rows = choose(languages=languages, sampling="one-per-item")
    assert Counter(example.id for example in rows.examples) == {
        f"train-{i}": 1 for i in range(1, 61)
    }
    sizes = [len(group.examples) for group in rows.groups]
    assert len(sizes) == 3
    assert min(sizes) > 8
    assert texts(choose(languages=languages, sampling="one-per-item")) == texts(rows)
    assert texts(choose(languages=languages, sampling="one-per-item", seed=2)) != texts(rows)


def test_one_per_item_needs_alignment(choose: Choose) -> None:
    with pytest.raises(SpecError, match="needs rows that are aligned across languages"):
        choose(languages=["en", "sw"], sampling="one-per-item", aligned=False)


def test_shuffled_labels_keep_their_numbers_and_go_with_the_item(choose: Choose) -> None:
    given, shuffled = (
        choose(languages=["en", "sw"], labels=labels) for labels in ("given", "shuffled")
    )
    assert texts(given) == texts(shuffled)
    labels = [{e.id: e.shared_label() for e in group.examples} for group in shuffled.groups]
    assert labels[0] == labels[1]
    assert Counter(labels[0].values()) == dict.fromkeys(LABELS, 20)
    same = sum(e.shared_label() == labels[0][e.id] for e in given.groups[0].examples)
    assert 8 < same < 35  # a third by chance
    assert choose(labels="shuffled", seed=2).examples != choose(labels="shuffled").examples


def test_shuffled_tags_are_dealt_out_over_all_words(tmp_path: Path) -> None:
    place = tmp_path / "tagged"
    place.mkdir()
    sentences = [[(f"w{i}{j}", "NV"[(i + j) % 3 == 0]) for j in range(4)] for i in range(12)]
    lines = ["".join(f"{word}\t{tag}\n" for word, tag in sentence) for sentence in sentences]
    (place / "train-en.tsv").write_text("\n".join(lines))
    use = {"name": "token-labelling", "path": str(place), "tags": ["N", "V"]}
    stage = {"task": use, "languages": ["en"], "dev": None, "labels": "shuffled"}
    text = json.dumps({"encoder": "mbert", "stages": [stage], "evaluations": []})
    experiment = resolve(Source(parse(text, Path("spec.yaml")), text))
    examples = training_rows(experiment.stages[0], RowStore(), 1).examples
    tags = [tag for e in examples if isinstance(e, TokenExample) for tag in e.tags]
    given = [tag for sentence in sentences for _, tag in sentence]
    assert Counter(tags) == Counter(given)
    assert tags != given


def test_labels_are_shuffled_among_tasks_for_the_same_head(choose: Choose, tmp_path: Path) -> None:
    other = {**task(tmp_path / "other"), "labels": ["a", "q"]}
    rows_of_other = [(f"other {i}", "aq"[i % 4 == 0]) for i in range(20)]
    write(tmp_path / "other", "train", "en", rows_of_other)
    third = task(tmp_path / "third")
    write(tmp_path / "third", "train", "en", [(f"third {i}", "b") for i in range(30)])
    also = [{"task": other, "head": "own"}, {"task": third}]
    first, second, shared = choose(also=also, labels="shuffled").groups
    assert Counter(e.shared_label() for e in second.examples) == {"a": 15, "q": 5}
    labels = [example.shared_label() for example in first.examples + shared.examples]
    assert Counter(labels) == {"a": 20, "b": 50, "c": 20}
    assert {e.shared_label() for e in shared.examples} == set(LABELS)


@pytest.mark.parametrize("aligned", [True, False])
def test_intents_are_shuffled_apart_from_slots(
    aligned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XSid, "aligned", aligned)
    examples = [
        IntentExample(f"train-{i}", ("a", "b", "c"), ("O", "B-x", "I-x"), ("en",), f"i{i % 3}")
        for i in range(30)
    ]
    monkeypatch.setattr(XSid, "slots", ("x",))
    monkeypatch.setattr(XSid, "intents", ("i0", "i1", "i2"))
    given = Group(XSid(), "en", tuple(examples))
    (made,) = shuffled([given], 1)
    assert [e.shared_label() for e in made.examples] != [e.shared_label() for e in examples]
    assert Counter(e.intent for e in made.examples) == {"i0": 10, "i1": 10, "i2": 10}  # type: ignore[attr-defined]
    tags = Counter(tag for e in made.examples for tag in e.tags)  # type: ignore[attr-defined]
    assert tags == {"O": 30, "B-x": 30, "I-x": 30}


def test_shots_of_numbers_are_rows_in_total(tmp_path: Path) -> None:
    text = "".join(f"one {i}\tother {i}\t{i % 7}\n" for i in range(40))
    (tmp_path / "train-en.tsv").write_text(text)
    use = {"name": "text-regression", "path": str(tmp_path), "texts": 2}
    stage = {"task": use, "languages": ["en"], "dev": None, "shots": 5}
    written = json.dumps({"encoder": "mbert", "stages": [stage], "evaluations": []})
    experiment = resolve(Source(parse(written, Path("spec.yaml")), written))
    assert len(training_rows(experiment.stages[0], RowStore(), 1).examples) == 5


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_shares_are_those_of_the_formula(temperature: float) -> None:
    sizes = (900, 90, 10)
    weights = [size ** (1 / temperature) for size in sizes]
    expected = [1000 * weight / sum(weights) for weight in weights]
    assert counts(sizes, temperature) == pytest.approx(expected, abs=1)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.floats(1, 50),
    st.integers(0, 3),
)
def test_an_epoch_has_as_many_rows_as_there_are(
    sizes: list[int], temperature: float, epoch: int
) -> None:
    sampling = Sampling(tuple(sizes), temperature, "seed")
    indices = sampling(epoch)
    assert len(indices) == sum(sizes)
    assert sampling(epoch) == indices
    came = Counter(indices)
    first = 0
    for size, count in zip(sizes, counts(sizes, temperature), strict=True):
        own = [came[row] for row in range(first, first + size)]
        assert sum(own) == count
        assert max(own) - min(own) <= 1  # drawn without replacement
        first += size


@pytest.mark.parametrize("beside", [True, False])
def test_queries_without_any_right_candidate_beside_them_are_not_trained_on(
    monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    found = [Candidate(key, f"text {key}", "en") for key in "ab"]
    rows = [
        RetrievalExample.of("1", "eins", "de", found[beside:], ["b"] if beside else []),
        RetrievalExample.of("2", "zwei", "de", found[:1], ()),
    ]
    monkeypatch.setattr(RowStore, "load", lambda *_: rows)
    spec = SimpleNamespace(shots=None, sampling=None, labels="gold")
    source = ResolvedRows(Bucc(), "train", ("de",))
    stage: Any = SimpleNamespace(spec=spec, task=source.task, sources=[source], exclusions=())
    if beside:
        assert training_rows(stage, RowStore(), 1).examples == rows
        return
    with pytest.raises(DataError, match="no row has a query and a right candidate"):
        training_rows(stage, RowStore(), 1)

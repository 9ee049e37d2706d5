"""Features are the same with the cache and without; an entry's name is all that they depend on."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from xlt_cli.api import SequenceExample, TokenExample
from xlt_cli.data.cached_tokenizer import CALL, CachedTokenizer, entry_key, tokenizer_key
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.features import Featuriser
from xlt_cli.problems import Problem, SequenceClassification, TokenLabelling

CLASSES = SequenceClassification(("0", "1"))
NAMES = TokenLabelling(("O", "B-PER"))
# A lone zero-width space is normalised to nothing.
TEXTS = st.sampled_from(["", " ", "the cat sees", "die Hündin!", "\u200b", "猫は魚", "x" * 50])


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "features", warn=pytest.fail)


@pytest.fixture
def tokenized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of texts of each call in which rows were tokenized."""
    counts: list[int] = []
    real = PreTrainedTokenizerFast.__call__

    def counted(self: Any, text: Any, *arguments: Any, **options: Any) -> Any:
        if options == CALL:
            counts.append(len(text))
        return real(self, text, *arguments, **options)

    monkeypatch.setattr(PreTrainedTokenizerFast, "__call__", counted)
    return counts


def same_as_without(
    problem: Problem, examples: Sequence[Any], tokenizer: Any, cache: FeatureCache
) -> None:
    plain = Featuriser(problem, tokenizer, 16).clean_features(examples)
    for _ in range(2):
        assert Featuriser(problem, tokenizer, 16, cache).clean_features(examples) == plain


ROWS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ROWS
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_pairs_of_texts(tokenizer: Any, cache: FeatureCache, rows: list[tuple[str, str]]) -> None:
    examples = [
        SequenceExample(str(i), texts, str(i % 2), ("en", "de")) for i, texts in enumerate(rows)
    ]
    same_as_without(CLASSES, examples, tokenizer, cache)


@ROWS
@given(rows=st.lists(st.lists(TEXTS, max_size=5), max_size=5))
def test_words_with_tags(tokenizer: Any, cache: FeatureCache, rows: list[list[str]]) -> None:
    examples = [
        TokenExample(str(i), tuple(words), ("O",) * len(words), ("en",))
        for i, words in enumerate(rows)
    ]
    same_as_without(NAMES, examples, tokenizer, cache)


def pairs(count: int, label: str = "0") -> list[SequenceExample]:
    return [
        SequenceExample(str(i), (f"the cat {i}", "the dog"), label, ("en", "en"))
        for i in range(count)
    ]


def test_rows_are_tokenized_once_for_all_lengths_and_labels(
    tokenizer: Any, cache: FeatureCache, tokenized: list[int]
) -> None:
    for length in (8, 16):
        for label in "01":
            found = Featuriser(CLASSES, tokenizer, length, cache).clean(pairs(3, label))
            assert [e.gold for e in found] == [label] * 3
    assert tokenized == [4]


def test_other_rows_and_noisy_ones_are_tokenized(
    tokenizer: Any, cache: FeatureCache, tokenized: list[int]
) -> None:
    featuriser = Featuriser(CLASSES, tokenizer, 16, cache)
    featuriser.clean(pairs(3))
    featuriser.features(pairs(3))
    assert tokenized == [4, 4]
    assert len(list(cache.folder.iterdir())) == 1
    featuriser.clean(pairs(2))
    featuriser.clean(pairs(3)[::-1])
    assert tokenized == [4, 4, 3, 4]


def test_single_texts(tokenizer: Any, cache: FeatureCache, tokenized: list[int]) -> None:
    texts, languages = ["the cat", "", "die Hündin"], ["en", "en", "de"]
    found = [Featuriser(CLASSES, tokenizer, 16, c).plain(texts, languages) for c in [cache] * 2]
    assert tokenized == [3]
    assert found[0] == found[1] == Featuriser(CLASSES, tokenizer, 16).plain(texts, languages)


def test_a_call_that_no_problem_of_ours_makes_is_the_tokenizers(
    tokenizer: Any, cache: FeatureCache
) -> None:
    cached = CachedTokenizer(tokenizer, cache)
    assert cached("the cat") == tokenizer("the cat")
    assert cached(["the cat"], **CALL, return_length=True)["length"] == [2]
    assert cached.unk_token_id == tokenizer.unk_token_id
    assert not cache.folder.exists()


def test_a_tokenizer_that_draws_is_asked_each_time(cache: FeatureCache) -> None:
    assert tokenizer_key(small()) is not None
    drawing = small(dropout=0.5)
    assert tokenizer_key(drawing) is None
    assert CachedTokenizer(drawing, cache)(["ab"], **CALL)["input_ids"]
    assert not cache.folder.exists()


def test_the_key_changes_with_all_that_cuts_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(PreTrainedTokenizerFast):
        pass

    Other.__module__ = PreTrainedTokenizerFast.__module__
    spaces, special = small(), small()
    spaces.backend_tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special.split_special_tokens = True
    added = small()
    added.add_tokens(["new"])
    other = Other(tokenizer_object=small().backend_tokenizer)
    keys = [tokenizer_key(t) for t in (small(), small("ba"), spaces, special, added, other)]
    for library in ("tokenizers", "transformers"):
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules[library], "__version__", "0")
            keys.append(tokenizer_key(small()))
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert tokenizer_key(small()) == keys[0]


def test_the_name_of_an_entry_changes_with_tokenizer_and_texts() -> None:
    lists = [[], [""], ["", ""], ["a", "b"], ["b", "a"], ["ab"], ['a", "b'], ["\ud800"], ["?"]]
    found = {entry_key(key, texts) for key in ("k", "l") for texts in lists}
    assert len(found) == 2 * len(lists)


def test_a_tokenizer_that_was_saved_or_had_truncated_has_the_same_key(
    tokenizer: Any, tmp_path: Path
) -> None:
    used = copy.deepcopy(tokenizer)
    used(["the cat sees the dog"], truncation=True, max_length=3, padding="max_length")
    used.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for one in (tokenizer, used, again):
        Featuriser(CLASSES, one, 16)  # asks it for its template, without truncation
    assert tokenizer_key(used) == tokenizer_key(tokenizer) == tokenizer_key(again)


def test_a_tokenizer_of_unknown_code_has_no_key() -> None:
    class OfPlugin(PreTrainedTokenizerFast):
        pass

    assert tokenizer_key(OfPlugin(tokenizer_object=small().backend_tokenizer)) is None
    written: Any = object()
    assert tokenizer_key(written) is None


def test_a_tokenizer_with_parts_in_python_has_no_key() -> None:
    class Upper:
        def normalize(self, text: Any) -> None:
            text.uppercase()

    found = small()
    found.backend_tokenizer.normalizer = tokenizers.normalizers.Normalizer.custom(Upper())
    assert tokenizer_key(found) is None


def small(piece: str = "ab", dropout: float | None = None) -> PreTrainedTokenizerFast:
    """A tokenizer whose only merge is `piece`."""
    vocabulary = {"a": 0, "b": 1, piece: 2, "[UNK]": 3}
    model = models.BPE(vocabulary, [(piece[0], piece[1])], dropout=dropout, unk_token="[UNK]")
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model), unk_token="[UNK]")

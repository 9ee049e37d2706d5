"""What plugins return is checked where it is taken, and the plugin is blamed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from contract_tools import (
    PAIR,
    RNG,
    SENTENCE,
    SomeCuts,
    SomeEncoder,
    SomeMethod,
    SomeTask,
    SomeText,
    answering,
)

from xlt_cli.api import Batch, Draws, Example, Rows, Seam
from xlt_cli.errors import PluginError, PluginFailure
from xlt_cli.problems import TokenLabelling
from xlt_cli.registry.guard import make


def refused(call: Any) -> str:
    """What is said of a value that a call may not return."""
    with pytest.raises(PluginError) as caught:
        call()
    assert not isinstance(caught.value, PluginFailure)
    assert "'some'" in caught.value.what
    return caught.value.what


def rows(*examples: Any, **changes: Any) -> Rows:
    return replace(Rows(examples, "in the code"), **changes)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "returned None; expected Rows(examples, source)"),
        ([PAIR], "returned a list of 1; expected Rows(examples, source)"),
        ((e for e in [PAIR]), "returned a generator; expected Rows"),
        ({"train": [PAIR]}, "returned a dict of 1; expected Rows"),
        (rows(examples=iter([PAIR])), "returned Rows with a list_iterator; expected a tuple"),
        (rows(PAIR, "the dog"), "returned as row 2 str 'the dog': expected a SequenceExample"),
        (rows({"text": "a"}), "returned as row 1 a dict of 1"),
        (
            rows(replace(PAIR, label=1)),  # type: ignore[arg-type]
            "example 'row-7' (en-en): its label is int 1, not a text",
        ),
        (rows(replace(PAIR, texts="cat")), "its texts are str 'cat', not a tuple"),  # type: ignore[arg-type]
        (rows(replace(PAIR, texts=("cat", None))), "its texts are a tuple of 2 with None"),  # type: ignore[arg-type]
        (rows(replace(PAIR, id=7)), "its id is int 7, not a text"),  # type: ignore[arg-type]
        (rows(replace(PAIR, languages="en")), "its languages are str 'en'"),  # type: ignore[arg-type]
        (rows(replace(SENTENCE, tags=("O",))), "it has 2 words and 1 tags"),
        (rows(replace(SENTENCE, tags=(0, 1))), "its tags are a tuple of 2 with int 0"),  # type: ignore[arg-type]
        (rows(PAIR, notes="three rows left out"), "notes are str 'three rows left out'"),
        (rows(PAIR, source=None), "source is None, not a text"),
    ],
)
def test_rows(value: Any, said: str) -> None:
    task = answering(SomeTask, "load", value)
    what = refused(lambda: task.load("train", "en"))
    assert what.startswith("task 'some': load('train', 'en') returned")
    assert said in what


def test_rows_have_as_many_texts_as_the_task_states(monkeypatch: pytest.MonkeyPatch) -> None:
    one = replace(PAIR, texts=("a cat",), languages=("en",))
    monkeypatch.setattr(SomeTask, "texts", 2)
    task = answering(SomeTask, "load", rows(PAIR, one))
    what = refused(lambda: task.load("train", "en"))
    assert "it has 1 text, and the task states texts = 2" in what
    monkeypatch.setattr(SomeTask, "texts", None)
    assert len(answering(SomeTask, "load", rows(PAIR, one)).load("train", "en").examples) == 2


def test_a_list_of_examples_in_rows_is_taken() -> None:
    task = answering(SomeTask, "load", Rows([PAIR], "here", ["a note"]))  # type: ignore[arg-type]
    assert task.load("train", "en") == Rows((PAIR,), "here", ("a note",))
    assert make(SomeTask, SomeTask.Params()).load("dev", "de").examples == (PAIR,)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("en", "returned str 'en'"),
        (None, "returned None"),
        ({"en", "de"}, "returned a set of 2"),
        (("en", 1), "a tuple of 2 with int 1"),
        (("en", ""), "an empty text"),
        (("en", "de", "en"), "'en' twice"),
    ],
)
@pytest.mark.parametrize("method", ["languages", "labels"])
def test_names_of_languages_and_labels(method: str, value: Any, said: str) -> None:
    task = answering(SomeTask, method, value)
    own = method == "labels"
    what = refused((lambda: task.labels) if own else (lambda: task.languages("dev")))
    assert what.startswith("task 'some': labels" if own else "task 'some': languages('dev')")
    assert said in what


def test_a_task_without_labels_is_refused() -> None:
    assert "has no labels" in refused(lambda: answering(SomeTask, "labels", ()).labels)


TAGS = TokenLabelling(("O", "B-PER", "I-PER"))


@pytest.mark.parametrize(
    ("example", "value", "said"),
    [
        (PAIR, PAIR, "returned a SequenceExample; expected a list of examples"),
        (PAIR, None, "returned None"),
        (PAIR, "a text", "returned str 'a text'"),
        (PAIR, {PAIR: 1}, "returned a dict of 1"),
        (PAIR, ["a", "b"], "a list with str 'a'; expected SequenceExamples"),
        (PAIR, [None], "a list with None"),
        (PAIR, [SENTENCE], "a list with a TokenExample; expected SequenceExamples"),
        (PAIR, [replace(PAIR, label="no")], "its label is 'no', not 'yes'"),
        (PAIR, [PAIR, replace(PAIR, label="maybe")], "its label is 'maybe', not 'yes'"),
        (PAIR, [replace(PAIR, id="row-7-noisy")], "its id is not 'row-7'"),
        (PAIR, [replace(PAIR, texts=("the cat",))], "it has 1 texts, not 2"),
        (PAIR, [replace(PAIR, texts=["a", "b"])], "its texts are a list of 2"),  # type: ignore[arg-type]
        (SENTENCE, [replace(SENTENCE, tokens=("Anna",))], "it has 1 words and 2 tags"),
        (SENTENCE, [replace(SENTENCE, tags=("B-PER", "B-LOC"))], "'B-LOC' is not one of the"),
        (SENTENCE, [replace(SENTENCE, tags=("O", "O"))], "its words are the same, but its tags"),
    ],
)
def test_replacements_of_an_example(example: Example, value: Any, said: str) -> None:
    noise = answering(SomeText, "perturb", lambda *_: value)
    noise.for_problem = TAGS
    what = refused(lambda: noise.perturb(example, RNG))
    assert what.startswith(f"perturbation 'some': perturb(example '{example.id}'")
    assert said in what


@pytest.mark.parametrize(
    ("example", "value", "count"),
    [
        (PAIR, [], 0),
        (PAIR, (PAIR, replace(PAIR, texts=("a", "b"))), 2),
        (PAIR, (e for e in [PAIR]), 1),
        (SENTENCE, [replace(SENTENCE, tokens=("sleeps", "Anna"), tags=("O", "B-PER"))], 1),
        (
            SENTENCE,
            [replace(SENTENCE, tokens=("An", "Na", "ja"), tags=("B-PER", "I-PER", "O"))],
            1,
        ),
    ],
)
def test_sound_replacements_are_taken(example: Example, value: Any, count: int) -> None:
    noise = answering(SomeText, "perturb", lambda *_: value)
    noise.for_problem = TAGS
    assert len(noise.perturb(example, RNG)) == count


@pytest.fixture
def tokenizer(tiny_encoder: Any) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(tiny_encoder))


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (None, "returned None"),
        ("cat", "returned str 'cat'"),
        (["the", "cat"], "returned str 'the' among token ids"),
        ([1.0], "returned float 1.0 among token ids"),
        ([True], "returned bool True among token ids"),
        ([-1], "returned the token id -1; the vocabulary has"),
        ([10**6], "returned the token id 1000000; the vocabulary has"),
        ([2, 7, 3], "returned the special token [CLS]"),
    ],
)
def test_pieces_of_a_text(tokenizer: Any, ids: Any, said: str) -> None:
    noise = answering(SomeCuts, "segmenter", lambda _: lambda text, rng: ids)
    segment = noise.segmenter(tokenizer)
    what = refused(lambda: segment("the cat", RNG))
    assert what.startswith("perturbation 'some': segmenter(tokenizer)('the cat')")
    assert said in what


def test_a_segmenter_is_a_function_and_its_sound_answers_are_taken(tokenizer: Any) -> None:
    odd = answering(SomeCuts, "segmenter", [1, 2])
    assert "a function of (text, rng)" in refused(lambda: odd.segmenter(tokenizer))
    sound = make(SomeCuts, SomeCuts.Params()).segmenter(tokenizer)
    plain = tokenizer("the cat", add_special_tokens=False)["input_ids"]
    assert sound("the cat", RNG) == plain


@pytest.fixture
def seam() -> Seam:
    """Three rows of four tokens, each embedded in five numbers."""
    shape = (3, 4)
    zeros = torch.zeros(shape, dtype=torch.int64)
    batch = Batch(zeros, zeros, zeros, zeros.bool(), zeros, [("en",)] * 3, zeros[:, 0])
    weights = torch.nn.Parameter(torch.ones(5, 2))

    def loss(logits: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits, batch.targets, reduction="none")

    return Seam(
        embeddings=torch.ones(*shape, 5),
        batch=batch,
        perturbable=zeros == 0,
        states=lambda embeddings, batch=None: embeddings,
        logits=lambda embeddings, batch=None: embeddings.mean(1) @ weights,
        loss=loss,
        draws=Draws(torch.arange(3)),
    )


def plain(seam: Seam) -> torch.Tensor:
    return seam.loss(seam.logits(seam.embeddings))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (torch.ones(5), "returned a Tensor of shape [5]"),
        (torch.nn.Linear, "returned a type; expected a torch.nn.Module or None"),
        ([torch.nn.Linear(5, 5)], "returned a list of 1; expected a torch.nn.Module or None"),
        (torch.nn.Linear(5, 5).parameters(), "returned a generator"),
        (torch.nn.LazyLinear(5), "returned a module whose 'weight' has no shape yet"),
    ],
)
def test_own_modules(module: Any, said: str) -> None:
    what = refused(lambda: answering(SomeMethod, "own_module", lambda _: module).own_module(5))
    assert what.startswith("perturbation 'some': own_module(5) ")
    assert said in what


def test_sound_own_modules_are_taken() -> None:
    module = torch.nn.Linear(5, 5)
    assert answering(SomeMethod, "own_module", lambda _: module).own_module(5) is module
    assert make(SomeMethod, SomeMethod.Params()).own_module(5) is None


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (lambda s: plain(s).mean(), "returned a Tensor of shape [], torch.float32; expected a"),
        (lambda s: s.logits(s.embeddings), "returned a Tensor of shape [3, 2]"),
        (lambda s: plain(s)[:2], "of shape [2]"),
        (lambda s: plain(s)[:, None], "of shape [3, 1]"),
        (lambda s: plain(s).detach(), "without a gradient; expected"),
        (lambda s: plain(s).long(), "of shape [3], torch.int64"),
        (lambda s: float(plain(s).detach().sum()), "returned float "),
        (lambda s: list(plain(s)), "returned a list of 3"),
        (lambda s: None, "returned None"),
    ],
)
def test_losses(seam: Seam, loss: Any, said: str) -> None:
    method = answering(SomeMethod, "loss", loss)
    what = refused(lambda: method.loss(seam))
    assert what.startswith("perturbation 'some': loss(seam of 3 examples) returned ")
    assert said in what
    assert "shape [3], floating point: one loss of each example" in what


@pytest.mark.parametrize("cast", [torch.float32, torch.bfloat16, torch.float64])
def test_sound_losses_are_taken_as_they_are(seam: Seam, cast: torch.dtype) -> None:
    losses = plain(seam).to(cast)
    assert answering(SomeMethod, "loss", lambda _: losses).loss(seam) is losses
    with torch.no_grad():
        method = make(SomeMethod, SomeMethod.Params())
        assert method.loss(seam).shape == (3,)


@pytest.mark.parametrize(
    ("method", "value", "said"),
    [
        ("perturbed", torch.ones(3, 4, 6), "of shape [3, 4, 6]"),
        ("perturbed", torch.ones(4, 5), "of shape [4, 5]"),
        ("perturbed", None, "returned None"),
        ("deviation", torch.tensor(0.1), "of shape []"),
        ("deviation", torch.ones(3, 1), "of shape [3, 1]"),
        ("deviation", 0.1, "float 0.1"),
        ("phase", ["clean"], "returned a list of 1"),
    ],
)
def test_other_answers_of_methods_on_embeddings(
    seam: Seam, method: str, value: Any, said: str
) -> None:
    plugin = answering(SomeMethod, method, lambda _: value)
    argument = 0.5 if method == "phase" else seam
    assert said in refused(lambda: getattr(plugin, method)(argument))


class Translating(SomeMethod):
    companion = "translations"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((), "returned no translations, but `companion` requires them"),
        (None, "returned None"),
        ([("the cat", "die Katze")], "returned as pair 1 a tuple of 2: not a SequenceExample"),
        ([PAIR, replace(PAIR, texts=("a",))], "as pair 2 example 'row-7' (en-en): it has 1 texts"),
    ],
)
def test_translations(value: Any, said: str) -> None:
    assert said in refused(answering(Translating, "parallel", lambda: value).parallel)
    assert make(SomeMethod, SomeMethod.Params()).parallel() == []


@pytest.mark.parametrize(
    ("method", "value", "said"),
    [
        ("load_tokenizer", None, "returned None; expected a tokenizer of transformers"),
        ("load_tokenizer", lambda *_: "bert", "returned str 'bert'"),
        ("fingerprint", "abc", "returned str 'abc'; expected a dict of texts"),
        ("fingerprint", {"bytes": 3}, "returned a dict of 1"),
        ("fingerprint", None, "returned None"),
        ("pinned", ["main"], "returned a list of 1; expected a dict of parameters or None"),
        ("pretrained_weights", None, "returned None; expected a mapping of tensors by name"),
        ("pretrained_weights", {"words": 3}, "returned int 3; expected a mapping of tensors"),
        ("load_model", None, "returned None; expected a torch.nn.Module with embed, encode"),
        ("load_model", torch.nn.Linear(2, 2), "returned a Linear; expected"),
    ],
)
def test_encoders(method: str, value: Any, said: str) -> None:
    given = (lambda *_: value) if isinstance(value, torch.nn.Module) else value
    encoder = answering(SomeEncoder, method, given)
    argument = [None] if method == "load_model" else []
    assert said in refused(lambda: getattr(encoder, method)(*argument))


def test_the_fingerprint_of_a_perturbation_is_checked_too() -> None:
    noise = answering(SomeText, "fingerprint", {"lexicon": 3})
    assert "expected a dict of texts" in refused(noise.fingerprint)

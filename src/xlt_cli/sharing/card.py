"""The model card of a run: README.md with the hub's metadata beside the model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import UserError
from xlt_cli.languages import lookup
from xlt_cli.runs import atomic, predictions
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import bare_text
from xlt_cli.sharing.card_text import body
from xlt_cli.sharing.facts import Facts, facts_of_run

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

FILE = "README.md"

_PIPELINES = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
}
_HUB = re.compile(r"([\w.-]+/[\w.-]+)@[^/]+")
"""The source of rows that were read from the hub."""


def write_card(run: Run, stage: int) -> bool:
    """Writes the card of a stage into the folder of its model, if it says something new.

    Returns:
        Whether there is a model.
    """
    model = run.stage(stage) / "model"
    if run.stage(stage).is_symlink() or not atomic.is_complete(model):
        return False
    text = card(run, stage)
    path = model / FILE
    if not path.is_file() or path.read_text("utf-8") != text:
        atomic.write_text(path, text)
    return True


def card(run: Run, stage: int, repository: str = "") -> str:
    """The text of the card of a stage's model.

    Args:
        stage: only the last stage's model has results.
        repository: on the hub; empty if it is not known.

    Raises:
        UserError: the run's record cannot be read.
    """
    facts, results = facts_of_run(run, stage), _results(run, stage)
    metadata = data(facts, results).to_yaml(line_break="\n")
    text = f"---\n{metadata}\n---\n\n{body(facts, results, repository)}"
    return bare_text(text)


def data(facts: Facts, results: Sequence[dict[str, Any]]) -> ModelCardData:
    """The hub's metadata."""
    from huggingface_hub import ModelCardData

    pipeline = _pipeline(facts.architecture)
    tested = [language for result in results for language in _languages(result)]
    methods = [name for each in facts.stages for name in each.methods]
    figures = list(_figures(results, pipeline))
    zero_shot = not results or any("zero_shot" in result["averages"] for result in results)
    transfer = ["zero-shot-cross-lingual-transfer"] if zero_shot else []
    return ModelCardData(
        language=codes([*facts.trained_on, *tested]) or None,
        library_name=_library(facts),
        base_model=facts.base_model or None,
        datasets=list(dict.fromkeys(_hub_sets(facts.sources))) or None,
        metrics=list(dict.fromkeys(result["metric"] for result in results)) or None,
        pipeline_tag=pipeline or None,
        tags=["xlt", "cross-lingual", *transfer, *methods],
        model_name=facts.run,
        eval_results=figures or None,
    )


def codes(languages: Iterable[str]) -> list[str]:
    """The codes of languages as the hub has them: ISO 639-1 where there is one, else ISO 639-3."""
    found: dict[str, None] = {}
    for written in languages:
        language = lookup(written)
        if language is not None and re.fullmatch("[a-z]{2,3}", language.short):
            found[language.short] = None
    return sorted(found)


def _results(run: Run, stage: int) -> list[dict[str, Any]]:
    if stage != len(run.spec.stages) - 1:
        return []
    stored = predictions.summaries(run.evaluations)
    return [results for _, _, results in stored if results is not None]


def _languages(result: dict[str, Any]) -> list[str]:
    pairs = (language for pair in result["pairs"].values() for language in _of_pair(pair))
    return list(dict.fromkeys([*result["languages"], *pairs]))


def _of_pair(pair: dict[str, Any]) -> list[str]:
    return [str(pair[name]) for name in ("first", "second") if name in pair]


def _figures(results: Sequence[dict[str, Any]], pipeline: str) -> Iterator[EvalResult]:
    """The figures of languages, and the averages of zero-shot languages, of the main metrics."""
    from huggingface_hub import EvalResult

    for result in results:
        task, metric = result["task"], result["metric"]
        sources = [about.get("source", "") for about in result.get("data", {}).values()]
        hub = next(_hub_sets(sources), "")
        found = [(language, figures) for language, figures in result["languages"].items()]
        average = result["averages"].get("zero_shot")
        if average is not None:
            found.append((f"zero-shot average, {average['cells']} languages", average))
        for name, figures in found:
            value = figures.get(metric, {}).get("value")
            if value is None or not math.isfinite(value):
                continue
            language = lookup(name)
            yield EvalResult(
                task_type=pipeline or "text-classification",
                dataset_type=hub or task,
                dataset_name=f"{task} ({language.name if language else name})",
                dataset_config=name if language else "zero-shot",
                dataset_split=result["split"],
                metric_type=metric,
                metric_value=round(value, 4),
            )


def _hub_sets(sources: Iterable[str]) -> Iterator[str]:
    for source in sources:
        found = _HUB.fullmatch(source)
        if found:
            yield found[1]


def _library(facts: Facts) -> str | None:
    if facts.adapter:
        return "peft"
    return "transformers" if facts.architecture else None


def _pipeline(architecture: str) -> str:
    return next((tag for end, tag in _PIPELINES.items() if architecture.endswith(end)), "")


def write_quietly(run: Run, warn: Callable[[str], None]) -> None:
    """Writes the card of a run's last model; what is wrong with it is said, and stops nothing."""
    try:
        write_card(run, len(run.spec.stages) - 1)
    except (UserError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        what = error.what if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        warn(f"{run.name}: the model card was not written: {what}")

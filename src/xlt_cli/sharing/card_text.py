"""The body of a model card, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.formats import markdown
from xlt_cli.languages import lookup
from xlt_cli.reports.evaluation import report
from xlt_cli.sharing.facts import BASE, Facts, Trained


def body(facts: Facts, results: Sequence[dict[str, Any]], repository: str) -> str:
    """The text below the metadata.

    Args:
        repository: on the hub; empty if it is not known.
    """
    parts = [
        f"# {facts.run}",
        _summary(facts),
        "## Training",
        "\n".join(_stage(number, stage) for number, stage in enumerate(facts.stages, start=1)),
        *_data(facts),
        "## Results",
        *_results(results),
        "## Limits",
        "\n".join(f"- {line}" for line in _limits(facts, results)),
        "## Use",
        *_use(facts, repository),
        "## How it was made",
        _made(facts),
        f"```yaml\n{facts.spec.strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _summary(facts: Facts) -> str:
    encoder = f"[{facts.base_model}](https://huggingface.co/{facts.base_model})"
    named = encoder if facts.base_model else f"`{facts.encoder}`"
    labels = f" Its labels are {', '.join(f'`{x}`' for x in facts.labels)}." if facts.labels else ""
    return (
        f"{named}, fine-tuned on {facts.stages[-1].task} in {_names(facts.trained_on)} for "
        f"zero-shot cross-lingual transfer: it can be used in other languages of the encoder as "
        f"well.{labels}"
    )


def _stage(number: int, stage: Trained) -> str:
    rows = f", the first {stage.limit:,} rows of each language" if stage.limit else ""
    method = " + ".join(f"`{name}`" for name in stage.methods)
    how = f"with {method}" if method else "without perturbations"
    selected = f" Selected checkpoint: {stage.rule}." if stage.rule else ""
    return (
        f"{number}. `{stage.task}` ({stage.split}) in {_names(stage.languages)}{rows}, {how}; "
        f"{stage.epochs:g} epochs, batch size {stage.batch_size}, learning rate "
        f"{stage.learning_rate:g}.{selected}"
    )


def _data(facts: Facts) -> list[str]:
    licences = {name: text for stage in facts.stages for name, text in stage.licences.items()}
    if not licences:
        return []
    lines = [f"- `{name}`: {text}" for name, text in licences.items()]
    return ["Licences of the training data:", "\n".join(lines)]


def _results(results: Sequence[dict[str, Any]]) -> list[str]:
    if not results:
        return ["This model was not evaluated."]
    tables = re.sub("^## ", "### ", markdown.text(report(results)).strip(), flags=re.M)
    return ["Intervals have a level of 95%.", tables]


def _limits(facts: Facts, results: Sequence[dict[str, Any]]) -> list[str]:
    said = {note for result in results for note in result["notes"]}
    return [
        "The figures hold for the data sets above. Performance differs between languages, and is "
        "unknown in languages that are not in the tables.",
        "It was trained with one seed; another seed gives other figures.",
        f"Inputs are cut off at {facts.max_length} tokens in training and in the evaluations.",
        *(caveat for caveat in facts.caveats if caveat not in said),
    ]


def _use(facts: Facts, repository: str) -> list[str]:
    if not facts.architecture:
        return ["The model opens with xlt only."]
    kind = f"AutoModel{facts.architecture[facts.architecture.rfind('For') :]}"
    where = f'"{repository or "ORG/NAME"}"'
    imports = [f"from transformers import {kind}, AutoTokenizer"]
    opened = [f"model = {kind}.from_pretrained({where})"]
    if facts.adapter:
        imports = ["from huggingface_hub import snapshot_download", "from peft import PeftModel"]
        imports.append(f"from transformers import {kind}, AutoTokenizer")
        opened = [
            f"folder = snapshot_download({where})",
            f'base = {kind}.from_pretrained(f"{{folder}}/{BASE}")',
            "model = PeftModel.from_pretrained(base, folder)",
        ]
    inputs = '"A first sentence.", "A second sentence."' if facts.texts == 2 else '"A sentence."'
    lines = [
        *imports,
        "",
        *opened,
        f"tokenizer = AutoTokenizer.from_pretrained({where})",
        f'inputs = tokenizer({inputs}, return_tensors="pt", truncation=True)',
        "logits = model(**inputs).logits",
    ]
    code = "\n".join(lines)
    return [f"```python\n{code}\n```"]


def _made(facts: Facts) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    used = f" ({versions})" if versions else ""
    changed = "".join(f" --set '{override}'" for override in facts.overrides)
    run = f"`xlt train SPEC --set 'seeds=[{facts.seed}]'{changed}`"
    return f"Trained and evaluated with xlt{used}: {run}, where SPEC is"


def _names(languages: Sequence[str]) -> str:
    names = []
    for written in languages:
        try:
            language = lookup(written)
        except UserError:
            language = None
        names.append(f"{language.name} ({written})" if language else written)
    return ", ".join(names) or "its source language"

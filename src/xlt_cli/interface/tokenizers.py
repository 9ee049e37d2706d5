"""What is known of the languages of a task, and what tokenizers make of its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xlt_cli.api import Encoder
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import SpecError
from xlt_cli.interface.requests import Options, Written, requested
from xlt_cli.languages import FACTS, facts_of
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_written
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Document, parse_given

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter


def languages_of(
    options: Options, encoders: Sequence[Written], reporter: Reporter, prefix: str = ""
) -> dict[str, Any]:
    """The languages of a task's rows, and what the tokenizer of each encoder makes of them.

    Args:
        options: task, split, languages and limit.
        encoders: names, or mappings with a name and parameters.
        prefix: what stands before the name of an option in errors.

    Returns:
        task, split, limit; `languages`: of each its facts and its number of rows; `encoders`: of
        each its name and, by language, fertility, pieces_per_character and unknown.

    Raises:
        UserError: the task, its data or an encoder is wrong or missing.
    """
    named = [(str(_shown(one)), _encoder(one, f"{prefix}encoder")) for one in encoders]
    (evaluation,) = requested([], [], options, prefix)
    from xlt_cli.evaluation.plan import make_plan
    from xlt_cli.models.pieces import measured

    plan = make_plan(evaluation, RowStore())
    rows = {language: plan.counted(language) for language in plan.languages}
    made = []
    for name, encoder in named:
        tokenizer, figures = encoder.load_tokenizer(), {}
        with reporter.bar(name, sum(map(len, rows.values())), "rows") as bar:
            for language, examples in rows.items():
                encoded = plan.problem.encode(examples, tokenizer)
                figures[language] = measured(language, examples, encoded, tokenizer.unk_token_id)
                bar.advance(len(examples), len(examples), language)
        made.append({"encoder": name, "languages": figures})
    split = plan.evaluation.split
    about = {language: facts_of(language) for language in rows}
    return {
        "task": plan.task.name,
        "split": split,
        "limit": plan.evaluation.limit,
        "languages": {
            x: {**{name: getattr(about[x], name) for name in FACTS}, "rows": len(rows[x])}
            for x in rows
        },
        "encoders": made,
        "notes": [f"{x}: {note}" for x in rows for note in plan.rows.notes(plan.task, split, x)],
    }


def _shown(written: Written) -> object:
    return written.get("name") if isinstance(written, Mapping) else written


def _encoder(written: Written, where: str) -> Encoder:
    """An encoder by its name, a hub id or a folder, or with parameters."""
    value: Any = written
    texts: Mapping[Any, str] = {}
    if isinstance(written, str):
        given = parse_given(written, where)
        value, texts = given.value, given.texts
    use = dict(value) if isinstance(value, Mapping) else {"name": value}
    if not isinstance(use.get("name"), str):
        raise SpecError(
            "an encoder is a name, or a mapping with a name",
            where,
            "e.g. ENCODER, org/model, or '{name: ENCODER, PARAMETER: ...}'",
        )
    source = Source(Document(Path(where), use, {}, texts), "")
    return cast(Encoder, build_written(PluginUse.model_validate(use), "encoder", (), source))

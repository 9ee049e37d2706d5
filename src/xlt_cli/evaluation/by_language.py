"""What is said of the languages of an evaluation, and means over groups of them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from xlt_cli.evaluation.extras import DISTANCE, MEASURED
from xlt_cli.evaluation.plan import Plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.languages import among, facts_of, typology
from xlt_cli.models.pieces import measured
from xlt_cli.reports import groups
from xlt_cli.reports.drops import paired, together
from xlt_cli.reports.summary import Counted, Scored
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Store
from xlt_cli.stats.intervals import Sample, difference, resample


def grouped(
    plan: Plan,
    problem: Scored,
    cells: Mapping[Pair, Counted],
    trained_on: Collection[str],
    clean: Mapping[Pair, Sample] | None = None,
) -> dict[str, Any]:
    """Means over the groups of languages that are asked for, as JSON values under `groups`.

    Args:
        clean: the same cells without the condition; each group then also has its drop.
    """
    own = {pair: cell for pair, cell in cells.items() if pair[0] == pair[1]}
    if not plan.extras.by or not own:
        return {}
    by = plan.extras.by
    unseen = [language for language, _ in own if not among(language, trained_on)]
    by_name = {cell_name(p): c for p, c in own.items()}
    scores = resample(by_name, problem.score, plan.aligned, problem.score_samples)
    made = groups.means(problem.metrics, scores, unseen, by)
    both = {p: together(clean[p], cell) for p, cell in own.items() if clean and p in clean}
    if both:
        lost = {
            pair[0]: {metric: difference(before[metric], after[metric]) for metric in before}
            for pair, (before, after) in paired(problem, both, plan.aligned).items()
        }
        drops = groups.means(problem.metrics, lost, unseen, by)
        for fact, named in drops.items():
            for name, figures in named.items():
                made[fact][name]["drop"] = figures
    return {"groups": made}


def facts(
    plan: Plan, store: Store, subject: Subject, languages: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What is asked for of each language, under `facts`; empty if nothing is."""
    asked = list(dict.fromkeys([*plan.extras.by, *plan.extras.columns]))
    if not asked or not languages:
        return {}
    about = {x: {**vars(facts_of(x))} for x in languages}
    if plan.extras.measured:
        for language, figures in _measured(plan, store, subject, languages).items():
            about[language] |= figures
    if DISTANCE[0] in asked:
        for language, own in about.items():
            far = typology.distance(language, sorted(subject.trained_on))
            own |= dict(zip(DISTANCE, (far.value, far.coverage), strict=True))
        asked.insert(asked.index(DISTANCE[0]) + 1, DISTANCE[1])
    return {"facts": {x: {name: own[name] for name in asked} for x, own in about.items()}}


def _measured(
    plan: Plan, store: Store, subject: Subject, languages: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What the tokenizer makes of the rows of each language; kept in the evaluation's directory."""
    split = plan.evaluation.split
    rows = {x: plan.rows.about(plan.task, split, x)["sha256"] for x in languages}
    kept = store.pieces()
    known = {x: kept[x] for x in languages if kept.get(x, {}).get("sha256") == rows[x]}
    absent = [x for x in languages if x not in known]
    if absent:
        tokenizer = subject.tokenizer()
        for language in absent:
            examples = plan.counted(language)
            encoded = plan.problem.encode(examples, tokenizer)
            figures = measured(language, examples, encoded, tokenizer.unk_token_id)
            known[language] = {"sha256": rows[language], **figures}
        with contextlib.suppress(OSError):  # a run may be read where it cannot be written
            store.write_pieces(known)
    return {x: {name: known[x][name] for name in MEASURED} for x in languages}

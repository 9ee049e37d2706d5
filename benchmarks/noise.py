"""How fast texts are perturbed: pairs of XNLI a minute on one core, for each kind of noise.

    XLT_DATA_DIR=... python benchmarks/noise.py [--rows 2000] [--languages en,hi,zh] [--noise ...]

The first rows of XNLI's test set are drawn under noise as an evaluation draws it: edited, with what
was changed counted. A figure is of the processor's time of this thread, the best of the turns,
without the reading of dictionaries. The bar is 50,000 pairs a minute.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Sequence

from xlt_cli.api import Example, UserError
from xlt_cli.noise.drawing import draw, prepared
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_condition, build_task

BAR = 50_000
NOISE = (
    "{perturbation: typos, strength: 0.1}",
    "{perturbation: ocr, strength: 0.1}",
    "{perturbation: homoglyphs, strength: 0.1}",
    "{perturbation: casing, strength: 0.3}",
    "{perturbation: punctuation, strength: 0.3}",
    "{perturbation: diacritics, strength: 1}",
    "{perturbation: word-order, strength: 2}",
    "{perturbation: word-dropout, strength: 0.1}",
    "{perturbation: synonyms, strength: 0.3}",
    "{perturbation: code-switch, strength: 0.3}",
    "{perturbation: {name: transliterate, script: latin}, strength: 1}",
)


def pairs_a_minute(noise: str, task: object, rows: Sequence[Example], turns: int) -> float:
    from xlt_cli.spec.yaml_lines import parse_value

    use = PluginUse.model_validate({"name": "perturbed", **parse_value(noise, noise)})
    condition = prepared(build_condition(use), problem_of(task))  # type: ignore[arg-type]
    condition.fetch()
    draw(condition, rows[:20])
    best = float("inf")
    for _ in range(turns):
        began = time.thread_time()
        draw(condition, rows)
        best = min(best, time.thread_time() - began)
    return 60 * len(rows) / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--languages", default="en,hi,zh")
    parser.add_argument("--noise", nargs="+", default=NOISE)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    task = build_task(PluginUse(name="xnli"))
    rows = {
        language: list(task.load("test", language).examples[: given.rows])
        for language in given.languages.split(",")
    }
    print(f"{platform.machine()}, Python {platform.python_version()}; {given.rows} rows of XNLI")
    for noise in given.noise:
        found = []
        for language, some in rows.items():
            try:
                rate = pairs_a_minute(noise, task, some, given.turns)
            except UserError as error:
                found.append(f"{language} not: {error.what}"[:60])
            else:
                found.append(f"{language} {rate:10,.0f} {'' if rate >= BAR else '(missed)'}")
        print(f"{noise:48} {'   '.join(found)}", flush=True)


if __name__ == "__main__":
    main()

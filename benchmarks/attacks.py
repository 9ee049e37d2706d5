"""Queries a second of the attack `word-substitution`, against TextAttack on the same model.

    XLT_DATA_DIR=... python benchmarks/attacks.py --model RUN/stages/0/model \
        --textattack OTHER_VENV/bin/python [--device cuda] [--rows 64] [--peer-rows 8]

Both attack the first English rows of XNLI's test set, with the same neighbours of words, the same
budget of queries a row and the same rule (words ranked by the loss without them, candidates tried
word by word). TextAttack runs in a process of its own, because it needs other versions of
libraries; constraints of its recipe TextFooler that need further models are left out, which makes
it faster. A query is one pass of one example through the model; the time is that of the attack,
without loading; the processor's time is that of the process alone, whatever else
the machine does. TextAttack pads all inputs to the tokenizer's longest, and is therefore measured
twice: as the checkpoint comes, and with the longest input set to that of xlt.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers

from xlt_cli.api import Example, SequenceExample
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.asking import Asking
from xlt_cli.evaluation.predict import recorded_logits
from xlt_cli.evaluation.searching import search_all
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import on_device
from xlt_cli.problems import SequenceClassification
from xlt_cli.registry.guard import make
from xlt_cli.runs.searches import SearchLog
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_encoder, build_task
from xlt_conditions.word_substitution import WordSubstitution

LENGTH = 128
PEER = Path(__file__).with_name("attacks_textattack.py")


def ours(model: Path, rows: list[Example], labels: tuple[str, ...], args: Any) -> dict[str, Any]:
    encoder = build_encoder(PluginUse.model_validate({"name": "hf", "model": str(model)}))
    problem = SequenceClassification(labels)
    runtime = start(args.device, args.precision)
    loaded = on_device(encoder.load_model(problem.head, model), runtime)
    featuriser = Featuriser(problem, encoder.load_tokenizer(model), LENGTH)
    ask = Asking(loaded, featuriser, True, runtime, recorded_logits(loaded, runtime))
    attack = make(WordSubstitution, WordSubstitution.Params(queries=args.queries))
    attack.for_problem = problem
    attack.fetch()
    ask(rows[:32])  # warm-up
    with tempfile.TemporaryDirectory() as folder:
        search_all(
            attack, rows[:1], ask, SearchLog(Path(folder) / "first.jsonl", "")
        )  # reads files
        started, worked = time.perf_counter(), time.process_time()
        ended = search_all(attack, rows, ask, SearchLog(Path(folder) / "log.jsonl", ""))
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
    predictions = [row.prediction for row in ended]
    queries = sum(p.values["queries"] for p in predictions)
    figures = attack.figures(predictions)
    return {
        "precision": runtime.precision,
        "rows": len(rows),
        "queries": int(queries),
        "seconds": round(seconds, 2),
        "queries_per_second": round(queries / seconds, 2),
        "queries_per_processor_second": round(queries / processor, 2),
        "figures": {name: value and round(value, 4) for name, value in figures.items()},
    }


def peer(
    model: Path, rows: list[Example], labels: tuple[str, ...], args: Any, length: int | None
) -> dict[str, Any]:
    """TextAttack on the same rows, in its own interpreter."""
    attack = WordSubstitution(WordSubstitution.Params())
    given = {
        "model": str(model),
        "rows": [[*r.texts, labels.index(r.label)] for r in rows if isinstance(r, SequenceExample)],
        "neighbors": str(attack._synonyms.path()),
        "queries": args.queries,
        "device": args.device,
        "length": length,
        "threads": torch.get_num_threads(),
    }
    done = subprocess.run(
        [args.textattack, str(PEER)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a fine-tuned NLI checkpoint")
    parser.add_argument("--textattack", required=True, help="a Python that has TextAttack")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto", help="of xlt; TextAttack's is fp32")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--peer-rows", type=int, default=8, help="for TextAttack, the first ones")
    parser.add_argument("--queries", type=int, default=200, help="the budget of a row")
    args = parser.parse_args()
    task = build_task(PluginUse(name="xnli"))
    rows = list(task.load("test", "en").examples[: args.rows])
    some = rows[: args.peer_rows]
    gpu = torch.cuda.get_device_name() if args.device != "cpu" else ""
    results = {
        "machine": gpu or platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "budget": args.queries,
        "xlt": ours(args.model, rows, task.labels, args),
        "textattack": peer(args.model, some, task.labels, args, None),
        f"textattack, inputs of {LENGTH}": peer(args.model, some, task.labels, args, LENGTH),
    }
    for name in ("textattack", f"textattack, inputs of {LENGTH}"):
        for by in ("queries_per_second", "queries_per_processor_second"):
            ratio = results["xlt"][by] / results[name][by]
            results[name][f"xlt_is_times_faster, {by}"] = round(ratio, 1)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

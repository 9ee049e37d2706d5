"""Speeds on this machine, each as a ratio against a named peer measured in the same run.

    python benchmarks/run.py [--rows 512]

start-up   `xlt --help`, `xlt list-plugins` against `python -c pass`
training   xlt's loop against the Hugging Face Trainer: same model, rows, batch size, settings
evaluation xlt's predictions against the Trainer's `predict`
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPEC = """\
encoder: e5-small-q4
stages:
  - task: mini-pawsx
    limit: {rows}
    epochs: 1
    dev: {{limit: 8}}
evaluations:
  - languages: [de]
    limit: 500
"""


def seconds(command: list[str], repeats: int = 5) -> float:
    """Median wall-clock time of a command."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def start_up() -> None:
    bare = seconds([sys.executable, "-c", "pass"])
    print(f"{'python -c pass':24} {bare:6.3f} s")
    for arguments in (["--help"], ["list-plugins"], ["validate", "experiments/quickstart.yaml"]):
        took = seconds([sys.executable, "-m", "xlt_cli", *arguments])
        print(f"{'xlt ' + arguments[0]:24} {took:6.3f} s   {took / bare:5.1f} x python -c pass")


def training(rows: int, directory: Path) -> None:
    """Both in one process, one after the other, on the same features."""
    import torch
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    from xlt_cli.console.progress import Reporter
    from xlt_cli.data.template import Template
    from xlt_cli.engine.predict import predict
    from xlt_cli.engine.runtime import start
    from xlt_cli.spec_file import build_encoder, build_task, load
    from xlt_cli.sweep.local import Job, run_jobs

    path = directory / "spec.yaml"
    path.write_text(SPEC.format(rows=rows))
    spec = load(path)
    stage, task, encoder = (
        spec.stages[0],
        build_task(spec.stages[0].task),
        build_encoder(spec.encoder),
    )
    problem, runtime = task.problem(task.labels), start("auto", "auto")
    tokenizer = encoder.load_tokenizer()
    template = Template(tokenizer)

    (outcome,) = run_jobs([Job(spec, 1, "", [])], directory / "runs", Reporter(quiet=True), False)
    timing = [json.loads(line) for line in outcome.run.timing.read_text().splitlines()]
    ours = timing[-1]["examples_this_session"] / timing[-1]["seconds_this_session"]

    def features(split, language, limit):
        rows = problem.encode(task.load(split, language).examples[:limit], tokenizer)
        return [problem.feature(row, template, spec.max_length) for row in rows]

    def as_inputs(chosen):
        return [{"input_ids": f.input_ids, "labels": f.target} for f in chosen]

    model = encoder.load_model(problem.head)
    trainer = Trainer(
        model=model.model,
        args=TrainingArguments(
            output_dir=str(directory / "trainer"),
            num_train_epochs=1,
            per_device_train_batch_size=stage.batch_size,
            per_device_eval_batch_size=64,
            learning_rate=stage.learning_rate,
            optim="adamw_torch_fused",
            bf16=runtime.precision == "bf16",
            use_cpu=runtime.device.type == "cpu",
            train_sampling_strategy="group_by_length",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=as_inputs(features("train", "en", rows)),
    )
    theirs = trainer.train().metrics["train_samples_per_second"]
    print(f"{'training, Trainer':24} {theirs:6.1f} examples/s")
    print(f"{'training, xlt':24} {ours:6.1f} examples/s   {ours / theirs:5.2f} x the Trainer")

    test = features("test", "de", 500)
    began = time.perf_counter()
    trainer.predict(as_inputs(test))
    theirs = len(test) / (time.perf_counter() - began)
    began = time.perf_counter()
    predict(model.to(runtime.device), test, problem, template.pad_id, runtime)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    ours = len(test) / (time.perf_counter() - began)
    print(f"{'evaluation, Trainer':24} {theirs:6.1f} examples/s")
    print(f"{'evaluation, xlt':24} {ours:6.1f} examples/s   {ours / theirs:5.2f} x the Trainer")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=512)
    rows = arguments.parse_args().rows
    import torch
    import transformers

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads{gpu}; "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}"
    )
    start_up()
    with tempfile.TemporaryDirectory() as directory:
        training(rows, Path(directory))


if __name__ == "__main__":
    main()

"""The peer: the same encoder, rows and settings through a plain Hugging Face Trainer.

    python benchmarks/hf_trainer.py experiments/xnli-e5-small-q4.yaml --output trainer-xnli.json

Reads a spec of one stage, and nothing else of xlt's training or evaluation: rows come from the
task, everything after that is `transformers`. The output holds accuracies per language with
Wilson intervals, to be compared with those of `xlt train` on the same spec.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.spec.resolution import load
from xlt_cli.stats.intervals import wilson


class Pairs(torch.utils.data.Dataset):
    """Tokenized sentence pairs."""

    def __init__(self, rows, labels, tokenizer, max_length):
        texts = list(zip(*[row.texts for row in rows], strict=True))
        self.inputs = tokenizer(*map(list, texts), truncation=True, max_length=max_length)
        self.labels = [labels.index(row.label) for row in rows]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        row = {name: values[index] for name, values in self.inputs.items()}
        return {**row, "labels": self.labels[index]}


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("spec", type=Path)
    arguments.add_argument("--set", action="append", default=[], dest="overrides")
    arguments.add_argument("--output", type=Path, required=True)
    given = arguments.parse_args()
    spec = load(given.spec, given.overrides)
    stage, seed = spec.stages[0], spec.seeds[0]
    task, encoder = build_task(stage.task), build_encoder(spec.encoder)
    set_seed(seed)

    with tempfile.TemporaryDirectory() as directory:
        # The pretrained weights as an ordinary checkpoint, opened in the ordinary way.
        encoder.load_model(task.problem(task.labels).head).save(Path(directory))
        encoder.load_tokenizer().save_pretrained(directory)
        tokenizer = AutoTokenizer.from_pretrained(directory)
        model = AutoModelForSequenceClassification.from_pretrained(directory)

        def rows(split, language, limit=None):
            found = task.load(split, language).examples[:limit]
            return Pairs(found, task.labels, tokenizer, spec.max_length)

        cuda = torch.cuda.is_available()
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=f"{directory}/out",
                num_train_epochs=stage.epochs,
                max_steps=stage.max_steps or -1,
                per_device_train_batch_size=stage.batch_size,
                per_device_eval_batch_size=512 if cuda else 64,
                learning_rate=stage.learning_rate,
                weight_decay=stage.weight_decay,
                warmup_steps=stage.warmup or 0.0,
                lr_scheduler_type=stage.schedule,
                max_grad_norm=stage.max_grad_norm or 0.0,
                optim="adamw_torch_fused",
                bf16=cuda,
                use_cpu=not cuda,
                train_sampling_strategy="group_by_length",
                eval_strategy="epoch",
                save_strategy="epoch",
                save_total_limit=1,
                load_best_model_at_end=True,
                metric_for_best_model="accuracy",
                seed=seed,
                report_to=[],
                disable_tqdm=True,
            ),
            data_collator=DataCollatorWithPadding(tokenizer),
            train_dataset=rows(stage.split, "en", stage.limit),
            eval_dataset=rows("dev", "en", stage.dev.limit if stage.dev else None),
            compute_metrics=accuracy,
        )
        began = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - began

        evaluation = spec.evaluations[0]
        scores = {}
        for language in evaluation.languages or task.languages(evaluation.split):
            # The Trainer groups by length here, too: its own label_ids are in its own order.
            found: Any = trainer.predict(rows(evaluation.split, language, evaluation.limit))
            hits = found.predictions.argmax(-1) == found.label_ids
            scores[language] = wilson(float(hits.mean()), len(hits)).as_dict()
    zero_shot = statistics.mean(s["value"] for name, s in scores.items() if name != "en")
    result = {
        "spec": str(given.spec),
        "seed": seed,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "train_seconds_with_dev": round(seconds, 1),
        "languages": scores,
        "zero_shot_average": zero_shot,
    }
    given.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

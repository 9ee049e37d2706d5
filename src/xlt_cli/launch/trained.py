"""The model that a run ended with, to be tested."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.loaded_once import LoadedOnce
from xlt_cli.evaluation.subject import Subject
from xlt_cli.models.segments import of_model
from xlt_cli.problems import Problem
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.stage import model_of
from xlt_cli.spec.trained import Trained
from xlt_cli.training.left import Left
from xlt_cli.training.words import warn_of_other_way


def trained_subject(
    run: Run, trained: Trained, rows: RowStore, runtime: Runtime, left: Left | None = None
) -> Subject:
    """The model that the run ended with, to be tested.

    Args:
        left: the model that its last stage has just been trained to.
    """
    encoder = trained.encoder
    weights = run.weights

    def load(problem: Problem) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
        head, checkpoint = problem.head, run.model
        model = left.take(encoder, head, weights, checkpoint) if left is not None else None
        if model is None:
            model = encoder.load_model(head, checkpoint, new_head=not head.has_weights)
        tokenizer = encoder.load_tokenizer(checkpoint)
        last = atomic.read_json(run.stage(len(trained.stages) - 1) / "result.json") or {}
        warn_of_other_way(last, problem, tokenizer)
        return tokenizer, model

    def outputs() -> tuple[str, ...]:
        return encoder.checkpoint_labels(run.model) or trained.task.labels

    return Subject(
        LoadedOnce(load),
        lambda: encoder.load_tokenizer(run.model),
        held_out.used(run, trained.stages, rows),
        trained.languages,
        trained.caveats,
        trained.max_length,
        weights,
        encoder,
        of_model(model_of(run.stage(len(trained.stages) - 1)), ours=True),
        outputs,
    )

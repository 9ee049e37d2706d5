"""The suite for encoders."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xlt_cli.api import Encoder, EncoderModel, UserError
from xlt_cli.registry.guard import make
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.suite import PluginSuite
from xlt_cli.weights import PACKED, WHOLE

if TYPE_CHECKING:
    import torch

    from xlt_cli.testing.loaded import Loaded

TOLERANCE = 1e-3
"""Of the largest value: what rounding may change, and padding and neighbours may not exceed."""
ROWS = (2, 0, 1)
"""The rows of a batch, which are of different lengths."""


class EncoderSuite(PluginSuite):
    """Checks of an `Encoder`, with heads for rows and for tokens; each is loaded once."""

    kind = "encoder"

    @pytest.fixture
    def loaded(self, plugin: Encoder) -> list[Loaded]:
        """The model with the head of each problem, and rows; override it for other problems."""
        from xlt_cli.testing.loaded import loaded

        return loaded(plugin)

    def forward(self, model: Any, batch: Any) -> torch.Tensor | None:
        """The logits of the model's ordinary forward pass; None if it has none.

        By default, that of a model of transformers with a head of its own.
        """
        from transformers import PreTrainedModel

        inner = next((m for m in model.modules() if isinstance(m, PreTrainedModel)), None)
        if inner is None:
            return None
        given = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if "token_type_ids" in inspect.signature(inner.forward).parameters:
            given["token_type_ids"] = batch.token_type_ids
        logits: torch.Tensor | None = getattr(inner(**given), "logits", None)
        return logits

    def test_tokenizer_is_the_same_each_time(self, checked: Encoder) -> None:
        one, other = checked.load_tokenizer(), checked.load_tokenizer()
        texts = [*samples.SENTENCES.values(), *samples.STRANGE]
        if one(texts)["input_ids"] != other(texts)["input_ids"]:
            broken("two calls gave tokenizers that cut texts otherwise", Encoder.load_tokenizer)

    def test_tokenizer_puts_texts_together_as_the_runner_does(self, checked: Encoder) -> None:
        from xlt_cli.data.template import Template

        tokenizer: Any = checked.load_tokenizer()
        try:
            template = Template(tokenizer)
        except UserError as error:
            broken(f"the tokenizer cannot be used: {error}", Encoder.load_tokenizer)
        texts = list(samples.SENTENCES.values())
        pieces = [tuple(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
        for i, first in enumerate(texts):
            for j, second in enumerate([None, *texts[:3]], start=-1):
                own = (pieces[i],) if second is None else (pieces[i], pieces[j])
                whole = tokenizer(first, second)["input_ids"]
                if template.lay_out(own, 10**6).input_ids != list(whole):
                    broken(
                        f"the tokenizer makes {list(whole)} of {first!r} and {second!r}, which are "
                        f"not their own ids, {own}, between special tokens",
                        Encoder.load_tokenizer,
                    )

    def test_halves_return_tensors_of_the_right_shape(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            batch = each.batch(ROWS)
            embeddings, states, logits = each.run(batch)
            rows, length = batch.input_ids.shape
            outputs = len(each.problem.head.labels)
            due = (rows, length, outputs) if each.problem.head.per_token else (rows, outputs)
            if tuple(logits.shape) != due:
                broken(f"logits() returned {tuple(logits.shape)}, not {due}", EncoderModel.logits)
            if embeddings.dim() != 3 or embeddings.shape[:2] != batch.input_ids.shape:
                broken(f"embed() returned {tuple(embeddings.shape)}", EncoderModel.embed)
            if states is not None and states.shape[:2] != batch.input_ids.shape:
                broken(f"encode() returned {tuple(states.shape)}", EncoderModel.encode)
            if (
                not logits[batch.attention_mask.bool() if due[1:2] == (length,) else ...]
                .isfinite()
                .all()
            ):
                broken("logits() returned values that are not finite", EncoderModel.logits)

    def test_two_halves_equal_the_forward_pass(self, loaded: list[Loaded]) -> None:
        compared = False
        for each in loaded:
            batch = each.batch(ROWS)
            with each.without_gradients():
                whole = self.forward(each.model, batch)
            if whole is None:
                continue
            compared = True
            change = each.change(each.run(batch)[2], whole, batch)
            if change > TOLERANCE:
                broken(
                    f"logits(embed(batch), batch) differs from the forward pass by {change:.1%} of "
                    "the largest value",
                    EncoderModel,
                )
        if not compared:
            pytest.skip("it has no forward pass of its own (override `forward`)")

    def test_answers_are_the_same_each_time(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            batch = each.batch(ROWS)
            self._compare(each, partial(each.run, batch), "from call to call")

    def test_answers_depend_on_no_padding(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            for row in ROWS:
                wide = each.batch([row], multiple=64)
                self._compare(each, partial(each.run, wide), "with padding", [row])

    def test_answers_depend_on_no_other_row(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            for place, row in enumerate(ROWS):
                batch = each.batch(ROWS)

                def beside(each: Loaded = each, batch: Any = batch, place: int = place) -> Any:
                    return [None if o is None else o[place : place + 1] for o in each.run(batch)]

                self._compare(each, beside, "beside other rows", [row])

    def test_answers_do_not_depend_on_the_order_of_rows(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            batch = each.batch(ROWS[::-1])

            def turned(each: Loaded = each, batch: Any = batch) -> Any:
                return [None if o is None else o.flip(0) for o in each.run(batch)]

            self._compare(each, turned, "in another order of rows")

    def test_embeddings_decide_the_answers_and_get_a_gradient(self, loaded: list[Loaded]) -> None:
        import torch

        for each in loaded:
            batch = each.batch(ROWS)
            model: Any = each.model
            with each.with_random_head():
                embeddings = model.embed(batch).detach()
                torch.manual_seed(0)
                noise = torch.randn_like(embeddings) * embeddings.std()
                moved = embeddings + noise * ~batch.special_mask[..., None]
                with torch.no_grad():
                    before, after = model.logits(embeddings, batch), model.logits(moved, batch)
                if float((before - after).abs().max()) <= 1e-6 * float(before.abs().max()):
                    broken("other embeddings give the same logits", EncoderModel.logits)
                leaf = embeddings.clone().requires_grad_()
                logits = model.logits(leaf, batch)
                gradient = None
                if logits.requires_grad:
                    weighted = (logits * torch.randn_like(logits)).sum()
                    (gradient,) = torch.autograd.grad(weighted, leaf, allow_unused=True)
            if gradient is None or not gradient.any():
                broken("no gradient of the logits comes back to the embeddings", EncoderModel)
            if not gradient.isfinite().all():
                broken("the gradient of the logits is not finite", EncoderModel)

    def test_head_parameters_are_some_of_the_models(self, loaded: list[Loaded]) -> None:
        for each in loaded:
            model: Any = each.model
            all_of_them = {id(parameter) for parameter in model.parameters()}
            head = [id(parameter) for parameter in model.head_parameters()]
            if not head or not set(head) < all_of_them:
                broken(
                    f"head_parameters() gives {len(head)} parameters, of which "
                    f"{len(all_of_them & set(head))} are of the model's {len(all_of_them)}",
                    EncoderModel.head_parameters,
                )

    def test_saved_model_gives_the_same_answers_to_the_bit(
        self, checked: Encoder, loaded: list[Loaded], tmp_path: Path
    ) -> None:
        for each in loaded:
            folder = tmp_path / each.problem.head.kind
            folder.mkdir()
            each.save(checked, folder)
            if not list(folder.glob("*.safetensors")):
                broken("save() wrote no safetensors file", EncoderModel.save)
            head = each.problem.head
            for whence, model in (
                ("a saved and loaded model", checked.load_model(head, folder)),
                ("the model of reopened()", checked.reopened(each.model, head, folder)),
            ):
                again = each if model is None else each.of(model)
                for one, other in zip(
                    each.run(each.batch(ROWS)), again.run(each.batch(ROWS)), strict=True
                ):
                    if one is not None and not (other is not None and one.equal(other)):
                        broken(f"{whence} gives other answers", EncoderModel.save)

    def test_checkpoint_has_the_weights_of_its_step_although_training_goes_on(
        self, checked: Encoder, loaded: list[Loaded], tmp_path: Path
    ) -> None:
        """A thread writes it, from a copy of the model."""
        each = loaded[0]
        batch = each.batch(ROWS)
        before = each.run(batch)
        with each.trained_on() as copied:
            if copied is None:  # training waits meanwhile
                return
            copied.save(tmp_path)
        again = each.of(checked.load_model(each.problem.head, tmp_path))
        for one, other in zip(before, again.run(batch), strict=True):
            if one is not None and not (other is not None and one.equal(other)):
                broken(
                    "save() of a copy (copy.deepcopy) writes other weights than the copy's",
                    EncoderModel.save,
                )

    def test_packed_model_gives_the_same_answers_to_the_bit(
        self, plugin: Encoder, checked: Encoder, loaded: list[Loaded], tmp_path: Path
    ) -> None:
        """Of an encoder whose models are stored as changes of its pretrained weights."""
        from xlt_cli.weights.opening import arrays_of
        from xlt_cli.weights.packed_file import Packed, pack

        params = checked.pinned()
        if params is None:
            return
        same = make(type(plugin), plugin.Params.model_validate(params))
        if same.pinned() != params:
            broken(f"with the parameters {params}, it is {same.pinned()}", Encoder.pinned)
        origin = {
            "encoder": checked.name,
            "params": params,
            "fingerprint": same.fingerprint(),
        }
        for each in loaded:
            folder = tmp_path / each.problem.head.kind
            folder.mkdir()
            each.save(checked, folder)
            whole = folder / WHOLE
            if not whole.is_file():
                broken(f"save() wrote no {WHOLE}, so that nothing is packed", EncoderModel.save)
            pack(whole, folder / PACKED, arrays_of(same), origin)
            tensors = Packed(folder / PACKED).record["tensors"]
            if not any("base" in tensor for tensor in tensors):
                broken("no tensor has a name and shape of a saved one", Encoder.pretrained_weights)
            whole.unlink()
            again = each.of(checked.load_model(each.problem.head, folder))
            for one, other in zip(
                each.run(each.batch(ROWS)), again.run(each.batch(ROWS)), strict=True
            ):
                if one is not None and not (other is not None and one.equal(other)):
                    broken("a packed and loaded model gives other answers", Encoder.load_model)

    def test_new_head_depends_on_the_seed_alone_and_keeps_the_rest(
        self, checked: Encoder, loaded: list[Loaded], tmp_path: Path
    ) -> None:
        import torch

        each = loaded[0]
        each.save(checked, tmp_path)

        def new(seed: int, history: int) -> Any:
            torch.manual_seed(history)
            torch.randn(history)
            torch.manual_seed(seed)
            model = checked.load_model(each.problem.head, tmp_path, new_head=True)
            return each.of(model).run(each.batch(ROWS))

        with torch.random.fork_rng(devices=[]):
            (_, states, logits), (_, _, again) = new(1, 3), new(1, 4)
            _, _, other = new(2, 3)
        if not logits.equal(again):
            broken("two new heads of one seed give other answers", Encoder.load_model)
        if logits.equal(other) and logits.any():
            broken("new heads of two seeds give the same answers", Encoder.load_model)
        before = each.run(each.batch(ROWS))[1]
        if before is not None and not before.equal(states):
            broken("with a new head, the checkpoint's hidden states are others", Encoder.load_model)

    def test_loading_depends_on_the_seed_alone(
        self, checked: Encoder, loaded: list[Loaded]
    ) -> None:
        from xlt_cli.testing.loaded import load

        each = loaded[0]
        again = each.of(load(checked, each.problem))
        if not each.run(each.batch(ROWS))[2].equal(again.run(each.batch(ROWS))[2]):
            broken("loaded twice with one seed, the model gives other answers", Encoder.load_model)

    def test_fingerprint_is_text_and_stays_the_same(
        self, plugin: Encoder, checked: Encoder
    ) -> None:
        first = checked.fingerprint()
        if not first:
            broken("fingerprint() is empty", Encoder.fingerprint)
        if first != make(type(plugin), plugin.params).fingerprint():
            broken("two plugins of the same parameters differ", Encoder.fingerprint)

    def _compare(
        self, each: Loaded, other: Callable[[], Any], where: str, rows: Any = ROWS
    ) -> None:
        """Hidden states and logits of rows as they are, and as another way of asking gives them."""
        batch = each.batch(rows)
        _, states, logits = each.run(batch)
        _, other_states, other_logits = other()
        for what, one, two in (("logits", logits, other_logits), ("states", states, other_states)):
            if one is not None and (change := each.change(one, two, batch)) > TOLERANCE:
                broken(
                    f"the {what} of a row change {where}, by {change:.1%} of the largest value "
                    f"({each.problem.head.kind})",
                    EncoderModel,
                )

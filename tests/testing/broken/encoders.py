"""Encoders that break the contract; `fails` names the checks that must say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from xlt_cli.api import Batch, Encoder, Head
from xlt_cli.problems.heads import WithHead
from xlt_cli.testing import EncoderSuite
from xlt_cli.testing.tokenizers import word_piece

SIZE = 16


class Backbone(nn.Module):
    """A layer over word vectors, and what a text's tokens have in common."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.hidden_size = SIZE
        self.words = nn.Embedding(words, SIZE)
        self.layer = nn.Linear(SIZE, SIZE)

    def embed(self, batch: Batch) -> torch.Tensor:
        embeddings: torch.Tensor = self.words(batch.input_ids)
        return embeddings

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        states: torch.Tensor = self.layer(embeddings).tanh()
        return states

    def save(self, directory: Path) -> None:
        save_file(self.state_dict(), str(directory / "backbone.safetensors"))


class Sound(Encoder):
    """Keeps to the contract."""

    api_version = 1
    name = "sound"
    summary = "a layer over word vectors"
    backbone: ClassVar[type[Backbone]] = Backbone

    def load_tokenizer(self, checkpoint: Path | None = None) -> Any:
        return word_piece()

    def load_model(
        self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
    ) -> Any:
        backbone = self.backbone(len(word_piece()))
        model = WithHead(backbone, head, None if head.per_token else "mean")
        if checkpoint is not None:
            backbone.load_state_dict(load_file(str(checkpoint / "backbone.safetensors")))
            if not new_head:
                model.load_head(checkpoint)
        return model

    def fingerprint(self) -> dict[str, str]:
        return {"recipe": "a layer over word vectors"}


class Suite(EncoderSuite):
    made: ClassVar[type[Encoder]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made()


class TestSound(Suite):
    made = Sound
    fails = ()


class NeverPacked(Sound):
    """Names its weights for good, and saves models under another name than packed ones have."""

    def pinned(self) -> dict[str, Any]:
        return {}

    def pretrained_weights(self) -> dict[str, torch.Tensor]:
        return self.backbone(len(word_piece())).state_dict()


class TestNeverPacked(Suite):
    made = NeverPacked
    fails = ("test_packed_model_gives_the_same_answers_to_the_bit",)


class TestDependsOnNeighbours(Suite):
    class made(Sound):
        class backbone(Backbone):
            def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
                return super().encode(embeddings - embeddings.mean(dim=(0, 1)), batch)

    fails = ("test_answers_depend_on_no_other_row", "test_answers_depend_on_no_padding")


class TestDependsOnPadding(Suite):
    class made(Sound):
        class backbone(Backbone):
            def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
                return super().encode(embeddings + embeddings.mean(dim=1, keepdim=True), batch)

    fails = ("test_answers_depend_on_no_other_row", "test_answers_depend_on_no_padding")


class TestDropsInEvaluation(Suite):
    class made(Sound):
        class backbone(Backbone):
            def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
                return super().encode(nn.functional.dropout(embeddings, 0.2), batch)

    fails = (
        "test_answers_are_the_same_each_time",
        "test_answers_depend_on_no_other_row",
        "test_answers_depend_on_no_padding",
        "test_answers_do_not_depend_on_the_order_of_rows",
        "test_saved_model_gives_the_same_answers_to_the_bit",
        "test_new_head_depends_on_the_seed_alone_and_keeps_the_rest",
        "test_loading_depends_on_the_seed_alone",
    )


class TestIgnoresTheEmbeddings(Suite):
    class made(Sound):
        class backbone(Backbone):
            def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
                return super().encode(self.embed(batch), batch)

    fails = ("test_embeddings_decide_the_answers_and_get_a_gradient",)


class TestCutsTheGradient(Suite):
    class made(Sound):
        class backbone(Backbone):
            def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
                return super().encode(embeddings.detach(), batch)

    fails = ("test_embeddings_decide_the_answers_and_get_a_gradient",)


MADE: list[Backbone] = []


class TestSavesWhatItsCopyIsOf(Suite):
    class made(Sound):
        class backbone(Backbone):
            def __init__(self, words: int) -> None:
                super().__init__(words)
                self._number = len(MADE)  # a copy has that of its original
                MADE.append(self)

            def save(self, directory: Path) -> None:
                state = MADE[self._number].state_dict()
                save_file(state, str(directory / "backbone.safetensors"))

    fails = ("test_checkpoint_has_the_weights_of_its_step_although_training_goes_on",)


class TestForgetsALayer(Suite):
    class made(Sound):
        class backbone(Backbone):
            def save(self, directory: Path) -> None:
                with torch.no_grad():
                    kept = {name: value.clone() for name, value in self.state_dict().items()}
                kept["layer.bias"].zero_()
                save_file(kept, str(directory / "backbone.safetensors"))

    fails = (
        "test_saved_model_gives_the_same_answers_to_the_bit",
        "test_new_head_depends_on_the_seed_alone_and_keeps_the_rest",
    )


class TestKeepsTheOldHead(Suite):
    class made(Sound):
        def load_model(
            self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
        ) -> Any:
            return super().load_model(head, checkpoint)

    fails = ("test_new_head_depends_on_the_seed_alone_and_keeps_the_rest",)


class TestDrawsWeightsAnew(Suite):
    class made(Sound):
        def load_model(
            self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
        ) -> Any:
            torch.seed()
            return super().load_model(head, checkpoint, new_head=new_head)

    fails = (
        "test_loading_depends_on_the_seed_alone",
        "test_new_head_depends_on_the_seed_alone_and_keeps_the_rest",
    )


class TestFingerprintsAnew(Suite):
    class made(Sound):
        def fingerprint(self) -> dict[str, str]:
            return {"weights": str(id(self))}

    fails = ("test_fingerprint_is_text_and_stays_the_same",)

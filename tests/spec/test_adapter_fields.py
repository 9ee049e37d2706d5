"""The adapter of a stage in a spec: its forms, its name in runs, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from spec_tools import STAGE, Load, Refused

from xlt_cli.api import NewAdapter
from xlt_cli.spec import resolution
from xlt_cli.spec.identity import identity
from xlt_encoders import kept_adapter


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Specs are checked as where peft is installed."""
    monkeypatch.setattr(kept_adapter, "find_spec", lambda name: object())


def name(spec: Any) -> str:
    return identity(spec, 1, "fp32")


def test_the_short_form_names_a_kind(load: Load) -> None:
    def new(written: str) -> NewAdapter | None:
        adapter = load(STAGE + f"adapter: {written}\n").stages[0].adapter
        assert adapter is not None
        return adapter.new()

    assert new("lora") == new("{kind: lora}") == NewAdapter("lora", 8, 16, 0.1)
    assert new("{kind: dora, rank: 2, targets: [key]}") == NewAdapter("dora", 2, 16, 0.1, ("key",))
    assert new("ia3") == NewAdapter("ia3")
    assert new("{kind: ia3, targets: key}") == NewAdapter("ia3", targets=("key",))
    assert new("{kind: ia3, targets: 'key, value'}") == NewAdapter("ia3", targets=("key", "value"))


def test_each_adapter_makes_another_run_and_no_adapter_none(load: Load) -> None:
    plain = name(load(STAGE + "epochs: 3\n"))
    assert name(load(STAGE + "adapter: null\n")) == plain
    written = (
        "lora", "dora", "ia3", "{kind: lora, rank: 4}", "{kind: lora, targets: [key]}",
        "{kind: lora, after: keep}", "{kind: lora, dropout: 0}",
    )  # fmt: skip
    names = {name(load(STAGE + f"adapter: {one}\n")) for one in written}
    assert len(names | {plain}) == len(written) + 1
    defaults = "{kind: lora, rank: 8, alpha: 16.0, dropout: 0.1, targets: default, after: merge}"
    assert name(load(STAGE + f"adapter: {defaults}\n")) == name(load(STAGE + "adapter: lora\n"))


def test_a_stored_spec_opens_again_under_the_same_name(load: Load) -> None:
    spec = load(
        "encoder: mbert\nstages:\n- {task: xnli, adapter: {kind: lora, after: keep}}\n"
        "- {task: xnli, adapter: previous}\n- {task: xnli, adapter: ia3}\n"
    )
    again = type(spec).model_validate(spec.model_dump(mode="json"))
    assert again.stages == spec.stages
    assert name(again) == name(spec)
    assert resolution.reopen(again).spec.stages == spec.stages


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("{kind: ia3, rank: 4}", "rank cannot be set for 'ia3': it has none"),
        ("{kind: previous, alpha: 4}", "alpha cannot be set for 'previous'"),
        ("{kind: previous, targets: [key]}", "targets cannot be set for 'previous'"),
        ("previous", "there is no adapter of the stage before: this is the first stage"),
        ("{kind: lora, over: base}", "there is no adapter of the stage before"),
        ("lorra", "should be 'lora', 'dora', 'ia3' or 'previous', not 'lorra'"),
        ("{rank: 4}", "'kind' is missing"),
        ("{kind: lora, targets: []}", ""),
        ("lora\n  freeze: encoder", "`freeze: encoder` leaves no adapter to train"),
    ],
)
def test_what_does_not_fit_together_is_refused(refused: Refused, written: str, what: str) -> None:
    error = refused(STAGE + f"adapter: {written}\n")
    assert what in error.what
    assert "stages.0" in error.where


def test_without_peft_the_spec_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_adapter, "find_spec", lambda name: None)
    for encoder in ("mbert", "e5-small-q4"):
        error = refused(STAGE.replace("mbert", encoder) + "adapter: lora\n")
        assert "the package peft, which is not installed" in error.what
        assert error.hint == "pip install 'xlt-cli[peft]'"
        assert error.where.endswith("stages.0.adapter")


def test_an_encoder_of_another_kind_refuses_adapters(refused: Refused, install: Any) -> None:
    source = """
from xlt_cli.api import Encoder, PluginParams

class Other(Encoder):
    api_version = 1
    name = "other"
    summary = "no model of transformers"

    class Params(PluginParams):
        pass

    def load_tokenizer(self, checkpoint=None): ...
    def load_model(self, head, checkpoint=None, *, new_head=False): ...
    def fingerprint(self): return {}
"""
    install(
        "other-dist", {"xlt.encoders": {"other": "other_encoder:Other"}}, {"other_encoder": source}
    )
    error = refused(STAGE.replace("mbert", "other") + "adapter: lora\n")
    assert error.what == "the encoder 'other' cannot be trained through adapters"
    assert "stages.0.adapter" in error.where


def test_checking_a_spec_imports_neither_torch_nor_peft(write_spec: Any) -> None:
    import subprocess

    path: Path = write_spec("encoder: mbert\nstages:\n- {task: mini-pawsx, adapter: lora}\n")
    code = (
        "import sys; from xlt_encoders import kept_adapter; kept_adapter.find_spec = lambda n: n; "
        "from pathlib import Path; from xlt_cli.spec.resolution import load; "
        f"load(Path({str(path)!r})); assert not {{'torch', 'peft'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

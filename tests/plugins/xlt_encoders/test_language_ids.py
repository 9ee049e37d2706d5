"""Each row goes through the language embedding or adapter of its own language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from xlt_cli.api import Batch, Head, UserError
from xlt_cli.models.encoder_languages import check_languages
from xlt_cli.spec import ExperimentSpec, ResolvedExperiment
from xlt_cli.spec.resolution import reopen
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_encoders.language_ids import model_code

XMOD = [
    *("en_XX", "id_ID", "vi_VN", "fa_IR", "pt_XX", "no_XX", "zh_CN", "zh_TW", "ar_AR", "hr_HR"),
    *("sr_RS", "tl_XX", "he_IL", "sw_KE", "ms_MY", "ku_TR", "mn_MN", "et_EE", "ne_NP", "sq_AL"),
    *("uz_UZ", "or_IN"),
]
XLM = [
    *("en", "zh", "zh_classical", "zh_yue", "sh", "sr", "hr", "simple", "ckb", "ku", "no", "nn"),
    *("als", "de", "bar", "tl", "arz", "ar", "fa", "he"),
]


def load(folder: Path, head: Head) -> Any:
    model = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder))).load_model(head)
    assert isinstance(model, torch.nn.Module)
    for name, parameter in model.named_parameters():  # what random adapters do would hardly show
        if "adapter" in name or "classifier" in name:
            parameter.data *= 10
    return model


@pytest.mark.parametrize(
    ("language", "adapter"),
    [("en", 0), ("eng_Latn", 0), ("english", 0), ("de", 1), ("de-AT", 1), ("zh", 2),
     ("zho_Hans", 2), ("zh-Hant", 2), ("yue", 2), ("sw", 3), ("swh_Latn", 3), ("swahili", 3)],
)  # fmt: skip
def test_xmod_equals_transformers_with_the_rows_own_adapter(
    language: str,
    adapter: int,
    pretrained: Callable[[str], Path],
    make_batch: Callable[..., Batch],
    sequences: Head,
) -> None:
    model, batch = load(pretrained("xmod"), sequences), make_batch("xmod")
    batch.languages = [(language, language)] * 3
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    with torch.no_grad():
        expected = model.model(**inputs, lang_ids=torch.full((3,), adapter)).logits
        default = model.model(**inputs).logits  # zh_CN
        logits = model(batch)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)
    assert adapter == 2 or (logits - default).abs().max() > 1e-2


def test_rows_of_one_batch_have_adapters_of_their_own(
    pretrained: Callable[[str], Path], make_batch: Callable[..., Batch], sequences: Head
) -> None:
    model, batch = load(pretrained("xmod"), sequences), make_batch("xmod")
    batch.languages = [("sw", "sw"), ("en", "en"), ("de", "de")]
    with torch.no_grad():
        logits = model(batch)
        expected = model.model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            lang_ids=torch.tensor([3, 0, 1]),
        ).logits
        batch.languages = [("sw", "de"), ("en", "en"), ("de", "de")]
        mixed = model(batch)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(mixed[1:], expected[1:], rtol=0, atol=1e-4)
    assert (mixed[0] - expected[0]).abs().max() > 1e-3


@pytest.mark.parametrize("architecture", ["xlm", "xmod"])
def test_a_language_that_the_model_lacks_is_refused(
    architecture: str,
    pretrained: Callable[[str], Path],
    make_batch: Callable[..., Batch],
    sequences: Head,
) -> None:
    model, batch = load(pretrained(architecture), sequences), make_batch(architecture)
    for language in ("fr", "quy_Latn", "xx", "gsw"):
        batch.languages = [("en", language)] * 3
        with pytest.raises(UserError, match=f"for the language '{language}'") as caught:
            model(batch)
        assert "zh" in caught.value.hint


@pytest.mark.parametrize("pooling", ["native", "mean"])
@pytest.mark.parametrize("architecture", ["xlm", "xmod", "bert"])
def test_a_spec_in_a_language_that_the_model_lacks_is_refused_before_training(
    architecture: str, pooling: str, pretrained: Callable[[str], Path], sequences: Head
) -> None:
    params = HuggingFaceEncoder.Params(model=str(pretrained(architecture)), pooling=pooling)
    model = HuggingFaceEncoder(params).load_model(sequences)

    def spec(*tested: str) -> ResolvedExperiment:
        written = ExperimentSpec.model_validate(
            {
                "encoder": {"name": "hf", "model": str(pretrained(architecture))},
                "stages": [{"task": "pawsx", "languages": ["en"], "dev": {"languages": ["de"]}}],
                "evaluations": [{"task": "pawsx", "languages": list(tested)}],
            }
        )
        return reopen(written)

    check_languages(model, spec("en", "de", "zho_Hans"))
    if architecture == "bert":
        check_languages(model, spec("en", "fr"))
        return
    with pytest.raises(UserError, match="no embedding or adapter for the language 'fr'"):
        check_languages(model, spec("en", "fr"))


@pytest.mark.parametrize(
    ("language", "known", "code"),
    [
        ("zh", XMOD, "zh_CN"), ("zho_Hant", XMOD, "zh_TW"), ("zh-TW", XMOD, "zh_TW"),
        ("cmn", XMOD, "zh_CN"), ("pt-BR", XMOD, "pt_XX"), ("nb", XMOD, "no_XX"),
        ("nno_Latn", XMOD, "no_XX"), ("id", XMOD, "id_ID"), ("zsm_Latn", XMOD, "ms_MY"),
        ("hr", XMOD, "hr_HR"), ("srp_Cyrl", XMOD, "sr_RS"), ("sr-Latn", XMOD, "sr_RS"),
        ("iw", XMOD, "he_IL"), ("pes_Arab", XMOD, "fa_IR"), ("arz", XMOD, "ar_AR"),
        ("kmr", XMOD, "ku_TR"), ("khk_Cyrl", XMOD, "mn_MN"), ("als_Latn", XMOD, "sq_AL"),
        ("uzn_Latn", XMOD, "uz_UZ"), ("ory_Orya", XMOD, "or_IN"), ("tgl_Latn", XMOD, "tl_XX"),
        ("en-GB", XLM, "en"), ("yue", XLM, "zh_yue"), ("zh-Hant", XLM, "zh"), ("hr", XLM, "hr"),
        ("ckb_Arab", XLM, "ckb"), ("nn", XLM, "nn"), ("nb", XLM, "no"), ("arz_Arab", XLM, "arz"),
        ("arb_Arab", XLM, "ar"), ("EN", XLM, "en"),
    ],
)  # fmt: skip
def test_the_models_own_code_of_a_language(language: str, known: list[str], code: str) -> None:
    assert model_code(language, known) == code

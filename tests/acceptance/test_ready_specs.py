"""The specs of robustness, intermediate, research-question, question-answering and xtreme-r are
valid; those of the first two run to their end.

Those of a kind in the first two differ in their encoder alone. One of each kind is run with a tiny
encoder on the first rows of the real data: every point with all its stages, and every condition.
"""

from __future__ import annotations

import json
import os
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.shipped import experiments

SPECS = sorted(
    path for folder in ("robustness", "intermediate") for path in (experiments() / folder).glob("*")
)
QUESTION = sorted(
    path
    for path in (experiments() / "research-question").glob("*")
    if not path.stem.startswith("question")
)
ANSWERING = sorted((experiments() / "question-answering").glob("*"))
XTREME_R = sorted((experiments() / "xtreme-r").glob("*"))
KINDS = sorted({path.stem.rpartition("-e5")[0] for path in SPECS if "-e5" in path.stem})
REASON = "XLT_DATA_DIR is not set: it needs the real data"


@pytest.fixture(autouse=True, scope="module")  # or `first_rows` would be made before
def _data() -> None:
    if not os.environ.get("XLT_DATA_DIR"):
        pytest.skip(REASON)


@pytest.fixture(scope="module")
def first_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of real data with the first rows of each file of the first two folders' tasks."""
    real, root = Path(os.environ["XLT_DATA_DIR"]), tmp_path_factory.mktemp("first-rows")
    (root / "lexicons").symlink_to(real / "lexicons")
    for folder in ("americasnli", "pawsx", "sib200", "xnli"):
        (root / folder).mkdir()
        for path in (real / folder).glob("*.tsv"):
            with path.open("rb") as file:
                (root / folder / path.name).write_bytes(b"".join(islice(file, 60)))
    return root


@pytest.mark.parametrize(
    "path", [*SPECS, *QUESTION, *ANSWERING, *XTREME_R], ids=lambda path: path.stem
)
def test_every_spec_is_valid(xlt: Any, path: Path) -> None:
    result = xlt("validate", path)
    assert result.exit_code == 0, result.output


def test_specs_of_xtreme_r_for_the_hub_differ_in_encoder_rate_and_layer_alone() -> None:
    texts = [path.read_text("utf-8") for path in XTREME_R if "-e5" not in f"-{path.stem}"]
    varied = r"(?<=encoder: ).*|(?<=learning_rate: )[\d.e-]+|(?<=layer: )\d+|^#.*\n"
    assert len(texts) == 4
    assert len({re.sub(varied, "", text, flags=re.MULTILINE) for text in texts}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_specs_of_a_kind_differ_in_their_encoder_alone(kind: str) -> None:
    own = [yaml.safe_load(path.read_text("utf-8")) for path in SPECS if path.stem.startswith(kind)]
    assert len({spec.pop("encoder") for spec in own}) == len(own) == 4
    for spec in own:
        for stage in spec["stages"]:
            for field in ("learning_rate", "batch_size"):  # what an encoder was pretrained with
                stage.pop(field)
    assert all(spec == own[0] for spec in own)


@pytest.mark.parametrize("kind", KINDS)
def test_every_point_runs_with_all_stages_and_conditions(
    xlt: Any,
    tmp_path: Path,
    tiny_encoder: Path,
    first_rows: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(first_rows))
    (path,) = [path for path in SPECS if path.stem.startswith(f"{kind}-e5")]
    spec = yaml.safe_load(path.read_text("utf-8"))
    spec.update(encoder={"name": "hf", "model": str(tiny_encoder)}, seeds=[1], device="cpu")
    for stage in spec["stages"]:
        stage.update(limit=24, max_steps=2, batch_size=8)
        stage["dev"] = {**stage.get("dev", {}), "limit": 8}
    for evaluation in spec["evaluations"]:
        evaluation["limit"] = 4
        if "task" not in evaluation:
            evaluation["languages"] = ["en", "de"]
    _, *others = spec["sweep"]["points"]  # it has all conditions; the others are the clean text
    plain = {**spec["evaluations"][0], "conditions": ["clean"]}
    for point in others:
        point["evaluations"] = [plain]
    for point in spec["sweep"]["points"]:  # the tiny tokenizer knows Latin letters
        languages = point.get("stages.0.languages", [])
        if languages:
            point["stages.0.languages"] = [code for code in languages if "_Latn" in code]
    small = tmp_path / "spec.yaml"
    small.write_text(yaml.safe_dump(spec), "utf-8")
    result = xlt("sweep", small, "--runs-dir", tmp_path / "runs", "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert len(made) == len(spec["sweep"]["points"])
    assert [one["error"] for one in made] == [""] * len(made)
    under = made[0]["evaluations"][0]["conditions"]
    assert len(under) == len(spec["evaluations"][0]["conditions"]) - 1
    assert len(made[0]["evaluations"]) == len(spec["evaluations"])

"""Trains, evaluates, attacks, kills and resumes a run of every problem, on real data.

    python benchmarks/problems.py [--only NAME,...] [--folder DIR]

The data are those of $XLT_DATA_DIR, and the encoder is `e5-small-q4`, so that no network is needed.
For each problem, whole commands are executed on few rows:

    xlt train    with a robust method: once undisturbed; once killed with SIGKILL at a checkpoint,
                 and executed again
    xlt eval     --zero-shot in two languages besides English, under noise on the text (--stress)
                 and under an attack on the embeddings: on the first run undisturbed; on the other
                 killed with SIGKILL when some cells are written, and executed again
    xlt eval     with what makes no sense for the problem: it must be refused with exit code 2

Processes are forked from one that has imported torch (tests/acceptance/preloaded.py), and do not
wait for the disk; otherwise they are processes like any other.

Each pair of runs must have the same bytes: losses, dev scores, weights, predictions, results. The
second run draws its noise anew (XLT_CACHE_DIR). Prints a line for each step; exit code 1 if a step
fails. The figures are of a few updates on a few rows and say nothing of a method.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "acceptance"))
from preloaded import Preloaded

ENCODER = {"name": "e5-small-q4", "freeze_embeddings": True, "freeze_layers": 9}
STAGE = {
    "limit": 64,
    "batch_size": 8,
    "max_steps": 8,
    "checkpoint_every": 4,
    "learning_rate": 5e-4,
    "dev": {"limit": 32},
}
ROWS, KILLED_AT = 32, 4
PGD = ("--condition", "{name: pgd, steps: 3, restarts: 1}")
TYPOS = "typos:0.3"

NOISE = "{name: random-perturbation, distribution: gaussian}"
SMOOTHED = ("--condition", f"{{name: smoothing, noise: {NOISE}}}")


@dataclass(frozen=True)
class Proof:
    """What is shown of a problem.

    Attributes:
        stage: its task, the robust method, and what differs from `STAGE`.
        tested: languages besides English, as `--languages` takes them.
        under: the options of the evaluation that say under what it is made.
        refused: options that must be refused.
        task: tested in place of the stage's task.
        rows: of each language that are tested.
        data: makes files of other real data, whose folder the task gets as its path.
    """

    problem: str
    stage: dict[str, Any]
    tested: str
    under: tuple[str, ...] = ("--stress", TYPOS, "--condition", "clean", *PGD)
    refused: tuple[tuple[str, ...], ...] = ()
    task: str = ""
    split: str = "test"
    rows: int = ROWS
    max_length: int = 64
    data: Callable[[Path], None] | None = field(default=None, repr=False)


def source() -> Path:
    return Path(os.environ["XLT_DATA_DIR"])


def polarities(folder: Path) -> None:
    """NusaX's sentiment as a number: -1 negative, 0 neutral, 1 positive."""
    numbers = {"negative": -1, "neutral": 0, "positive": 1}
    for code, name in (("en", "english"), ("jv", "javanese"), ("su", "sundanese")):
        for split in ("train", "dev", "test"):
            lines = (source() / "nusax" / f"{split}-{name}.tsv").read_text("utf-8").splitlines()
            rows = (line.rsplit("\t", 1) for line in lines)
            text = "".join(f"{words}\t{numbers[label]}\n" for words, label in rows)
            (folder / f"{split}-{code}.tsv").write_text(text, "utf-8")


def collections(folder: Path) -> None:
    """The sentences of SIB-200, which are translations, in BUCC's layout: of 96 sentences a side in
    each split, 48 are pairs, every second one of the language's."""

    def sentences(split: str, name: str) -> list[str]:
        lines = (source() / "sib200" / f"{split}-{name}.tsv").read_text("utf-8").splitlines()
        return [line.rpartition("\t")[0] for line in lines[:144]]

    english = [n for n in range(144) if n % 2 == 0 or n >= 96][:96]
    for code, name in (("de", "deu_Latn"), ("fr", "fra_Latn"), ("zh", "zho_Hans")):
        for split, origin in (("dev", "train"), ("test", "test")):
            own, others = sentences(origin, name), sentences(origin, "eng_Latn")
            sides = {code: [(n, own[n]) for n in range(96)]}
            sides["en"] = [(n, others[n]) for n in english]
            for side, texts in sides.items():
                text = "".join(f"{side}-{n}\t{t}\n" for n, t in texts)
                (folder / f"{code}-en.{split}.{side}").write_text(text, "utf-8")
            gold = "".join(f"{code}-{n}\ten-{n}\n" for n in english if n < 96)
            (folder / f"{code}-en.{split}.gold").write_text(gold, "utf-8")


SEARCHED = ("--stress", TYPOS, "--stress", "adversarial:0.05")
"""For problems whose answer is searched among all rows."""
REFUSED_SEARCHED = (PGD, ("--condition", "word-substitution"))

PROOFS = (
    Proof(
        "classification",
        {"task": "sib200", "perturbation": "smart", "head_learning_rate": 0.01},
        "swh_Latn,yor_Latn",
        refused=(("--stress", "vat"),),
    ),
    Proof(
        "token labelling",
        {"task": "udpos", "perturbation": "freelb", "head_learning_rate": 0.01},
        "tr,vi",
        split="dev",
        refused=(
            ("--stress", "word-order"),
            ("--condition", "word-substitution"),
            ("--condition", "{name: pgd, radii: [0.05, 0.1]}"),
        ),
    ),
    Proof(
        "span extraction",
        {"task": "squad", "perturbation": {"name": "adversarial", "steps": 1}},
        "de,zh",
        task="xquad",
        max_length=128,
        refused=(SMOOTHED, ("--condition", "word-substitution")),
    ),
    Proof(
        "multiple choice",
        {"task": "xcopa", "perturbation": "adversarial"},
        "et,sw",
        refused=(SMOOTHED,),
    ),
    Proof(
        "sentence retrieval",
        {"task": "sib200-retrieval", "perturbation": ["typos", "random-perturbation"]},
        "swh_Latn,yor_Latn",
        under=SEARCHED,
        refused=REFUSED_SEARCHED,
    ),
    Proof(
        "bitext mining",
        {
            "task": {"name": "bucc", "path": "DATA"},
            "split": "dev",
            "languages": ["de"],
            "perturbation": "random-perturbation",
            "dev": None,
            "select": "last",
        },
        "fr,zh",
        under=SEARCHED,
        refused=REFUSED_SEARCHED,
        data=collections,
    ),
    Proof(
        "answer retrieval",
        {"task": "squad-retrieval", "perturbation": "adversarial"},
        "de,zh",
        under=SEARCHED,
        refused=REFUSED_SEARCHED,
        task="lareqa",
        rows=10,  # their paragraphs are in the pool in eleven languages
    ),
    Proof(
        "regression",
        {
            "task": {"name": "text-regression", "path": "DATA", "texts": 1, "scale": [-1, 1]},
            "perturbation": "adversarial",
        },
        "jv,su",
        refused=(SMOOTHED, ("--condition", "word-substitution")),
        data=polarities,
    ),
    Proof(
        "intent and slots",
        {"task": "xsid", "perturbation": ["typos", "adversarial"], "head_learning_rate": 0.01},
        "de,tr",
        refused=(("--stress", "word-order"), ("--condition", "word-substitution")),
    ),
)


class Bench:
    """A folder with the spec of a problem, in which commands are executed one at a time."""

    def __init__(self, proof: Proof, folder: Path) -> None:
        self.proof, self.folder = proof, folder
        data = folder / "data"
        data.mkdir(parents=True)
        stage = {**STAGE, **proof.stage}
        if proof.data is not None:
            proof.data(data)
            stage["task"] = {**stage["task"], "path": str(data)}
        spec = {
            "name": "proof",
            "encoder": ENCODER,
            "stages": [stage],
            "evaluations": [],
            "max_length": proof.max_length,
            "device": "cpu",
        }
        (folder / "proof.yaml").write_text(yaml.safe_dump(spec), "utf-8")

    def start(self, runs: str, *arguments: str) -> Preloaded:
        """Starts `xlt` with a runs directory and a cache of its own."""
        environment = {**os.environ, "XLT_CACHE_DIR": str(self.folder / f"{runs}-cache")}
        environment |= {"NO_COLOR": "1", "COLUMNS": "300"}
        given = [*arguments, "--runs-dir", runs]
        return Preloaded(given, self.folder, environment, self.folder / "outputs")

    def done(self, runs: str, *arguments: str, code: int = 0) -> str:
        """Executes `xlt` to its end; gives what it writes to stderr."""
        process = self.start(runs, *arguments)
        out, err = process.communicate()
        if process.returncode != code:
            raise Fault(f"xlt {' '.join(arguments)} ended with {process.returncode}:\n{out}{err}")
        return str(err)

    def killed(self, reached: Callable[[], object], runs: str, *arguments: str) -> None:
        """Starts `xlt` and kills it as soon as something is reached."""
        process = self.start(runs, *arguments)
        while not reached():
            if process.poll() is not None:
                raise Fault(f"it ended before it could be killed: {process.communicate()}")
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            raise Fault(f"it ended with {process.returncode} before it was killed")

    def content(self, runs: str) -> dict[str, str]:
        """Hashes of what must be the same."""
        # The result has a hash of the weights as well.
        names = ("metrics.jsonl", "result.json", "model/model.packed.safetensors")
        root = next((self.folder / runs).glob("*/run.json")).parent
        files = [root / "stages/0" / name for name in names]
        files += [*root.glob("evaluations/**/*.parquet"), *root.glob("evaluations/*/results.*")]
        made = [file for file in files if file.exists()]
        hashes = (hashlib.sha256(file.read_bytes()).hexdigest() for file in made)
        return dict(zip((str(file.relative_to(root)) for file in made), hashes, strict=True))

    def step(self) -> int:
        """The newest checkpoint of the run that is killed."""
        found = self.folder.glob("killed/*/stages/0/checkpoints/step-*")
        return max((int(path.name[5:]) for path in found), default=0)

    def cells(self) -> int:
        """The cells that the run that is killed has."""
        found = self.folder.glob("killed/*/evaluations/*/cells.jsonl")
        return sum(path.read_bytes().count(b"\n") for path in found)

    def results(self) -> dict[str, Any]:
        path = next((self.folder / "killed").glob("*/evaluations/*/results.json"))
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found


class Fault(Exception):
    """Something is not as it should be."""


def proved(bench: Bench) -> Iterator[str]:
    """Does everything for a problem; yields what was found."""
    proof = bench.proof
    method = proof.stage["perturbation"]
    task = proof.stage["task"]
    task = task if isinstance(task, str) else task["name"]
    methods = [m if isinstance(m, str) else m["name"] for m in as_list(method)]
    whole = f"train on {task}, {' and '.join(methods)}: "
    bench.done("whole", "train", "proof.yaml")
    bench.killed(lambda: bench.step() >= KILLED_AT, "killed", "train", "proof.yaml")
    step = bench.step()
    said = bench.done("killed", "train", "proof.yaml")
    if f"continues from step {step}" not in said:
        raise Fault(f"it does not say that it continues from step {step}:\n{said}")
    yield f"{whole}killed at step {step} of {STAGE['max_steps']}, resumed: {equal(bench)}"

    arguments = ["eval", "proof-s1", "--zero-shot", "--languages", proof.tested]
    arguments += [
        "--split",
        proof.split,
        "--limit",
        str(proof.rows),
        "--device",
        "cpu",
        *proof.under,
    ]
    if proof.task:
        arguments += ["--task", proof.task]
    bench.done("whole", *arguments)
    bench.killed(lambda: bench.cells() >= 1, "killed", *arguments)
    before = bench.cells()
    bench.done("killed", *arguments)
    every = bench.cells()
    if before >= every:
        raise Fault(f"all {every} cells were written before it was killed")
    same = equal(bench)
    yield (
        f"eval --zero-shot on {proof.task or task} ({proof.split}) in {proof.tested}: killed at "
        f"{before} of {every} cells, resumed: {same}"
    )
    yield f"  {figures(bench.results())}"
    for options in proof.refused:
        said = bench.done("whole", *arguments, *options, code=2)
        yield f"  refused: {' '.join(options)}: {' '.join(said.split())}"


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def equal(bench: Bench) -> str:
    """Says that both runs are equal; Fault if they are not."""
    whole, killed = bench.content("whole"), bench.content("killed")
    differing = sorted(n for n in whole.keys() | killed.keys() if whole.get(n) != killed.get(n))
    if differing:
        raise Fault(f"after it was killed and resumed, other bytes than undisturbed: {differing}")
    return f"{len(whole)} files, the same bytes as undisturbed"


def figures(results: dict[str, Any]) -> str:
    """The zero-shot averages of all metrics, clean and under each condition."""
    columns = {"clean": results}
    for one in results["conditions"]:
        given = one["given"]
        name = given["perturbation"]["name"] if "perturbation" in given else given["name"]
        columns[name] = one
    averages = {name: one["averages"]["zero_shot"] for name, one in columns.items()}
    metrics = [name for name, value in averages["clean"].items() if isinstance(value, dict)]
    return "; ".join(
        f"{metric}: "
        + ", ".join(f"{name} {a[metric]['value']:.3f}" for name, a in averages.items())
        for metric in metrics
    )


def commit() -> str:
    call = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(call, capture_output=True, text=True, check=False).stdout.strip()


def main(only: Sequence[str], folder: Path) -> int:
    import torch

    os.environ["HF_HUB_OFFLINE"] = "1"
    device = f"CPU ({platform.machine()}), torch {torch.__version__}, OMP_NUM_THREADS="
    threads = os.environ.get("OMP_NUM_THREADS", "default")
    print(f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {device}{threads}")
    rows = f"{STAGE['limit']} training rows, {STAGE['max_steps']} updates"
    print(f"{rows}, {ROWS} test rows of each language\n")
    wrong = 0
    for number, proof in enumerate(PROOFS):
        if only and proof.problem not in only:
            continue
        print(f"{proof.problem}", flush=True)
        own = folder / str(number)
        try:
            for line in proved(Bench(proof, own)):
                print(f"  {line}", flush=True)
            shutil.rmtree(own)
        except Exception as fault:
            wrong += 1
            print(f"  WRONG: {type(fault).__name__}: {fault}", flush=True)
    print(f"\n{wrong} faults")
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names of problems, separated by commas")
    parser.add_argument("--folder", help="where runs are made; default: a temporary folder")
    options = parser.parse_args()
    place = Path(options.folder or tempfile.mkdtemp(prefix="problems-"))
    sys.exit(main(list(filter(None, options.only.split(","))), place))

"""What could steer a terminal is shown, not sent, whoever wrote it and whichever way it takes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text
from typer.testing import Result

from xlt_cli.console.progress import Reporter
from xlt_cli.console.screen import Screen, in_memory
from xlt_cli.terminal import STEERING, print_json, printable

Cli = Callable[..., Result]
Install = Callable[..., Path]
ROOT = Path(__file__).parents[1]
BAD = "\x1b]0;title\x07\x9b31m\r\x7f\u202eevil\u2066"
SHOWN = r"\x1b]0;title\x07\x9b31m\x0d\x7f\u202eevil\u2066"


def test_what_steers_is_shown_and_text_stays() -> None:
    assert printable(BAD) == SHOWN
    text = "a\tb\nÄ ñ 你好 हिन्दी עברית العربية 👩‍🔬 e\u0301 \u200f"
    assert printable(text) == text
    assert printable("\udcff") == r"\udcff"  # a byte of a file's name that is no UTF-8


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    assert not STEERING.search(printable(text))
    printable(text).encode("utf-8")


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_means_the_same_and_steers_nothing(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        print_json(value)
    assert not STEERING.search(out.getvalue())
    assert json.loads(out.getvalue()) == value


def test_no_module_prints_past_the_terminals_own() -> None:
    past = re.compile(
        r"(?:typer|click)\.s?echo\(|(?<![\w.])print\(|(?<!\w)Console\(|std(?:out|err)\.write\("
        r"|print_exc\(|console\.report import stdout"
    )
    allowed = {"terminal.py", "screen.py"}
    programs = {"testing", "noise/worker.py"}  # what they print is read by who starts them
    direct = [
        f"{path.name}: {line.strip()}"
        for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("plugins/**/*.py")]
        if path.name not in allowed
        if not {path.parent.name, f"{path.parent.name}/{path.name}"} & programs
        for line in path.read_text("utf-8").splitlines()
        if past.search(line)
    ]
    assert direct == []


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("color", [None, "truecolor"])
def test_tables_titles_and_notes(as_text: bool, color: str | None) -> None:
    file = io.StringIO()
    screen = Screen(file=file, width=200, force_terminal=color is not None, color_system=color)
    table = Table(BAD, title=BAD)
    table.add_row(Text(BAD) if as_text else BAD, style="bold")
    screen.print(table)
    screen.print(f"note: {BAD}", style="yellow", soft_wrap=True)
    said = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())  # rich's own colours
    assert not STEERING.search(said)
    assert said.count(r"\u202eevil") == 4


def test_the_frame_of_a_table_is_as_wide_as_what_is_shown() -> None:
    file = io.StringIO()
    table = Table("run")
    table.add_row(BAD)
    table.add_row("a")
    in_memory(file, 100).print(table)
    assert len({len(line) for line in file.getvalue().splitlines()}) == 1


def test_progress() -> None:
    file = io.StringIO()
    reporter = Reporter(console=Screen(file=file, width=200, force_terminal=True))
    reporter.say(BAD)
    reporter.warn(BAD)
    with reporter.bar(BAD, 2, "rows") as bar:
        bar.advance(2, 2, BAD)
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue()).replace("\r", "")
    assert not STEERING.search(said)


PLUGIN = """
from xlt_cli.api import SegmentationPerturbation
class Plugin(SegmentationPerturbation):
    api_version = 1
    name = "odd"
    summary = "sum\\x1b]0;t\\x07\\u202emary"
    reference = "ref\\x9b"
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", BAD],
        ["train", f"{BAD}.yaml"],
        ["show", BAD],
        ["show", "odd"],
        ["list-plugins"],
        ["list-plugins", "--json"],
        ["runs", "--runs-dir", BAD],
        ["eval", BAD],
        ["reproduce", BAD],
        ["train", "spec.yaml", "--set", BAD],
        ["train", "spec.yaml", "--device", BAD],
        ["train", "spec.yaml", f"--{BAD}"],
        ["train", "spec.yaml", BAD],
        ["validate", "spec.yaml"],
        ["validate", "label.yaml"],
        ["validate", "encoder.yaml"],
        [BAD],
        [f"--{BAD}"],
        ["cache", BAD],
        ["bench", "--seconds", BAD],
    ],
    ids=lambda arguments: " ".join(arguments).replace(BAD, "BAD"),
)
def test_commands(
    xlt: Cli,
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    install("odd-dist", {"xlt.perturbations": {"odd": "odd_module:Plugin"}}, {"odd_module": PLUGIN})
    monkeypatch.chdir(tmp_path)
    bad = json.dumps(BAD)
    (tmp_path / "spec.yaml").write_text(f"encoder: mbert\nstages: [{{task: xnli, {bad}: 1}}]\n")
    (tmp_path / "label.yaml").write_text(f"encoder: mbert\nstages: [{{task: {bad}}}]\n")
    (tmp_path / "encoder.yaml").write_text(
        f"encoder: {{name: hf, model: {bad}}}\nstages: [{{task: xnli}}]\n"
    )
    result = xlt(*arguments)
    assert result.stdout + result.stderr
    assert not STEERING.search(result.stdout + result.stderr)
